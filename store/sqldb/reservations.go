package sqldb

import (
	"context"
	"database/sql"
	"time"

	"dossier/store"
	"dossier/xds"
)

// Reserve implements store.Documents.
func (db *DB) Reserve(ctx context.Context, p store.Pending) (resumed bool, err error) {
	err = db.update(ctx, func(t *tx) (err error) {
		err = t.provable(ctx, func(b *builder) {
			b.add("SELECT 1 FROM reservation WHERE submission_set = ")
			b.bind(string(p.SubmissionSet))
		})
		if err != nil {
			return err
		}
		if resumed, err = t.resume(ctx, p); resumed || err != nil {
			return err
		}
		_, err = t.insert(ctx, "reservation (submission_set, reserved, message)", "",
			[]any{string(p.SubmissionSet), p.Reserved.UnixNano(), messageValue(p.Message)}, 3)
		if err != nil {
			return err
		}
		if err := t.addDocuments(ctx, p.Documents, false); err != nil {
			return err
		}
		var values []any
		for _, d := range p.Documents {
			k := d.Patient.Key()
			values = append(values, string(p.SubmissionSet), string(d.UniqueID), d.MimeType, submitted(d.Patient), k.Authority, k.ID)
		}
		_, err = t.insert(ctx, "reserved_document (submission_set, unique_id, mime_type, patient_cx, authority, identifier)",
			" ON CONFLICT DO NOTHING", values, 6)
		return err
	})
	return resumed && err == nil, err
}

// resume renews the reservation of the same message. Its documents are reserved already: they are part of the message.
func (t *tx) resume(ctx context.Context, p store.Pending) (bool, error) {
	if p.Message.IsZero() {
		return false, nil
	}
	b := t.builder()
	b.add("UPDATE reservation SET reserved = ")
	b.bind(p.Reserved.UnixNano())
	b.add(" WHERE submission_set = ")
	b.bind(string(p.SubmissionSet))
	b.add(" AND message = ")
	b.bind(p.Message[:])
	n, err := t.exec(ctx, "reserve", b)
	return n == 1, err
}

// Settle implements store.Documents. Settling what is settled already changes nothing.
func (db *DB) Settle(ctx context.Context, submissionSet xds.UniqueID, registered bool, told *store.Outcome) error {
	return db.update(ctx, func(t *tx) error {
		t.repeatable = true
		if registered {
			if err := t.confirm(ctx, submissionSet); err != nil {
				return err
			}
		}
		reserved, err := t.dropReservation(ctx, submissionSet)
		if err != nil {
			return err
		}
		if err := t.forget(ctx, reserved); err != nil {
			return err
		}
		return t.tell(ctx, submissionSet, told)
	})
}

// confirm makes the reserved documents readable. Another submission may have reserved the same bytes first; the one that is
// registered says what they are.
func (t *tx) confirm(ctx context.Context, submissionSet xds.UniqueID) error {
	b := t.builder()
	b.add(`UPDATE document SET registered = 1, mime_type = r.mime_type, patient_cx = r.patient_cx, authority = r.authority, identifier = r.identifier
FROM reserved_document r WHERE document.unique_id = r.unique_id AND document.registered = 0 AND r.submission_set = `)
	b.bind(string(submissionSet))
	_, err := t.exec(ctx, "settle", b)
	return err
}

// dropReservation removes the reservation and returns the ids of its documents.
func (t *tx) dropReservation(ctx context.Context, submissionSet xds.UniqueID) (ids []string, err error) {
	b := t.builder()
	b.add("DELETE FROM reserved_document WHERE submission_set = ")
	b.bind(string(submissionSet))
	b.add(" RETURNING unique_id")
	err = t.query(ctx, "settle", b, func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return nil, t.fail(err)
	}
	b = t.builder()
	b.add("DELETE FROM reservation WHERE submission_set = ")
	b.bind(string(submissionSet))
	_, err = t.exec(ctx, "settle", b)
	return ids, err
}

// forget removes those of the documents that are neither registered nor reserved.
func (t *tx) forget(ctx context.Context, ids []string) error {
	for part := range parts(ids) {
		b := t.builder()
		b.add(`DELETE FROM document WHERE registered = 0
	AND NOT EXISTS (SELECT 1 FROM reserved_document r WHERE r.unique_id = document.unique_id) AND unique_id `)
		in(b, part, text)
		if _, err := t.exec(ctx, "settle", b); err != nil {
			return err
		}
	}
	return nil
}

// Pending implements store.Documents, the oldest first.
func (db *DB) Pending(ctx context.Context, before time.Time) (pending []store.Pending, err error) {
	err = db.view(ctx, func(t *tx) error {
		index := map[xds.UniqueID]int{}
		b := t.builder()
		b.add("SELECT submission_set, reserved FROM reservation WHERE reserved < ")
		b.bind(before.UnixNano())
		b.add(" ORDER BY reserved, submission_set")
		err := t.query(ctx, "pending", b, func(rows *sql.Rows) error {
			var p store.Pending
			var reserved int64
			err := rows.Scan(&p.SubmissionSet, &reserved)
			p.Reserved = time.Unix(0, reserved).UTC()
			index[p.SubmissionSet] = len(pending)
			pending = append(pending, p)
			return err
		})
		if err != nil || len(pending) == 0 {
			return err
		}
		b = t.builder()
		b.add(`SELECT s.submission_set, d.unique_id, d.sha256, d.sha1, d.size, r.mime_type, r.patient_cx
FROM reservation s JOIN reserved_document r ON r.submission_set = s.submission_set JOIN document d ON d.unique_id = r.unique_id
WHERE s.reserved < `)
		b.bind(before.UnixNano())
		b.add(" ORDER BY d.unique_id")
		return t.query(ctx, "pending", b, func(rows *sql.Rows) error {
			var set xds.UniqueID
			d, err := scanDocument(rows, &set)
			if err == nil {
				p := &pending[index[set]]
				p.Documents = append(p.Documents, d)
			}
			return err
		})
	})
	if err != nil {
		return nil, err
	}
	return pending, nil
}
