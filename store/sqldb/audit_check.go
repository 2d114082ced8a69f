package sqldb

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"slices"

	"dossier/atna"
	"dossier/store"
)

// maxOutside is how many messages outside the chain are named.
const maxOutside = 100

// OutsideChain implements store.AuditIndex. audit_link has no index by event: it is walked once.
func (db *DB) OutsideChain(ctx context.Context) (ids []int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		ids = nil
		b := t.builder()
		b.add("SELECT e.id FROM audit_event e LEFT JOIN (SELECT event FROM audit_link WHERE number > 0) l ON l.event = e.id")
		if !db.dialect.alone {
			b.add(" LEFT JOIN audit_unlinked u ON u.event = e.id WHERE u.event IS NULL AND")
		} else {
			b.add(" WHERE")
		}
		b.add(" l.event IS NULL ORDER BY e.id LIMIT ")
		b.bind(maxOutside)
		return t.query(ctx, "check audit", b, func(rows *sql.Rows) error {
			var id int64
			err := rows.Scan(&id)
			ids = append(ids, id)
			return err
		})
	})
	return ids, err
}

// checked is a message with what it is found by.
type checked struct {
	id, at          int64
	patients, users []string
}

// CheckIndex implements store.AuditIndex.
func (db *DB) CheckIndex(ctx context.Context, after int64, limit int) (faults []store.AuditFault, last int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		faults, last = nil, 0
		var all []checked
		b := t.builder()
		b.add("SELECT id, peer, parsed, event_time, event_id, event_type, action, outcome, source, digest, message FROM audit_event WHERE id > ")
		b.bind(after)
		b.add(" ORDER BY id LIMIT ")
		b.bind(limit)
		err := t.query(ctx, "check audit", b, func(rows *sql.Rows) error {
			c, wrong, err := checkRow(rows)
			for _, what := range wrong {
				faults = append(faults, store.AuditFault{ID: c.id, What: what})
			}
			last, all = c.id, append(all, c)
			return err
		})
		if err != nil || len(all) == 0 {
			return err
		}
		for _, x := range []struct {
			text constant
			of   func(*checked) []string
			what string
		}{
			{"SELECT patient, event_time, event FROM audit_patient WHERE patient ", func(c *checked) []string { return c.patients }, "the index of patients lacks it"},
			{"SELECT name, event_time, event FROM audit_user WHERE name ", func(c *checked) []string { return c.users }, "the index of users lacks it"},
		} {
			lacking, err := t.lackingKeys(ctx, x.text, all, x.of)
			if err != nil {
				return err
			}
			for _, id := range lacking {
				faults = append(faults, store.AuditFault{ID: id, What: x.what})
			}
		}
		return nil
	})
	return faults, last, err
}

// checkRow compares the columns of a message with the message.
func checkRow(rows *sql.Rows) (c checked, wrong []string, err error) {
	var m store.AuditMessage
	var parsed, outcome int
	var event, kind, action, source string
	var digest []byte
	if err := rows.Scan(&c.id, &m.Peer, &parsed, &c.at, &event, &kind, &action, &outcome, &source, &digest, &m.Message); err != nil {
		return c, nil, err
	}
	e, _, err := atna.Decode(m.Message)
	switch {
	case err == nil:
		m.Event = e
		keys := e.Keys()
		c.patients, c.users = auditPatients(keys), keys.Users
	case parsed == 1:
		return c, []string{"the message cannot be read any more"}, nil
	}
	var sum []byte
	if m.Peer != "" {
		d := sha256.Sum256(m.Message)
		sum = d[:]
	}
	want, at := auditRow(c.id, &m, sum)
	for _, x := range []struct {
		column string
		same   bool
	}{
		{"parsed", want[3] == parsed}, {"event_time", at == c.at}, {"event_id", want[5] == event},
		{"event_type", want[6] == kind || firstType(e) == kind}, // older versions kept the first alone
		{"action", want[7] == action}, {"outcome", want[8] == outcome}, {"source", want[9] == source}, {"digest", bytes.Equal(sum, digest)},
	} {
		if !x.same {
			wrong = append(wrong, x.column+" is not what the message says")
		}
	}
	c.at = at
	return c, wrong, nil
}

// firstType is "" for an event without one.
func firstType(e *atna.Event) string {
	if e == nil || len(e.Identification.Types) == 0 {
		return ""
	}
	return e.Identification.Types[0].Value
}

// lackingKeys are the messages of which an index, which has them in order of key and time, lacks a key.
func (t *tx) lackingKeys(ctx context.Context, text constant, all []checked, keys func(*checked) []string) (lacking []int64, err error) {
	type row struct {
		key    string
		at, id int64
	}
	var wanted []string
	from, to := all[0].at, all[0].at
	for i := range all {
		from, to = min(from, all[i].at), max(to, all[i].at)
		wanted = append(wanted, keys(&all[i])...)
	}
	found := map[row]bool{}
	for part := range parts(wanted) {
		b := t.builder()
		b.add(text)
		in(b, part, func(k string) any { return k })
		b.add(" AND event_time >= ")
		b.bind(from)
		b.add(" AND event_time <= ")
		b.bind(to)
		b.add(" AND event >= ")
		b.bind(all[0].id)
		b.add(" AND event <= ")
		b.bind(all[len(all)-1].id)
		err := t.query(ctx, "check audit", b, func(rows *sql.Rows) error {
			var r row
			err := rows.Scan(&r.key, &r.at, &r.id)
			found[r] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for i := range all {
		c := &all[i]
		if slices.ContainsFunc(keys(c), func(k string) bool { return !found[row{k, c.at, c.id}] }) {
			lacking = append(lacking, c.id)
		}
	}
	return lacking, nil
}

// CheckPatients implements store.AuditIndex. A row whose message is gone finds nothing, and what is gone the chain says.
func (db *DB) CheckPatients(ctx context.Context, after store.AuditKey, limit int) (faults []store.AuditFault, last store.AuditKey, n int, err error) {
	err = db.view(ctx, func(t *tx) error {
		faults, last, n = nil, after, 0
		b := t.builder()
		b.add("SELECT x.patient, x.event_time, x.event, e.message FROM audit_patient x LEFT JOIN audit_event e ON e.id = x.event WHERE (x.patient, x.event_time, x.event) > (")
		b.bind(after.Patient)
		b.add(", ")
		b.bind(after.Time)
		b.add(", ")
		b.bind(after.ID)
		b.add(") ORDER BY x.patient, x.event_time, x.event LIMIT ")
		b.bind(limit)
		return t.query(ctx, "check audit", b, func(rows *sql.Rows) error {
			var message []byte
			if err := rows.Scan(&last.Patient, &last.Time, &last.ID, &message); err != nil {
				return err
			}
			n++
			if e, _, err := atna.Decode(message); err == nil && (!slices.Contains(auditPatients(e.Keys()), last.Patient) || e.Identification.Time.UnixMilli() != last.Time) {
				faults = append(faults, store.AuditFault{ID: last.ID, What: "the index of patients has it where it does not belong"})
			}
			return nil
		})
	})
	return faults, last, n, err
}

var _ store.AuditIndex = (*DB)(nil)
