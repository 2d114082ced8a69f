package main

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/xds"
)

// Query ids (ITI TF-2: Table 3.18.4.1.2.4-1); two more are in messages_test.go.
const (
	findSubmissionSets          = "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9"
	findFolders                 = "urn:uuid:958f3006-baad-4929-a4de-ff1114824431"
	getAll                      = "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3"
	getFolders                  = "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4"
	getAssociations             = "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155"
	getDocumentsAndAssociations = "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a"
	getSubmissionSets           = "urn:uuid:51224314-5390-4169-9b91-b1980040715a"
	getSubmissionSetAndContents = "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83"
	getFolderAndContents        = "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7"
	getFoldersForDocument       = "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578"
	getRelatedDocuments         = "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6"
	findDocumentsByReferenceID  = "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492"

	findDocumentsForMultiplePatients              = "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f"
	findFoldersForMultiplePatients                = "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df"
	findDocumentsByReferenceIDForMultiplePatients = "urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5"
)

// str is a quoted value.
func str(v string) string { return "'" + strings.ReplaceAll(v, "'", "''") + "'" }

// list is a list of quoted values.
func list(values ...string) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = str(v)
	}
	return "(" + strings.Join(quoted, ",") + ")"
}

// codeScheme is the coding scheme of all codes of the drafts.
const codeScheme = "2.999.9.1"

func code(c string) xds.Code {
	return xds.Code{Code: c, Scheme: codeScheme, Display: "Display of " + c}
}

// codeList is a list of codes of codeScheme, as queries have it.
func codeList(codes ...string) string {
	for i := range codes {
		codes[i] += "^^" + codeScheme
	}
	return list(codes...)
}

func cx(t testing.TB, id string) hl7v2.CX {
	t.Helper()
	c, err := hl7v2.ParseCX(patientText(id))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// draft is a submission in the making: correct as it grows, and free to be broken.
type draft struct {
	*xds.Submission
	site    *site
	patient hl7v2.CX
}

// draft begins a submission for a patient with its SubmissionSet.
func (s *site) draft(t testing.TB, patient string) *draft {
	t.Helper()
	p := cx(t, patient)
	return &draft{site: s, patient: p, Submission: &xds.Submission{SubmissionSets: []*xds.SubmissionSet{{
		Authors:            []xds.Author{{Person: "^Keller^Ida^^^Dr", Institutions: []string{"Clinic of Examples^^^^^&2.999.8.1&ISO^^^^7"}, Roles: []string{"primary"}}},
		Comments:           "comments of the set",
		ContentTypeCode:    code("ct-visit"),
		EntryUUID:          newEntryUUID(),
		IntendedRecipients: []string{"Practice of Examples|^Weiss^Otto"},
		PatientID:          p,
		SourceID:           "2.999.6.1",
		SubmissionTime:     "20240110093000",
		Title:              "set",
		UniqueID:           xds.UniqueID(s.oid()),
	}}}}
}

// entry adds a DocumentEntry with every attribute and its membership in the SubmissionSet.
func (d *draft) entry(title string, change ...func(*xds.DocumentEntry)) *xds.DocumentEntry {
	id := d.site.oid()
	hash := sha1.Sum([]byte(id))
	e := &xds.DocumentEntry{
		Authors: []xds.Author{{
			Person: "7^Okafor^Lena^^^Dr^^^&2.999.8&ISO", Institutions: []string{"Clinic of Examples", "Second Clinic^^^^^^^^^2.999.8.2"},
			Roles: []string{"attending"}, Specialties: []string{"ORTHO^^^&2.999.9.5&ISO"}, Telecoms: []string{"^^Internet^lena.okafor@example.org"},
		}},
		ClassCode: code("class-0"), Comments: "comments of " + title, ConfidentialityCodes: []xds.Code{code("conf-N")},
		CreationTime: "20070101", EntryUUID: newEntryUUID(), EventCodes: []xds.Code{code("event-0")}, FormatCode: code("format-0"),
		Hash: hex.EncodeToString(hash[:]), HealthcareFacilityTypeCode: code("facility-0"), LanguageCode: "en-US",
		LegalAuthenticator: "8^Brandt^Eva^^^^^^&2.999.8&ISO", MimeType: "text/plain", ObjectType: xds.Stable, PatientID: d.patient,
		PracticeSettingCode: code("practice-0"), RepositoryUniqueID: "2.999.1.2", ServiceStartTime: "20070101080000", ServiceStopTime: "20070102080000",
		Size: 1000 + int64(len(id)), SourcePatientID: d.patient, SourcePatientInfo: []string{"PID-3|S1^^^&2.999.3&ISO", "PID-5|Test^Patient", "PID-8|U"},
		Title: title, TypeCode: code("type-0"), UniqueID: xds.UniqueID(id), URI: "doc.txt",
	}
	e.SourcePatientID.ID, e.SourcePatientID.Raw = "S1", ""
	for _, f := range change {
		f(e)
	}
	d.DocumentEntries = append(d.DocumentEntries, e)
	d.relate(xds.HasMember, d.SubmissionSet().EntryUUID, e.EntryUUID).SubmissionSetStatus = xds.Original
	return e
}

// folder adds a Folder and its membership in the SubmissionSet.
func (d *draft) folder(title string, codes ...string) *xds.Folder {
	f := &xds.Folder{EntryUUID: newEntryUUID(), Comments: "comments of " + title, PatientID: d.patient, Title: title, UniqueID: xds.UniqueID(d.site.oid())}
	for _, c := range codes {
		f.Codes = append(f.Codes, code(c))
	}
	d.Folders = append(d.Folders, f)
	d.relate(xds.HasMember, d.SubmissionSet().EntryUUID, f.EntryUUID)
	return f
}

// relate adds an Association.
func (d *draft) relate(typ xds.AssociationType, source, target xds.EntryUUID) *xds.Association {
	a := &xds.Association{EntryUUID: newEntryUUID(), Type: typ, Source: source, Target: target}
	d.Associations = append(d.Associations, a)
	return a
}

// member puts a document into a Folder and the Association between them into the SubmissionSet.
func (d *draft) member(f *xds.Folder, e *xds.DocumentEntry) {
	a := d.relate(xds.HasMember, f.EntryUUID, e.EntryUUID)
	d.relate(xds.HasMember, d.SubmissionSet().EntryUUID, a.EntryUUID)
}

// reference makes a registered document a member of the SubmissionSet.
func (d *draft) reference(e *xds.DocumentEntry) {
	d.relate(xds.HasMember, d.SubmissionSet().EntryUUID, e.EntryUUID).SubmissionSetStatus = xds.Reference
}

// symbolic replaces the UUIDs of all objects of the draft by symbols.
func (d *draft) symbolic() *draft {
	names := map[xds.EntryUUID]xds.EntryUUID{}
	rename := func(id *xds.EntryUUID) {
		if names[*id] == "" {
			names[*id] = xds.EntryUUID(fmt.Sprintf("Symbol%02d", len(names)+1))
		}
		*id = names[*id]
	}
	for _, s := range d.SubmissionSets {
		rename(&s.EntryUUID)
	}
	for _, e := range d.DocumentEntries {
		rename(&e.EntryUUID)
	}
	for _, f := range d.Folders {
		rename(&f.EntryUUID)
	}
	for _, a := range d.Associations {
		rename(&a.EntryUUID)
	}
	for _, a := range d.Associations {
		for _, end := range []*xds.EntryUUID{&a.Source, &a.Target} {
			if name, ok := names[*end]; ok {
				*end = name
			}
		}
	}
	return d
}
