package xds

import (
	"fmt"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/xmlwire"
)

func patientID(t *testing.T, s string) hl7v2.CX {
	t.Helper()
	cx, err := hl7v2.ParseCX(s)
	if err != nil {
		t.Fatal(err)
	}
	return cx
}

// sample is one document in one submission, with symbolic ids.
func sample(t *testing.T) *Submission {
	t.Helper()
	p := patientID(t, "P1^^^&2.999.1.1&ISO")
	c := Code{Code: "c", Scheme: "2.999.9", Display: "Code"}
	e := &DocumentEntry{
		Authors: []Author{{Person: "1^Doe", Institutions: []string{"Clinic"}, Roles: []string{"r1", "r2"}}}, ClassCode: c, Comments: "line\nbreak",
		ConfidentialityCodes: []Code{c, {Code: "d", Scheme: "2.999.9", Display: "D"}}, CreationTime: "20240101", EntryUUID: "Document01",
		FormatCode: c, Hash: strings.Repeat("ab", 20), HealthcareFacilityTypeCode: c, LanguageCode: "en", MimeType: "text/plain",
		ObjectType: Stable, PatientID: p, PracticeSettingCode: c, ReferenceIDs: []string{"1^^^&2.999&ISO^urn:x"}, Size: 3, SourcePatientID: p,
		SourcePatientInfo: []string{"PID-5|Doe"}, Title: "Täst <&>", TypeCode: c, UniqueID: "2.999.5.1", RepositoryUniqueID: "2.999.1.2",
	}
	set := &SubmissionSet{EntryUUID: "Set", ContentTypeCode: c, PatientID: p, SourceID: "2.999.6", SubmissionTime: "20240102", UniqueID: "2.999.5.2", Title: "set"}
	f := &Folder{EntryUUID: "Folder", Codes: []Code{c}, PatientID: p, Title: "folder", UniqueID: "2.999.5.3"}
	return &Submission{
		DocumentEntries: []*DocumentEntry{e}, SubmissionSets: []*SubmissionSet{set}, Folders: []*Folder{f},
		Associations: []*Association{
			{EntryUUID: "as1", Type: HasMember, Source: "Set", Target: "Document01", SubmissionSetStatus: Original},
			{EntryUUID: "as2", Type: HasMember, Source: "Folder", Target: "Document01"},
		},
	}
}

// wire sends a submission through the codec as a peer would.
func wire(t *testing.T, s *Submission) *Submission {
	t.Helper()
	doc, err := xmlwire.Parse(ebrim.AppendSubmitObjectsRequest(nil, s.Build()), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	l, ok := ebrim.DecodeSubmitObjectsRequest(doc.Root)
	if !ok {
		t.Fatal("not a SubmitObjectsRequest")
	}
	return ReadSubmission(l)
}

func numbered() func() string {
	n := 0
	return func() string { n++; return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
}

func TestBuildAndReadAgree(t *testing.T) {
	t.Parallel()
	want := sample(t)
	got := wire(t, want)
	e, w := *got.DocumentEntries[0], *want.DocumentEntries[0]
	if e.Symbol != "Document01" || e.Object == nil {
		t.Errorf("Symbol %q, Object %v", e.Symbol, e.Object)
	}
	e.Symbol, e.Object = "", nil
	e.PatientID.Raw, e.SourcePatientID.Raw, w.PatientID.Raw, w.SourcePatientID.Raw = "", "", "", ""
	w.Comments = "line\nbreak"
	if fmt.Sprintf("%+v", e) != fmt.Sprintf("%+v", w) {
		t.Errorf("DocumentEntry\ngot  %+v\nwant %+v", e, w)
	}
	if s := got.SubmissionSet(); s.SourceID != "2.999.6" || s.UniqueID != "2.999.5.2" || s.SubmissionTime != "20240102" {
		t.Errorf("SubmissionSet %+v", s)
	}
	if f := got.Folders[0]; f.Title != "folder" || f.Codes[0] != want.Folders[0].Codes[0] {
		t.Errorf("Folder %+v", f)
	}
}

func TestMarkersOutsideThePackage(t *testing.T) {
	t.Parallel()
	l := sample(t).Build()
	for _, p := range l.RegistryPackages {
		for i, c := range p.Classifications {
			if c.Node != "" {
				p.Classifications = append(p.Classifications[:i], p.Classifications[i+1:]...)
				l.Classifications = append(l.Classifications, c)
			}
		}
	}
	stray := &ebrim.Classification{ID: "x", ClassifiedObject: "nobody", Node: NodeFolder}
	l.Classifications = append(l.Classifications, stray)
	s := ReadSubmission(l)
	if len(s.SubmissionSets) != 1 || len(s.Folders) != 1 || len(s.Ambiguous) != 0 {
		t.Errorf("%d sets, %d folders, %d ambiguous", len(s.SubmissionSets), len(s.Folders), len(s.Ambiguous))
	}
	if len(l.Classifications) != 1 || l.Classifications[0] != stray {
		t.Errorf("left at top level: %+v", l.Classifications)
	}
}

func TestPackagesWithNoneOrBothMarkersAreAmbiguous(t *testing.T) {
	t.Parallel()
	for name, nodes := range map[string][]string{"none": nil, "both": {NodeFolder, NodeSubmissionSet}} {
		p := &ebrim.RegistryPackage{}
		for _, n := range nodes {
			p.Classifications = append(p.Classifications, &ebrim.Classification{Node: n})
		}
		s := ReadSubmission(&ebrim.RegistryObjectList{RegistryPackages: []*ebrim.RegistryPackage{p}})
		if len(s.Ambiguous) != 1 || s.SubmissionSet() != nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestIsUUID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34":  true,
		"URN:UUID:3F9C2B70-8D52-4A77-B8A4-0E6A9C1D2E34":  true,
		"3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34":           false,
		"urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e3":   false,
		"urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34a": false,
		"urn:uuid:3f9c2b70x8d52-4a77-b8a4-0e6a9c1d2e34":  false,
		"urn:uuid:gf9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34":  false,
		"Document01": false, "": false,
	} {
		if got := IsUUID(id); got != want {
			t.Errorf("IsUUID(%q) = %v", id, got)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	s := sample(t)
	s.Folders[0].EntryUUID = "URN:UUID:3F9C2B70-8D52-4A77-B8A4-0E6A9C1D2E34"
	s.Associations[1].Source = "urn:uuid:3F9C2B70-8D52-4A77-B8A4-0E6A9C1D2E34"
	s.Associations = append(s.Associations, &Association{EntryUUID: "as3", Type: Append, Source: "Document01", Target: "unknown"})
	got := wire(t, s)
	got.Resolve(numbered())
	e, f := got.DocumentEntries[0], got.Folders[0]
	if !IsUUID(string(e.EntryUUID)) || e.LogicalID != e.EntryUUID || e.Version != 1 || e.AvailabilityStatus != Approved {
		t.Errorf("entry %q lid %q version %d status %q", e.EntryUUID, e.LogicalID, e.Version, e.AvailabilityStatus)
	}
	if want := EntryUUID("urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34"); f.EntryUUID != want {
		t.Errorf("submitted UUID became %q, want %q", f.EntryUUID, want)
	}
	if a := got.Associations[0]; a.Source != got.SubmissionSet().EntryUUID || a.Target != e.EntryUUID || a.Object.Source != string(a.Source) {
		t.Errorf("association %+v", a)
	}
	if a := got.Associations[1]; a.Source != f.EntryUUID {
		t.Errorf("folder reference in another case: %q", a.Source)
	}
	if a := got.Associations[2]; a.Target != "unknown" || a.TargetSymbol != "unknown" {
		t.Errorf("undefined symbol became %q", a.Target)
	}
	for _, c := range e.Object.Classifications {
		if !IsUUID(c.ID) || c.ClassifiedObject != string(e.EntryUUID) || c.ObjectType != ebrim.ObjectTypeClassification {
			t.Errorf("classification %+v", c)
		}
	}
	if e.Symbol != "Document01" {
		t.Errorf("Symbol = %q: errors name objects as the sender did", e.Symbol)
	}
}

// TestPartIDs: the parts of two objects with neighbouring UUIDs all have ids of their own.
func TestPartIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, object := range []EntryUUID{
		"urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e34", "urn:uuid:3f9c2b70-8d52-4a77-b8a4-0e6a9c1d2e35",
		"urn:uuid:3f9c2b70-8d52-8a77-b8a4-0e6a9c1d2e36", "urn:uuid:3f9c2b71-8d52-1a77-b8a4-0e6a9c1d2e34",
	} {
		seen[string(object)] = true
		for n := 1; n <= 10_000; n++ {
			id := partID(object, n)
			if !IsUUID(id) || seen[id] {
				t.Fatalf("part %d of %s: %q is no UUID or used twice", n, object, id)
			}
			seen[id] = true
		}
	}
	if got, want := partID("urn:uuid:00000000-0000-4000-8000-0000000000a1", 18), "urn:uuid:00000000-0000-8000-8012-0000000000a1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestResolveNormalizesTimes(t *testing.T) {
	t.Parallel()
	s := sample(t)
	l := s.Build()
	l.ExtrinsicObjects[0].Slots = ebrim.SetSlot(l.ExtrinsicObjects[0].Slots, SlotCreationTime, "20240101120000.123+0200")
	l.ExtrinsicObjects[0].Slots = ebrim.SetSlot(l.ExtrinsicObjects[0].Slots, SlotServiceStartTime, "rubbish")
	got := ReadSubmission(l)
	got.Resolve(numbered())
	slots := got.DocumentEntries[0].Object.Slots
	if v := ebrim.Value(slots, SlotCreationTime); v != "20240101100000" {
		t.Errorf("creationTime %q", v)
	}
	if v := ebrim.Value(slots, SlotServiceStartTime); v != "rubbish" {
		t.Errorf("an unreadable time is the validator's: %q", v)
	}
}

func TestFragment(t *testing.T) {
	t.Parallel()
	s := wire(t, sample(t))
	s.Resolve(numbered())
	e := s.DocumentEntries[0]
	v := &Volatile{Status: Deprecated, Version: 3, Home: "urn:oid:2.999.7", PatientID: `P"2^^^&2.999.1.1&ISO`, Availability: "urn:ihe:iti:2010:DocumentAvailability:Offline"}
	text := string(AppendFragment(nil, e.Fragment(), v))
	doc, err := xmlwire.Parse([]byte(`<rim:RegistryObjectList`+ebrim.DeclareRim+`>`+text+`</rim:RegistryObjectList>`), xmlwire.Limits{})
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	o := ebrim.DecodeRegistryObjectList(doc.Root).ExtrinsicObjects[0]
	got := ReadDocumentEntry(o)
	if got.AvailabilityStatus != Deprecated || got.Version != 3 || got.HomeCommunityID != v.Home || got.LogicalID != e.EntryUUID || got.EntryUUID != e.EntryUUID {
		t.Errorf("volatile parts: %+v", got)
	}
	if x := o.Identifier(SchemeEntryPatientID); x.Value != v.PatientID || x.Name.First() != "XDSDocumentEntry.patientId" {
		t.Errorf("patientId: %+v", x)
	}
	if x := ebrim.Value(o.Slots, SlotDocumentAvailability); x != v.Availability {
		t.Errorf("documentAvailability %q", x)
	}
	if x := cxText(got.SourcePatientID); x != "P1^^^&2.999.1.1&ISO" {
		t.Errorf("sourcePatientId must not follow the patient: %q", x)
	}
	if got.Title != e.Title || got.Comments != e.Comments {
		t.Errorf("title %q, comments %q", got.Title, got.Comments)
	}
	plain := string(AppendFragment(nil, e.Fragment(), &Volatile{Status: Approved, Version: 1}))
	if strings.Contains(plain, "home=") || strings.Contains(plain, SlotDocumentAvailability) || strings.ContainsRune(plain, 1) {
		t.Errorf("absent parts leave nothing: %s", plain)
	}
}

func TestFolderFragmentHasTheRegistrysTime(t *testing.T) {
	t.Parallel()
	s := sample(t)
	s.Folders[0].LastUpdateTime = "19990101000000"
	got := wire(t, s)
	got.Resolve(numbered())
	text := string(AppendFragment(nil, got.Folders[0].Fragment(), &Volatile{Status: Approved, Version: 1, LastUpdateTime: "20240506070809"}))
	if strings.Contains(text, "19990101000000") || !strings.Contains(text, "<rim:Value>20240506070809</rim:Value>") {
		t.Error(text)
	}
}

func TestErrorsOnTheWire(t *testing.T) {
	t.Parallel()
	e := &Error{Code: XDSRegistryMetadataError, Context: "expected x, got y", Rule: "some-rule", Section: "ITI TF-3: 4.2", Reference: "r-1", Location: "Document01"}
	if got := e.RegistryError(); got.Context != "expected x, got y [some-rule, ITI TF-3: 4.2, reference r-1]" || got.Severity != ebrim.SeverityError {
		t.Errorf("got %+v", got)
	}
	relayed := &Error{Code: "Any", Context: "as it came", Warning: true, Relayed: true}
	if got := relayed.RegistryError(); got.Context != "as it came" || got.Severity != ebrim.SeverityWarning {
		t.Errorf("got %+v", got)
	}
	if (Errors{relayed}).Refused() || (Errors{relayed}).Status() != ebrim.StatusSuccess {
		t.Error("a warning is no refusal")
	}
	if !(Errors{relayed, e}).Refused() || (Errors{e}).Status() != ebrim.StatusFailure {
		t.Error("an error is")
	}
}
