package query_test

import (
	"reflect"
	"slices"
	"testing"

	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	urnApproved   = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
	urnDeprecated = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
)

// documents reads FindDocuments with one more parameter, or one of base replaced.
func documents(t *testing.T, name string, values ...string) (query.FindDocuments, error) {
	t.Helper()
	slots := slices.Clone(base["FindDocuments"])
	for i := range slots {
		if slots[i].Name == name {
			slots = slices.Delete(slots, i, i+1)
			break
		}
	}
	q, err := query.Parse(request(t, "FindDocuments", append(slots, slot(name, values...))...))
	d, _ := q.(query.FindDocuments)
	return d, err
}

func TestStatusReadings(t *testing.T) {
	t.Parallel()
	both := []xds.Status{xds.Approved, xds.Deprecated}
	for name, c := range map[string]struct {
		values []string
		want   []xds.Status
	}{
		"as defined":              {[]string{"('" + urnApproved + "')"}, both[:1]},
		"no parentheses":          {[]string{"'" + urnApproved + "'"}, both[:1]},
		"double parentheses":      {[]string{"(('" + urnApproved + "'))"}, both[:1]},
		"closing one missing":     {[]string{"('" + urnApproved + "'"}, both[:1]},
		"opening one missing":     {[]string{"'" + urnApproved + "')"}, both[:1]},
		"each in parentheses":     {[]string{"('" + urnApproved + "'),('" + urnDeprecated + "')"}, both},
		"double quotes":           {[]string{`("` + urnApproved + `")`}, both[:1]},
		"typographic quotes":      {[]string{"(‘" + urnApproved + "’, “" + urnDeprecated + "”)"}, both},
		"German quotes":           {[]string{"(‚" + urnApproved + "‘, „" + urnDeprecated + "“)"}, both},
		"half changed quotes":     {[]string{"(‘" + urnApproved + "')"}, both[:1]},
		"no quotes":               {[]string{"(" + urnApproved + "," + urnDeprecated + ")"}, both},
		"no quotes, parentheses":  {[]string{urnApproved}, both[:1]},
		"ResponseStatusType":      {[]string{"('urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Approved')"}, both[:1]},
		"short":                   {[]string{"('Approved','Deprecated')"}, both},
		"short, lower case":       {[]string{"(approved)"}, both[:1]},
		"two Values":              {[]string{"('" + urnApproved + "')", "('" + urnDeprecated + "')"}, both},
		"two Values, bare":        {[]string{urnApproved, urnDeprecated}, both},
		"one list over Values":    {[]string{"('" + urnApproved + "',", "'" + urnDeprecated + "')"}, both},
		"blanks after commas":     {[]string{"( '" + urnApproved + "' ,  '" + urnDeprecated + "' )"}, both},
		"line breaks":             {[]string{"\n  ('" + urnApproved + "',\r\n\t'" + urnDeprecated + "')\n"}, both},
		"line break in the URN":   {[]string{"('urn:oasis:names:tc:ebxml-regrep:\n   StatusType:Approved')"}, both[:1]},
		"one not understood":      {[]string{"('urn:ihe:iti:2010:StatusType:DeferredCreation','" + urnApproved + "')"}, both[:1]},
		"the same twice":          {[]string{"('" + urnApproved + "','Approved')"}, both[:1]},
		"empty ones among others": {[]string{"('','" + urnApproved + "',,)"}, both[:1]},
	} {
		got, err := documents(t, "$XDSDocumentEntryStatus", c.values...)
		if err != nil || !reflect.DeepEqual(got.Status, c.want) {
			t.Errorf("%s: got %v, %v, want %v", name, got.Status, err, c.want)
		}
	}
}

func TestStatusNotUnderstood(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"('urn:ihe:iti:2010:StatusType:DeferredCreation')", "('urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted')",
		"('urn:example:StatusType:Approved')", "('ApprovedX','')", "('urn:oasis:names:tc:ebxml-regrep:StatusType:')",
	} {
		_, err := documents(t, "$XDSDocumentEntryStatus", v)
		wantErrors(t, v, err, wanted{xds.XDSStoredQueryMissingParam, "$XDSDocumentEntryStatus", "ITI TF-2: 3.18.4.1.2.3.7.1"})
	}
}

func TestCodeReadings(t *testing.T) {
	t.Parallel()
	note := xds.Code{Code: "8716-3", Scheme: loinc}
	for name, c := range map[string]struct {
		values []string
		want   query.AnyOf
	}{
		"as defined":             {[]string{"('8716-3^^" + loinc + "')"}, query.AnyOf{note}},
		"display name":           {[]string{"('8716-3^Vital signs^" + loinc + "')"}, query.AnyOf{note}},
		"blanks":                 {[]string{"(' 8716-3 ^^ " + loinc + " ')"}, query.AnyOf{note}},
		"no quotes":              {[]string{"(8716-3^^" + loinc + ", 8716-3^^2.999)"}, query.AnyOf{note, {Code: "8716-3", Scheme: "2.999"}}},
		"comma":                  {[]string{"('a,b^^2.999','c^^2.999')"}, query.AnyOf{{Code: "a,b", Scheme: "2.999"}, {Code: "c", Scheme: "2.999"}}},
		"quote":                  {[]string{"('Children''s Hospital^^2.999')"}, query.AnyOf{{Code: "Children's Hospital", Scheme: "2.999"}}},
		"quotes all over":        {[]string{"('''a''''b''^^2.999')"}, query.AnyOf{{Code: "'a''b'", Scheme: "2.999"}}},
		"apostrophe typographic": {[]string{"('L’Aquila^^2.999')"}, query.AnyOf{{Code: "L’Aquila", Scheme: "2.999"}}},
		"double in single":       {[]string{`('the "x"^^2.999')`}, query.AnyOf{{Code: `the "x"`, Scheme: "2.999"}}},
		"single in double":       {[]string{`("Children's^^2.999")`}, query.AnyOf{{Code: "Children's", Scheme: "2.999"}}},
		"parentheses":            {[]string{"('(a),(b)^^2.999')"}, query.AnyOf{{Code: "(a),(b)", Scheme: "2.999"}}},
		"parentheses, no quotes": {[]string{"(Lab (a,b)^^2.999,c^^2.999)"}, query.AnyOf{{Code: "Lab (a,b)", Scheme: "2.999"}, {Code: "c", Scheme: "2.999"}}},
		"colon and slash":        {[]string{"('urn:ihe:pcc:xphr:2007^^1.3.6.1.4.1.19376.1.2.3')"}, query.AnyOf{{Code: "urn:ihe:pcc:xphr:2007", Scheme: "1.3.6.1.4.1.19376.1.2.3"}}},
		"first ^^ splits":        {[]string{"('a^b^^c^^d')"}, query.AnyOf{{Code: "a^b", Scheme: "c^^d"}}},
		"line break":             {[]string{"('Consult\n    note^^2.999')"}, query.AnyOf{{Code: "Consult note", Scheme: "2.999"}}},
		"no-break space":         {[]string{"\u00a0(\u00a0'a^^2.999'\u00a0)\ufeff"}, query.AnyOf{{Code: "a", Scheme: "2.999"}}},
		"unicode":                {[]string{"('Ärztlicher Befund 診断^^2.999')"}, query.AnyOf{{Code: "Ärztlicher Befund 診断", Scheme: "2.999"}}},
		"over Values":            {[]string{"'a^^2.999'", "('b^^2.999'),", ",'c^^2.999'"}, query.AnyOf{{Code: "a", Scheme: "2.999"}, {Code: "b", Scheme: "2.999"}, {Code: "c", Scheme: "2.999"}}},
	} {
		got, err := documents(t, "$XDSDocumentEntryTypeCode", c.values...)
		if err != nil || !reflect.DeepEqual(got.TypeCode, c.want) {
			t.Errorf("%s: got %q, %v, want %q", name, got.TypeCode, err, c.want)
		}
	}
}

func TestTimeReadings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ value, want string }{
		"as defined":        {"20040101", "20040101000000"},
		"year":              {"2004", "20040101000000"},
		"month":             {"200412", "20041201000000"},
		"minutes":           {"200412242359", "20041224235900"},
		"seconds":           {"20041224235958", "20041224235958"},
		"quoted":            {"'20040101'", "20040101000000"},
		"double quotes":     {`"20040101"`, "20040101000000"},
		"parentheses":       {"(20040101)", "20040101000000"},
		"quoted in both":    {"('20040101')", "20040101000000"},
		"line breaks":       {"\n  20040101\n", "20040101000000"},
		"blanks in quotes":  {"' 20040101 '", "20040101000000"},
		"fraction and zone": {"20040101120000.25+0100", "20040101110000"},
	} {
		got, err := documents(t, "$XDSDocumentEntryServiceStopTimeTo", c.value)
		if want := (query.Times{To: hl7v2.DTM(c.want)}); err != nil || got.ServiceStopTime != want {
			t.Errorf("%s: got %v, %v, want %v", name, got.ServiceStopTime, err, want)
		}
	}
}

func TestUUIDReadings(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"as defined":         {"('" + docUUID + "')"},
		"double quotes":      {`("` + docUUID + `")`},
		"blank inside":       {"('urn:uuid: 5655aa1f-0d3c-4b8f-9f7f-1c2d3e4f5a6b')"},
		"line break inside":  {"('urn:uuid:\n  5655aa1f-0d3c-4b8f-9f7f-1c2d3e4f5a6b')"},
		"upper case":         {"('URN:UUID:5655AA1F-0D3C-4B8F-9F7F-1C2D3E4F5A6B')"},
		"no prefix":          {"(5655aa1f-0d3c-4b8f-9f7f-1c2d3e4f5a6b)"},
		"no quotes, no list": {docUUID},
	} {
		got, err := query.Parse(request(t, "GetAssociations", slot("$uuid", values...)))
		if want := (query.GetAssociations{EntryUUIDs: []xds.EntryUUID{docUUID}, AssociationStatus: []xds.Status{xds.Approved}}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
		}
	}
}

func TestPatientReadings(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"'" + patient + "'", "('" + patient + "')", `"` + patient + `"`, patient, "‘" + patient + "’", "\n '" + patient + "'\n",
		"'DEMO-1^^^&2.999.1.1&iso^'", "'DEMO-1^^^NS&2.999.1.1&ISO'", "'DEMO-1^^^&amp;2.999.1.1&amp;ISO'",
	} {
		got, err := documents(t, "$XDSDocumentEntryPatientId", v)
		if err != nil || got.Patient.Key() != cx(t, patient).Key() {
			t.Errorf("%s: got %v, %v, want the patient", v, got.Patient.String(), err)
		}
	}
}

func TestObjectTypeReadings(t *testing.T) {
	t.Parallel()
	both := []xds.ObjectType{xds.Stable, xds.OnDemand}
	for v, want := range map[string][]xds.ObjectType{
		"": both[:1], "('')": both[:1], "('" + string(xds.OnDemand) + "')": both[1:],
		"('" + string(xds.Stable) + "','" + string(xds.OnDemand) + "')": both,
		"('URN:UUID:34268E47-FDF5-41A6-BA33-82133C465248')":             both[1:],
		"Stable, On-Demand": both, "('" + string(xds.Stable) + "','" + docUUID + "')": both[:1],
	} {
		got, err := documents(t, "$XDSDocumentEntryType", v)
		if err != nil || !reflect.DeepEqual(got.Types, want) {
			t.Errorf("%s: got %v, %v, want %v", v, got.Types, err, want)
		}
	}
}

func TestAssociationTypeReadings(t *testing.T) {
	t.Parallel()
	for v, want := range map[string][]xds.AssociationType{
		"('urn:ihe:iti:2007:AssociationType:XFRM_RPLC')": {xds.TransformAndReplace},
		"('RPLC','apnd')":                                                                    {xds.Append, xds.Replace},
		"(urn:ihe:iti:2007:AssociationType:Signs)":                                           {xds.Signs},
		"('urn:ihe:iti:2007:AssociationType:IsSnapshotOf')":                                  {xds.IsSnapshotOf},
		"('urn:oasis:names:tc:ebxml-regrep:AssociationType:RPLC', 'HasMember')":              {xds.Replace, xds.HasMember},
		"('urn:ihe:iti:2007:\n AssociationType:XFRM','XFRM')":                                {xds.Transform},
		"('urn:example:AssociationType:RPLC')":                                               {"urn:example:AssociationType:RPLC"},
		"('urn:ihe:iti:2007:AssociationType:APND','urn:elga:AssociationType:Non','apnd','')": {"urn:elga:AssociationType:Non", xds.Append},
	} {
		slots := append(slices.Clone(base["GetRelatedDocuments"][:1]), slot("$AssociationTypes", v))
		q, err := query.Parse(request(t, "GetRelatedDocuments", slots...))
		got, _ := q.(query.GetRelatedDocuments)
		slices.Sort(want)
		if err != nil || !reflect.DeepEqual(got.AssociationTypes, want) {
			t.Errorf("%s: got %v, %v, want %v", v, got.AssociationTypes, err, want)
		}
	}
}

func TestAvailabilityReadings(t *testing.T) {
	t.Parallel()
	both := []xds.Availability{xds.Online, xds.Offline}
	for v, want := range map[string][]xds.Availability{
		"": nil, "('')": nil, "('Nearline')": nil, "('" + string(xds.Online) + "')": both[:1], "(offline)": both[1:],
		"('urn:ihe:iti:2010:DocumentAvailability:Online','Offline','urn:example:Nearline')": both,
	} {
		got, err := documents(t, "$XDSDocumentEntryDocumentAvailability", v)
		if err != nil || !reflect.DeepEqual(got.Availability, want) {
			t.Errorf("%s: got %v, %v, want %v", v, got.Availability, err, want)
		}
	}
}

// $XDSAssociationStatus is optional: what is not understood leaves the default.
func TestAssociationStatusReadings(t *testing.T) {
	t.Parallel()
	both := []xds.Status{xds.Approved, xds.Deprecated}
	for v, want := range map[string][]xds.Status{
		"": both[:1], "('')": both[:1], "('urn:ihe:iti:2010:StatusType:DeferredCreation')": both[:1], "('Submitted','Deprecated')": both[1:],
		"('" + urnApproved + "','" + urnDeprecated + "')": both, "('" + urnDeprecated + "')": both[1:],
	} {
		q, err := query.Parse(request(t, "GetAssociations", slot("$uuid", docUUID), slot("$XDSAssociationStatus", v)))
		if got, _ := q.(query.GetAssociations); err != nil || !reflect.DeepEqual(got.AssociationStatus, want) {
			t.Errorf("%s: got %v, %v, want %v", v, got.AssociationStatus, err, want)
		}
	}
}

func TestReferenceIDReadings(t *testing.T) {
	t.Parallel()
	const order = "A_1^^^&2.999.5&ISO^urn:ihe:iti:xds:2013:order"
	slots := append(slices.Clone(base["FindDocumentsByReferenceId"][:2]),
		slot("$XDSDocumentEntryReferenceIdList", "('"+order+"','%^urn:ihe:iti:xds:2013:order')"), slot("$XDSDocumentEntryReferenceIdList", "'X%'"))
	q, err := query.Parse(request(t, "FindDocumentsByReferenceId", slots...))
	got, _ := q.(query.FindDocumentsByReferenceID)
	want := [][]query.ReferenceID{{{Value: order}, {Value: "%^urn:ihe:iti:xds:2013:order", Pattern: true}}, {{Value: "X%", Pattern: true}}}
	if err != nil || !reflect.DeepEqual(got.ReferenceIDs, want) {
		t.Errorf("got %v, %v, want %v", got.ReferenceIDs, err, want)
	}
}

// ITI TF-2: 3.18.4.1.2.3.5: Values of one slot are OR, slots of one name AND where that is defined; else they are merged.
func TestAndOr(t *testing.T) {
	t.Parallel()
	a, b, c := xds.Code{Code: "a", Scheme: "1.2"}, xds.Code{Code: "b", Scheme: "1.2"}, xds.Code{Code: "c", Scheme: "1.2"}
	slots := slices.Clone(base["FindDocuments"])
	for _, name := range []string{"$XDSDocumentEntryEventCodeList", "$XDSDocumentEntryConfidentialityCode", "$XDSDocumentEntryClassCode"} {
		slots = append(slots, slot(name, "('a^^1.2')", "('b^^1.2')"), slot(name), slot(name, "('')"), slot(name, "('c^^1.2')"))
	}
	slots = append(slots, slot(" $XDSDocumentEntryAuthorPerson ", "('% Okafor')"), slot("$XDSDocumentEntryAuthorPerson", "'O''Brien%'", "_x"))
	q, err := query.Parse(request(t, "FindDocuments", slots...))
	got, _ := q.(query.FindDocuments)
	want := minimal(t)["FindDocuments"].(query.FindDocuments)
	want.EventCodes = query.AllOf{{a, b}, {c}}
	want.ConfidentialityCodes = query.AllOf{{a, b}, {c}}
	want.ClassCode = query.AnyOf{a, b, c}
	want.AuthorPerson = []string{"% Okafor", "O'Brien%", "_x"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v\nwant %+v", got, err, want)
	}
}

// What other editions and options define has no effect, however it is written.
func TestIgnored(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"$MetadataLevel", "$XDSAssociationStatus", "$homeCommunityId", "$XDSDocumentEntryClassCodeScheme", "$XDSDocumentEntryFormatCodeScheme",
		"$XDSDocumentEntryHealthcareFacilityTypeCodeScheme", "$XDSDocumentEntryPracticeSettingCodeScheme", "$XDSDocumentEntryEventCodeListScheme",
		"$XDSDocumentEntryConfidentialityCodeScheme", "$XDSDocumentEntryLogicalID", "$XDSFolderCodeListScheme", "$XDSSubmissionSetContentTypeScheme",
		"$XDSSubmissionSetStatus", "XDSDocumentEntryClassCode", "$xdsDocumentEntryClassCode", "",
	} {
		got, err := documents(t, s, "('unterminated", "(", "2")
		if want := minimal(t)["FindDocuments"]; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want no effect", s, got, err)
		}
	}
}

func TestQueryIDReadings(t *testing.T) {
	t.Parallel()
	for _, id := range []string{
		" urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4\n", "URN:UUID:5C4F972B-D56B-40AC-A5FC-C8CA9B40B9D4",
		"urn:uuid: 5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", "5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4",
	} {
		r := request(t, "GetDocuments", base["GetDocuments"]...)
		r.QueryID, r.Home, r.Expression = id, "urn:oid:2.999.3", true
		if got, err := query.Parse(r); err != nil || !reflect.DeepEqual(got, minimal(t)["GetDocuments"]) {
			t.Errorf("%q: got %v, %v, want GetDocuments", id, got, err)
		}
	}
}
