package storetest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// effects: what a registration does to objects that were there before.
func effects(w *world) {
	p := w.patient("A")
	s := Submit(p)
	old, dependent := w.entry(s, "old"), w.entry(s, "dependent")
	s.Link(xds.Append, dependent.EntryUUID, old.EntryUUID)
	f := s.Folder()
	s.File(f.EntryUUID, old.EntryUUID)
	s2 := Submit(p)
	gone := w.entry(s2, "gone")
	s3 := Submit(p)
	s3.Replace(xds.Replace, w.entry(s3, "by").EntryUUID, gone.EntryUUID)
	w.register(s, s2, s3)
	r := Submit(p)
	r.Now = "20250101000000"
	newer := w.entry(r, "newer")
	r.Replace(xds.Replace, newer.EntryUUID, old.EntryUUID)
	r.DeprecateAlso(dependent.EntryUUID, gone.EntryUUID) // gone was deprecated meanwhile: no conflict
	r.File(f.EntryUUID, newer.EntryUUID)
	r.Touch(f.EntryUUID)
	w.register(r)
	w.expect("approved", documents(p), "by newer")
	w.expect("deprecated", documents(p, func(f *query.DocumentFilter) { f.Status = []xds.Status{xds.Deprecated} }), "old dependent gone")
	w.find(all(p))
	folder := w.objects(query.GetFolders{IDs: byUUID(f.EntryUUID)}, true)
	if len(folder) != 1 || folder[0].Volatile.LastUpdateTime != r.Now {
		w.Errorf("got Folder %+v, want lastUpdateTime %s", folder, r.Now)
	}
}

// refused registers what must be refused with ErrConflict and leave nothing behind.
func (w *world) refused(what string, s *Submission) {
	w.Helper()
	before := len(w.objects(all(s.Patient), false))
	if err := register(w.Registry, s.Registration()); !errors.Is(err, store.ErrConflict) {
		w.Errorf("%s: got %v, want ErrConflict", what, err)
	}
	if found := w.show(w.objects(query.GetDocuments{IDs: byUnique("2.999.77")}, false)); found != "" {
		w.Errorf("%s: the refused entry can be found", what)
	}
	if after := len(w.objects(all(s.Patient), false)); after != before {
		w.Errorf("%s: %d objects of the patient before, %d after", what, before, after)
	}
}

func conflicts(w *world) {
	p := w.patient("A")
	s := Submit(p)
	e, old := s.Entry(), s.Entry()
	f := s.Folder()
	w.register(s)
	s2 := Submit(p)
	s2.Replace(xds.Replace, s2.Entry().EntryUUID, old.EntryUUID)
	w.register(s2)
	// try begins a submission whose entry has a uniqueId that must not be found later.
	try := func(what string, change func(*Submission, *xds.DocumentEntry)) {
		w.Helper()
		s := Submit(p)
		change(s, s.Entry(func(e *xds.DocumentEntry) { e.UniqueID = "2.999.77" }))
		w.refused(what, s)
	}
	try("EntryUUID of an entry", func(s *Submission, n *xds.DocumentEntry) {
		s.Link(xds.Append, n.EntryUUID, e.EntryUUID).EntryUUID = e.EntryUUID
	})
	try("EntryUUID of a SubmissionSet", func(n *Submission, _ *xds.DocumentEntry) {
		n.Folder(func(f *xds.Folder) { f.EntryUUID = s.Set.EntryUUID })
	})
	try("EntryUUID of an Association", func(n *Submission, _ *xds.DocumentEntry) {
		n.Entry(func(e *xds.DocumentEntry) { e.EntryUUID = s.Associations[0].EntryUUID })
	})
	try("EntryUUID twice in one", func(n *Submission, e *xds.DocumentEntry) { n.Folder(func(f *xds.Folder) { f.EntryUUID = e.EntryUUID }) })
	try("deprecated target", func(n *Submission, e *xds.DocumentEntry) { n.Replace(xds.Replace, e.EntryUUID, old.EntryUUID) })
	try("one of two targets deprecated", func(n *Submission, by *xds.DocumentEntry) {
		n.Replace(xds.Replace, by.EntryUUID, e.EntryUUID)
		n.Replace(xds.Replace, by.EntryUUID, old.EntryUUID)
	})
	try("target is a Folder", func(n *Submission, by *xds.DocumentEntry) { n.Replace(xds.Replace, by.EntryUUID, f.EntryUUID) })
	try("unknown target", func(n *Submission, by *xds.DocumentEntry) { n.Replace(xds.Replace, by.EntryUUID, UUID()) })
	try("Association to nothing", func(n *Submission, by *xds.DocumentEntry) { n.Link(xds.Append, by.EntryUUID, UUID()) })
	try("Association from nothing", func(n *Submission, by *xds.DocumentEntry) { n.Link(xds.HasMember, UUID(), by.EntryUUID) })
	try("touched Folder is none", func(n *Submission, by *xds.DocumentEntry) { n.Touch(e.EntryUUID) })
	try("patient of an entry unknown", func(n *Submission, by *xds.DocumentEntry) { by.PatientID = CX("C") })
	try("patient of a Folder unknown", func(n *Submission, by *xds.DocumentEntry) { n.Folder(func(f *xds.Folder) { f.PatientID = CX("C") }) })
	try("no patient", func(n *Submission, by *xds.DocumentEntry) { by.PatientID = CX("C"); by.PatientID.ID = "" })
	w.expect("the target is still there", query.GetDocuments{IDs: byUUID(e.EntryUUID)}, "D:"+serial(e.EntryUUID))
	if got := w.objects(query.GetDocuments{IDs: byUUID(e.EntryUUID)}, false)[0].Volatile.Status; got != xds.Approved {
		w.Errorf("a refused replacement left the status %s", got)
	}
	unknown := Submit(CX("C"))
	unknown.Entry()
	w.refused("unknown patient", unknown)
	// What was refused can come again corrected, with the same ids.
	again := Submit(p)
	again.Entry(func(e *xds.DocumentEntry) { e.UniqueID = "2.999.77" })
	w.register(again)
}

// uniqueIDs: ITI TF-2: 3.42.4.1.3.3.3.
func uniqueIDs(w *world) {
	p := w.patient("A")
	s := Submit(p)
	e := s.Entry()
	od := s.Entry(func(e *xds.DocumentEntry) { e.ObjectType, e.Hash, e.Size = xds.OnDemand, "", -1 })
	f := s.Folder()
	w.register(s)
	same := func(change ...func(*xds.DocumentEntry)) *Submission {
		s := Submit(p)
		n := s.Entry(change...)
		n.UniqueID = e.UniqueID
		if n.Hash != "" && len(change) == 0 {
			n.Hash = e.Hash
		}
		return s
	}
	with := func(id xds.UniqueID) (a, b, c *Submission) {
		a, b, c = Submit(p), Submit(p), Submit(p)
		a.Set.UniqueID, b.Folder().UniqueID = id, id
		c.Entry(func(e *xds.DocumentEntry) { e.UniqueID = id })
		return a, b, c
	}
	for name, id := range map[string]xds.UniqueID{"SubmissionSet": s.Set.UniqueID, "Folder": f.UniqueID} {
		asSet, asFolder, asEntry := with(id)
		w.refused("SubmissionSet with the uniqueId of a "+name, asSet)
		w.refused("Folder with the uniqueId of a "+name, asFolder)
		w.refused("entry with the uniqueId of a "+name, asEntry)
	}
	asSet, asFolder, _ := with(e.UniqueID)
	w.refused("SubmissionSet with the uniqueId of an entry", asSet)
	w.refused("Folder with the uniqueId of an entry", asFolder)
	w.refused("other hash", same(func(n *xds.DocumentEntry) { n.Hash = hashOf("other") }))
	w.refused("other size", same(func(n *xds.DocumentEntry) { n.Hash, n.Size = e.Hash, 43 }))
	w.refused("On-Demand with the uniqueId of a stable entry", same(func(n *xds.DocumentEntry) { n.ObjectType, n.Hash, n.Size = xds.OnDemand, "", -1 }))
	asOther := Submit(p)
	asOther.Entry().UniqueID = od.UniqueID
	w.refused("stable with the uniqueId of an On-Demand entry", asOther)
	twice := Submit(p)
	twice.Folder().UniqueID = twice.Set.UniqueID
	w.refused("SubmissionSet and Folder of one submission", twice)
	differ := Submit(p)
	differ.Entry().UniqueID = "2.999.77"
	differ.Entry().UniqueID = "2.999.77"
	w.refused("different entries of one submission", differ)

	// The same document may be registered again, in upper case too, and over other ids.
	again := same()
	w.register(again)
	upper := same()
	upper.DocumentEntries[0].Hash = strings.ToUpper(e.Hash)
	w.register(upper)
	if n := len(w.objects(query.GetDocuments{IDs: byUnique(e.UniqueID)}, false)); n != 3 {
		w.Errorf("got %d entries of one uniqueId, want 3", n)
	}
	demand := Submit(p)
	demand.Entry(func(e *xds.DocumentEntry) {
		e.ObjectType, e.Hash, e.Size, e.UniqueID = xds.OnDemand, "", -1, od.UniqueID
	})
	w.register(demand)
	// The rule outlives the entry's status.
	r := Submit(p)
	r.Replace(xds.Replace, r.Entry().EntryUUID, e.EntryUUID)
	w.register(r)
	w.refused("other hash than a deprecated entry", same(func(n *xds.DocumentEntry) { n.Hash = hashOf("other") }))
}

func nothingBeforeCommit(w *world) {
	p := w.patient("A")
	s := Submit(p)
	e := s.Entry()
	s.Document(e, "bytes")
	ctx := context.Background()
	err := w.Registry.Update(ctx, func(tx store.RegistryTx) error {
		if err := tx.Register(ctx, s.Registration()); err != nil {
			return err
		}
		own, err := tx.Find(ctx, documents(p), true, 10)
		if err != nil || len(own) != 1 {
			w.Errorf("inside: got %d objects and error %v, want 1", len(own), err)
		}
		if n := len(w.objects(all(p), false)); n != 0 {
			w.Errorf("outside before commit: got %d objects, want none", n)
		}
		if docs, err := w.Documents.Documents(ctx, []xds.UniqueID{e.UniqueID}); err != nil || len(docs) != 0 {
			w.Errorf("outside before commit: got %d documents and error %v, want none", len(docs), err)
		}
		return nil
	})
	if err != nil {
		w.Fatal(err)
	}
	if n := len(w.objects(all(p), false)); n != 3 {
		w.Errorf("after commit: got %d objects, want 3", n)
	}
}

func nothingAfterError(w *world) {
	p := w.patient("A")
	ctx := context.Background()
	mine := errors.New("refused by a rule")
	for _, c := range []struct {
		name string
		fn   func(tx store.RegistryTx) error
		want error
	}{
		{"error of the function", func(tx store.RegistryTx) error {
			tx.Register(ctx, Submit(p).Registration())
			return mine
		}, mine},
		{"a failed change that the function forgets", func(tx store.RegistryTx) error {
			s := Submit(p)
			tx.Register(ctx, s.Registration())
			again := Submit(p)
			again.Set.UniqueID = s.Set.UniqueID
			tx.Register(ctx, again.Registration())
			return nil
		}, store.ErrConflict},
	} {
		if err := w.Registry.Update(ctx, c.fn); !errors.Is(err, c.want) {
			w.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		if n := len(w.objects(all(p), false)); n != 0 {
			w.Errorf("%s: got %d objects, want none", c.name, n)
		}
	}
	w.Run("panic", func(t *testing.T) {
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("the panic did not reach the caller")
				}
			}()
			w.Registry.Update(ctx, func(tx store.RegistryTx) error {
				tx.Register(ctx, Submit(p).Registration())
				panic("boom")
			})
		}()
		if n := len(w.objects(all(p), false)); n != 0 {
			t.Errorf("got %d objects, want none", n)
		}
	})
	w.register(Submit(p)) // and the store still works
}

func updateRunsAgain(w *world) {
	ctx := context.Background()
	runs := 0
	err := w.Registry.Update(ctx, func(store.RegistryTx) error {
		if runs++; runs < 3 {
			return store.ErrConflict
		}
		return nil
	})
	if err != nil || runs != 3 {
		w.Errorf("got %d runs and error %v, want 3 and none", runs, err)
	}
	runs = 0
	err = w.Registry.Update(ctx, func(store.RegistryTx) error { runs++; return store.ErrConflict })
	if !errors.Is(err, store.ErrConflict) || runs < 2 || runs > 10 {
		w.Errorf("got %d runs and error %v, want a few and ErrConflict", runs, err)
	}
	runs = 0
	err = w.Registry.Update(ctx, func(store.RegistryTx) error { runs++; return store.ErrNotFound })
	if !errors.Is(err, store.ErrNotFound) || runs != 1 {
		w.Errorf("got %d runs and error %v, want 1 and ErrNotFound", runs, err)
	}
}

func cancelled(w *world) {
	p := w.patient("A")
	ctx, cancel := context.WithCancel(context.Background())
	err := w.Registry.Update(ctx, func(tx store.RegistryTx) error {
		err := tx.Register(ctx, Submit(p).Registration())
		cancel()
		return err
	})
	if !errors.Is(err, context.Canceled) {
		w.Errorf("cancelled before commit: got %v, want context.Canceled", err)
	}
	for range 20 { // each connection must survive it
		if err := w.Registry.View(ctx, func(store.RegistryReader) error { return nil }); !errors.Is(err, context.Canceled) {
			w.Errorf("View: got %v, want context.Canceled", err)
		}
		err := w.Registry.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, Submit(p).Registration()) })
		if !errors.Is(err, context.Canceled) {
			w.Errorf("Update: got %v, want context.Canceled", err)
		}
	}
	// A writer that waits for its turn can be called off.
	waiting, stop := context.WithCancel(context.Background())
	bg := context.Background()
	err = w.Registry.Update(bg, func(tx store.RegistryTx) error {
		done := make(chan error)
		go func() {
			done <- w.Registry.Update(waiting, func(tx store.RegistryTx) error { return tx.Register(waiting, Submit(p).Registration()) })
		}()
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			w.Errorf("waiting: got %v, want context.Canceled", err)
		}
		return nil
	})
	if err != nil {
		w.Error(err)
	}
	if n := len(w.objects(all(p), false)); n != 0 {
		w.Errorf("got %d objects, want none", n)
	}
	w.register(Submit(p))
}
