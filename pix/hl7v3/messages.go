package hl7v3

import "log/slog"

// Transmission is the wrapper that every message has (ITI TF-2: O.1.1).
type Transmission struct {
	Interaction    Interaction // the root element
	ID             II
	CreationTime   string // YYYYMMDDhhmmss[.fff][+ZZZZ]
	Processing     string // P production, T training, D debugging
	ProcessingMode string // T
	AcceptAck      string // AL in a request, NE in an answer
	Receiver       Device
	Sender         Device
}

// Device is a system that sends or receives. Its id has a root alone; an extension is read all the same.
type Device struct {
	ID           II
	Organization II // asAgent/representedOrganization
}

// Author says on whose behalf a query is asked.
type Author struct {
	Device bool // assignedDevice, else assignedPerson
	ID     II
}

// Acknowledgement answers the message Target.
type Acknowledgement struct {
	Type    string
	Target  II
	Details []Detail
}

// Detail is an acknowledgementDetail: what was wrong and where.
type Detail struct {
	Type         string // E error, W warning, I information
	Code, System string
	Text         string
	Locations    []string // XPath with the prefix hl7 for Namespace
}

// Feed is what a Patient Identity Source tells (ITI-44), or a PIX Manager in ITI-46. A valid one has one subject.
type Feed struct {
	Transmission
	Author   *Author
	Subjects []RegistrationEvent
}

// AcceptAck is MCCI_IN000002UV01, the answer to a feed and to a cancellation.
type AcceptAck struct {
	Transmission
	Acknowledgement
}

// PIXQuery is PRPA_IN201309UV02: which ids does this patient have in those domains (ITI-45)?
type PIXQuery struct {
	Transmission
	Author      *Author
	QueryID     II
	Status      string
	Priority    string
	DataSources []Param // domains to answer for; none for all
	Patients    []Param // a valid query has one
	Echo        Echo
}

// Param is a parameter whose place a refusal has to name.
type Param struct {
	II
	At string // place below parameterList, such as dataSource[2]/value; set by decoding only
}

// DemographicsQuery is PRPA_IN201305UV02 (ITI-47).
type DemographicsQuery struct {
	Transmission
	Author             *Author
	QueryID            II
	Status             string
	Modality           string // R or nothing
	Priority           string
	InitialQuantity    string // how many matches the first answer may have; a number or nothing
	MinimumDegreeMatch string // 0 to 100 or nothing
	Parameters         ParameterList
	Echo               Echo
}

// ParameterList is what a DemographicsQuery asks for: all of it must match. A valid one has at most one value of each parameter but
// ScopingOrganizations.
type ParameterList struct {
	Genders              []Code
	BirthTimes           []Interval
	IDs                  []Param
	Names                []Name
	MothersMaidenNames   []Name
	ScopingOrganizations []Param // domains whose ids are wanted; none for all
	Addresses            []Address
	Telecoms             []Telecom
	// Others are the local names of parameters that the schema has and ITI-47 does not search by.
	Others []string
}

// LogValue hides who is searched for.
func (ParameterList) LogValue() slog.Value { return slog.StringValue("[parameters]") }

// Response is the answer to a query: PRPA_IN201310UV02 (ITI-45) or PRPA_IN201306UV02 (ITI-47).
type Response struct {
	Transmission
	Acknowledgement
	Subjects []RegistrationEvent
	QueryAck QueryAck
	Echo     Echo
}

// QueryAck is the outcome of a query. The quantities are numbers or nothing, and belong to ITI-47.
type QueryAck struct {
	QueryID                   II
	Status                    string
	Response                  string
	Total, Current, Remaining string
}

// Continuation is QUQI_IN000003UV01: send more of an answer, or forget it. Acknowledgement names the previous answer.
type Continuation struct {
	Transmission
	Acknowledgement
	QueryID  II
	Start    string // the first match wanted, counted from 1; a number or nothing
	Quantity string // how many; a number or nothing
	Status   string
}

// Cancels reports whether no more is wanted: by the root element, or by the status.
func (c *Continuation) Cancels() bool {
	return c.Interaction == QueryCancel || c.Status == StatusAborted
}

// Echo is the queryByParameter of a query, ready to stand in its answer.
type Echo []byte

// LogValue hides what was asked.
func (Echo) LogValue() slog.Value { return slog.StringValue("[query]") }
