package xmlwire

import (
	"iter"
	"strconv"
	"strings"
)

// Name is an expanded name: a namespace URI ("" for none) and a local part.
type Name struct{ Space, Local string }

// Attr is one attribute, its value normalised. Namespace declarations are not Attrs.
type Attr struct {
	Name  Name
	Value string
}

// Document is what [Parse] returns.
type Document struct {
	Root  *Element
	Bytes []byte // the UTF-8 text that all offsets refer to, without byte order mark; read only
}

// Element is one element of the tree. It must not be changed; any number of goroutines may read it.
type Element struct {
	Name   Name
	Prefix string // as written, "" for none
	Attrs  []Attr // in document order
	Parent *Element
	First  *Element // first child element
	Next   *Element // next sibling element

	// Byte offsets in Document.Bytes: the '<' of the start tag and one past the '>' of the end tag; between the
	// tags lies [ContentStart, ContentEnd), which is empty for <a/> and <a></a>.
	Start, End               int
	ContentStart, ContentEnd int

	text  string // the only run of character data, or the whole content as written when mixed is set
	scope *binding
	mixed bool
}

// Is reports whether e has this expanded name.
func (e *Element) Is(space, local string) bool {
	return e.Name.Local == local && e.Name.Space == space
}

// Children yields the child elements in document order.
func (e *Element) Children() iter.Seq[*Element] {
	return func(yield func(*Element) bool) {
		for c := e.First; c != nil; c = c.Next {
			if !yield(c) {
				return
			}
		}
	}
}

// Child returns the first child element with this name, or nil.
func (e *Element) Child(space, local string) *Element {
	for c := e.First; c != nil; c = c.Next {
		if c.Is(space, local) {
			return c
		}
	}
	return nil
}

// Attr returns the value of the unqualified attribute, "" if it is absent.
func (e *Element) Attr(local string) string {
	v, _ := e.LookupAttr("", local)
	return v
}

// LookupAttr returns the value of an attribute and whether it is there.
func (e *Element) LookupAttr(space, local string) (string, bool) {
	for i := range e.Attrs {
		if a := &e.Attrs[i]; a.Name.Local == local && a.Name.Space == space {
			return a.Value, true
		}
	}
	return "", false
}

// Text returns all character data directly inside e: references replaced, line ends normalised, CDATA sections
// merged, comments and processing instructions skipped, nothing trimmed. One uninterrupted run costs nothing; data
// interrupted by markup is put together at each call.
func (e *Element) Text() string {
	if e.mixed {
		return e.mixedText()
	}
	return e.text
}

// NamespaceOf returns the namespace that prefix ("" for the default namespace) is bound to at e, and whether there is one.
func (e *Element) NamespaceOf(prefix string) (string, bool) {
	for b := e.scope; b != nil; b = b.outer {
		if b.prefix == prefix {
			return b.uri, b.uri != ""
		}
	}
	return "", false
}

// Path returns the way from the root by local names, such as "/Envelope/Body/SubmitObjectsRequest/ExtrinsicObject[2]".
// An index, counted from 1, stands only where siblings share the local name.
func (e *Element) Path() string {
	var steps []string
	for ; e != nil; e = e.Parent {
		steps = append(steps, e.step())
	}
	var sb strings.Builder
	for i := len(steps) - 1; i >= 0; i-- {
		sb.WriteByte('/')
		sb.WriteString(steps[i])
	}
	return sb.String()
}

func (e *Element) step() string {
	if e.Parent == nil {
		return e.Name.Local
	}
	same, at := 0, 0
	for c := range e.Parent.Children() {
		if c.Name.Local == e.Name.Local {
			same++
		}
		if c == e {
			at = same
		}
	}
	if same == 1 {
		return e.Name.Local
	}
	return e.Name.Local + "[" + strconv.Itoa(at) + "]"
}
