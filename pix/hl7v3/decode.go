package hl7v3

import (
	"iter"
	"strings"

	"dossier/internal/xmlwire"
)

// Wrapper reads what all messages have in common. ok is false where that is not enough to answer with a message: no id to
// refer to, or nobody to answer to.
func Wrapper(e *xmlwire.Element) (t Transmission, ok bool) {
	t = Transmission{
		Interaction:    Interaction(e.Name.Local),
		ID:             ii(child(e, "id")),
		CreationTime:   value(child(e, "creationTime")),
		Processing:     attr(child(e, "processingCode"), "code"),
		ProcessingMode: attr(child(e, "processingModeCode"), "code"),
		AcceptAck:      attr(child(e, "acceptAckCode"), "code"),
		Receiver:       device(child(e, "receiver")),
		Sender:         device(child(e, "sender")),
	}
	return t, e.Name.Space == Namespace && t.ID.Root != "" && t.Sender.ID.Root != ""
}

func device(e *xmlwire.Element) Device {
	d := child(e, "device")
	return Device{ii(child(d, "id")), ii(descend(d, "asAgent", "representedOrganization", "id"))}
}

func acknowledgement(e *xmlwire.Element) Acknowledgement {
	a := child(e, "acknowledgement")
	out := Acknowledgement{Type: attr(child(a, "typeCode"), "code"), Target: ii(descend(a, "targetMessage", "id"))}
	for d := range all(a, "acknowledgementDetail") {
		c := child(d, "code")
		detail := Detail{Type: attr(d, "typeCode"), Code: attr(c, "code"), System: attr(c, "codeSystem"), Text: text(child(d, "text"))}
		for l := range all(d, "location") {
			detail.Locations = append(detail.Locations, text(l))
		}
		out.Details = append(out.Details, detail)
	}
	return out
}

// author reads the first authorOrPerformer of a control act.
func author(act *xmlwire.Element) *Author {
	a := child(act, "authorOrPerformer")
	if d := child(a, "assignedDevice"); d != nil {
		return &Author{Device: true, ID: ii(child(d, "id"))}
	}
	if p := child(a, "assignedPerson"); p != nil {
		return &Author{ID: ii(child(p, "id"))}
	}
	return nil
}

// DecodeAcceptAck reads MCCI_IN000002UV01.
func DecodeAcceptAck(e *xmlwire.Element) (*AcceptAck, bool) {
	if !e.Is(Namespace, string(AcceptAcknowledgement)) {
		return nil, false
	}
	t, _ := Wrapper(e)
	return &AcceptAck{t, acknowledgement(e)}, true
}

// child is the first child element of that name in the namespace of HL7; nil of nil.
func child(e *xmlwire.Element, local string) *xmlwire.Element {
	if e == nil {
		return nil
	}
	return e.Child(Namespace, local)
}

// descend follows a path of first children.
func descend(e *xmlwire.Element, path ...string) *xmlwire.Element {
	for _, local := range path {
		e = child(e, local)
	}
	return e
}

// all yields the children of that name.
func all(e *xmlwire.Element, local string) iter.Seq[*xmlwire.Element] {
	return func(yield func(*xmlwire.Element) bool) {
		if e == nil {
			return
		}
		for c := e.First; c != nil; c = c.Next {
			if c.Is(Namespace, local) && !yield(c) {
				return
			}
		}
	}
}

// attr is the trimmed value of an attribute.
func attr(e *xmlwire.Element, name string) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Attr(name))
}

func value(e *xmlwire.Element) string { return attr(e, "value") }

// text is the trimmed character data.
func text(e *xmlwire.Element) string {
	if e == nil {
		return ""
	}
	return strings.TrimSpace(e.Text())
}

// list decodes each child of that name.
func list[T any](e *xmlwire.Element, local string, decode func(*xmlwire.Element) T) []T {
	var out []T
	for c := range all(e, local) {
		out = append(out, decode(c))
	}
	return out
}
