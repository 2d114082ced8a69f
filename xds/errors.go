package xds

import (
	"strings"

	"dossier/ebrim"
)

// ErrorCode is a value of RegistryError/@errorCode.
type ErrorCode string

// Error codes of ITI TF-3: Table 4.2.4.1-2 that the transactions of this server send.
const (
	UnresolvedReferenceException          ErrorCode = "UnresolvedReferenceException"
	XDSDocumentUniqueIDError              ErrorCode = "XDSDocumentUniqueIdError"
	XDSDuplicateUniqueIDInRegistry        ErrorCode = "XDSDuplicateUniqueIdInRegistry"
	XDSMissingDocument                    ErrorCode = "XDSMissingDocument"
	XDSMissingDocumentMetadata            ErrorCode = "XDSMissingDocumentMetadata"
	XDSNonIdenticalHash                   ErrorCode = "XDSNonIdenticalHash"
	XDSNonIdenticalSize                   ErrorCode = "XDSNonIdenticalSize"
	XDSPatientIDDoesNotMatch              ErrorCode = "XDSPatientIdDoesNotMatch"
	XDSRegistryBusy                       ErrorCode = "XDSRegistryBusy"
	XDSRepositoryBusy                     ErrorCode = "XDSRepositoryBusy"
	XDSRegistryDeprecatedDocumentError    ErrorCode = "XDSRegistryDeprecatedDocumentError"
	XDSRegistryDuplicateUniqueIDInMessage ErrorCode = "XDSRegistryDuplicateUniqueIdInMessage"
	XDSRepositoryDuplicateUniqueIDInMsg   ErrorCode = "XDSRepositoryDuplicateUniqueIdInMessage"
	XDSRegistryError                      ErrorCode = "XDSRegistryError"
	XDSRepositoryError                    ErrorCode = "XDSRepositoryError"
	XDSRegistryMetadataError              ErrorCode = "XDSRegistryMetadataError"
	XDSRepositoryMetadataError            ErrorCode = "XDSRepositoryMetadataError"
	XDSRegistryNotAvailable               ErrorCode = "XDSRegistryNotAvailable"
	XDSRegistryOutOfResources             ErrorCode = "XDSRegistryOutOfResources"
	XDSRepositoryOutOfResources           ErrorCode = "XDSRepositoryOutOfResources"
	XDSResultNotSinglePatient             ErrorCode = "XDSResultNotSinglePatient"
	XDSStoredQueryMissingParam            ErrorCode = "XDSStoredQueryMissingParam"
	XDSStoredQueryParamNumber             ErrorCode = "XDSStoredQueryParamNumber"
	XDSTooManyResults                     ErrorCode = "XDSTooManyResults"
	XDSUnknownPatientID                   ErrorCode = "XDSUnknownPatientId"
	XDSUnknownRepositoryID                ErrorCode = "XDSUnknownRepositoryId"
	XDSUnknownStoredQuery                 ErrorCode = "XDSUnknownStoredQuery"
)

// Error is one problem of a request, or with Warning set one remark on a successful one.
type Error struct {
	Code     ErrorCode
	Warning  bool
	Context  string // what was expected, what came; safe to send to the peer that caused it
	Location string // id of the object as the sender wrote it, or the path, or the DocumentUniqueId
	Rule     string // name of the rule that was broken, "" if there is none
	Section  string // its citation
	Err      error  // the cause, for the log only

	Reference string // names the exchange in our log
	Relayed   bool   // came from another registry: rendered as it came
}

// Error gives code and context.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Context }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// RegistryError renders e for the wire: the context ends with the rule, its section and the reference, so that whoever
// reads it knows where to look.
func (e *Error) RegistryError() ebrim.RegistryError {
	severity := ebrim.SeverityError
	if e.Warning {
		severity = ebrim.SeverityWarning
	}
	var notes []string
	for _, n := range []string{e.Rule, e.Section} {
		if n != "" {
			notes = append(notes, n)
		}
	}
	if e.Reference != "" {
		notes = append(notes, "reference "+e.Reference)
	}
	context := e.Context
	if len(notes) > 0 {
		context += " [" + strings.Join(notes, ", ") + "]"
	}
	return ebrim.RegistryError{Code: string(e.Code), Context: context, Severity: severity, Location: e.Location}
}

// Errors is the problems of one request in the order in which they were found.
type Errors []*Error

// Error joins the problems, one per line.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Refused tells whether any of them is more than a warning.
func (es Errors) Refused() bool {
	for _, e := range es {
		if !e.Warning {
			return true
		}
	}
	return false
}

// Status is the response status that goes with the problems: ebRS Failure or Success.
func (es Errors) Status() string {
	if es.Refused() {
		return ebrim.StatusFailure
	}
	return ebrim.StatusSuccess
}

// RegistryErrors renders all of them for the wire.
func (es Errors) RegistryErrors() []ebrim.RegistryError {
	out := make([]ebrim.RegistryError, len(es))
	for i, e := range es {
		out[i] = e.RegistryError()
	}
	return out
}
