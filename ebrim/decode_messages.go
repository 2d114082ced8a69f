package ebrim

import "dossier/internal/xmlwire"

// DecodeAdhocQueryRequest reads query:AdhocQueryRequest; ok is false when e is another element or lacks its
// rim:AdhocQuery.
func DecodeAdhocQueryRequest(e *xmlwire.Element) (q *AdhocQueryRequest, ok bool) {
	if !e.Is(NSQuery, "AdhocQueryRequest") {
		return nil, false
	}
	a := e.Child(NSRim, "AdhocQuery")
	if a == nil {
		return nil, false
	}
	q = &AdhocQueryRequest{QueryID: trimmed(a, "id"), Home: trimmed(a, "home")}
	if o := e.Child(NSQuery, "ResponseOption"); o != nil {
		q.ReturnType = trimmed(o, "returnType")
	}
	for c := range a.Children() {
		switch {
		case c.Is(NSRim, "Slot"):
			q.Slots = append(q.Slots, decodeSlot(c))
		case c.Is(NSRim, "QueryExpression"):
			q.Expression = true
		}
	}
	return q, true
}

// DecodeRegistryResponse reads rs:RegistryResponse, or the same attributes and error list on another element
// (query:AdhocQueryResponse shares them). ok is false when e carries no status.
func DecodeRegistryResponse(e *xmlwire.Element) (r *RegistryResponse, ok bool) {
	status, ok := e.LookupAttr("", "status")
	if !ok {
		return nil, false
	}
	r = &RegistryResponse{Status: status, RequestID: e.Attr("requestId")}
	list := e.Child(NSRs, "RegistryErrorList")
	if list == nil {
		return r, true
	}
	for c := range list.Children() {
		if c.Is(NSRs, "RegistryError") {
			r.Errors = append(r.Errors, RegistryError{
				Code: trimmed(c, "errorCode"), Context: c.Attr("codeContext"), Severity: trimmed(c, "severity"), Location: c.Attr("location"),
			})
		}
	}
	return r, true
}

// DecodeAdhocQueryResponse reads query:AdhocQueryResponse. A missing rim:RegistryObjectList is read as an empty one,
// which real registries send on Failure.
func DecodeAdhocQueryResponse(e *xmlwire.Element) (*AdhocQueryResponse, bool) {
	if !e.Is(NSQuery, "AdhocQueryResponse") {
		return nil, false
	}
	r, ok := DecodeRegistryResponse(e)
	if !ok {
		return nil, false
	}
	out := &AdhocQueryResponse{Status: r.Status, Errors: r.Errors, Objects: &RegistryObjectList{}}
	if l := e.Child(NSRim, "RegistryObjectList"); l != nil {
		out.Objects = DecodeRegistryObjectList(l)
	}
	return out, true
}
