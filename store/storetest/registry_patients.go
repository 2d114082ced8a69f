package storetest

import (
	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

// byEvents is FindDocumentsForMultiplePatients without patients.
func byEvents(codes ...string) query.FindDocumentsForMultiplePatients {
	return query.FindDocumentsForMultiplePatients{DocumentFilter: query.DocumentFilter{
		Status: approved, Types: stable, EventCodes: query.AllOf{anyOf(codes...)},
	}}
}

// findForMultiplePatients holds the queries of ITI-51 (ITI TF-2: 3.51.4.1.2).
func findForMultiplePatients(w *world) {
	a, b, c := w.patient("A"), w.patient("B"), w.patient("C")
	old := w.patient("OLD")
	first := Submit(a)
	w.entry(first, "a1", func(e *xds.DocumentEntry) {
		e.ClassCode, e.EventCodes, e.ReferenceIDs = code("image"), codeList("chest", "contrast"), []string{"R1", "R2"}
	})
	w.entry(first, "a2", func(e *xds.DocumentEntry) {
		e.HealthcareFacilityTypeCode, e.EventCodes = code("hospital"), []xds.Code{{Code: "chest", Scheme: "2.999.20.2"}}
	})
	w.name(first.Folder(func(f *xds.Folder) { f.Codes = codeList("stay", "birth") }).EntryUUID, "fa")
	second := Submit(b)
	w.entry(second, "b1", func(e *xds.DocumentEntry) {
		e.ClassCode, e.HealthcareFacilityTypeCode, e.EventCodes, e.ReferenceIDs = code("image"), code("hospital"), codeList("contrast"), []string{"R1"}
	})
	w.entry(second, "b2", func(e *xds.DocumentEntry) { e.ClassCode.Code, e.ClassCode.Scheme = "image", "2.999.20.2" })
	w.name(second.Folder(func(f *xds.Folder) { f.Codes = codeList("birth") }).EntryUUID, "fb")
	third := Submit(old)
	e := w.entry(third, "o1", func(e *xds.DocumentEntry) { e.ClassCode, e.ReferenceIDs = code("image"), []string{"R2"} })
	w.name(third.Folder().EntryUUID, "fo")
	w.register(first, second, third)
	newer := Submit(old)
	newer.Replace(xds.Replace, w.entry(newer, "o2").EntryUUID, e.EntryUUID)
	w.register(newer)
	w.merge(c, old)

	type filter = query.DocumentFilter
	nobody := CX("nobody")
	some := func(ids ...hl7v2.CX) []hl7v2.CX { return ids }
	for _, t := range []struct {
		name     string
		patients []hl7v2.CX
		change   func(*filter)
		want     string
	}{
		{"two patients", some(a, b), func(f *filter) {}, "a1 a2 b1 b2"},
		{"one of them twice", some(b, b), func(f *filter) {}, "b1 b2"},
		{"unknown patients contribute nothing", some(nobody, b), func(f *filter) {}, "b1 b2"},
		{"only unknown patients", some(nobody), func(f *filter) {}, ""},
		{"the survivor has it all", some(c, b), func(f *filter) {}, "b1 b2 o2"},
		{"the subsumed id has nothing", some(old), func(f *filter) {}, ""},
		{"deprecated", some(a, c), func(f *filter) { f.Status = []xds.Status{xds.Deprecated} }, "o1"},
		{"patients and a code", some(a, b), func(f *filter) { f.ClassCode = anyOf("image") }, "a1 b1"},
		{"classCode", nil, func(f *filter) { f.ClassCode = anyOf("image") }, "a1 b1"},
		{"classCode, both statuses", nil, func(f *filter) { f.ClassCode, f.Status = anyOf("image"), anyState }, "a1 b1 o1"},
		{"classCode of two", nil, func(f *filter) {
			f.ClassCode = append(anyOf("x", "image"), xds.Code{Code: "image", Scheme: "2.999.20.2"})
		}, "a1 b1 b2"},
		{"facility", nil, func(f *filter) { f.HealthcareFacilityTypeCode = anyOf("hospital") }, "a2 b1"},
		{"classCode and facility", nil, func(f *filter) { f.ClassCode, f.HealthcareFacilityTypeCode = anyOf("image"), anyOf("hospital") }, "b1"},
		{"event", nil, func(f *filter) { f.EventCodes = query.AllOf{anyOf("chest")} }, "a1"},
		{"event or, each once", nil, func(f *filter) { f.EventCodes = query.AllOf{anyOf("contrast", "chest")} }, "a1 b1"},
		{"event and", nil, func(f *filter) { f.EventCodes = query.AllOf{anyOf("contrast", "x"), anyOf("chest")} }, "a1"},
		{"an empty list beside events", nil, func(f *filter) { f.EventCodes = query.AllOf{{}, anyOf("contrast")} }, "a1 b1"},
		{"event and classCode", nil, func(f *filter) {
			f.EventCodes, f.ClassCode = query.AllOf{anyOf("contrast")}, anyOf("image", "report")
		}, "a1 b1"},
		{"on-demand", nil, func(f *filter) { f.ClassCode, f.Types = anyOf("image"), []xds.ObjectType{xds.OnDemand} }, ""},
		{"offline", nil, func(f *filter) { f.ClassCode, f.Availability = anyOf("image"), []xds.Availability{xds.Offline} }, ""},
		{"online", nil, func(f *filter) { f.ClassCode, f.Availability = anyOf("image"), []xds.Availability{xds.Online} }, "a1 b1"},
	} {
		w.expect(t.name, query.FindDocumentsForMultiplePatients{Patients: t.patients, DocumentFilter: documents(a, t.change).DocumentFilter}, t.want)
	}
	is, like := query.ReferenceID{Value: "R1"}, query.ReferenceID{Value: "R%", Pattern: true}
	reference := func(patients []hl7v2.CX, lists ...[]query.ReferenceID) query.FindDocumentsByReferenceIDForMultiplePatients {
		return query.FindDocumentsByReferenceIDForMultiplePatients{Patients: patients, DocumentFilter: documents(a).DocumentFilter, ReferenceIDs: lists}
	}
	w.expect("reference id", reference(nil, []query.ReferenceID{is}), "a1 b1")
	w.expect("reference id and pattern", reference(nil, []query.ReferenceID{is}, []query.ReferenceID{{Value: "%2", Pattern: true}}), "a1")
	w.expect("pattern of patients", reference(some(b, c), []query.ReferenceID{like}), "b1")
	folder := func(patients []hl7v2.CX, codes ...query.AnyOf) query.FindFoldersForMultiplePatients {
		return query.FindFoldersForMultiplePatients{Patients: patients, Codes: codes, Status: approved}
	}
	w.expect("folders of patients", folder(some(c, a)), "fa fo")
	w.expect("folders by code", folder(nil, anyOf("birth", "stay")), "fa fb fo")
	w.expect("folders by codes that are and", folder(nil, anyOf("birth"), anyOf("stay", "x")), "fa")
	w.expect("folders of patients by code", folder(some(b, nobody), anyOf("birth")), "fb")
}

// associationStatus holds $XDSAssociationStatus: Associations without it neither come back nor link.
func associationStatus(w *world) {
	p := w.patient("A")
	s := Submit(p)
	e := w.entry(s, "entry")
	f := s.Folder()
	w.name(f.EntryUUID, "folder")
	w.name(s.Set.EntryUUID, "set")
	w.name(s.Associations[0].EntryUUID, "link")
	w.name(s.File(f.EntryUUID, e.EntryUUID).EntryUUID, "filed")
	w.register(s)
	later := Submit(p)
	w.name(later.Set.EntryUUID, "later")
	appended := w.entry(later, "addendum")
	w.name(later.Link(xds.Append, appended.EntryUUID, e.EntryUUID).EntryUUID, "append")
	w.register(later)

	ids, folder := byUUID(e.EntryUUID), byUUID(f.EntryUUID)
	content := query.ContentFilter{Types: stable}
	related := query.GetRelatedDocuments{IDs: ids, Types: stable, AssociationTypes: []xds.AssociationType{xds.Append}}
	for _, status := range [][]xds.Status{nil, approved, anyState} {
		w.expect("GetAssociations", query.GetAssociations{EntryUUIDs: ids.EntryUUIDs, AssociationStatus: status}, "link filed append")
		w.expect("GetDocumentsAndAssociations", query.GetDocumentsAndAssociations{IDs: ids, AssociationStatus: status}, "entry link filed append")
		w.expect("GetFolderAndContents", query.GetFolderAndContents{IDs: folder, ContentFilter: content, AssociationStatus: status}, "entry folder filed")
		w.expect("GetFoldersForDocument", query.GetFoldersForDocument{IDs: ids, AssociationStatus: status}, "folder")
		related.AssociationStatus = status
		w.expect("GetRelatedDocuments", related, "entry addendum append")
	}
	none := []xds.Status{xds.Deprecated}
	everything := all(p)
	everything.AssociationStatus, related.AssociationStatus = none, none
	w.expect("GetAll, none", everything, "set later entry addendum folder")
	w.expect("GetAssociations, none", query.GetAssociations{EntryUUIDs: ids.EntryUUIDs, AssociationStatus: none}, "")
	w.expect("GetDocumentsAndAssociations, none", query.GetDocumentsAndAssociations{IDs: ids, AssociationStatus: none}, "entry")
	w.expect("GetFolderAndContents, none", query.GetFolderAndContents{IDs: folder, ContentFilter: content, AssociationStatus: none}, "folder")
	w.expect("GetFoldersForDocument, none", query.GetFoldersForDocument{IDs: ids, AssociationStatus: none}, "")
	w.expect("GetRelatedDocuments, none", related, "")
}
