package query

import (
	"errors"
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// sectionValues is the coding of parameters.
const sectionValues = "ITI TF-2: 3.18.4.1.2.3.5"

const multiPatientTransaction = "ITI-51 (Multi-Patient Stored Query)"

// LeafClass tells whether an answer carries full objects (LeafClass) or their ids (ObjectRef). Any other return type is
// an xds.Errors with XDSRegistryError, also the absent one, although the schema has a default for it.
func LeafClass(returnType string) (bool, error) {
	switch strings.TrimSpace(returnType) {
	case ebrim.ReturnLeafClass:
		return true, nil
	case ebrim.ReturnObjectRef:
		return false, nil
	}
	return false, returnTypeKnown.Refuse("returnType", "returnType: expected LeafClass or ObjectRef, got "+orNothing(returnType), nil)
}

// Parse reads a stored query of ITI-18. The error is an xds.Errors with every problem found, each located at a parameter:
//
//	XDSUnknownStoredQuery       the id is not in the Catalogue, or that of a query of ITI-51
//	XDSStoredQueryMissingParam  a required parameter, or both of an either-or pair, are absent or empty, or none of the
//	                            status values is understood
//	XDSStoredQueryParamNumber   several values for one, or both of an either-or pair
//	XDSRegistryError            a value cannot be read, among them patient ids; more than 10 000 values, a value of more
//	                            than 64 KiB, or more than 16 lists of one parameter that are AND; a returnType that
//	                            LeafClass refuses
//
// Unknown parameters have no effect (ebRS 3.0: 6.3.2.1). The same parameter in several slots is AND where that is
// defined, else one list.
func Parse(request *ebrim.AdhocQueryRequest) (Query, error) {
	def := byID(request.QueryID)
	if def == nil || def.MultiPatient {
		return nil, xds.Errors{unknown(request, def, "ITI-18", multiPatientTransaction, knownQuery.Cite)}
	}
	return read(request, def)
}

// ParseMultiPatient reads a stored query of ITI-51 in the same way. XDSStoredQueryMissingParam also tells that nothing narrows
// the answer: neither patients nor the codes that may stand in for them (ITI TF-2: 3.51.4.1.2).
func ParseMultiPatient(request *ebrim.AdhocQueryRequest) (Query, error) {
	def := byID(request.QueryID)
	if def == nil || !def.MultiPatient {
		return nil, xds.Errors{unknown(request, def, multiPatientTransaction, "ITI-18", multiPatientSection)}
	}
	return read(request, def)
}

func read(request *ebrim.AdhocQueryRequest, def *Definition) (Query, error) {
	r := newReader(def)
	if _, err := LeafClass(request.ReturnType); err != nil {
		r.errs, _ = errors.AsType[xds.Errors](err)
	}
	r.load(request.Slots)
	r.check()
	q := def.read(r)
	if err := r.problems(); err != nil {
		return nil, err
	}
	return q, nil
}

// unknown words the refusal of an id; def is the query of the other transaction that it names, if it does.
func unknown(request *ebrim.AdhocQueryRequest, def *Definition, here, there, section string) *xds.Error {
	e := knownQuery.Broken(shorten(strings.TrimSpace(request.QueryID)), "")
	e.Section = section
	switch {
	case def != nil:
		e.Context = "AdhocQuery id: expected a query of " + here + ", got " + def.Name + " of " + there
	case request.Expression:
		e.Context = "AdhocQuery id: expected a stored query, got a QueryExpression and the id " + orNothing(request.QueryID)
	default:
		e.Context = "AdhocQuery id: expected the id of a stored query of " + here + ", got " + orNothing(request.QueryID)
	}
	return e
}

func orNothing(s string) string {
	if strings.TrimSpace(s) == "" {
		return "nothing"
	}
	return quoted(s)
}
