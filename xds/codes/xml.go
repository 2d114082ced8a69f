package codes

import (
	"errors"
	"strings"

	"dossier/internal/xmlwire"
	"dossier/xds"
)

// xmlFile reads codes.xml.
type xmlFile struct {
	doc    *xmlwire.Document
	faults *faults
	set    *Set
}

func (s *Set) readXML(b []byte, f *faults) {
	doc, err := xmlwire.Parse(b, xmlwire.Limits{Bytes: MaxFile})
	if err != nil {
		var syntax *xmlwire.SyntaxError
		if errors.As(err, &syntax) {
			f.add(syntax.Line, syntax.Column, "%s", syntax.Message)
		} else {
			f.add(0, 0, "%s", err.Error())
		}
		return
	}
	x := &xmlFile{doc: doc, faults: f, set: s}
	if !doc.Root.Is("", "Codes") {
		x.fault(doc.Root, "expected element Codes, got %s", nameOf(doc.Root))
		return
	}
	x.noText(doc.Root)
	for e := range doc.Root.Children() {
		switch {
		case e.Is("", "CodeType"):
			x.codeType(e)
		case !e.Is("", "AssigningAuthority"):
			x.fault(e, "expected CodeType or AssigningAuthority, got %s", nameOf(e))
		}
	}
	if len(s.lists) == 0 && len(f.list) == 0 {
		x.fault(doc.Root, "expected at least one CodeType, found none")
	}
}

func (x *xmlFile) fault(e *xmlwire.Element, format string, args ...any) {
	if x.faults.full() { // finding the place of each of many thousands would take minutes
		x.faults.more++
		return
	}
	line, column := locate(x.doc.Bytes, e.Start)
	x.faults.add(line, column, format, args...)
}

func (x *xmlFile) noText(e *xmlwire.Element) {
	if text := strings.TrimSpace(e.Text()); text != "" {
		x.fault(e, "%s: expected elements only, got text %s", e.Name.Local, quote(text))
	}
}

// codeType reads one list.
func (x *xmlFile) codeType(e *xmlwire.Element) {
	name := e.Attr("name")
	d := define(name)
	if d == nil {
		x.fault(e, "CodeType: expected a name among %s, got %s", knownNames(), quote(name))
		return
	}
	// The scheme is given beside the name: a disagreement is a list under the wrong heading.
	if scheme, given := e.LookupAttr("", "classScheme"); given && !strings.EqualFold(scheme, d.scheme) {
		x.fault(e, "%s: expected classScheme %s, got %s", d.attribute, quote(d.scheme), quote(scheme))
	}
	if x.set.lists[d.attribute] != nil {
		x.fault(e, "%s: expected one list, found a second one", d.attribute)
		return
	}
	x.noText(e)
	l := newList()
	x.set.lists[d.attribute] = l
	found := false
	for c := range e.Children() {
		found = true
		if !c.Is("", "Code") {
			x.fault(c, "%s: expected Code, got %s", d.attribute, nameOf(c))
			continue
		}
		x.code(d, l, c)
	}
	if !found {
		x.fault(e, "%s: expected at least one Code; leave the CodeType out to allow every code", d.attribute)
	}
}

func (x *xmlFile) code(d *definition, l *list, e *xmlwire.Element) {
	c := xds.Code{Code: e.Attr("code"), Display: e.Attr("display")}
	problem := unusable(c.Code)
	if problem != "" {
		x.fault(e, "%s: code %s %s", d.attribute, quote(c.Code), problem)
	}
	if !d.plain() {
		c.Scheme = e.Attr("codingScheme")
		if bad := unusable(c.Scheme); bad != "" {
			problem = bad
			x.fault(e, "%s: codingScheme %s of code %s %s", d.attribute, quote(c.Scheme), quote(c.Code), bad)
		}
	}
	if problem == "" {
		l.add(c) // files in use list some codes twice, with other words for display
	}
}

// nameOf gives an element's name with its namespace, if it has one.
func nameOf(e *xmlwire.Element) string {
	if e.Name.Space == "" {
		return clip(e.Name.Local, 64)
	}
	return clip("{"+e.Name.Space+"}"+e.Name.Local, 128)
}
