package storetest

import (
	"context"
	"errors"
	"testing"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store"
)

// Patients tests a store.Patients. open returns a new, empty store and has it closed by t.Cleanup.
func Patients(t *testing.T, open func(t *testing.T) Backend) {
	for _, c := range []struct {
		name string
		test func(*world)
	}{
		{"known", patientsKnown},
		{"identity", patientIdentity},
		{"merge", patientsMerged},
		{"merge refused", mergesRefused},
		{"merge by the same message", mergedBySameMessage},
		{"merge race", mergeRace},
		{"cancelled", patientsCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&world{T: t, Backend: open(t)})
		})
	}
}

func (w *world) known(id hl7v2.CX, want bool) {
	w.Helper()
	got, err := w.Patients.PatientKnown(context.Background(), id.Key())
	if err != nil || got != want {
		w.Errorf("PatientKnown(%s): got %v and error %v, want %v", id.ID, got, err, want)
	}
}

func patientsKnown(w *world) {
	w.known(CX("A"), false)
	w.patient("A", "B")
	w.known(CX("A"), true)
	w.known(CX("B"), true)
	w.known(CX("a"), false)
	w.known(CX("C"), false)
	w.known(hl7v2.CX{}, false)
	if err := w.Patients.AddPatient(context.Background(), CX("A")); err != nil {
		w.Errorf("adding a known id: %v", err)
	}
	w.known(CX("A"), true)
}

// patientIdentity: id and authority make the patient, nothing else does.
func patientIdentity(w *world) {
	ctx := context.Background()
	oid := func(id, oid string) hl7v2.CX {
		return hl7v2.CX{ID: id, Authority: hl7v2.HD{UniversalID: oid, UniversalIDType: "ISO"}}
	}
	full := oid("A'1", "2.999.1")
	full.Authority.Namespace, full.TypeCode, full.Raw = "ns", "MR", "A'1^^^ns&2.999.1&ISO^MR"
	if err := w.Patients.AddPatient(ctx, full); err != nil {
		w.Fatal(err)
	}
	w.known(oid("A'1", "2.999.1"), true)
	w.known(oid("A'1", "2.999.2"), false)
	w.known(oid("2.999.1", "A'1"), false)
	if err := w.Patients.AddPatient(ctx, oid("A'1", "2.999.2")); err != nil {
		w.Fatal(err)
	}
	if err := w.mergePatient(oid("A'1", "2.999.1"), oid("A'1", "2.999.2")); err != nil {
		w.Errorf("equal ids of two authorities are two patients: %v", err)
	}
}

func patientsMerged(w *world) {
	a, b, c, d := w.patient("A"), w.patient("B"), w.patient("C"), w.patient("D")
	w.merge(b, a)
	w.known(a, false)
	w.known(b, true)
	w.merge(c, b) // B survived once and is subsumed with its alias
	w.known(a, false)
	w.known(b, false)
	w.known(c, true)
	w.merge(c, d)
	w.known(d, false)
	if err := w.Patients.AddPatient(context.Background(), a); err != nil {
		w.Errorf("adding a subsumed id: %v", err)
	}
	w.known(a, false)
	got := w.state(store.Refs{Patients: []hl7v2.PatientKey{a.Key(), b.Key(), c.Key(), d.Key()}}).Patients
	for _, p := range []hl7v2.CX{a, b, c, d} {
		if want := p != c; got[p.Key()].Subsumed != want {
			w.Errorf("%s: got subsumed %v, want %v", p.ID, got[p.Key()].Subsumed, want)
		}
	}
}

func mergesRefused(w *world) {
	w.patient("A", "B", "C", "D")
	w.merge(CX("B"), CX("A"))
	for _, c := range []struct {
		survivor, subsumed string
		want               pix.MergeReason
	}{
		{"C", "C", pix.MergeSame},
		{"X", "X", pix.MergeSame},
		{"A", "A", pix.MergeSame},
		{"X", "C", pix.MergeSurvivorUnknown},
		{"C", "X", pix.MergeSubsumedUnknown},
		{"X", "Y", pix.MergeSurvivorUnknown},
		{"A", "C", pix.MergeSurvivorSubsumed},
		{"C", "A", pix.MergeSubsumedTwice},
		{"A", "B", pix.MergeSurvivorSubsumed}, // a loop
		{"B", "A", pix.MergeSubsumedTwice},    // the same merge again
	} {
		err := w.mergePatient(CX(c.survivor), CX(c.subsumed))
		var refusal *pix.MergeError
		if !errors.As(err, &refusal) || refusal.Reason != c.want {
			w.Errorf("%s into %s: got %v, want %q", c.subsumed, c.survivor, err, c.want)
		}
	}
	for id, want := range map[string]bool{"A": false, "B": true, "C": true, "D": true, "X": false, "Y": false} {
		w.known(CX(id), want)
	}
	// A longer loop: A is in B, B goes into C; C into A or B must stay impossible.
	w.merge(CX("C"), CX("B"))
	for _, survivor := range []string{"A", "B"} {
		var refusal *pix.MergeError
		if err := w.mergePatient(CX(survivor), CX("C")); !errors.As(err, &refusal) {
			w.Errorf("C into %s: got %v, want a refusal", survivor, err)
		}
	}
	w.known(CX("C"), true)
}

// mergedBySameMessage: a merge that took effect is done, by whatever the survivor became since, when the same message orders
// it again; of any other message it is refused.
func mergedBySameMessage(w *world) {
	a, b, c := w.patient("A"), w.patient("B"), w.patient("C")
	order := pix.Merge{Survivor: b, Subsumed: a, Message: [32]byte{1}}
	merge := func(m pix.Merge) error { return w.Patients.MergePatient(context.Background(), m) }
	refused := func(what string, m pix.Merge) {
		w.Helper()
		var refusal *pix.MergeError
		if err := merge(m); !errors.As(err, &refusal) {
			w.Errorf("%s: got %v, want a refusal", what, err)
		}
	}
	for range 3 {
		if err := merge(order); err != nil {
			w.Errorf("the same message: %v", err)
		}
	}
	refused("another message", pix.Merge{Survivor: b, Subsumed: a, Message: [32]byte{2}})
	refused("one that cannot be known", pix.Merge{Survivor: b, Subsumed: a})
	refused("another survivor", pix.Merge{Survivor: c, Subsumed: a, Message: order.Message})
	refused("the way back", pix.Merge{Survivor: a, Subsumed: b, Message: order.Message})
	if err := errors.Join(merge(pix.Merge{Survivor: c, Subsumed: b}), merge(order)); err != nil {
		w.Errorf("after the survivor was subsumed: %v", err)
	}
	refused("a merge that nobody could know", pix.Merge{Survivor: c, Subsumed: b})
	w.known(a, false)
	w.known(b, false)
	w.known(c, true)
}

// mergeRace merges a ring of ids all at once: whatever wins, there is no loop and no object is lost.
func mergeRace(w *world) {
	const n = 16
	var ring []hl7v2.CX
	for i := range n {
		ring = append(ring, w.patient(string(rune('A'+i))))
		s := Submit(ring[i])
		s.Entry()
		w.register(s)
	}
	errs := make([]error, n)
	w.together(n, func(i int) error {
		errs[i] = w.mergePatient(ring[(i+1)%n], ring[i])
		return nil
	})
	merged, active, found := 0, 0, 0
	for i, err := range errs {
		var refusal *pix.MergeError
		switch {
		case err == nil:
			merged++
		case !errors.As(err, &refusal):
			w.Errorf("merge %d: %v", i, err)
		}
		if known, _ := w.Patients.PatientKnown(context.Background(), ring[i].Key()); known {
			active++
		}
		found += len(w.objects(documents(ring[i]), false))
	}
	if merged+active != n || active == 0 {
		w.Errorf("%d merges and %d active ids of %d", merged, active, n)
	}
	if found != n {
		w.Errorf("found %d entries, want %d", found, n)
	}
}

func patientsCancelled(w *world) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	a, b := w.patient("A"), w.patient("B")
	for what, err := range map[string]error{
		"AddPatient":   w.Patients.AddPatient(ctx, CX("C")),
		"MergePatient": w.Patients.MergePatient(ctx, pix.Merge{Survivor: a, Subsumed: b}),
	} {
		if !errors.Is(err, context.Canceled) {
			w.Errorf("%s: got %v, want context.Canceled", what, err)
		}
	}
	w.known(CX("C"), false)
	w.known(b, true)
}
