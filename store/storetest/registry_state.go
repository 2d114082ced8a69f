package storetest

import (
	"reflect"
	"slices"
	"strings"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

func stateOfIDs(w *world) {
	a, b := w.patient("A"), w.patient("B")
	s := Submit(a)
	e := s.Entry(func(e *xds.DocumentEntry) { e.Hash = strings.ToUpper(e.Hash) })
	od := s.Entry(func(e *xds.DocumentEntry) { e.ObjectType, e.Hash, e.Size = xds.OnDemand, "", -1 })
	x := s.Entry()
	s.Link(xds.Transform, x.EntryUUID, e.EntryUUID)
	f := s.Folder()
	w.register(s)
	s2 := Submit(a)
	y := s2.Entry()
	s2.Replace(xds.TransformAndReplace, y.EntryUUID, e.EntryUUID)
	s2.DeprecateAlso(x.EntryUUID)
	w.register(s2)
	w.merge(b, a)

	link := s.Associations[0]
	got := w.state(store.Refs{
		Patients:   []hl7v2.PatientKey{a.Key(), b.Key(), CX("C").Key(), b.Key()},
		EntryUUIDs: []xds.EntryUUID{s.Set.EntryUUID, e.EntryUUID, od.EntryUUID, x.EntryUUID, y.EntryUUID, f.EntryUUID, link.EntryUUID, UUID(), "Document01", ""},
		UniqueIDs:  []xds.UniqueID{s.Set.UniqueID, e.UniqueID, od.UniqueID, f.UniqueID, "2.999.1", ""},
	})
	wantPatients := map[hl7v2.PatientKey]store.PatientState{a.Key(): {Subsumed: true}, b.Key(): {}}
	if !reflect.DeepEqual(got.Patients, wantPatients) {
		w.Errorf("patients: got %v, want %v", got.Patients, wantPatients)
	}
	wantObjects := map[xds.EntryUUID]store.ObjectState{
		s.Set.EntryUUID: {Kind: store.SubmissionSet, Status: xds.Approved, Patient: b.Key(), UniqueID: s.Set.UniqueID},
		e.EntryUUID:     {Kind: store.DocumentEntry, Status: xds.Deprecated, Patient: b.Key(), UniqueID: e.UniqueID, ObjectType: xds.Stable},
		od.EntryUUID:    {Kind: store.DocumentEntry, Status: xds.Approved, Patient: b.Key(), UniqueID: od.UniqueID, ObjectType: xds.OnDemand},
		x.EntryUUID:     {Kind: store.DocumentEntry, Status: xds.Deprecated, Patient: b.Key(), UniqueID: x.UniqueID, ObjectType: xds.Stable, Transforms: true},
		y.EntryUUID:     {Kind: store.DocumentEntry, Status: xds.Approved, Patient: b.Key(), UniqueID: y.UniqueID, ObjectType: xds.Stable, Transforms: true},
		f.EntryUUID:     {Kind: store.Folder, Status: xds.Approved, Patient: b.Key(), UniqueID: f.UniqueID},
		link.EntryUUID:  {Kind: store.Association, Status: xds.Approved},
	}
	for id, want := range wantObjects {
		if got := got.Objects[id]; got != want {
			w.Errorf("object: got %+v, want %+v", got, want)
		}
	}
	if len(got.Objects) != len(wantObjects) {
		w.Errorf("objects: got %d, want %d", len(got.Objects), len(wantObjects))
	}
	wantUnique := map[xds.UniqueID]store.UniqueIDState{
		s.Set.UniqueID: {Kind: store.SubmissionSet},
		f.UniqueID:     {Kind: store.Folder},
		e.UniqueID:     {Kind: store.DocumentEntry, ObjectType: xds.Stable, Hash: strings.ToLower(e.Hash), Size: 42},
		od.UniqueID:    {Kind: store.DocumentEntry, ObjectType: xds.OnDemand, Size: -1},
	}
	for id, want := range wantUnique {
		got := got.UniqueIDs[id]
		if want.Kind != store.DocumentEntry { // hash and size say nothing there
			got.Hash, got.Size = "", 0
		}
		if got.Hash = strings.ToLower(got.Hash); got != want {
			w.Errorf("uniqueId: got %+v, want %+v", got, want)
		}
	}
	if len(got.UniqueIDs) != len(wantUnique) {
		w.Errorf("uniqueIds: got %d, want %d", len(got.UniqueIDs), len(wantUnique))
	}
	if none := w.state(store.Refs{}); len(none.Objects)+len(none.Patients)+len(none.UniqueIDs)+len(none.Dependents)+len(none.Folders) != 0 {
		w.Errorf("state of nothing: %+v", none)
	}
}

// stateOfDependents: D1 <- XFRM T1 <- APND A1 <- XFRM T2 <- APND A2, and what does not count.
func stateOfDependents(w *world) {
	p := w.patient("A")
	ids := map[string]xds.EntryUUID{}
	add := func(name string, t xds.AssociationType, target string) {
		s := Submit(p)
		e := w.entry(s, name)
		ids[name] = e.EntryUUID
		if target != "" {
			s.Link(t, e.EntryUUID, ids[target])
		}
		w.register(s)
	}
	add("D1", "", "")
	add("T1", xds.Transform, "D1")
	add("A1", xds.Append, "T1")
	add("T2", xds.Transform, "A1")
	add("A2", xds.Append, "T2")
	add("signs", xds.Signs, "D1")
	add("snapshot", xds.IsSnapshotOf, "D1")
	add("D2", "", "")
	add("T3", xds.Transform, "D2")
	add("T4", xds.Transform, "D1")
	s := Submit(p)
	w.name(s.Entry().EntryUUID, "both") // depends on D1 by two ways and is listed once
	both := s.DocumentEntries[0].EntryUUID
	ids["both"] = both
	s.Link(xds.Append, both, ids["T1"])
	s.Link(xds.Append, both, ids["T4"])
	w.register(s)
	check := func(want map[string]string) {
		w.Helper()
		shown := map[string]string{}
		for _, root := range []string{"D1", "D2", "T2", "A2"} {
			var names []string
			for _, d := range w.state(store.Refs{Replaced: []xds.EntryUUID{ids[root], UUID()}}).Dependents {
				names = append(names, w.names[d])
			}
			if len(names) > 0 {
				slices.Sort(names)
				shown[root] = strings.Join(names, " ")
			}
		}
		if !reflect.DeepEqual(shown, want) {
			w.Errorf("got %v, want %v", shown, want)
		}
	}
	check(map[string]string{"D1": "A1 A2 T1 T2 T4 both", "D2": "T3", "T2": "A2"})
	// Of several at once: each dependent once, and none that is replaced itself.
	union := w.state(store.Refs{Replaced: []xds.EntryUUID{ids["D1"], ids["T1"], ids["T2"], ids["D2"]}}).Dependents
	var names []string
	for _, d := range union {
		names = append(names, w.names[d])
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); got != "A1 A2 T3 T4 both" {
		w.Errorf("union: got %s", got)
	}

	s = Submit(p)
	r := s.Entry()
	s.Replace(xds.Replace, r.EntryUUID, ids["T4"])
	w.register(s)
	check(map[string]string{"D1": "A1 A2 T1 T2 both", "D2": "T3", "T2": "A2"})

	// A replacement is no dependent of what it replaced, a transformation of it is its own.
	s = Submit(p)
	r = w.entry(s, "R")
	ids["R"] = r.EntryUUID
	s.Replace(xds.TransformAndReplace, r.EntryUUID, ids["D2"])
	s.DeprecateAlso(ids["T3"])
	w.register(s)
	check(map[string]string{"D1": "A1 A2 T1 T2 both", "T2": "A2"})

	// What depends on a Deprecated entry went with that one, or was left on purpose.
	s = Submit(p)
	s.Replace(xds.Replace, s.Entry().EntryUUID, ids["T2"])
	w.register(s)
	check(map[string]string{"D1": "A1 T1 both", "T2": "A2"})

	// Two entries that transform each other: strange, but the search ends.
	s = Submit(p)
	e1, e2 := w.entry(s, "E1"), w.entry(s, "E2")
	s.Link(xds.Transform, e1.EntryUUID, e2.EntryUUID)
	s.Link(xds.Append, e2.EntryUUID, e1.EntryUUID)
	w.register(s)
	got := w.state(store.Refs{Replaced: []xds.EntryUUID{e1.EntryUUID}}).Dependents
	if len(got) != 1 || got[0] != e2.EntryUUID {
		w.Errorf("circle: got %v, want E2", got)
	}
}

func stateOfFolders(w *world) {
	a, b := w.patient("A"), w.patient("B")
	s, o := Submit(a), Submit(b)
	e, lonely := s.Entry(), s.Entry()
	f1, f2, empty := s.Folder(), s.Folder(), s.Folder()
	s.File(f1.EntryUUID, e.EntryUUID)
	s.File(f2.EntryUUID, e.EntryUUID)
	s.Link(xds.HasMember, f2.EntryUUID, e.EntryUUID) // a second membership is the same Folder
	other := o.Folder()
	o.File(other.EntryUUID, e.EntryUUID)
	w.register(s, o)
	got := w.state(store.Refs{Replaced: []xds.EntryUUID{e.EntryUUID, lonely.EntryUUID, empty.EntryUUID, UUID()}}).Folders
	want := map[xds.EntryUUID][]store.FolderState{e.EntryUUID: {
		{EntryUUID: f1.EntryUUID, Patient: a.Key()}, {EntryUUID: f2.EntryUUID, Patient: a.Key()}, {EntryUUID: other.EntryUUID, Patient: b.Key()},
	}}
	if !reflect.DeepEqual(got, want) {
		w.Errorf("got %v, want %v", got, want)
	}
	w.merge(a, b)
	got = w.state(store.Refs{Replaced: []xds.EntryUUID{e.EntryUUID}}).Folders
	if len(got[e.EntryUUID]) != 3 || got[e.EntryUUID][2].Patient != a.Key() {
		w.Errorf("after a merge: got %v, want the survivor in all three", got)
	}
}
