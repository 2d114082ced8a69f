package registry

import (
	"fmt"
	"slices"
	"testing"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

const (
	oldEntry    = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-0000000000a1")
	oldFolder   = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-0000000000f1")
	oldSet      = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-0000000000b1")
	oldAddendum = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-0000000000a2")
	newEntry    = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-000000000001")
	newFolder   = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-000000000002")
	newSet      = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-000000000003")
	nowhere     = xds.EntryUUID("urn:uuid:00000000-0000-4000-8000-0000000000ff")
)

func cx(id string) hl7v2.CX {
	return hl7v2.CX{ID: id, Authority: hl7v2.HD{UniversalID: "2.999.1.1", UniversalIDType: "ISO"}, Raw: id + "^^^&2.999.1.1&ISO"}
}

// scene is a correct submission of one entry and one folder for patient P beside a registry that holds an entry in a folder.
func scene() (*xds.Submission, *store.State) {
	p := cx("P")
	s := &xds.Submission{
		SubmissionSets:  []*xds.SubmissionSet{{EntryUUID: newSet, PatientID: p, UniqueID: "set", Symbol: "Set"}},
		DocumentEntries: []*xds.DocumentEntry{{EntryUUID: newEntry, PatientID: p, UniqueID: "doc", Hash: "aa", Size: 1, ObjectType: xds.Stable, Symbol: "Doc"}},
		Folders:         []*xds.Folder{{EntryUUID: newFolder, PatientID: p, UniqueID: "folder", Symbol: "Folder"}},
	}
	state := &store.State{
		Patients: map[hl7v2.PatientKey]store.PatientState{p.Key(): {}, cx("Q").Key(): {}, cx("GONE").Key(): {Subsumed: true}},
		Objects: map[xds.EntryUUID]store.ObjectState{
			oldEntry:  {Kind: store.DocumentEntry, Status: xds.Approved, Patient: p.Key(), ObjectType: xds.Stable},
			oldFolder: {Kind: store.Folder, Status: xds.Approved, Patient: p.Key()},
			oldSet:    {Kind: store.SubmissionSet, Status: xds.Approved, Patient: p.Key()},
		},
		UniqueIDs:  map[xds.UniqueID]store.UniqueIDState{},
		Dependents: []xds.EntryUUID{oldAddendum},
		Folders:    map[xds.EntryUUID][]store.FolderState{},
	}
	return s, state
}

func link(t xds.AssociationType, source, target xds.EntryUUID) *xds.Association {
	return &xds.Association{EntryUUID: xds.EntryUUID("as-" + string(source) + string(target)), Type: t, Source: source, Target: target,
		Symbol: "as", SourceSymbol: string(source), TargetSymbol: string(target)}
}

func decide(s *xds.Submission, state *store.State) (*plan, xds.Errors) {
	n := 0
	p := &plan{submission: s, state: state, newUUID: func() string { n++; return fmt.Sprintf("own-%d", n) }}
	return p, p.decide().Problems
}

func TestPlanRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(s *xds.Submission, state *store.State)
		want   []xds.ErrorCode
	}{
		"nothing wrong": {func(*xds.Submission, *store.State) {}, nil},
		"unknown patient of the set hides the rest": {func(s *xds.Submission, _ *store.State) {
			s.SubmissionSets[0].PatientID, s.DocumentEntries[0].PatientID = cx("X"), cx("Y")
		}, []xds.ErrorCode{xds.XDSUnknownPatientID}},
		"unknown patients are reported once each": {func(s *xds.Submission, _ *store.State) {
			s.DocumentEntries[0].PatientID, s.Folders[0].PatientID = cx("Y"), cx("Y")
		}, []xds.ErrorCode{xds.XDSUnknownPatientID}},
		"merged patient": {func(s *xds.Submission, _ *store.State) { s.SubmissionSets[0].PatientID = cx("GONE") }, []xds.ErrorCode{xds.XDSUnknownPatientID}},
		"submitted uuid is taken": {func(s *xds.Submission, _ *store.State) { s.DocumentEntries[0].EntryUUID = oldEntry },
			[]xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"uniqueId of the set": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["set"] = store.UniqueIDState{Kind: store.SubmissionSet}
		}, []xds.ErrorCode{xds.XDSDuplicateUniqueIDInRegistry}},
		"uniqueId of the folder": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["folder"] = store.UniqueIDState{Kind: store.DocumentEntry}
		}, []xds.ErrorCode{xds.XDSDuplicateUniqueIDInRegistry}},
		"uniqueId of an entry is that of a folder": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["doc"] = store.UniqueIDState{Kind: store.Folder}
		}, []xds.ErrorCode{xds.XDSDuplicateUniqueIDInRegistry}},
		"same document again": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["doc"] = store.UniqueIDState{Kind: store.DocumentEntry, ObjectType: xds.Stable, Hash: "aa", Size: 1}
		}, nil},
		"other hash and size": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["doc"] = store.UniqueIDState{Kind: store.DocumentEntry, ObjectType: xds.Stable, Hash: "bb", Size: 2}
		}, []xds.ErrorCode{xds.XDSNonIdenticalHash, xds.XDSNonIdenticalSize}},
		"uniqueId of an on-demand entry": {func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["doc"] = store.UniqueIDState{Kind: store.DocumentEntry, ObjectType: xds.OnDemand}
		}, []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"unknown target":                       {add(link(xds.Append, newEntry, nowhere)), []xds.ErrorCode{xds.UnresolvedReferenceException}},
		"unknown source":                       {add(link(xds.HasMember, nowhere, newEntry)), []xds.ErrorCode{xds.UnresolvedReferenceException}},
		"relationship from a registered entry": {add(link(xds.Append, oldEntry, newEntry)), []xds.ErrorCode{xds.UnresolvedReferenceException}},
		"relationship to a folder":             {add(link(xds.Transform, newEntry, oldFolder)), []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"replacing within the message": {func(s *xds.Submission, _ *store.State) {
			second := *s.DocumentEntries[0]
			second.EntryUUID, second.UniqueID = "urn:uuid:00000000-0000-4000-8000-000000000004", "doc2"
			s.DocumentEntries = append(s.DocumentEntries, &second)
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, second.EntryUUID))
		}, []xds.ErrorCode{xds.UnresolvedReferenceException}},
		"replacing itself, which validate refuses": {add(link(xds.Replace, newEntry, newEntry)), nil},
		"signing the set, which validate refuses":  {add(link(xds.Signs, newEntry, newSet)), nil},
		"snapshot of a stable entry":               {add(link(xds.IsSnapshotOf, newEntry, oldEntry)), []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"replacing twice": {func(s *xds.Submission, _ *store.State) {
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry), link(xds.TransformAndReplace, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"deprecated target": {func(s *xds.Submission, st *store.State) {
			change(st, oldEntry, func(o *store.ObjectState) { o.Status = xds.Deprecated })
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryDeprecatedDocumentError}},
		"target of another patient": {func(s *xds.Submission, st *store.State) {
			change(st, oldEntry, func(o *store.ObjectState) { o.Patient = cx("Q").Key() })
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSPatientIDDoesNotMatch}},
		"appending to a transformation": {func(s *xds.Submission, st *store.State) {
			change(st, oldEntry, func(o *store.ObjectState) { o.Transforms = true })
			s.Associations = append(s.Associations, link(xds.Append, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"appending to a transformation of the message": {func(s *xds.Submission, _ *store.State) {
			second := *s.DocumentEntries[0]
			second.EntryUUID, second.UniqueID = "urn:uuid:00000000-0000-4000-8000-000000000009", "doc2"
			s.DocumentEntries = append(s.DocumentEntries, &second)
			s.Associations = append(s.Associations, link(xds.Append, second.EntryUUID, newEntry), link(xds.Transform, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"appending to what the message replaces": {func(s *xds.Submission, _ *store.State) {
			s.Associations = append(s.Associations, link(xds.Append, newEntry, oldEntry), link(xds.Replace, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryDeprecatedDocumentError}},
		"folder of another patient holds the replaced entry": {func(s *xds.Submission, st *store.State) {
			st.Folders[oldEntry] = []store.FolderState{{EntryUUID: oldFolder, Patient: cx("Q").Key()}}
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry))
		}, []xds.ErrorCode{xds.XDSPatientIDDoesNotMatch}},
		"source is an earlier set":                     {add(link(xds.HasMember, oldSet, newEntry)), []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"registered entry without SubmissionSetStatus": {add(link(xds.HasMember, newSet, oldEntry)), []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"deprecated entry into a folder": {func(s *xds.Submission, st *store.State) {
			change(st, oldEntry, func(o *store.ObjectState) { o.Status = xds.Deprecated })
			s.Associations = append(s.Associations, link(xds.HasMember, newFolder, oldEntry))
		}, []xds.ErrorCode{xds.XDSRegistryDeprecatedDocumentError}},
		"into a deprecated folder": {func(s *xds.Submission, st *store.State) {
			change(st, oldFolder, func(o *store.ObjectState) { o.Status = xds.Deprecated })
			s.Associations = append(s.Associations, link(xds.HasMember, oldFolder, newEntry))
		}, []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"into a folder of another patient": {func(s *xds.Submission, st *store.State) {
			change(st, oldFolder, func(o *store.ObjectState) { o.Patient = cx("Q").Key() })
			s.Associations = append(s.Associations, link(xds.HasMember, oldFolder, newEntry))
		}, []xds.ErrorCode{xds.XDSPatientIDDoesNotMatch}},
		"folder into a folder": {add(link(xds.HasMember, newFolder, oldFolder)), []xds.ErrorCode{xds.XDSRegistryMetadataError}},
		"reference to another patient's entry": {func(s *xds.Submission, st *store.State) {
			change(st, oldEntry, func(o *store.ObjectState) { o.Patient = cx("Q").Key() })
			a := link(xds.HasMember, newSet, oldEntry)
			a.SubmissionSetStatus = xds.Reference
			s.Associations = append(s.Associations, a)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, state := scene()
			c.change(s, state)
			_, problems := decide(s, state)
			var got []xds.ErrorCode
			for _, e := range problems {
				got = append(got, e.Code)
				if e.Rule == "" || e.Section == "" || e.Context == "" {
					t.Errorf("a refusal says which rule and why: %+v", e)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q: %v", got, c.want, problems)
			}
		})
	}
}

func add(a *xds.Association) func(*xds.Submission, *store.State) {
	return func(s *xds.Submission, _ *store.State) { s.Associations = append(s.Associations, a) }
}

func change(st *store.State, id xds.EntryUUID, f func(*store.ObjectState)) {
	o := st.Objects[id]
	f(&o)
	st.Objects[id] = o
}

// TestPlanReplaces: the old entry and what hangs on it are deprecated, and the new entry joins its folders.
func TestPlanReplaces(t *testing.T) {
	t.Parallel()
	s, state := scene()
	state.Folders[oldEntry] = []store.FolderState{{EntryUUID: oldFolder, Patient: cx("P").Key()}}
	s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry))
	before := len(s.Associations)
	p, problems := decide(s, state)
	if len(problems) != 0 {
		t.Fatal(problems)
	}
	r := p.registration
	if !slices.Equal(r.Deprecate, []xds.EntryUUID{oldEntry}) || !slices.Equal(r.DeprecateAlso, []xds.EntryUUID{oldAddendum}) || !slices.Equal(r.Touch, []xds.EntryUUID{oldFolder}) {
		t.Errorf("effects: %+v", r)
	}
	own := r.Associations[before:]
	if len(own) != 2 || own[0].Source != oldFolder || own[0].Target != newEntry || own[1].Source != newSet || own[1].Target != own[0].EntryUUID {
		t.Errorf("own associations: %+v", own)
	}
	if len(s.Associations) != before {
		t.Error("the submission was changed: a second run of the transaction would see it")
	}
	_, again := decide(s, state)
	if len(again) != 0 {
		t.Errorf("second run: %v", again)
	}
}

// TestPlanDoesNotRepeatMembership: a message that adds the new entry to the folder itself gets no second membership.
func TestPlanDoesNotRepeatMembership(t *testing.T) {
	t.Parallel()
	s, state := scene()
	state.Folders[oldEntry] = []store.FolderState{{EntryUUID: oldFolder, Patient: cx("P").Key()}}
	s.Associations = append(s.Associations, link(xds.HasMember, oldFolder, newEntry), link(xds.Replace, newEntry, oldEntry))
	p, problems := decide(s, state)
	if len(problems) != 0 || len(p.registration.Associations) != 2 || len(p.registration.Touch) != 1 {
		t.Errorf("%v %+v", problems, p.registration)
	}
}
