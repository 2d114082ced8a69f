package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"dossier/store"
)

// fragmentsOf reads the packed fragments of one class.
var fragmentsOf = map[store.Kind]constant{
	store.DocumentEntry: "SELECT seq, codec, fragment FROM document_entry WHERE seq ",
	store.SubmissionSet: "SELECT seq, codec, fragment FROM submission_set WHERE seq ",
	store.Folder:        "SELECT seq, codec, fragment FROM folder WHERE seq ",
	store.Association:   "SELECT seq, codec, fragment FROM association WHERE seq ",
}

// maxFetched is how many fragments are read at a time: about 100 KB of them.
const maxFetched = 128

// Fragments implements store.Registry.
func (db *DB) Fragments(ctx context.Context, objects []store.Object, fn func(*store.Object) error) error {
	var buf []byte
	for part := range slices.Chunk(objects, maxFetched) {
		fetched, err := db.fetch(ctx, part)
		if err != nil {
			return err
		}
		for i := range part {
			o := &part[i]
			s := o.Stored
			if s.Packed == nil {
				s = fetched[s.Seq]
			}
			if buf, err = db.unpack(buf[:0], s.Codec, s.Packed); err != nil {
				return fmt.Errorf("%s: %w", o.EntryUUID, err)
			}
			o.Fragment = buf
			err := fn(o)
			o.Fragment = nil
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fetch reads those of the fragments that the objects do not hold, one statement for each class.
func (db *DB) fetch(ctx context.Context, objects []store.Object) (map[int64]store.Stored, error) {
	missing := map[store.Kind][]int64{}
	n := 0
	for i := range objects {
		if o := &objects[i]; o.Stored.Packed == nil {
			missing[o.Kind] = append(missing[o.Kind], o.Stored.Seq)
			n++
		}
	}
	if n == 0 {
		return nil, nil
	}
	fetched := make(map[int64]store.Stored, n)
	err := db.view(ctx, func(t *tx) error {
		for kind, seqs := range missing {
			b := t.builder()
			b.add(fragmentsOf[kind])
			in(b, seqs, func(seq int64) any { return seq })
			err := t.query(ctx, "fragments", b, func(rows *sql.Rows) error {
				var s store.Stored
				err := rows.Scan(&s.Seq, &s.Codec, &s.Packed)
				fetched[s.Seq] = s
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(fetched) != n {
		err = fmt.Errorf("sqldb: fragments: %d of %d are missing", n-len(fetched), n)
	}
	return fetched, err
}
