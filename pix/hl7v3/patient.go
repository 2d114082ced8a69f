package hl7v3

import "log/slog"

// RegistrationEvent is what a registry of patients knows or is told about one of them (ITI TF-2: 3.44.4.1.2).
type RegistrationEvent struct {
	Status    string // active
	Patient   Patient
	Custodian II // who keeps the record
	// Replaced are the registrations that this one takes the place of; PatientDuplicatesResolved has one, with one id.
	Replaced []PriorRegistration
}

// PriorRegistration is a registration that is no more.
type PriorRegistration struct {
	Status string // obsolete
	IDs    []II
}

// Patient is a person in the role of a patient of an organisation.
type Patient struct {
	IDs          []II
	Status       string // active
	Confidential []Code
	VIP          Code
	Person       Person
	Provider     Organization
	// MatchDegree is how well the patient fits a DemographicsQuery, 0 to 100; a number or nothing.
	MatchDegree string
}

// LogValue hides the patient.
func (Patient) LogValue() slog.Value { return slog.StringValue("[patient]") }

// AllIDs returns the ids of the patient and those in asOtherIDs: senders put the same things in either place, and readers must
// look at both (ITI TF-2: 3.45.4.2.2).
func (p *Patient) AllIDs() []II {
	out := append([]II(nil), p.IDs...)
	for _, o := range p.Person.OtherIDs {
		out = append(out, o.IDs...)
	}
	kept := out[:0]
	for _, id := range out {
		if !id.IsZero() {
			kept = append(kept, id)
		}
	}
	return kept
}

// Organization is the provider that the ids belong to: a root, a name and how to reach it.
type Organization struct {
	IDs      []II
	Name     string
	Telecoms []Telecom // of contactParty
}

// IsZero reports whether there is no organization.
func (o *Organization) IsZero() bool { return len(o.IDs) == 0 && o.Name == "" && len(o.Telecoms) == 0 }

// Person is the demographics, in the order of the schema. Indicators are "true", "false" or nothing.
type Person struct {
	Names              []Name
	Telecoms           []Telecom
	Gender             Code
	BirthTime          string
	DeceasedInd        string
	DeceasedTime       string
	MultipleBirthInd   string
	MultipleBirthOrder string
	Addresses          []Address
	MaritalStatus      Code
	Religion           Code
	Races              []Code
	EthnicGroups       []Code
	Citizenships       []Code
	OtherIDs           []OtherIDs
	Relationships      []Relationship
	BirthPlace         Address
	Languages          []Code
}

// LogValue hides the person.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// OtherIDs are ids that other organisations gave. A domain without an id for the patient has one null id.
type OtherIDs struct {
	Class string // PAT, CIT, EMP ...
	IDs   []II
	Scope []II // scopingOrganization
}

// Relationship is a relative; code MTH is the mother, whose name carries the mother's maiden name.
type Relationship struct {
	Code  Code
	Names []Name
}
