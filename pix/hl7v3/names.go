package hl7v3

// Namespace is that of every element of a message.
const Namespace = "urn:hl7-org:v3"

const namespaceXSI = "http://www.w3.org/2001/XMLSchema-instance"

// Interaction is the name of a message: its root element and the extension of its interactionId.
type Interaction string

// The interactions (ITI TF-2: 3.44.4, 3.45.4, 3.46.4, 3.47.4).
const (
	PatientAdded              Interaction = "PRPA_IN201301UV02"
	PatientRevised            Interaction = "PRPA_IN201302UV02" // also the notification of ITI-46
	PatientDuplicatesResolved Interaction = "PRPA_IN201304UV02"
	FindCandidates            Interaction = "PRPA_IN201305UV02"
	FindCandidatesResponse    Interaction = "PRPA_IN201306UV02"
	GetIdentifiers            Interaction = "PRPA_IN201309UV02"
	GetIdentifiersResponse    Interaction = "PRPA_IN201310UV02"
	AcceptAcknowledgement     Interaction = "MCCI_IN000002UV01"
	QueryContinue             Interaction = "QUQI_IN000003UV01"
	// QueryCancel is the root element of a cancellation; its interactionId is that of QueryContinue.
	QueryCancel Interaction = "QUQI_IN000003UV01_Cancel"
)

// triggers gives controlActProcess/code: the digits of the interaction. Continuations are met with QUQI_TE000003UV01 too; the
// code is not looked at when reading.
var triggers = map[Interaction]string{
	PatientAdded:              "PRPA_TE201301UV02",
	PatientRevised:            "PRPA_TE201302UV02",
	PatientDuplicatesResolved: "PRPA_TE201304UV02",
	FindCandidates:            "PRPA_TE201305UV02",
	FindCandidatesResponse:    "PRPA_TE201306UV02",
	GetIdentifiers:            "PRPA_TE201309UV02",
	GetIdentifiersResponse:    "PRPA_TE201310UV02",
	QueryContinue:             "PRPA_TE000003UV01",
	QueryCancel:               "PRPA_TE000003UV01",
}

// Code systems.
const (
	SystemInteractions = "2.16.840.1.113883.1.6"    // interactions and trigger events
	SystemErrors       = "2.16.840.1.113883.5.1100" // AcknowledgementDetailCode
	SystemV2Errors     = "2.16.840.1.113883.12.357" // HL7 v2 table 0357, home of 204
	SystemGender       = "2.16.840.1.113883.5.1"    // AdministrativeGender
	SystemRoleCode     = "2.16.840.1.113883.5.111"  // RoleCode, home of MTH
)

// Values of acknowledgement/typeCode: the accept level in MCCI_IN000002UV01, the application level in answers to queries.
const (
	AcceptOK     = "CA"
	AcceptError  = "CE"
	AcceptReject = "CR"
	ApplyOK      = "AA"
	ApplyError   = "AE"
	ApplyReject  = "AR"
)

// Values of queryAck/queryResponseCode.
const (
	ResponseOK             = "OK" // data found
	ResponseNone           = "NF" // no data, no error
	ResponseError          = "AE" // application error
	ResponseParameterError = "QE" // error in the query's parameters
)

// Values of statusCode in queries and their answers.
const (
	StatusNew         = "new"
	StatusDelivered   = "deliveredResponse"
	StatusAborted     = "aborted"
	StatusWaitForMore = "waitContinuedQueryResponse"
	statusActive      = "active"
	statusObsolete    = "obsolete"
)

// Codes of acknowledgementDetail (ITI TF-2: Appendix O, and 3.45.4.2.3 for 204).
const (
	UnknownKey           = "204"    // patient id or domain not known; the only one of SystemV2Errors
	RequiredMissing      = "SYN105" // required element missing
	DataTypeError        = "SYN102"
	NotInCodeSystem      = "SYN103"
	ConstraintViolated   = "SYN113"
	UnsupportedProcessID = "NS202"
	UnsupportedMode      = "NS250"
	InternalError        = "INTERR"
)
