package xmlwire

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestWriter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		write func(w *Writer)
		want  string
	}{
		{"nothing", func(w *Writer) {}, ""},
		{"empty element", func(w *Writer) { w.Start("a").End() }, "<a/>"},
		{"empty text is no content", func(w *Writer) { w.Start("a").Text("").Raw(nil).End() }, "<a/>"},
		{"text", func(w *Writer) { w.Start("a").Text("b").Text("c").End() }, "<a>bc</a>"},
		{"attributes", func(w *Writer) { w.Start("a").Attr("b", "1").Attr("p:b", "").End() }, `<a b="1" p:b=""/>`},
		{"declarations", func(w *Writer) { w.Start("p:a").Attr("xmlns:p", "u").Attr("xmlns", "v").End() }, `<p:a xmlns:p="u" xmlns="v"/>`},
		{"nested", func(w *Writer) { w.Start("a").Start("b").Start("c").End().End().Text("x").Start("d").End().End() }, "<a><b><c/></b>x<d/></a>"},
		{"same attribute on the next element", func(w *Writer) { w.Start("a").Attr("x", "1").Start("b").Attr("x", "2").End().End() }, `<a x="1"><b x="2"/></a>`},
		{"same attribute after an empty element", func(w *Writer) { w.Start("a").Attr("x", "1").End().Start("b").Attr("x", "2").End() }, `<a x="1"/><b x="2"/>`},
		{"raw", func(w *Writer) { w.Start("a").Raw([]byte("<b>&amp;</b>")).End() }, "<a><b>&amp;</b></a>"},
		{"raw before the root", func(w *Writer) { w.Raw([]byte("<?xml version='1.0'?>")).Start("a").End() }, "<?xml version='1.0'?><a/>"},
		{"text escaped", func(w *Writer) { w.Start("a").Text("<&>\"'\t\n\r]]>").End() }, "<a>&lt;&amp;&gt;\"'\t\n&#13;]]&gt;</a>"},
		{"attribute escaped", func(w *Writer) { w.Start("a").Attr("b", "<&>\"'\t\n\r").End() }, `<a b="&lt;&amp;&gt;&quot;'&#9;&#10;&#13;"/>`},
		{"CX", func(w *Writer) { w.Start("a").Attr("v", "P^^^&2.999&ISO").End() }, `<a v="P^^^&amp;2.999&amp;ISO"/>`},
		{"illegal characters", func(w *Writer) { w.Start("a").Text("\x00x\x1F\uFFFE\uFFFF\x7F").End() }, "<a>\uFFFDx\uFFFD\uFFFD\uFFFD\x7F</a>"},
		{"broken UTF-8", func(w *Writer) { w.Start("a").Text("ü\xFF\xC3(\xED\xA0\x80").End() }, "<a>ü\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD</a>"},
		{"non-ASCII names", func(w *Writer) { w.Start("ü:山").Attr("é", "1").End() }, `<ü:山 é="1"/>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var zero Writer
			c.write(&zero)
			if got := string(zero.Bytes()); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			w := NewWriter([]byte("before"))
			c.write(w)
			if got := string(w.Bytes()); got != "before"+c.want {
				t.Errorf("appended: got %s, want before%s", got, c.want)
			}
		})
	}
}

func TestWriterPending(t *testing.T) {
	t.Parallel()
	w := NewWriter(nil)
	w.Start("a").Attr("b", "1")
	if got := string(w.Pending()); got != `<a b="1">` {
		t.Errorf("in a start tag: %s", got)
	}
	w.Start("c").Text("x")
	if got := string(w.Pending()); got != `<a b="1"><c>x` {
		t.Errorf("in content: %s", got)
	}
	cut := len(w.Pending())
	if got := string(w.End().End().Bytes()[cut:]); got != "</c></a>" {
		t.Errorf("second segment: %s", got)
	}
	if got := string(NewWriter(nil).Start("a").End().Pending()); got != "<a/>" {
		t.Errorf("after the end: %s", got)
	}
	w = NewWriter(nil).Start("a")
	w.Pending()
	if got := string(w.End().Bytes()); got != "<a></a>" {
		t.Errorf("tag closed by Pending: %s", got)
	}
}

func TestWriterPanics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		misuse     func(w *Writer)
	}{
		{"End without Start", "End without Start", func(w *Writer) { w.End() }},
		{"End too many", "End without Start", func(w *Writer) { w.Start("a").End().End() }},
		{"Bytes with open element", "element a is still open", func(w *Writer) { w.Start("a").Bytes() }},
		{"attribute first", "attribute b after content", func(w *Writer) { w.Attr("b", "") }},
		{"attribute after text", "attribute b after content", func(w *Writer) { w.Start("a").Text("x").Attr("b", "") }},
		{"attribute after child", "attribute b after content", func(w *Writer) { w.Start("a").Start("c").End().Attr("b", "") }},
		{"attribute after Pending", "attribute b after content", func(w *Writer) { w.Start("a").Pending(); w.Attr("b", "") }},
		{"attribute twice", "attribute b twice", func(w *Writer) { w.Start("a").Attr("b", "1").Attr("c", "").Attr("b", "2") }},
		{"no name", "not a qualified name", func(w *Writer) { w.Start("") }},
		{"name with blank", "not a qualified name", func(w *Writer) { w.Start("a b") }},
		{"name begins with digit", "not a qualified name", func(w *Writer) { w.Start("1a") }},
		{"injected attribute", "not a qualified name", func(w *Writer) { w.Start("a").Attr(`b="1" c`, "") }},
		{"two colons", "not a qualified name", func(w *Writer) { w.Start("a:b:c") }},
		{"colon first", "not a qualified name", func(w *Writer) { w.Start(":a") }},
		{"colon last", "not a qualified name", func(w *Writer) { w.Start("a:") }},
		{"digit after colon", "not a qualified name", func(w *Writer) { w.Start("a:1") }},
		{"two colons, non-ASCII", "not a qualified name", func(w *Writer) { w.Start("ü:b:c") }},
		{"colon last, non-ASCII", "not a qualified name", func(w *Writer) { w.Start("ü:") }},
		{"multiplication sign", "not a qualified name", func(w *Writer) { w.Start("a\u00D7") }},
		{"broken UTF-8", "not a qualified name", func(w *Writer) { w.Start("a\xC3") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got, _ := recover().(string); !strings.Contains(got, c.want) {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			c.misuse(NewWriter(nil))
		})
	}
}

// clean is what a reader must see of a string that was written.
func clean(s string) string {
	var sb strings.Builder
	for i, r := range s {
		if !isChar(r) || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			r = utf8.RuneError
		}
		sb.WriteRune(r)
	}
	return sb.String()
}

// anyText draws strings in which what XML treats specially is frequent.
func anyText() *rapid.Generator[string] {
	special := rapid.SampledFrom([]string{"<", ">", "&", "\"", "'", "\r", "\n", "\t", " ", "]]>", "--", "&lt;", "\x00", "\x0B", "\xFF", "\uFFFE", "\uFFFD", "é", "😀", "a", "<!--", "<![CDATA[", "?>"})
	return rapid.OneOf(
		rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(special, 0, 12).Draw(t, "parts"), "") }),
		rapid.String(),
		rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes")) }),
	)
}

// model is an element as the test means it: what is written and what must be read back.
type model struct {
	prefix, local string
	attrs         map[string]string // local names, without and with prefix p
	texts         []string          // before, between and after the children
	children      []*model
}

var spaces = map[string]string{"": "urn:default", "p": "urn:p", "ü": "urn:ü"}

func anyModel(depth int) *rapid.Generator[*model] {
	name := rapid.StringMatching(`[A-Za-z_é山][A-Za-z0-9_.\-é·]{0,6}`).Filter(func(s string) bool { return s != "xmlns" })
	return rapid.Custom(func(t *rapid.T) *model {
		m := &model{prefix: rapid.SampledFrom([]string{"", "p", "ü"}).Draw(t, "prefix"), local: name.Draw(t, "local")}
		m.attrs = rapid.MapOfN(name, anyText(), 0, 5).Draw(t, "attrs")
		if depth > 0 {
			m.children = rapid.SliceOfN(anyModel(depth-1), 0, 3).Draw(t, "children")
		}
		m.texts = rapid.SliceOfN(anyText(), len(m.children)+1, len(m.children)+1).Draw(t, "texts")
		return m
	})
}

func (m *model) write(w *Writer, root bool) {
	q := func(local string) string { return strings.TrimPrefix(m.prefix+":"+local, ":") }
	w.Start(q(m.local))
	if root {
		w.Attr("xmlns", spaces[""]).Attr("xmlns:p", spaces["p"]).Attr("xmlns:ü", spaces["ü"])
	}
	for local, v := range m.attrs {
		w.Attr(local, v).Attr("p:"+local, v+"x")
	}
	for i, c := range m.children {
		w.Text(m.texts[i])
		c.write(w, false)
	}
	w.Text(m.texts[len(m.children)]).End()
}

// expect returns the dump of the tree that reading must give.
func (m *model) expect() string {
	e := &Element{Name: Name{spaces[m.prefix], m.local}}
	for local, v := range m.attrs {
		e.Attrs = append(e.Attrs, Attr{Name{"", local}, clean(v)}, Attr{Name{spaces["p"], local}, clean(v + "x")})
	}
	for _, s := range m.texts {
		e.text += clean(s)
	}
	head := strings.TrimSuffix(dump(e), ">")
	for _, c := range m.children {
		head += c.expect()
	}
	return head + ">"
}

// TestWriterRoundTrip: whatever is written can be read, by this reader and by encoding/xml, and is the same.
func TestWriterRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(3).Draw(t, "document")
		w := NewWriter(nil)
		m.write(w, true)
		d, err := Parse(w.Bytes(), Limits{})
		if err != nil {
			t.Fatalf("%v in %q", err, w.Bytes())
		}
		if got, want := dump(d.Root), m.expect(); got != want {
			t.Errorf("%q\n got %s\nwant %s", w.Bytes(), got, want)
		}
		agreeWithStandardLibrary(t, d)
	})
}

// TestEscapedTextReadsBack: AppendText and AppendAttr alone, in every place where they may stand.
func TestEscapedTextReadsBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anyText().Draw(t, "text")
		doc := append([]byte("<a b=\""), AppendAttr(nil, s)...)
		doc = append(doc, "\">"...)
		doc = append(AppendText(doc, s), "</a>"...)
		d, err := Parse(doc, Limits{})
		if err != nil {
			t.Fatalf("%v in %q", err, doc)
		}
		if want := clean(s); d.Root.Text() != want || d.Root.Attr("b") != want {
			t.Errorf("wrote %q, read text %q and attribute %q, want %q", s, d.Root.Text(), d.Root.Attr("b"), want)
		}
	})
}
