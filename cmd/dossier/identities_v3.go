package main

import (
	"strings"

	"dossier/soap"
)

// demoDevice is the name in HL7 v3 messages of a server without configuration.
const demoDevice = "2.999.1.3"

// isURL tells a SOAP endpoint from the host:port of MLLP.
func isURL(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// Messages about patients are a few kilobytes. These bounds leave room for one with 200 ids.
const (
	identityBody     = 1 << 20
	identityElements = 20_000
)

func (n *node) identityServer(operations []soap.Operation) *soap.Server {
	s := n.soapServer(operations)
	s.Limits.Envelope, s.Limits.Body = min(s.Limits.Envelope, identityBody), min(s.Limits.Body, identityBody)
	s.Limits.XML.Elements = identityElements
	return s
}
