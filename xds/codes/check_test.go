package codes_test

import (
	"fmt"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds"
	"dossier/xds/codes"
)

// submission keeps to testdata/codes.yaml: a SubmissionSet, a DocumentEntry, a Folder and a documented replacement, read
// from ebRIM as a registry reads it.
func submission() *xds.Submission {
	s := &xds.Submission{
		SubmissionSets: []*xds.SubmissionSet{{EntryUUID: "Set01", ContentTypeCode: xds.Code{Code: "ADMIT", Scheme: "2.999.20.8", Display: "Admission"}}},
		DocumentEntries: []*xds.DocumentEntry{{
			EntryUUID: "Document01", MimeType: "application/pdf", LanguageCode: "de-CH", ObjectType: xds.Stable, Size: -1,
			ClassCode: xds.Code{Code: "REPORTS", Scheme: "2.999.20.1", Display: "whatever"}, TypeCode: xds.Code{Code: "11111-1", Scheme: "2.999.20.6"},
			FormatCode:                 xds.Code{Code: "urn:example:format:letter:2020", Scheme: "2.999.20.2"},
			HealthcareFacilityTypeCode: xds.Code{Code: "HOSP", Scheme: "2.999.20.3"}, PracticeSettingCode: xds.Code{Code: "1.10", Scheme: "2.999.20.4"},
			ConfidentialityCodes: []xds.Code{{Code: "N", Scheme: "2.999.20.5"}, {Code: "R", Scheme: "2.999.20.5"}},
			EventCodes:           []xds.Code{{Code: "007", Scheme: "2.999.20.7"}},
		}},
		Folders:      []*xds.Folder{{EntryUUID: "Folder01", Codes: []xds.Code{{Code: "REFERRAL", Scheme: "2.999.20.10"}}}},
		Associations: []*xds.Association{{EntryUUID: "as01", Type: xds.Replace, Source: "Document01", Target: "urn:uuid:00000000-0000-4000-8000-000000000001"}},
	}
	list := s.Build()
	list.Associations[0].Classifications = []*ebrim.Classification{{
		ID: "c1", Scheme: xds.SchemeAssociationDocumentation, ClassifiedObject: "as01", NodeRepresentation: "CORRECTED",
		Slots: []ebrim.Slot{{Name: "other"}, {Name: xds.SlotCodingScheme, Values: []string{"2.999.20.11"}}},
	}}
	for _, p := range list.RegistryPackages {
		p.Path = "/path/of/" + p.ID
	}
	list.ExtrinsicObjects[0].Path, list.Associations[0].Path = "/path/of/Document01", "/path/of/as01"
	return xds.ReadSubmission(list)
}

// told renders problems as "location: context".
func told(es xds.Errors) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Location+": "+e.Context)
	}
	return strings.Join(out, "\n")
}

func TestListedCodesPass(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"testdata/codes.yaml", "testdata/codes.xml"} {
		if got := load(t, name).Problems(submission()); got != nil {
			t.Errorf("%s: %s", name, told(got))
		}
	}
}

var problemCases = []struct {
	name string
	edit func(s *xds.Submission)
	want string
}{
	{"other code", func(s *xds.Submission) {
		s.DocumentEntries[0].ClassCode = xds.Code{Code: "LETTERS", Scheme: "2.999.20.1"}
	},
		`Document01: classCode: expected a value of the affinity domain (3 listed), got "LETTERS^^2.999.20.1"`},
	{"other scheme", func(s *xds.Submission) { s.DocumentEntries[0].ClassCode.Scheme = "2.999.20.2" },
		`Document01: classCode: expected a value of the affinity domain (3 listed), got "REPORTS^^2.999.20.2"; did you mean "REPORTS^^2.999.20.1" (Reports) or "REPORTS^^2.999.20.9" (Reports of old)`},
	{"scheme of another attribute", func(s *xds.Submission) {
		s.DocumentEntries[0].ConfidentialityCodes[1] = s.DocumentEntries[0].ConfidentialityCodes[0]
		s.DocumentEntries[0].ConfidentialityCodes[0].Scheme = "2.999.20.1"
	}, `Document01: confidentialityCode: expected a value of the affinity domain (2 listed), got "N^^2.999.20.1"; did you mean "N^^2.999.20.5" (normal)`},
	{"no scheme", func(s *xds.Submission) { s.DocumentEntries[0].TypeCode.Scheme = "" },
		`Document01: typeCode: expected a value of the affinity domain (4 listed), got "11111-1"; did you mean "11111-1^^2.999.20.6" (Discharge summary)`},
	{"lower case", func(s *xds.Submission) { s.DocumentEntries[0].ClassCode.Code = "images" },
		`Document01: classCode: expected a value of the affinity domain (3 listed), got "images^^2.999.20.1"; did you mean "IMAGES^^2.999.20.1" (Images)`},
	{"one digit, nearest three", func(s *xds.Submission) { s.DocumentEntries[0].TypeCode.Code = "22225-2" },
		`Document01: typeCode: expected a value of the affinity domain (4 listed), got "22225-2^^2.999.20.6"; did you mean "22222-2^^2.999.20.6" (Laboratory report) or "22223-2^^2.999.20.6" (Microbiology report) or "22224-2^^2.999.20.6" (Pathology report)`},
	{"by display", func(s *xds.Submission) {
		s.DocumentEntries[0].ConfidentialityCodes = []xds.Code{{Code: "1", Scheme: "2.999.20.5", Display: "Restricted"}}
	}, `Document01: confidentialityCode: expected a value of the affinity domain (2 listed), got "1^^2.999.20.5"; did you mean "R^^2.999.20.5" (restricted)`},
	{"one letter is no hint", func(s *xds.Submission) { s.DocumentEntries[0].ConfidentialityCodes[0].Code = "M" },
		`Document01: confidentialityCode: expected a value of the affinity domain (2 listed), got "M^^2.999.20.5"`},
	{"second of two", func(s *xds.Submission) { s.DocumentEntries[0].ConfidentialityCodes[1].Code = "V" },
		`Document01: confidentialityCode: expected a value of the affinity domain (2 listed), got "V^^2.999.20.5"`},
	{"event", func(s *xds.Submission) { s.DocumentEntries[0].EventCodes[0].Code = "7" },
		`Document01: eventCodeList: expected a value of the affinity domain (1 listed), got "7^^2.999.20.7"`},
	{"number is no number", func(s *xds.Submission) { s.DocumentEntries[0].PracticeSettingCode.Code = "1.1" },
		`Document01: practiceSettingCode: expected a value of the affinity domain (1 listed), got "1.1^^2.999.20.4"`},
	{"format", func(s *xds.Submission) {
		s.DocumentEntries[0].FormatCode.Code = "urn:example:format:letters:2020"
	}, `Document01: formatCode: expected a value of the affinity domain (1 listed), got "urn:example:format:letters:2020^^2.999.20.2"; did you mean "urn:example:format:letter:2020^^2.999.20.2" (Letter)`},
	{"facility", func(s *xds.Submission) { s.DocumentEntries[0].HealthcareFacilityTypeCode.Code = "HOSPITAL" },
		`Document01: healthcareFacilityTypeCode: expected a value of the affinity domain (1 listed), got "HOSPITAL^^2.999.20.3"`},
	{"language", func(s *xds.Submission) { s.DocumentEntries[0].LanguageCode = "de-ch" },
		`Document01: languageCode: expected a value of the affinity domain (2 listed), got "de-ch"; did you mean "de-CH"`},
	{"mimeType", func(s *xds.Submission) { s.DocumentEntries[0].MimeType = "application/xml" },
		`Document01: mimeType: expected a value of the affinity domain (2 listed), got "application/xml"; did you mean "application/pdf"`},
	{"SubmissionSet", func(s *xds.Submission) { s.SubmissionSets[0].ContentTypeCode.Code = "ADMITS" },
		`Set01: contentTypeCode: expected a value of the affinity domain (1 listed), got "ADMITS^^2.999.20.8"; did you mean "ADMIT^^2.999.20.8" (Admission)`},
	{"Folder", func(s *xds.Submission) {
		s.Folders[0].Codes = append(s.Folders[0].Codes, xds.Code{Code: "x", Scheme: "y"})
	}, `Folder01: codeList: expected a value of the affinity domain (1 listed), got "x^^y"`},
	{"Association", func(s *xds.Submission) {
		s.Associations[0].Object.Classifications[0].NodeRepresentation = "WRONG"
	}, `as01: documentation: expected a value of the affinity domain (1 listed), got "WRONG^^2.999.20.11"`},
	{"no id", func(s *xds.Submission) {
		d, f, set, a := s.DocumentEntries[0], s.Folders[0], s.SubmissionSets[0], s.Associations[0]
		d.Symbol, d.EntryUUID, d.LanguageCode = "", "", "x"
		f.Symbol, f.EntryUUID, f.Codes[0].Code = "", "", "x"
		set.Symbol, set.EntryUUID, set.ContentTypeCode.Code = "", "", "x"
		a.Symbol, a.EntryUUID, a.Object.Classifications[0].NodeRepresentation = "", "", "x"
	}, `/path/of/Set01: contentTypeCode: expected a value of the affinity domain (1 listed), got "x^^2.999.20.8"; did you mean "ADMIT^^2.999.20.8" (Admission)
/path/of/Document01: languageCode: expected a value of the affinity domain (2 listed), got "x"
/path/of/Folder01: codeList: expected a value of the affinity domain (1 listed), got "x^^2.999.20.10"
/path/of/as01: documentation: expected a value of the affinity domain (1 listed), got "x^^2.999.20.11"`},
	{"built here", func(s *xds.Submission) {
		d := s.DocumentEntries[0]
		d.Symbol, d.Object, d.MimeType = "", nil, "x/y"
		s.Associations[0].Object = nil
	}, `Document01: mimeType: expected a value of the affinity domain (2 listed), got "x/y"`},
	{"control characters are escaped", func(s *xds.Submission) { s.DocumentEntries[0].MimeType = "a\n\x1b[2J" },
		`Document01: mimeType: expected a value of the affinity domain (2 listed), got "a\n\x1b[2J"`},
	{"absent", func(s *xds.Submission) {
		*s.DocumentEntries[0] = xds.DocumentEntry{Symbol: "Document01"}
		s.SubmissionSets[0].ContentTypeCode, s.Folders[0].Codes = xds.Code{}, nil
		s.Associations[0].Object.Classifications = nil
	}, ``},
	{"a scheme alone", func(s *xds.Submission) { s.DocumentEntries[0].ClassCode.Code = "" }, ``},
	{"two SubmissionSets", func(s *xds.Submission) {
		s.SubmissionSets = append(s.SubmissionSets, &xds.SubmissionSet{Symbol: "Set02", ContentTypeCode: xds.Code{Code: "x", Scheme: "y"}})
	}, `Set02: contentTypeCode: expected a value of the affinity domain (1 listed), got "x^^y"`},
	{"nothing", func(s *xds.Submission) { *s = xds.Submission{} }, ``},
}

func TestProblems(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"testdata/codes.yaml", "testdata/codes.xml"} {
		set := load(t, name)
		for _, c := range problemCases {
			s := submission()
			c.edit(s)
			got := set.Problems(s)
			if told(got) != c.want {
				t.Errorf("%s, %s\n got  %s\n want %s", name, c.name, told(got), c.want)
			}
			for _, e := range got {
				if e.Code != xds.XDSRegistryMetadataError || e.Warning || e.Rule != "code-in-affinity-domain" || e.Section != "ITI TF-3: 4.2.3.1" {
					t.Errorf("%s: got %+v", c.name, e)
				}
			}
		}
	}
}

// TestUnrestricted: an attribute without a list takes everything, beside one that has a list.
func TestUnrestricted(t *testing.T) {
	t.Parallel()
	for _, c := range problemCases {
		for _, a := range all {
			file := string(a) + ": [{code: listed, scheme: s}]"
			if a == codes.MimeType || a == codes.LanguageCode {
				file = string(a) + ": [listed]"
			}
			set, err := codes.Load("f", []byte(file))
			if err != nil {
				t.Fatal(err)
			}
			s := submission()
			c.edit(s)
			for _, e := range set.Problems(s) {
				if !strings.HasPrefix(e.Context, string(a)+": ") {
					t.Errorf("%s with a list of %s: %s", c.name, a, e.Context)
				}
			}
			for _, other := range all {
				if got := set.Has(other, xds.Code{Code: "x", Scheme: "y"}); got != (other != a) {
					t.Errorf("Has of %s with a list of %s: %t", other, a, got)
				}
			}
		}
	}
}

// TestHostileSubmission: many long wrong codes cost a bounded answer.
func TestHostileSubmission(t *testing.T) {
	t.Parallel()
	set := load(t, "testdata/codes.yaml")
	s := &xds.Submission{}
	for i := range 2000 {
		s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{
			Symbol: strings.Repeat("d", 10_000), TypeCode: xds.Code{Code: strings.Repeat("ä", 10_000), Scheme: fmt.Sprint(strings.Repeat("9", 10_000), i)},
		})
	}
	got := set.Problems(s)
	if len(got) != codes.MaxProblems+1 || got[codes.MaxProblems].Location != "" || !strings.Contains(got[codes.MaxProblems].Context, "more than 500 ") {
		t.Fatalf("got %d problems, the last %+v", len(got), got[len(got)-1])
	}
	for _, e := range got {
		if len(e.Context) > 600 || len(e.Location) > 300 {
			t.Fatalf("problem of %d bytes at %d", len(e.Context), len(e.Location))
		}
	}
}

// TestHintsAreBounded: with a long list, wrong codes beyond the budget get no hint by distance, and
// the same wrong code always the same words.
func TestHintsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("typeCode:\n")
	for i := range 10_000 {
		fmt.Fprintf(&b, " - {code: code-%06d, scheme: s}\n", i)
	}
	set, err := codes.Load("f", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	s := &xds.Submission{}
	for _, code := range []string{"code-00001X", "Code-000020", "code-00001X", "code-00003X", "code-00001X"} {
		s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{Symbol: "d", TypeCode: xds.Code{Code: code, Scheme: "s"}})
	}
	s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{Symbol: "d", TypeCode: xds.Code{Code: "code-000040", Scheme: "other"}})
	got := set.Problems(s)
	for i, hint := range []string{"code-000010^^s", "code-000020^^s", "code-000010^^s", "", "code-000010^^s", "code-000040^^s"} {
		if _, said, _ := strings.Cut(got[i].Context, "did you mean "); hint == "" && said != "" || !strings.HasPrefix(strings.TrimPrefix(said, `"`), hint) {
			t.Errorf("%d: got %s, want %q", i, got[i].Context, hint)
		}
	}
}

func BenchmarkProblems(b *testing.B) {
	set := load(b, "testdata/codes.yaml")
	s := submission()
	b.ReportAllocs()
	for b.Loop() {
		if set.Problems(s) != nil {
			b.Fatal("problems")
		}
	}
}

// BenchmarkHostile is the worst that one submission may ask for: the budget spent on values that are alike to the last byte.
func BenchmarkHostile(b *testing.B) {
	var file strings.Builder
	file.WriteString("typeCode:\n")
	for i := range 20_000 {
		fmt.Fprintf(&file, " - {code: %s%06d, scheme: s, display: %[1]s%[2]06d}\n", strings.Repeat("x", 58), i)
	}
	set, err := codes.Load("f", []byte(file.String()))
	if err != nil {
		b.Fatal(err)
	}
	s := &xds.Submission{}
	for i := range 2000 {
		code := fmt.Sprintf("%s%06dy", strings.Repeat("x", 57), i)
		s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{Symbol: "d", TypeCode: xds.Code{Code: code, Scheme: "s", Display: code}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(set.Problems(s)) != codes.MaxProblems+1 {
			b.Fatal("problems")
		}
	}
}
