package xmlwire

import (
	"bytes"
	"slices"
	"strconv"
	"testing"
)

// FuzzParse: what this reader accepts, encoding/xml accepts and reads alike; written again it reads alike; and what
// is refused is refused with a position inside the document.
func FuzzParse(f *testing.F) {
	for _, c := range refusals {
		f.Add([]byte(c.doc))
	}
	for _, c := range acceptances {
		f.Add([]byte(c.doc))
	}
	f.Add(registerMessage(1))
	f.Fuzz(func(t *testing.T, b []byte) {
		kept := bytes.Clone(b)
		d, err := Parse(b, Limits{})
		if !bytes.Equal(b, kept) {
			t.Fatal("Parse changed its input")
		}
		if err != nil {
			checkError(t, err, b)
			return
		}
		checkOffsets(t, d)
		agreeWithStandardLibrary(t, d)
		w := NewWriter(nil)
		rewrite(w, d.Root)
		again, err := Parse(w.Bytes(), Limits{Bytes: 1 << 30, AttrValue: 1 << 30, Namespaces: 1 << 20, Attributes: 1 << 20, Name: 1 << 20})
		if err != nil {
			t.Fatalf("%v in %q, written from %q", err, w.Bytes(), d.Bytes)
		}
		if got, want := dump(again.Root), dump(d.Root); got != want {
			t.Errorf("%q written again reads %s, not %s", d.Bytes, got, want)
		}
	})
}

func checkError(t *testing.T, err error, b []byte) {
	t.Helper()
	se, ok := err.(*SyntaxError)
	// Recoding can make three bytes of two.
	if !ok || se.Offset < 0 || se.Offset > 3*len(b) || se.Line < 1 || se.Column < 1 || se.Message == "" {
		t.Errorf("%q: error %#v", b, err)
	}
}

// rewrite writes a tree with prefixes of its own: the text of each element first, then its children.
func rewrite(w *Writer, e *Element) {
	var prefixes []string
	qname := func(n Name) string {
		switch n.Space {
		case xmlSpace:
			return "xml:" + n.Local
		case "": // no default namespace is ever declared here
			return n.Local
		}
		at := slices.Index(prefixes, n.Space)
		if at < 0 {
			at = len(prefixes)
			prefixes = append(prefixes, n.Space)
		}
		return "n" + strconv.Itoa(at) + ":" + n.Local
	}
	w.Start(qname(e.Name))
	for _, a := range e.Attrs {
		w.Attr(qname(a.Name), a.Value)
	}
	for i, space := range prefixes {
		w.Attr("xmlns:n"+strconv.Itoa(i), space)
	}
	w.Text(e.Text())
	for c := range e.Children() {
		rewrite(w, c)
	}
	w.End()
}

// FuzzParseCharset: no encoding makes the reader fail in another way than by a SyntaxError, and what it accepts is
// UTF-8 that reads alike when it is read again as UTF-8.
func FuzzParseCharset(f *testing.F) {
	for _, charset := range []string{"", "utf-8", "utf-16", "utf-16le", "UTF-16BE", "iso-8859-1", "us-ascii", "x"} {
		f.Add([]byte("<a b='\xFC'>x</a>"), charset)
		f.Add([]byte("\xFF\xFE<\x00a\x00/\x00>\x00"), charset)
		f.Add([]byte("<?xml version='1.0' encoding='iso-8859-1'?><a>\xE9</a>"), charset)
		f.Add([]byte("\x00<\x00a\x00>\xD8\x3D\xDE\x00\x00<\x00/\x00a\x00>"), charset)
	}
	f.Fuzz(func(t *testing.T, b []byte, charset string) {
		d, err := ParseCharset(b, charset, Limits{})
		if err != nil {
			checkError(t, err, b)
			return
		}
		again, err := ParseCharset(bytes.Clone(d.Bytes), "utf-8", Limits{})
		if err != nil {
			t.Fatalf("recoded %q: %v", d.Bytes, err)
		}
		if got, want := dump(again.Root), dump(d.Root); got != want {
			t.Errorf("recoded %q reads %s, not %s", d.Bytes, got, want)
		}
	})
}

// FuzzWriter: any strings, in any order of calls, come back as they were, but for what XML cannot carry.
func FuzzWriter(f *testing.F) {
	f.Add("x", "y", []byte("satetseaate"))
	f.Add("]]>\r\n", "\"\t&<", []byte("sastetesee"))
	f.Add("\x00\xFF", "\uFFFE", []byte("statttseate"))
	f.Fuzz(func(t *testing.T, text, value string, ops []byte) {
		w := NewWriter(nil).Start("r")
		root := &Element{Name: Name{"", "r"}}
		cur, inTag, depth := root, true, 1
		last := map[*Element]*Element{}
		for _, op := range ops {
			switch {
			case op == 's' && depth < 60:
				w.Start("c")
				e := &Element{Name: Name{"", "c"}, Parent: cur}
				if before := last[cur]; before != nil {
					before.Next = e
				} else {
					cur.First = e
				}
				last[cur], cur, inTag = e, e, true
				depth++
			case op == 'a' && inTag && len(cur.Attrs) < 60:
				name := "b" + strconv.Itoa(len(cur.Attrs))
				w.Attr(name, value)
				cur.Attrs = append(cur.Attrs, Attr{Name{"", name}, clean(value)})
			case op == 't':
				w.Text(text)
				cur.text += clean(text)
				inTag = inTag && text == ""
			case op == 'p':
				w.Pending()
				inTag = false
			case op == 'e' && depth > 1:
				w.End()
				cur, inTag = cur.Parent, false
				depth--
			}
		}
		for ; depth > 0; depth-- {
			w.End()
		}
		if len(value) > 10_000 || len(w.Bytes()) > 1<<20 {
			return
		}
		d, err := Parse(w.Bytes(), Limits{})
		if err != nil {
			t.Fatalf("%v in %q", err, w.Bytes())
		}
		if got, want := dump(d.Root), dump(root); got != want {
			t.Errorf("%q\n got %s\nwant %s", w.Bytes(), got, want)
		}
	})
}
