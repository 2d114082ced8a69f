package sqldb

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// Find implements store.RegistryReader: one statement for each class that the query can return.
func (t *tx) Find(ctx context.Context, q query.Query, leaf bool, limit int) ([]store.Object, error) {
	f := &finder{tx: t, ctx: ctx, leaf: leaf, limit: max(limit, 0)}
	switch q := q.(type) {
	case query.FindDocuments:
		f.find(documentEntries, nil, entriesOf(q.Patient, q.DocumentFilter, nil))
	case query.FindDocumentsByReferenceID:
		f.find(documentEntries, nil, entriesOf(q.Patient, q.DocumentFilter, q.ReferenceIDs))
	case query.FindSubmissionSets:
		f.find(submissionSets, nil, setsOf(q))
	case query.FindFolders:
		f.find(folders, nil, foldersOf(q))
	case query.GetAll:
		f.all(q)
	case query.GetDocuments:
		f.find(documentEntries, given(documentEntries, q.IDs), within("given"))
	case query.GetFolders:
		f.find(folders, given(folders, q.IDs), within("given"))
	case query.GetAssociations:
		f.find(associations, given(anyClass, query.IDs{EntryUUIDs: q.EntryUUIDs}), touching("given"))
	case query.GetDocumentsAndAssociations:
		f.find(documentEntries, given(documentEntries, q.IDs), within("given"))
		f.find(associations, given(documentEntries, q.IDs), touching("given"))
	case query.GetSubmissionSets:
		f.submissionSetsOf(q)
	case query.GetSubmissionSetAndContents:
		f.submissionSetContents(q)
	case query.GetFolderAndContents:
		f.folderContents(q)
	case query.GetFoldersForDocument:
		f.find(folders, given(documentEntries, q.IDs), containers)
	case query.GetRelatedDocuments:
		f.related(q)
	default:
		return nil, fmt.Errorf("sqldb: find: unknown query %T", q)
	}
	if f.err != nil {
		return nil, f.err
	}
	return f.found, nil
}

// class is how the objects of one class are selected: as o, with their class row c and, but for Associations, their patient
// p and its root r.
type class struct {
	kind store.Kind
	from constant
	is   constant // the condition on another object g
}

const (
	ofPatient    = " JOIN patient p ON p.id = o.patient JOIN patient r ON r.id = p.root"
	ofAnyPatient = " LEFT JOIN patient p ON p.id = o.patient LEFT JOIN patient r ON r.id = p.root"
)

var (
	documentEntries = class{store.DocumentEntry, "object o JOIN document_entry c ON c.seq = o.seq" + ofPatient, "g.kind = 'D'"}
	submissionSets  = class{store.SubmissionSet, "object o JOIN submission_set c ON c.seq = o.seq" + ofPatient, "g.kind = 'S'"}
	folders         = class{store.Folder, "object o JOIN folder c ON c.seq = o.seq" + ofPatient, "g.kind = 'F'"}
	associations    = class{store.Association, "object o JOIN association c ON c.seq = o.seq" + ofAnyPatient, "g.kind = 'A'"}
	anyClass        = class{is: "g.kind IS NOT NULL"}
)

// clause adds a part of a statement: a condition on o and c, or the common table expressions that one refers to.
type clause func(*builder)

// finder collects the results of one query, class by class. After an error it does nothing.
type finder struct {
	tx    *tx
	ctx   context.Context
	leaf  bool
	limit int
	found []store.Object
	held  int // bytes of packed fragments
	err   error
}

// maxHeld is how many bytes of packed fragments one answer holds; it reads the rest when it comes to it. Most answers are
// far smaller and need one statement for each class, a slow reader of a large one holds neither memory nor a transaction.
const maxHeld = 256 << 10

// find adds the objects of a class that meet the condition, in order of registration.
func (f *finder) find(c class, with, where clause) {
	if f.err != nil {
		return
	}
	b := f.tx.builder()
	if with != nil {
		b.add("WITH ")
		with(b)
	}
	b.add(` SELECT o.seq, o.uuid, o.status, o.version, o.home, o.availability, o.updated,
	coalesce(r.authority, ''), coalesce(r.identifier, ''), CASE WHEN p.root <> p.id THEN r.cx ELSE o.patient_cx END`)
	if f.leaf {
		b.add(", c.codec, c.fragment")
	}
	b.add(" FROM ", c.from, " WHERE ")
	where(b)
	// There is no ORDER BY, which would make the database sort fragments: an answer that is cut off is not given at all,
	// and a complete one is sorted here.
	b.add(" LIMIT ")
	b.bind(f.limit - len(f.found) + 1)
	var results []store.Object
	f.err = f.tx.query(f.ctx, "find", b, func(rows *sql.Rows) error {
		var o store.Object
		err := f.scan(rows, &o)
		o.Kind = c.kind
		results = append(results, o)
		return err
	})
	if f.err == nil && len(f.found)+len(results) > f.limit {
		f.err = fmt.Errorf("sqldb: find: %w: more than %d", store.ErrTooMany, f.limit)
	}
	slices.SortFunc(results, func(a, b store.Object) int { return cmp.Compare(a.Stored.Seq, b.Stored.Seq) })
	if !f.leaf {
		for i := range results {
			results[i].Stored = store.Stored{}
		}
	}
	if len(f.found) == 0 {
		f.found = results
	} else {
		f.found = append(f.found, results...)
	}
}

func (f *finder) scan(rows *sql.Rows, o *store.Object) error {
	var status string
	var packed sql.RawBytes
	columns := [12]any{&o.Stored.Seq, &o.EntryUUID, &status, &o.Volatile.Version, &o.Volatile.Home, &o.Volatile.Availability, &o.Volatile.LastUpdateTime,
		&o.Patient.Authority, &o.Patient.ID, &o.Volatile.PatientID, &o.Stored.Codec, &packed}
	n := len(columns)
	if !f.leaf {
		n -= 2
	}
	if err := rows.Scan(columns[:n]...); err != nil {
		return err
	}
	o.Volatile.Status = expand[xds.Status](status)
	if f.leaf && f.held+len(packed) <= maxHeld {
		f.held += len(packed)
		o.Stored.Packed = bytes.Clone(packed)
		o.Stored.Size = unpackedSize(o.Stored.Codec, packed)
	}
	return nil
}
