package ebrim

import (
	"strings"
	"testing"
	"time"

	"dossier/internal/xmlwire"
)

const submission = `<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0" xmlns:x="urn:x">
<RegistryObjectList>
  <ExternalLink id="other"/>
  <x:Foreign/>
  <ExtrinsicObject id=" doc " mimeType="text/plain" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1" x:extra="1">
    <ExternalIdentifier id="e1" registryObject="doc" identificationScheme="s1" value="a&amp;b"><Name><LocalizedString value="n"/></Name></ExternalIdentifier>
    <Classification id="c1" classificationScheme="s2" classifiedObject="doc" nodeRepresentation=""><Slot name="authorPerson"><ValueList><Value> ^Doe&#x20;</Value><Value/></ValueList></Slot></Classification>
    <Name><LocalizedString xml:lang="de" charset="UTF-8" value="Gr&#xFC;&#223;e"/><LocalizedString value="second"/></Name>
    <Slot name="creationTime"><ValueList><Value><![CDATA[2024]]></Value></ValueList></Slot>
    <Slot name="empty"/>
    <VersionInfo versionName="1.1"/>
  </ExtrinsicObject>
  <RegistryPackage id="set"><Description><LocalizedString value="a&#10;b"/></Description></RegistryPackage>
  <Classification id="m" classificationNode="n" classifiedObject="set"/>
  <Association id="as" associationType="t" sourceObject="set" targetObject="doc"/>
  <ObjectRef id="s2"/>
</RegistryObjectList></l:SubmitObjectsRequest>`

func decode(t *testing.T, text string) *RegistryObjectList {
	t.Helper()
	doc, err := xmlwire.Parse([]byte(text), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	l, ok := DecodeSubmitObjectsRequest(doc.Root)
	if !ok {
		t.Fatal("not a SubmitObjectsRequest")
	}
	return l
}

func TestDecodeIsLiberal(t *testing.T) {
	t.Parallel()
	l := decode(t, submission)
	if len(l.ExtrinsicObjects) != 1 || len(l.RegistryPackages) != 1 || len(l.Associations) != 1 || len(l.Classifications) != 1 || len(l.ObjectRefs) != 1 {
		t.Fatalf("classes: %+v", l)
	}
	if len(l.Other) != 1 || !strings.HasSuffix(l.Other[0], "/ExternalLink") {
		t.Errorf("Other = %q, want the ExternalLink only", l.Other)
	}
	o := l.ExtrinsicObjects[0]
	if o.ID != "doc" {
		t.Errorf("ID = %q, want it trimmed", o.ID)
	}
	if got := Value(o.Slots, "creationTime"); got != "2024" {
		t.Errorf("creationTime = %q", got)
	}
	if s := FindSlot(o.Slots, "empty"); s == nil || len(s.Values) != 0 {
		t.Errorf("empty slot = %+v", s)
	}
	if got := o.Name.First(); got != "Grüße" || len(o.Name) != 2 {
		t.Errorf("Name = %+v", o.Name)
	}
	c := o.Classified("s2")[0]
	if !c.HasNodeRepresentation || len(c.Slots[0].Values) != 1 || c.Slots[0].Values[0] != "^Doe" {
		t.Errorf("author = %+v", c)
	}
	if x := o.Identifier("s1"); x == nil || x.Value != "a&b" {
		t.Errorf("identifier = %+v", x)
	}
}

func TestEncodeDecodesToTheSame(t *testing.T) {
	t.Parallel()
	first := AppendSubmitObjectsRequest(nil, decode(t, submission))
	second := AppendSubmitObjectsRequest(nil, decode(t, string(first)))
	if string(first) != string(second) {
		t.Errorf("not stable:\n%s\n%s", first, second)
	}
	want := `<rim:ExternalIdentifier id="e1" registryObject="doc" identificationScheme="s1" value="a&amp;b">`
	if !strings.Contains(string(first), want) {
		t.Errorf("missing %s in\n%s", want, first)
	}
	if !strings.Contains(string(first), `value="a&#10;b"`) {
		t.Errorf("a line break in an attribute must be a reference:\n%s", first)
	}
}

func TestOtherElementsAreNotSubmissions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`<SubmitObjectsRequest/>`,
		`<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>`,
		`<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><l:RegistryObjectList/></l:SubmitObjectsRequest>`,
		`<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><LeafRegistryObjectList xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:2.1"/></l:SubmitObjectsRequest>`,
	} {
		doc, err := xmlwire.Parse([]byte(text), xmlwire.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := DecodeSubmitObjectsRequest(doc.Root); ok {
			t.Errorf("accepted %s", text)
		}
	}
}

func TestSplice(t *testing.T) {
	t.Parallel()
	o := &ExtrinsicObject{MimeType: "text/plain", IsOpaque: "false"}
	o.ID, o.Home, o.Status, o.VersionName = "i", string(MarkHome), string(MarkStatus), string(MarkVersion)
	o.Slots = []Slot{{Name: "a", Values: []string{"<1>"}}, {Name: string(MarkAvailability)}}
	fragment := AppendExtrinsicObject(nil, o)
	got := string(Splice(nil, fragment, func(dst []byte, m Mark) []byte {
		switch m {
		case MarkHome:
			return append(dst, ` home="h"`...)
		case MarkAvailability:
			return dst
		}
		return append(dst, m[1])
	}))
	want := `<rim:ExtrinsicObject id="i" home="h" status="s" mimeType="text/plain" isOpaque="false">` +
		`<rim:Slot name="a"><rim:ValueList><rim:Value>&lt;1&gt;</rim:Value></rim:ValueList></rim:Slot>` +
		`<rim:VersionInfo versionName="v"/></rim:ExtrinsicObject>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s := string(Splice(nil, []byte("no marks"), nil)); s != "no marks" {
		t.Errorf("without marks: %q", s)
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	ok := string(AppendRegistryResponse(nil, &RegistryResponse{Status: StatusSuccess}))
	if want := `<rs:RegistryResponse xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"/>`; ok != want {
		t.Errorf("got %s", ok)
	}
	bad := &RegistryResponse{Status: StatusFailure, Errors: []RegistryError{
		{Code: "XDSUnknownPatientId", Context: `a "quoted" & <tag>`, Severity: SeverityError, Location: "x"},
		{Code: "W", Context: "w", Severity: SeverityWarning},
	}}
	doc, err := xmlwire.Parse(AppendRegistryResponse(nil, bad), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, decoded := DecodeRegistryResponse(doc.Root)
	if !decoded || len(got.Errors) != 2 || got.Errors[0] != bad.Errors[0] || got.Errors[1] != bad.Errors[1] || got.Status != bad.Status {
		t.Errorf("got %+v", got)
	}
	if h := doc.Root.Child(NSRs, "RegistryErrorList").Attr("highestSeverity"); h != SeverityError {
		t.Errorf("highestSeverity = %s", h)
	}
}

func TestQueryMessages(t *testing.T) {
	t.Parallel()
	q := &AdhocQueryRequest{ReturnType: ReturnObjectRef, QueryID: "urn:uuid:1", Slots: []Slot{{Name: "$a", Values: []string{"'x'"}}}}
	doc, err := xmlwire.Parse(AppendAdhocQueryRequest(nil, q), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got, ok := DecodeAdhocQueryRequest(doc.Root)
	if !ok || got.QueryID != q.QueryID || got.ReturnType != q.ReturnType || Value(got.Slots, "$a") != "'x'" {
		t.Errorf("got %+v", got)
	}
	body := AppendAdhocQueryResponseHead(nil, StatusFailure, []RegistryError{{Code: "c", Severity: SeverityError}})
	doc, err = xmlwire.Parse(append(body, AdhocQueryResponseTail...), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	r, ok := DecodeAdhocQueryResponse(doc.Root)
	if !ok || r.Status != StatusFailure || len(r.Errors) != 1 || r.Objects == nil {
		t.Errorf("got %+v", r)
	}
	if first := doc.Root.First; first.Name.Local != "RegistryErrorList" || first.Next.Name.Local != "RegistryObjectList" {
		t.Errorf("order of children is %s, %s", first.Name.Local, first.Next.Name.Local)
	}
}

// TestDecodeIsLinear: a list of many objects costs as much per object as a short one.
func TestDecodeIsLinear(t *testing.T) {
	t.Parallel()
	text := func(n int) string {
		return `<l:SubmitObjectsRequest xmlns:l="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><RegistryObjectList>` +
			strings.Repeat(`<Association id="a"><Classification id="c"/><Classification id="c"/></Association>`, n) + `</RegistryObjectList></l:SubmitObjectsRequest>`
	}
	cost := func(n int) float64 {
		doc, err := xmlwire.Parse([]byte(text(n)), xmlwire.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		best := time.Hour
		for range 5 {
			start := time.Now()
			if l, ok := DecodeSubmitObjectsRequest(doc.Root); !ok || len(l.Associations) != n {
				t.Fatal("decoding failed")
			}
			best = min(best, time.Since(start))
		}
		return float64(best) / float64(n)
	}
	small, large := cost(500), cost(20000)
	if large > 20*small { // quadratic would be 40 times and more
		t.Errorf("%.0f ns per object of 500, %.0f ns per object of 20000", small, large)
	}
	l := decode(t, text(3))
	if got := l.Associations[2].Path; got != "/SubmitObjectsRequest/RegistryObjectList/Association[3]" {
		t.Errorf("Path = %s", got)
	}
	if got := decode(t, text(1)).Associations[0].Path; got != "/SubmitObjectsRequest/RegistryObjectList/Association" {
		t.Errorf("Path = %s", got)
	}
}
