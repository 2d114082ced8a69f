package main

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"dossier/hl7v2"
	"dossier/xds"
)

// The server's defaults.
const (
	authority  = "2.999.1.1"
	repository = "2.999.1.2"
)

// Groups of patients, each for one use.
const (
	groupTen      = "TEN"     // 10 DocumentEntries each
	groupHundred  = "HUNDRED" // 100 each
	groupRegister = "WRITE"   // what ITI-42 and ITI-41 add to
	writers       = 100
)

// groups tells how many patients each group has.
func (b *bench) groups() map[string]int {
	return map[string]int{groupTen: b.tens, groupHundred: b.hundreds, groupRegister: writers}
}

func patientID(group string, i int) string { return fmt.Sprintf("BENCH-%s-%04d", group, i) }

func patient(group string, i int) hl7v2.CX {
	return hl7v2.CX{ID: patientID(group, i), Authority: hl7v2.HD{UniversalID: authority, UniversalIDType: "ISO"}}
}

// ids gives numbers that no other run has used.
type ids struct {
	run  string
	next int
}

func newIDs(now time.Time) ids { return ids{run: fmt.Sprintf("2.999.1.9.%d", now.UnixNano())} }

func (s *ids) number() int { s.next++; return s.next }

func (s *ids) oid() xds.UniqueID { return xds.UniqueID(fmt.Sprintf("%s.%d", s.run, s.number())) }

func entryUUID() xds.EntryUUID { return xds.EntryUUID("urn:uuid:" + uuid.NewString()) }

// submission is what a source sends: one SubmissionSet with so many DocumentEntries, each with about as much metadata as
// national programmes ask for.
type submission struct{ xds.Submission }

func (s *ids) submission(of hl7v2.CX, entries int) *submission {
	set := &xds.SubmissionSet{
		Authors: authors(0), ContentTypeCode: xds.Code{Code: "DISCHARGE", Scheme: "2.999.1.13", Display: "Discharge from hospital"},
		EntryUUID: entryUUID(), PatientID: of, SourceID: "2.999.1.3", SubmissionTime: "20260102030405", Title: "Documents of one stay", UniqueID: s.oid(),
	}
	m := &submission{xds.Submission{SubmissionSets: []*xds.SubmissionSet{set}}}
	for range entries {
		e := s.entry(of)
		m.DocumentEntries = append(m.DocumentEntries, e)
		m.Associations = append(m.Associations, &xds.Association{
			EntryUUID: entryUUID(), Type: xds.HasMember, Source: set.EntryUUID, Target: e.EntryUUID, SubmissionSetStatus: xds.Original,
		})
	}
	return m
}

// entry leaves out what a repository adds: see announce.
func (s *ids) entry(of hl7v2.CX) *xds.DocumentEntry {
	n := s.number()
	return &xds.DocumentEntry{
		Authors:                    append(authors(n), authors(n+1)...),
		ClassCode:                  xds.Code{Code: "REPORT", Scheme: "2.999.1.10", Display: "Report"},
		Comments:                   "Preliminary until signed; synthetic, of a benchmark",
		ConfidentialityCodes:       []xds.Code{{Code: "N", Scheme: "2.16.840.1.113883.5.25", Display: "normal"}, {Code: "PSY", Scheme: "2.999.1.16", Display: "psychiatry relevant"}},
		CreationTime:               hl7v2.DTM(fmt.Sprintf("2025%02d%02d%02d%02d%02d", n%12+1, n%28+1, n%24, n%60, n%59)),
		EntryUUID:                  entryUUID(),
		EventCodes:                 []xds.Code{{Code: "DX", Scheme: "1.2.840.10008.2.16.4", Display: "Digital Radiography"}, {Code: fmt.Sprintf("E%d", n%50), Scheme: "2.999.1.14", Display: "An event of that kind"}},
		FormatCode:                 xds.Code{Code: "urn:ihe:iti:xds:2017:mimeTypeSufficient", Scheme: "1.3.6.1.4.1.19376.1.2.3", Display: "mimeType Sufficient"},
		HealthcareFacilityTypeCode: xds.Code{Code: "HOSP", Scheme: "2.999.1.11", Display: "Hospital"},
		LanguageCode:               "de-AT",
		LegalAuthenticator:         "D-0001^Beispiel^Berta^^^Dr.^^^&2.999.1.4&ISO",
		MimeType:                   "application/pdf",
		ObjectType:                 xds.Stable,
		PatientID:                  of,
		PracticeSettingCode:        xds.Code{Code: "GEN", Scheme: "2.999.1.12", Display: "General medicine"},
		ReferenceIDs:               []string{fmt.Sprintf("ACC-%d^^^&2.999.1.15&ISO^urn:ihe:iti:xds:2013:accession", n)},
		ServiceStartTime:           "20250101080000",
		ServiceStopTime:            "20250103120000",
		Size:                       -1,
		SourcePatientID:            of,
		SourcePatientInfo:          []string{"PID-3|" + of.String(), "PID-5|Muster^Anna^^^", "PID-7|19700101", "PID-8|F", "PID-11|Hauptplatz 1^^Wien^^1010^AT"},
		Title:                      fmt.Sprintf("Discharge letter %d", n),
		TypeCode:                   xds.Code{Code: "34133-9", Scheme: "2.16.840.1.113883.6.1", Display: "Summary of episode note"},
		UniqueID:                   s.oid(),
	}
}

func authors(n int) []xds.Author {
	return []xds.Author{{
		Person:       fmt.Sprintf("D-%04d^Beispiel^Berta^^^Dr.^^^&2.999.1.4&ISO", n%200),
		Institutions: []string{"Example Hospital^^^^^^^^^2.999.1.5", "Example Ward"},
		Roles:        []string{"Attending"}, Specialties: []string{"General medicine"}, Telecoms: []string{"^^Internet^berta@hospital.example"},
	}}
}

// announce adds what ITI-42 carries beyond ITI-41: where the document is and what its bytes are.
func (m *submission) announce() {
	for i, e := range m.DocumentEntries {
		e.RepositoryUniqueID, e.Size = repository, int64(10*kb+i)
		e.Hash = fmt.Sprintf("%040x", i+1)
	}
}
