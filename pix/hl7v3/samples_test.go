package hl7v3_test

import "dossier/pix/hl7v3"

// samples are one message of each kind and some variants; each is recorded in testdata, validated and read back.
func samples() []sample {
	return []sample{
		{"added", feed(hl7v3.PatientAdded)},
		{"revised", feed(hl7v3.PatientRevised)},
		{"duplicates-resolved", merge()},
		{"update-notification", notification()},
		{"ack", ack(hl7v3.AcceptOK)},
		{"ack-error", ack(hl7v3.AcceptError, details()...)},
		{"pix-query", pixQuery()},
		{"pix-query-all-domains", pixQueryAll()},
		{"pix-response", pixResponse()},
		{"pix-response-none", response(hl7v3.GetIdentifiersResponse, hl7v3.ApplyOK, hl7v3.ResponseNone)},
		{"pix-response-unknown", response(hl7v3.GetIdentifiersResponse, hl7v3.ApplyError, hl7v3.ResponseError, details()...)},
		{"pdq-query", demographicsQuery()},
		{"pdq-response", demographicsResponse()},
		{"pdq-response-none", response(hl7v3.FindCandidatesResponse, hl7v3.ApplyOK, hl7v3.ResponseNone)},
		{"pdq-continue", continuation(hl7v3.QueryContinue, hl7v3.StatusWaitForMore)},
		{"pdq-cancel", continuation(hl7v3.QueryCancel, hl7v3.StatusAborted)},
	}
}

type sample struct {
	name    string
	message any
}

func wrapper(i hl7v3.Interaction, ack string) hl7v3.Transmission {
	return hl7v3.Transmission{
		Interaction: i, ID: hl7v3.II{Root: "2.999.1.9", Extension: "msg-0001"}, CreationTime: "20250314091500",
		Processing: "T", ProcessingMode: "T", AcceptAck: ack,
		Receiver: hl7v3.Device{ID: hl7v3.II{Root: "2.999.1.20"}},
		Sender:   hl7v3.Device{ID: hl7v3.II{Root: "2.999.1.10"}, Organization: hl7v3.II{Root: "2.999.1"}},
	}
}

func answered(typeCode string, details ...hl7v3.Detail) hl7v3.Acknowledgement {
	return hl7v3.Acknowledgement{Type: typeCode, Target: hl7v3.II{Root: "2.999.1.30.9", Extension: "q-0001"}, Details: details}
}

func details() []hl7v3.Detail {
	q := pixQuery()
	q.DataSources[0].At = "dataSource/value"
	return []hl7v3.Detail{
		hl7v3.Unknown(q.Place(q.DataSources[0]), "the domain is not known here, reference 1-2"),
		{Type: "W", Code: hl7v3.RequiredMissing, System: hl7v3.SystemErrors, Text: "a < b & c"},
	}
}

func id(extension string) hl7v3.II { return hl7v3.II{Root: "2.999.2.1", Extension: extension} }

func person() hl7v3.Person {
	return hl7v3.Person{
		Names: []hl7v3.Name{
			{Use: "L", Parts: []hl7v3.NamePart{{Kind: hl7v3.Prefix, Qualifier: "AC", Text: "Dr"}, {Kind: hl7v3.Given, Text: "Anna"},
				{Kind: hl7v3.Given, Text: "Zoé"}, {Kind: hl7v3.Family, Text: "Weber & Söhne"}, {Kind: hl7v3.Suffix, Text: "Jr"}}},
			{Use: "A", Text: "Anni"},
			{Parts: []hl7v3.NamePart{{Kind: hl7v3.Family, Qualifier: "BR", Text: "Müller"}}},
		},
		Telecoms:           []hl7v3.Telecom{{Use: "HP", Value: "tel:+352000000"}, {Value: "mailto:anna@example.org"}},
		Gender:             hl7v3.Code{Code: "F", System: hl7v3.SystemGender},
		BirthTime:          "19800229",
		DeceasedInd:        "false",
		DeceasedTime:       "20240101",
		MultipleBirthInd:   "true",
		MultipleBirthOrder: "2",
		Addresses: []hl7v3.Address{
			{Use: "HP", Parts: []hl7v3.AddressPart{{Kind: "streetAddressLine", Text: "1 Sample St"}, {Kind: "city", Text: "Esch"},
				{Kind: "postalCode", Text: "0000"}, {Kind: "country", Text: "LU"}}},
			{Text: "somewhere"},
		},
		MaritalStatus: hl7v3.Code{Code: "M", System: "2.16.840.1.113883.5.2"},
		Religion:      hl7v3.Code{Code: "1", System: "2.999.5", DisplayName: "one"},
		Races:         []hl7v3.Code{{Code: "x", System: "2.999.5"}},
		EthnicGroups:  []hl7v3.Code{{Code: "y", System: "2.999.5"}},
		Citizenships:  []hl7v3.Code{{Code: "LU", System: "1.0.3166.1.2.2"}},
		OtherIDs: []hl7v3.OtherIDs{
			{Class: "CIT", IDs: []hl7v3.II{{Root: "2.999.3.1", Extension: "1980022900000"}}, Scope: []hl7v3.II{{Root: "2.999.3.1"}}},
			{Class: "PAT", IDs: []hl7v3.II{{NullFlavor: "NA"}}, Scope: []hl7v3.II{{Root: "2.999.3.2"}}},
		},
		Relationships: []hl7v3.Relationship{{Code: hl7v3.Code{Code: "MTH", System: hl7v3.SystemRoleCode},
			Names: []hl7v3.Name{{Parts: []hl7v3.NamePart{{Kind: hl7v3.Family, Text: "Schmit"}}}}}},
		BirthPlace: hl7v3.Address{Parts: []hl7v3.AddressPart{{Kind: "city", Text: "Lëtzebuerg"}}},
		Languages:  []hl7v3.Code{{Code: "fr"}, {Code: "lb"}},
	}
}

func event() hl7v3.RegistrationEvent {
	return hl7v3.RegistrationEvent{
		Status: "active",
		Patient: hl7v3.Patient{
			IDs: []hl7v3.II{id("P-1001"), id("P-1001b")}, Status: "active",
			Confidential: []hl7v3.Code{{Code: "N", System: "2.16.840.1.113883.5.25"}}, VIP: hl7v3.Code{Code: "BM", System: "2.999.5"},
			Person: person(),
			Provider: hl7v3.Organization{IDs: []hl7v3.II{{Root: "2.999.2.1"}}, Name: "Sample Hospital",
				Telecoms: []hl7v3.Telecom{{Value: "tel:+352000001"}}},
		},
		Custodian: hl7v3.II{Root: "2.999.2.1"},
	}
}

func feed(i hl7v3.Interaction) *hl7v3.Feed {
	return &hl7v3.Feed{Transmission: wrapper(i, "AL"), Author: &hl7v3.Author{Device: true, ID: hl7v3.II{Root: "2.999.1.10"}},
		Subjects: []hl7v3.RegistrationEvent{event()}}
}

func merge() *hl7v3.Feed {
	f := feed(hl7v3.PatientDuplicatesResolved)
	f.Subjects[0].Replaced = []hl7v3.PriorRegistration{{Status: "obsolete", IDs: []hl7v3.II{id("P-1002")}}}
	return f
}

func notification() *hl7v3.Feed {
	f := feed(hl7v3.PatientRevised)
	f.Author = nil
	f.Subjects[0].Patient = hl7v3.Patient{IDs: []hl7v3.II{id("P-1001"), {Root: "2.999.3.1", Extension: "7"}}, Status: "active",
		Person: hl7v3.Person{Names: []hl7v3.Name{{NullFlavor: "NA"}}}, Provider: hl7v3.Organization{IDs: []hl7v3.II{{Root: "2.999.2.1"}}}}
	return f
}

func ack(typeCode string, details ...hl7v3.Detail) *hl7v3.AcceptAck {
	return &hl7v3.AcceptAck{Transmission: wrapper(hl7v3.AcceptAcknowledgement, "NE"), Acknowledgement: answered(typeCode, details...)}
}

func pixQuery() *hl7v3.PIXQuery {
	q := pixQueryAll()
	q.DataSources = []hl7v3.Param{{II: hl7v3.II{Root: "2.999.3.1"}, At: "dataSource[1]/value"}, {II: hl7v3.II{Root: "2.999.3.2"}, At: "dataSource[2]/value"}}
	q.Author = &hl7v3.Author{ID: hl7v3.II{Root: "2.999.4.1", Extension: "user7"}}
	return q
}

func pixQueryAll() *hl7v3.PIXQuery {
	return &hl7v3.PIXQuery{Transmission: wrapper(hl7v3.GetIdentifiers, "AL"), QueryID: hl7v3.II{Root: "2.999.1.30.8", Extension: "tag-0001"},
		Status: hl7v3.StatusNew, Priority: "I", Patients: []hl7v3.Param{{II: id("P-1001"), At: "patientIdentifier/value"}}}
}

func response(i hl7v3.Interaction, typeCode, code string, details ...hl7v3.Detail) *hl7v3.Response {
	return &hl7v3.Response{Transmission: wrapper(i, "NE"), Acknowledgement: answered(typeCode, details...),
		QueryAck: hl7v3.QueryAck{QueryID: hl7v3.II{Root: "2.999.1.30.8", Extension: "tag-0001"}, Status: hl7v3.StatusDelivered, Response: code}}
}

func pixResponse() *hl7v3.Response {
	r := response(hl7v3.GetIdentifiersResponse, hl7v3.ApplyOK, hl7v3.ResponseOK)
	r.Subjects = []hl7v3.RegistrationEvent{{Status: "active", Custodian: hl7v3.II{Root: "2.999.1.20"}, Patient: hl7v3.Patient{
		IDs: []hl7v3.II{{Root: "2.999.3.1", Extension: "1980022900000"}}, Status: "active",
		Person: hl7v3.Person{Names: []hl7v3.Name{{NullFlavor: "NA"}},
			OtherIDs: []hl7v3.OtherIDs{{Class: "PAT", IDs: []hl7v3.II{{Root: "2.999.3.2", Extension: "9"}}, Scope: []hl7v3.II{{Root: "2.999.3.2"}}}}},
	}}}
	r.Echo = hl7v3.Echo(`<queryByParameter><queryId root="2.999.1.30.8" extension="tag-0001"/><statusCode code="new"/><parameterList>` +
		`<patientIdentifier><value root="2.999.2.1" extension="P-1001"/><semanticsText>Patient.id</semanticsText></patientIdentifier></parameterList></queryByParameter>`)
	return r
}

func demographicsQuery() *hl7v3.DemographicsQuery {
	return &hl7v3.DemographicsQuery{
		Transmission: wrapper(hl7v3.FindCandidates, "AL"), QueryID: hl7v3.II{Root: "2.999.1.30.8", Extension: "tag-0047"},
		Status: hl7v3.StatusNew, Modality: "R", Priority: "I", InitialQuantity: "10", MinimumDegreeMatch: "75",
		Parameters: hl7v3.ParameterList{
			Genders:              []hl7v3.Code{{Code: "F"}},
			BirthTimes:           []hl7v3.Interval{{Value: "19800229"}},
			IDs:                  []hl7v3.Param{{II: id("P-1001"), At: "livingSubjectId/value"}},
			Names:                []hl7v3.Name{{Use: "SRCH", Parts: []hl7v3.NamePart{{Kind: hl7v3.Given, Text: "ANNA"}, {Kind: hl7v3.Family, Text: "WEB"}}}},
			MothersMaidenNames:   []hl7v3.Name{{Parts: []hl7v3.NamePart{{Kind: hl7v3.Family, Text: "SCHMIT"}}}},
			ScopingOrganizations: []hl7v3.Param{{II: hl7v3.II{Root: "2.999.3.1"}, At: "otherIDsScopingOrganization/value"}},
			Addresses:            []hl7v3.Address{{Parts: []hl7v3.AddressPart{{Kind: "city", Text: "Esch"}}}},
			Telecoms:             []hl7v3.Telecom{{Value: "tel:+352000000"}},
		},
	}
}

func demographicsResponse() *hl7v3.Response {
	r := response(hl7v3.FindCandidatesResponse, hl7v3.ApplyOK, hl7v3.ResponseOK)
	one, two := event(), event()
	one.Patient.MatchDegree, two.Patient.MatchDegree = "98", "75"
	two.Patient.Person = hl7v3.Person{Names: []hl7v3.Name{{Text: "Anna Weber"}}}
	two.Patient.Provider = hl7v3.Organization{}
	r.Subjects = []hl7v3.RegistrationEvent{one, two}
	r.QueryAck.Total, r.QueryAck.Current, r.QueryAck.Remaining = "23", "2", "21"
	return r
}

func continuation(i hl7v3.Interaction, status string) *hl7v3.Continuation {
	c := &hl7v3.Continuation{Transmission: wrapper(i, "AL"), Acknowledgement: answered(hl7v3.ApplyOK),
		QueryID: hl7v3.II{Root: "2.999.1.30.8", Extension: "tag-0047"}, Status: status}
	if i == hl7v3.QueryContinue {
		c.Start, c.Quantity = "11", "10"
	}
	return c
}
