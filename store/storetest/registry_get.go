package storetest

import (
	"dossier/xds"
	"dossier/xds/query"
)

// contents is a SubmissionSet "S" with entries D1 and OD, Folder F holding D1, and D2 of later that replaces nothing but
// is a transformation of D1; every Association is named after its ends.
type contents struct {
	set, later *Submission
	d1, od, d2 *xds.DocumentEntry
	folder     *xds.Folder
	filed      *xds.Association
}

func (w *world) contents() contents {
	p := w.patient("A")
	c := contents{set: Submit(p), later: Submit(p)}
	s, l := c.set, c.later
	w.name(s.Set.EntryUUID, "S")
	c.d1 = w.entry(s, "D1")
	w.name(s.Associations[0].EntryUUID, "S-D1")
	c.od = w.entry(s, "OD", func(e *xds.DocumentEntry) {
		e.ObjectType, e.Hash, e.Size, e.CreationTime, e.FormatCode = xds.OnDemand, "", -1, "", code("cda")
		e.ConfidentialityCodes = codeList("R")
	})
	w.name(s.Associations[1].EntryUUID, "S-OD")
	c.folder = s.Folder()
	w.name(c.folder.EntryUUID, "F")
	w.name(s.Associations[2].EntryUUID, "S-F")
	c.filed = s.File(c.folder.EntryUUID, c.d1.EntryUUID)
	w.name(c.filed.EntryUUID, "F-D1")
	w.name(s.Associations[4].EntryUUID, "S-(F-D1)")

	w.name(l.Set.EntryUUID, "L")
	c.d2 = w.entry(l, "D2")
	w.name(l.Associations[0].EntryUUID, "L-D2")
	w.name(l.Link(xds.Transform, c.d2.EntryUUID, c.d1.EntryUUID).EntryUUID, "D2-D1")
	w.name(l.File(c.folder.EntryUUID, c.od.EntryUUID).EntryUUID, "F-OD")
	w.name(l.Associations[3].EntryUUID, "L-(F-OD)")
	ref := l.Link(xds.HasMember, l.Set.EntryUUID, c.d1.EntryUUID)
	ref.SubmissionSetStatus = xds.Reference
	w.name(ref.EntryUUID, "L-D1")
	l.Touch(c.folder.EntryUUID)
	w.register(s, l)
	return c
}

func getByID(w *world) {
	c := w.contents()
	set, folder := c.set.Set, c.folder
	other := UUID()
	w.expect("GetDocuments", query.GetDocuments{IDs: byUUID(c.d2.EntryUUID, c.od.EntryUUID, c.od.EntryUUID, other)}, "OD D2")
	w.expect("GetDocuments by uniqueId", query.GetDocuments{IDs: byUnique(c.d1.UniqueID, "2.999.1")}, "D1")
	w.expect("GetDocuments of a Folder", query.GetDocuments{IDs: byUUID(folder.EntryUUID)}, "")
	w.expect("GetDocuments by the uniqueId of a Folder", query.GetDocuments{IDs: byUnique(folder.UniqueID)}, "")
	w.expect("GetDocuments by a uniqueId as id", query.GetDocuments{IDs: byUUID(xds.EntryUUID(c.d1.UniqueID))}, "")
	w.expect("GetDocuments with a quote", query.GetDocuments{IDs: byUnique("' OR ''='")}, "")
	w.expect("GetFolders", query.GetFolders{IDs: byUUID(folder.EntryUUID, other)}, "F")
	w.expect("GetFolders by uniqueId", query.GetFolders{IDs: byUnique(folder.UniqueID)}, "F")
	w.expect("GetFolders of an entry", query.GetFolders{IDs: byUUID(c.d1.EntryUUID)}, "")
	w.expect("GetAssociations", query.GetAssociations{EntryUUIDs: []xds.EntryUUID{c.d1.EntryUUID}}, "S-D1 F-D1 D2-D1 L-D1")
	w.expect("GetAssociations of both ends", query.GetAssociations{EntryUUIDs: []xds.EntryUUID{c.d1.EntryUUID, c.d2.EntryUUID}}, "S-D1 F-D1 L-D2 D2-D1 L-D1")
	w.expect("GetAssociations of an Association", query.GetAssociations{EntryUUIDs: []xds.EntryUUID{c.filed.EntryUUID}}, "S-(F-D1)")
	w.expect("GetAssociations of a SubmissionSet", query.GetAssociations{EntryUUIDs: []xds.EntryUUID{set.EntryUUID}}, "S-D1 S-OD S-F S-(F-D1)")
	w.expect("GetAssociations of nothing", query.GetAssociations{EntryUUIDs: []xds.EntryUUID{other}}, "")
	w.expect("GetDocumentsAndAssociations", query.GetDocumentsAndAssociations{IDs: byUUID(c.od.EntryUUID)}, "OD S-OD F-OD")
	w.expect("GetDocumentsAndAssociations by uniqueId", query.GetDocumentsAndAssociations{IDs: byUnique(c.od.UniqueID, c.d2.UniqueID)}, "OD D2 S-OD L-D2 D2-D1 F-OD")
	w.expect("GetDocumentsAndAssociations of a Folder", query.GetDocumentsAndAssociations{IDs: byUUID(folder.EntryUUID)}, "")
	w.expect("GetFoldersForDocument", query.GetFoldersForDocument{IDs: byUUID(c.od.EntryUUID)}, "F")
	w.expect("GetFoldersForDocument by uniqueId", query.GetFoldersForDocument{IDs: byUnique(c.d1.UniqueID)}, "F")
	w.expect("GetFoldersForDocument in no Folder", query.GetFoldersForDocument{IDs: byUUID(c.d2.EntryUUID)}, "")
	w.expect("GetFoldersForDocument of a Folder", query.GetFoldersForDocument{IDs: byUUID(folder.EntryUUID)}, "")
}

func getSubmissionSets(w *world) {
	c := w.contents()
	get := func(ids ...xds.EntryUUID) query.Query { return query.GetSubmissionSets{EntryUUIDs: ids} }
	w.expect("original and reference", get(c.d1.EntryUUID), "S L S-D1 L-D1")
	w.expect("one", get(c.d2.EntryUUID), "L L-D2")
	w.expect("Folder", get(c.folder.EntryUUID), "S S-F")
	w.expect("entry and Folder", get(c.od.EntryUUID, c.folder.EntryUUID), "S S-OD S-F")
	w.expect("SubmissionSet", get(c.set.Set.EntryUUID), "")
	w.expect("nothing", get(UUID()), "")
}

// getSubmissionSetAndContents: an Association comes only with both its ends, and the SubmissionSet's HasMember of an
// Association only with that one (ITI TF-2: 3.18.4.1.2.3.7.10).
func getSubmissionSetAndContents(w *world) {
	c := w.contents()
	get := func(ids query.IDs, types []xds.ObjectType, format query.AnyOf, confidentiality ...query.AnyOf) query.Query {
		return query.GetSubmissionSetAndContents{IDs: ids, ContentFilter: query.ContentFilter{Types: types, FormatCode: format, ConfidentialityCodes: confidentiality}}
	}
	set := byUUID(c.set.Set.EntryUUID)
	w.expect("all", get(set, anyType, nil), "S D1 OD F S-D1 S-OD S-F F-D1 S-(F-D1)")
	w.expect("by uniqueId", get(byUnique(c.set.Set.UniqueID), anyType, nil), "S D1 OD F S-D1 S-OD S-F F-D1 S-(F-D1)")
	w.expect("stable", get(set, stable, nil), "S D1 F S-D1 S-F F-D1 S-(F-D1)")
	w.expect("formatCode", get(set, anyType, anyOf("cda")), "S OD F S-OD S-F")
	w.expect("confidentialityCode", get(set, anyType, nil, anyOf("R", "x")), "S OD F S-OD S-F")
	w.expect("no entry", get(set, anyType, nil, anyOf("R"), anyOf("x")), "S F S-F")
	w.expect("by reference; an old entry in an old Folder is left out", get(byUUID(c.later.Set.EntryUUID), anyType, nil), "L D1 D2 L-D2 L-D1")
	w.expect("entry", get(byUUID(c.d1.EntryUUID), anyType, nil), "")
	w.expect("nothing", get(byUnique("2.999.1"), anyType, nil), "")

	s := Submit(c.set.Patient)
	w.name(s.Set.EntryUUID, "T")
	s.File(c.folder.EntryUUID, c.d2.EntryUUID)
	s.Touch(c.folder.EntryUUID)
	w.register(s)
	w.expect("only files an old entry", get(byUUID(s.Set.EntryUUID), anyType, nil), "T")

	s = Submit(c.set.Patient)
	w.name(s.Set.EntryUUID, "U")
	e := w.entry(s, "D3")
	w.name(s.Associations[0].EntryUUID, "U-D3")
	by := s.Replace(xds.Replace, e.EntryUUID, c.d2.EntryUUID)
	s.Link(xds.HasMember, s.Set.EntryUUID, by.EntryUUID)
	w.register(s)
	w.expect("an Association whose target is elsewhere", get(byUUID(s.Set.EntryUUID), anyType, nil), "U D3 U-D3")
	w.expect("a deprecated entry", get(byUUID(c.later.Set.EntryUUID), anyType, nil), "L D1 D2 L-D2 L-D1")
}

func getFolderAndContents(w *world) {
	c := w.contents()
	get := func(ids query.IDs, types []xds.ObjectType, format query.AnyOf, confidentiality ...query.AnyOf) query.Query {
		return query.GetFolderAndContents{IDs: ids, ContentFilter: query.ContentFilter{Types: types, FormatCode: format, ConfidentialityCodes: confidentiality}}
	}
	folder := byUUID(c.folder.EntryUUID)
	w.expect("all", get(folder, anyType, nil), "D1 OD F F-D1 F-OD")
	w.expect("by uniqueId", get(byUnique(c.folder.UniqueID), anyType, nil), "D1 OD F F-D1 F-OD")
	w.expect("stable", get(folder, stable, nil), "D1 F F-D1")
	w.expect("formatCode", get(folder, anyType, anyOf("cda")), "OD F F-OD")
	w.expect("confidentialityCode", get(folder, anyType, nil, anyOf("N")), "D1 F F-D1")
	w.expect("no entry", get(folder, anyType, anyOf("x")), "F")
	w.expect("SubmissionSet", get(byUUID(c.set.Set.EntryUUID), anyType, nil), "")
	w.expect("entry", get(byUnique(c.d1.UniqueID), anyType, nil), "")
}

func getRelatedDocuments(w *world) {
	c := w.contents()
	s := Submit(c.set.Patient)
	d3 := w.entry(s, "D3")
	w.name(s.Link(xds.Append, d3.EntryUUID, c.d2.EntryUUID).EntryUUID, "D3-D2")
	w.name(s.Link(xds.Signs, d3.EntryUUID, c.d1.EntryUUID).EntryUUID, "D3-D1")
	w.name(s.Link(xds.IsSnapshotOf, d3.EntryUUID, c.od.EntryUUID).EntryUUID, "D3-OD")
	w.register(s)
	get := func(ids query.IDs, types []xds.ObjectType, kinds ...xds.AssociationType) query.Query {
		return query.GetRelatedDocuments{IDs: ids, Types: types, AssociationTypes: kinds}
	}
	d1, d2 := byUUID(c.d1.EntryUUID), byUUID(c.d2.EntryUUID)
	every := []xds.AssociationType{xds.HasMember, xds.Transform, xds.Append, xds.Signs, xds.IsSnapshotOf, xds.Replace}
	w.expect("one step", get(d1, anyType, every...), "D1 D2 D3 D2-D1 D3-D1")
	w.expect("source and target", get(d2, anyType, every...), "D1 D2 D3 D2-D1 D3-D2")
	w.expect("not further", get(d1, anyType, xds.Transform, xds.Append), "D1 D2 D2-D1")
	w.expect("by uniqueId", get(byUnique(d3.UniqueID), anyType, xds.Append), "D2 D3 D3-D2")
	w.expect("other type of Association", get(d1, anyType, xds.Replace), "")
	w.expect("HasMember is no relationship of two entries", get(d1, anyType, xds.HasMember), "")
	w.expect("no Association of the entry", get(byUUID(UUID()), anyType, every...), "")
	w.expect("On-Demand end is filtered out", get(byUUID(c.od.EntryUUID), stable, every...), "")
	w.expect("On-Demand end", get(byUUID(c.od.EntryUUID), anyType, every...), "OD D3 D3-OD")
	w.expect("Folder", get(byUUID(c.folder.EntryUUID), anyType, every...), "")
}
