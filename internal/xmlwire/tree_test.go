package xmlwire

import (
	"slices"
	"testing"
	"unsafe"
)

func mustParse(t *testing.T, doc string) *Document {
	t.Helper()
	d, err := Parse([]byte(doc), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestPath(t *testing.T) {
	t.Parallel()
	d := mustParse(t, `<p:a xmlns:p="u"><b/><c><b/></c><p:b/><d/><b><e/></b></p:a>`)
	var got []string
	for c := range d.Root.Children() {
		got = append(got, c.Path())
		for g := range c.Children() {
			got = append(got, g.Path())
		}
	}
	want := []string{"/a/b[1]", "/a/c", "/a/c/b", "/a/b[2]", "/a/d", "/a/b[3]", "/a/b[3]/e"}
	if !slices.Equal(got, want) || d.Root.Path() != "/a" {
		t.Errorf("got %q under %q, want %q", got, d.Root.Path(), want)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	d := mustParse(t, `<a xmlns:p="u" b="1" p:b="2" e=""><b/><p:b c="first"/><p:b/></a>`)
	a := d.Root
	if got := a.Attr("b"); got != "1" {
		t.Errorf("Attr(b) = %q, want the unqualified one", got)
	}
	for _, c := range []struct {
		space, local, want string
		ok                 bool
	}{
		{"", "b", "1", true}, {"u", "b", "2", true}, {"", "e", "", true},
		{"p", "b", "", false}, {"", "p:b", "", false}, {"xmlns", "p", "", false}, {"", "xmlns:p", "", false}, {"", "c", "", false},
	} {
		if got, ok := a.LookupAttr(c.space, c.local); got != c.want || ok != c.ok {
			t.Errorf("LookupAttr(%q, %q) = %q, %v; want %q, %v", c.space, c.local, got, ok, c.want, c.ok)
		}
	}
	if got := a.Child("u", "b"); got == nil || got.Attr("c") != "first" || got.Prefix != "p" {
		t.Errorf("Child(u, b) = %+v, want the first of that name", got)
	}
	if a.Child("", "c") != nil || a.Child("u", "a") != nil || a.Child("v", "b") != nil {
		t.Error("Child found an element that is not there")
	}
	if !a.Is("", "a") || a.Is("u", "a") || a.Is("", "b") {
		t.Error("Is does not compare namespace and local name")
	}
	n := 0
	for range a.Children() {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("Children yielded %d before the break, want 2", n)
	}
}

func TestNamespaceOf(t *testing.T) {
	t.Parallel()
	d := mustParse(t, `<a xmlns="d" xmlns:p="u"><b xmlns="" xmlns:p="v" xmlns:q="w"><c/></b><b/></a>`)
	inner := d.Root.First.First
	for _, c := range []struct {
		name   string
		e      *Element
		prefix string
		want   string
		ok     bool
	}{
		{"default", d.Root, "", "d", true},
		{"prefix", d.Root, "p", "u", true},
		{"declared further in", d.Root, "q", "", false},
		{"xml is always bound", d.Root, "xml", xmlSpace, true},
		{"default undeclared", inner, "", "", false},
		{"redeclared", inner, "p", "v", true},
		{"inherited", inner, "q", "w", true},
		{"out of scope", d.Root.First.Next, "q", "", false},
		{"restored", d.Root.First.Next, "p", "u", true},
	} {
		if got, ok := c.e.NamespaceOf(c.prefix); got != c.want || ok != c.ok {
			t.Errorf("%s: NamespaceOf(%q) = %q, %v; want %q, %v", c.name, c.prefix, got, ok, c.want, c.ok)
		}
	}
	if got, ok := mustParse(t, "<a/>").Root.NamespaceOf(""); got != "" || ok {
		t.Errorf("no default namespace: got %q, %v", got, ok)
	}
}

// TestTextAliases: text in one run is a slice of the document, not a copy.
func TestTextAliases(t *testing.T) {
	t.Parallel()
	d := mustParse(t, `<a b="value"><c>plain</c><c><![CDATA[<plain>]]></c><c><!-- x -->plain<?p?></c></a>`)
	inside := func(s string) bool {
		at := uintptr(unsafe.Pointer(unsafe.StringData(s)))
		first := uintptr(unsafe.Pointer(unsafe.SliceData(d.Bytes)))
		return at >= first && at+uintptr(len(s)) <= first+uintptr(len(d.Bytes))
	}
	if !inside(d.Root.Attr("b")) {
		t.Error("attribute value is a copy")
	}
	for c := range d.Root.Children() {
		if !inside(c.Text()) {
			t.Errorf("text of %s is a copy", c.Path())
		}
	}
}

// TestAttrsCannotGrowIntoNeighbours: appending to one element's list must not write into the next one's.
func TestAttrsCannotGrowIntoNeighbours(t *testing.T) {
	t.Parallel()
	d := mustParse(t, `<a b="1"><c d="2"/></a>`)
	_ = append(d.Root.Attrs, Attr{Name{"", "x"}, "evil"})
	if got := d.Root.First.Attr("d"); got != "2" {
		t.Errorf("neighbour's attribute became %q", got)
	}
}

func TestManyElementsCrossSlabs(t *testing.T) {
	t.Parallel()
	d, err := Parse(registerMessage(65), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	checkOffsets(t, d)
	list := d.Root.Child(soapEnv, "Body").Child(lcmSpace, "SubmitObjectsRequest").Child(rimSpace, "RegistryObjectList")
	n := 0
	for eo := range list.Children() {
		n++
		if eo.Attr("mimeType") != "text/xml" || len(eo.Attrs) != 4 {
			t.Fatalf("%s has attributes %v", eo.Path(), eo.Attrs)
		}
		ei := eo.Child(rimSpace, "ExternalIdentifier")
		if got := ei.Attr("value"); got != "PAT-0001^^^&2.999.1&ISO" {
			t.Fatalf("%s has value %q", ei.Path(), got)
		}
	}
	if n != 65 {
		t.Errorf("read %d ExtrinsicObjects, want 65", n)
	}
}
