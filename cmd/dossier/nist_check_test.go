package main

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/xds"
)

// checkResponse holds for every answer: a legal status, errors on Failure and only there, each with code, context and a
// legal severity (ITI TF-3: 4.2.4).
func checkResponse(t testing.TB, status string, errs []ebrim.RegistryError) {
	t.Helper()
	failed := false
	for _, e := range errs {
		if e.Code == "" || e.Context == "" || e.Severity != ebrim.SeverityError && e.Severity != ebrim.SeverityWarning {
			t.Errorf("incomplete RegistryError %+v", e)
		}
		failed = failed || e.Severity == ebrim.SeverityError
	}
	switch status {
	case ebrim.StatusSuccess:
		if failed {
			t.Errorf("Success with errors: %+v", errs)
		}
	case ebrim.StatusFailure, xds.PartialSuccess:
		if !failed {
			t.Errorf("%s without an error: %+v", last(status), errs)
		}
	default:
		t.Errorf("status %q", status)
	}
}

func wantSuccess(t testing.TB, status string, errs []ebrim.RegistryError) {
	t.Helper()
	if status != ebrim.StatusSuccess {
		t.Fatalf("%s, want Success: %+v", last(status), errs)
	}
}

// wantFailure compares the set of error codes, which is exactly this.
func wantFailure(t testing.TB, status string, errs []ebrim.RegistryError, codes ...string) {
	t.Helper()
	if status != ebrim.StatusFailure {
		t.Errorf("%s, want Failure with %v", last(status), codes)
	}
	var got []string
	for _, e := range errs {
		if e.Severity == ebrim.SeverityError {
			got = append(got, e.Code)
		}
	}
	slices.Sort(got)
	slices.Sort(codes)
	if got = slices.Compact(got); !slices.Equal(got, codes) {
		t.Errorf("codes %v, want %v: %+v", got, codes, errs)
	}
}

// accepted registers a draft.
func (s *site) accepted(t testing.TB, d *draft) {
	t.Helper()
	r := s.register(t, d.Build())
	wantSuccess(t, r.Status, r.Errors)
	if len(r.Errors) != 0 {
		t.Errorf("warnings: %+v", r.Errors)
	}
}

// refused registers a draft that must fail with exactly these codes and leave nothing of itself.
func (s *site) refused(t testing.TB, d *draft, codes ...string) {
	t.Helper()
	s.refusedList(t, d, d.Build(), codes...)
}

func (s *site) refusedList(t testing.TB, d *draft, l *ebrim.RegistryObjectList, codes ...string) {
	t.Helper()
	r := s.register(t, l)
	wantFailure(t, r.Status, r.Errors, codes...)
	s.absent(t, d)
}

// absent asks for every object of a draft by its uniqueId.
func (s *site) absent(t testing.TB, d *draft) {
	t.Helper()
	var found []string
	for _, e := range d.DocumentEntries {
		for _, x := range s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(e.UniqueID))).DocumentEntries {
			if x.EntryUUID == e.EntryUUID || !xds.IsUUID(string(e.EntryUUID)) {
				found = append(found, "document "+e.Title)
			}
		}
	}
	for _, f := range d.Folders {
		for range s.find(t, getFolders, "XDSFolderUniqueId", list(string(f.UniqueID))).Folders {
			found = append(found, "folder "+f.Title)
		}
	}
	set := d.SubmissionSet()
	if x := s.find(t, getSubmissionSetAndContents, "XDSSubmissionSetUniqueId", str(string(set.UniqueID))); len(x.SubmissionSets) != 0 {
		found = append(found, "SubmissionSet")
	}
	if len(found) > 0 {
		t.Errorf("the refused submission left %v", found)
	}
}

// document gets one DocumentEntry.
func (s *site) document(t testing.TB, id xds.EntryUUID) *xds.DocumentEntry {
	t.Helper()
	l := s.find(t, getDocuments, "XDSDocumentEntryEntryUUID", list(string(id)))
	if len(l.DocumentEntries) != 1 {
		t.Fatalf("GetDocuments for %s found %d", id, len(l.DocumentEntries))
	}
	return l.DocumentEntries[0]
}

// wantStatus checks the availabilityStatus of DocumentEntries.
func (s *site) wantStatus(t testing.TB, want xds.Status, entries ...*xds.DocumentEntry) {
	t.Helper()
	for _, e := range entries {
		if got := s.document(t, e.EntryUUID).AvailabilityStatus; got != want {
			t.Errorf("%s is %s, want %s", e.Title, last(string(got)), last(string(want)))
		}
	}
}

// members lists the documents of a folder by title.
func (s *site) members(t testing.TB, f *xds.Folder) []string {
	t.Helper()
	l := s.find(t, getFolderAndContents, "XDSFolderEntryUUID", str(string(f.EntryUUID)))
	var out []string
	for _, e := range l.DocumentEntries {
		out = append(out, e.Title)
	}
	slices.Sort(out)
	for _, e := range l.DocumentEntries {
		if !slices.ContainsFunc(l.Associations, func(a *xds.Association) bool {
			return a.Type == xds.HasMember && a.Source == f.EntryUUID && a.Target == e.EntryUUID
		}) {
			t.Errorf("%s is in the answer without its HasMember", e.Title)
		}
	}
	return out
}

var returnedUUID = regexp.MustCompile(`^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// checkReturned compares what LeafClass gave with what was submitted: every attribute unchanged, and what the registry adds
// complete (ITI TF-3: 4.2.3; what toolkits look for in answers).
func checkReturned(t testing.TB, sent, got *ebrim.RegistryObject, objectType string) {
	t.Helper()
	name := "object " + sent.Name.First() + " " + got.ID
	if !returnedUUID.MatchString(got.ID) || got.LID != got.ID {
		t.Errorf("%s: lid %q", name, got.LID)
	}
	if xds.IsUUID(sent.ID) && got.ID != strings.ToLower(sent.ID) {
		t.Errorf("%s: submitted as %s", name, sent.ID)
	}
	if got.Status != ebrim.ObjectApproved && got.Status != ebrim.ObjectDeprecated {
		t.Errorf("%s: status %q", name, got.Status)
	}
	if got.ObjectType != objectType {
		t.Errorf("%s: objectType %q, want %q", name, got.ObjectType, objectType)
	}
	if got.VersionName != "1" {
		t.Errorf("%s: versionName %q", name, got.VersionName)
	}
	if got.Home != sent.Home {
		t.Errorf("%s: home %q, want %q", name, got.Home, sent.Home)
	}
	if !reflect.DeepEqual(got.Name, sent.Name) || !reflect.DeepEqual(got.Description, sent.Description) {
		t.Errorf("%s: Name %+v, Description %+v\nsent %+v, %+v", name, got.Name, got.Description, sent.Name, sent.Description)
	}
	wantSame(t, name, "slots", slotTexts(got.Slots), slotTexts(sent.Slots))
	checkClassifications(t, name, sent, got)
	checkIdentifiers(t, name, sent, got)
}

func checkClassifications(t testing.TB, name string, sent, got *ebrim.RegistryObject) {
	t.Helper()
	texts := func(o *ebrim.RegistryObject) (out []string) {
		for _, c := range o.Classifications {
			out = append(out, strings.Join(append([]string{c.Scheme, c.Node, c.NodeRepresentation, c.Name.First()}, slotTexts(c.Slots)...), " "))
		}
		return out
	}
	wantSame(t, name, "Classifications", texts(got), texts(sent))
	for _, c := range got.Classifications {
		if !returnedUUID.MatchString(c.ID) || c.ClassifiedObject != got.ID || c.ObjectType != ebrim.ObjectTypeClassification {
			t.Errorf("%s: Classification %+v", name, c)
		}
		if c.Scheme != "" && !c.HasNodeRepresentation {
			t.Errorf("%s: Classification %s without nodeRepresentation", name, c.Scheme)
		}
	}
}

func checkIdentifiers(t testing.TB, name string, sent, got *ebrim.RegistryObject) {
	t.Helper()
	texts := func(o *ebrim.RegistryObject) (out []string) {
		for _, x := range o.ExternalIdentifiers {
			out = append(out, x.Scheme+" "+x.Value)
		}
		return out
	}
	wantSame(t, name, "ExternalIdentifiers", texts(got), texts(sent))
	for _, x := range got.ExternalIdentifiers {
		if !returnedUUID.MatchString(x.ID) || x.RegistryObject != got.ID || x.ObjectType != ebrim.ObjectTypeExternalIdentifier || x.Name.First() != xds.IdentifierNames[x.Scheme] {
			t.Errorf("%s: ExternalIdentifier %+v", name, x)
		}
	}
}

func slotTexts(slots []ebrim.Slot) (out []string) {
	for _, s := range slots {
		if s.Name != xds.SlotLastUpdateTime { // the registry's own
			out = append(out, s.Name+"="+strings.Join(s.Values, "|"))
		}
	}
	return out
}

// wantSame compares without order.
func wantSame(t testing.TB, name, what string, got, want []string) {
	t.Helper()
	got, want = slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%s: %s\n got %q\nwant %q", name, what, got, want)
	}
}

// checkDraft gets everything that a draft registered and compares it.
func (s *site) checkDraft(t testing.TB, d *draft) {
	t.Helper()
	l := d.Build()
	for i, e := range d.DocumentEntries {
		got := s.find(t, getDocuments, "XDSDocumentEntryUniqueId", list(string(e.UniqueID))).DocumentEntries
		if xds.IsUUID(string(e.EntryUUID)) {
			got = []*xds.DocumentEntry{s.document(t, e.EntryUUID)}
		}
		if len(got) != 1 {
			t.Errorf("%s: found %d times", e.Title, len(got))
			continue
		}
		checkReturned(t, &l.ExtrinsicObjects[i].RegistryObject, &got[0].Object.RegistryObject, string(xds.Stable))
		if got[0].Object.MimeType != e.MimeType || got[0].Object.IsOpaque != "false" {
			t.Errorf("%s: mimeType %q, isOpaque %q", e.Title, got[0].Object.MimeType, got[0].Object.IsOpaque)
		}
	}
	for i, f := range d.Folders {
		got := s.find(t, getFolders, "XDSFolderUniqueId", list(string(f.UniqueID))).Folders
		if len(got) != 1 {
			t.Errorf("%s: found %d times", f.Title, len(got))
			continue
		}
		checkReturned(t, &l.RegistryPackages[1+i].RegistryObject, &got[0].Object.RegistryObject, ebrim.ObjectTypeRegistryPackage)
	}
	set := s.submissionSet(t, d.SubmissionSet())
	checkReturned(t, &l.RegistryPackages[0].RegistryObject, &set.Object.RegistryObject, ebrim.ObjectTypeRegistryPackage)
	for _, sent := range l.Associations {
		if xds.IsUUID(sent.ID) {
			s.checkAssociation(t, sent)
		}
	}
}

// submissionSet gets one SubmissionSet among those of its patient: unlike its contents it is always of one patient.
func (s *site) submissionSet(t testing.TB, want *xds.SubmissionSet) *xds.SubmissionSet {
	t.Helper()
	var found []*xds.SubmissionSet
	for _, set := range s.find(t, findSubmissionSets, ofPatient("XDSSubmissionSet", want.PatientID.ID, statusApproved)...).SubmissionSets {
		if set.UniqueID == want.UniqueID {
			found = append(found, set)
		}
	}
	if len(found) != 1 {
		t.Fatalf("FindSubmissionSets found %s %d times", want.Title, len(found))
	}
	return found[0]
}

func (s *site) checkAssociation(t testing.TB, sent *ebrim.Association) {
	t.Helper()
	for _, got := range s.find(t, getAssociations, "uuid", list(sent.Source)).Associations {
		if string(got.EntryUUID) != sent.ID {
			continue
		}
		checkReturned(t, &sent.RegistryObject, &got.Object.RegistryObject, ebrim.ObjectTypeAssociation)
		if got.Object.Type != sent.Type || got.Object.Source != sent.Source || got.Object.Target != sent.Target {
			t.Errorf("Association %+v, sent %+v", got.Object, sent)
		}
		return
	}
	t.Errorf("Association %s is not found from its source", sent.ID)
}
