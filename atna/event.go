package atna

import "time"

// Event is one audit message (DICOM PS3.15 A.5.1).
type Event struct {
	Identification EventIdentification
	Participants   []ActiveParticipant // at least one
	Source         AuditSource
	Objects        []ParticipantObject
}

// EventIdentification says what happened, when and how it ended.
type EventIdentification struct {
	ID                 Code
	Action             Action
	Time               time.Time // written in UTC with microseconds
	Outcome            Outcome
	Types              []Code
	OutcomeDescription string
	PurposeOfUse       []Code
}

// ActiveParticipant is a person or system that took part.
type ActiveParticipant struct {
	UserID            string
	AlternativeUserID string
	UserName          string
	UserIsRequestor   bool
	NetworkAccess     NetworkAccessPoint
	Roles             []Code
}

// NetworkAccessPoint is where a participant was reached; the zero value is unknown.
type NetworkAccessPoint struct {
	ID   string
	Type NetworkAccessPointType
}

// AuditSource is the system that recorded the event.
type AuditSource struct {
	EnterpriseSiteID string
	ID               string
	Types            []Code
}

// ParticipantObject is what the event is about. Name and Query exclude each other; Query wins.
type ParticipantObject struct {
	ID            string
	Type          ObjectType
	Role          ObjectRole
	DataLifeCycle DataLifeCycle
	Sensitivity   string
	IDType        Code
	Name          string
	Query         []byte // base64 on the wire
	Details       []Detail
}

// Detail is a property of an object.
type Detail struct {
	Type  string
	Value []byte // base64 on the wire
}

// Code is a value of a code system. Type codes of audit sources may have Value alone.
type Code struct {
	Value  string // csd-code
	System string // codeSystemName
	Text   string // originalText
	Name   string // displayName, optional
}

// Is tells whether both are the same value of the same system, whatever they call it.
func (c Code) Is(d Code) bool { return c.Value == d.Value && c.System == d.System }

// Action is EventActionCode.
type Action string

// Values of EventActionCode.
const (
	Create  Action = "C"
	Read    Action = "R"
	Update  Action = "U"
	Delete  Action = "D"
	Execute Action = "E"
)

// Outcome is EventOutcomeIndicator.
type Outcome int

// Values of EventOutcomeIndicator.
const (
	Success        Outcome = 0
	MinorFailure   Outcome = 4  // warnings, partial success
	SeriousFailure Outcome = 8  // refused
	MajorFailure   Outcome = 12 // we broke
)

// String names the outcome in a word.
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case MinorFailure:
		return "minor"
	case SeriousFailure:
		return "serious"
	case MajorFailure:
		return "major"
	}
	return "unknown"
}

// NetworkAccessPointType is NetworkAccessPointTypeCode; 0 is absent.
type NetworkAccessPointType int

// Values of NetworkAccessPointTypeCode.
const (
	MachineName NetworkAccessPointType = iota + 1
	IPAddress
	TelephoneNumber
	EmailAddress
	URI
)

// ObjectType is ParticipantObjectTypeCode; 0 is absent.
type ObjectType int

// Values of ParticipantObjectTypeCode.
const (
	Person ObjectType = iota + 1
	SystemObject
	Organization
	Other
)

// ObjectRole is ParticipantObjectTypeCodeRole; 0 is absent.
type ObjectRole int

// Values of ParticipantObjectTypeCodeRole that are used here.
const (
	PatientRole          ObjectRole = 1
	ReportRole           ObjectRole = 3
	SecurityUserRole     ObjectRole = 11
	SecurityResourceRole ObjectRole = 13
	ProviderRole         ObjectRole = 15
	JobRole              ObjectRole = 20
	QueryRole            ObjectRole = 24

	lastRole ObjectRole = 26
)

// DataLifeCycle is ParticipantObjectDataLifeCycle; 0 is absent.
type DataLifeCycle int

// Values of ParticipantObjectDataLifeCycle that are used here.
const (
	Origination      DataLifeCycle = 1
	Amendment        DataLifeCycle = 3
	Translation      DataLifeCycle = 5
	AccessUse        DataLifeCycle = 6
	Disclosure       DataLifeCycle = 11
	LogicalDeletion  DataLifeCycle = 14
	PermanentErasure DataLifeCycle = 15

	lastLifeCycle DataLifeCycle = PermanentErasure
)
