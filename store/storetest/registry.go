package storetest

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// Backend is one fresh, empty store seen through its contracts.
type Backend struct {
	Registry  store.Registry
	Documents store.Documents
	Patients  store.Patients
	Outcomes  store.Outcomes
}

// Registry tests a store.Registry. open returns a new, empty store and has it closed by t.Cleanup.
func Registry(t *testing.T, open func(t *testing.T) Backend) {
	for _, c := range []struct {
		name string
		test func(*world)
	}{
		{"FindDocuments", findDocuments},
		{"FindDocuments times", findDocumentsTimes},
		{"FindDocuments authors", findDocumentsAuthors},
		{"FindDocumentsByReferenceId", findDocumentsByReferenceID},
		{"FindSubmissionSets", findSubmissionSets},
		{"FindFolders", findFolders},
		{"FindXxxForMultiplePatients", findForMultiplePatients},
		{"Association status", associationStatus},
		{"hostile parameters", hostileParameters},
		{"largest queries", largestQueries},
		{"GetAll", getAll},
		{"get by id", getByID},
		{"GetSubmissionSets", getSubmissionSets},
		{"GetSubmissionSetAndContents", getSubmissionSetAndContents},
		{"GetFolderAndContents", getFolderAndContents},
		{"GetRelatedDocuments", getRelatedDocuments},
		{"what comes back", answers},
		{"large answers", largeAnswers},
		{"limit", limits},
		{"many ids", manyIDs},
		{"merged patients", mergedPatients},
		{"state of patients and ids", stateOfIDs},
		{"state of dependents", stateOfDependents},
		{"state of folders", stateOfFolders},
		{"effects", effects},
		{"conflicts", conflicts},
		{"uniqueIds", uniqueIDs},
		{"nothing before commit", nothingBeforeCommit},
		{"nothing after an error", nothingAfterError},
		{"Update runs again", updateRunsAgain},
		{"cancelled", cancelled},
		{"documents of a submission", documentsOfSubmission},
		{"race for a uniqueId", raceUniqueID},
		{"race for a replacement", raceReplace},
		{"race with a merge", raceMerge},
		{"race of an addendum with a replacement", raceAddendum},
		{"race of a Folder with a replacement", raceFolder},
		{"one state in a view", oneState},
		{"outcomes", outcomes},
		{"outcome with its submission", outcomeWithSubmission},
		{"forget outcomes", forgetOutcomes},
		{"race of retransmissions", raceRetransmissions},
		{"against the model", againstModel},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&world{T: t, Backend: open(t)})
		})
	}
}

// world is a store with the model of what was put into it.
type world struct {
	*testing.T
	Backend
	model Model
	names map[xds.EntryUUID]string
}

// patient makes ids known.
func (w *world) patient(ids ...string) hl7v2.CX {
	w.Helper()
	for _, id := range ids {
		if err := w.Patients.AddPatient(context.Background(), CX(id)); err != nil {
			w.Fatalf("AddPatient: %v", err)
		}
		w.model.Add(CX(id))
	}
	return CX(ids[0])
}

func (w *world) mergePatient(survivor, subsumed hl7v2.CX) error {
	return w.Patients.MergePatient(context.Background(), pix.Merge{Survivor: survivor, Subsumed: subsumed})
}

func (w *world) merge(survivor, subsumed hl7v2.CX) {
	w.Helper()
	if err := w.mergePatient(survivor, subsumed); err != nil {
		w.Fatalf("MergePatient: %v", err)
	}
	w.model.Merge(survivor, subsumed)
}

// name gives an object the name under which want lists show it.
func (w *world) name(id xds.EntryUUID, name string) {
	if w.names == nil {
		w.names = map[xds.EntryUUID]string{}
	}
	w.names[id] = name
}

// register stores submissions that must be accepted.
func (w *world) register(submissions ...*Submission) {
	w.Helper()
	for _, s := range submissions {
		r := s.Registration()
		if err := register(w.Registry, r); err != nil {
			w.Fatalf("Register: %v", err)
		}
		w.model.Register(r)
	}
}

func register(s store.Registry, r *store.Registration) error {
	ctx := context.Background()
	return s.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, r) })
}

// find asks the store, compares with the model and returns the names of the results.
func (w *world) find(q query.Query) string {
	w.Helper()
	got := w.objects(q, true)
	if want := w.model.Find(q, true); !equal(got, want) {
		w.Errorf("%T: the store finds\n  %s\nthe model\n  %s", q, w.show(got), w.show(want))
	}
	return w.show(got)
}

// equal compares answers; no objects are no objects, nil or not.
func equal(a, b []store.Object) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}

func (w *world) objects(q query.Query, leaf bool) (found []store.Object) {
	w.Helper()
	ctx := context.Background()
	err := w.Registry.View(ctx, func(r store.RegistryReader) (err error) {
		found, err = r.Find(ctx, q, leaf, 10000)
		return err
	})
	if err == nil && leaf {
		err = Fill(ctx, w.Registry, found)
	}
	if err != nil {
		w.Fatalf("%T: %v", q, err)
	}
	return found
}

// Fill reads the Fragments of what Find returned with leaf; how they are stored is the backend's business.
func Fill(ctx context.Context, r store.Registry, objects []store.Object) error {
	i := 0
	fragments := make([][]byte, len(objects))
	err := r.Fragments(ctx, objects, func(o *store.Object) error {
		if o != &objects[i] {
			return fmt.Errorf("fragment %d of %d came out of order", i, len(objects))
		}
		fragments[i] = bytes.Clone(o.Fragment)
		i++
		return nil
	})
	if err == nil && i != len(objects) {
		err = fmt.Errorf("got %d fragments of %d objects", i, len(objects))
	}
	for i := range objects {
		objects[i].Fragment, objects[i].Stored = fragments[i], store.Stored{}
	}
	return err
}

func (w *world) show(objects []store.Object) string {
	var names []string
	for _, o := range objects {
		name := w.names[o.EntryUUID]
		if name == "" {
			name = string(o.Kind) + ":" + serial(o.EntryUUID)
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}

// expect compares what a query finds with the names wanted.
func (w *world) expect(what string, q query.Query, want string) {
	w.Helper()
	if got := w.find(q); got != want {
		w.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// state reads a State.
func (w *world) state(refs store.Refs) (s *store.State) {
	w.Helper()
	ctx := context.Background()
	err := w.Registry.Update(ctx, func(tx store.RegistryTx) (err error) {
		s, err = tx.State(ctx, refs)
		return err
	})
	if err != nil {
		w.Fatalf("State: %v", err)
	}
	return s
}

var (
	approved = []xds.Status{xds.Approved}
	anyState = []xds.Status{xds.Approved, xds.Deprecated}
	stable   = []xds.ObjectType{xds.Stable}
	anyType  = []xds.ObjectType{xds.Stable, xds.OnDemand}
)

func byUUID(ids ...xds.EntryUUID) query.IDs  { return query.IDs{EntryUUIDs: ids} }
func byUnique(ids ...xds.UniqueID) query.IDs { return query.IDs{UniqueIDs: ids} }
