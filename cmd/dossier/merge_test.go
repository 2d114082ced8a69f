package main

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/golden"
	"dossier/xds"
)

// Patient rules (ITI TF-2: 3.8.4.2): a merge ordered over MLLP, and what Stored Queries and submissions say about it.

// a40 is an A40 of the test domain as it goes over MLLP.
func a40(controlID, survivor, subsumed string) []byte {
	return []byte("\x0bMSH|^~\\&|ADT|HOSPITAL|DOSSIER|NAT|20260102030400||ADT^A40|" + controlID + "|P|2.3.1\rEVN|A40|20260102030400\r" +
		"PID|||" + patientText(survivor) + "\rMRG|" + patientText(subsumed) + "\r\x1c\r")
}

// merged sends an order and checks the acknowledgement: its code and, for a refusal, the place that it names.
func (s *site) merged(t testing.TB, request []byte, code, place string) {
	t.Helper()
	answer, err := golden.SendMLLP(s.feed(), request)
	if err != nil {
		t.Fatal(err)
	}
	ack, err := hl7v2.ParseMessage(answer[1 : len(answer)-2])
	if err != nil {
		t.Fatal(err)
	}
	if got := ack.Field("MSA", 1).Text(); got != code || place != "" && !strings.Contains(string(answer), "ERR|"+place+"^204&") {
		t.Errorf("%q: got\n%q\nwant %s with %s^204", request, answer, code, place)
	}
}

// found lists the titles of the documents that FindDocuments gives for a patient, each of which must show that id.
func (s *site) found(t testing.TB, patient string) string {
	t.Helper()
	var out []string
	for _, e := range s.find(t, findDocuments, "XDSDocumentEntryPatientId", str(patientText(patient)), "XDSDocumentEntryStatus", statusApproved).DocumentEntries {
		if e.PatientID.ID != patient || e.SourcePatientID.ID != "S1" {
			t.Errorf("%s shows patient %s and source patient %s, want %s and S1", e.Title, e.PatientID.ID, e.SourcePatientID.ID, patient)
		}
		out = append(out, e.Title)
	}
	return strings.Join(out, " ")
}

func (s *site) wantFound(t testing.TB, what string, want map[string]string) {
	t.Helper()
	for patient, titles := range want {
		if got := s.found(t, patient); got != titles {
			t.Errorf("%s: %s has %q, want %q", what, patient, got, titles)
		}
	}
}

// ward is a site with patients A to D, each with one document of that name.
func ward(t *testing.T, s *site) map[string]*xds.DocumentEntry {
	t.Helper()
	out := map[string]*xds.DocumentEntry{}
	for _, p := range []string{"A", "B", "C", "D"} {
		s.admit(t, p)
		d := s.draft(t, p)
		out[p] = d.entry(p)
		s.accepted(t, d)
	}
	return out
}

// TestMergeRules has a row for each rule, with a server of its own on every backend.
func TestMergeRules(t *testing.T) {
	t.Parallel()
	rows := map[string]func(*testing.T, *site, map[string]*xds.DocumentEntry){
		"survivor and subsumed": mergeIsSeen, "chain": mergeChain, "star": mergeStar, "loops": mergeLoops,
		"refused orders": mergeRefused, "retransmission": mergeAgain, "lost acknowledgement": mergeLost,
		"submissions": submitAfterMerge, "associations": associationsAfterMerge, "every query": everyQueryAfterMerge,
		"admission of a subsumed id": admitAfterMerge,
	}
	for _, b := range backends {
		for name, row := range rows {
			t.Run(b.name+"/"+strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				s := newSite(t, b)
				row(t, s, ward(t, s))
			})
		}
	}
}

func mergeIsSeen(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.wantFound(t, "before", map[string]string{"A": "A", "B": "B"})
	s.merged(t, a40("1", "B", "A"), "AA", "")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "A B", "C": "C"})
}

func mergeChain(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.merged(t, a40("1", "B", "A"), "AA", "")
	s.merged(t, a40("2", "C", "B"), "AA", "")
	s.merged(t, a40("3", "D", "C"), "AA", "")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "", "C": "", "D": "A B C D"})
}

func mergeStar(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	for i, p := range []string{"B", "C", "D"} {
		s.merged(t, a40(fmt.Sprint(i), "A", p), "AA", "")
	}
	s.wantFound(t, "after", map[string]string{"A": "A B C D", "B": "", "C": "", "D": ""})
}

func mergeLoops(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.merged(t, a40("1", "A", "A"), "AE", "MRG^1^1")
	s.merged(t, a40("2", "B", "A"), "AA", "")
	s.merged(t, a40("3", "A", "B"), "AE", "PID^1^3")
	s.merged(t, a40("4", "C", "B"), "AA", "")
	s.merged(t, a40("5", "A", "C"), "AE", "PID^1^3")
	s.merged(t, a40("6", "B", "C"), "AE", "PID^1^3")
	s.merged(t, a40("7", "A", "A"), "AE", "MRG^1^1")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "", "C": "A B C", "D": "D"})
}

func mergeRefused(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.merged(t, a40("1", "NOBODY", "A"), "AE", "PID^1^3")
	s.merged(t, a40("2", "A", "NOBODY"), "AE", "MRG^1^1")
	other := strings.Replace(string(a40("3", "B", "A")), "MRG|A^^^&"+demoDomain, "MRG|A^^^&2.999.77", 1)
	s.merged(t, []byte(other), "AE", "MRG^1^1")
	other = strings.Replace(string(a40("4", "B", "A")), "PID|||B^^^&"+demoDomain, "PID|||B^^^&2.999.77", 1)
	s.merged(t, []byte(other), "AE", "PID^1^3")
	s.wantFound(t, "nothing was merged", map[string]string{"A": "A", "B": "B"})
	s.merged(t, a40("5", "B", "A"), "AA", "")
	s.merged(t, a40("6", "C", "A"), "AE", "MRG^1^1") // subsumed before, into another
	s.merged(t, a40("7", "A", "C"), "AE", "PID^1^3")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "A B", "C": "C"})
}

func mergeAgain(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	for range 3 {
		s.merged(t, a40("1", "B", "A"), "AA", "")
	}
	s.merged(t, a40("2", "B", "A"), "AE", "MRG^1^1") // the same merge, ordered by another message
	s.merged(t, a40("1", "C", "A"), "AE", "MRG^1^1") // the same MSH-10, altered
	s.merged(t, a40("3", "C", "B"), "AA", "")
	s.merged(t, a40("1", "B", "A"), "AA", "") // done long ago
	s.merged(t, a40("1", "A", "C"), "AE", "PID^1^3")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "", "C": "A B C"})
}

// mergeLost: the sender's connection breaks before it has read the acknowledgement, and it sends the order again.
func mergeLost(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	conn, err := net.Dial("tcp", s.feed())
	if err != nil {
		t.Fatal(err)
	}
	write(t, conn, a40("1", "B", "A"))
	waitFor(t, func() bool { return s.found(t, "A") == "" })
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	s.merged(t, a40("1", "B", "A"), "AA", "")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "A B"})
}

func submitAfterMerge(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.merged(t, a40("1", "B", "A"), "AA", "")
	late := s.draft(t, "A")
	late.entry("late")
	s.refused(t, late, "XDSUnknownPatientId")
	folder := s.draft(t, "A")
	folder.folder("late", "fc")
	s.refused(t, folder, "XDSUnknownPatientId")
	now := s.draft(t, "B")
	now.entry("now")
	s.accepted(t, now)
	s.merged(t, a40("2", "C", "B"), "AA", "")
	for _, p := range []string{"A", "B"} {
		d := s.draft(t, p)
		d.entry("late")
		s.refused(t, d, "XDSUnknownPatientId")
	}
	s.wantFound(t, "after", map[string]string{"A": "", "B": "", "C": "A B C now"})
}

// associationsAfterMerge: what is related to the subsumed id's objects is judged as the survivor's, and a third patient's
// objects stay apart.
func associationsAfterMerge(t *testing.T, s *site, entries map[string]*xds.DocumentEntry) {
	early := s.draft(t, "A")
	folder := early.folder("folder", "fc")
	s.accepted(t, early)
	mismatch := func(patient, target string) {
		t.Helper()
		d := s.draft(t, patient)
		d.relate(xds.Replace, d.entry("x").EntryUUID, entries[target].EntryUUID)
		s.refused(t, d, "XDSPatientIdDoesNotMatch")
	}
	mismatch("B", "A")
	s.merged(t, a40("1", "B", "A"), "AA", "")
	mismatch("C", "A")
	mismatch("B", "C")
	d := s.draft(t, "B")
	appended := d.entry("appended")
	d.relate(xds.Append, appended.EntryUUID, entries["A"].EntryUUID)
	d.member(folder, appended)
	d.member(folder, entries["B"])
	s.accepted(t, d)
	if got := fmt.Sprint(s.members(t, folder)); got != "[B appended]" {
		t.Errorf("the Folder of the subsumed id holds %s", got)
	}
	d = s.draft(t, "B")
	d.relate(xds.Replace, d.entry("new").EntryUUID, entries["A"].EntryUUID)
	s.accepted(t, d)
	s.wantStatus(t, xds.Deprecated, entries["A"], appended)
	s.wantFound(t, "after", map[string]string{"A": "", "B": "B new"})
	related := s.find(t, getRelatedDocuments, "XDSDocumentEntryEntryUUID", str(string(entries["A"].EntryUUID)), "AssociationTypes", list(string(xds.Append), string(xds.Replace)))
	if len(related.DocumentEntries) != 3 || len(related.Associations) != 2 {
		t.Errorf("%d documents and %d Associations are related, want 3 and 2", len(related.DocumentEntries), len(related.Associations))
	}
}

// everyQueryAfterMerge: by whatever query objects of the subsumed id come back, they show the survivor; queries for the
// subsumed id are empty and no error (ITI TF-2: 3.8.4.2).
func everyQueryAfterMerge(t *testing.T, s *site, entries map[string]*xds.DocumentEntry) {
	early := s.draft(t, "A")
	folder := early.folder("folder", "fc")
	filed := early.entry("filed")
	early.member(folder, filed)
	s.accepted(t, early)
	s.merged(t, a40("1", "B", "A"), "AA", "")
	approvedSets, approvedFolders := "XDSSubmissionSetStatus", "XDSFolderStatus"
	byPatient := func(patient string) map[string]*xds.Submission {
		p := str(patientText(patient))
		return map[string]*xds.Submission{
			"FindDocuments":      s.find(t, findDocuments, "XDSDocumentEntryPatientId", p, "XDSDocumentEntryStatus", statusApproved),
			"FindSubmissionSets": s.find(t, findSubmissionSets, "XDSSubmissionSetPatientId", p, approvedSets, statusApproved),
			"FindFolders":        s.find(t, findFolders, "XDSFolderPatientId", p, approvedFolders, statusApproved),
			"GetAll":             s.find(t, getAll, "patientId", p, "XDSDocumentEntryStatus", statusApproved, approvedSets, statusApproved, approvedFolders, statusApproved),
		}
	}
	for name, l := range byPatient("A") {
		if n := len(l.DocumentEntries) + len(l.SubmissionSets) + len(l.Folders) + len(l.Associations); n != 0 {
			t.Errorf("%s for the subsumed id finds %d objects", name, n)
		}
	}
	answers := byPatient("B")
	entry, filedID, folderID := str(string(entries["A"].EntryUUID)), str(string(filed.EntryUUID)), str(string(folder.EntryUUID))
	answers["GetDocuments"] = s.find(t, getDocuments, "XDSDocumentEntryEntryUUID", "("+entry+","+str(string(entries["B"].EntryUUID))+")")
	answers["GetFolders"] = s.find(t, getFolders, "XDSFolderEntryUUID", "("+folderID+")")
	answers["GetFolderAndContents"] = s.find(t, getFolderAndContents, "XDSFolderEntryUUID", folderID)
	answers["GetFoldersForDocument"] = s.find(t, getFoldersForDocument, "XDSDocumentEntryEntryUUID", filedID)
	answers["GetSubmissionSets"] = s.find(t, getSubmissionSets, "uuid", "("+entry+")")
	answers["GetSubmissionSetAndContents"] = s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetUniqueId", str(string(early.SubmissionSet().UniqueID)))
	answers["GetDocumentsAndAssociations"] = s.find(t, getDocumentsAndAssociations, "XDSDocumentEntryEntryUUID", "("+entry+")")
	for name, l := range answers {
		seen := 0
		check := func(id hl7v2.CX) {
			if seen++; id.ID != "B" {
				t.Errorf("%s shows patient %s", name, id.ID)
			}
		}
		for _, e := range l.DocumentEntries {
			check(e.PatientID)
		}
		for _, x := range l.SubmissionSets {
			check(x.PatientID)
		}
		for _, f := range l.Folders {
			check(f.PatientID)
		}
		if seen == 0 {
			t.Errorf("%s finds nothing", name)
		}
	}
	if all := answers["GetAll"]; len(all.DocumentEntries) != 3 || len(all.SubmissionSets) != 3 || len(all.Folders) != 1 {
		t.Errorf("GetAll for the survivor: %d, %d and %d objects, want 3, 3 and 1", len(all.DocumentEntries), len(all.SubmissionSets), len(all.Folders))
	}
	if r := s.ask(t, findDocuments, ebrim.ReturnObjectRef, "XDSDocumentEntryPatientId", str(patientText("B")), "XDSDocumentEntryStatus", statusApproved); len(r.Objects.ObjectRefs) != 3 {
		t.Errorf("%d ObjectRefs for the survivor, want 3", len(r.Objects.ObjectRefs))
	}
}

func admitAfterMerge(t *testing.T, s *site, _ map[string]*xds.DocumentEntry) {
	s.merged(t, a40("1", "B", "A"), "AA", "")
	s.admit(t, "A", "B")
	late := s.draft(t, "A")
	late.entry("late")
	s.refused(t, late, "XDSUnknownPatientId")
	s.wantFound(t, "after", map[string]string{"A": "", "B": "A B"})
}
