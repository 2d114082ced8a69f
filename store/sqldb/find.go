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
	f := &finder{tx: t, ctx: ctx, leaf: leaf, limit: max(limit, 0), row: newRow()}
	switch q := q.(type) {
	case query.FindDocuments:
		f.find(documentEntries, nil, entriesOf(q.Patient, q.DocumentFilter, nil))
	case query.FindDocumentsByReferenceID:
		f.find(documentEntries, nil, entriesOf(q.Patient, q.DocumentFilter, q.ReferenceIDs))
	case query.FindDocumentsForMultiplePatients:
		f.find(entriesOfMany(q.Patients, q.DocumentFilter, nil))
	case query.FindDocumentsByReferenceIDForMultiplePatients:
		f.find(entriesOfMany(q.Patients, q.DocumentFilter, q.ReferenceIDs))
	case query.FindFoldersForMultiplePatients:
		f.find(foldersOfMany(q))
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
		f.find(associations, given(anyClass, query.IDs{EntryUUIDs: q.EntryUUIDs}), touching("given", q.AssociationStatus))
	case query.GetDocumentsAndAssociations:
		f.find(documentEntries, given(documentEntries, q.IDs), within("given"))
		f.find(associations, given(documentEntries, q.IDs), touching("given", q.AssociationStatus))
	case query.GetSubmissionSets:
		f.submissionSetsOf(q)
	case query.GetSubmissionSetAndContents:
		f.submissionSetContents(q)
	case query.GetFolderAndContents:
		f.folderContents(q)
	case query.GetFoldersForDocument:
		f.find(folders, given(documentEntries, q.IDs), containers(q.AssociationStatus))
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
	row   *row
	err   error
}

// maxHeld is how many bytes of packed fragments one answer holds; it reads the rest when it comes to it. Most answers are
// far smaller and need one statement for each class, a slow reader of a large one holds neither memory nor a transaction.
const maxHeld = 64 << 10

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
		results = append(results, store.Object{Kind: c.kind})
		o := &results[len(results)-1]
		if err := f.row.scan(rows, f.leaf, o); err != nil {
			return err
		}
		f.hold(o)
		return nil
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

// row is one row of a result, in memory that is used for all of them: a large answer has thousands.
type row struct {
	seq                                       int64
	version, codec                            int
	uuid, status, home, availability, updated sql.RawBytes
	authority, identifier, patient, packed    sql.RawBytes
	columns                                   [12]any
	last                                      store.Object
}

func newRow() *row {
	r := &row{}
	r.columns = [12]any{&r.seq, &r.uuid, &r.status, &r.version, &r.home, &r.availability, &r.updated,
		&r.authority, &r.identifier, &r.patient, &r.codec, &r.packed}
	return r
}

// scan reads the row into o. Texts that the object before has too are shared with it: patient, status and times mostly.
func (r *row) scan(rows *sql.Rows, leaf bool, o *store.Object) error {
	n := len(r.columns)
	if !leaf {
		n -= 2
	}
	if err := rows.Scan(r.columns[:n]...); err != nil {
		return err
	}
	last := &r.last
	o.Stored.Seq, o.EntryUUID, o.Volatile.Version = r.seq, xds.EntryUUID(r.uuid), r.version
	o.Volatile.Status = expand[xds.Status](string(r.status))
	o.Volatile.Home = share(r.home, last.Volatile.Home)
	o.Volatile.Availability = share(r.availability, last.Volatile.Availability)
	o.Volatile.LastUpdateTime = share(r.updated, last.Volatile.LastUpdateTime)
	o.Volatile.PatientID = share(r.patient, last.Volatile.PatientID)
	o.Patient.Authority, o.Patient.ID = share(r.authority, last.Patient.Authority), share(r.identifier, last.Patient.ID)
	*last = *o
	return nil
}

func share[T ~string](b sql.RawBytes, last T) T {
	if string(b) == string(last) {
		return last
	}
	return T(b)
}

// hold keeps the packed fragment of the row just read if there is room for it.
func (f *finder) hold(o *store.Object) {
	r := f.row
	if !f.leaf || f.held+len(r.packed) > maxHeld {
		return
	}
	f.held += len(r.packed)
	o.Stored.Codec, o.Stored.Packed = r.codec, bytes.Clone(r.packed)
	o.Stored.Size = unpackedSize(r.codec, r.packed)
}
