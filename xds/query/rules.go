package query

import "dossier/xds"

// sectionQueries is where the parameters of all queries are defined; a refusal cites the query's own part of it.
const sectionQueries = "ITI TF-2: 3.18.4.1.2.3.7"

// The rules of stored queries. None can be turned down: a query that cannot be read has no answer. They are never changed.
var (
	knownQuery        = xds.Rule{Name: "known-query", Cite: "ITI TF-2: 3.18.4.1.2.4", Code: xds.XDSUnknownStoredQuery, Fixed: true}
	returnTypeKnown   = xds.Rule{Name: "return-type", Cite: "ITI TF-2: 3.18.4.1.2", Code: xds.XDSRegistryError, Fixed: true}
	parameterCoding   = xds.Rule{Name: "parameter-coding", Cite: sectionValues, Code: xds.XDSRegistryError, Fixed: true}
	queryLimits       = xds.Rule{Name: "query-limits", Cite: sectionValues, Code: xds.XDSRegistryError, Fixed: true}
	objectTypeKnown   = xds.Rule{Name: "entry-type-known", Cite: sectionQueries, Code: xds.XDSRegistryError, Fixed: true}
	requiredParameter = xds.Rule{Name: "required-parameter", Cite: sectionQueries, Code: xds.XDSStoredQueryMissingParam, Fixed: true}
	singleValue       = xds.Rule{Name: "single-value", Cite: sectionQueries, Code: xds.XDSStoredQueryParamNumber, Fixed: true}
	patientsOrCodes   = xds.Rule{Name: "patients-or-codes", Cite: multiPatientSection, Code: xds.XDSStoredQueryMissingParam, Fixed: true}
	eitherOr          = xds.Rule{Name: "either-or", Cite: sectionQueries, Code: xds.XDSStoredQueryParamNumber, Fixed: true}
)

// Rules lists those of ITI-18 and ITI-51 in the order in which they are judged.
func Rules() []xds.Rule {
	return []xds.Rule{knownQuery, returnTypeKnown, parameterCoding, queryLimits, objectTypeKnown, requiredParameter, singleValue}
}

// ChoiceRules lists those of ITI-18 alone: its queries have pairs of which one is chosen.
func ChoiceRules() []xds.Rule { return []xds.Rule{eitherOr} }

// MultiPatientRules lists those of ITI-51 alone.
func MultiPatientRules() []xds.Rule { return []xds.Rule{patientsOrCodes} }
