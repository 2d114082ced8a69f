package storetest

import (
	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

// entry adds an entry and names it.
func (w *world) entry(s *Submission, name string, change ...func(*xds.DocumentEntry)) *xds.DocumentEntry {
	e := s.Entry(change...)
	w.name(e.EntryUUID, name)
	return e
}

// documents is FindDocuments of everything Approved and Stable, with changes.
func documents(p hl7v2.CX, change ...func(*query.DocumentFilter)) query.FindDocuments {
	q := query.FindDocuments{Patient: p, DocumentFilter: query.DocumentFilter{Status: approved, Types: stable}}
	for _, c := range change {
		c(&q.DocumentFilter)
	}
	return q
}

func anyOf(codes ...string) query.AnyOf {
	var list query.AnyOf
	for _, c := range codes {
		list = append(list, code(c))
	}
	return list
}

func codeList(codes ...string) []xds.Code { return anyOf(codes...) }

func findDocuments(w *world) {
	p, other := w.patient("A"), w.patient("B")
	s := Submit(p)
	plain := w.entry(s, "plain")
	w.entry(s, "image", func(e *xds.DocumentEntry) {
		e.ClassCode, e.TypeCode, e.FormatCode = code("image"), code("ct"), code("dicom")
		e.PracticeSettingCode, e.HealthcareFacilityTypeCode = code("radiology"), code("hospital")
		e.EventCodes, e.ConfidentialityCodes = codeList("chest", "contrast"), codeList("R", "N")
	})
	w.entry(s, "scheme", func(e *xds.DocumentEntry) {
		e.ClassCode.Scheme = "2.999.20.2"
		e.EventCodes = []xds.Code{{Code: "chest", Scheme: "2.999.20.2"}, code("contrast"), code("contrast")}
		e.ConfidentialityCodes = codeList("V")
	})
	w.entry(s, "demand", func(e *xds.DocumentEntry) { e.ObjectType, e.Hash, e.Size, e.CreationTime = xds.OnDemand, "", -1, "" })
	s2 := Submit(other)
	w.entry(s2, "others")
	w.register(s, s2)
	s3 := Submit(p)
	by := w.entry(s3, "newer")
	s3.Replace(xds.Replace, by.EntryUUID, plain.EntryUUID)
	w.register(s3)

	type filter = query.DocumentFilter
	for _, c := range []struct {
		name   string
		change func(*filter)
		want   string
	}{
		{"all approved", func(f *filter) {}, "image scheme newer"},
		{"deprecated", func(f *filter) { f.Status = []xds.Status{xds.Deprecated} }, "plain"},
		{"both statuses", func(f *filter) { f.Status = anyState }, "plain image scheme newer"},
		{"on-demand", func(f *filter) { f.Types = []xds.ObjectType{xds.OnDemand} }, "demand"},
		{"both types", func(f *filter) { f.Types = anyType }, "image scheme demand newer"},
		{"classCode", func(f *filter) { f.ClassCode = anyOf("report") }, "newer"},
		{"classCode, one of two", func(f *filter) { f.ClassCode = anyOf("report", "image") }, "image newer"},
		{"classCode, one of three", func(f *filter) { f.ClassCode = anyOf("x", "y", "image") }, "image"},
		{"classCode of no entry", func(f *filter) { f.ClassCode = anyOf("x") }, ""},
		{"classCode in other case", func(f *filter) { f.ClassCode = anyOf("IMAGE") }, ""},
		{"classCode, other scheme", func(f *filter) { f.ClassCode = query.AnyOf{{Code: "report", Scheme: "2.999.20.2"}} }, "scheme"},
		{"classCode, display is ignored", func(f *filter) { f.ClassCode = query.AnyOf{{Code: "image", Scheme: "2.999.20.1", Display: "?"}} }, "image"},
		{"classCode with a quote", func(f *filter) { f.ClassCode = anyOf("' OR '1'='1") }, ""},
		{"typeCode", func(f *filter) { f.TypeCode = anyOf("ct") }, "image"},
		{"formatCode", func(f *filter) { f.FormatCode = anyOf("dicom", "pdf") }, "image"},
		{"practiceSettingCode", func(f *filter) { f.PracticeSettingCode = anyOf("radiology") }, "image"},
		{"healthcareFacilityTypeCode", func(f *filter) { f.HealthcareFacilityTypeCode = anyOf("hospital") }, "image"},
		{"eventCodeList", func(f *filter) { f.EventCodes = query.AllOf{anyOf("chest")} }, "image"},
		{"eventCodeList, or", func(f *filter) { f.EventCodes = query.AllOf{anyOf("chest", "contrast")} }, "image scheme"},
		{"eventCodeList, and", func(f *filter) { f.EventCodes = query.AllOf{anyOf("chest"), anyOf("contrast")} }, "image"},
		{"eventCodeList, and unmet", func(f *filter) { f.EventCodes = query.AllOf{anyOf("chest"), anyOf("head")} }, ""},
		{"eventCodeList, and of ors", func(f *filter) { f.EventCodes = query.AllOf{anyOf("x", "contrast"), anyOf("chest", "contrast")} }, "image scheme"},
		{"confidentialityCode", func(f *filter) { f.ConfidentialityCodes = query.AllOf{anyOf("N")} }, "image newer"},
		{"confidentialityCode, and", func(f *filter) { f.ConfidentialityCodes = query.AllOf{anyOf("N"), anyOf("R")} }, "image"},
		{"an empty list filters nothing", func(f *filter) { f.ConfidentialityCodes = query.AllOf{{}} }, "image scheme newer"},
		{"several filters", func(f *filter) {
			f.ClassCode, f.EventCodes = anyOf("image"), query.AllOf{anyOf("chest")}
			f.ConfidentialityCodes = query.AllOf{anyOf("V")}
		}, ""},
	} {
		w.expect(c.name, documents(p, c.change), c.want)
	}
	w.expect("other patient", documents(other), "others")
	w.expect("unknown patient", documents(CX("C")), "")
	w.expect("id of the patient in another authority", documents(hl7v2.CX{ID: "A", Authority: hl7v2.HD{UniversalID: "2.999.10.2", UniversalIDType: "ISO"}}), "")
	w.expect("namespace and type code do not count", documents(hl7v2.CX{ID: "B", TypeCode: "MR",
		Authority: hl7v2.HD{Namespace: "X", UniversalID: Authority, UniversalIDType: "ISO"}}), "others")
}

// findDocumentsTimes holds the edges of ITI TF-2: 3.18.4.1.2.3.7.1: ranges are half-open, times of any precision mean
// their first second.
func findDocumentsTimes(w *world) {
	p := w.patient("A")
	s := Submit(p)
	for _, created := range []hl7v2.DTM{"2004", "20041224", "200412241200", "20050101", "20060101000000"} {
		w.entry(s, string(created), func(e *xds.DocumentEntry) { e.CreationTime = created })
	}
	w.entry(s, "served", func(e *xds.DocumentEntry) {
		e.CreationTime, e.ServiceStartTime, e.ServiceStopTime = "2010", "20100501", "201005011200"
	})
	w.entry(s, "started", func(e *xds.DocumentEntry) { e.CreationTime, e.ServiceStartTime = "2011", "2010" })
	w.entry(s, "demand", func(e *xds.DocumentEntry) {
		e.ObjectType, e.Hash, e.Size, e.CreationTime, e.ServiceStartTime = xds.OnDemand, "", -1, "", "2012"
	})
	w.register(s)
	const unserved = "2004 20041224 200412241200 20050101 20060101000000"
	for _, c := range []struct {
		name            string
		created, starts query.Times
		stops           query.Times
		want            string
	}{
		{name: "from is inclusive", created: query.Times{From: "20041224"}, want: "20041224 200412241200 20050101 20060101000000 served started demand"},
		{name: "to is exclusive", created: query.Times{To: "20041224"}, want: "2004 demand"},
		{name: "a second before", created: query.Times{To: "20041223235959"}, want: "2004 demand"},
		{name: "a second after", created: query.Times{To: "20041224000001"}, want: "2004 20041224 demand"},
		{name: "years", created: query.Times{From: "2005", To: "2006"}, want: "20050101 demand"},
		{name: "same bound twice", created: query.Times{From: "20041224", To: "20041224"}, want: "demand"},
		{name: "twelve digits", created: query.Times{From: "200412241200", To: "200412241201"}, want: "200412241200 demand"},
		{name: "fourteen digits beside four", created: query.Times{From: "20040101000000", To: "20040101000001"}, want: "2004 demand"},
		{name: "month", created: query.Times{From: "200412", To: "200501"}, want: "20041224 200412241200 demand"},
		{name: "entries without start match", starts: query.Times{From: "2010", To: "2011"}, want: unserved + " served started"},
		{name: "start from", starts: query.Times{From: "20100501"}, want: unserved + " served demand"},
		{name: "start to", starts: query.Times{To: "20100501"}, want: unserved + " started"},
		{name: "entries without stop match", stops: query.Times{From: "201005011201"}, want: unserved + " started demand"},
		{name: "stop", stops: query.Times{From: "201005011200", To: "20100502"}, want: unserved + " served started demand"},
		{name: "start and stop", starts: query.Times{From: "2010"}, stops: query.Times{To: "2010"}, want: unserved + " started demand"},
		{name: "all three", created: query.Times{From: "2010", To: "2011"}, starts: query.Times{From: "2010"}, stops: query.Times{To: "2011"}, want: "served demand"},
	} {
		w.expect(c.name, documents(p, func(f *query.DocumentFilter) {
			f.Types, f.CreationTime, f.ServiceStartTime, f.ServiceStopTime = anyType, c.created, c.starts, c.stops
		}), c.want)
	}
}
