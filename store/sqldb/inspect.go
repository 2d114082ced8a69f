package sqldb

import (
	"context"
	"database/sql"

	"dossier/store"
)

var _ store.Inspector = (*DB)(nil)

// Intact implements store.Inspector.
func (db *DB) Intact(ctx context.Context) ([]string, error) {
	var found []string
	err := db.view(ctx, func(t *tx) error {
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
	return db.view(ctx, func(t *tx) error {
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

// EachEntry implements store.Inspector.
func (db *DB) EachEntry(ctx context.Context, fn func(store.Object) error) error {
	return db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT o.uuid, e.codec, e.fragment FROM object o JOIN document_entry e ON e.seq = o.seq ORDER BY o.seq")
		var fragment []byte
		return t.query(ctx, "each entry", b, func(rows *sql.Rows) error {
			o := store.Object{Kind: store.DocumentEntry}
			var codec int
			var packed sql.RawBytes
			if err := rows.Scan(&o.EntryUUID, &codec, &packed); err != nil {
				return err
			}
			// What cannot be unpacked is for the caller to find: an empty fragment is no metadata.
			fragment, _ = db.unpack(fragment[:0], codec, packed)
			o.Fragment = fragment
			return fn(o)
		})
	})
}
