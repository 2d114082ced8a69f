package soap

import (
	"slices"
	"strings"

	"dossier/internal/xmlwire"
)

// envelope is a parsed SOAP 1.2 message with its addressing headers.
type envelope struct {
	doc    *xmlwire.Document
	header []*xmlwire.Element
	body   *xmlwire.Element
	wsa    addressing
}

// open takes the envelope apart (SOAP 1.2 part 1, section 5). The addressing headers are read first, so that a fault
// about the rest can say what it relates to.
func (e *envelope) open() error {
	root := e.doc.Root
	if !root.Is(NamespaceEnvelope, "Envelope") {
		return VersionMismatch(root.Name)
	}
	head, body, err := e.sections(root)
	if err != nil {
		return err
	}
	if head != nil {
		for block := range head.Children() {
			e.header = append(e.header, block)
		}
	}
	wsaErr := e.wsa.read(e.header)
	e.body = body.First
	switch {
	case wsaErr != nil:
		return wsaErr
	case e.body == nil:
		return SenderFault("expected one element in env:Body, got none", nil)
	case e.body.Next != nil:
		return SenderFault("expected one element in env:Body, got more", nil)
	}
	return nil
}

// sections finds the optional header and the body; nothing else may be there, nor in another order.
func (e *envelope) sections(root *xmlwire.Element) (head, body *xmlwire.Element, err error) {
	for c := range root.Children() {
		switch {
		case c.Is(NamespaceEnvelope, "Header") && head == nil && body == nil:
			head = c
		case c.Is(NamespaceEnvelope, "Body") && body == nil:
			body = c
		default:
			return nil, nil, SenderFault("expected an optional env:Header and one env:Body in the envelope, got "+
				clip(display(c.Name)), nil)
		}
	}
	if body == nil {
		return nil, nil, SenderFault("the envelope has no env:Body", nil)
	}
	return head, body, nil
}

// forUs tells whether a header block is addressed to the receiver of the message, which is the last one on its way.
func forUs(block *xmlwire.Element) bool {
	role, _ := block.LookupAttr(NamespaceEnvelope, "role")
	switch strings.TrimSpace(role) {
	case "", roleNext, roleUltimate:
		return true
	}
	return false
}

// mandatory reads env:mustUnderstand. The letter case is forgiven: "True" is seen on the wire.
func mandatory(block *xmlwire.Element) bool {
	v, _ := block.LookupAttr(NamespaceEnvelope, "mustUnderstand")
	v = strings.TrimSpace(v)
	return v == "1" || strings.EqualFold(v, "true")
}

// notUnderstood lists the mandatory blocks that neither this package nor its user knows. wsse:Security is left to the
// frame around the handlers, which verifies it or has decided not to.
func (e *envelope) notUnderstood(known []xmlwire.Name) []xmlwire.Name {
	var unknown []xmlwire.Name
	for _, block := range e.header {
		if !mandatory(block) || !forUs(block) || isAddressing(block.Name.Space) ||
			block.Is(NamespaceSecurity, "Security") || slices.Contains(known, block.Name) {
			continue
		}
		unknown = append(unknown, block.Name)
	}
	return unknown
}
