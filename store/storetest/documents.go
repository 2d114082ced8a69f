package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"reflect"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// Documents tests a store.Documents. open returns a new, empty store and has it closed by t.Cleanup.
func Documents(t *testing.T, open func(t *testing.T) Backend) {
	for _, c := range []struct {
		name string
		test func(*world)
	}{
		{"reserve and settle", reserveAndSettle},
		{"pending", pending},
		{"conflicts", reservationConflicts},
		{"shared bytes", sharedReservations},
		{"referenced", referenced},
		{"merged patients", documentsMerged},
		{"race", reserveRace},
		{"resumed", resumed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(&world{T: t, Backend: open(t)})
		})
	}
}

var reservedAt = time.Date(2024, 6, 11, 8, 15, 0, 123456789, time.UTC)

func (w *world) reserve(set xds.UniqueID, docs ...store.Document) error {
	_, err := w.Documents.Reserve(context.Background(), store.Pending{SubmissionSet: set, Reserved: reservedAt, Documents: docs})
	return err
}

func (w *world) settle(set xds.UniqueID, registered bool) {
	w.Helper()
	if err := w.Documents.Settle(context.Background(), set, registered, nil); err != nil {
		w.Errorf("Settle: %v", err)
	}
}

// stored checks which of the documents can be read.
func (w *world) stored(what string, want map[xds.UniqueID]store.Document, ids ...xds.UniqueID) {
	w.Helper()
	got, err := w.Documents.Documents(context.Background(), ids)
	if err != nil || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		w.Errorf("%s: got %+v and error %v, want %+v", what, got, err, want)
	}
}

type docs = map[xds.UniqueID]store.Document

func reserveAndSettle(w *world) {
	p := CX("A") // no patient of this registry: with a remote one it knows none
	one, two, three := Document("2.999.1", "one", p), Document("2.999.2", "two", p), Document("2.999.3", "", p)
	two.MimeType, two.Patient = "application/pdf", hl7v2.CX{} // a patient id that could not be read
	three.Patient.Raw = "A^^^X&" + Authority + "&ISO"
	ids := []xds.UniqueID{"2.999.1", "2.999.2", "2.999.3", "2.999.4", "2.999.1"}
	if err := w.reserve("2.999.10", one, two); err != nil {
		w.Fatal(err)
	}
	if err := w.reserve("2.999.11", three); err != nil {
		w.Fatal(err)
	}
	w.stored("reserved", nil, ids...)
	w.settle("2.999.10", true)
	w.stored("settled", docs{"2.999.1": one, "2.999.2": two}, ids...)
	w.settle("2.999.11", false)
	w.stored("forgotten", docs{"2.999.1": one, "2.999.2": two}, ids...)
	w.settle("2.999.11", true)  // settled before
	w.settle("2.999.10", false) // registered is registered
	w.settle("2.999.99", true)
	w.stored("settled again", docs{"2.999.1": one, "2.999.2": two}, ids...)
	w.stored("nothing asked", nil)
	if err := w.reserve("2.999.11", three); err != nil {
		w.Errorf("reserving what was forgotten: %v", err)
	}
	w.settle("2.999.11", true)
	got, err := w.Documents.Documents(context.Background(), ids)
	if err != nil || len(got) != 3 || !got["2.999.3"].Patient.Equal(p) {
		w.Errorf("got %+v and error %v, want three", got, err)
	}
}

func pending(w *world) {
	ctx := context.Background()
	p := CX("A")
	list := []store.Pending{
		{SubmissionSet: "2.999.10", Reserved: reservedAt, Documents: []store.Document{Document("2.999.1", "one", p), Document("2.999.2", "two", p)}},
		{SubmissionSet: "2.999.11", Reserved: reservedAt.Add(time.Second)},
		{SubmissionSet: "2.999.12", Reserved: reservedAt.Add(2 * time.Second), Documents: []store.Document{Document("2.999.3", "one", p)}},
	}
	for _, p := range list {
		if _, err := w.Documents.Reserve(ctx, p); err != nil {
			w.Fatal(err)
		}
	}
	check := func(what string, before time.Time, want ...store.Pending) {
		w.Helper()
		got, err := w.Documents.Pending(ctx, before)
		if err != nil || len(got) != len(want) {
			w.Errorf("%s: got %d reservations and error %v, want %d", what, len(got), err, len(want))
			return
		}
		for i := range got {
			if got[i].Reserved.Equal(want[i].Reserved) {
				got[i].Reserved = want[i].Reserved
			}
			if got[i].SubmissionSet != want[i].SubmissionSet || got[i].Reserved != want[i].Reserved || len(got[i].Documents) != len(want[i].Documents) ||
				len(want[i].Documents) > 0 && !reflect.DeepEqual(got[i].Documents, want[i].Documents) {
				w.Errorf("%s: got %+v, want %+v", what, got[i], want[i])
			}
		}
	}
	check("none that old", reservedAt)
	check("one", reservedAt.Add(1), list[0])
	check("not the one of that very moment", reservedAt.Add(time.Second), list[0])
	check("all", reservedAt.Add(time.Hour), list...)
	w.settle("2.999.10", true)
	w.settle("2.999.11", false)
	check("settled ones are gone", reservedAt.Add(time.Hour), list[2])
}

func reservationConflicts(w *world) {
	p := CX("A")
	must := func(err error) {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
	}
	refused := func(what string, err error) {
		w.Helper()
		if !errors.Is(err, store.ErrConflict) {
			w.Errorf("%s: got %v, want ErrConflict", what, err)
		}
	}
	must(w.reserve("2.999.10", Document("2.999.1", "one", p)))
	refused("other bytes while reserved", w.reserve("2.999.11", Document("2.999.2", "two", p), Document("2.999.1", "other", p)))
	refused("the same SubmissionSet while open", w.reserve("2.999.10", Document("2.999.1", "one", p)))
	refused("one uniqueId for two contents", w.reserve("2.999.12", Document("2.999.3", "a", p), Document("2.999.3", "b", p)))
	w.settle("2.999.10", true)
	refused("other bytes when registered", w.reserve("2.999.11", Document("2.999.1", "other", p)))
	must(w.reserve("2.999.11", Document("2.999.1", "one", p), Document("2.999.2", "other", p), Document("2.999.2", "other", p)))
	w.settle("2.999.11", false)
	w.stored("a refused submission of a registered document", docs{"2.999.1": Document("2.999.1", "one", p)}, "2.999.1", "2.999.2")
	if got, err := w.Documents.Pending(context.Background(), reservedAt.Add(time.Hour)); err != nil || len(got) != 0 {
		w.Errorf("got %d reservations and error %v, want none: refused ones leave nothing", len(got), err)
	}
}

// sharedReservations: two submissions of the same document at one time. The one that is registered says what it is.
func sharedReservations(w *world) {
	for i, c := range []struct{ first, second bool }{{false, false}, {true, false}, {false, true}, {true, true}} {
		id := OID()
		first, second := Document(id, "one", CX("A")), Document(id, "one", CX("B"))
		second.MimeType = "text/xml"
		sets := []xds.UniqueID{OID(), OID()}
		if err := errors.Join(w.reserve(sets[0], first), w.reserve(sets[1], second)); err != nil {
			w.Fatal(err)
		}
		want := docs{}
		w.settle(sets[0], c.first)
		if c.first {
			want[id] = first
		}
		w.stored("the first settled", want, id)
		w.settle(sets[1], c.second)
		if c.second && !c.first {
			want[id] = second
		}
		w.stored("both settled", want, id)
		if i == 0 {
			if err := w.reserve(OID(), Document(id, "other", CX("A"))); err != nil {
				w.Errorf("the id of a forgotten document: %v", err)
			}
		}
	}
}

func referenced(w *world) {
	ctx := context.Background()
	p := w.patient("A")
	ref := func(content string) blob.Ref {
		return blob.Ref{SHA256: sha256.Sum256([]byte(content)), Size: int64(len(content))}
	}
	if err := errors.Join(w.reserve("2.999.10", Document("2.999.1", "settled", p)), w.reserve("2.999.11", Document("2.999.2", "reserved", p)),
		w.reserve("2.999.12", Document("2.999.3", "forgotten", p), Document("2.999.4", "settled", p))); err != nil {
		w.Fatal(err)
	}
	w.settle("2.999.10", true)
	w.settle("2.999.12", false)
	s := Submit(p)
	s.Document(s.Entry(), "registered")
	w.register(s)
	refs := []blob.Ref{ref("settled"), ref("reserved"), ref("forgotten"), ref("registered"), ref("unknown")}
	for i := range 600 {
		refs = append(refs, ref(string(rune(i))))
	}
	got, err := w.Documents.Referenced(ctx, refs)
	want := map[blob.Ref]bool{ref("settled"): true, ref("reserved"): true, ref("registered"): true}
	if err != nil {
		w.Fatal(err)
	}
	for _, r := range refs {
		if got[r] != want[r] {
			w.Errorf("%v: got %v, want %v", r, got[r], want[r])
		}
	}
	if got, err := w.Documents.Referenced(ctx, nil); err != nil || len(got) != 0 {
		w.Errorf("no refs: got %v and error %v", got, err)
	}
}

// documentsMerged: whoever decides about access must see the patient whose document it is now.
func documentsMerged(w *world) {
	a, b := w.patient("A"), w.patient("B")
	s := Submit(a)
	e := s.Entry()
	s.Document(e, "one")
	w.register(s)
	w.merge(b, a)
	got, err := w.Documents.Documents(context.Background(), []xds.UniqueID{e.UniqueID})
	if err != nil || !got[e.UniqueID].Patient.Equal(b) {
		w.Errorf("got patient %s and error %v, want the survivor", got[e.UniqueID].Patient.String(), err)
	}
}

func reserveRace(w *world) {
	p := CX("A")
	won := w.together(racers, func(i int) error {
		return w.reserve(OID(), Document("2.999.1", string(rune('a'+i)), p))
	})
	if won != 1 {
		w.Errorf("different bytes under one uniqueId: %d winners, want 1", won)
	}
	won = w.together(racers, func(i int) error { return w.reserve("2.999.10", Document(OID(), "x", p)) })
	if won != 1 {
		w.Errorf("one SubmissionSet: %d winners, want 1", won)
	}
}
