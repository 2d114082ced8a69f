package storetest

import (
	"context"
	"testing"

	"dossier/store"
	"dossier/xds"
)

// Inspector tests a store.Inspector together with the store that it looks into: whatever was stored through the contracts
// is sound, complete and can be found by as many values as it has.
func Inspector(t *testing.T, open func(t *testing.T) (Backend, store.Inspector)) {
	for _, c := range []struct {
		name string
		test func(*world, store.Inspector)
	}{
		{"empty", inspectNothing},
		{"objects", inspectObjects},
		{"merges and reservations", inspectMerges},
		{"documents without entries", inspectUnregistered},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, in := open(t)
			c.test(&world{T: t, Backend: b}, in)
		})
	}
}

// sound wants nothing found.
func (w *world) sound(in store.Inspector, registry bool) {
	w.Helper()
	ctx := context.Background()
	if found, err := in.Intact(ctx); err != nil || len(found) > 0 {
		w.Errorf("Intact: %q and error %v", found, err)
	}
	err := in.EachInconsistency(ctx, registry, func(i store.Inconsistency) error {
		w.Errorf("inconsistency: %+v", i)
		return nil
	})
	if err != nil {
		w.Errorf("EachInconsistency: %v", err)
	}
}

func (w *world) inspected(in store.Inspector) map[xds.EntryUUID]store.Inspected {
	w.Helper()
	out := map[xds.EntryUUID]store.Inspected{}
	err := in.EachObject(context.Background(), func(o store.Inspected) error {
		if _, twice := out[o.EntryUUID]; twice || len(o.Fragment) == 0 {
			w.Errorf("%s: seen before: %v, %d bytes of metadata", o.EntryUUID, twice, len(o.Fragment))
		}
		out[o.EntryUUID] = o
		return nil
	})
	if err != nil {
		w.Errorf("EachObject: %v", err)
	}
	return out
}

func inspectNothing(w *world, in store.Inspector) {
	w.sound(in, true)
	if got := w.inspected(in); len(got) > 0 {
		w.Errorf("objects of an empty store: %v", got)
	}
}

func inspectObjects(w *world, in store.Inspector) {
	s := Submit(w.patient("A"))
	e := s.Entry(func(e *xds.DocumentEntry) {
		e.Authors = []xds.Author{{Person: "1^Okafor^Lena"}, {Person: "2^Weiß^Jörg"}, {Person: "1^Okafor^Lena"}, {}}
		e.EventCodes = []xds.Code{code("a"), code("b"), code("a")}
		e.ConfidentialityCodes = []xds.Code{code("N"), code("R")}
		e.ReferenceIDs = []string{"1^^^&2.999.7&ISO^urn:x"}
	})
	s.Document(e, "content")
	f := s.Folder(func(f *xds.Folder) { f.Codes = []xds.Code{code("a"), code("b")} })
	s.File(f.EntryUUID, e.EntryUUID)
	next := Submit(s.Patient)
	newer := next.Entry()
	next.Replace(xds.Replace, newer.EntryUUID, e.EntryUUID)
	w.register(s, next)
	w.sound(in, false) // newer is a document of a repository elsewhere
	w.sound(in, true)
	got := w.inspected(in)
	if len(got) != 5 {
		w.Errorf("%d objects, want 2 SubmissionSets, 2 DocumentEntries and a Folder", len(got))
	}
	for _, want := range []store.Inspected{
		{Object: store.Object{EntryUUID: e.EntryUUID, Kind: store.DocumentEntry}, Authors: 2, EventCodes: 2, ConfidentialityCodes: 2, ReferenceIDs: 1},
		{Object: store.Object{EntryUUID: newer.EntryUUID, Kind: store.DocumentEntry}, ConfidentialityCodes: 1},
		{Object: store.Object{EntryUUID: s.Set.EntryUUID, Kind: store.SubmissionSet}, Authors: 1},
		{Object: store.Object{EntryUUID: f.EntryUUID, Kind: store.Folder}, FolderCodes: 2},
	} {
		o := got[want.EntryUUID]
		if o.Kind != want.Kind || o.Authors != want.Authors || o.EventCodes != want.EventCodes || o.ConfidentialityCodes != want.ConfidentialityCodes ||
			o.ReferenceIDs != want.ReferenceIDs || o.FolderCodes != want.FolderCodes {
			w.Errorf("%s: got %+v, want %+v", want.EntryUUID, o, want)
		}
	}
	var ids []xds.UniqueID
	err := in.EachDocument(context.Background(), func(d store.Document) error {
		ids = append(ids, d.UniqueID)
		return nil
	})
	if err != nil || len(ids) != 1 || ids[0] != e.UniqueID {
		w.Errorf("EachDocument: %v and error %v, want %s", ids, err, e.UniqueID)
	}
}

func inspectMerges(w *world, in store.Inspector) {
	a, b, c := w.patient("A"), w.patient("B"), w.patient("C")
	s := Submit(b)
	s.Entry()
	w.register(s)
	w.merge(a, b)
	w.merge(c, a)
	if err := w.reserve("2.999.1", Document("2.999.2", "x", a)); err != nil {
		w.Fatal(err)
	}
	w.sound(in, true)
	w.settle("2.999.1", false)
	w.sound(in, true)
}

// inspectUnregistered: the index of a repository whose registry is elsewhere is sound by itself, and would not be beside a
// registry.
func inspectUnregistered(w *world, in store.Inspector) {
	if err := w.reserve("2.999.1", Document("2.999.2", "x", CX("A"))); err != nil {
		w.Fatal(err)
	}
	w.settle("2.999.1", true)
	w.sound(in, false)
	var got []store.Inconsistency
	err := in.EachInconsistency(context.Background(), true, func(i store.Inconsistency) error {
		got = append(got, i)
		return nil
	})
	if err != nil || len(got) != 1 || got[0].ID != "2.999.2" || got[0].Problem == "" {
		w.Errorf("a document without a DocumentEntry: %+v and error %v", got, err)
	}
}
