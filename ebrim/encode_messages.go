package ebrim

// Declarations bind the prefixes that this package writes; they belong on the body element.
const (
	DeclareRim = ` xmlns:rim="` + NSRim + `"`
	DeclareRs  = ` xmlns:rs="` + NSRs + `"`
)

// AppendSubmitObjectsRequest writes a whole lcm:SubmitObjectsRequest with its own namespace declarations.
func AppendSubmitObjectsRequest(dst []byte, l *RegistryObjectList) []byte {
	dst = append(dst, `<lcm:SubmitObjectsRequest xmlns:lcm="`+NSLcm+`"`+DeclareRim+`>`...)
	dst = AppendRegistryObjectList(dst, l)
	return append(dst, "</lcm:SubmitObjectsRequest>"...)
}

// AppendRegistryObjectList writes rim:RegistryObjectList with the objects class by class.
func AppendRegistryObjectList(dst []byte, l *RegistryObjectList) []byte {
	dst = append(dst, "<rim:RegistryObjectList>"...)
	for _, o := range l.ExtrinsicObjects {
		dst = AppendExtrinsicObject(dst, o)
	}
	for _, o := range l.RegistryPackages {
		dst = AppendRegistryPackage(dst, o)
	}
	for _, c := range l.Classifications {
		dst = appendClassification(dst, c)
	}
	for _, o := range l.Associations {
		dst = AppendAssociation(dst, o)
	}
	for _, r := range l.ObjectRefs {
		dst = AppendObjectRef(dst, r)
	}
	return append(dst, "</rim:RegistryObjectList>"...)
}

// AppendRegistryResponse writes a whole rs:RegistryResponse with its own namespace declaration.
func AppendRegistryResponse(dst []byte, r *RegistryResponse) []byte {
	return appendResponse(append(dst, "<rs:RegistryResponse"+DeclareRs...), r)
}

// AppendNestedRegistryResponse writes rs:RegistryResponse where the prefix rs is bound already.
func AppendNestedRegistryResponse(dst []byte, r *RegistryResponse) []byte {
	return appendResponse(append(dst, "<rs:RegistryResponse"...), r)
}

func appendResponse(dst []byte, r *RegistryResponse) []byte {
	dst = appendAttr(dst, "status", r.Status)
	dst = appendOptional(dst, "requestId", r.RequestID)
	if len(r.Errors) == 0 {
		return append(dst, "/>"...)
	}
	dst = append(dst, '>')
	dst = appendErrorList(dst, r.Errors)
	return append(dst, "</rs:RegistryResponse>"...)
}

// AppendAdhocQueryResponseHead writes query:AdhocQueryResponse up to and with the start tag of rim:RegistryObjectList;
// the objects follow, then AdhocQueryResponseTail. The schema asks for the list even when it is empty.
func AppendAdhocQueryResponseHead(dst []byte, status string, errors []RegistryError) []byte {
	dst = append(dst, `<query:AdhocQueryResponse xmlns:query="`+NSQuery+`"`+DeclareRim...)
	if len(errors) > 0 {
		dst = append(dst, DeclareRs...)
	}
	dst = appendAttr(dst, "status", status)
	dst = append(dst, '>')
	if len(errors) > 0 {
		dst = appendErrorList(dst, errors)
	}
	return append(dst, "<rim:RegistryObjectList>"...)
}

// AdhocQueryResponseTail closes what AppendAdhocQueryResponseHead opened.
const AdhocQueryResponseTail = "</rim:RegistryObjectList></query:AdhocQueryResponse>"

// AppendAdhocQueryRequest writes a whole query:AdhocQueryRequest with its own namespace declarations.
func AppendAdhocQueryRequest(dst []byte, q *AdhocQueryRequest) []byte {
	dst = append(dst, `<query:AdhocQueryRequest xmlns:query="`+NSQuery+`"`+DeclareRim+`><query:ResponseOption`...)
	dst = appendAttr(dst, "returnType", q.ReturnType)
	dst = append(dst, ` returnComposedObjects="true"/><rim:AdhocQuery`...)
	dst = appendAttr(dst, "id", q.QueryID)
	dst = appendOptional(dst, "home", q.Home)
	dst = append(dst, '>')
	for i := range q.Slots {
		dst = AppendSlot(dst, &q.Slots[i])
	}
	return append(dst, "</rim:AdhocQuery></query:AdhocQueryRequest>"...)
}

func appendErrorList(dst []byte, errors []RegistryError) []byte {
	highest := SeverityWarning
	for _, e := range errors {
		if e.Severity != SeverityWarning {
			highest = SeverityError
		}
	}
	dst = append(dst, "<rs:RegistryErrorList"...)
	dst = appendAttr(dst, "highestSeverity", highest)
	dst = append(dst, '>')
	for _, e := range errors {
		dst = append(dst, "<rs:RegistryError"...)
		dst = appendAttr(dst, "errorCode", e.Code)
		dst = appendAttr(dst, "codeContext", e.Context)
		dst = appendAttr(dst, "severity", e.Severity)
		dst = appendAttr(dst, "location", e.Location)
		dst = append(dst, "/>"...)
	}
	return append(dst, "</rs:RegistryErrorList>"...)
}
