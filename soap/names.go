package soap

// Namespaces of the envelope, its headers and the XOP reference.
const (
	NamespaceEnvelope   = "http://www.w3.org/2003/05/soap-envelope"
	NamespaceAddressing = "http://www.w3.org/2005/08/addressing"
	NamespaceXOP        = "http://www.w3.org/2004/08/xop/include"
	NamespaceSecurity   = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

	namespaceEnvelope11 = "http://schemas.xmlsoap.org/soap/envelope/"
	// The submission of 2004 is read because old clients still send it; it is never written.
	namespaceAddressing2004 = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
)

// Addresses with a meaning of their own in wsa:ReplyTo and wsa:FaultTo.
const (
	Anonymous = NamespaceAddressing + "/anonymous"
	None      = NamespaceAddressing + "/none"

	anonymous2004 = namespaceAddressing2004 + "/role/anonymous"
)

// Actions of fault messages (WS-Addressing 1.0 SOAP Binding, section 6).
const (
	ActionSOAPFault       = NamespaceAddressing + "/soap/fault"
	ActionAddressingFault = NamespaceAddressing + "/fault"
)

const (
	roleNext     = NamespaceEnvelope + "/role/next"
	roleUltimate = NamespaceEnvelope + "/role/ultimateReceiver"
)

const (
	typeSOAP     = "application/soap+xml"
	typeXOP      = "application/xop+xml"
	typeXML      = "text/xml"
	typeRelated  = "multipart/related"
	typeBinary   = "application/octet-stream"
	typeSOAPUTF8 = typeSOAP + "; charset=UTF-8"
)
