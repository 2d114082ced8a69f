package soap

import (
	"strings"

	"dossier/internal/xmlwire"
)

// addressing holds the WS-Addressing headers of one message.
type addressing struct {
	action    string // trimmed
	messageID string // as received: it is echoed byte for byte
	to        string // trimmed
	replyTo   string // trimmed
	faultTo   string // trimmed
}

func isAddressing(space string) bool {
	return space == NamespaceAddressing || space == namespaceAddressing2004
}

// read collects the headers that are addressed to us. Of the two namespaces the current one wins; a header that is
// repeated with the same content counts once.
func (a *addressing) read(blocks []*xmlwire.Element) error {
	// What may be answered comes before what may be wrong: faults need RelatesTo.
	fields := []struct {
		name  string
		value *string
		get   func(*xmlwire.Element) string
	}{
		{"MessageID", &a.messageID, (*xmlwire.Element).Text},
		{"To", &a.to, trimmedText},
		{"ReplyTo", &a.replyTo, endpointAddress},
		{"FaultTo", &a.faultTo, endpointAddress},
		{"Action", &a.action, trimmedText},
	}
	for _, f := range fields {
		v, ok := headerValue(blocks, NamespaceAddressing, f.name, f.get)
		if ok && v == "" {
			v, ok = headerValue(blocks, namespaceAddressing2004, f.name, f.get)
		}
		if !ok {
			return invalidAddressing("wsa:InvalidCardinality", f.name,
				"expected one wsa:"+f.name+" header, got several that differ")
		}
		*f.value = v
	}
	return nil
}

// headerValue returns the first value of a header; ok is false when another differs from it.
func headerValue(blocks []*xmlwire.Element, space, local string, get func(*xmlwire.Element) string) (value string, ok bool) {
	seen := false
	for _, b := range blocks {
		if !b.Is(space, local) || !forUs(b) {
			continue
		}
		v := get(b)
		if seen && v != value {
			return value, false
		}
		value, seen = v, true
	}
	return value, true
}

func trimmedText(e *xmlwire.Element) string { return strings.TrimSpace(e.Text()) }

// endpointAddress reads the wsa:Address of an endpoint reference.
func endpointAddress(e *xmlwire.Element) string {
	for c := range e.Children() {
		if isAddressing(c.Name.Space) && c.Name.Local == "Address" {
			return trimmedText(c)
		}
	}
	return ""
}

// onlyAnonymous refuses an answer to anywhere but the connection it came on. A server that posts wherever a message
// says is a way into the network behind it, so the asynchronous exchange of ITI TF-2: Appendix V is not offered.
func (a *addressing) onlyAnonymous() error {
	for _, to := range []struct{ header, address string }{{"ReplyTo", a.replyTo}, {"FaultTo", a.faultTo}} {
		switch to.address {
		case "", Anonymous, None, anonymous2004:
		default:
			return invalidAddressing("wsa:OnlyAnonymousAddressSupported", to.header,
				"only the anonymous address is supported in wsa:"+to.header)
		}
	}
	return nil
}
