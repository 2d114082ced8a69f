package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// Documents implements store.Documents. The patient is the one the document belongs to now, merges resolved.
func (db *DB) Documents(ctx context.Context, ids []xds.UniqueID) (map[xds.UniqueID]store.Document, error) {
	found := make(map[xds.UniqueID]store.Document, len(ids))
	err := db.view(ctx, func(t *tx) error {
		for part := range parts(ids) {
			b := t.builder()
			b.add(`SELECT d.unique_id, d.sha256, d.sha1, d.size, d.mime_type, CASE WHEN p.root <> p.id THEN r.cx ELSE d.patient_cx END
FROM document d
LEFT JOIN patient p ON p.authority = d.authority AND p.identifier = d.identifier
LEFT JOIN patient r ON r.id = p.root
WHERE d.registered = 1 AND d.unique_id `)
			in(b, part, text)
			err := t.query(ctx, "documents", b, func(rows *sql.Rows) error {
				d, err := scanDocument(rows)
				found[d.UniqueID] = d
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// scanDocument reads unique_id, sha256, sha1, size, mime_type, patient_cx after the columns in before.
func scanDocument(rows *sql.Rows, before ...any) (d store.Document, err error) {
	var sha256, sha1 []byte
	var cx string
	if err := rows.Scan(append(before, &d.UniqueID, &sha256, &sha1, &d.Digest.Size, &d.MimeType, &cx)...); err != nil {
		return d, err
	}
	if len(sha256) != len(d.Digest.SHA256) || len(sha1) != len(d.Digest.SHA1) {
		return d, fmt.Errorf("digest of %d and %d bytes instead of %d and %d", len(sha256), len(sha1), len(d.Digest.SHA256), len(d.Digest.SHA1))
	}
	copy(d.Digest.SHA256[:], sha256)
	copy(d.Digest.SHA1[:], sha1)
	// A submission whose patient id could not be read is refused, but its documents may be reserved.
	d.Patient, _ = hl7v2.ParseCX(cx)
	return d, nil
}

// addDocuments adds index rows. A row of that uniqueId may be there already when it is about the same bytes.
func (t *tx) addDocuments(ctx context.Context, docs []store.Document, registered bool) error {
	flag, again := 0, constant("document.registered")
	if registered {
		flag, again = 1, "1"
	}
	seen := map[xds.UniqueID]blob.Ref{}
	var values []any
	// One order for all writers: none waits for one that waits for it.
	byID := func(a, b store.Document) int { return cmp.Compare(a.UniqueID, b.UniqueID) }
	for _, d := range slices.SortedStableFunc(slices.Values(docs), byID) {
		if ref, twice := seen[d.UniqueID]; twice {
			if ref.SHA256 != d.Digest.SHA256 {
				return t.fail(fmt.Errorf("sqldb: documents: %w: one uniqueId for different bytes", store.ErrConflict))
			}
			continue
		}
		seen[d.UniqueID] = d.Digest.Ref
		k := d.Patient.Key()
		values = append(values, string(d.UniqueID), flag, d.Digest.SHA256[:], d.Digest.SHA1[:], d.Digest.Size, d.MimeType, submitted(d.Patient), k.Authority, k.ID)
	}
	n, err := t.insert(ctx, "document (unique_id, registered, sha256, sha1, size, mime_type, patient_cx, authority, identifier)",
		" ON CONFLICT (unique_id) DO UPDATE SET registered = "+again+" WHERE document.sha256 = excluded.sha256", values, 9)
	if err == nil && n != int64(len(seen)) {
		err = t.fail(fmt.Errorf("sqldb: documents: %w: a uniqueId is taken by other bytes", store.ErrConflict))
	}
	return err
}

// Referenced implements store.Documents.
func (db *DB) Referenced(ctx context.Context, refs []blob.Ref) (map[blob.Ref]bool, error) {
	bySum := make(map[string][]blob.Ref, len(refs))
	sums := make([][32]byte, 0, len(refs))
	for _, r := range refs {
		sum := string(r.SHA256[:])
		bySum[sum] = append(bySum[sum], r)
		sums = append(sums, r.SHA256)
	}
	found := make(map[blob.Ref]bool, len(refs))
	err := db.view(ctx, func(t *tx) error {
		for part := range parts(sums) {
			b := t.builder()
			b.add("SELECT DISTINCT sha256 FROM document WHERE sha256 ")
			in(b, part, func(s [32]byte) any { return s[:] })
			err := t.query(ctx, "referenced blobs", b, func(rows *sql.Rows) error {
				var sum []byte
				err := rows.Scan(&sum)
				for _, r := range bySum[string(sum)] {
					found[r] = true
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
