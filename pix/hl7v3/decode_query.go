package hl7v3

import (
	"fmt"

	"dossier/internal/xmlwire"
)

// DecodePIXQuery reads PRPA_IN201309UV02; ok is false for any other element.
func DecodePIXQuery(doc *xmlwire.Document, e *xmlwire.Element) (q *PIXQuery, ok bool) {
	if !e.Is(Namespace, string(GetIdentifiers)) {
		return nil, false
	}
	act := child(e, "controlActProcess")
	by := child(act, "queryByParameter")
	list := child(by, "parameterList")
	q = &PIXQuery{
		Author: author(act), QueryID: ii(child(by, "queryId")),
		Status:      attr(child(by, "statusCode"), "code"),
		Priority:    attr(child(by, "responsePriorityCode"), "code"),
		DataSources: params(list, "dataSource"),
		Patients:    params(list, "patientIdentifier"),
		Echo:        echo(doc, by),
	}
	q.Transmission, _ = Wrapper(e)
	return q, true
}

// DecodeDemographicsQuery reads PRPA_IN201305UV02; ok is false for any other element.
func DecodeDemographicsQuery(doc *xmlwire.Document, e *xmlwire.Element) (q *DemographicsQuery, ok bool) {
	if !e.Is(Namespace, string(FindCandidates)) {
		return nil, false
	}
	act := child(e, "controlActProcess")
	by := child(act, "queryByParameter")
	q = &DemographicsQuery{
		Author: author(act), QueryID: ii(child(by, "queryId")),
		Status:             attr(child(by, "statusCode"), "code"),
		Modality:           attr(child(by, "responseModalityCode"), "code"),
		Priority:           attr(child(by, "responsePriorityCode"), "code"),
		InitialQuantity:    value(child(by, "initialQuantity")),
		MinimumDegreeMatch: value(descend(by, "matchCriterionList", "minimumDegreeMatch", "value")),
		Parameters:         parameterList(child(by, "parameterList")),
		Echo:               echo(doc, by),
	}
	q.Transmission, _ = Wrapper(e)
	return q, true
}

// parameterList reads the parameters by the names of their elements: semanticsText differs from sender to sender.
func parameterList(e *xmlwire.Element) ParameterList {
	p := ParameterList{
		Genders:              values(e, "livingSubjectAdministrativeGender", code),
		BirthTimes:           values(e, "livingSubjectBirthTime", interval),
		IDs:                  params(e, "livingSubjectId"),
		Names:                values(e, "livingSubjectName", name),
		MothersMaidenNames:   values(e, "mothersMaidenName", name),
		ScopingOrganizations: params(e, "otherIDsScopingOrganization"),
		Addresses:            values(e, "patientAddress", address),
		Telecoms:             values(e, "patientTelecom", telecom),
	}
	for _, local := range otherParameters {
		if child(e, local) != nil {
			p.Others = append(p.Others, local)
		}
	}
	return p
}

// otherParameters are those of PRPA_MT201306UV02 that ITI-47 has no use for.
var otherParameters = []string{
	"livingSubjectBirthPlaceAddress", "livingSubjectBirthPlaceName", "livingSubjectDeceasedTime", "patientStatusCode",
	"principalCareProviderId", "principalCareProvisionId",
}

// values reads the values of all parameters of that name.
func values[T any](e *xmlwire.Element, local string, decode func(*xmlwire.Element) T) []T {
	var out []T
	for p := range all(e, local) {
		out = append(out, list(p, "value", decode)...)
	}
	return out
}

// params reads identifiers with their place.
func params(e *xmlwire.Element, local string) []Param {
	var out []Param
	n := count(e, local)
	i := 0
	for p := range all(e, local) {
		i++
		at := local
		if n > 1 {
			at = fmt.Sprintf("%s[%d]", local, i)
		}
		several, j := count(p, "value") > 1, 0
		for v := range all(p, "value") {
			j++
			place := at + "/value"
			if several {
				place = fmt.Sprintf("%s/value[%d]", at, j)
			}
			out = append(out, Param{ii(v), place})
		}
	}
	return out
}

func count(e *xmlwire.Element, local string) int {
	n := 0
	for range all(e, local) {
		n++
	}
	return n
}

// DecodeResponse reads PRPA_IN201310UV02 or PRPA_IN201306UV02; ok is false for any other element.
func DecodeResponse(doc *xmlwire.Document, e *xmlwire.Element) (r *Response, ok bool) {
	if !e.Is(Namespace, string(GetIdentifiersResponse)) && !e.Is(Namespace, string(FindCandidatesResponse)) {
		return nil, false
	}
	act := child(e, "controlActProcess")
	ack := child(act, "queryAck")
	r = &Response{
		Acknowledgement: acknowledgement(e), Subjects: subjects(act),
		QueryAck: QueryAck{
			QueryID: ii(child(ack, "queryId")), Status: attr(child(ack, "statusCode"), "code"),
			Response: attr(child(ack, "queryResponseCode"), "code"), Total: value(child(ack, "resultTotalQuantity")),
			Current: value(child(ack, "resultCurrentQuantity")), Remaining: value(child(ack, "resultRemainingQuantity")),
		},
		Echo: echo(doc, child(act, "queryByParameter")),
	}
	r.Transmission, _ = Wrapper(e)
	return r, true
}

// DecodeContinuation reads QUQI_IN000003UV01, or QUQI_IN000003UV01_Cancel as the WSDL has it; ok is false for any other element.
func DecodeContinuation(e *xmlwire.Element) (c *Continuation, ok bool) {
	if !e.Is(Namespace, string(QueryContinue)) && !e.Is(Namespace, string(QueryCancel)) {
		return nil, false
	}
	q := descend(e, "controlActProcess", "queryContinuation")
	c = &Continuation{
		Acknowledgement: acknowledgement(e), QueryID: ii(child(q, "queryId")),
		Start: value(child(q, "startResultNumber")), Quantity: value(child(q, "continuationQuantity")),
		Status: attr(child(q, "statusCode"), "code"),
	}
	c.Transmission, _ = Wrapper(e)
	return c, true
}
