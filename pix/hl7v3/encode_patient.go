package hl7v3

func (w writer) subjects(of Interaction, events []RegistrationEvent) {
	for i := range events {
		w.Start("subject").Attr("typeCode", "SUBJ").Attr("contextConductionInd", "false")
		w.registrationEvent(of, &events[i])
		w.End()
	}
}

func (w writer) registrationEvent(of Interaction, e *RegistrationEvent) {
	w.Start("registrationEvent").Attr("classCode", "REG").Attr("moodCode", "EVN")
	w.cs("statusCode", or(e.Status, statusActive))
	w.Start("subject1").Attr("typeCode", "SBJ")
	w.patient(of, &e.Patient)
	w.End()
	w.Start("custodian").Attr("typeCode", "CST").Start("assignedEntity").Attr("classCode", "ASSIGNED")
	w.ii("id", e.Custodian)
	w.End().End()
	for _, r := range e.Replaced {
		w.Start("replacementOf").Attr("typeCode", "RPLC").Start("priorRegistration").Attr("classCode", "REG").Attr("moodCode", "EVN")
		w.cs("statusCode", or(r.Status, statusObsolete))
		w.Start("subject1").Attr("typeCode", "SBJ").Start("priorRegisteredRole").Attr("classCode", "PAT")
		w.ids(r.IDs)
		w.End().End().End().End()
	}
	w.End()
}

func (w writer) patient(of Interaction, p *Patient) {
	w.Start("patient").Attr("classCode", "PAT")
	w.ids(p.IDs)
	w.cs("statusCode", or(p.Status, statusActive))
	if of != GetIdentifiersResponse {
		w.codes("confidentialityCode", p.Confidential)
	}
	w.code("veryImportantPersonCode", p.VIP)
	w.Start("patientPerson").Attr("classCode", "PSN").Attr("determinerCode", "INSTANCE")
	w.person(of, &p.Person)
	w.End()
	if !p.Provider.IsZero() {
		w.Start("providerOrganization").Attr("classCode", "ORG").Attr("determinerCode", "INSTANCE")
		w.ids(p.Provider.IDs)
		w.element("name", p.Provider.Name)
		w.Start("contactParty").Attr("classCode", "CON")
		for _, t := range p.Provider.Telecoms {
			w.telecom("telecom", t)
		}
		w.End().End()
	}
	if of == FindCandidatesResponse {
		w.Start("subjectOf1").Start("queryMatchObservation").Attr("classCode", "COND").Attr("moodCode", "EVN")
		w.code("code", Code{Code: "IHE_PDQ"})
		w.integer("value", or(p.MatchDegree, "100"))
		w.End().End()
	}
	w.End()
}

// person writes patientPerson. The schema asks for a name; a null one says that there is none to tell. In the answer to a PIX
// query it has no demographics (ITI TF-2: 3.45.4.2.2).
func (w writer) person(of Interaction, p *Person) {
	for _, n := range p.Names {
		w.name("name", n)
	}
	if len(p.Names) == 0 {
		w.name("name", Name{NullFlavor: "NA"})
	}
	if of == GetIdentifiersResponse {
		w.otherIDs(p.OtherIDs)
		return
	}
	w.demographics(p)
	for _, c := range p.Citizenships {
		w.Start("asCitizen").Attr("classCode", "CIT").
			Start("politicalNation").Attr("classCode", "NAT").Attr("determinerCode", "INSTANCE")
		w.must("code", c)
		w.End().End()
	}
	w.otherIDs(p.OtherIDs)
	for _, r := range p.Relationships {
		w.relationship(r)
	}
	if p.BirthPlace.Text != "" || len(p.BirthPlace.Parts) > 0 {
		w.Start("birthPlace").Attr("classCode", "BIRTHPL")
		w.address("addr", p.BirthPlace)
		w.End()
	}
	for _, l := range p.Languages {
		w.Start("languageCommunication")
		w.must("languageCode", l)
		w.End()
	}
}

func (w writer) demographics(p *Person) {
	for _, t := range p.Telecoms {
		w.telecom("telecom", t)
	}
	w.code("administrativeGenderCode", p.Gender)
	w.value("birthTime", p.BirthTime)
	w.value("deceasedInd", p.DeceasedInd)
	w.value("deceasedTime", p.DeceasedTime)
	w.value("multipleBirthInd", p.MultipleBirthInd)
	w.value("multipleBirthOrderNumber", p.MultipleBirthOrder)
	for _, a := range p.Addresses {
		w.address("addr", a)
	}
	w.code("maritalStatusCode", p.MaritalStatus)
	w.code("religiousAffiliationCode", p.Religion)
	w.codes("raceCode", p.Races)
	w.codes("ethnicGroupCode", p.EthnicGroups)
}

// otherIDs writes asOtherIDs; the schema asks for the scoping organization, which is the one that the ids' root names.
func (w writer) otherIDs(others []OtherIDs) {
	for _, o := range others {
		w.Start("asOtherIDs").Attr("classCode", or(o.Class, "PAT"))
		w.ids(o.IDs)
		scope := o.Scope
		if len(scope) == 0 {
			for _, id := range o.IDs[:min(1, len(o.IDs))] {
				scope = append(scope, II{Root: id.Root})
			}
		}
		w.Start("scopingOrganization").Attr("classCode", "ORG").Attr("determinerCode", "INSTANCE")
		w.ids(scope)
		w.End().End()
	}
}

func (w writer) relationship(r Relationship) {
	w.Start("personalRelationship").Attr("classCode", "PRS")
	w.must("code", r.Code)
	w.Start("relationshipHolder1").Attr("classCode", "PSN").Attr("determinerCode", "INSTANCE")
	for _, n := range r.Names {
		w.name("name", n)
	}
	w.End().End()
}

// ids writes identifiers, a null one for none: the schema asks for at least one wherever this is called.
func (w writer) ids(ids []II) {
	for _, id := range ids {
		w.ii("id", id)
	}
	if len(ids) == 0 {
		w.ii("id", II{NullFlavor: "NA"})
	}
}

func (w writer) codes(local string, codes []Code) {
	for _, c := range codes {
		w.code(local, c)
	}
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
