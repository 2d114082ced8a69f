package main

import (
	"slices"
	"testing"
	"time"

	"dossier/xds"
)

// folderUpdated gets the lastUpdateTime of a Folder.
func (s *site) folderUpdated(t testing.TB, f *xds.Folder) string {
	t.Helper()
	got := s.find(t, getFolders, "XDSFolderEntryUUID", list(string(f.EntryUUID))).Folders
	if len(got) != 1 {
		t.Fatalf("GetFolders found %d", len(got))
	}
	return string(got[0].LastUpdateTime)
}

func (s *site) wantMembers(t testing.TB, f *xds.Folder, titles ...string) {
	t.Helper()
	slices.Sort(titles)
	if got := s.members(t, f); !slices.Equal(got, titles) {
		t.Errorf("%s holds %q, want %q", f.Title, got, titles)
	}
}

// filed registers a Folder with a document in it.
func (s *site) filed(t testing.TB, patient string) (*xds.Folder, *xds.DocumentEntry) {
	t.Helper()
	d := s.draft(t, patient)
	f, e := d.folder("folder", "fc-1"), d.entry("filed")
	d.member(f, e)
	s.accepted(t, d)
	return f, e
}

func TestNIST_11999(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		d.folder("folder", "fc-1", "fc-2")
		s.accepted(t, d)
		s.checkDraft(t, d)
		got := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetUniqueId", str(string(d.SubmissionSet().UniqueID)))
		if len(got.SubmissionSets) != 1 || len(got.Folders) != 1 || len(got.Associations) != 1 || len(got.DocumentEntries) != 0 {
			t.Errorf("the SubmissionSet comes with %d Folders, %d Associations, %d DocumentEntries", len(got.Folders), len(got.Associations), len(got.DocumentEntries))
		}
		for name, change := range map[string]func(*xds.Folder){
			"without codeList":  func(f *xds.Folder) { f.Codes = nil },
			"without title":     func(f *xds.Folder) { f.Title = "" },
			"without uniqueId":  func(f *xds.Folder) { f.UniqueID = "" },
			"without patientId": func(f *xds.Folder) { f.PatientID.ID = "" },
		} {
			t.Run(name, func(t *testing.T) {
				d := s.draft(t, nistPatient)
				change(d.folder("folder", "fc-1"))
				r := s.register(t, d.Build())
				wantFailure(t, r.Status, r.Errors, "XDSRegistryMetadataError")
			})
		}
		again := s.draft(t, nistPatient)
		again.folder("same uniqueId", "fc-1").UniqueID = d.Folders[0].UniqueID
		r := s.register(t, again.Build())
		wantFailure(t, r.Status, r.Errors, "XDSDuplicateUniqueIdInRegistry")
	})
}

func TestNIST_12000(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		f, e := d.folder("folder", "fc-1"), d.entry("filed")
		d.member(f, e)
		s.accepted(t, d)
		s.checkDraft(t, d)
		s.wantMembers(t, f, "filed")
		got := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetUniqueId", str(string(d.SubmissionSet().UniqueID)))
		if len(got.SubmissionSets) != 1 || len(got.Folders) != 1 || len(got.DocumentEntries) != 1 || len(got.Associations) != len(d.Associations) {
			t.Errorf("the SubmissionSet comes with %d Folders, %d DocumentEntries, %d Associations, want 1, 1, %d",
				len(got.Folders), len(got.DocumentEntries), len(got.Associations), len(d.Associations))
		}
		bare := s.draft(t, nistPatient)
		bare.relate(xds.HasMember, bare.folder("folder", "fc-1").EntryUUID, bare.entry("not announced by the SubmissionSet").EntryUUID)
		s.refused(t, bare, "XDSRegistryMetadataError")
		inside := s.draft(t, nistPatient)
		a := inside.relate(xds.HasMember, f.EntryUUID, inside.folder("folder in a folder", "fc-1").EntryUUID)
		inside.relate(xds.HasMember, inside.SubmissionSet().EntryUUID, a.EntryUUID)
		s.refused(t, inside, "XDSRegistryMetadataError")
	})
}

func TestNIST_12000_1a(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		_, e := s.filed(t, nistPatient)
		got := s.find(t, getDocuments, "XDSDocumentEntryEntryUUID", list(string(e.EntryUUID)))
		if len(got.DocumentEntries) != 1 || len(got.Folders)+len(got.SubmissionSets)+len(got.Associations) != 0 {
			t.Errorf("GetDocuments brings %d DocumentEntries, %d Folders, %d SubmissionSets, %d Associations",
				len(got.DocumentEntries), len(got.Folders), len(got.SubmissionSets), len(got.Associations))
		}
	})
}

func TestNIST_12001(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		f, _ := s.filed(t, nistPatient)
		d := s.draft(t, nistPatient)
		d.member(f, d.entry("added"))
		s.accepted(t, d)
		s.checkDraft(t, d)
		s.wantMembers(t, f, "filed", "added")
		lost := s.draft(t, nistPatient)
		lost.member(&xds.Folder{EntryUUID: newEntryUUID()}, lost.entry("into no folder"))
		s.refused(t, lost, "UnresolvedReferenceException")
		bare := s.draft(t, nistPatient)
		bare.relate(xds.HasMember, f.EntryUUID, bare.entry("not announced by the SubmissionSet").EntryUUID)
		s.refused(t, bare, "XDSRegistryMetadataError")
		s.wantMembers(t, f, "filed", "added")
	})
}

func TestNIST_12002(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient, nistOther)
		f, _ := s.filed(t, nistPatient)
		e := s.registered(t, nistOther, "of the other")
		before := s.folderUpdated(t, f)
		s.later(time.Hour)
		added := s.draft(t, nistOther)
		added.member(f, added.entry("new of the other"))
		s.refused(t, added, "XDSPatientIdDoesNotMatch")
		for _, patient := range []string{nistPatient, nistOther} {
			d := s.draft(t, patient)
			d.member(f, e)
			s.refused(t, d, "XDSPatientIdDoesNotMatch")
		}
		created := s.draft(t, nistPatient)
		created.member(created.folder("new", "fc-1"), e)
		s.refused(t, created, "XDSPatientIdDoesNotMatch")
		s.wantMembers(t, f, "filed")
		if got := s.folderUpdated(t, f); got != before {
			t.Errorf("refused submissions moved lastUpdateTime from %s to %s", before, got)
		}
	})
}

func TestNIST_12323(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		f := d.folder("folder", "fc-1")
		f.LastUpdateTime = "19990101000000"
		untouched := d.folder("untouched", "fc-1")
		s.accepted(t, d)
		created := s.now()
		want := func(when string) {
			t.Helper()
			if got := s.folderUpdated(t, f); got != s.now() {
				t.Errorf("%s: lastUpdateTime %s, want %s", when, got, s.now())
			}
			s.later(time.Hour)
		}
		want("created")
		d = s.draft(t, nistPatient)
		e := d.entry("new")
		d.member(f, e)
		s.accepted(t, d)
		want("new document")
		old := s.registered(t, nistPatient, "registered before")
		s.later(time.Hour)
		d = s.draft(t, nistPatient)
		d.member(f, old)
		s.accepted(t, d)
		want("registered document")
		s.mustRelate(t, xds.Replace, e, "replacement")
		want("replacement of a member")
		before := s.folderUpdated(t, f)
		s.mustRelate(t, xds.Append, old, "addendum to a member")
		if got := s.folderUpdated(t, f); got != before {
			t.Errorf("addendum: lastUpdateTime moved from %s to %s", before, got)
		}
		if got := s.folderUpdated(t, untouched); got != created {
			t.Errorf("the other Folder: lastUpdateTime %s, want %s", got, created)
		}
	})
}

func TestNIST_12326(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		f, filed := s.filed(t, nistPatient)
		old := s.registered(t, nistPatient, "old")
		// SubmissionSet, membership and the SubmissionSet's Association to it; no Reference to the document.
		d := s.draft(t, nistPatient)
		d.member(f, old)
		s.accepted(t, d)
		s.checkDraft(t, d)
		s.wantMembers(t, f, "filed", "old")
		referred := s.draft(t, nistPatient)
		other := s.registered(t, nistPatient, "other")
		referred.reference(other)
		referred.member(f, other)
		s.accepted(t, referred)
		s.wantMembers(t, f, "filed", "old", "other")
		s.mustRelate(t, xds.Replace, filed, "replacement")
		late := s.draft(t, nistPatient)
		late.member(s.emptyFolder(t, nistPatient), filed)
		s.refused(t, late, deprecatedTarget)
		lost := s.draft(t, nistPatient)
		lost.member(f, &xds.DocumentEntry{EntryUUID: newEntryUUID()})
		s.refused(t, lost, "UnresolvedReferenceException")
	})
}

func (s *site) emptyFolder(t testing.TB, patient string) *xds.Folder {
	t.Helper()
	d := s.draft(t, patient)
	f := d.folder("empty", "fc-1")
	s.accepted(t, d)
	return f
}

func TestNIST_12327(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		for _, typ := range []xds.AssociationType{xds.Replace, xds.TransformAndReplace} {
			f, old := s.filed(t, nistPatient)
			s.later(time.Minute)
			d, e := s.related(t, typ, old, "new")
			s.accepted(t, d)
			s.wantMembers(t, f, "filed", "new")
			s.wantStatus(t, xds.Deprecated, old)
			if got := s.folderUpdated(t, f); got != s.now() {
				t.Errorf("lastUpdateTime %s, want %s", got, s.now())
			}
			// The SubmissionSet owns the membership that the registry made.
			of := s.find(t, getAssociations, "uuid", list(string(e.EntryUUID))).Associations
			membership := slices.IndexFunc(of, func(a *xds.Association) bool { return a.Type == xds.HasMember && a.Source == f.EntryUUID })
			if membership < 0 {
				t.Fatal("no HasMember from the Folder to the replacement")
			}
			owners := s.find(t, getAssociations, "uuid", list(string(of[membership].EntryUUID))).Associations
			if len(owners) != 1 || owners[0].Type != xds.HasMember || owners[0].Source != d.SubmissionSet().EntryUUID || owners[0].SubmissionSetStatus != "" {
				t.Errorf("Associations to the membership: %d, want the SubmissionSet's HasMember", len(owners))
			}
			if got := s.find(t, getFoldersForDocument, "XDSDocumentEntryEntryUUID", str(string(e.EntryUUID))).Folders; len(got) != 1 {
				t.Errorf("GetFoldersForDocument finds %d Folders of the replacement", len(got))
			}
			// A second replacement goes on from there.
			s.mustRelate(t, typ, e, "newest")
			s.wantMembers(t, f, "filed", "new", "newest")
		}
	})
}

// TestNIST_12022: two documents and a Folder, addenda and transformations of the first from two submissions and on two
// levels, then its replacement; each SubmissionSet shows what became of its own.
func TestNIST_12022(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		s.admit(t, nistPatient)
		d := s.draft(t, nistPatient)
		first, second := d.entry("first"), d.entry("second")
		d.member(d.folder("folder", "fc-1"), second)
		s.accepted(t, d)
		hang := func(target *xds.DocumentEntry) (addendum, transformation *xds.DocumentEntry, of *draft) {
			of = s.draft(t, nistPatient)
			addendum, transformation = of.entry("addendum"), of.entry("transformation")
			of.relate(xds.Append, addendum.EntryUUID, target.EntryUUID)
			of.relate(xds.Transform, transformation.EntryUUID, target.EntryUUID)
			s.accepted(t, of)
			return addendum, transformation, of
		}
		a1, x1, _ := hang(first)
		a2, x2, hung := hang(first)
		deep := s.mustRelate(t, xds.Transform, a1, "transformation of an addendum")
		s.wantStatus(t, xds.Approved, first, second, a1, x1, a2, x2, deep)
		late, _ := s.related(t, xds.Append, x1, "addendum to a transformation")
		s.refused(t, late, "XDSRegistryMetadataError")
		now := s.mustRelate(t, xds.Replace, first, "replacement")
		s.wantStatus(t, xds.Deprecated, first, a1, x1, a2, x2, deep)
		s.wantStatus(t, xds.Approved, now, second)
		for of, want := range map[*draft]map[string]xds.Status{
			d: {"first": xds.Deprecated, "second": xds.Approved}, hung: {"addendum": xds.Deprecated, "transformation": xds.Deprecated},
		} {
			got := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetEntryUUID", str(string(of.SubmissionSet().EntryUUID)))
			if len(got.DocumentEntries) != len(want) || got.SubmissionSets[0].AvailabilityStatus != xds.Approved {
				t.Errorf("the SubmissionSet is %s with %d documents, want %d", got.SubmissionSets[0].AvailabilityStatus, len(got.DocumentEntries), len(want))
			}
			for _, e := range got.DocumentEntries {
				if e.AvailabilityStatus != want[e.Title] {
					t.Errorf("%s is %s", e.Title, e.AvailabilityStatus)
				}
			}
			for _, a := range got.Associations {
				if a.AvailabilityStatus != xds.Approved {
					t.Errorf("Association %s is %s", a.Type, a.AvailabilityStatus)
				}
			}
		}
		// A transformation can be replaced by itself, and its document stays.
		t2 := s.mustRelate(t, xds.Transform, now, "second transformation")
		s.mustRelate(t, xds.Replace, t2, "better transformation")
		s.wantStatus(t, xds.Deprecated, t2)
		s.wantStatus(t, xds.Approved, now)
	})
}
