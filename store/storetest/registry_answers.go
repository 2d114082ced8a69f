package storetest

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"strings"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// answers compares every part of a result with what was registered.
func answers(w *world) {
	p := w.patient("A")
	p.Raw = "A^^^ns&" + Authority + "&iso^MR" // the sender's way to write it comes back
	s := Submit(p)
	e := s.Entry(func(e *xds.DocumentEntry) {
		e.HomeCommunityID, e.Title = "urn:oid:2.999.9", "Blutdruck <& \"größer\" 血圧"
	})
	f := s.Folder()
	r := s.Registration()
	// Build writes the canonical id; a received message holds what its sender wrote.
	r.Entries[0].PatientID.Raw = p.Raw
	if err := register(w.Registry, r); err != nil {
		w.Fatal(err)
	}
	w.model.Register(r)
	w.find(all(p))
	got := w.objects(query.GetDocuments{IDs: byUUID(e.EntryUUID)}, true)
	if len(got) != 1 {
		w.Fatalf("got %d objects, want 1", len(got))
	}
	o := got[0]
	want := store.Object{Kind: store.DocumentEntry, EntryUUID: e.EntryUUID, Patient: hl7v2.PatientKey{ID: "A", Authority: Authority},
		Volatile: xds.Volatile{Status: xds.Approved, Version: 1, Home: "urn:oid:2.999.9", PatientID: p.Raw}}
	if !bytes.Equal(o.Fragment, r.Entries[0].Fragment()) {
		w.Errorf("got the fragment\n%s\nwant\n%s", o.Fragment, r.Entries[0].Fragment())
	}
	o.Fragment = nil
	if !equal([]store.Object{o}, []store.Object{want}) {
		w.Errorf("got  %+v\nwant %+v", o, want)
	}
	for _, o := range w.objects(all(p), false) {
		if o.Fragment != nil {
			w.Errorf("%s: a fragment of %d bytes without leaf", o.Kind, len(o.Fragment))
		}
	}
	folder := w.objects(query.GetFolders{IDs: byUUID(f.EntryUUID)}, false)
	if len(folder) != 1 || folder[0].Volatile.LastUpdateTime != s.Now {
		w.Errorf("got Folder %+v, want lastUpdateTime %s", folder, s.Now)
	}
}

// largeAnswers asks for more than a backend holds at a time, of all classes, with metadata that no packing makes small.
func largeAnswers(w *world) {
	p := w.patient("A")
	rng := rand.New(rand.NewPCG(1, 2))
	noise := func() string {
		b := make([]byte, 2500)
		for i := range b {
			b[i] = byte(rng.IntN(256))
		}
		return hex.EncodeToString(b)
	}
	for range 3 {
		s := Submit(p)
		s.Set.Comments = noise()
		f := s.Folder()
		f.Comments = noise()
		for range 70 {
			s.File(f.EntryUUID, s.Entry(func(e *xds.DocumentEntry) { e.Comments = noise() }).EntryUUID)
		}
		w.register(s)
	}
	w.find(all(p)) // compares with the model, fragment by fragment
	got := w.objects(documents(p), true)
	if len(got) != 210 {
		w.Fatalf("got %d entries, want 210", len(got))
	}
	size := 0
	for _, o := range got {
		size += len(o.Fragment)
	}
	if size < 210*5000 {
		w.Errorf("fragments of %d bytes in all, too few to show anything", size)
	}
	w.fragmentsStop(p)
}

// fragmentsStop: an error of the caller ends the reading, as does the end of its context.
func (w *world) fragmentsStop(p hl7v2.CX) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var found []store.Object
	err := w.Registry.View(ctx, func(r store.RegistryReader) (err error) {
		found, err = r.Find(ctx, documents(p), true, 1000)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	n, stop := 0, errors.New("enough")
	err = w.Registry.Fragments(ctx, found, func(*store.Object) error {
		if n++; n == 150 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 150 {
		w.Errorf("stopped after %d of 150 with error %v", n, err)
	}
	cancel()
	if err := w.Registry.Fragments(ctx, found, func(*store.Object) error { return nil }); !errors.Is(err, context.Canceled) {
		w.Errorf("cancelled: got error %v", err)
	}
}

func limits(w *world) {
	p := w.patient("A")
	s := Submit(p)
	for range 2 {
		s.Entry(func(e *xds.DocumentEntry) { e.EventCodes = codeList("e1", "e2") })
	}
	s.Folder()
	w.register(s) // 1 SubmissionSet, 2 entries, 1 Folder, 3 Associations
	ctx := context.Background()
	find := func(q query.Query, limit int) (n int, err error) {
		err = w.Registry.View(ctx, func(r store.RegistryReader) error {
			found, err := r.Find(ctx, q, true, limit)
			n = len(found)
			return err
		})
		return n, err
	}
	for _, c := range []struct {
		name  string
		q     query.Query
		limit int
		want  int // -1: ErrTooMany
	}{
		{"as many entries as allowed", documents(p), 2, 2},
		{"one entry too many", documents(p), 1, -1},
		{"none allowed", documents(p), 0, -1},
		{"none allowed, none found", documents(CX("B")), 0, 0},
		{"as many of all classes as allowed", all(p), 7, 7},
		{"one of all classes too many", all(p), 6, -1},
		{"the first class alone is too many", all(p), 0, -1},
		{"too many in the middle", all(p), 2, -1},
		{"several patients, as many as allowed", query.FindDocumentsForMultiplePatients{Patients: []hl7v2.CX{p, CX("B")}, DocumentFilter: documents(p).DocumentFilter}, 2, 2},
		{"several patients, one too many", query.FindDocumentsForMultiplePatients{Patients: []hl7v2.CX{p, CX("B")}, DocumentFilter: documents(p).DocumentFilter}, 1, -1},
		{"an entry with two of the codes counts once", byEvents("e1", "e2"), 2, 2},
		{"codes of any patient, one too many", byEvents("e1", "e2"), 1, -1},
	} {
		n, err := find(c.q, c.limit)
		switch {
		case c.want < 0 && !errors.Is(err, store.ErrTooMany):
			w.Errorf("%s: got %d objects and error %v, want ErrTooMany", c.name, n, err)
		case c.want >= 0 && (err != nil || n != c.want):
			w.Errorf("%s: got %d objects and error %v, want %d", c.name, n, err, c.want)
		}
	}
}

// manyIDs sends lists of the lengths at which an implementation may cut.
func manyIDs(w *world) {
	p := w.patient("A")
	var ids []xds.EntryUUID
	var names []string
	for range 3 {
		s := Submit(p)
		for range 200 {
			ids = append(ids, w.entry(s, string(OID())).EntryUUID)
			names = append(names, w.names[ids[len(ids)-1]])
		}
		w.register(s)
	}
	for _, n := range []int{1, 2, 3, 64, 65, 128, 511, 512, 513, 600} {
		if got, want := w.show(w.objects(query.GetDocuments{IDs: byUUID(ids[:n]...)}, true)), strings.Join(names[:n], " "); got != want {
			w.Errorf("%d ids: got %d objects, want %d", n, len(strings.Fields(got)), n)
		}
		if got := len(w.state(store.Refs{EntryUUIDs: ids[:n]}).Objects); got != n {
			w.Errorf("%d ids: got the state of %d", n, got)
		}
	}
	unknown := make([]xds.EntryUUID, 20000)
	for i := range unknown {
		unknown[i] = UUID()
	}
	if got := w.show(w.objects(query.GetDocuments{IDs: byUUID(append(unknown, ids[0])...)}, false)); got != names[0] {
		w.Errorf("20001 ids: got %q, want %q", got, names[0])
	}
	if n := len(w.objects(documents(p), true)); n != 600 {
		w.Errorf("FindDocuments: got %d objects, want 600", n)
	}
}

// mergedPatients: objects belong to the survivor, submissions and queries for the subsumed id find nothing
// (ITI TF-2: 3.8.4.2).
func mergedPatients(w *world) {
	a, b, c := w.patient("A"), w.patient("B"), w.patient("C")
	for _, p := range []hl7v2.CX{a, b, c} {
		s := Submit(p)
		w.name(s.Set.EntryUUID, "S"+p.ID)
		w.name(s.Folder().EntryUUID, "F"+p.ID)
		w.entry(s, "D"+p.ID, func(e *xds.DocumentEntry) { e.ReferenceIDs = []string{"1^^^&2.999.7.1&ISO^urn:x"} })
		w.register(s)
	}
	byReference := func(p hl7v2.CX) query.Query {
		return query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: documents(p).DocumentFilter,
			ReferenceIDs: [][]query.ReferenceID{{{Value: "1^^^&2.999.7.1&ISO^urn:x"}}}}
	}
	check := func(p hl7v2.CX, sets, entries, folders string) {
		w.Helper()
		w.expect(p.ID, documents(p), entries)
		w.expect(p.ID, byReference(p), entries)
		w.expect(p.ID, query.FindSubmissionSets{Patient: p, Status: approved}, sets)
		w.expect(p.ID, query.FindFolders{Patient: p, Status: approved}, folders)
		w.find(all(p))
	}
	w.merge(b, a)
	check(a, "", "", "")
	check(b, "SA SB", "DA DB", "FA FB")
	check(c, "SC", "DC", "FC")
	w.merge(c, b)
	check(a, "", "", "")
	check(b, "", "", "")
	check(c, "SA SB SC", "DA DB DC", "FA FB FC")
	for _, o := range w.objects(documents(c), false) {
		if o.Patient != c.Key() || o.Volatile.PatientID != c.String() {
			w.Errorf("%s: got patient %v shown as %s, want %s", w.names[o.EntryUUID], o.Patient, o.Volatile.PatientID, c.String())
		}
	}
	if err := register(w.Registry, Submit(a).Registration()); !errors.Is(err, store.ErrConflict) {
		w.Errorf("Register for a subsumed id: got %v, want ErrConflict", err)
	}
	s := Submit(c)
	w.entry(s, "new", func(e *xds.DocumentEntry) { e.ReferenceIDs = []string{"1^^^&2.999.7.1&ISO^urn:x"} })
	w.register(s)
	check(c, "SA SB SC S:"+serial(s.Set.EntryUUID), "DA DB DC new", "FA FB FC")
}

func serial(id xds.EntryUUID) string { return strings.TrimLeft(string(id[len(id)-12:]), "0") }
