package storetest

import (
	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

func findSubmissionSets(w *world) {
	p, other := w.patient("A"), w.patient("B")
	add := func(patient hl7v2.CX, name string, change func(*xds.SubmissionSet)) {
		s := Submit(patient)
		w.name(s.Set.EntryUUID, name)
		change(s.Set)
		s.Entry()
		w.register(s)
	}
	add(p, "one", func(s *xds.SubmissionSet) { s.SubmissionTime = "2020" })
	add(p, "two", func(s *xds.SubmissionSet) { s.SourceID, s.SubmissionTime = "2.999.6.2", "20200101000001" })
	add(p, "three", func(s *xds.SubmissionSet) {
		s.ContentTypeCode, s.Authors = code("visit"), []xds.Author{{Person: "2^Young^Cleo"}, {Person: "1^O'Brien"}}
		s.SubmissionTime = "20210101"
	})
	add(other, "other", func(s *xds.SubmissionSet) {})
	for _, c := range []struct {
		name   string
		change func(*query.FindSubmissionSets)
		want   string
	}{
		{"all", func(q *query.FindSubmissionSets) {}, "one two three"},
		{"deprecated", func(q *query.FindSubmissionSets) { q.Status = []xds.Status{xds.Deprecated} }, ""},
		{"source", func(q *query.FindSubmissionSets) { q.SourceIDs = []string{"2.999.6.2"} }, "two"},
		{"sources", func(q *query.FindSubmissionSets) { q.SourceIDs = []string{"2.999.6.2", "2.999.6.1", "2.999.6.3"} }, "one two three"},
		{"unknown source", func(q *query.FindSubmissionSets) { q.SourceIDs = []string{"2.999.6"} }, ""},
		{"from", func(q *query.FindSubmissionSets) { q.SubmissionTime.From = "202001010000" }, "one two three"},
		{"to", func(q *query.FindSubmissionSets) { q.SubmissionTime.To = "20200101000001" }, "one"},
		{"from to", func(q *query.FindSubmissionSets) { q.SubmissionTime = query.Times{From: "20200101000001", To: "2021"} }, "two"},
		{"author", func(q *query.FindSubmissionSets) { q.AuthorPerson = []string{"%^O'B%"} }, "three"},
		{"authors", func(q *query.FindSubmissionSets) { q.AuthorPerson = []string{"%^Y%", "%Okafor%"} }, "one two three"},
		{"no such author", func(q *query.FindSubmissionSets) { q.AuthorPerson = []string{"%okafor%"} }, ""},
		{"content type", func(q *query.FindSubmissionSets) { q.ContentType = anyOf("visit", "x") }, "three"},
		{"content type of another scheme", func(q *query.FindSubmissionSets) { q.ContentType = query.AnyOf{{Code: "visit", Scheme: "2.999.20.2"}} }, ""},
	} {
		q := query.FindSubmissionSets{Patient: p, Status: approved}
		c.change(&q)
		w.expect(c.name, q, c.want)
	}
	w.expect("other patient", query.FindSubmissionSets{Patient: other, Status: approved}, "other")
	w.expect("unknown patient", query.FindSubmissionSets{Patient: CX("C"), Status: approved}, "")
}

func findFolders(w *world) {
	p, other := w.patient("A"), w.patient("B")
	add := func(patient hl7v2.CX, name string, now hl7v2.DTM, codes ...string) *xds.Folder {
		s := Submit(patient)
		s.Now = now
		f := s.Folder(func(f *xds.Folder) {
			f.Codes, f.LastUpdateTime = codeList(codes...), "19990101" // the submitted time is ignored
		})
		w.name(f.EntryUUID, name)
		w.register(s)
		return f
	}
	stay := add(p, "stay", "20240101000000", "stay")
	add(p, "trial", "20240102000000", "stay", "trial", "trial")
	add(p, "empty", "20240103000000")
	add(other, "other", "20240101000000", "stay")
	for _, c := range []struct {
		name   string
		change func(*query.FindFolders)
		want   string
	}{
		{"all", func(q *query.FindFolders) {}, "stay trial empty"},
		{"deprecated", func(q *query.FindFolders) { q.Status = []xds.Status{xds.Deprecated} }, ""},
		{"codes", func(q *query.FindFolders) { q.Codes = query.AllOf{anyOf("trial", "x")} }, "trial"},
		{"codes, and", func(q *query.FindFolders) { q.Codes = query.AllOf{anyOf("stay"), anyOf("trial")} }, "trial"},
		{"codes, unmet", func(q *query.FindFolders) { q.Codes = query.AllOf{anyOf("stay"), anyOf("x")} }, ""},
		{"from", func(q *query.FindFolders) { q.LastUpdateTime.From = "20240102" }, "trial empty"},
		{"to", func(q *query.FindFolders) { q.LastUpdateTime.To = "20240102" }, "stay"},
		{"submitted time", func(q *query.FindFolders) { q.LastUpdateTime.To = "2000" }, ""},
	} {
		q := query.FindFolders{Patient: p, Status: approved}
		c.change(&q)
		w.expect(c.name, q, c.want)
	}
	w.expect("unknown patient", query.FindFolders{Patient: CX("C"), Status: approved}, "")

	s := Submit(p)
	s.Now = "20240104000000"
	e := s.Entry()
	s.File(stay.EntryUUID, e.EntryUUID)
	s.Touch(stay.EntryUUID)
	w.register(s)
	w.expect("a touched Folder", query.FindFolders{Patient: p, Status: approved, LastUpdateTime: query.Times{From: "20240104"}}, "stay")
}

// all is GetAll of everything.
func all(p hl7v2.CX) query.GetAll {
	return query.GetAll{Patient: p, DocumentStatus: anyState, SubmissionSetStatus: anyState, FolderStatus: anyState, Types: anyType}
}

func getAll(w *world) {
	p, other := w.patient("A"), w.patient("B")
	s := Submit(p)
	w.name(s.Set.EntryUUID, "S1")
	e := w.entry(s, "D1")
	w.name(s.Associations[0].EntryUUID, "S1-D1")
	d := w.entry(s, "OD", func(e *xds.DocumentEntry) {
		e.ObjectType, e.Hash, e.Size, e.CreationTime, e.FormatCode = xds.OnDemand, "", -1, "", code("cda")
		e.ConfidentialityCodes = codeList("R", "N")
	})
	w.name(s.Associations[1].EntryUUID, "S1-OD")
	f := s.Folder()
	w.name(f.EntryUUID, "F1")
	w.name(s.Associations[2].EntryUUID, "S1-F1")
	in := s.File(f.EntryUUID, e.EntryUUID)
	w.name(in.EntryUUID, "F1-D1")
	w.name(s.Associations[4].EntryUUID, "S1-HM")
	w.register(s)
	s2 := Submit(other)
	w.name(s2.Set.EntryUUID, "S2")
	by := w.entry(s2, "D2")
	w.name(s2.Associations[0].EntryUUID, "S2-D2")
	ref := s2.Link(xds.HasMember, s2.Set.EntryUUID, d.EntryUUID)
	ref.SubmissionSetStatus = xds.Reference
	w.name(ref.EntryUUID, "S2-OD")
	rplc := s2.Replace(xds.Replace, by.EntryUUID, e.EntryUUID)
	w.name(rplc.EntryUUID, "D2-D1")
	w.register(s2)

	type get = query.GetAll
	for _, c := range []struct {
		name   string
		change func(*get)
		want   string
	}{
		{"everything", func(q *get) {}, "S1 D1 OD F1 S1-D1 S1-OD S1-F1 F1-D1 S1-HM S2-OD D2-D1"},
		{"stable", func(q *get) { q.Types = stable }, "S1 D1 F1 S1-D1 S1-OD S1-F1 F1-D1 S1-HM D2-D1"},
		{"approved", func(q *get) { q.DocumentStatus = approved }, "S1 OD F1 S1-D1 S1-OD S1-F1 F1-D1 S1-HM S2-OD"},
		{"no SubmissionSets", func(q *get) { q.SubmissionSetStatus = []xds.Status{xds.Deprecated} }, "D1 OD F1 S1-D1 S1-OD S1-F1 F1-D1 S2-OD D2-D1"},
		{"no Folders", func(q *get) { q.FolderStatus = []xds.Status{xds.Deprecated} }, "S1 D1 OD S1-D1 S1-OD S1-F1 F1-D1 S1-HM S2-OD D2-D1"},
		{"formatCode", func(q *get) { q.FormatCode = anyOf("cda") }, "S1 OD F1 S1-D1 S1-OD S1-F1 F1-D1 S1-HM S2-OD"},
		{"confidentialityCode", func(q *get) { q.ConfidentialityCodes = query.AllOf{anyOf("N"), anyOf("R")} }, "S1 OD F1 S1-D1 S1-OD S1-F1 F1-D1 S1-HM S2-OD"},
		{"nothing but entries", func(q *get) {
			q.SubmissionSetStatus, q.FolderStatus, q.FormatCode = []xds.Status{xds.Deprecated}, []xds.Status{xds.Deprecated}, anyOf("text")
		}, "D1 S1-D1 F1-D1 D2-D1"},
	} {
		q := all(p)
		c.change(&q)
		w.expect(c.name, q, c.want)
	}
	w.expect("other patient", all(other), "S2 D2 S2-D2 S2-OD D2-D1")
	w.expect("unknown patient", all(CX("C")), "")
}
