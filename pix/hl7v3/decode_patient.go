package hl7v3

import "dossier/internal/xmlwire"

// DecodeFeed reads PRPA_IN201301UV02, 302 or 304; ok is false for any other element.
func DecodeFeed(e *xmlwire.Element) (f *Feed, ok bool) {
	switch Interaction(e.Name.Local) {
	case PatientAdded, PatientRevised, PatientDuplicatesResolved:
	default:
		return nil, false
	}
	if e.Name.Space != Namespace {
		return nil, false
	}
	f = &Feed{}
	f.Transmission, _ = Wrapper(e)
	act := child(e, "controlActProcess")
	f.Author, f.Subjects = author(act), subjects(act)
	return f, true
}

// subjects reads the registration events. An empty subject element stands for none; some answers have one.
func subjects(act *xmlwire.Element) []RegistrationEvent {
	var out []RegistrationEvent
	for s := range all(act, "subject") {
		if event := child(s, "registrationEvent"); event != nil {
			out = append(out, registrationEvent(event))
		}
	}
	return out
}

func registrationEvent(e *xmlwire.Element) RegistrationEvent {
	out := RegistrationEvent{
		Status:    attr(child(e, "statusCode"), "code"),
		Patient:   patient(descend(e, "subject1", "patient")),
		Custodian: ii(descend(e, "custodian", "assignedEntity", "id")),
	}
	for r := range all(e, "replacementOf") {
		prior := child(r, "priorRegistration")
		out.Replaced = append(out.Replaced, PriorRegistration{
			Status: attr(child(prior, "statusCode"), "code"),
			IDs:    list(descend(prior, "subject1", "priorRegisteredRole"), "id", ii),
		})
	}
	return out
}

func patient(e *xmlwire.Element) Patient {
	p := Patient{
		IDs:          list(e, "id", ii),
		Status:       attr(child(e, "statusCode"), "code"),
		Confidential: list(e, "confidentialityCode", code),
		VIP:          code(child(e, "veryImportantPersonCode")),
		Person:       person(child(e, "patientPerson")),
		Provider:     organization(child(e, "providerOrganization")),
	}
	// The element is subjectOf1 in the schema; older ones have subjectOf.
	for _, local := range []string{"subjectOf1", "subjectOf"} {
		for s := range all(e, local) {
			if v := descend(s, "queryMatchObservation", "value"); v != nil && p.MatchDegree == "" {
				p.MatchDegree = value(v)
			}
		}
	}
	return p
}

func organization(e *xmlwire.Element) Organization {
	return Organization{
		IDs: list(e, "id", ii), Name: text(child(e, "name")),
		Telecoms: list(child(e, "contactParty"), "telecom", telecom),
	}
}

func person(e *xmlwire.Element) Person {
	return Person{
		Names:              list(e, "name", name),
		Telecoms:           list(e, "telecom", telecom),
		Gender:             code(child(e, "administrativeGenderCode")),
		BirthTime:          value(child(e, "birthTime")),
		DeceasedInd:        value(child(e, "deceasedInd")),
		DeceasedTime:       value(child(e, "deceasedTime")),
		MultipleBirthInd:   value(child(e, "multipleBirthInd")),
		MultipleBirthOrder: value(child(e, "multipleBirthOrderNumber")),
		Addresses:          list(e, "addr", address),
		MaritalStatus:      code(child(e, "maritalStatusCode")),
		Religion:           code(child(e, "religiousAffiliationCode")),
		Races:              list(e, "raceCode", code),
		EthnicGroups:       list(e, "ethnicGroupCode", code),
		Citizenships: list(e, "asCitizen", func(c *xmlwire.Element) Code {
			return code(descend(c, "politicalNation", "code"))
		}),
		OtherIDs: list(e, "asOtherIDs", func(o *xmlwire.Element) OtherIDs {
			return OtherIDs{attr(o, "classCode"), list(o, "id", ii), list(child(o, "scopingOrganization"), "id", ii)}
		}),
		Relationships: list(e, "personalRelationship", func(r *xmlwire.Element) Relationship {
			return Relationship{code(child(r, "code")), list(child(r, "relationshipHolder1"), "name", name)}
		}),
		BirthPlace: address(descend(e, "birthPlace", "addr")),
		Languages: list(e, "languageCommunication", func(l *xmlwire.Element) Code {
			return code(child(l, "languageCode"))
		}),
	}
}
