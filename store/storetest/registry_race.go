package storetest

import (
	"context"
	"errors"
	"sync"

	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// together runs n functions at the same time and counts those that returned nil; others must return ErrConflict.
func (w *world) together(n int, fn func(i int) error) (won int) {
	w.Helper()
	var wg sync.WaitGroup
	start := make(chan struct{})
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrConflict):
			w.Errorf("got %v, want nil or ErrConflict", err)
		}
	}
	return won
}

const racers = 64

func raceUniqueID(w *world) {
	p := w.patient("A")
	submissions := func(change func(*Submission)) []*store.Registration {
		list := make([]*store.Registration, racers)
		for i := range list {
			s := Submit(p)
			change(s)
			list[i] = s.Registration()
		}
		return list
	}
	sets := submissions(func(s *Submission) { s.Set.UniqueID = "2.999.31.1"; s.Entry() })
	if won := w.together(racers, func(i int) error { return register(w.Registry, sets[i]) }); won != 1 {
		w.Errorf("one SubmissionSet.uniqueId: %d winners, want 1", won)
	}
	different := submissions(func(s *Submission) {
		s.Entry(func(e *xds.DocumentEntry) { e.UniqueID = "2.999.31.2" }).Hash = hashOf(string(s.Set.UniqueID))
	})
	if won := w.together(racers, func(i int) error { return register(w.Registry, different[i]) }); won != 1 {
		w.Errorf("one DocumentEntry.uniqueId for different documents: %d winners, want 1", won)
	}
	same := submissions(func(s *Submission) {
		s.Entry(func(e *xds.DocumentEntry) { e.UniqueID, e.Hash = "2.999.31.3", hashOf("same") })
	})
	if won := w.together(racers, func(i int) error { return register(w.Registry, same[i]) }); won != racers {
		w.Errorf("one DocumentEntry.uniqueId for the same document: %d winners, want all", won)
	}
	if n := len(w.objects(documents(p), false)); n != 2+racers {
		w.Errorf("got %d entries, want %d", n, 2+racers)
	}
}

func raceReplace(w *world) {
	p := w.patient("A")
	s := Submit(p)
	target := s.Entry()
	w.register(s)
	list := make([]*store.Registration, racers)
	for i := range list {
		s := Submit(p)
		s.Replace(xds.Replace, s.Entry().EntryUUID, target.EntryUUID)
		list[i] = s.Registration()
	}
	ctx := context.Background()
	// Decided as the registry does: by the state, again when the store says that it changed.
	refused := errors.Join(store.ErrConflict, errors.New("target is deprecated"))
	won := w.together(racers, func(i int) error {
		return w.Registry.Update(ctx, func(tx store.RegistryTx) error {
			state, err := tx.State(ctx, store.Refs{EntryUUIDs: []xds.EntryUUID{target.EntryUUID}, Replaced: []xds.EntryUUID{target.EntryUUID}})
			if err != nil {
				return err
			}
			if state.Objects[target.EntryUUID].Status != xds.Approved {
				return refused
			}
			return tx.Register(ctx, list[i])
		})
	})
	if won != 1 {
		w.Errorf("%d winners, want 1", won)
	}
	if n := len(w.objects(documents(p), false)); n != 1 {
		w.Errorf("got %d Approved entries, want the one replacement", n)
	}
	found := w.objects(query.GetRelatedDocuments{IDs: byUUID(target.EntryUUID), Types: stable, AssociationTypes: []xds.AssociationType{xds.Replace}}, false)
	if len(found) != 3 {
		w.Errorf("got %d objects about the replacement, want 2 entries and 1 Association", len(found))
	}
}

// raceMerge: what was accepted for the subsumed id belongs to the survivor, and nothing is accepted afterwards.
func raceMerge(w *world) {
	a, b := w.patient("A"), w.patient("B")
	list := make([]*store.Registration, racers)
	for i := range list {
		s := Submit(a)
		s.Entry()
		list[i] = s.Registration()
	}
	won := w.together(racers, func(i int) error {
		if i == racers/2 {
			return w.mergePatient(b, a)
		}
		return register(w.Registry, list[i])
	})
	if n := len(w.objects(documents(b), false)); n != won-1 {
		w.Errorf("got %d entries of the survivor, want %d", n, won-1)
	}
	if n := len(w.objects(documents(a), false)); n != 0 {
		w.Errorf("got %d entries of the subsumed id, want none", n)
	}
}

// oneState: what a View sees does not change while it runs.
func oneState(w *world) {
	p := w.patient("A")
	w.register(Submit(p))
	ctx := context.Background()
	err := w.Registry.View(ctx, func(r store.RegistryReader) error {
		before, err := r.Find(ctx, all(p), false, 100)
		if err != nil {
			return err
		}
		w.register(Submit(p))
		after, err := r.Find(ctx, all(p), false, 100)
		if len(before) != 1 || len(after) != 1 {
			w.Errorf("got %d objects, then %d; want 1 twice", len(before), len(after))
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	if n := len(w.objects(all(p), false)); n != 2 {
		w.Errorf("got %d objects afterwards, want 2", n)
	}
}

func documentsOfSubmission(w *world) {
	p := w.patient("A")
	ctx := context.Background()
	s := Submit(p)
	e := s.Entry()
	s.Document(e, "bytes")
	w.register(s)
	stored := func() store.Document {
		w.Helper()
		docs, err := w.Documents.Documents(ctx, []xds.UniqueID{e.UniqueID})
		if err != nil || len(docs) != 1 {
			w.Fatalf("got %d documents and error %v, want 1", len(docs), err)
		}
		return docs[e.UniqueID]
	}
	want := Document(e.UniqueID, "bytes", p)
	if got := stored(); got != want {
		w.Errorf("got %+v, want %+v", got, want)
	}
	again := Submit(p)
	same := again.Entry(func(n *xds.DocumentEntry) { n.UniqueID, n.Hash = e.UniqueID, e.Hash })
	again.Document(same, "bytes")
	w.register(again)
	other := Submit(p)
	other.Document(other.Entry(func(n *xds.DocumentEntry) { n.UniqueID, n.Hash = e.UniqueID, e.Hash }), "other bytes")
	w.refused("other bytes under one uniqueId", other)
	if got := stored(); got != want {
		w.Errorf("after a refusal: got %+v, want %+v", got, want)
	}
}
