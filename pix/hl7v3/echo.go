package hl7v3

import (
	"strconv"
	"strings"

	"dossier/internal/xmlwire"
)

// maxEcho bounds what of a query is kept for its answers; a longer one is not echoed, which the schema allows.
const maxEcho = 64 << 10

// echo writes an element as it was received (ITI TF-2: 3.45.4.2.2): all its elements, attributes and character data in their
// order, comments too. Only prefixes change, because those of the request mean nothing in the answer.
func echo(doc *xmlwire.Document, e *xmlwire.Element) Echo {
	if e == nil || e.End-e.Start > maxEcho {
		return nil
	}
	w := xmlwire.NewWriter(nil)
	repeat(w, doc, e, Namespace)
	return w.Bytes()
}

// repeat writes e where the default namespace is space. It goes as deep as the reader's limit.
func repeat(w *xmlwire.Writer, doc *xmlwire.Document, e *xmlwire.Element, space string) {
	w.Start(e.Name.Local)
	if e.Name.Space != space {
		w.Attr("xmlns", e.Name.Space)
	}
	declared := map[string]string{} // namespace: prefix
	prefix := func(uri string) string {
		p, ok := declared[uri]
		switch {
		case ok:
		case uri == "http://www.w3.org/XML/1998/namespace":
			p = "xml"
		default:
			p = "n" + strconv.Itoa(len(declared))
			if uri == namespaceXSI {
				p = "xsi"
			}
			w.Attr("xmlns:"+p, uri)
		}
		declared[uri] = p
		return p
	}
	for _, a := range e.Attrs {
		name, text := a.Name.Local, a.Value
		if a.Name.Space == namespaceXSI && a.Name.Local == "type" {
			text = typeName(e, text, prefix)
		}
		if a.Name.Space != "" {
			name = prefix(a.Name.Space) + ":" + name
		}
		w.Attr(name, text)
	}
	at := e.ContentStart
	for c := range e.Children() {
		w.Raw(doc.Bytes[at:c.Start])
		repeat(w, doc, c, e.Name.Space)
		at = c.End
	}
	w.Raw(doc.Bytes[at:e.ContentEnd])
	w.End()
}

// typeName words the QName in xsi:type for the prefixes of the answer.
func typeName(e *xmlwire.Element, qname string, prefix func(uri string) string) string {
	p, local, found := strings.Cut(strings.TrimSpace(qname), ":")
	if !found {
		p, local = "", p
	}
	uri, bound := e.NamespaceOf(p)
	switch {
	case !bound || uri == e.Name.Space:
		return local
	}
	return prefix(uri) + ":" + local
}
