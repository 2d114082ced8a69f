package storetest

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// againstModel puts random registries into the store and compares every query with the model. All runs share one store,
// each with patients and ids of its own, so that what one finds has to be told from what the others left. DOSSIER_SEEDS sets
// their number; a failure prints the seed that repeats it.
func againstModel(w *world) {
	runs, rounds := 0, 1
	if s := os.Getenv("DOSSIER_SEEDS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			w.Fatalf("DOSSIER_SEEDS: %v", err)
		}
		rounds = (n + runsOfRound - 1) / runsOfRound
	}
	for range rounds {
		againstModelOnce(w, &runs)
	}
}

// runsOfRound is how many runs one rapid.Check makes unless -rapid.checks says otherwise.
const runsOfRound = 100

func againstModelOnce(w *world, runs *int) {
	w.Run("rapid", func(t *testing.T) {
		rapid.Check(t, func(rt *rapid.T) {
			*runs++
			r := &random{T: rt, Backend: w.Backend, suffix: fmt.Sprintf("-%d", *runs)}
			for i := range 3 {
				r.addPatient(CX(fmt.Sprintf("R%d-%d", *runs, i)))
			}
			for range rapid.IntRange(1, 6).Draw(rt, "steps") {
				r.step()
			}
			r.compare()
		})
	})
}

// random is one run.
type random struct {
	*rapid.T
	Backend
	model Model
	// suffix makes values its own that queries over all patients look for.
	suffix string
}

// Small sets of values, so that filters meet what is there.
var (
	someCodes   = []xds.Code{code("a"), code("b"), code("it's"), {Code: "a", Scheme: "2.999.20.2"}}
	someTimes   = []hl7v2.DTM{"", "2004", "200412", "20041224", "2004122412", "20041224120000", "20041224120001", "2005"}
	somePersons = []string{"", "1^Smith^Anna", "2^SMITH^Anna", "3^O'Brien", "4^M\u00fcller", "5^Mu\u0308ller", "6^10%_*?[a]", "7^a"}
	someLikes   = []string{"%", "%Smith%", "1^_mith^%", "%O'B%", "%M_ller%", "%u\u0308%", "%[a]", "%*%", "%?%", "%\\%", "_^%", "%a", ""}
	someRefs    = []string{"1^^^&2.999.7.1&ISO^urn:a", "2_^^^&2.999.7.1&ISO^urn:a", "2x^^^&2.999.7.1&ISO^urn:b", "1^^^&2.999.7.2&ISO"}
	someRefLike = []string{"1%", "2_%", "%urn:a", "%2.999.7.2%", "%"}
	someSources = []string{"2.999.6.1", "2.999.6.2"}
	someKinds   = []xds.AssociationType{xds.Transform, xds.Append, xds.Signs, xds.IsSnapshotOf, xds.Replace, xds.TransformAndReplace}
)

func pick[T any](r *random, from []T) T {
	return from[rapid.IntRange(0, len(from)-1).Draw(r.T, "pick")]
}

// some picks up to n, with repetitions.
func some[T any](r *random, n int, from []T) (list []T) {
	for range rapid.IntRange(0, n).Draw(r.T, "some") {
		list = append(list, pick(r, from))
	}
	return list
}

func (r *random) chance(percent int) bool {
	return rapid.IntRange(0, 99).Draw(r.T, "chance") < percent
}

func (r *random) must(err error) {
	if err != nil {
		r.Fatal(err)
	}
}

func (r *random) addPatient(id hl7v2.CX) {
	r.must(r.Patients.AddPatient(context.Background(), id))
	r.model.Add(id)
}

func (r *random) active() (list []*ModelPatient) {
	for _, p := range r.model.Patients {
		if p.Into == nil {
			list = append(list, p)
		}
	}
	return list
}

func (r *random) step() {
	active := r.active()
	if len(active) > 1 && r.chance(15) {
		survivor := pick(r, active)
		subsumed := pick(r, without(active, survivor))
		r.must(r.Patients.MergePatient(context.Background(), pix.Merge{Survivor: survivor.CX, Subsumed: subsumed.CX}))
		r.model.Merge(survivor.CX, subsumed.CX)
		return
	}
	reg := r.submission(pick(r, active)).Registration()
	r.must(register(r.Registry, reg))
	r.model.Register(reg)
}

// submission is one that a registry could accept.
func (r *random) submission(p *ModelPatient) *Submission {
	s := Submit(p.CX)
	s.Now = pick(r, []hl7v2.DTM{"20240101000000", "20240102000000"})
	s.Set.SubmissionTime = pick(r, someTimes[1:])
	s.Set.SourceID, s.Set.ContentTypeCode = pick(r, someSources), pick(r, someCodes)
	s.Set.Authors = r.authors()
	for range rapid.IntRange(0, 3).Draw(r.T, "entries") {
		s.Entry(r.attributes)
	}
	for range rapid.IntRange(0, 1).Draw(r.T, "folders") {
		s.Folder(func(f *xds.Folder) { f.Codes = append(some(r, 3, someCodes), some(r, 2, r.ownCodes())...) })
	}
	r.file(s)
	r.relate(s)
	return s
}

func (r *random) authors() (list []xds.Author) {
	for _, person := range some(r, 2, somePersons) {
		list = append(list, xds.Author{Person: person, Institutions: []string{"Clinic"}})
	}
	return list
}

func (r *random) attributes(e *xds.DocumentEntry) {
	e.ClassCode, e.TypeCode, e.FormatCode = pick(r, someCodes), pick(r, someCodes), pick(r, someCodes)
	e.PracticeSettingCode, e.HealthcareFacilityTypeCode = pick(r, someCodes), pick(r, someCodes)
	e.EventCodes, e.ConfidentialityCodes = some(r, 3, someCodes), some(r, 2, someCodes)
	switch own := append(r.ownCodes(), xds.Code{Code: "own" + r.suffix, Scheme: "2.999.20.2"}); { // the last is asked for by nobody
	case r.chance(30):
		e.ClassCode = pick(r, own)
	case r.chance(30):
		e.HealthcareFacilityTypeCode = pick(r, own)
	case r.chance(30):
		e.EventCodes = append(e.EventCodes, own...)
	}
	e.CreationTime, e.ServiceStartTime, e.ServiceStopTime = pick(r, someTimes[1:]), pick(r, someTimes), pick(r, someTimes)
	e.ReferenceIDs, e.Authors = some(r, 2, append(someRefs, "own"+r.suffix)), r.authors()
	if r.chance(20) {
		e.ObjectType, e.Hash, e.Size, e.CreationTime = xds.OnDemand, "", -1, ""
	} else if old := r.stored(store.DocumentEntry); len(old) > 0 && r.chance(10) {
		if same := pick(r, old); same.Entry.ObjectType == xds.Stable { // the same document once more
			e.UniqueID, e.Hash, e.Size = same.UniqueID, same.Entry.Hash, same.Entry.Size
		}
	}
}

func (r *random) stored(kind store.Kind) (list []*ModelObject) {
	for _, o := range r.model.Objects {
		if o.Kind == kind && o.Status == xds.Approved {
			list = append(list, o)
		}
	}
	return list
}

// file puts entries into Folders, new and old, and links an old entry by reference.
func (r *random) file(s *Submission) {
	var folders, entries []xds.EntryUUID
	for _, f := range s.Folders {
		folders = append(folders, f.EntryUUID)
	}
	for _, f := range r.stored(store.Folder) {
		folders = append(folders, f.ID)
	}
	for _, e := range s.DocumentEntries {
		entries = append(entries, e.EntryUUID)
	}
	for _, e := range r.stored(store.DocumentEntry) {
		entries = append(entries, e.ID)
		if r.chance(10) {
			s.Link(xds.HasMember, s.Set.EntryUUID, e.ID).SubmissionSetStatus = xds.Reference
		}
	}
	if len(folders) == 0 || len(entries) == 0 {
		return
	}
	for range rapid.IntRange(0, 2).Draw(r.T, "files") {
		folder := pick(r, folders)
		s.File(folder, pick(r, entries))
		if r.model.Object(folder) != nil && !slices.Contains(s.touch, folder) {
			s.Touch(folder)
		}
	}
}

// relate adds relationships from new entries to older ones. Each target is replaced once.
func (r *random) relate(s *Submission) {
	old := r.stored(store.DocumentEntry)
	if len(old) == 0 {
		return
	}
	for _, e := range s.DocumentEntries {
		if !r.chance(50) {
			continue
		}
		kind, target := pick(r, someKinds), pick(r, old).ID
		switch {
		case slices.Contains(s.deprecate, target) || slices.Contains(s.also, target):
		case kind.Replaces():
			s.DeprecateAlso(r.dependents(target)...)
			s.Replace(kind, e.EntryUUID, target)
		default:
			a := s.Link(kind, e.EntryUUID, target)
			if r.chance(30) {
				s.Link(xds.HasMember, s.Set.EntryUUID, a.EntryUUID)
			}
		}
	}
}

// dependents asks the store and the model.
func (r *random) dependents(id xds.EntryUUID) []xds.EntryUUID {
	var state *store.State
	ctx := context.Background()
	r.must(r.Registry.Update(ctx, func(tx store.RegistryTx) (err error) {
		state, err = tx.State(ctx, store.Refs{Replaced: []xds.EntryUUID{id}})
		return err
	}))
	want := map[xds.EntryUUID]bool{}
	r.model.dependents(id, want)
	got := map[xds.EntryUUID]bool{}
	for _, d := range state.Dependents {
		got[d] = true
	}
	if !reflect.DeepEqual(got, want) || len(got) != len(state.Dependents) {
		r.Fatalf("dependents: got %v, want %v", state.Dependents, want)
	}
	var folders []xds.EntryUUID
	for _, o := range r.model.Objects {
		if o.Kind == store.Folder && o.Status == xds.Approved && r.model.some(func(a *ModelObject) bool {
			return a.is(xds.HasMember) && a.Association.Source == o.ID && a.Association.Target == id
		}) {
			folders = append(folders, o.ID)
		}
	}
	var found []xds.EntryUUID
	for _, f := range state.Folders[id] {
		found = append(found, f.EntryUUID)
	}
	if !slices.Equal(found, folders) {
		r.Fatalf("Folders: got %v, want %v", found, folders)
	}
	return state.Dependents
}

func (m *Model) dependents(id xds.EntryUUID, out map[xds.EntryUUID]bool) {
	for _, a := range m.Objects {
		if (a.is(xds.Transform) || a.is(xds.Append)) && a.Association.Target == id {
			if s := m.source(a); s.Status == xds.Approved && !out[s.ID] {
				out[s.ID] = true
				m.dependents(s.ID, out)
			}
		}
	}
}

// compare asks random queries.
func (r *random) compare() {
	ctx := context.Background()
	r.must(r.Registry.View(ctx, func(reader store.RegistryReader) error {
		for _, q := range r.queries() {
			for _, leaf := range []bool{true, false} {
				got, err := reader.Find(ctx, q, leaf, 10000)
				if err == nil && leaf {
					err = Fill(ctx, r.Registry, got)
				}
				if err != nil {
					return fmt.Errorf("%T: %w", q, err)
				}
				if want := r.model.Find(q, leaf); !equal(got, want) {
					return fmt.Errorf("%#v, LeafClass: %v\ngot  %s\nwant %s", q, leaf, ids(got), ids(want))
				}
			}
		}
		return nil
	}))
}

func ids(objects []store.Object) (list []string) {
	for _, o := range objects {
		o.Fragment = nil
		list = append(list, fmt.Sprintf("%s %s %+v\n", o.Kind, serial(o.EntryUUID), o.Volatile))
	}
	return list
}

// queries gives a few of each type.
func (r *random) queries() (list []query.Query) {
	for range 3 {
		p := pick(r, r.model.Patients).CX
		some := r.someIDs()
		one := r.ids(1)
		content := query.ContentFilter{FormatCode: r.anyOf(70), ConfidentialityCodes: r.allOf(70), Types: r.types()}
		list = append(list,
			query.FindDocuments{Patient: p, DocumentFilter: r.filter(true)},
			query.FindDocuments{Patient: p, DocumentFilter: r.filter(false)},
			query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: query.DocumentFilter{Status: r.status(), Types: r.types()}, ReferenceIDs: r.references()},
			query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: r.filter(r.chance(50)), ReferenceIDs: r.references()},
			query.FindDocumentsForMultiplePatients{Patients: r.patients(), DocumentFilter: r.filter(r.chance(50))},
			query.FindDocumentsForMultiplePatients{DocumentFilter: r.ownFilter()},
			query.FindDocumentsByReferenceIDForMultiplePatients{Patients: r.patients(), DocumentFilter: r.filter(false), ReferenceIDs: r.references()},
			query.FindDocumentsByReferenceIDForMultiplePatients{DocumentFilter: r.filter(r.chance(50)), ReferenceIDs: append(r.references(), []query.ReferenceID{{Value: "own" + r.suffix}})},
			query.FindFoldersForMultiplePatients{Patients: r.patients(), Status: r.status(), Codes: r.allOf(50), LastUpdateTime: r.updated()},
			query.FindFoldersForMultiplePatients{Status: r.status(), Codes: append(r.allOf(30), r.ownCodes()), LastUpdateTime: r.updated()},
			query.FindSubmissionSets{Patient: p, Status: r.status(), SourceIDs: r.sources(), SubmissionTime: r.times(50), AuthorPerson: r.likes(50), ContentType: r.anyOf(50)},
			query.FindFolders{Patient: p, Status: r.status(), Codes: r.allOf(50), LastUpdateTime: r.updated()},
			query.GetAll{Patient: p, DocumentStatus: r.status(), SubmissionSetStatus: r.status(), FolderStatus: r.status(), FormatCode: r.anyOf(80), ConfidentialityCodes: r.allOf(80), Types: r.types(), AssociationStatus: r.linkStatus()},
			query.GetDocuments{IDs: r.ids(4)},
			query.GetFolders{IDs: r.ids(4)},
			query.GetAssociations{EntryUUIDs: some, AssociationStatus: r.linkStatus()},
			query.GetDocumentsAndAssociations{IDs: r.ids(3), AssociationStatus: r.linkStatus()},
			query.GetSubmissionSets{EntryUUIDs: some},
			query.GetSubmissionSetAndContents{IDs: r.idOf(store.SubmissionSet), ContentFilter: content},
			query.GetFolderAndContents{IDs: r.idOf(store.Folder), ContentFilter: content, AssociationStatus: r.linkStatus()},
			query.GetFoldersForDocument{IDs: one, AssociationStatus: r.linkStatus()},
			query.GetRelatedDocuments{IDs: one, AssociationStatus: r.linkStatus(), Types: r.types(), AssociationTypes: append(slices.Clone(someKinds[:rapid.IntRange(0, len(someKinds)).Draw(r.T, "kinds")]), xds.HasMember)},
			query.GetRelatedDocuments{IDs: r.idOf(store.DocumentEntry), Types: anyType, AssociationTypes: someKinds},
		)
	}
	return list
}

func without[T comparable](list []T, left T) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return v == left })
}
