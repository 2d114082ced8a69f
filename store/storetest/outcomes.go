package storetest

import (
	"context"
	"reflect"
	"time"

	"dossier/store"
	"dossier/xds"
)

var answeredAt = time.Date(2024, 6, 11, 8, 15, 1, 0, time.UTC)

// outcome is what the source of a message was told, one second later than the one before.
func outcome(n byte, warnings ...*xds.Error) *store.Outcome {
	return &store.Outcome{Message: store.Message{n}, Answered: answeredAt.Add(time.Duration(n) * time.Second), Warnings: warnings}
}

// told checks what is recorded, both ways.
func (w *world) told(set xds.UniqueID, want *store.Outcome) {
	w.Helper()
	got, err := w.Outcomes.Outcome(context.Background(), set)
	if err != nil || !reflect.DeepEqual(got, want) {
		w.Errorf("Outcome(%s): got %+v and error %v, want %+v", set, got, err, want)
	}
	s := w.state(store.Refs{UniqueIDs: []xds.UniqueID{set}, SubmissionSet: set})
	if _, used := s.UniqueIDs[set]; used && !reflect.DeepEqual(s.Outcome, want) {
		w.Errorf("State of %s: got %+v, want %+v", set, s.Outcome, want)
	}
}

// submit registers one entry with an outcome.
func (w *world) submit(s *Submission, o *store.Outcome) error {
	r := s.Registration()
	r.Outcome = o
	return register(w.Registry, r)
}

func outcomes(w *world) {
	p := w.patient("A")
	full := &xds.Error{Code: "W", Warning: true, Context: "it's \"odd\" <&> \u00e9", Location: "Document01", Rule: "r", Section: "ITI TF-3: 4.2", Reference: "0-1"}
	relayed := &xds.Error{Code: "X", Warning: true, Context: "c", Relayed: true}
	for n, want := range map[byte]*store.Outcome{1: outcome(1), 2: outcome(2, full, relayed), 3: nil} {
		s := Submit(p)
		s.Entry()
		if err := w.submit(s, want); err != nil {
			w.Fatalf("%d: %v", n, err)
		}
		w.told(s.Set.UniqueID, want)
	}
	s := Submit(p)
	if err := w.submit(s, outcome(0)); err != nil {
		w.Fatal(err)
	}
	w.told(s.Set.UniqueID, nil) // nobody could ask for it
	w.told("2.999.404", nil)
	if got := w.state(store.Refs{UniqueIDs: []xds.UniqueID{s.Set.UniqueID}}).Outcome; got != nil {
		w.Errorf("a State that was not asked for an outcome has %+v", got)
	}
}

// outcomeWithSubmission: a submission that is not registered leaves no outcome, and one that comes later not another.
func outcomeWithSubmission(w *world) {
	p := w.patient("A")
	s := Submit(p)
	s.Entry()
	if err := w.submit(s, outcome(1)); err != nil {
		w.Fatal(err)
	}
	again := Submit(p)
	again.Set.UniqueID = s.Set.UniqueID
	w.refused("the SubmissionSet again", again)
	if err := w.submit(again, outcome(2)); err == nil {
		w.Error("the SubmissionSet was registered twice")
	}
	w.told(s.Set.UniqueID, outcome(1))
	other := Submit(p)
	other.Replace(xds.Replace, other.Entry().EntryUUID, UUID()) // of nothing
	if err := w.submit(other, outcome(3)); err == nil {
		w.Error("a replacement of nothing was registered")
	}
	w.told(other.Set.UniqueID, nil)
}

func forgetOutcomes(w *world) {
	p := w.patient("A")
	ctx := context.Background()
	var sets []xds.UniqueID
	for n := range byte(5) {
		s := Submit(p)
		if err := w.submit(s, outcome(n+1)); err != nil {
			w.Fatal(err)
		}
		sets = append(sets, s.Set.UniqueID)
	}
	forget := func(before time.Time, want int64) {
		w.Helper()
		if n, err := w.Outcomes.ForgetOutcomes(ctx, before); err != nil || n != want {
			w.Errorf("ForgetOutcomes: got %d and error %v, want %d", n, err, want)
		}
	}
	forget(answeredAt.Add(time.Second), 0)
	forget(answeredAt.Add(3*time.Second), 2)
	for n, set := range sets {
		want := outcome(byte(n) + 1)
		if n < 2 {
			want = nil
		}
		w.told(set, want)
	}
	forget(answeredAt.Add(time.Hour), 3)
	forget(answeredAt.Add(time.Hour), 0)
	if n := len(w.objects(all(p), false)); n != 5 {
		w.Errorf("%d SubmissionSets are left, want all 5", n)
	}
}

// raceRetransmissions: one message many times at once is registered once, and every one of them gets the one outcome.
func raceRetransmissions(w *world) {
	p := w.patient("A")
	ctx := context.Background()
	for round := range 10 {
		message := store.Message{byte(round + 1)}
		set := OID()
		list := make([]*store.Registration, racers)
		for i := range list {
			s := Submit(p)
			s.Set.UniqueID = set
			s.Entry()
			list[i] = s.Registration()
			list[i].Outcome = &store.Outcome{Message: message, Answered: answeredAt}
		}
		registered := make([]bool, racers)
		answered := w.together(racers, func(i int) error {
			return w.Registry.Update(ctx, func(tx store.RegistryTx) error {
				registered[i] = false
				state, err := tx.State(ctx, store.Refs{UniqueIDs: []xds.UniqueID{set}, SubmissionSet: set})
				if err != nil || state.Outcome.Of(message) {
					return err
				}
				registered[i] = true
				return tx.Register(ctx, list[i])
			})
		})
		won := 0
		for _, r := range registered {
			if r {
				won++
			}
		}
		if answered != racers || won != 1 {
			w.Errorf("round %d: %d answered and %d registered, want all and 1", round, answered, won)
		}
	}
	if n := len(w.objects(documents(p), false)); n != 10 {
		w.Errorf("got %d entries, want 10", n)
	}
}

// resumed: the same message finds its reservation, every other one is refused.
func resumed(w *world) {
	p := CX("A")
	ctx := context.Background()
	message, doc := store.Message{7}, Document("2.999.1", "one", p)
	reserve := func(m store.Message, at time.Time, doc store.Document) (bool, error) {
		return w.Documents.Reserve(ctx, store.Pending{SubmissionSet: "2.999.10", Reserved: at, Message: m, Documents: []store.Document{doc}})
	}
	if again, err := reserve(message, reservedAt, doc); again || err != nil {
		w.Fatalf("first: %v %v", again, err)
	}
	later := reservedAt.Add(time.Minute)
	if again, err := reserve(message, later, doc); !again || err != nil {
		w.Errorf("the same message: resumed %v and error %v, want true", again, err)
	}
	for name, m := range map[string]store.Message{"another message": {8}, "one that cannot be known": {}} {
		if again, err := reserve(m, later, doc); again || err == nil {
			w.Errorf("%s: resumed %v and error %v, want ErrConflict", name, again, err)
		}
	}
	if got, err := w.Documents.Pending(ctx, later); err != nil || len(got) != 0 {
		w.Errorf("%d reservations are older than the retransmission, want none: %v", len(got), err)
	}
	if got, err := w.Documents.Pending(ctx, later.Add(1)); err != nil || len(got) != 1 || len(got[0].Documents) != 1 {
		w.Errorf("got %+v and error %v, want the one reservation", got, err)
	}
	want := &store.Outcome{Message: message, Answered: answeredAt}
	if err := w.Documents.Settle(ctx, "2.999.10", true, want); err != nil {
		w.Error(err)
	}
	w.stored("settled", docs{"2.999.1": doc}, "2.999.1")
	w.told("2.999.10", want)
	if again, err := reserve(message, later, doc); again || err != nil {
		w.Errorf("after it was settled: resumed %v and error %v, want a new reservation", again, err)
	}
	w.settle("2.999.10", false)
	w.told("2.999.10", want)
}
