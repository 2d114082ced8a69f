package sqldb

import (
	"context"
	"database/sql"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/store"
)

// SearchAudit implements store.Audit.
func (db *DB) SearchAudit(ctx context.Context, q store.AuditQuery) (found []store.AuditMessage, err error) {
	err = db.view(ctx, func(t *tx) error {
		found = nil
		return t.query(ctx, "search audit", t.auditSearch(q), func(rows *sql.Rows) error {
			m, err := scanAudit(rows)
			found = append(found, m)
			return err
		})
	})
	return found, err
}

// auditSearch starts from the narrowest index: patient, then user, then time.
func (t *tx) auditSearch(q store.AuditQuery) *builder {
	b := t.builder()
	b.add("SELECT e.id, e.exchange, e.peer, e.parsed, e.message, e.event_time FROM ")
	at, id := constant("e.event_time"), constant("e.id")
	switch {
	case len(q.Patients) > 0:
		b.add("(SELECT DISTINCT event_time, event FROM audit_patient WHERE patient ")
		in(b, q.Patients, func(k hl7v2.PatientKey) any { return auditPatientKey(k) })
		b.auditTimes("event_time", q)
		b.add(") x JOIN audit_event e ON e.id = x.event")
	case len(q.Users) > 0:
		b.add("(SELECT DISTINCT event_time, event FROM audit_user WHERE name ")
		in(b, q.Users, visible)
		b.auditTimes("event_time", q)
		b.add(") x JOIN audit_event e ON e.id = x.event")
	default:
		b.add("audit_event e")
	}
	b.add(" WHERE 1 = 1")
	b.auditTimes(at, q)
	if len(q.Patients) > 0 && len(q.Users) > 0 {
		b.add(" AND EXISTS (SELECT 1 FROM audit_user u WHERE u.event = e.id AND u.name ")
		in(b, q.Users, visible)
		b.add(")")
	}
	anyText(b, "e.event_id", q.EventIDs)
	b.auditTypes(q.Types)
	anyText(b, "e.action", q.Actions)
	anyText(b, "e.source", q.Sources)
	anyText(b, "e.exchange", q.Exchanges)
	if len(q.Outcomes) > 0 {
		b.add(" AND e.outcome ")
		in(b, q.Outcomes, func(o atna.Outcome) any { return int(o) })
	}
	if q.Unparsed {
		b.add(" AND e.parsed = 0")
	}
	if q.Before != nil {
		b.add(" AND (e.event_time, e.id) < (")
		b.bind(q.Before.Time.UnixMilli())
		b.add(", ")
		b.bind(q.Before.ID)
		b.add(")")
	}
	b.add(" ORDER BY ", at, " DESC, ", id, " DESC")
	if q.Limit > 0 {
		b.add(" LIMIT ")
		b.bind(q.Limit)
	}
	return b
}

// auditTimes filters by EventDateTime.
func (b *builder) auditTimes(column constant, q store.AuditQuery) {
	for _, x := range []struct {
		at time.Time
		op constant
	}{{q.From, " >= "}, {q.To, " < "}} {
		if !x.at.IsZero() {
			b.add(" AND ", column, x.op)
			b.bind(x.at.UnixMilli())
		}
	}
}

// auditTypes finds events of which one of the type codes is asked for. Nearly all have one; of several, the column has each on a
// line.
func (b *builder) auditTypes(types []string) {
	if len(types) == 0 {
		return
	}
	b.add(" AND (e.event_type ")
	in(b, types, visible)
	for _, kind := range types {
		b.add(" OR '\n' || e.event_type || '\n' <> replace('\n' || e.event_type || '\n', ")
		b.bind(atna.Visible("\n" + kind + "\n"))
		b.add(", '')")
	}
	b.add(")")
}

func visible(s string) any { return atna.Visible(s) }

func anyText[T ~string](b *builder, column constant, values []T) {
	if len(values) > 0 {
		b.add(" AND ", column, " ")
		in(b, values, text)
	}
}

// scanAudit reads id, exchange, peer, parsed, message, event_time and decodes the message.
func scanAudit(rows *sql.Rows) (m store.AuditMessage, err error) {
	var parsed int
	var at int64
	if err := rows.Scan(&m.ID, &m.Exchange, &m.Peer, &parsed, &m.Message, &at); err != nil {
		return m, err
	}
	m.Time = time.UnixMilli(at).UTC()
	if parsed == 1 {
		m.Event, _, _ = atna.Decode(m.Message) // one that was damaged is shown as bytes: it must not hide all others
	}
	return m, nil
}
