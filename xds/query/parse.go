package query

import (
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// sectionValues is the coding of parameters.
const sectionValues = "ITI TF-2: 3.18.4.1.2.3.5"

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

// Parse reads a stored query. The error is an xds.Errors with every problem found, each located at a parameter:
//
//	XDSUnknownStoredQuery       the id is not in the Catalogue; queries of ITI-51 are not
//	XDSStoredQueryMissingParam  a required parameter, or both of an either-or pair, are absent or empty, or none of the
//	                            status values is understood
//	XDSStoredQueryParamNumber   several values for one, or both of an either-or pair
//	XDSRegistryError            a value cannot be read, among them patient ids; more than 10 000 values, or a value of
//	                            more than 64 KiB
//
// Unknown parameters have no effect (ebRS 3.0: 6.3.2.1). The same parameter in several slots is AND where that is
// defined, else one list.
func Parse(request *ebrim.AdhocQueryRequest) (Query, error) {
	def := byID(request.QueryID)
	if def == nil {
		return nil, xds.Errors{unknown(request)}
	}
	r := newReader(def)
	r.load(request.Slots)
	r.check()
	q := def.read(r)
	if err := r.problems(); err != nil {
		return nil, err
	}
	return q, nil
}

func unknown(request *ebrim.AdhocQueryRequest) *xds.Error {
	e := knownQuery.Broken(shorten(strings.TrimSpace(request.QueryID)), "")
	id, _ := readUUID(request.QueryID)
	switch name := multiPatient[string(id)]; {
	case name != "":
		e.Context = "AdhocQuery id: expected a query of ITI-18, got " + name + " of ITI-51 (Multi-Patient Stored Query)"
	case request.Expression:
		e.Context = "AdhocQuery id: expected a stored query, got a QueryExpression and the id " + orNothing(request.QueryID)
	default:
		e.Context = "AdhocQuery id: expected the id of a stored query of ITI-18, got " + orNothing(request.QueryID)
	}
	return e
}

func orNothing(s string) string {
	if strings.TrimSpace(s) == "" {
		return "nothing"
	}
	return quoted(s)
}
