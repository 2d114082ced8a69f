package xmlwire

import (
	"strconv"
	"strings"
)

// Writer appends XML with fixed prefixes chosen by the caller to a byte slice. The zero value is ready. It writes
// well-formed content: a document if the caller starts exactly one outermost element and declares the prefixes it
// uses. Calls out of order, names that are none and attributes given twice are programming errors and panic.
type Writer struct {
	buf   []byte
	open  []string // qualified names of the open elements
	inTag bool     // the start tag of the innermost element still lacks its '>'
	attrs []string // attribute names of that tag
}

// NewWriter returns a writer that appends to buf.
func NewWriter(buf []byte) *Writer { return &Writer{buf: buf} }

// Start opens an element.
func (w *Writer) Start(qname string) *Writer {
	mustQName(qname)
	w.closeTag()
	w.buf = append(w.buf, '<')
	w.buf = append(w.buf, qname...)
	w.open = append(w.open, qname)
	w.inTag = true
	return w
}

// Attr adds an attribute or a namespace declaration to the element just started.
func (w *Writer) Attr(qname, value string) *Writer {
	mustQName(qname)
	if !w.inTag {
		panic("xmlwire: attribute " + qname + " after content")
	}
	for _, a := range w.attrs {
		if a == qname {
			panic("xmlwire: attribute " + qname + " twice")
		}
	}
	w.attrs = append(w.attrs, qname)
	w.buf = append(w.buf, ' ')
	w.buf = append(w.buf, qname...)
	w.buf = append(w.buf, '=', '"')
	w.buf = AppendAttr(w.buf, value)
	w.buf = append(w.buf, '"')
	return w
}

// Text adds character data, escaped as by [AppendText].
func (w *Writer) Text(s string) *Writer {
	if s != "" {
		w.closeTag()
		w.buf = AppendText(w.buf, s)
	}
	return w
}

// Raw copies well-formed content as it is. The caller vouches for it.
func (w *Writer) Raw(b []byte) *Writer {
	if len(b) > 0 {
		w.closeTag()
		w.buf = append(w.buf, b...)
	}
	return w
}

// End closes the innermost open element; one without content becomes <a/>.
func (w *Writer) End() *Writer {
	if len(w.open) == 0 {
		panic("xmlwire: End without Start")
	}
	qname := w.open[len(w.open)-1]
	w.open = w.open[:len(w.open)-1]
	if w.inTag {
		w.buf = append(w.buf, '/', '>')
		w.inTag, w.attrs = false, w.attrs[:0]
		return w
	}
	w.buf = append(w.buf, '<', '/')
	w.buf = append(w.buf, qname...)
	w.buf = append(w.buf, '>')
	return w
}

// Bytes returns what was written. It panics if elements are open.
func (w *Writer) Bytes() []byte {
	if len(w.open) > 0 {
		panic("xmlwire: element " + w.open[len(w.open)-1] + " is still open")
	}
	return w.buf
}

// Pending returns the bytes so far, after the '>' of an open start tag, for cutting a document into segments. The
// slice is valid until the next call.
func (w *Writer) Pending() []byte {
	w.closeTag()
	return w.buf
}

func (w *Writer) closeTag() {
	if w.inTag {
		w.buf = append(w.buf, '>')
		w.inTag, w.attrs = false, w.attrs[:0]
	}
}

// mustQName panics unless qname is one. Almost every name is ASCII and passes in one loop.
func mustQName(qname string) {
	want, colon := uint8(nameStart), false
	for i := 0; i < len(qname); i++ {
		switch c := qname[i]; {
		case class[c]&want != 0:
			want = nameRest
		case c == ':' && !colon && want == nameRest:
			want, colon = nameStart, true
		case c >= 0x80:
			mustUnicodeQName(qname)
			return
		default:
			want = 0
		}
	}
	if want != nameRest {
		panic("xmlwire: " + strconv.Quote(qname) + " is not a qualified name")
	}
}

func mustUnicodeQName(qname string) {
	prefix, local, found := strings.Cut(qname, ":")
	if !isNCName(prefix) || found && !isNCName(local) {
		panic("xmlwire: " + strconv.Quote(qname) + " is not a qualified name")
	}
}
