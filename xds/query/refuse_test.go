package query_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	coding = "ITI TF-2: 3.18.4.1.2.3.5"
	multi  = "ITI TF-2: 3.51.4.1.2"
)

func TestLeafClass(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{"LeafClass": true, " LeafClass\n": true, "ObjectRef": false} {
		if got, err := query.LeafClass(s); err != nil || got != want {
			t.Errorf("%q: got %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "RegistryObject", "LeafClassWithRepositoryItem", "leafclass", strings.Repeat("x", 1000)} {
		_, err := query.LeafClass(s)
		wantErrors(t, s, err, wanted{xds.XDSRegistryError, "returnType", "ITI TF-2: 3.18.4.1.2"})
	}
}

func TestUnknownStoredQuery(t *testing.T) {
	t.Parallel()
	for id, text := range map[string]string{
		"": "got nothing", "urn:uuid:00000000-0000-4000-8000-000000000000": `got "urn:uuid:0`, "FindDocuments": `got "FindDocuments"`,
		"urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f": "FindDocumentsForMultiplePatients of ITI-51",
		"urn:uuid:50D3F5AC-39A2-11DE-A1CA-B366239E58DF": "FindFoldersForMultiplePatients of ITI-51",
		"urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5": "FindDocumentsByReferenceIdForMultiplePatients of ITI-51",
		"urn:uuid:f2072993-9478-41df-a603-8f016706efe8": `got "urn:uuid:f2072993`, strings.Repeat("é", 500): "...",
	} {
		location := id
		if len(location) > 64 {
			location = strings.Repeat("é", 64) + "..."
		}
		_, err := query.Parse(&ebrim.AdhocQueryRequest{QueryID: id, Slots: base["FindDocuments"]})
		wantErrors(t, id, err, wanted{xds.XDSUnknownStoredQuery, location, "ITI TF-2: 3.18.4.1.2.4"})
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, want %q in it", id, err, text)
		}
	}
	_, err := query.Parse(&ebrim.AdhocQueryRequest{Expression: true})
	wantErrors(t, "expression", err, wanted{xds.XDSUnknownStoredQuery, "", "ITI TF-2: 3.18.4.1.2.4"})
	if err == nil || !strings.Contains(err.Error(), "QueryExpression") {
		t.Errorf("got %v, want the QueryExpression named", err)
	}
}

// Queries of ITI-18 are unknown to ITI-51.
func TestUnknownMultiPatientQuery(t *testing.T) {
	t.Parallel()
	for id, text := range map[string]string{
		"": "of ITI-51 (Multi-Patient Stored Query), got nothing", "urn:uuid:00000000-0000-4000-8000-000000000000": `got "urn:uuid:0`,
		"urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d": "expected a query of ITI-51 (Multi-Patient Stored Query), got FindDocuments of ITI-18",
		"12941A89-E02E-4BE5-967C-CE4BFC8FE492":          "got FindDocumentsByReferenceId of ITI-18",
	} {
		_, err := query.ParseMultiPatient(&ebrim.AdhocQueryRequest{QueryID: id, Slots: base["FindDocuments"]})
		wantErrors(t, id, err, wanted{xds.XDSUnknownStoredQuery, id, multi})
		if err != nil && !strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v, want %q in it", id, err, text)
		}
	}
}

// Something must narrow a query over patients: one of the codes may stand in for them, other parameters may not.
func TestNothingNarrows(t *testing.T) {
	t.Parallel()
	const entry, folder = "$XDSDocumentEntry", "$XDSFolder"
	all, folders := "FindDocumentsForMultiplePatients", "FindFoldersForMultiplePatients"
	byReference := "FindDocumentsByReferenceIdForMultiplePatients"
	code := "('a^^2.999')"
	for name, c := range map[string]struct {
		query string
		slots []ebrim.Slot
		want  []wanted
	}{
		"nothing":          {all, nil, []wanted{{xds.XDSStoredQueryMissingParam, entry + "PatientId", multi}}},
		"empty patients":   {all, []ebrim.Slot{slot(entry+"PatientId", "()", "('')")}, []wanted{{xds.XDSStoredQueryMissingParam, entry + "PatientId", multi}}},
		"typeCode":         {all, []ebrim.Slot{slot(entry+"TypeCode", code), slot(entry+"FormatCode", code)}, []wanted{{xds.XDSStoredQueryMissingParam, entry + "PatientId", multi}}},
		"classCode":        {all, []ebrim.Slot{slot(entry+"ClassCode", code)}, nil},
		"eventCodeList":    {all, []ebrim.Slot{slot(entry+"EventCodeList", code)}, nil},
		"facility":         {all, []ebrim.Slot{slot(entry+"HealthcareFacilityTypeCode", code)}, nil},
		"unreadable code":  {all, []ebrim.Slot{slot(entry+"ClassCode", "('a')")}, []wanted{{xds.XDSRegistryError, entry + "ClassCode", coding}}},
		"malformed id":     {all, []ebrim.Slot{slot(entry+"PatientId", "('DEMO-1','"+patient+"')")}, []wanted{{xds.XDSRegistryError, entry + "PatientId", coding}}},
		"nothing, folders": {folders, nil, []wanted{{xds.XDSStoredQueryMissingParam, folder + "PatientId", multi}}},
		"folder times":     {folders, []ebrim.Slot{slot(folder+"LastUpdateTimeFrom", "2024")}, []wanted{{xds.XDSStoredQueryMissingParam, folder + "PatientId", multi}}},
		"folder codes":     {folders, []ebrim.Slot{slot(folder+"CodeList", code)}, nil},
		"reference id":     {byReference, []ebrim.Slot{slot(entry+"ReferenceIdList", "('a')")}, nil},
		"pattern":          {byReference, []ebrim.Slot{slot(entry+"ReferenceIdList", "('a','b%')")}, []wanted{{xds.XDSStoredQueryMissingParam, entry + "PatientId", multi}}},
		"pattern, patient": {byReference, []ebrim.Slot{slot(entry+"ReferenceIdList", "('b%')"), slot(entry+"PatientId", "'"+patient+"'")}, nil},
		"pattern and id":   {byReference, []ebrim.Slot{slot(entry+"ReferenceIdList", "('b%')"), slot(entry+"ReferenceIdList", "('a')")}, nil},
	} {
		slots := append(slices.Clone(c.slots), slot(entry+"Status", approved), slot(folder+"Status", approved))
		q, err := query.ParseMultiPatient(request(t, c.query, slots...))
		if c.want != nil {
			wantErrors(t, name, err, c.want...)
			if err != nil && strings.Contains(err.Error(), "DEMO") {
				t.Errorf("%s: got %v, want no patient id in it", name, err)
			}
		} else if err != nil || q == nil {
			t.Errorf("%s: got %v, %v, want a query", name, q, err)
		}
	}
	for name, slots := range map[string][]ebrim.Slot{"absent": nil, "not understood": {slot(entry+"Status", "('Submitted')")}} {
		_, err := query.ParseMultiPatient(request(t, all, append(slots, slot(entry+"PatientId", "'"+patient+"','"+patient+"'"))...))
		wantErrors(t, "status "+name, err, wanted{xds.XDSStoredQueryMissingParam, entry + "Status", multi})
	}
}

func TestBadCoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value, text string }{
		{"$XDSDocumentEntryTypeCode", "('8716-3')", `expected code^^codingScheme, got "8716-3"`},
		{"$XDSDocumentEntryTypeCode", "('8716-3^^')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('^^2.999')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('^^')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('a^b')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('a^b^')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('a^^^&2.999&ISO')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('x^ ^^2.999')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "(Emergency Department)", "codingScheme"},
		{"$XDSDocumentEntryConfidentialityCode", "('N^^')", "codingScheme"},
		{"$XDSDocumentEntryTypeCode", "('a^^2.999", `at character 2: expected a closing quote for the value, got "'a^^2.999"`},
		{"$XDSDocumentEntryTypeCode", "('Children's^^2.999')", `at character 12: expected a comma, a closing parenthesis or the end after a quoted value (a quote inside is doubled), got "s^^2.999')"`},
		{"$XDSDocumentEntryTypeCode", "('a^^2.999' 'b^^2.999')", "expected a comma"},
		{"$XDSDocumentEntryTypeCode", "('a^^2.999')('b^^2.999')", "expected a comma"},
		{"$XDSDocumentEntryTypeCode", "(“a^^2.999')", "expected a closing quote"},
		{"$XDSDocumentEntryTypeCode", "('a\x00^^2.999')", "without control characters"},
		{"$XDSDocumentEntryTypeCode", "(a\x1b^^2.999)", "without control characters"},
		{"$XDSDocumentEntryTypeCode", "('a\xff^^2.999')", "UTF-8"},
		{"$XDSDocumentEntryCreationTimeFrom", "2004-01-01", "DTM: expected"},
		{"$XDSDocumentEntryCreationTimeFrom", "20041301", "DTM: expected"},
		{"$XDSDocumentEntryCreationTimeTo", "'yesterday'", `DTM: expected 4, 6, 8, 10, 12 or 14 digits YYYYMMDDhhmmss, got "yesterday"`},
		{"$XDSDocumentEntryServiceStartTimeFrom", "200", "DTM: expected"},
		{"$XDSDocumentEntryType", "('" + docUUID + "','')", "Stable or On-Demand"},
		{"$XDSDocumentEntryType", "('Deferred')", "Stable or On-Demand"},
		{"$XDSDocumentEntryPatientId", "'DEMO-1'", "CX component 4: expected an assigning authority written &OID&ISO"},
		{"$XDSDocumentEntryPatientId", "'^^^&2.999.1.1&ISO'", "CX component 1: expected an identifier"},
		{"$XDSDocumentEntryPatientId", "'DEMO-1^^^&x.y&ISO'", "CX component 4.2: expected an OID"},
		{"$XDSDocumentEntryPatientId", "'DEMO-1^^^NS'", "CX component 4"},
		{"$XDSDocumentEntryPatientId", "'" + patient, "at character 1: expected a closing quote for the value"},
	} {
		section := coding
		if c.name == "$XDSDocumentEntryType" {
			section = "ITI TF-2: 3.18.4.1.2.3.7.1"
		}
		_, err := documents(t, c.name, c.value)
		wantErrors(t, c.value, err, wanted{xds.XDSRegistryError, c.name, section})
		if err != nil && (!strings.Contains(err.Error(), c.text) || strings.Contains(err.Error(), "DEMO")) {
			t.Errorf("%s: got %v, want %q in it and no patient id", c.value, err, c.text)
		}
	}
}

func TestBadIdentifiers(t *testing.T) {
	t.Parallel()
	_, err := query.Parse(request(t, "GetDocuments", slot("$XDSDocumentEntryUniqueId", "('2.999.1")))
	wantErrors(t, "an unreadable one of a pair is not missing", err, wanted{xds.XDSRegistryError, "$XDSDocumentEntryUniqueId", coding})
	_, err = query.Parse(request(t, "GetDocuments", slot("$XDSDocumentEntryUniqueId", "('2.999.1"), base["GetDocuments"][0]))
	wantErrors(t, "an unreadable one of both", err, wanted{xds.XDSRegistryError, "$XDSDocumentEntryUniqueId", coding},
		wanted{xds.XDSStoredQueryParamNumber, "$XDSDocumentEntryEntryUUID", "ITI TF-2: 3.18.4.1.2.3.7.5"})
	for _, v := range []string{"('urn:uuid:1')", "('Document01')", "('2.999.1')", "('urn:uuid:5655aa1f-0d3c-4b8f-9f7f-1c2d3e4f5a6g')"} {
		_, err := query.Parse(request(t, "GetSubmissionSets", slot("$uuid", v)))
		wantErrors(t, v, err, wanted{xds.XDSRegistryError, "$uuid", coding})
	}
	for _, v := range []string{"('REPLACE')", "('RPLC','')', '')"} {
		_, err := query.Parse(request(t, "GetRelatedDocuments", base["GetRelatedDocuments"][0], slot("$AssociationTypes", v)))
		wantErrors(t, v, err, wanted{xds.XDSRegistryError, "$AssociationTypes", coding})
	}
	slots := append(slices.Clone(base["FindDocumentsByReferenceId"][:2]), slot("$XDSDocumentEntryReferenceIdList", "('DEMO-1^^^&2.999.1.1&ISO^x"))
	_, err = query.Parse(request(t, "FindDocumentsByReferenceId", slots...))
	wantErrors(t, "reference id", err, wanted{xds.XDSRegistryError, "$XDSDocumentEntryReferenceIdList", coding})
	if err != nil && strings.Contains(err.Error(), "DEMO") {
		t.Errorf("got %v, want no reference id in it", err)
	}
}

// The returnType is judged after the id and before the parameters.
func TestReturnTypeAmongProblems(t *testing.T) {
	t.Parallel()
	r := request(t, "FindDocuments", base["FindDocuments"][0])
	r.ReturnType = "RegistryObject"
	_, err := query.Parse(r)
	wantErrors(t, "both", err, wanted{xds.XDSRegistryError, "returnType", "ITI TF-2: 3.18.4.1.2"},
		wanted{xds.XDSStoredQueryMissingParam, "$XDSDocumentEntryStatus", "ITI TF-2: 3.18.4.1.2.3.7.1"})
	r.QueryID = "x"
	_, err = query.Parse(r)
	wantErrors(t, "unknown query", err, wanted{xds.XDSUnknownStoredQuery, "x", "ITI TF-2: 3.18.4.1.2.4"})
}

// All problems of a request come at once; a parameter that cannot be read is not also missing.
func TestAllProblems(t *testing.T) {
	t.Parallel()
	one := "ITI TF-2: 3.18.4.1.2.3.7.14"
	_, err := query.Parse(request(t, "FindDocumentsByReferenceId",
		slot("$XDSDocumentEntryPatientId", "'"+patient+"','"+patient+"'"),
		slot("$XDSDocumentEntryStatus", "('Submitted')"),
		slot("$XDSDocumentEntryFormatCode", "('a','b','c^^2.999')"),
		slot("$XDSDocumentEntryEventCodeList", "('a^^2.999')"), slot("$XDSDocumentEntryEventCodeList", "('b)"),
		slot("$XDSDocumentEntryCreationTimeFrom", "12"),
	))
	wantErrors(t, "all", err,
		wanted{xds.XDSRegistryError, "$XDSDocumentEntryEventCodeList", coding},
		wanted{xds.XDSStoredQueryParamNumber, "$XDSDocumentEntryPatientId", one},
		wanted{xds.XDSStoredQueryMissingParam, "$XDSDocumentEntryReferenceIdList", one},
		wanted{xds.XDSRegistryError, "$XDSDocumentEntryFormatCode", coding},
		wanted{xds.XDSRegistryError, "$XDSDocumentEntryFormatCode", coding},
		wanted{xds.XDSRegistryError, "$XDSDocumentEntryCreationTimeFrom", coding},
		wanted{xds.XDSStoredQueryMissingParam, "$XDSDocumentEntryStatus", one},
	)
}

func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	_, err := documents(t, "$XDSDocumentEntryTypeCode", strings.Repeat("x,", 9000))
	errs, _ := errors.AsType[xds.Errors](err)
	if len(errs) != 33 || !strings.Contains(errs[32].Context, "8968 more problems") {
		t.Errorf("got %d errors, the last %v, want 33 and the last to tell of 8968 more", len(errs), errs[len(errs)-1])
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	uuids := make([]string, 10_001)
	for i := range uuids {
		uuids[i] = fmt.Sprintf("'urn:uuid:00000000-0000-4000-8000-%012x'", i)
	}
	list := func(n int) string { return "(" + strings.Join(uuids[:n], ",") + ")" }
	get := func(slots ...ebrim.Slot) (query.Query, error) {
		return query.Parse(request(t, "GetAssociations", slots...))
	}

	q, err := get(slot("$uuid", list(10_000)))
	if got, _ := q.(query.GetAssociations); err != nil || len(got.EntryUUIDs) != 10_000 {
		t.Errorf("10000 values: got %d, %v", len(got.EntryUUIDs), err)
	}
	for name, slots := range map[string][]ebrim.Slot{
		"one Value": {slot("$uuid", list(10_001))}, "two Values": {slot("$uuid", list(10_000), "'"+docUUID+"'")},
		"two slots": {slot("$uuid", list(9_000)), slot("$uuid", list(1_001))}, "Value by Value": {slot("$uuid", uuids...)},
	} {
		_, err := get(slots...)
		wantErrors(t, name, err, wanted{xds.XDSRegistryError, "$uuid", coding})
		if errs, ok := errors.AsType[xds.Errors](err); !ok || errs[0].Rule != "query-limits" || !strings.Contains(err.Error(), "expected at most 10000 values in one query") {
			t.Errorf("%s: got %v, want the limit in it", name, err)
		}
	}

	many := slices.Clone(base["FindDocuments"])
	for range 16 {
		many = append(many, slot("$XDSDocumentEntryEventCodeList", "('a^^2.999')"))
	}
	if _, err := query.Parse(request(t, "FindDocuments", many...)); err != nil {
		t.Errorf("16 lists that are AND: %v", err)
	}
	_, err = query.Parse(request(t, "FindDocuments", append(many, slot("$XDSDocumentEntryEventCodeList", "('a^^2.999')"))...))
	wantErrors(t, "17 lists that are AND", err, wanted{xds.XDSRegistryError, "$XDSDocumentEntryEventCodeList", coding})

	long := strings.Repeat("x", 64<<10)
	if got, err := documents(t, "$XDSDocumentEntryAuthorPerson", "('"+long+"')"); err != nil || !reflect.DeepEqual(got.AuthorPerson, []string{long}) {
		t.Errorf("64 KiB: got %d patterns, %v", len(got.AuthorPerson), err)
	}
	for _, v := range []string{"('" + long + "y')", long + "y", "'" + strings.Repeat("''", 64<<10) + "z'"} {
		_, err := documents(t, "$XDSDocumentEntryAuthorPerson", v)
		wantErrors(t, "64 KiB and 1", err, wanted{xds.XDSRegistryError, "$XDSDocumentEntryAuthorPerson", coding})
		if err != nil && !strings.Contains(err.Error(), "at most 65536 bytes") {
			t.Errorf("got %v, want the limit in it", err)
		}
	}
}
