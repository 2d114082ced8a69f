package ebrim

import (
	"strconv"
	"strings"

	"dossier/internal/xmlwire"
)

// DecodeSubmitObjectsRequest reads lcm:SubmitObjectsRequest. ok is false when e is another element or has no
// rim:RegistryObjectList; what the list holds is for the caller to judge.
func DecodeSubmitObjectsRequest(e *xmlwire.Element) (list *RegistryObjectList, ok bool) {
	if !e.Is(NSLcm, "SubmitObjectsRequest") {
		return nil, false
	}
	l := e.Child(NSRim, "RegistryObjectList")
	if l == nil {
		return nil, false
	}
	return DecodeRegistryObjectList(l), true
}

// DecodeRegistryObjectList reads the objects below a rim:RegistryObjectList.
func DecodeRegistryObjectList(list *xmlwire.Element) *RegistryObjectList {
	out := &RegistryObjectList{}
	place := newPlaces(list)
	for e := range list.Children() {
		path := place.next(e)
		switch {
		case e.Is(NSRim, "ExtrinsicObject"):
			o := &ExtrinsicObject{MimeType: trimmed(e, "mimeType"), IsOpaque: trimmed(e, "isOpaque")}
			decodeObject(e, path, &o.RegistryObject)
			out.ExtrinsicObjects = append(out.ExtrinsicObjects, o)
		case e.Is(NSRim, "RegistryPackage"):
			o := &RegistryPackage{}
			decodeObject(e, path, &o.RegistryObject)
			out.RegistryPackages = append(out.RegistryPackages, o)
		case e.Is(NSRim, "Association"):
			o := &Association{Type: trimmed(e, "associationType"), Source: trimmed(e, "sourceObject"), Target: trimmed(e, "targetObject")}
			decodeObject(e, path, &o.RegistryObject)
			out.Associations = append(out.Associations, o)
		case e.Is(NSRim, "Classification"):
			c := decodeClassification(e)
			c.Path = path
			out.Classifications = append(out.Classifications, c)
		case e.Is(NSRim, "ObjectRef"):
			out.ObjectRefs = append(out.ObjectRefs, ObjectRef{ID: trimmed(e, "id"), Home: trimmed(e, "home")})
		case e.Name.Space == NSRim:
			out.Other = append(out.Other, path)
		}
	}
	return out
}

// places gives the path of each child of a list. Element.Path looks at all siblings for every one of them, which a long
// list cannot afford.
type places struct {
	list          string
	totals, count map[string]int
}

func newPlaces(list *xmlwire.Element) *places {
	p := &places{list: list.Path(), totals: map[string]int{}, count: map[string]int{}}
	for e := range list.Children() {
		p.totals[e.Name.Local]++
	}
	return p
}

func (p *places) next(e *xmlwire.Element) string {
	name := e.Name.Local
	p.count[name]++
	if p.totals[name] == 1 {
		return p.list + "/" + name
	}
	return p.list + "/" + name + "[" + strconv.Itoa(p.count[name]) + "]"
}

func decodeObject(e *xmlwire.Element, path string, o *RegistryObject) {
	o.ID, o.Home, o.LID = trimmed(e, "id"), trimmed(e, "home"), trimmed(e, "lid")
	o.ObjectType, o.Status = trimmed(e, "objectType"), trimmed(e, "status")
	o.Path = path
	for c := range e.Children() {
		switch {
		case c.Is(NSRim, "Slot"):
			o.Slots = append(o.Slots, decodeSlot(c))
		case c.Is(NSRim, "Name"):
			o.Name = append(o.Name, decodeInternational(c)...)
		case c.Is(NSRim, "Description"):
			o.Description = append(o.Description, decodeInternational(c)...)
		case c.Is(NSRim, "VersionInfo"):
			o.VersionName, o.VersionComment = trimmed(c, "versionName"), c.Attr("comment")
		case c.Is(NSRim, "Classification"):
			o.Classifications = append(o.Classifications, decodeClassification(c))
		case c.Is(NSRim, "ExternalIdentifier"):
			o.ExternalIdentifiers = append(o.ExternalIdentifiers, decodeIdentifier(c))
		}
	}
}

func decodeClassification(e *xmlwire.Element) *Classification {
	node, has := e.LookupAttr("", "nodeRepresentation")
	c := &Classification{
		ID: trimmed(e, "id"), LID: trimmed(e, "lid"), Home: trimmed(e, "home"), ObjectType: trimmed(e, "objectType"),
		Scheme: trimmed(e, "classificationScheme"), ClassifiedObject: trimmed(e, "classifiedObject"),
		Node: trimmed(e, "classificationNode"), NodeRepresentation: strings.TrimSpace(node), HasNodeRepresentation: has,
	}
	c.Slots, c.Name, c.Description = decodeParts(e)
	return c
}

func decodeIdentifier(e *xmlwire.Element) *ExternalIdentifier {
	x := &ExternalIdentifier{
		ID: trimmed(e, "id"), LID: trimmed(e, "lid"), Home: trimmed(e, "home"), ObjectType: trimmed(e, "objectType"),
		Scheme: trimmed(e, "identificationScheme"), RegistryObject: trimmed(e, "registryObject"),
		Value: trimmed(e, "value"),
	}
	x.Slots, x.Name, x.Description = decodeParts(e)
	return x
}

func decodeParts(e *xmlwire.Element) (slots []Slot, name, description InternationalString) {
	for c := range e.Children() {
		switch {
		case c.Is(NSRim, "Slot"):
			slots = append(slots, decodeSlot(c))
		case c.Is(NSRim, "Name"):
			name = append(name, decodeInternational(c)...)
		case c.Is(NSRim, "Description"):
			description = append(description, decodeInternational(c)...)
		}
	}
	return slots, name, description
}

// decodeSlot trims values and keeps them in order; an empty Value stays out, because an empty value is an absent one.
func decodeSlot(e *xmlwire.Element) Slot {
	s := Slot{Name: trimmed(e, "name"), Type: trimmed(e, "slotType")}
	for l := range e.Children() {
		if !l.Is(NSRim, "ValueList") {
			continue
		}
		for v := range l.Children() {
			if !v.Is(NSRim, "Value") {
				continue
			}
			if t := strings.TrimSpace(v.Text()); t != "" {
				s.Values = append(s.Values, t)
			}
		}
	}
	return s
}

func decodeInternational(e *xmlwire.Element) InternationalString {
	var out InternationalString
	for l := range e.Children() {
		if !l.Is(NSRim, "LocalizedString") {
			continue
		}
		lang, _ := l.LookupAttr(nsXML, "lang")
		out = append(out, LocalizedString{Lang: lang, Charset: l.Attr("charset"), Value: l.Attr("value")})
	}
	return out
}

func trimmed(e *xmlwire.Element, attr string) string { return strings.TrimSpace(e.Attr(attr)) }
