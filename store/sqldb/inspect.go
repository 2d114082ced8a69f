package sqldb

import (
	"context"
	"database/sql"

	"dossier/store"
)

var _ store.Inspector = (*DB)(nil)

// inspect is a view whose statements may take any time.
func (db *DB) inspect(ctx context.Context, fn func(*tx) error) error {
	return db.view(ctx, func(t *tx) error {
		if db.dialect.unhurried != "" {
			b := t.builder()
			b.add(db.dialect.unhurried)
			if _, err := t.exec(ctx, "inspect", b); err != nil {
				return err
			}
		}
		return fn(t)
	})
}

// Intact implements store.Inspector.
func (db *DB) Intact(ctx context.Context) ([]string, error) {
	var found []string
	err := db.inspect(ctx, func(t *tx) error {
		for _, check := range db.dialect.checks {
			b := t.builder()
			b.add(check)
			err := t.query(ctx, "integrity", b, func(rows *sql.Rows) error {
				var finding string
				err := rows.Scan(&finding)
				found = append(found, finding)
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// EachDocument implements store.Inspector.
func (db *DB) EachDocument(ctx context.Context, fn func(store.Document) error) error {
	return db.inspect(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT unique_id, sha256, sha1, size, mime_type, patient_cx FROM document WHERE registered = 1 ORDER BY unique_id")
		return t.query(ctx, "each document", b, func(rows *sql.Rows) error {
			d, err := scanDocument(rows)
			if err != nil {
				return err
			}
			return fn(d)
		})
	})
}

// inspected reads one class with the number of rows in each of its narrow tables.
var inspected = []struct {
	kind      store.Kind
	statement constant
}{
	{store.DocumentEntry, `SELECT o.uuid, c.codec, c.fragment,
	(SELECT count(*) FROM author x WHERE x.object = o.seq),
	(SELECT count(*) FROM event_code x WHERE x.object = o.seq),
	(SELECT count(*) FROM confidentiality_code x WHERE x.object = o.seq),
	(SELECT count(*) FROM reference_id x WHERE x.object = o.seq), 0
FROM object o JOIN document_entry c ON c.seq = o.seq ORDER BY o.seq`},
	{store.SubmissionSet, `SELECT o.uuid, c.codec, c.fragment, (SELECT count(*) FROM author x WHERE x.object = o.seq), 0, 0, 0, 0
FROM object o JOIN submission_set c ON c.seq = o.seq ORDER BY o.seq`},
	{store.Folder, `SELECT o.uuid, c.codec, c.fragment, 0, 0, 0, 0, (SELECT count(*) FROM folder_code x WHERE x.object = o.seq)
FROM object o JOIN folder c ON c.seq = o.seq ORDER BY o.seq`},
}

// EachObject implements store.Inspector.
func (db *DB) EachObject(ctx context.Context, fn func(store.Inspected) error) error {
	return db.inspect(ctx, func(t *tx) error {
		var unpacked []byte
		for _, class := range inspected {
			b := t.builder()
			b.add(class.statement)
			err := t.query(ctx, "each object", b, func(rows *sql.Rows) error {
				o := store.Inspected{Object: store.Object{Kind: class.kind}}
				var codec int
				var packed sql.RawBytes
				if err := rows.Scan(&o.EntryUUID, &codec, &packed, &o.Authors, &o.EventCodes, &o.ConfidentialityCodes, &o.ReferenceIDs, &o.FolderCodes); err != nil {
					return err
				}
				// What cannot be unpacked is for the caller to find: an empty fragment is no metadata.
				unpacked, _ = db.unpack(unpacked[:0], codec, packed)
				o.Fragment = unpacked
				return fn(o)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
