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

// maxFetched is how many fragments are read at a time: about 50 KB of them.
const maxFetched = 64

// Fragments implements store.Registry.
func (db *DB) Fragments(ctx context.Context, objects []store.Object, fn func(*store.Object) error) error {
	var buf []byte
	f := &fetcher{db: db, found: map[int64]store.Stored{}}
	for part := range slices.Chunk(objects, maxFetched) {
		if err := f.fetch(ctx, part); err != nil {
			return err
		}
		for i := range part {
			o := &part[i]
			s := o.Stored
			if s.Packed == nil {
				s = f.found[s.Seq]
			}
			var err error
			if buf, err = db.unpack(buf[:0], s.Codec, s.Packed); err != nil {
				return fmt.Errorf("%s: %w", o.EntryUUID, err)
			}
			o.Fragment = buf
			err = fn(o)
			o.Fragment = nil
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// fetcher reads fragments part by part into memory that is used for each part again.
type fetcher struct {
	db    *DB
	found map[int64]store.Stored
	bytes []byte
}

// fetch reads those of the fragments that the objects do not hold, one statement for each class.
func (f *fetcher) fetch(ctx context.Context, objects []store.Object) error {
	missing := map[store.Kind][]int64{}
	n := 0
	for i := range objects {
		if o := &objects[i]; o.Stored.Packed == nil {
			missing[o.Kind] = append(missing[o.Kind], o.Stored.Seq)
			n++
		}
	}
	clear(f.found)
	f.bytes = f.bytes[:0]
	if n == 0 {
		return nil
	}
	err := f.db.view(ctx, func(t *tx) error {
		for kind, seqs := range missing {
			b := t.builder()
			b.add(fragmentsOf[kind])
			in(b, seqs, func(seq int64) any { return seq })
			if err := t.query(ctx, "fragments", b, f.scan); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && len(f.found) != n {
		err = fmt.Errorf("sqldb: fragments: %d of %d are missing", n-len(f.found), n)
	}
	return err
}

func (f *fetcher) scan(rows *sql.Rows) error {
	var s store.Stored
	var packed sql.RawBytes
	err := rows.Scan(&s.Seq, &s.Codec, &packed)
	start := len(f.bytes)
	f.bytes = append(f.bytes, packed...)
	s.Packed = f.bytes[start:] // stays what it is when f.bytes moves
	f.found[s.Seq] = s
	return err
}
