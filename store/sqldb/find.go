package sqldb

import (
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
	err   error
}

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
		b.add(", c.fragment")
	}
	b.add(" FROM ", c.from, " WHERE ")
	where(b)
	// There is no ORDER BY, which would make the database sort fragments: an answer that is cut off is not given at all,
	// and a complete one is sorted here.
	b.add(" LIMIT ")
	b.bind(f.limit - len(f.found) + 1)
	var results []result
	f.err = f.tx.query(f.ctx, "find", b, func(rows *sql.Rows) error {
		var r result
		err := r.scan(rows, f.leaf)
		r.object.Kind = c.kind
		results = append(results, r)
		return err
	})
	if f.err == nil && len(f.found)+len(results) > f.limit {
		f.err = fmt.Errorf("sqldb: find: %w: more than %d", store.ErrTooMany, f.limit)
	}
	slices.SortFunc(results, func(a, b result) int { return cmp.Compare(a.seq, b.seq) })
	for _, r := range results {
		f.found = append(f.found, r.object)
	}
}

type result struct {
	seq    int64
	object store.Object
}

func (r *result) scan(rows *sql.Rows, leaf bool) error {
	o := &r.object
	var status string
	columns := [11]any{&r.seq, &o.EntryUUID, &status, &o.Volatile.Version, &o.Volatile.Home, &o.Volatile.Availability, &o.Volatile.LastUpdateTime,
		&o.Patient.Authority, &o.Patient.ID, &o.Volatile.PatientID, &o.Fragment}
	n := len(columns)
	if !leaf {
		n--
	}
	err := rows.Scan(columns[:n]...)
	o.Volatile.Status = expand[xds.Status](status)
	return err
}
