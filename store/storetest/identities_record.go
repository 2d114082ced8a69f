package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"dossier/hl7v2"
	"dossier/pix"
)

func idsCreated(w *mpi) {
	w.person("A:1", "")
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.person("A:1", "A:1")
	w.person("B:1", "")
	w.person("a:1", "")
	w.apply(pix.EventCreate, "P:1", "", who("b"))
	w.known("P:1", true)
	w.known("A:1", false)
	w.apply(pix.EventCreate, "P:1", "", who("b")) // again
	w.apply(pix.EventCreate, "X:1 P:2", "", who("c"))
	w.person("P:2", "P:2")
	w.known("P:2", true)
	// Namespaces resolve to OIDs, and the sender's own patient ids are kept as they are.
	f := feed(pix.EventCreate, "", "", who("d"))
	f.IDs = []hl7v2.CX{{ID: "it's", Authority: hl7v2.HD{Namespace: "hb"}}}
	if err := w.Apply(context.Background(), f); err != nil {
		w.Error(err)
	}
	w.person("B:it's", "B:it's")
	w.person("B:IT'S", "")
}

func createRefused(w *mpi) {
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.refused(pix.EventCreate, "", "", "expected an identifier, found none at id0")
	w.refused(pix.EventCreate, "X:1", "", "expected an id of a domain that is configured here at authority0")
	w.refused(pix.EventCreate, "A:2 N:1234567890123", "", "expected an id that its domain can have assigned at id1")
	f := feed(pix.EventCreate, "X:9 A:3", "", who("b"))
	f.Origin.Source.Application = "EVIL"
	if got := refusal(w.Apply(context.Background(), f)); got != "expected an id of a domain that this sender may feed at authority1" {
		w.Errorf("foreign source: %q", got)
	}
	f.Origin.Source = pix.Source{Application: "MPI", Facility: "OTHER"}
	if got := refusal(w.Apply(context.Background(), f)); got != "expected an id of a domain that this sender may feed at authority1" {
		w.Errorf("foreign facility: %q", got)
	}
	f.Origin.Trusted = true
	if err := w.Apply(context.Background(), f); err != nil {
		w.Errorf("an operator: %v", err)
	}
	f = feed(pix.EventCreate, "", "", who("b"))
	f.IDs = []hl7v2.CX{{ID: "4", Authority: hl7v2.HD{Namespace: "HA", UniversalID: HospitalB, UniversalIDType: "ISO"}}}
	if got := refusal(w.Apply(context.Background(), f)); got != "expected an id of a domain that is configured here at authority0" {
		w.Errorf("namespace of another domain: %q", got)
	}
	for _, x := range []string{"A:2", "B:4", "N:1234567890123"} {
		w.person(x, "")
	}
	// What a foreign source may not feed is left out when there is something that it may.
	f = feed(pix.EventCreate, "A:5 B:5", "", who("e"))
	f.Origin.Source.Application = "ADT-B"
	if err := w.Apply(context.Background(), f); err != nil {
		w.Error(err)
	}
	w.person("B:5", "B:5")
	w.person("A:5", "")
}

func idsUpdated(w *mpi) {
	w.refused(pix.EventUpdate, "A:1", "", "expected an id that is known at id0", who("a"))
	w.apply(pix.EventRevise, "A:1", "", who("a")) // ignored
	w.person("A:1", "")
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Sex: "M"})
	d := w.demographics("A:1")
	if want := who("a"); d.Sex != "M" || d.Names[0] != want.Names[0] || d.BirthDate != want.BirthDate {
		w.Errorf("after an update of the sex: %+v", d.Names)
	}
	f := feed(pix.EventRevise, "A:1", "", pix.Demographics{BirthDate: "1981"})
	f.Delete = []pix.Trait{pix.TraitPhones, pix.TraitBirthDate}
	if err := w.Apply(context.Background(), f); err != nil {
		w.Fatal(err)
	}
	if d := w.demographics("A:1"); len(d.Phones) != 0 || d.BirthDate != "1981" || d.Sex != "M" {
		w.Error("phones were not deleted, or something else was")
	}
	// Phones at home and at work have a field each: what is said of one leaves the other alone.
	home, work := pix.Phone{Number: "26123456"}, pix.Phone{Number: "27123456", Work: true}
	phones := func(want ...pix.Phone) {
		w.Helper()
		if got := w.demographics("A:1").Phones; !slices.Equal(got, want) {
			w.Errorf("phones %v, want %v", got, want)
		}
	}
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Phones: []pix.Phone{work}})
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Phones: []pix.Phone{home}})
	phones(home, work)
	work.Number = "28123456"
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Phones: []pix.Phone{work}})
	phones(home, work)
	f = feed(pix.EventUpdate, "A:1", "", pix.Demographics{})
	f.Delete = []pix.Trait{pix.TraitWorkPhones}
	if err := w.Apply(context.Background(), f); err != nil {
		w.Fatal(err)
	}
	phones(home)
	w.apply(pix.EventCreate, "A:2", "", who("b"))
	w.apply(pix.EventMerge, "A:2", "A:1")
	w.refused(pix.EventUpdate, "A:1", "", "expected a live id, this one was subsumed earlier at id0", who("a"))
	w.apply(pix.EventCreate, "A:1", "", who("c"))
	w.person("A:1", "")
}

func (w *mpi) demographics(s string) pix.Demographics {
	w.Helper()
	p, err := w.Person(context.Background(), id(s).Key())
	if err != nil {
		w.Fatal(err)
	}
	for _, i := range p.Identities {
		if i.Key == id(s).Key() {
			return i.Demographics
		}
	}
	w.Fatalf("%s is not in its person", s)
	return pix.Demographics{}
}

func nationalLinks(w *mpi) {
	w.apply(pix.EventCreate, "A:1 N:001", "", who("a"))
	w.person("A:1", "A:1 N:001")
	w.apply(pix.EventCreate, "B:7 N:001", "", who("a"))
	w.person("B:7", "A:1 B:7 N:001")
	w.apply(pix.EventCreate, "B:8 N:002", "", who("b"))
	w.person("B:8", "B:8 N:002")
	// PID-19 links without being an identity.
	for _, x := range []string{"A:3", "B:3"} {
		f := feed(pix.EventCreate, x, "", who("c"))
		f.National = idList("N:003 X:5 N:1234567890123")
		if err := w.Apply(context.Background(), f); err != nil {
			w.Fatal(err)
		}
	}
	w.person("A:3", "A:3 B:3")
	w.person("N:003", "")
	w.reviews()
}

// nationalContradicts: a national id that belongs to a quite different person links nobody and changes nobody.
func nationalContradicts(w *mpi) {
	w.apply(pix.EventCreate, "A:1 N:001", "", who("a"))
	w.apply(pix.EventCreate, "B:1 N:001", "", who("k"))
	w.person("A:1", "A:1 N:001")
	w.person("B:1", "B:1")
	if d := w.demographics("N:001"); d.Names[0] != who("a").Names[0] {
		w.Error("the national record was overwritten by somebody else's")
	}
	found, err := w.Reviews(context.Background(), 10)
	if err != nil || len(found) == 0 || found[0].Reason != pix.ReviewContradict {
		w.Errorf("worklist: %v, %v", found, err)
	}
	w.apply(pix.EventLink, "A:1", "B:1") // a person says so
	w.person("B:1", "A:1 B:1 N:001")
	w.reviews()
}

func nationalCorrected(w *mpi) {
	for _, x := range []string{"A:1", "B:1"} {
		f := feed(pix.EventCreate, x, "", who("a"))
		f.National = idList("N:001")
		if err := w.Apply(context.Background(), f); err != nil {
			w.Fatal(err)
		}
	}
	w.person("A:1", "A:1 B:1")
	f := feed(pix.EventUpdate, "B:1", "", pix.Demographics{})
	f.National = idList("N:002")
	if err := w.Apply(context.Background(), f); err != nil {
		w.Fatal(err)
	}
	w.person("A:1", "A:1")
	w.person("B:1", "B:1")
}

func statedTogether(w *mpi) {
	w.apply(pix.EventCreate, "A:1 P:1", "", who("a"))
	w.person("A:1", "P:1 A:1")
	w.known("P:1", true)
	w.apply(pix.EventCreate, "B:1", "", who("a"))
	w.person("B:1", "B:1")
	w.apply(pix.EventUpdate, "B:1 P:1", "", who("a"))
	w.person("B:1", "P:1 A:1 B:1")
	w.apply(pix.EventCreate, "A:2 B:2 P:2", "", who("b"))
	w.person("P:2", "P:2 A:2 B:2")
}

func worklist(w *mpi) {
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.apply(pix.EventCreate, "B:1", "", who("a"))
	w.person("A:1", "A:1")
	w.reviews("A:1-B:1 alike")
	w.apply(pix.EventCreate, "B:2", "", who("k"))
	w.reviews("A:1-B:1 alike")
	w.apply(pix.EventLink, "A:1", "B:1")
	w.reviews()
	w.apply(pix.EventUnlink, "A:1", "B:1")
	w.reviews()
	w.apply(pix.EventUpdate, "B:1", "", pix.Demographics{Sex: "M"}) // compared anew, and still apart
	w.reviews()
	// A correction takes away what no longer matches.
	w.apply(pix.EventCreate, "A:3", "", who("c"))
	w.apply(pix.EventCreate, "B:3", "", who("c"))
	w.reviews("A:3-B:3 alike")
	w.apply(pix.EventUpdate, "B:3", "", who("p"))
	w.reviews()
	// Two ids of one domain are possible duplicates too.
	w.apply(pix.EventCreate, "A:4", "", who("e"))
	w.apply(pix.EventCreate, "A:5", "", who("e"))
	w.reviews("A:4-A:5 alike")
	w.apply(pix.EventMerge, "A:4", "A:5")
	w.reviews()
	// Nobody who was told that two are different wants to be asked again.
	w.apply(pix.EventCreate, "A:6", "", who("g"))
	w.apply(pix.EventCreate, "B:6", "", who("g"))
	w.reviews("A:6-B:6 alike")
	w.apply(pix.EventUnlink, "A:6", "B:6")
	w.reviews()
}

func automaticLinks(w *mpi) {
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.apply(pix.EventCreate, "B:1", "", who("a"))
	w.person("A:1", "A:1 B:1")
	w.apply(pix.EventCreate, "B:2", "", who("a")) // a second id of the domain is not for a program to judge
	w.person("B:2", "A:1 B:1 B:2")                // it is like A:1, which is of another one
	twin := who("c")
	w.apply(pix.EventCreate, "A:3", "", twin)
	twin.Names = []pix.Name{{Family: twin.Names[0].Family, Given: "Zoe"}}
	w.apply(pix.EventCreate, "B:3", "", twin)
	w.person("B:3", "B:3")
	w.apply(pix.EventUnlink, "A:1", "B:1")
	w.apply(pix.EventUpdate, "B:1", "", pix.Demographics{MultipleBirth: "N"})
	w.person("B:1", "B:1")
	w.apply(pix.EventCreate, "A:4", "", who("e"))
	w.apply(pix.EventCreate, "A:5", "", who("e"))
	w.person("A:5", "A:5")
}

func history(w *mpi) {
	w.apply(pix.EventCreate, "A:1", "", who("a"))
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Sex: "M"})
	w.apply(pix.EventUpdate, "A:1", "", pix.Demographics{Sex: "M"}) // nothing new
	w.apply(pix.EventCreate, "A:2", "", who("k"))
	w.apply(pix.EventLink, "A:1", "A:2")
	w.apply(pix.EventUnlink, "A:1", "A:2")
	w.apply(pix.EventMerge, "A:2", "A:1")
	entries, err := w.History(context.Background(), id("A:1").Key())
	if err != nil {
		w.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		line := string(e.Event) + " " + short(e.Identity.Key)
		if e.Other != nil {
			line += " " + short(e.Other.Key)
		}
		if e.Before != nil {
			line += " was " + e.Before.Sex
		}
		got = append(got, strings.TrimSpace(line+" "+string(e.Kind)))
		if e.Origin.Message != origin.Message || e.Origin.Source != origin.Source || !e.Origin.At.Equal(origin.At) {
			w.Errorf("%s: origin %+v, want %+v", line, e.Origin, origin)
		}
	}
	want := "create A:1; update A:1 was F; link A:1 A:2 explicit; unlink A:1 A:2 explicit; unlink A:1 A:2; merge A:2 A:1"
	if s := strings.Join(got, "; "); s != want {
		w.Errorf("history\n  %s, want\n  %s", s, want)
	}
	if none, err := w.History(context.Background(), id("A:9").Key()); err != nil || len(none) != 0 {
		w.Errorf("history of an unknown id: %v, %v", none, err)
	}
}

func createRace(w *mpi) {
	const n = 8
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := w.try(pix.EventCreate, "P:1 A:"+string(rune('0'+i)), "", who("a")); err != nil {
				w.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
	p, err := w.Person(context.Background(), id("P:1").Key())
	if err != nil {
		w.Fatal(err)
	}
	if len(p.Identities) != n+1 {
		w.Errorf("%d identities, want %d of one person", len(p.Identities), n+1)
	}
	w.known("P:1", true)
}

func idsCancelled(w *mpi) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, person := w.Person(ctx, id("A:1").Key())
	_, search := w.Search(ctx, pix.Search{Family: "x"}, 10)
	for what, err := range map[string]error{"Apply": w.Apply(ctx, feed(pix.EventCreate, "P:1", "", who("a"))), "Person": person, "Search": search} {
		if !errors.Is(err, context.Canceled) {
			w.Errorf("%s: got %v, want context.Canceled", what, err)
		}
	}
	w.person("P:1", "")
	w.known("P:1", false)
}
