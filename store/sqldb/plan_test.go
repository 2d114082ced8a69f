package sqldb

import (
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store"
	"dossier/store/blob"
	"dossier/store/storetest"
	"dossier/xds"
	"dossier/xds/query"
)

// everyQuery is one query of each shape.
func everyQuery() []query.Query {
	p := hl7v2.CX{ID: "A", Authority: hl7v2.HD{UniversalID: "2.999.10.1", UniversalIDType: "ISO"}}
	codes := query.AnyOf{{Code: "a", Scheme: "2.999"}, {Code: "b", Scheme: "2.999"}}
	lists := query.AllOf{codes, codes[:1]}
	times := query.Times{From: "2020", To: "2021"}
	both := []xds.Status{xds.Approved, xds.Deprecated}
	types := []xds.ObjectType{xds.Stable, xds.OnDemand}
	filter := query.DocumentFilter{ClassCode: codes, TypeCode: codes, PracticeSettingCode: codes, HealthcareFacilityTypeCode: codes,
		FormatCode: codes, EventCodes: lists, ConfidentialityCodes: lists, CreationTime: times, ServiceStartTime: times,
		ServiceStopTime: times, AuthorPerson: []string{"%a%", "b"}, Status: both, Types: types}
	content := query.ContentFilter{FormatCode: codes, ConfidentialityCodes: lists, Types: types}
	exact, like := query.ReferenceID{Value: "a"}, query.ReferenceID{Value: "a%", Pattern: true}
	uuids := []xds.EntryUUID{"a", "b"}
	list := []query.Query{
		query.FindDocuments{Patient: p}, query.FindDocuments{Patient: p, DocumentFilter: filter},
		query.FindDocuments{Patient: p, DocumentFilter: query.DocumentFilter{Status: both[:1], Types: types[:1]}},
		query.FindDocumentsByReferenceID{Patient: p, ReferenceIDs: [][]query.ReferenceID{{exact}, {like}}},
		query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: filter, ReferenceIDs: [][]query.ReferenceID{{exact, exact}, {exact, like}}},
		query.FindSubmissionSets{Patient: p, SourceIDs: []string{"a"}, SubmissionTime: times, AuthorPerson: []string{"a"}, ContentType: codes, Status: both},
		query.FindFolders{Patient: p, LastUpdateTime: times, Codes: lists, Status: both[:1]},
		query.GetAll{Patient: p, Types: types}, query.GetAll{Patient: p, DocumentStatus: both, SubmissionSetStatus: both, FolderStatus: both, FormatCode: codes, ConfidentialityCodes: lists, Types: types},
		query.GetAssociations{EntryUUIDs: uuids}, query.GetSubmissionSets{EntryUUIDs: uuids},
		query.GetAssociations{EntryUUIDs: uuids, AssociationStatus: both[:1]},
	}
	list = append(list, everyMultiPatientQuery(filter, []hl7v2.CX{p, p})...)
	for _, ids := range []query.IDs{{EntryUUIDs: uuids[:1]}, {EntryUUIDs: uuids}, {UniqueIDs: []xds.UniqueID{"a"}}, {UniqueIDs: []xds.UniqueID{"a", "b"}}} {
		list = append(list, query.GetDocuments{IDs: ids}, query.GetFolders{IDs: ids}, query.GetDocumentsAndAssociations{IDs: ids},
			query.GetSubmissionSetAndContents{IDs: ids, ContentFilter: content}, query.GetSubmissionSetAndContents{IDs: ids},
			query.GetFolderAndContents{IDs: ids, ContentFilter: content}, query.GetFolderAndContents{IDs: ids},
			query.GetFoldersForDocument{IDs: ids}, query.GetFoldersForDocument{IDs: ids, AssociationStatus: both[:1]},
			query.GetFolderAndContents{IDs: ids, ContentFilter: content, AssociationStatus: both},
			query.GetRelatedDocuments{IDs: ids, Types: types, AssociationTypes: []xds.AssociationType{xds.Replace}, AssociationStatus: both[:1]},
			query.GetRelatedDocuments{IDs: ids, Types: types, AssociationTypes: []xds.AssociationType{xds.Replace, xds.Append}})
	}
	return list
}

// everyMultiPatientQuery has patients, or none and one of the filters that may stand in for them, with all others and without.
func everyMultiPatientQuery(filter query.DocumentFilter, patients []hl7v2.CX) (list []query.Query) {
	exact, like := []query.ReferenceID{{Value: "a"}, {Value: "b"}}, []query.ReferenceID{{Value: "a%", Pattern: true}}
	filter.Availability = []xds.Availability{xds.Online}
	bare := query.DocumentFilter{Status: filter.Status[:1], Types: filter.Types[:1]}
	for _, change := range []func(*query.DocumentFilter){
		func(f *query.DocumentFilter) { *f = filter },
		func(f *query.DocumentFilter) { f.ClassCode = filter.ClassCode[:1] },
		func(f *query.DocumentFilter) { f.ClassCode = filter.ClassCode },
		func(f *query.DocumentFilter) { f.HealthcareFacilityTypeCode = filter.HealthcareFacilityTypeCode },
		func(f *query.DocumentFilter) { f.EventCodes = filter.EventCodes },
		func(f *query.DocumentFilter) { f.EventCodes, f.ClassCode = filter.EventCodes[1:], filter.ClassCode },
		func(f *query.DocumentFilter) { *f = filter; f.EventCodes = nil },
	} {
		f := bare
		change(&f)
		list = append(list, query.FindDocumentsForMultiplePatients{DocumentFilter: f}, query.FindDocumentsForMultiplePatients{DocumentFilter: f, Patients: patients})
	}
	list = append(list, query.FindDocumentsForMultiplePatients{DocumentFilter: bare, Patients: patients[:1]})
	for _, f := range []query.DocumentFilter{bare, filter} {
		list = append(list, query.FindDocumentsByReferenceIDForMultiplePatients{DocumentFilter: f, ReferenceIDs: [][]query.ReferenceID{exact, like}},
			query.FindDocumentsByReferenceIDForMultiplePatients{DocumentFilter: f, ReferenceIDs: [][]query.ReferenceID{like}, Patients: patients})
	}
	return append(list, query.FindFoldersForMultiplePatients{Codes: filter.EventCodes, Status: filter.Status, LastUpdateTime: filter.CreationTime},
		query.FindFoldersForMultiplePatients{Codes: filter.EventCodes[1:]}, query.FindFoldersForMultiplePatients{Patients: patients},
		query.FindFoldersForMultiplePatients{Patients: patients, Codes: filter.EventCodes})
}

// baseTable finds a walk over a whole table in a line of EXPLAIN QUERY PLAN; walks over values and over common table
// expressions are none. Aliases count, because the plan names tables by them.
var baseTable = regexp.MustCompile(`SCAN (a|c|d|e|f|g|l|o|p|r|s|t|x|y|patient|unique_id|object|document|document_entry|submission_set|folder|association|` +
	`event_code|confidentiality_code|folder_code|author|reference_id|reservation|reserved_document)\b`)

// byCode finds the use of an index over codes alone in a plan, ofPatients a condition on patients in a statement.
var (
	byCode     = regexp.MustCompile(`INDEX (document_entry_class|document_entry_facility|event_code_code|folder_code_code)\b`)
	ofPatients = regexp.MustCompile(`r\.authority =|\(r\.authority, r\.identifier\) IN`)
)

// TestPlans: no statement walks over a table or builds an index for itself.
func TestPlans(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "dossier.db"))
	for c, text := range everyStatement(t, db) {
		explain(t, t.Context(), c, text)
	}
}

// everyStatement runs all there is and returns the statements that stay prepared, with their connections.
func everyStatement(t *testing.T, db *DB) iter.Seq2[*conn, string] {
	t.Helper()
	ctx := t.Context()
	for _, q := range everyQuery() {
		if err := db.View(ctx, func(r store.RegistryReader) error { _, err := r.Find(ctx, q, true, 10); return err }); err != nil {
			t.Fatal(err)
		}
	}
	err := db.Update(ctx, func(tx store.RegistryTx) error {
		_, err := tx.State(ctx, store.Refs{Patients: []hl7v2.PatientKey{{ID: "A"}}, EntryUUIDs: []xds.EntryUUID{"a"}, UniqueIDs: []xds.UniqueID{"a"}, Replaced: []xds.EntryUUID{"a", "b"}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	a := storetest.CX("A")
	submission := storetest.Submit(a)
	entry := submission.Entry()
	submission.File(submission.Folder().EntryUUID, entry.EntryUUID)
	replacement := storetest.Submit(a)
	replacement.Replace(xds.Replace, replacement.Entry().EntryUUID, entry.EntryUUID)
	replacement.DeprecateAlso(entry.EntryUUID)
	replacement.Touch(submission.Folders[0].EntryUUID)
	doc := store.Document{UniqueID: "2.999.1"}
	message := store.Message{1}
	reserve := func(p store.Pending) error { _, err := db.Reserve(ctx, p); return err }
	merge := pix.Merge{Survivor: a, Subsumed: storetest.CX("B"), Message: message}
	for _, err := range []error{
		reserve(store.Pending{SubmissionSet: "2.999.2", Message: message, Documents: []store.Document{doc}}),
		reserve(store.Pending{SubmissionSet: "2.999.2", Message: message, Documents: []store.Document{doc}}),
		db.Settle(ctx, "2.999.2", true, &store.Outcome{Message: message}),
		db.AddPatient(ctx, a), db.AddPatient(ctx, storetest.CX("B")), db.MergePatient(ctx, merge), db.MergePatient(ctx, merge),
		db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, submission.Registration()) }),
		db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, replacement.Registration()) }),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if o, err := db.Outcome(ctx, "2.999.2"); err != nil || !o.Of(message) {
		t.Fatal(o, err)
	}
	if _, err := db.ForgetOutcomes(ctx, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Documents(ctx, []xds.UniqueID{"2.999.1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Referenced(ctx, []blob.Ref{{}, {Size: 1}}); err != nil {
		t.Fatal(err)
	}
	type statement struct {
		on   *conn
		text string
	}
	var all []statement
	for _, p := range []*pool{db.reader, db.writer} {
		for _, c := range p.idle {
			for text := range c.byText {
				if !transactional.MatchString(text) {
					all = append(all, statement{c, text})
				}
			}
		}
	}
	if len(all) < 60 {
		t.Errorf("looked at %d statements, want all of about 70", len(all))
	}
	return func(yield func(*conn, string) bool) {
		for _, s := range all {
			if !yield(s.on, s.text) {
				return
			}
		}
	}
}

var transactional = regexp.MustCompile(`BEGIN|COMMIT|ROLLBACK|^SET`)

func explain(t *testing.T, ctx context.Context, c *conn, text string) {
	t.Helper()
	rows, err := c.sql.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
	if err != nil {
		t.Errorf("%v\n%s", err, text)
		return
	}
	defer rows.Close()
	var plan []string
	bad := false
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		// A patient has few objects, a code many: with both the patient comes first.
		bad = bad || ofPatients.MatchString(text) && byCode.MatchString(detail)
		bad = bad || baseTable.MatchString(detail) || strings.Contains(detail, "AUTOMATIC")
		plan = append(plan, fmt.Sprintf("%d<%d %s", id, parent, detail))
	}
	if bad {
		t.Errorf("walks over a table:\n%s\n%s", text, strings.Join(plan, "\n"))
	}
}
