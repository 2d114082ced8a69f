package storetest

import (
	"context"
	"slices"
	"sync"

	"dossier/pix"
)

// five makes A:1 to A:5 known, unlike each other.
func (w *mpi) five() {
	w.Helper()
	for i, name := range []string{"a", "c", "e", "g", "k"} {
		w.apply(pix.EventCreate, "A:"+string(rune('1'+i)), "", who(name))
	}
}

func linkUnlink(w *mpi) {
	w.five()
	w.apply(pix.EventLink, "A:1", "A:2")
	w.person("A:2", "A:1 A:2")
	w.apply(pix.EventLink, "A:1", "A:2") // again
	w.apply(pix.EventLink, "A:3", "A:2")
	w.person("A:1", "A:1 A:2 A:3")
	w.apply(pix.EventUnlink, "A:1", "A:2")
	w.person("A:1", "A:1")
	w.person("A:2", "A:2 A:3")
	w.apply(pix.EventUnlink, "A:1", "A:2") // again
	w.apply(pix.EventLink, "A:2", "A:1")
	w.person("A:3", "A:1 A:2 A:3")
	w.apply(pix.EventLink, "A:1 A:2", "A:4") // several ids of one person
	w.person("A:4", "A:1 A:2 A:3 A:4")
}

// unlinkMiddle: the second id leaves with what only it holds; what holds to the first in another way stays.
func unlinkMiddle(w *mpi) {
	w.five()
	for _, l := range [][2]string{{"A:1", "A:2"}, {"A:2", "A:3"}, {"A:3", "A:1"}, {"A:2", "A:4"}, {"A:3", "A:5"}} {
		w.apply(pix.EventLink, l[0], l[1])
	}
	w.person("A:1", "A:1 A:2 A:3 A:4 A:5")
	w.apply(pix.EventUnlink, "A:1", "A:2")
	w.person("A:1", "A:1 A:3 A:5")
	w.person("A:2", "A:2 A:4")
	w.refused(pix.EventLink, "A:4", "A:5", "expected ids that were never taken apart at other0")
	w.apply(pix.EventLink, "A:1", "A:2")
	w.person("A:1", "A:1 A:2 A:3 A:4 A:5")
}

// unlinkedStays: neither a national id nor a message that lists both joins again what was taken apart.
func unlinkedStays(w *mpi) {
	w.apply(pix.EventCreate, "A:1 N:001", "", who("a"))
	w.apply(pix.EventCreate, "B:1 N:001", "", who("a"))
	w.person("A:1", "A:1 B:1 N:001")
	w.apply(pix.EventUnlink, "A:1", "B:1")
	w.person("A:1", "A:1 N:001")
	w.person("B:1", "B:1")
	w.apply(pix.EventUpdate, "B:1 N:001", "", pix.Demographics{Sex: "M"})
	w.person("B:1", "B:1")
	w.reviews("N:001-B:1 same national id, but unlinked")
	w.apply(pix.EventLink, "B:1", "A:1")
	w.person("B:1", "A:1 B:1 N:001")
	w.reviews()
}

func linksRefused(w *mpi) {
	w.five()
	w.apply(pix.EventMerge, "A:1", "A:5")
	for _, e := range []pix.Event{pix.EventLink, pix.EventUnlink} {
		w.refused(e, "A:9", "A:1", "expected an id that is known at id0")
		w.refused(e, "A:1", "A:9", "expected an id that is known at other0")
		w.refused(e, "A:1", "A:1", "expected two different ids at other0")
		w.refused(e, "A:5", "A:2", "expected a live id, this one was subsumed earlier at id0")
		w.refused(e, "A:2", "A:5", "expected a live id, this one was subsumed earlier at other0")
		w.refused(e, "A:1 A:2", "A:3", "expected exactly one id of a domain that is configured here at id1")
		w.refused(e, "A:1", "", "expected an identifier, found none at other0")
		w.refused(e, "A:1", "X:1", "expected an id of a domain that is configured here at other0")
	}
	w.person("A:1", "A:1")
	w.person("A:2", "A:2")
}

func idsMerged(w *mpi) {
	for i, name := range []string{"a", "c", "e"} {
		w.apply(pix.EventCreate, "P:"+string(rune('1'+i)), "", who(name))
	}
	w.apply(pix.EventMerge, "P:1", "P:2")
	w.person("P:1", "P:1")
	w.person("P:2", "")
	w.known("P:2", false)
	w.known("P:1", true)
	w.apply(pix.EventMerge, "P:3", "P:1")
	w.person("P:1", "")
	w.person("P:3", "P:3")
	w.known("P:1", false)
	if d := w.demographics("P:3"); d.Names[0] != who("e").Names[0] {
		w.Error("a merge changed the survivor's demographics")
	}
}

// mergedIDs: one record by merges, from whichever of its ids one starts; links join none.
func mergedIDs(w *mpi) {
	w.five()
	w.apply(pix.EventCreate, "B:1", "", who("p"))
	w.apply(pix.EventLink, "A:1", "B:1")
	want := func(start, others string) {
		w.Helper()
		got, err := w.Merged(w.Context(), id(start).Key())
		var names []string
		for _, x := range idList(start + " " + others) {
			names = append(names, x.Key().ID+" "+x.Key().Authority)
		}
		var found []string
		for _, k := range got {
			found = append(found, k.ID+" "+k.Authority)
		}
		if err != nil || !slices.Equal(names, found) {
			w.Errorf("%s: got %q, %v, want %q", start, found, err, names)
		}
	}
	want("A:1", "")
	want("A:77", "") // nobody has it
	w.apply(pix.EventMerge, "A:2", "A:1")
	w.apply(pix.EventMerge, "A:3", "A:2")
	w.apply(pix.EventMerge, "A:3", "A:4")
	w.apply(pix.EventChange, "A:9", "A:3")
	want("A:1", "A:2 A:3 A:4 A:9")
	want("A:3", "A:1 A:2 A:4 A:9")
	want("A:4", "A:1 A:2 A:3 A:9")
	want("A:9", "A:1 A:2 A:3 A:4")
	want("A:5", "")
	want("B:1", "")
}

// mergeHandsOver: links and separations of the subsumed id are the survivor's from then on.
func mergeHandsOver(w *mpi) {
	w.five()
	w.apply(pix.EventCreate, "B:1", "", who("p"))
	w.apply(pix.EventLink, "A:1", "B:1")
	w.apply(pix.EventUnlink, "A:1", "A:3")
	w.apply(pix.EventMerge, "A:2", "A:1")
	w.person("B:1", "A:2 B:1")
	w.refused(pix.EventLink, "B:1", "A:3", "expected ids that were never taken apart at other0")
	// A merge of ids that were kept apart wins, as their source knows best; whoever is concerned is told.
	w.apply(pix.EventLink, "A:3", "A:4")
	w.apply(pix.EventUnlink, "A:4", "A:2")
	w.apply(pix.EventMerge, "A:4", "A:3")
	w.person("A:4", "A:4")
	w.apply(pix.EventMerge, "A:4", "A:2")
	w.person("A:4", "A:4 B:1")
}

// mergeNational: what refers to a subsumed id by a national id, or to a subsumed national id, refers to the survivor.
func mergeNational(w *mpi) {
	with := func(event pix.Event, x, nation string, d pix.Demographics) {
		w.Helper()
		f := feed(event, x, "", d)
		f.National = idList(nation)
		if err := w.Apply(context.Background(), f); err != nil {
			w.Fatal(err)
		}
	}
	with(pix.EventCreate, "P:1", "N:001", who("a"))
	with(pix.EventCreate, "B:1", "N:001", who("a"))
	w.apply(pix.EventCreate, "P:2", "", who("a"))
	w.apply(pix.EventMerge, "P:2", "P:1")
	w.person("B:1", "P:2 B:1")
	with(pix.EventCreate, "A:1", "N:001", who("a")) // known by the number from then on
	w.person("A:1", "P:2 A:1 B:1")
	with(pix.EventUpdate, "P:2", "N:002", pix.Demographics{}) // and the survivor's source has the last word
	w.person("P:2", "P:2")
	w.person("A:1", "A:1 B:1")
	// The subsumed one does not overrule what the survivor's source said.
	with(pix.EventCreate, "P:3", "N:003", who("c"))
	with(pix.EventCreate, "P:4", "N:004", who("c"))
	w.apply(pix.EventMerge, "P:4", "P:3")
	if d := w.demographics("P:4"); len(d.National) != 1 || d.National[0] != id("N:004").Key() {
		w.Errorf("national ids of the survivor: %v", d.National)
	}
	// National ids are merged, and changed, too.
	w.apply(pix.EventCreate, "N:005", "", who("e"))
	w.apply(pix.EventCreate, "N:006", "", who("e"))
	with(pix.EventCreate, "A:5", "N:005", who("e"))
	w.person("A:5", "A:5 N:005")
	w.apply(pix.EventMerge, "N:006", "N:005")
	w.person("A:5", "A:5 N:006")
	with(pix.EventUpdate, "A:5", "N:005", pix.Demographics{Sex: "M"}) // still says the old one
	w.person("A:5", "A:5 N:006")
	w.apply(pix.EventChange, "N:007", "N:006")
	w.person("A:5", "A:5 N:007")
	with(pix.EventCreate, "B:5", "N:005", who("e"))
	w.person("B:5", "A:5 B:5 N:007")
	with(pix.EventUpdate, "A:5", "N:008", pix.Demographics{})
	w.person("A:5", "A:5")
}

func mergeAgain(w *mpi) {
	w.five()
	f := feed(pix.EventMerge, "A:1", "A:2", pix.Demographics{})
	f.Origin.Digest = [32]byte{1}
	for range 2 {
		if err := w.Apply(context.Background(), f); err != nil {
			w.Error(err)
		}
	}
	w.apply(pix.EventMerge, "A:3", "A:1")
	if err := w.Apply(context.Background(), f); err != nil {
		w.Errorf("a retransmission after the survivor was subsumed: %v", err)
	}
	f.Origin.Digest = [32]byte{2}
	if got := refusal(w.Apply(context.Background(), f)); got != string(pix.MergeSurvivorSubsumed) {
		w.Errorf("another message: %q", got)
	}
}

func idMergesRefused(w *mpi) {
	w.five()
	w.apply(pix.EventCreate, "B:1", "", who("p"))
	w.apply(pix.EventMerge, "A:2", "A:1")
	for _, c := range []struct{ survivor, subsumed, want string }{
		{"A:3", "A:3", string(pix.MergeSame)},
		{"A:9", "A:3", string(pix.MergeSurvivorUnknown)},
		{"A:3", "A:9", string(pix.MergeSubsumedUnknown)},
		{"A:1", "A:3", string(pix.MergeSurvivorSubsumed)},
		{"A:1", "A:2", string(pix.MergeSurvivorSubsumed)},
		{"A:3", "A:1", string(pix.MergeSubsumedTwice)},
		{"A:2", "A:1", string(pix.MergeSubsumedTwice)},
		{"A:3", "B:1", "expected two ids of one domain at other0"},
		{"A:3 A:4", "A:5", "expected exactly one id of a domain that is configured here at id0"},
		{"A:3", "A:4 A:5", "expected exactly one id of a domain that is configured here at other0"},
		{"A:3", "X:1", "expected an id of a domain that is configured here at other0"},
		{"X:1", "A:3", "expected an id of a domain that is configured here at authority0"},
		{"", "A:3", "expected an identifier, found none at id0"},
		{"A:3", "", "expected an identifier, found none at other0"},
	} {
		w.refused(pix.EventMerge, c.survivor, c.subsumed, c.want)
	}
	w.person("A:3", "A:3")
	w.person("A:2", "A:2")
}

func idChanged(w *mpi) {
	w.apply(pix.EventCreate, "P:1 A:1", "", who("a"))
	w.apply(pix.EventCreate, "P:2", "", who("c"))
	w.refused(pix.EventChange, "P:2", "P:1", "expected a new id, this one is in use at id0")
	w.refused(pix.EventChange, "P:3", "P:4", "expected an id that is known at other0")
	w.refused(pix.EventChange, "P:1", "P:1", "expected two different ids at other0")
	w.apply(pix.EventChange, "P:3", "P:1")
	w.person("A:1", "P:3 A:1")
	w.person("P:1", "")
	w.known("P:1", false)
	w.known("P:3", true)
	if d := w.demographics("P:3"); len(d.Names) != 1 || d.Names[0] != who("a").Names[0] {
		w.Error("the new id has not the demographics of the old one")
	}
	w.refused(pix.EventChange, "P:4", "P:1", "expected a live id, this one was subsumed earlier at other0")
	w.apply(pix.EventCreate, "B:1 N:001", "", who("e"))
	w.apply(pix.EventChange, "N:002", "N:001")
	w.person("B:1", "B:1 N:002")
	if d := w.demographics("N:002"); len(d.National) != 1 || d.National[0] != id("N:002").Key() {
		w.Errorf("national ids of the new record: %v", d.National)
	}
}

func notices(w *mpi) {
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.noNotice("all")
	w.apply(pix.EventCreate, "B:1", "", who("c"))
	w.apply(pix.EventLink, "A:1", "B:1")
	w.notice("all", "A:1 B:1")
	w.noNotice("a") // it sees A:1 alone, as before
	w.apply(pix.EventLink, "A:1", "B:1")
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Sex: "M"})
	w.noNotice("all")
	w.apply(pix.EventCreate, "P:1", "", who("e"))
	w.apply(pix.EventLink, "A:1", "P:1")
	w.notice("all", "P:1 A:1 B:1")
	w.notice("a", "P:1 A:1")
	w.apply(pix.EventUnlink, "P:1", "A:1")
	w.notice("all", "A:1 B:1")
	w.notice("all", "P:1")
	w.notice("a", "A:1")
	w.notice("a", "P:1")
	w.apply(pix.EventChange, "B:2", "B:1")
	n, err := w.NextNotice(context.Background(), "all")
	if err != nil || n == nil || n.Attempts != 0 || !n.At.Equal(origin.At) {
		w.Fatalf("next notice: %+v, %v", n, err)
	}
	if err := w.Attempted(context.Background(), n.Seq); err != nil {
		w.Fatal(err)
	}
	if n, _ = w.NextNotice(context.Background(), "all"); n == nil || n.Attempts != 1 {
		w.Errorf("after an attempt: %+v", n)
	}
	w.notice("all", "A:1 B:2")
	w.noNotice("a")
	w.noNotice("nobody")
}

// notice takes the next one.
func (w *mpi) notice(consumer, want string) {
	w.Helper()
	n, err := w.NextNotice(context.Background(), consumer)
	if err != nil || n == nil {
		w.Fatalf("notice for %s: %v, %v", consumer, n, err)
	}
	if err := w.Settled(context.Background(), n.Seq); err != nil {
		w.Fatal(err)
	}
	got := ""
	for i, k := range n.IDs {
		if i > 0 {
			got += " "
		}
		got += short(k)
	}
	if got != want {
		w.Errorf("notice for %s: %s, want %s", consumer, got, want)
	}
}

func (w *mpi) noNotice(consumer string) {
	w.Helper()
	if n, err := w.NextNotice(context.Background(), consumer); err != nil || n != nil {
		w.Errorf("notice for %s: %v, %v, want none", consumer, n, err)
	}
}

// idMergeRace merges a ring all at once: whatever wins, the index and the registry agree.
func idMergeRace(w *mpi) {
	const n = 6
	name := func(i int) string { return "P:" + string(rune('0'+i%n)) }
	for i := range n {
		w.apply(pix.EventCreate, name(i), "", who(string(rune('a'+2*i))))
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if got := refusal(w.try(pix.EventMerge, name(i+1), name(i))); got != "" && got != string(pix.MergeSurvivorSubsumed) {
				w.Errorf("merge %d: %s", i, got)
			}
		})
	}
	wg.Wait()
	live := 0
	for i := range n {
		known, err := w.Patients.PatientKnown(context.Background(), id(name(i)).Key())
		if err != nil {
			w.Fatal(err)
		}
		_, err = w.Person(context.Background(), id(name(i)).Key())
		if (err == nil) != known {
			w.Errorf("%s: the registry says %v, the index %v", name(i), known, err)
		}
		if known {
			live++
		}
	}
	if live == 0 {
		w.Error("nobody is left")
	}
}
