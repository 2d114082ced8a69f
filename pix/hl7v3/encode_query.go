package hl7v3

// AppendPIXQuery writes PRPA_IN201309UV02.
func AppendPIXQuery(dst []byte, q *PIXQuery) []byte {
	return message(dst, &q.Transmission, func(w writer) {
		w.act(q.Interaction, q.Author, func() {
			w.Start("queryByParameter")
			w.ii("queryId", q.QueryID)
			w.cs("statusCode", q.Status)
			w.cs("responsePriorityCode", q.Priority)
			w.Start("parameterList")
			for _, d := range q.DataSources {
				w.parameter("dataSource", "DataSource.id", func() { w.ii("value", d.II) })
			}
			for _, p := range q.Patients {
				w.parameter("patientIdentifier", "Patient.id", func() { w.ii("value", p.II) })
			}
			w.End().End()
		})
	})
}

// AppendDemographicsQuery writes PRPA_IN201305UV02.
func AppendDemographicsQuery(dst []byte, q *DemographicsQuery) []byte {
	return message(dst, &q.Transmission, func(w writer) {
		w.act(q.Interaction, q.Author, func() {
			w.Start("queryByParameter")
			w.ii("queryId", q.QueryID)
			w.cs("statusCode", q.Status)
			w.cs("responseModalityCode", q.Modality)
			w.cs("responsePriorityCode", q.Priority)
			w.value("initialQuantity", q.InitialQuantity)
			if q.MinimumDegreeMatch != "" {
				w.Start("matchCriterionList").Start("minimumDegreeMatch")
				w.integer("value", q.MinimumDegreeMatch)
				w.Start("semanticsText").Text("MinimumDegreeMatch").End().End().End()
			}
			w.parameterList(&q.Parameters)
			w.End()
		})
	})
}

// parameterList writes the parameters with the semanticsText of ITI TF-2: 3.47.4.1.2; each value is a parameter of its own.
func (w writer) parameterList(p *ParameterList) {
	w.Start("parameterList")
	for _, v := range p.Genders {
		w.parameter("livingSubjectAdministrativeGender", "LivingSubject.administrativeGender", func() { w.must("value", v) })
	}
	for _, v := range p.BirthTimes {
		w.parameter("livingSubjectBirthTime", "LivingSubject.birthTime", func() { w.interval("value", v) })
	}
	for _, v := range p.IDs {
		w.parameter("livingSubjectId", "LivingSubject.id", func() { w.ii("value", v.II) })
	}
	for _, v := range p.Names {
		w.parameter("livingSubjectName", "LivingSubject.name", func() { w.name("value", v) })
	}
	for _, v := range p.MothersMaidenNames {
		w.parameter("mothersMaidenName", "Person.MothersMaidenName", func() { w.name("value", v) })
	}
	for _, v := range p.ScopingOrganizations {
		w.parameter("otherIDsScopingOrganization", "OtherIDs.scopingOrganization.id", func() { w.ii("value", v.II) })
	}
	for _, v := range p.Addresses {
		w.parameter("patientAddress", "Patient.addr", func() { w.address("value", v) })
	}
	for _, v := range p.Telecoms {
		w.parameter("patientTelecom", "Patient.telecom", func() { w.telecom("value", v) })
	}
	w.End()
}

func (w writer) parameter(local, semantics string, value func()) {
	w.Start(local)
	value()
	w.Start("semanticsText").Text(semantics).End().End()
}
