package hl7v3_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"dossier/pix/hl7v3"
)

func recorded(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// edit applies pairs of old and new text, each of which must be there.
func edit(t testing.TB, s string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(s, pairs[i]) {
			t.Fatalf("%q is not in\n%s", pairs[i], s)
		}
		s = strings.ReplaceAll(s, pairs[i], pairs[i+1])
	}
	return s
}

// TestLiberalReading: what peers write in other ways means the same (identity of messages before and after).
func TestLiberalReading(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, file string
		edits      []string
	}{
		{"mood RQO", "pix-query", []string{`moodCode="EVN"`, `moodCode="RQO"`}},
		{"no class codes", "added", []string{` classCode="PSN"`, "", ` classCode="DEV"`, "", ` typeCode="SUBJ"`, ""}},
		{"no ITSVersion", "added", []string{` ITSVersion="XML_1.0"`, ""}},
		{"another interactionId", "added", []string{`extension="PRPA_IN201301UV02"`, `extension="PRPA_IN201302UV02"`}},
		{"other semanticsText", "pdq-query", []string{"LivingSubject.name", "LivingSubjectName", "Patient.addr", "whatever"}},
		{"trigger of another name", "pdq-continue", []string{"PRPA_TE000003UV01", "QUQI_TE000003UV01"}},
		{"xsi:type everywhere", "pix-query", []string{`<value root=`, `<value xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="II" root=`}},
		{"unknown elements", "added", []string{`<patientPerson `, `<foo/><x:bar xmlns:x="urn:x"><id root="1.2" extension="no"/></x:bar><patientPerson `}},
		{"a comment inside", "added", []string{`<given>Anna</given>`, `<given>An<!-- - -->na</given>`}},
		{"white space", "added", []string{`<given>Anna</given>`, "\n <given>\n\tAnna </given>\n", ` code="F"`, ` code=" F "`}},
		{"urn:oid", "added", []string{`root="2.999.2.1"`, `root="urn:oid:2.999.2.1"`}},
		{"order of the acknowledgement", "ack-error", []string{`<acknowledgement><typeCode code="CE"/>`, `<acknowledgement>`, `</acknowledgement>`, `<typeCode code="CE"/></acknowledgement>`}},
		{"custodian first", "added", []string{`<registrationEvent classCode="REG" moodCode="EVN">`, `<registrationEvent><custodian><assignedEntity><id root="2.999.2.1"/></assignedEntity></custodian>`,
			`<custodian typeCode="CST"><assignedEntity classCode="ASSIGNED"><id root="2.999.2.1"/></assignedEntity></custodian></registrationEvent>`, `</registrationEvent>`}},
		{"subjectOf of older schemas", "pdq-response", []string{"subjectOf1", "subjectOf"}},
		{"center of an interval", "pdq-query", []string{`<value value="19800229"/>`, `<value><center value="19800229"/></value>`}},
	}
	for _, c := range cases {
		original := recorded(t, c.file)
		changed := edit(t, original, c.edits...)
		want, got := withoutEcho(decode(parse(t, []byte(original)))), withoutEcho(decode(parse(t, []byte(changed))))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read as\n%+v\nwant\n%+v", c.name, got, want)
		}
	}
}

// TestPrefixes: the namespace counts, not the prefix.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		b := encode(t, s.message)
		prefixed := edit(t, string(b), "<", "<hl7:", "<hl7:/", "</hl7:", ` xmlns="urn:hl7-org:v3"`, ` xmlns:hl7="urn:hl7-org:v3"`)
		if got := withoutEcho(decode(parse(t, []byte(prefixed)))); !equalBesidesEcho(got, s.message) {
			t.Errorf("%s with a prefix: read as\n%+v\nwant\n%+v", s.name, got, s.message)
		}
		foreign := edit(t, string(b), `"urn:hl7-org:v3"`, `"urn:hl7-org:v2"`)
		if got := decode(parse(t, []byte(foreign))); got != nil {
			t.Errorf("%s in another namespace was read as %T", s.name, got)
		}
	}
}

func equalBesidesEcho(a, b any) bool {
	if r, ok := a.(*hl7v3.Response); ok {
		copied := *r
		copied.Echo = b.(*hl7v3.Response).Echo
		a = &copied
	}
	return reflect.DeepEqual(a, b)
}

// TestEmptySubject: some answers without a match have an empty subject (known from the field).
func TestEmptySubject(t *testing.T) {
	t.Parallel()
	m := edit(t, recorded(t, "pix-response-none"), `<queryAck>`, `<subject typeCode="SUBJ"/><queryAck>`)
	if r := decode(parse(t, []byte(m))).(*hl7v3.Response); len(r.Subjects) != 0 {
		t.Errorf("subjects %+v, want none", r.Subjects)
	}
}

// TestAllIDs: ids are looked for in both places, null ones are none.
func TestAllIDs(t *testing.T) {
	t.Parallel()
	r := decode(parse(t, []byte(recorded(t, "pix-response")))).(*hl7v3.Response)
	want := []hl7v3.II{{Root: "2.999.3.1", Extension: "1980022900000"}, {Root: "2.999.3.2", Extension: "9"}}
	if got := r.Subjects[0].Patient.AllIDs(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	p := event().Patient
	if got := p.AllIDs(); len(got) != 3 {
		t.Errorf("got %+v, want three", got)
	}
}

// TestEcho: the echo has what was received, in the namespaces of the answer.
func TestEcho(t *testing.T) {
	t.Parallel()
	const xsi = ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`
	cases := []struct{ name, declare, in, want string }{
		{"as it is", `xmlns="urn:hl7-org:v3"`, `<queryByParameter><a b="c"> x </a><a/></queryByParameter>`, `<queryByParameter><a b="c"> x </a><a/></queryByParameter>`},
		{"prefix", `xmlns:h="urn:hl7-org:v3" xmlns="urn:hl7-org:v3"`, `<h:queryByParameter><h:a/></h:queryByParameter>`, `<queryByParameter><a/></queryByParameter>`},
		{"mixed content", `xmlns="urn:hl7-org:v3"`, `<queryByParameter><v>x &amp; <f>y</f><!--c--> <![CDATA[<z>]]></v></queryByParameter>`,
			`<queryByParameter><v>x &amp; <f>y</f><!--c--> <![CDATA[<z>]]></v></queryByParameter>`},
		{"type", `xmlns="urn:hl7-org:v3" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`, `<queryByParameter><value i:type="INT" value="1"/></queryByParameter>`,
			`<queryByParameter><value` + xsi + ` xsi:type="INT" value="1"/></queryByParameter>`},
		{"prefixed type", `xmlns:h="urn:hl7-org:v3" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns="urn:hl7-org:v3"`,
			`<h:queryByParameter><h:value i:type="h:INT"/></h:queryByParameter>`, `<queryByParameter><value` + xsi + ` xsi:type="INT"/></queryByParameter>`},
		{"type of elsewhere", `xmlns="urn:hl7-org:v3" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:o="urn:o"`,
			`<queryByParameter><value i:type="o:T"/></queryByParameter>`, `<queryByParameter><value xmlns:n0="urn:o"` + xsi + ` xsi:type="n0:T"/></queryByParameter>`},
		{"foreign element", `xmlns="urn:hl7-org:v3" xmlns:o="urn:o"`, `<queryByParameter><o:x o:y="1"><id/></o:x><x xmlns=""/></queryByParameter>`,
			`<queryByParameter><x xmlns="urn:o" xmlns:n0="urn:o" n0:y="1"><id xmlns="urn:hl7-org:v3"/></x><x xmlns=""/></queryByParameter>`},
		{"language", `xmlns="urn:hl7-org:v3"`, `<queryByParameter><a xml:lang="fr"/></queryByParameter>`,
			`<queryByParameter><a xml:lang="fr"/></queryByParameter>`},
		{"too long", `xmlns="urn:hl7-org:v3"`, `<queryByParameter>` + strings.Repeat("x", 64<<10) + `</queryByParameter>`, ""},
	}
	for _, c := range cases {
		message := `<PRPA_IN201309UV02 ` + c.declare + `><controlActProcess>` + c.in + `</controlActProcess></PRPA_IN201309UV02>`
		doc := parse(t, []byte(message))
		q, ok := hl7v3.DecodePIXQuery(doc, doc.Root)
		if !ok || string(q.Echo) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, q.Echo, c.want)
		}
	}
}

// TestEchoInAnswer: answers with echoes of real queries obey the schema.
func TestEchoInAnswer(t *testing.T) {
	t.Parallel()
	pix := decode(parse(t, []byte(recorded(t, "pix-query")))).(*hl7v3.PIXQuery)
	r := pixResponse()
	r.Echo = pix.Echo
	lint(t, string(hl7v3.GetIdentifiersResponse), [][]byte{hl7v3.AppendResponse(nil, r)})
	prefixed := edit(t, recorded(t, "pdq-query"), "<", "<hl7:", "<hl7:/", "</hl7:", ` xmlns="urn:hl7-org:v3"`, ` xmlns:hl7="urn:hl7-org:v3"`, `"INT"`, `"hl7:INT"`)
	pdq := decode(parse(t, []byte(prefixed))).(*hl7v3.DemographicsQuery)
	d := demographicsResponse()
	d.Echo = pdq.Echo
	b := hl7v3.AppendResponse(nil, d)
	lint(t, string(hl7v3.FindCandidatesResponse), [][]byte{b})
	if !bytes.Contains(b, []byte("<family>WEB</family>")) {
		t.Errorf("no echo in\n%s", b)
	}
}
