package storetest

import (
	"fmt"
	"slices"

	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

// What package query lets pass at most: values of one query, and lists of one parameter that are AND.
const (
	mostValues = 10_000
	mostLists  = 16
)

// largestQueries: the longest queries that can be sent are answered, whatever they do to a statement.
func largestQueries(w *world) {
	p := w.patient("A")
	s := Submit(p)
	w.entry(s, "entry", func(e *xds.DocumentEntry) {
		e.ClassCode, e.ReferenceIDs = code("c1"), []string{"c1"}
		e.EventCodes, e.ConfidentialityCodes = codeList("c1"), codeList("c1")
		e.Authors = []xds.Author{{Person: "c1"}}
	})
	w.name(s.Folder(func(f *xds.Folder) { f.Codes = codeList("c1") }).EntryUUID, "folder")
	w.register(s)

	var codes query.AnyOf
	var texts []string
	var patients []hl7v2.CX
	for i := range mostValues {
		text := fmt.Sprintf("c%d", i)
		codes, texts, patients = append(codes, code(text)), append(texts, text), append(patients, CX(text))
	}
	patients[mostValues-1] = p
	base := documents(p).DocumentFilter
	lists := base
	lists.EventCodes, lists.ConfidentialityCodes = spread(codes[:mostValues/3]), spread(codes[:mostValues/3])
	references := slices.Repeat([][]query.ReferenceID{{{Value: "c1"}, {Value: "x%", Pattern: true}, {Value: "y"}}}, mostLists)
	class, event, author := base, base, base
	class.ClassCode, event.EventCodes, author.AuthorPerson = codes, query.AllOf{codes}, texts

	w.expect("classCode", query.FindDocuments{Patient: p, DocumentFilter: class}, "entry")
	w.expect("eventCodeList", query.FindDocuments{Patient: p, DocumentFilter: event}, "entry")
	w.expect("lists that are AND", query.FindDocuments{Patient: p, DocumentFilter: lists}, "entry")
	w.expect("all lists", query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: lists, ReferenceIDs: references}, "entry")
	w.expect("authors", query.FindDocuments{Patient: p, DocumentFilter: author}, "entry")
	w.expect("patients", query.FindDocumentsForMultiplePatients{Patients: patients, DocumentFilter: base}, "entry")
	w.expect("classCode, no patients", query.FindDocumentsForMultiplePatients{DocumentFilter: class}, "entry")
	w.expect("eventCodeList, no patients", query.FindDocumentsForMultiplePatients{DocumentFilter: event}, "entry")
	w.expect("lists, no patients", query.FindDocumentsForMultiplePatients{DocumentFilter: lists}, "entry")
	w.expect("all lists, no patients", query.FindDocumentsByReferenceIDForMultiplePatients{DocumentFilter: lists, ReferenceIDs: append(references[1:], []query.ReferenceID{{Value: "c1"}})}, "entry")
	w.expect("folders", query.FindFoldersForMultiplePatients{Codes: spread(codes), Status: approved}, "folder")
	w.expect("everything", query.GetAll{Patient: p, Types: stable, DocumentStatus: approved, SubmissionSetStatus: approved, FolderStatus: approved,
		FormatCode: anyOf("text"), ConfidentialityCodes: spread(codes)}, w.show(w.objects(all(p), false)))
	content := query.ContentFilter{Types: stable, ConfidentialityCodes: spread(codes)}
	for _, ids := range []query.IDs{byUUID(s.Set.EntryUUID), byUnique(s.Set.UniqueID)} {
		w.find(query.GetSubmissionSetAndContents{IDs: ids, ContentFilter: content})
	}
}

// spread makes as many lists as may be AND, each with the code c1.
func spread(codes query.AnyOf) query.AllOf {
	var out query.AllOf
	n := len(codes)/mostLists - 1
	for i := range mostLists {
		out = append(out, append(query.AnyOf{code("c1")}, codes[i*n:(i+1)*n]...))
	}
	return out
}
