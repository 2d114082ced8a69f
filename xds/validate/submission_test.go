package validate_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"dossier/internal/xmlwire"
	"dossier/xds"
	"dossier/xds/validate"
)

var profiles = []validate.Profile{{}, {Registry: true}, {Strict: true}, {Registry: true, Strict: true}}

func load(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCorrectMessages(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"valid", "document"} {
		for _, p := range profiles {
			compare(t, name, judge(read(t, load(t, name)), p), nil)
		}
	}
}

// The valid message holds each type of Association that a submission may hold.
func TestValidMessageHoldsEachAssociation(t *testing.T) {
	t.Parallel()
	found := map[xds.AssociationType]bool{}
	for _, a := range read(t, load(t, "valid")).Associations {
		found[a.Type] = true
	}
	for _, want := range []xds.AssociationType{
		xds.HasMember, xds.Replace, xds.Transform, xds.Append, xds.TransformAndReplace, xds.Signs, xds.IsSnapshotOf,
	} {
		if !found[want] {
			t.Errorf("no %s", want)
		}
	}
}

func TestWhatTheRepositoryAddsIsRequiredInITI42Only(t *testing.T) {
	t.Parallel()
	message := edited(t, "document", of(drop(`"hash"`), drop(`"size"`), drop(`"repositoryUniqueId"`)))
	for _, strict := range []bool{false, true} {
		compare(t, "ITI-41", judge(read(t, message), validate.Profile{Strict: strict}), nil)
		got := judge(read(t, message), validate.Profile{Registry: true, Strict: strict})
		if rules(got) != "entry-hash entry-repository-unique-id entry-size" {
			t.Errorf("ITI-42, strict %t: got %q", strict, rules(got))
		}
	}
	wrong := edited(t, "document", of(value("hash", "0"), value("size", "many")))
	if got := judge(read(t, wrong), validate.Profile{}); rules(got) != "entry-hash entry-size" {
		t.Errorf("wrong values in ITI-41: got %q", rules(got))
	}
}

func rules(es xds.Errors) string {
	var out []string
	for _, e := range es {
		out = append(out, e.Rule)
	}
	return strings.Join(out, " ")
}

func TestLenientSlotLimit(t *testing.T) {
	t.Parallel()
	message := edited(t, "document", of(also("sourcePatientInfo", "PID-11|"+strings.Repeat("ä", 4090))))
	got := judge(read(t, message), validate.Profile{Registry: true})
	if len(got) != 1 || got[0].Context != `Slot "sourcePatientInfo": expected values of at most 4096 characters, got one of 4097` {
		t.Errorf("got %v", got)
	}
}

// A submission with several problems gives all of them, in the order of the rules.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	message := edited(t, "valid", of(drop(class), drop(`"languageCode"`), drop("1ba97051"), drop(`id="as04"`), swap("58a6f841", "4711", "4712"),
		swap("75df8f67", "2.999.32.20240611.1", "2.999.31.20240611.5")))
	got := judge(read(t, message), validate.Profile{Registry: true})
	const want = "entry-class-code entry-language-code folder-code-list folder-in-submission-set entry-patient-match unique-id-in-message"
	if rules(got) != want {
		t.Errorf("got  %s\nwant %s", rules(got), want)
	}
}

// What hangs on the SubmissionSet is not judged without it: one error instead of one per object.
func TestWithoutSubmissionSet(t *testing.T) {
	t.Parallel()
	list := `<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><r:RegistryObjectList xmlns:r="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"/></lcm:SubmitObjectsRequest>`
	compare(t, "empty", judge(read(t, []byte(list)), validate.Profile{}), []xds.Error{{
		Code: xds.XDSRegistryMetadataError, Context: "SubmissionSet: expected exactly 1, found 0",
		Location: "/SubmitObjectsRequest/RegistryObjectList", Rule: "one-submission-set", Section: "ITI TF-2: 3.42.4.1.2",
	}})
	got := judge(read(t, edited(t, "document", of(drop("a54d6aa5")))), validate.Profile{Registry: true})
	if rules(got) != "one-submission-set package-marker" {
		t.Errorf("got %q", rules(got))
	}
}

// A DocumentEntry that belongs to the SubmissionSet by Reference may have another patient (ITI TF-2: 3.42.4.1.3.3.1).
func TestReferenceMayHaveAnotherPatient(t *testing.T) {
	t.Parallel()
	message := edited(t, "document", of(swap(`id="as01"`, "Original", "Reference"), swap("58a6f841", "4711", "4712")))
	got := judge(read(t, message), validate.Profile{Registry: true})
	if rules(got) != "entry-in-submission-set reference-registered" {
		t.Errorf("got %q", rules(got))
	}
}

func TestNamespaceDoesNotMakeAnotherPatient(t *testing.T) {
	t.Parallel()
	message := edited(t, "document", of(swap("58a6f841", "^^^&amp;2.999.10.1&amp;ISO", "^^^NORTH&amp;2.999.10.1&amp;iso^PI")))
	compare(t, "lenient", judge(read(t, message), validate.Profile{Registry: true}), nil)
}

func TestProblemsAreCapped(t *testing.T) {
	t.Parallel()
	head, tail, _ := strings.Cut(string(load(t, "document")), "<rim:RegistryObjectList>")
	message := head + "<rim:RegistryObjectList>" + strings.Repeat("<rim:ExtrinsicObject/>", 600) + tail
	got := judge(read(t, []byte(message)), validate.Profile{Registry: true})
	if len(got) != validate.MaxProblems+1 {
		t.Fatalf("got %d problems, want %d", len(got), validate.MaxProblems+1)
	}
	if last := got[validate.MaxProblems]; last.Rule != "" || last.Context != "more than 500 problems; the rest is not listed" {
		t.Errorf("last: got %+v", last)
	}
}

func TestEchoIsCapped(t *testing.T) {
	t.Parallel()
	message := edited(t, "document", of(value("languageCode", strings.Repeat("é", 5000)), swap("<rim:ExtrinsicObject", `"Document01"`, `"`+strings.Repeat("D", 5000)+`"`)))
	for _, e := range judge(read(t, message), validate.Profile{Registry: true, Strict: true}) {
		if utf8.RuneCountInString(e.Context) > 500 || utf8.RuneCountInString(e.Location) > 300 {
			t.Errorf("%s: %d characters of context, %d of location", e.Rule, len(e.Context), len(e.Location))
		}
	}
}

// checkProblems states what holds of every problem of every message.
func checkProblems(t interface{ Errorf(string, ...any) }, s func() *xds.Submission) {
	byName := map[string]validate.Rule{}
	for _, r := range validate.Rules() {
		byName[r.Name] = r
	}
	for _, p := range profiles {
		first := judge(s(), p)
		for _, e := range first {
			r := byName[e.Rule]
			if e.Rule != "" && (e.Code != r.Code || e.Section != r.Cite || e.Location == "") || e.Context == "" || !utf8.ValidString(e.Context) || len(e.Context) > 2048 {
				t.Errorf("%+v: %+v", p, *e)
			}
			if r.Strict && !p.Strict {
				t.Errorf("%s: judged by a lenient profile", r.Name)
			}
		}
		if again := judge(s(), p); again.Error() != first.Error() {
			t.Errorf("%+v: two runs differ:\n%v\n%v", p, first, again)
		}
	}
	if n, m := len(judge(s(), validate.Profile{Registry: true})), len(judge(s(), validate.Profile{Registry: true, Strict: true})); n > m {
		t.Errorf("lenient finds %d problems, strict only %d", n, m)
	}
}

var attribute = regexp.MustCompile(` [a-zA-Z:]+="[^"]*"`)

// Whatever is taken out of a correct message, the rules report and do not panic.
func TestAnythingMissing(t *testing.T) {
	t.Parallel()
	valid := load(t, "valid")
	spans := attribute.FindAllIndex(valid, -1)
	doc, err := xmlwire.Parse([]byte(string(valid)), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var walk func(e *xmlwire.Element)
	walk = func(e *xmlwire.Element) {
		spans = append(spans, []int{e.Start, e.End})
		for c := range e.Children() {
			walk(c)
		}
	}
	walk(doc.Root)
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.SampledFrom(spans).Draw(t, "cut")
		message := string(valid[:cut[0]]) + string(valid[cut[1]:])
		s, err := parse([]byte(message))
		if err != nil || s == nil {
			return // the root, or a namespace declaration
		}
		checkProblems(t, func() *xds.Submission { s, _ := parse([]byte(message)); return s })
	})
}

// FuzzSubmission starts from small messages: the fuzzer spends its time on cutting down large ones.
func FuzzSubmission(f *testing.F) {
	const head = `<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList>`
	const tail = `</RegistryObjectList></l:SubmitObjectsRequest>`
	slot := func(name, v string) string {
		return `<Slot name="` + name + `"><ValueList><Value>` + v + `</Value></ValueList></Slot>`
	}
	set := `<RegistryPackage id="S"><Classification classifiedObject="S" classificationNode="` + xds.NodeSubmissionSet + `"/></RegistryPackage>`
	for _, content := range []string{
		"<ExtrinsicObject/><RegistryPackage/><Association/><Classification/><ObjectRef/><Service/>",
		set + `<ExtrinsicObject id="D" lid="D" home="urn:oid:2.999">` + slot("sourcePatientId", "1^^^&amp;2.999&amp;ISO") + slot("size", "1") + `</ExtrinsicObject>`,
		set + `<ExtrinsicObject id="D">` + slot("creationTime", "2024") + slot("languageCode", "en") + slot("sourcePatientInfo", "PID-7|19790305") + `</ExtrinsicObject>`,
		set + `<ExtrinsicObject id="D"><Classification classificationScheme="` + xds.SchemeClassCode + `" classifiedObject="D" nodeRepresentation="A">` + slot("codingScheme", "2.999") + `</Classification></ExtrinsicObject>`,
		set + `<ExtrinsicObject id="D"><Classification classificationScheme="` + xds.SchemeEntryAuthor + `">` + slot("authorPerson", "1^Berg") + slot("authorTelecommunication", "^^Internet^a@b") + `</Classification></ExtrinsicObject>`,
		set + `<ExtrinsicObject id="D"><ExternalIdentifier identificationScheme="` + xds.SchemeEntryUniqueID + `" registryObject="D" value="2.999^a"/></ExtrinsicObject>`,
		set + `<Association id="a" associationType="` + string(xds.HasMember) + `" sourceObject="S" targetObject="a">` + slot("SubmissionSetStatus", "Original") + `</Association>`,
	} {
		f.Add([]byte(head + content + tail))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		s, err := parse(message)
		if err != nil || s == nil {
			return
		}
		checkProblems(t, func() *xds.Submission { s, _ := parse(message); return s })
	})
}

func BenchmarkSubmission(b *testing.B) {
	s := read(b, load(b, "valid"))
	b.ReportAllocs()
	for b.Loop() {
		if es := judge(s, validate.Profile{Registry: true}); len(es) != 0 {
			b.Fatal(es)
		}
	}
}
