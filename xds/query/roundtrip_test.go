package query_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/xmlwire"
	"dossier/xds"
	"dossier/xds/query"
)

// writer turns a typed query back into parameters, the long way round.
type writer struct{ params []query.Param }

func (w *writer) add(name string, values ...string) {
	for _, v := range values {
		w.params = append(w.params, query.Param{Name: name, Value: query.Quote(v)})
	}
}

func (w *writer) codes(name string, codes query.AnyOf) {
	for _, c := range codes {
		w.add(name, c.Code+"^^"+c.Scheme)
	}
}

// lists gives every list in parentheses, which makes it a slot of its own.
func (w *writer) lists(name string, lists [][]string) {
	for _, l := range lists {
		for i := range l {
			l[i] = query.Quote(l[i])
		}
		w.params = append(w.params, query.Param{Name: name, Value: "(" + strings.Join(l, ",") + ")"})
	}
}

func (w *writer) allCodes(name string, all query.AllOf) {
	var lists [][]string
	for _, codes := range all {
		var l []string
		for _, c := range codes {
			l = append(l, c.Code+"^^"+c.Scheme)
		}
		lists = append(lists, l)
	}
	w.lists(name, lists)
}

func (w *writer) patient(name string, c hl7v2.CX) { w.add(name, c.Raw) }

func (w *writer) times(name string, t query.Times) {
	for end, d := range map[string]hl7v2.DTM{"From": t.From, "To": t.To} {
		if d != "" {
			w.add(name+end, string(d))
		}
	}
}

func add[T ~string](w *writer, name string, values []T) {
	for _, v := range values {
		w.add(name, string(v))
	}
}

func (w *writer) ids(object string, ids query.IDs) {
	add(w, object+"EntryUUID", ids.EntryUUIDs)
	add(w, object+"UniqueId", ids.UniqueIDs)
}

func (w *writer) contents(c query.ContentFilter) {
	w.codes("$XDSDocumentEntryFormatCode", c.FormatCode)
	w.allCodes("$XDSDocumentEntryConfidentialityCode", c.ConfidentialityCodes)
	add(w, "$XDSDocumentEntryType", c.Types)
}

func (w *writer) documents(f query.DocumentFilter, patients ...hl7v2.CX) {
	const entry = "$XDSDocumentEntry"
	for _, p := range patients {
		w.patient(entry+"PatientId", p)
	}
	add(w, entry+"DocumentAvailability", f.Availability)
	w.codes(entry+"ClassCode", f.ClassCode)
	w.codes(entry+"TypeCode", f.TypeCode)
	w.codes(entry+"PracticeSettingCode", f.PracticeSettingCode)
	w.codes(entry+"HealthcareFacilityTypeCode", f.HealthcareFacilityTypeCode)
	w.allCodes(entry+"EventCodeList", f.EventCodes)
	w.times(entry+"CreationTime", f.CreationTime)
	w.times(entry+"ServiceStartTime", f.ServiceStartTime)
	w.times(entry+"ServiceStopTime", f.ServiceStopTime)
	add(w, entry+"AuthorPerson", f.AuthorPerson)
	add(w, entry+"Status", f.Status)
	w.contents(query.ContentFilter{FormatCode: f.FormatCode, ConfidentialityCodes: f.ConfidentialityCodes, Types: f.Types})
}

func (w *writer) references(all [][]query.ReferenceID) {
	var lists [][]string
	for _, ids := range all {
		var l []string
		for _, id := range ids {
			l = append(l, id.Value)
		}
		lists = append(lists, l)
	}
	w.lists("$XDSDocumentEntryReferenceIdList", lists)
}

// write names the query and gives its parameters.
func write(q query.Query) (string, []query.Param) {
	const entry, set, folder, ofAssociations = "$XDSDocumentEntry", "$XDSSubmissionSet", "$XDSFolder", "$XDSAssociationStatus"
	w := &writer{}
	switch q := q.(type) {
	case query.FindDocuments:
		w.documents(q.DocumentFilter, q.Patient)
	case query.FindDocumentsByReferenceID:
		w.documents(q.DocumentFilter, q.Patient)
		w.references(q.ReferenceIDs)
		return "FindDocumentsByReferenceId", w.params
	case query.FindDocumentsForMultiplePatients:
		w.documents(q.DocumentFilter, q.Patients...)
	case query.FindDocumentsByReferenceIDForMultiplePatients:
		w.documents(q.DocumentFilter, q.Patients...)
		w.references(q.ReferenceIDs)
		return "FindDocumentsByReferenceIdForMultiplePatients", w.params
	case query.FindFoldersForMultiplePatients:
		for _, p := range q.Patients {
			w.patient(folder+"PatientId", p)
		}
		w.times(folder+"LastUpdateTime", q.LastUpdateTime)
		w.allCodes(folder+"CodeList", q.Codes)
		add(w, folder+"Status", q.Status)
	case query.FindSubmissionSets:
		w.patient(set+"PatientId", q.Patient)
		add(w, set+"SourceId", q.SourceIDs)
		w.times(set+"SubmissionTime", q.SubmissionTime)
		add(w, set+"AuthorPerson", q.AuthorPerson)
		w.codes(set+"ContentType", q.ContentType)
		add(w, set+"Status", q.Status)
	case query.FindFolders:
		w.patient(folder+"PatientId", q.Patient)
		w.times(folder+"LastUpdateTime", q.LastUpdateTime)
		w.allCodes(folder+"CodeList", q.Codes)
		add(w, folder+"Status", q.Status)
	case query.GetAll:
		w.patient("$patientId", q.Patient)
		add(w, entry+"Status", q.DocumentStatus)
		add(w, set+"Status", q.SubmissionSetStatus)
		add(w, folder+"Status", q.FolderStatus)
		w.contents(query.ContentFilter{FormatCode: q.FormatCode, ConfidentialityCodes: q.ConfidentialityCodes, Types: q.Types})
		add(w, ofAssociations, q.AssociationStatus)
	case query.GetDocuments:
		w.ids(entry, q.IDs)
	case query.GetFolders:
		w.ids(folder, q.IDs)
	case query.GetAssociations:
		add(w, "$uuid", q.EntryUUIDs)
		add(w, ofAssociations, q.AssociationStatus)
	case query.GetDocumentsAndAssociations:
		w.ids(entry, q.IDs)
		add(w, ofAssociations, q.AssociationStatus)
	case query.GetSubmissionSets:
		add(w, "$uuid", q.EntryUUIDs)
	case query.GetSubmissionSetAndContents:
		w.ids(set, q.IDs)
		w.contents(q.ContentFilter)
	case query.GetFolderAndContents:
		w.ids(folder, q.IDs)
		w.contents(q.ContentFilter)
		add(w, ofAssociations, q.AssociationStatus)
	case query.GetFoldersForDocument:
		w.ids(entry, q.IDs)
		add(w, ofAssociations, q.AssociationStatus)
	case query.GetRelatedDocuments:
		w.ids(entry, q.IDs)
		add(w, "$AssociationTypes", q.AssociationTypes)
		add(w, entry+"Type", q.Types)
		add(w, ofAssociations, q.AssociationStatus)
	}
	return reflect.TypeOf(q).Name(), w.params
}

// again writes q, sends it as XML and reads it.
func again(t interface{ Fatalf(string, ...any) }, q query.Query) query.Query {
	name, params := write(q)
	d, ok := query.Lookup(name)
	if !ok {
		t.Fatalf("no stored query %s", name)
	}
	request, err := query.Encode(d, params)
	if err != nil {
		t.Fatalf("encode %+v: %v", q, err)
	}
	doc, err := xmlwire.Parse(ebrim.AppendAdhocQueryRequest(nil, request), xmlwire.Limits{})
	if err != nil {
		t.Fatalf("XML of %+v: %v", request, err)
	}
	request, ok = ebrim.DecodeAdhocQueryRequest(doc.Root)
	if !ok {
		t.Fatalf("no AdhocQueryRequest in the XML of %+v", request)
	}
	out, err := parse(request)
	if err != nil {
		t.Fatalf("parse %+v of %+v: %v", request, q, err)
	}
	return out
}

// Generators of values that are hard to write.
var (
	text = rapid.Map(rapid.StringOfN(rapid.OneOf(rapid.RuneFrom([]rune(`'",()%_ ^&\<>“”‘’«é診😀ab12-:`)), rapid.Rune()), 1, 40, -1),
		func(s string) string { // no blanks at the ends, which are not kept, and only what XML can carry
			return "x" + strings.Map(func(r rune) rune {
				if unicode.IsControl(r) || r == 0xfffe || r == 0xffff {
					return -1
				}
				return r
			}, s) + "."
		})
	code = rapid.Custom(func(t *rapid.T) xds.Code {
		return xds.Code{Code: strings.ReplaceAll(text.Draw(t, "code"), "^^", "-"), Scheme: text.Draw(t, "scheme")}
	})
	anyOf = rapid.Custom(func(t *rapid.T) query.AnyOf { return none(rapid.SliceOfN(code, 0, 9).Draw(t, "codes")) })
	allOf = rapid.Custom(func(t *rapid.T) query.AllOf {
		var out query.AllOf
		for range rapid.IntRange(0, 3).Draw(t, "lists") {
			out = append(out, rapid.SliceOfN(code, 1, 9).Draw(t, "list"))
		}
		return out
	})
	times = rapid.Custom(func(t *rapid.T) query.Times {
		one := rapid.SampledFrom([]hl7v2.DTM{"", "20240101000000", "20241231235959", "00010101000000"})
		return query.Times{From: one.Draw(t, "from"), To: one.Draw(t, "to")}
	})
	texts          = rapid.Custom(func(t *rapid.T) []string { return none(rapid.SliceOfN(text, 0, 9).Draw(t, "texts")) })
	statuses       = rapid.SampledFrom([][]xds.Status{{xds.Approved}, {xds.Deprecated}, {xds.Deprecated, xds.Approved}})
	types          = rapid.SampledFrom([][]xds.ObjectType{{xds.Stable}, {xds.OnDemand}, {xds.OnDemand, xds.Stable}})
	availabilities = rapid.SampledFrom([][]xds.Availability{nil, {xds.Online}, {xds.Offline, xds.Online}})

	patients = rapid.Custom(func(t *rapid.T) hl7v2.CX {
		c := hl7v2.CX{ID: text.Draw(t, "id"), Authority: hl7v2.HD{UniversalID: "2.999.1", UniversalIDType: "ISO"}}
		out, err := hl7v2.ParseCX(c.String())
		if err != nil {
			t.Fatalf("%q: %v", c.String(), err)
		}
		return out
	})
	entryUUIDs = rapid.SliceOfN(rapid.Map(rapid.StringMatching(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`),
		func(s string) xds.EntryUUID { return xds.EntryUUID("urn:uuid:" + s) }), 1, 20)
)

// none makes an empty list a nil one, as Parse has it.
func none[S ~[]E, E any](s S) S {
	if len(s) == 0 {
		return nil
	}
	return s
}

// ids draws UUIDs or uniqueIds, at most n.
func ids(t *rapid.T, n int) query.IDs {
	if rapid.Bool().Draw(t, "by UUID") {
		all := entryUUIDs.Draw(t, "UUIDs")
		return query.IDs{EntryUUIDs: all[:min(n, len(all))]}
	}
	all := rapid.SliceOfN(text, 1, 9).Draw(t, "uniqueIds")
	var out []xds.UniqueID
	for _, s := range all[:min(n, len(all))] {
		out = append(out, xds.UniqueID(s))
	}
	return query.IDs{UniqueIDs: out}
}

func documentFilter(t *rapid.T) query.DocumentFilter {
	return query.DocumentFilter{
		ClassCode: anyOf.Draw(t, "class"), TypeCode: anyOf.Draw(t, "type"), PracticeSettingCode: anyOf.Draw(t, "setting"),
		HealthcareFacilityTypeCode: anyOf.Draw(t, "facility"), FormatCode: anyOf.Draw(t, "format"), EventCodes: allOf.Draw(t, "events"),
		ConfidentialityCodes: allOf.Draw(t, "confidentiality"), CreationTime: times.Draw(t, "creation"), ServiceStartTime: times.Draw(t, "start"),
		ServiceStopTime: times.Draw(t, "stop"), Availability: availabilities.Draw(t, "availability"), AuthorPerson: texts.Draw(t, "author"), Status: statuses.Draw(t, "status"), Types: types.Draw(t, "types"),
	}
}

func contentFilter(t *rapid.T) query.ContentFilter {
	return query.ContentFilter{FormatCode: anyOf.Draw(t, "format"), ConfidentialityCodes: allOf.Draw(t, "confidentiality"), Types: types.Draw(t, "types")}
}

func referenceIDs(t *rapid.T) [][]query.ReferenceID {
	var out [][]query.ReferenceID
	for range rapid.IntRange(1, 3).Draw(t, "lists") {
		var list []query.ReferenceID
		for _, s := range rapid.SliceOfN(text, 1, 4).Draw(t, "ids") {
			list = append(list, query.ReferenceID{Value: s, Pattern: strings.Contains(s, "%")})
		}
		out = append(out, list)
	}
	return out
}

var draw = []func(t *rapid.T) query.Query{
	func(t *rapid.T) query.Query {
		return query.FindDocuments{Patient: patients.Draw(t, "patient"), DocumentFilter: documentFilter(t)}
	},
	func(t *rapid.T) query.Query {
		return query.FindDocumentsByReferenceID{Patient: patients.Draw(t, "patient"), DocumentFilter: documentFilter(t), ReferenceIDs: referenceIDs(t)}
	},
	func(t *rapid.T) query.Query {
		return query.FindSubmissionSets{Patient: patients.Draw(t, "patient"), SourceIDs: texts.Draw(t, "source"), SubmissionTime: times.Draw(t, "time"),
			AuthorPerson: texts.Draw(t, "author"), ContentType: anyOf.Draw(t, "content"), Status: statuses.Draw(t, "status")}
	},
	func(t *rapid.T) query.Query {
		return query.FindFolders{Patient: patients.Draw(t, "patient"), LastUpdateTime: times.Draw(t, "time"), Codes: allOf.Draw(t, "codes"), Status: statuses.Draw(t, "status")}
	},
	func(t *rapid.T) query.Query {
		c := contentFilter(t)
		return query.GetAll{Patient: patients.Draw(t, "patient"), DocumentStatus: statuses.Draw(t, "entry"), SubmissionSetStatus: statuses.Draw(t, "set"),
			FolderStatus: statuses.Draw(t, "folder"), FormatCode: c.FormatCode, ConfidentialityCodes: c.ConfidentialityCodes, Types: c.Types,
			AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query { return query.GetDocuments{IDs: ids(t, 20)} },
	func(t *rapid.T) query.Query { return query.GetFolders{IDs: ids(t, 20)} },
	func(t *rapid.T) query.Query {
		return query.GetAssociations{EntryUUIDs: entryUUIDs.Draw(t, "uuid"), AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query {
		return query.GetDocumentsAndAssociations{IDs: ids(t, 20), AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query { return query.GetSubmissionSets{EntryUUIDs: entryUUIDs.Draw(t, "uuid")} },
	func(t *rapid.T) query.Query {
		return query.GetSubmissionSetAndContents{IDs: ids(t, 1), ContentFilter: contentFilter(t)}
	},
	func(t *rapid.T) query.Query {
		return query.GetFolderAndContents{IDs: ids(t, 1), ContentFilter: contentFilter(t), AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query {
		return query.GetFoldersForDocument{IDs: ids(t, 1), AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query {
		some := rapid.SampledFrom([][]xds.AssociationType{{xds.Replace}, {xds.Append, xds.TransformAndReplace}, {"urn:x:y"}})
		return query.GetRelatedDocuments{IDs: ids(t, 1), AssociationTypes: some.Draw(t, "associations"), Types: types.Draw(t, "types"),
			AssociationStatus: statuses.Draw(t, "association")}
	},
	func(t *rapid.T) query.Query {
		return query.FindDocumentsForMultiplePatients{Patients: rapid.SliceOfN(patients, 1, 3).Draw(t, "patients"), DocumentFilter: documentFilter(t)}
	},
	func(t *rapid.T) query.Query {
		return query.FindDocumentsByReferenceIDForMultiplePatients{Patients: rapid.SliceOfN(patients, 1, 3).Draw(t, "patients"), DocumentFilter: documentFilter(t), ReferenceIDs: referenceIDs(t)}
	},
	func(t *rapid.T) query.Query {
		return query.FindFoldersForMultiplePatients{Patients: rapid.SliceOfN(patients, 1, 3).Draw(t, "patients"), LastUpdateTime: times.Draw(t, "time"),
			Codes: allOf.Draw(t, "codes"), Status: statuses.Draw(t, "status")}
	},
}

// Every query that can be expressed comes back from its encoding, whatever its values hold.
func TestEncodeThenParse(t *testing.T) {
	t.Parallel()
	for _, d := range draw {
		rapid.Check(t, func(t *rapid.T) {
			want := d(t)
			if got := again(t, want); !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v\nwant %+v", got, want)
			}
		})
	}
}

// Marks of the fuzzed text: between slots, and between a name and the Values.
const endSlot, endValue = "\x1e", "\x1f"

// FuzzParse: no panic, errors that are xds.Errors, and a query that is accepted comes back from its encoding.
func FuzzParse(f *testing.F) {
	for i, d := range query.Catalogue() {
		var b strings.Builder
		for _, s := range base[d.Name] {
			b.WriteString(s.Name + endValue + strings.Join(s.Values, endValue) + endSlot)
		}
		f.Add(byte(i), b.String())
		for _, p := range d.Parameters {
			f.Add(byte(i), b.String()+p.Name+endValue+example[p.Type]+endSlot+p.Name+endValue+"(x^y^z,'a,''b^^c')")
		}
	}
	f.Add(byte(0), "$XDSDocumentEntryTypeCode\x1f('a^b^^c^^d'\x1f“a^ ^b”,(x (y,z)^^w")
	all := query.Catalogue()
	f.Fuzz(func(t *testing.T, which byte, text string) {
		r := &ebrim.AdhocQueryRequest{ReturnType: "ObjectRef", QueryID: all[int(which)%len(all)].ID}
		for s := range strings.SplitSeq(text, endSlot) {
			parts := strings.Split(s, endValue)
			r.Slots = append(r.Slots, slot(parts[0], parts[1:]...))
		}
		q, err := parse(r)
		if err != nil {
			if errs, ok := err.(xds.Errors); !ok || !errs.Refused() || q != nil {
				t.Fatalf("got %v with %T %v, want a refusal by xds.Errors alone", q, err, err)
			}
			return
		}
		if got := again(t, q); !reflect.DeepEqual(got, q) {
			t.Fatalf("got %+v\nwant %+v", got, q)
		}
	})
}
