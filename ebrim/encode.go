package ebrim

import (
	"bytes"

	"dossier/internal/xmlwire"
)

// A Mark in place of a value is written as it is and marks the spot where a part of the object that can still change
// after registration belongs (see Splice). Its first byte is illegal in XML, so no message can carry one.
type Mark string

// The changing parts of a stored object.
const (
	MarkStatus       Mark = "\x01s" // value of @status
	MarkVersion      Mark = "\x01v" // value of VersionInfo/@versionName
	MarkHome         Mark = "\x01h" // the whole attribute home, or nothing
	MarkPatientID    Mark = "\x01p" // value of the patientId ExternalIdentifier
	MarkAvailability Mark = "\x01a" // the whole documentAvailability Slot, or nothing
	MarkLastUpdate   Mark = "\x01t" // text of the one Value of lastUpdateTime
)

// Splice copies a fragment and calls put for each Mark in it, in order.
func Splice(dst, fragment []byte, put func(dst []byte, m Mark) []byte) []byte {
	for {
		i := indexMark(fragment)
		if i < 0 {
			return append(dst, fragment...)
		}
		dst = append(dst, fragment[:i]...)
		dst = put(dst, Mark(fragment[i:i+2]))
		fragment = fragment[i+2:]
	}
}

func indexMark(b []byte) int {
	i := bytes.IndexByte(b, 1)
	if i < 0 || i+1 >= len(b) {
		return -1
	}
	return i
}

// AppendExtrinsicObject writes rim:ExtrinsicObject; the prefix rim must be bound by the caller.
func AppendExtrinsicObject(dst []byte, o *ExtrinsicObject) []byte {
	dst = append(dst, "<rim:ExtrinsicObject"...)
	dst = appendObjectAttrs(dst, &o.RegistryObject)
	dst = appendAttr(dst, "mimeType", o.MimeType)
	dst = appendAttr(dst, "isOpaque", o.IsOpaque)
	dst = append(dst, '>')
	dst = appendObjectContent(dst, &o.RegistryObject)
	return append(dst, "</rim:ExtrinsicObject>"...)
}

// AppendRegistryPackage writes rim:RegistryPackage.
func AppendRegistryPackage(dst []byte, o *RegistryPackage) []byte {
	dst = append(dst, "<rim:RegistryPackage"...)
	dst = appendObjectAttrs(dst, &o.RegistryObject)
	dst = append(dst, '>')
	dst = appendObjectContent(dst, &o.RegistryObject)
	return append(dst, "</rim:RegistryPackage>"...)
}

// AppendAssociation writes rim:Association.
func AppendAssociation(dst []byte, o *Association) []byte {
	dst = append(dst, "<rim:Association"...)
	dst = appendObjectAttrs(dst, &o.RegistryObject)
	dst = appendAttr(dst, "associationType", o.Type)
	dst = appendAttr(dst, "sourceObject", o.Source)
	dst = appendAttr(dst, "targetObject", o.Target)
	dst = append(dst, '>')
	dst = appendObjectContent(dst, &o.RegistryObject)
	return append(dst, "</rim:Association>"...)
}

// AppendObjectRef writes rim:ObjectRef.
func AppendObjectRef(dst []byte, r ObjectRef) []byte {
	dst = append(dst, "<rim:ObjectRef"...)
	dst = appendAttr(dst, "id", r.ID)
	dst = appendOptional(dst, "home", r.Home)
	return append(dst, "/>"...)
}

func appendObjectAttrs(dst []byte, o *RegistryObject) []byte {
	dst = appendAttr(dst, "id", o.ID)
	if Mark(o.Home) == MarkHome {
		dst = append(dst, MarkHome...)
	} else {
		dst = appendOptional(dst, "home", o.Home)
	}
	dst = appendOptional(dst, "lid", o.LID)
	dst = appendOptional(dst, "objectType", o.ObjectType)
	return appendOptional(dst, "status", o.Status)
}

func appendObjectContent(dst []byte, o *RegistryObject) []byte {
	for i := range o.Slots {
		dst = AppendSlot(dst, &o.Slots[i])
	}
	dst = appendInternational(dst, "rim:Name", o.Name)
	dst = appendInternational(dst, "rim:Description", o.Description)
	if o.VersionName != "" {
		dst = append(dst, "<rim:VersionInfo"...)
		dst = appendAttr(dst, "versionName", o.VersionName)
		dst = appendOptional(dst, "comment", o.VersionComment)
		dst = append(dst, "/>"...)
	}
	for _, c := range o.Classifications {
		dst = appendClassification(dst, c)
	}
	for _, x := range o.ExternalIdentifiers {
		dst = appendIdentifier(dst, x)
	}
	return dst
}

// AppendSlot writes rim:Slot. A slot whose name is a Mark is written as that Mark alone.
func AppendSlot(dst []byte, s *Slot) []byte {
	if isMark(s.Name) {
		return append(dst, s.Name...)
	}
	dst = append(dst, "<rim:Slot"...)
	dst = appendAttr(dst, "name", s.Name)
	dst = appendOptional(dst, "slotType", s.Type)
	dst = append(dst, "><rim:ValueList>"...)
	for _, v := range s.Values {
		dst = append(dst, "<rim:Value>"...)
		if isMark(v) {
			dst = append(dst, v...)
		} else {
			dst = xmlwire.AppendText(dst, v)
		}
		dst = append(dst, "</rim:Value>"...)
	}
	return append(dst, "</rim:ValueList></rim:Slot>"...)
}

func appendInternational(dst []byte, element string, s InternationalString) []byte {
	if len(s) == 0 {
		return dst
	}
	dst = append(append(dst, '<'), element...)
	dst = append(dst, '>')
	for _, l := range s {
		dst = append(dst, "<rim:LocalizedString"...)
		dst = appendOptional(dst, "xml:lang", l.Lang)
		dst = appendOptional(dst, "charset", l.Charset)
		dst = appendAttr(dst, "value", l.Value)
		dst = append(dst, "/>"...)
	}
	dst = append(append(dst, "</"...), element...)
	return append(dst, '>')
}

func appendClassification(dst []byte, c *Classification) []byte {
	dst = append(dst, "<rim:Classification"...)
	dst = appendAttr(dst, "id", c.ID)
	dst = appendOptional(dst, "home", c.Home)
	dst = appendOptional(dst, "lid", c.LID)
	dst = appendOptional(dst, "objectType", c.ObjectType)
	dst = appendOptional(dst, "classificationScheme", c.Scheme)
	dst = appendAttr(dst, "classifiedObject", c.ClassifiedObject)
	dst = appendOptional(dst, "classificationNode", c.Node)
	if c.HasNodeRepresentation || c.NodeRepresentation != "" {
		dst = appendAttr(dst, "nodeRepresentation", c.NodeRepresentation)
	}
	return appendParts(dst, "rim:Classification", c.Slots, c.Name, c.Description)
}

func appendIdentifier(dst []byte, x *ExternalIdentifier) []byte {
	dst = append(dst, "<rim:ExternalIdentifier"...)
	dst = appendAttr(dst, "id", x.ID)
	dst = appendOptional(dst, "home", x.Home)
	dst = appendOptional(dst, "lid", x.LID)
	dst = appendOptional(dst, "objectType", x.ObjectType)
	dst = appendAttr(dst, "registryObject", x.RegistryObject)
	dst = appendAttr(dst, "identificationScheme", x.Scheme)
	dst = appendAttr(dst, "value", x.Value)
	return appendParts(dst, "rim:ExternalIdentifier", x.Slots, x.Name, x.Description)
}

// appendParts ends the start tag that is open in dst and writes what Classification and ExternalIdentifier share.
func appendParts(dst []byte, element string, slots []Slot, name, description InternationalString) []byte {
	if len(slots)+len(name)+len(description) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	for i := range slots {
		dst = AppendSlot(dst, &slots[i])
	}
	dst = appendInternational(dst, "rim:Name", name)
	dst = appendInternational(dst, "rim:Description", description)
	dst = append(append(dst, "</"...), element...)
	return append(dst, '>')
}

func appendOptional(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	return appendAttr(dst, name, value)
}

func appendAttr(dst []byte, name, value string) []byte {
	dst = append(append(dst, ' '), name...)
	dst = append(dst, `="`...)
	if isMark(value) {
		dst = append(dst, value...)
	} else {
		dst = xmlwire.AppendAttr(dst, value)
	}
	return append(dst, '"')
}

func isMark(s string) bool { return len(s) == 2 && s[0] == 1 }
