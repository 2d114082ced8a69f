package hl7v3

import (
	"fmt"
	"strconv"
	"strings"

	"dossier/hl7v2"
)

const (
	sectionPIX      = "ITI TF-2: 3.45.4.1.2"
	sectionPDQ      = "ITI TF-2: 3.47.4.1.2"
	sectionContinue = "ITI TF-2: 3.47.4.3.2"
)

// Problems says what ITI-45 asks for and the query has not.
func (q *PIXQuery) Problems() []Detail {
	p := &problems{of: q.Interaction}
	p.transmission(&q.Transmission)
	p.query(q.QueryID, q.Status, q.Priority, sectionPIX)
	const path = parameters + "/patientIdentifier"
	switch n := len(q.Patients); n {
	case 0:
		p.add(RequiredMissing, path, "expected one patientIdentifier, found none", sectionPIX)
	case 1:
		p.patientID(q.Patients[0].II, parameters+"/"+q.Patients[0].At, sectionPIX)
	default:
		p.add(ConstraintViolated, path, fmt.Sprintf("expected one patientIdentifier, found %d", n), sectionPIX)
	}
	p.domains(q.DataSources, "dataSource", sectionPIX)
	return p.list
}

// query checks what both queries have.
func (p *problems) query(id II, status, priority, section string) {
	if id.IsZero() {
		p.add(RequiredMissing, byParameter+"/queryId", "expected the id of the query, found none", section)
	}
	if status != "" && !strings.EqualFold(status, StatusNew) {
		p.add(NotInCodeSystem, byParameter+"/statusCode", "expected new, found "+clip(status), section)
	}
	if priority != "" && !strings.EqualFold(priority, "I") {
		p.add(NotInCodeSystem, byParameter+"/responsePriorityCode", "expected I, an immediate answer, found "+clip(priority), section)
	}
}

// domains checks parameters that name assigning authorities.
func (p *problems) domains(domains []Param, local, section string) {
	p.most(len(domains), maxIDs, parameters+"/"+local, section)
	for _, d := range domains[:min(len(domains), maxIDs)] {
		switch {
		case d.Root == "":
			p.add(RequiredMissing, parameters+"/"+d.At, "expected root, the OID of the domain, found none", section)
		case !hl7v2.IsOID(d.Root):
			p.add(DataTypeError, parameters+"/"+d.At, "expected root to be an OID, found "+clip(d.Root), section)
		}
	}
}

// Problems says what ITI-47 asks for and the query has not. Parameters that are not searched by are warned of, because the
// answer is then wider than was asked.
func (q *DemographicsQuery) Problems() []Detail {
	p := &problems{of: q.Interaction}
	p.transmission(&q.Transmission)
	p.query(q.QueryID, q.Status, q.Priority, sectionPDQ)
	if _, ok := number(q.InitialQuantity, 1, 1<<30, 1); !ok {
		p.add(DataTypeError, byParameter+"/initialQuantity", "expected a number from 1", sectionPDQ)
	}
	if _, ok := number(q.MinimumDegreeMatch, 0, 100, 0); !ok {
		p.add(DataTypeError, byParameter+"/matchCriterionList/minimumDegreeMatch/value", "expected a number from 0 to 100", sectionPDQ)
	}
	l := &q.Parameters
	n := 0
	for _, each := range []struct {
		n     int
		local string
	}{
		{len(l.Genders), "livingSubjectAdministrativeGender"}, {len(l.BirthTimes), "livingSubjectBirthTime"}, {len(l.IDs), "livingSubjectId"},
		{len(l.Names), "livingSubjectName"}, {len(l.MothersMaidenNames), "mothersMaidenName"}, {len(l.Addresses), "patientAddress"},
		{len(l.Telecoms), "patientTelecom"},
	} {
		n += each.n
		p.most(each.n, 1, parameters+"/"+each.local, sectionPDQ) // what several values would mean is not said
	}
	if n == 0 {
		p.add(RequiredMissing, parameters, "expected at least one of livingSubjectId, livingSubjectName, livingSubjectBirthTime, "+
			"livingSubjectAdministrativeGender, patientAddress, patientTelecom, mothersMaidenName, found none", sectionPDQ)
	}
	p.criteria(l)
	p.domains(l.ScopingOrganizations, "otherIDsScopingOrganization", sectionPDQ)
	for _, local := range l.Others {
		p.warn(parameters+"/"+local, "this parameter was not looked at: the answer may be wider than asked", sectionPDQ)
	}
	return p.list
}

func (p *problems) criteria(l *ParameterList) {
	for _, g := range l.Genders {
		if !genderKnown(g) || g.Code == "" {
			p.add(NotInCodeSystem, parameters+"/livingSubjectAdministrativeGender/value", "expected M, F or UN, found "+clip(g.Code), sectionPDQ)
		}
	}
	for _, b := range l.BirthTimes {
		if b == (Interval{}) {
			p.add(RequiredMissing, parameters+"/livingSubjectBirthTime/value", "expected a time, or low and high, found none", sectionPDQ)
		}
		for _, t := range []string{b.Value, b.Low, b.High} {
			if _, err := hl7v2.ParseDTM(t); t != "" && err != nil {
				p.add(DataTypeError, parameters+"/livingSubjectBirthTime/value", "expected a time YYYY[MM[DD[hh[mm[ss]]]]] that exists", sectionPDQ)
			}
		}
	}
	for _, id := range l.IDs[:min(len(l.IDs), 1)] {
		p.patientID(id.II, parameters+"/"+id.At, sectionPDQ)
	}
	for _, n := range append(l.Names[:len(l.Names):len(l.Names)], l.MothersMaidenNames...) {
		if n.Text == "" && len(n.All(Family)) == 0 && len(n.All(Given)) == 0 {
			p.add(RequiredMissing, parameters, "expected family or given in a name, found none", sectionPDQ)
		}
	}
}

// Initial is how many matches the first answer may have, 0 for all.
func (q *DemographicsQuery) Initial() int {
	n, _ := number(q.InitialQuantity, 1, 1<<30, 0)
	return n
}

// Degree is how well a patient must fit at least, 0 to 100.
func (q *DemographicsQuery) Degree() int {
	n, _ := number(q.MinimumDegreeMatch, 0, 100, 0)
	return n
}

// Problems says what a continuation or a cancellation needs and the message has not.
func (c *Continuation) Problems() []Detail {
	p := &problems{of: c.Interaction}
	p.transmission(&c.Transmission)
	if c.QueryID.IsZero() {
		p.add(RequiredMissing, continuation+"/queryId", "expected the id of the query to go on with, found none", sectionContinue)
	}
	if c.Cancels() {
		return p.list
	}
	if s := c.Status; s != "" && !strings.EqualFold(s, StatusWaitForMore) {
		p.add(NotInCodeSystem, continuation+"/statusCode", "expected waitContinuedQueryResponse or aborted, found "+clip(s), sectionContinue)
	}
	if _, ok := number(c.Start, 1, 1<<30, 1); !ok {
		p.add(DataTypeError, continuation+"/startResultNumber", "expected a number from 1", sectionContinue)
	}
	if _, ok := number(c.Quantity, 1, 1<<30, 1); !ok {
		p.add(DataTypeError, continuation+"/continuationQuantity", "expected a number from 1", sectionContinue)
	}
	return p.list
}

// From is the first match wanted, counted from 1; 0 where the message does not say.
func (c *Continuation) From() int {
	n, _ := number(c.Start, 1, 1<<30, 0)
	return n
}

// Count is how many matches are wanted; 0 where the message does not say.
func (c *Continuation) Count() int {
	n, _ := number(c.Quantity, 1, 1<<30, 0)
	return n
}

// number reads one between low and high; none is what is said instead.
func number(s string, low, high, none int) (int, bool) {
	if s == "" {
		return none, true
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < low || n > high {
		return none, false
	}
	return n, true
}
