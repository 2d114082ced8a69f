package storetest

import (
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"sync/atomic"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// Authority is the affinity domain of all patients of the suites.
const Authority = "2.999.10.1"

// CX gives a patient id of the affinity domain.
func CX(id string) hl7v2.CX {
	c, err := hl7v2.ParseCX(id + "^^^&" + Authority + "&ISO")
	if err != nil {
		panic(err)
	}
	return c
}

var lastID atomic.Int64

// IDsFrom makes the ids of this process start above n. Processes that write into one store need ranges of their own.
func IDsFrom(n int64) { lastID.Store(n) }

// UUID gives a new EntryUUID.
func UUID() xds.EntryUUID { return xds.EntryUUID("urn:uuid:" + bareUUID()) }

func bareUUID() string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", lastID.Add(1)) }

// OID gives a new uniqueId.
func OID() xds.UniqueID { return xds.UniqueID(fmt.Sprintf("2.999.30.%d", lastID.Add(1))) }

func code(c string) xds.Code { return xds.Code{Code: c, Scheme: "2.999.20.1", Display: "code " + c} }

func hashOf(s string) string { return fmt.Sprintf("%x", sha1.Sum([]byte(s))) }

// Submission is a submission in the making, for one patient.
type Submission struct {
	Patient hl7v2.CX
	Set     *xds.SubmissionSet
	Now     hl7v2.DTM
	xds.Submission
	deprecate, also, touch []xds.EntryUUID
	documents              []store.Document
}

// Submit begins a submission with its SubmissionSet.
func Submit(patient hl7v2.CX) *Submission {
	set := &xds.SubmissionSet{
		EntryUUID: UUID(), UniqueID: OID(), PatientID: patient, SourceID: "2.999.6.1", SubmissionTime: "20240611081500",
		ContentTypeCode: code("episode"), Title: "Ward round", Authors: []xds.Author{{Person: "1^Okafor^Lena"}},
	}
	s := &Submission{Patient: patient, Set: set, Now: "20240611081501"}
	s.SubmissionSets = []*xds.SubmissionSet{set}
	return s
}

// Entry adds a DocumentEntry with its HasMember Association; change may alter it first.
func (s *Submission) Entry(change ...func(*xds.DocumentEntry)) *xds.DocumentEntry {
	id := OID()
	e := &xds.DocumentEntry{
		EntryUUID: UUID(), UniqueID: id, PatientID: s.Patient, ObjectType: xds.Stable, MimeType: "text/plain",
		Title: "Vital signs", ClassCode: code("report"), TypeCode: code("vitals"), FormatCode: code("text"),
		PracticeSettingCode: code("nursing"), HealthcareFacilityTypeCode: code("clinic"),
		ConfidentialityCodes: []xds.Code{code("N")}, CreationTime: "20240611081500", Hash: hashOf(string(id)), Size: 42,
		LanguageCode: "en-GB", RepositoryUniqueID: "2.999.40.2",
	}
	for _, c := range change {
		c(e)
	}
	s.DocumentEntries = append(s.DocumentEntries, e)
	s.Link(xds.HasMember, s.Set.EntryUUID, e.EntryUUID).SubmissionSetStatus = xds.Original
	return e
}

// Folder adds a Folder with its HasMember Association.
func (s *Submission) Folder(change ...func(*xds.Folder)) *xds.Folder {
	f := &xds.Folder{EntryUUID: UUID(), UniqueID: OID(), PatientID: s.Patient, Title: "Stay", Codes: []xds.Code{code("stay")}}
	for _, c := range change {
		c(f)
	}
	s.Folders = append(s.Folders, f)
	s.Link(xds.HasMember, s.Set.EntryUUID, f.EntryUUID)
	return f
}

// Link adds an Association.
func (s *Submission) Link(t xds.AssociationType, source, target xds.EntryUUID) *xds.Association {
	a := &xds.Association{EntryUUID: UUID(), Type: t, Source: source, Target: target}
	s.Associations = append(s.Associations, a)
	return a
}

// File puts an entry into a Folder: the HasMember and the SubmissionSet's HasMember of that.
func (s *Submission) File(folder, entry xds.EntryUUID) *xds.Association {
	a := s.Link(xds.HasMember, folder, entry)
	s.Link(xds.HasMember, s.Set.EntryUUID, a.EntryUUID)
	return a
}

// Replace adds the Association and deprecates the target.
func (s *Submission) Replace(t xds.AssociationType, by, target xds.EntryUUID) *xds.Association {
	s.deprecate = append(s.deprecate, target)
	return s.Link(t, by, target)
}

// DeprecateAlso names dependents of what is replaced.
func (s *Submission) DeprecateAlso(ids ...xds.EntryUUID) { s.also = append(s.also, ids...) }

// Touch names Folders that this submission adds to.
func (s *Submission) Touch(ids ...xds.EntryUUID) { s.touch = append(s.touch, ids...) }

// Document adds an index row of the repository.
func (s *Submission) Document(e *xds.DocumentEntry, content string) {
	s.documents = append(s.documents, Document(e.UniqueID, content, e.PatientID))
}

// Registration resolves the submission and gives what a registry would pass to the store.
func (s *Submission) Registration() *store.Registration {
	in := *xds.ReadSubmission(s.Build())
	in.Resolve(bareUUID)
	return &store.Registration{
		SubmissionSet: in.SubmissionSets[0], Entries: in.DocumentEntries, Folders: in.Folders, Associations: in.Associations,
		Deprecate: s.deprecate, DeprecateAlso: s.also, Touch: s.touch, Documents: s.documents, Now: s.Now,
	}
}

// Document gives an index row for these bytes.
func Document(id xds.UniqueID, content string, patient hl7v2.CX) store.Document {
	d := blob.Digest{Ref: blob.Ref{SHA256: sha256.Sum256([]byte(content)), Size: int64(len(content))}, SHA1: sha1.Sum([]byte(content))}
	return store.Document{UniqueID: id, Digest: d, MimeType: "text/plain", Patient: patient}
}
