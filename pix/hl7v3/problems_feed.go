package hl7v3

import (
	"fmt"
	"strings"

	"dossier/hl7v2"
)

const (
	sectionFeed  = "ITI TF-2: 3.44.4.1.2"
	sectionMerge = "ITI TF-2: 3.44.4.2.2"

	eventPath   = "controlActProcess/subject/registrationEvent"
	patientPath = eventPath + "/subject1/patient"
	personPath  = patientPath + "/patientPerson"
	priorPath   = eventPath + "/replacementOf/priorRegistration/subject1/priorRegisteredRole/id"
)

// Problems says what ITI-44 asks for and the message has not. Warnings are among them.
func (f *Feed) Problems() []Detail {
	p := &problems{of: f.Interaction}
	p.transmission(&f.Transmission)
	switch n := len(f.Subjects); {
	case n == 0:
		p.add(RequiredMissing, eventPath, "expected one subject with a registrationEvent, found none", sectionFeed)
		return p.list
	case n > 1:
		p.add(ConstraintViolated, "controlActProcess/subject[2]", fmt.Sprintf("expected one subject, found %d", n), sectionFeed)
		return p.list
	}
	event := &f.Subjects[0]
	p.active(event.Status, eventPath+"/statusCode")
	p.active(event.Patient.Status, patientPath+"/statusCode")
	p.patient(&event.Patient)
	p.person(&event.Patient.Person)
	p.replaced(f.Interaction, event.Replaced)
	if event.Custodian.IsZero() {
		p.warn(eventPath+"/custodian/assignedEntity/id", "expected the custodian of the record, found none", sectionFeed)
	}
	return p.list
}

// active: a feed tells of active records only; others must not become known as such.
func (p *problems) active(status, path string) {
	if status != "" && !strings.EqualFold(status, statusActive) {
		p.add(NotInCodeSystem, path, "expected active, found "+clip(status), sectionFeed)
	}
}

func (p *problems) patient(patient *Patient) {
	p.most(len(patient.IDs), maxIDs, patientPath+"/id", sectionFeed)
	if len(patient.IDs) == 0 {
		p.add(RequiredMissing, patientPath+"/id", "expected at least one id, found none", sectionFeed)
	}
	for i, id := range patient.IDs[:min(len(patient.IDs), maxIDs)] {
		p.patientID(id, nth(patientPath+"/id", i, len(patient.IDs)), sectionFeed)
	}
	p.most(len(patient.Person.OtherIDs), maxIDs, personPath+"/asOtherIDs", sectionFeed)
	for i, o := range patient.Person.OtherIDs[:min(len(patient.Person.OtherIDs), maxIDs)] {
		p.most(len(o.IDs), maxIDs, personPath+"/asOtherIDs/id", sectionFeed)
		for j, id := range o.IDs[:min(len(o.IDs), maxIDs)] {
			if !id.IsZero() { // a null id says that this organisation has none
				at := nth(personPath+"/asOtherIDs", i, len(patient.Person.OtherIDs))
				p.patientID(id, nth(at+"/id", j, len(o.IDs)), sectionFeed)
			}
		}
	}
	if !p.providerMatches(patient) {
		p.warn(patientPath+"/providerOrganization/id", "expected the root of a patient id as id of the organization", sectionFeed)
	}
}

func (p *problems) providerMatches(patient *Patient) bool {
	for _, o := range patient.Provider.IDs {
		for _, id := range patient.IDs {
			if o.Root == id.Root {
				return true
			}
		}
	}
	return false
}

func (p *problems) person(person *Person) {
	if len(person.Names) == 0 {
		p.add(RequiredMissing, personPath+"/name", "expected a name, found none", sectionFeed)
	}
	if !genderKnown(person.Gender) {
		p.add(NotInCodeSystem, personPath+"/administrativeGenderCode", "expected M, F or UN, found "+clip(person.Gender.Code), sectionFeed)
	}
	for _, t := range []struct{ value, local string }{{person.BirthTime, "birthTime"}, {person.DeceasedTime, "deceasedTime"}} {
		if t.value == "" {
			continue
		}
		if _, err := hl7v2.ParseDTM(t.value); err != nil {
			p.add(DataTypeError, personPath+"/"+t.local, "expected a time YYYY[MM[DD[hh[mm[ss]]]]] that exists", sectionFeed)
		}
	}
	p.sizes(person)
}

// sizes holds what is stored within bounds.
func (p *problems) sizes(person *Person) {
	for _, n := range []struct {
		n     int
		local string
	}{
		{len(person.Names), "name"}, {len(person.Addresses), "addr"}, {len(person.Telecoms), "telecom"}, {len(person.Races), "raceCode"},
		{len(person.EthnicGroups), "ethnicGroupCode"}, {len(person.Citizenships), "asCitizen"}, {len(person.Languages), "languageCommunication"},
		{len(person.Relationships), "personalRelationship"},
	} {
		p.most(n.n, maxValues, personPath+"/"+n.local, sectionFeed)
	}
	names := person.Names
	for _, r := range person.Relationships {
		names = append(names[:len(names):len(names)], r.Names...)
	}
	for _, n := range names {
		p.long(personPath+"/name", append(texts(n.Parts, func(p NamePart) string { return p.Text }), n.Text)...)
	}
	for _, a := range append(person.Addresses[:len(person.Addresses):len(person.Addresses)], person.BirthPlace) {
		p.long(personPath+"/addr", append(texts(a.Parts, func(p AddressPart) string { return p.Text }), a.Text)...)
	}
	for _, t := range person.Telecoms {
		p.long(personPath+"/telecom", t.Value)
	}
}

func texts[T any](parts []T, text func(T) string) []string {
	out := make([]string, 0, len(parts)+1)
	for _, part := range parts {
		out = append(out, text(part))
	}
	return out
}

// long refuses values that are too long, once for each place, and too many parts.
func (p *problems) long(path string, values ...string) {
	p.most(len(values), maxValues, path, sectionFeed)
	for _, v := range values {
		if len(v) > maxText {
			p.add(ConstraintViolated, path, fmt.Sprintf("expected at most %d bytes in a part, found %d", maxText, len(v)), sectionFeed)
			return
		}
	}
}

// replaced: only PatientDuplicatesResolved replaces, and one id (ITI TF-2: 3.44.4.2.2).
func (p *problems) replaced(of Interaction, prior []PriorRegistration) {
	const path = eventPath + "/replacementOf"
	if of != PatientDuplicatesResolved {
		if len(prior) > 0 {
			p.add(ConstraintViolated, path, "expected no replacementOf in "+string(of)+"; PRPA_IN201304UV02 resolves duplicates", sectionFeed)
		}
		return
	}
	switch {
	case len(prior) == 0:
		p.add(RequiredMissing, path, "expected replacementOf with the subsumed id, found none", sectionMerge)
	case len(prior) > 1:
		p.add(ConstraintViolated, path+"[2]", fmt.Sprintf("expected one replacementOf, found %d", len(prior)), sectionMerge)
	case len(prior[0].IDs) != 1:
		p.add(ConstraintViolated, priorPath, fmt.Sprintf("expected one subsumed id, found %d", len(prior[0].IDs)), sectionMerge)
	default:
		p.patientID(prior[0].IDs[0], priorPath, sectionMerge)
	}
}

// genderKnown takes the codes of AdministrativeGender, those that HL7 v2 has for unknown and other, and none.
func genderKnown(c Code) bool {
	switch strings.ToUpper(c.Code) {
	case "", "M", "F", "UN", "U", "O":
		return true
	}
	return false
}

// nth puts an index on the last step of a path where there are several.
func nth(path string, i, of int) string {
	if of < 2 {
		return path
	}
	return fmt.Sprintf("%s[%d]", path, i+1)
}
