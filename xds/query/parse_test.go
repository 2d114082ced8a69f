package query_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	patient  = "DEMO-1^^^&2.999.1.1&ISO"
	approved = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
	docUUID  = "urn:uuid:5655aa1f-0d3c-4b8f-9f7f-1c2d3e4f5a6b"
	setUUID  = "urn:uuid:b7a3c5e2-0d3c-4b8f-9f7f-1c2d3e4f5a6b"
	loinc    = "2.16.840.1.113883.6.1"
)

func slot(name string, values ...string) ebrim.Slot { return ebrim.Slot{Name: name, Values: values} }

func request(t *testing.T, name string, slots ...ebrim.Slot) *ebrim.AdhocQueryRequest {
	t.Helper()
	d, ok := query.Lookup(name)
	if !ok {
		t.Fatalf("no stored query %s", name)
	}
	return &ebrim.AdhocQueryRequest{ReturnType: "LeafClass", QueryID: d.ID, Slots: slots}
}

// parse reads a request as one of the transaction that its query belongs to.
func parse(r *ebrim.AdhocQueryRequest) (query.Query, error) {
	if d, ok := query.Lookup(r.QueryID); ok && d.MultiPatient {
		return query.ParseMultiPatient(r)
	}
	return query.Parse(r)
}

func cx(t *testing.T, s string) hl7v2.CX {
	t.Helper()
	c, err := hl7v2.ParseCX(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// base gives the least that each query needs.
var base = map[string][]ebrim.Slot{
	"FindDocuments":               {slot("$XDSDocumentEntryPatientId", "'"+patient+"'"), slot("$XDSDocumentEntryStatus", approved)},
	"FindSubmissionSets":          {slot("$XDSSubmissionSetPatientId", "'"+patient+"'"), slot("$XDSSubmissionSetStatus", approved)},
	"FindFolders":                 {slot("$XDSFolderPatientId", "'"+patient+"'"), slot("$XDSFolderStatus", approved)},
	"GetAll":                      {slot("$patientId", "'"+patient+"'"), slot("$XDSDocumentEntryStatus", approved), slot("$XDSSubmissionSetStatus", approved), slot("$XDSFolderStatus", approved)},
	"GetDocuments":                {slot("$XDSDocumentEntryEntryUUID", "('"+docUUID+"')")},
	"GetFolders":                  {slot("$XDSFolderEntryUUID", "('"+docUUID+"')")},
	"GetAssociations":             {slot("$uuid", "('"+docUUID+"')")},
	"GetDocumentsAndAssociations": {slot("$XDSDocumentEntryEntryUUID", "('"+docUUID+"')")},
	"GetSubmissionSets":           {slot("$uuid", "('"+docUUID+"')")},
	"GetSubmissionSetAndContents": {slot("$XDSSubmissionSetEntryUUID", "'"+docUUID+"'")},
	"GetFolderAndContents":        {slot("$XDSFolderEntryUUID", "'"+docUUID+"'")},
	"GetFoldersForDocument":       {slot("$XDSDocumentEntryEntryUUID", "'"+docUUID+"'")},
	"GetRelatedDocuments":         {slot("$XDSDocumentEntryEntryUUID", "'"+docUUID+"'"), slot("$AssociationTypes", "('urn:ihe:iti:2007:AssociationType:RPLC')")},
	"FindDocumentsByReferenceId":  {slot("$XDSDocumentEntryPatientId", "'"+patient+"'"), slot("$XDSDocumentEntryStatus", approved), slot("$XDSDocumentEntryReferenceIdList", "('A1^^^&2.999.5&ISO^urn:ihe:iti:xds:2013:order')")},

	"FindDocumentsForMultiplePatients":              {slot("$XDSDocumentEntryPatientId", "('"+patient+"')"), slot("$XDSDocumentEntryStatus", approved)},
	"FindFoldersForMultiplePatients":                {slot("$XDSFolderPatientId", "('"+patient+"')"), slot("$XDSFolderStatus", approved)},
	"FindDocumentsByReferenceIdForMultiplePatients": {slot("$XDSDocumentEntryStatus", approved), slot("$XDSDocumentEntryReferenceIdList", "('A1^^^&2.999.5&ISO^urn:ihe:iti:xds:2013:order')")},
}

// minimal is what base reads as.
func minimal(t *testing.T) map[string]query.Query {
	var (
		p      = cx(t, patient)
		status = []xds.Status{xds.Approved}
		stable = []xds.ObjectType{xds.Stable}
		ids    = query.IDs{EntryUUIDs: []xds.EntryUUID{docUUID}}
		filter = query.DocumentFilter{Status: status, Types: stable}
	)
	references := [][]query.ReferenceID{{{Value: "A1^^^&2.999.5&ISO^urn:ihe:iti:xds:2013:order"}}}
	return map[string]query.Query{
		"FindDocuments":               query.FindDocuments{Patient: p, DocumentFilter: filter},
		"FindSubmissionSets":          query.FindSubmissionSets{Patient: p, Status: status},
		"FindFolders":                 query.FindFolders{Patient: p, Status: status},
		"GetAll":                      query.GetAll{Patient: p, DocumentStatus: status, SubmissionSetStatus: status, FolderStatus: status, Types: stable, AssociationStatus: status},
		"GetDocuments":                query.GetDocuments{IDs: ids},
		"GetFolders":                  query.GetFolders{IDs: ids},
		"GetAssociations":             query.GetAssociations{EntryUUIDs: ids.EntryUUIDs, AssociationStatus: status},
		"GetDocumentsAndAssociations": query.GetDocumentsAndAssociations{IDs: ids, AssociationStatus: status},
		"GetSubmissionSets":           query.GetSubmissionSets{EntryUUIDs: ids.EntryUUIDs},
		"GetSubmissionSetAndContents": query.GetSubmissionSetAndContents{IDs: ids, ContentFilter: query.ContentFilter{Types: stable}},
		"GetFolderAndContents":        query.GetFolderAndContents{IDs: ids, ContentFilter: query.ContentFilter{Types: stable}, AssociationStatus: status},
		"GetFoldersForDocument":       query.GetFoldersForDocument{IDs: ids, AssociationStatus: status},
		"GetRelatedDocuments":         query.GetRelatedDocuments{IDs: ids, AssociationTypes: []xds.AssociationType{xds.Replace}, Types: stable, AssociationStatus: status},
		"FindDocumentsByReferenceId":  query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: filter, ReferenceIDs: references},

		"FindDocumentsForMultiplePatients":              query.FindDocumentsForMultiplePatients{Patients: []hl7v2.CX{p}, DocumentFilter: filter},
		"FindFoldersForMultiplePatients":                query.FindFoldersForMultiplePatients{Patients: []hl7v2.CX{p}, Status: status},
		"FindDocumentsByReferenceIdForMultiplePatients": query.FindDocumentsByReferenceIDForMultiplePatients{DocumentFilter: filter, ReferenceIDs: references},
	}
}

func TestParseMinimal(t *testing.T) {
	t.Parallel()
	want := minimal(t)
	for _, d := range query.Catalogue() {
		got, err := parse(request(t, d.Name, base[d.Name]...))
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if !reflect.DeepEqual(got, want[d.Name]) {
			t.Errorf("%s: got %#v, want %#v", d.Name, got, want[d.Name])
		}
	}
}

// example is a value of each type that differs from what base has.
var example = map[query.Type]string{
	query.TypeCode: "('8716-3^^" + loinc + "')", query.TypeTime: "2024", query.TypePattern: "('%Okafor%')", query.TypeText: "('2.999.7')",
	query.TypeUUID: "('" + setUUID + "')", query.TypeStatus: "('urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated')",
	query.TypeObjectType: "('" + string(xds.OnDemand) + "')", query.TypeAssociationType: "('urn:ihe:iti:2007:AssociationType:APND')",
	query.TypeAvailability: "('urn:ihe:iti:2010:DocumentAvailability:Offline')", query.TypeNumber: "2", query.TypeReferenceID: "('B2^^^&2.999.5&ISO^urn:ihe:iti:xds:2013:order')", query.TypePatientID: "'DEMO-2^^^&2.999.1.1&ISO'",
}

// Every parameter of the catalogue is read, and those marked Ignored have no effect.
func TestParseEveryParameter(t *testing.T) {
	t.Parallel()
	for _, d := range query.Catalogue() {
		for _, p := range d.Parameters {
			slots := []ebrim.Slot{slot(p.Name, example[p.Type])}
			for _, s := range base[d.Name] {
				q, _ := d.Parameter(s.Name)
				if s.Name != p.Name && !(p.Choice && q.Choice) {
					slots = append(slots, s)
				}
			}
			got, err := parse(request(t, d.Name, slots...))
			switch {
			case err != nil:
				t.Errorf("%s %s: %v", d.Name, p.Name, err)
			case p.Ignored != reflect.DeepEqual(got, minimal(t)[d.Name]):
				t.Errorf("%s %s: got %#v, the parameter ignored: want %v", d.Name, p.Name, got, p.Ignored)
			}
		}
	}
}

// Required parameters of every query, one after the other.
func TestParseEveryRequiredParameter(t *testing.T) {
	t.Parallel()
	for _, d := range query.Catalogue() {
		for i, left := range base[d.Name] {
			others := slices.Concat(base[d.Name][:i], base[d.Name][i+1:])
			for name, given := range map[string][]ebrim.Slot{
				"absent": nil, "empty": {slot(left.Name, "('')", "()", "  ", "(,)")}, "no value": {slot(left.Name)},
			} {
				_, err := parse(request(t, d.Name, slices.Concat(others, given)...))
				wantErrors(t, d.Name+" "+left.Name+" "+name, err, wanted{xds.XDSStoredQueryMissingParam, left.Name, d.Section})
			}
		}
	}
}

// Several values for parameters that take one.
func TestParseEverySingleParameter(t *testing.T) {
	t.Parallel()
	for _, d := range query.Catalogue() {
		for _, p := range d.Parameters {
			if p.Multiple || p.Ignored {
				continue
			}
			v := strings.Trim(example[p.Type], "()")
			var rest []ebrim.Slot
			for _, s := range base[d.Name] {
				if q, _ := d.Parameter(s.Name); s.Name != p.Name && !(p.Choice && q.Choice) {
					rest = append(rest, s)
				}
			}
			for name, given := range map[string][]ebrim.Slot{
				"list": {slot(p.Name, "("+v+","+v+")")}, "two Values": {slot(p.Name, v, v)}, "two slots": {slot(p.Name, v), slot(p.Name, v)},
			} {
				_, err := parse(request(t, d.Name, slices.Concat(rest, given)...))
				wantErrors(t, d.Name+" "+p.Name+" "+name, err, wanted{xds.XDSStoredQueryParamNumber, p.Name, d.Section})
			}
		}
	}
}

// Either-or pairs given both, neither, and as a LogicalID only.
func TestParseEveryChoice(t *testing.T) {
	t.Parallel()
	for _, d := range query.Catalogue() {
		var choice, rest []ebrim.Slot
		for _, p := range d.Parameters {
			if p.Choice {
				choice = append(choice, slot(p.Name, example[p.Type]))
			}
		}
		if choice == nil {
			continue
		}
		for _, s := range base[d.Name] {
			if p, _ := d.Parameter(s.Name); !p.Choice {
				rest = append(rest, s)
			}
		}
		first := choice[0].Name
		_, err := parse(request(t, d.Name, slices.Concat(rest, choice)...))
		wantErrors(t, d.Name+" both", err, wanted{xds.XDSStoredQueryParamNumber, first, d.Section})
		_, err = parse(request(t, d.Name, rest...))
		wantErrors(t, d.Name+" neither", err, wanted{xds.XDSStoredQueryMissingParam, first, d.Section})
		logical := slot(strings.Replace(first, "EntryUUID", "LogicalID", 1), "('"+docUUID+"')")
		if logical.Name == first {
			t.Fatalf("%s: expected an EntryUUID parameter, got %s", d.Name, first)
		}
		_, err = parse(request(t, d.Name, append(rest, logical)...))
		wantErrors(t, d.Name+" LogicalID", err, wanted{xds.XDSStoredQueryMissingParam, first, d.Section})
		if q, err := parse(request(t, d.Name, append(rest, logical, choice[1])...)); err != nil {
			t.Errorf("%s: uniqueId beside an ignored LogicalID: got %v, want %v", d.Name, err, q)
		}
	}
}

type wanted struct {
	code     xds.ErrorCode
	location string
	section  string
}

// wantErrors compares codes and locations, and checks what every error has to carry.
func wantErrors(t *testing.T, what string, err error, want ...wanted) {
	t.Helper()
	errs, ok := errors.AsType[xds.Errors](err)
	if !ok {
		t.Errorf("%s: got error %v, want xds.Errors", what, err)
		return
	}
	if !errs.Refused() {
		t.Errorf("%s: got warnings %v, want a refusal", what, errs)
	}
	var got []wanted
	for _, e := range errs {
		got = append(got, wanted{e.Code, e.Location, e.Section})
		if strings.HasPrefix(e.Location, "$") && !strings.HasPrefix(e.Context, e.Location+": ") {
			t.Errorf("%s: context %q does not name %s", what, e.Context, e.Location)
		}
		if !strings.Contains(e.Context, "expected ") || e.Rule == "" || len(e.Context) > 512 {
			t.Errorf("%s: context %q, rule %q: want an expectation, at most 512 bytes, and a rule", what, e.Context, e.Rule)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v\n%v", what, got, want, errs)
	}
}
