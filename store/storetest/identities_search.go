package storetest

import (
	"context"
	"fmt"
	"strings"

	"dossier/hl7v2"
	"dossier/pix"
)

func (w *mpi) people() {
	for _, p := range []struct {
		id, family, given, birth, sex, street, city, phone string
	}{
		{"A:1", "Müller", "Zoé", "19800229", "F", "4 Rue Neuve", "Wiltz", "+352 26 12 34 56"},
		{"A:2", "Muller", "Jean-Pierre", "19800301", "M", "5 Rue Neuve", "Esch", "00352 26 12 34 57"},
		{"A:3", "da Silva Ferreira", "Conceição", "19751224", "F", "6 Am Bongert", "Wiltz", ""},
		{"B:4", "O'Neill", "Tom", "1980", "M", "", "", ""},
		{"B:5", "100% *?[a]", "_", "19900101", "U", "", "", ""},
	} {
		d := pix.Demographics{
			Names: []pix.Name{{Family: p.family, Given: p.given}}, BirthDate: hl7v2.DTM(p.birth), Sex: p.sex,
			MothersMaiden: []pix.Name{{Family: "Mère" + p.id[2:]}},
			Account:       hl7v2.CX{ID: "ACC" + p.id[2:], Authority: hl7v2.HD{UniversalID: "2.999.8", UniversalIDType: "ISO"}},
		}
		if p.street != "" {
			d.Addresses = []pix.Address{{Street: p.street, City: p.city, Country: "LU"}}
		}
		if p.phone != "" {
			d.Phones = []pix.Phone{{Number: p.phone}}
		}
		w.apply(pix.EventCreate, p.id, "", d)
	}
	w.apply(pix.EventLink, "A:3", "B:4")
}

func searches(w *mpi) {
	w.people()
	day := func(d hl7v2.DTM) pix.Dates { return pix.Dates{From: d, To: d} }
	account := hl7v2.CX{ID: "ACC2", Authority: hl7v2.HD{UniversalID: "2.999.8", UniversalIDType: "ISO"}}
	for _, c := range []struct {
		s    pix.Search
		want string // the best id of each person
	}{
		{pix.Search{Family: "MULLER"}, "A:1 A:2"},
		{pix.Search{Family: "Müller", Given: "zoe"}, "A:1"},
		{pix.Search{Family: "Mueller", Sex: "M"}, "A:2"},
		{pix.Search{Family: "Mul*"}, "A:1 A:2"},
		{pix.Search{Family: "Mul"}, ""},
		{pix.Search{Family: "*ler", Birth: day("19800301")}, "A:2"},
		{pix.Search{Given: "Jean*"}, "A:2"},
		{pix.Search{Given: "*pierre", Family: "M*"}, "A:2"},
		{pix.Search{Family: "100% *?[a]"}, "B:5"},
		{pix.Search{Family: "oneill"}, "B:4"},
		{pix.Search{Family: "Silva"}, ""},
		{pix.Search{Family: "Silva", Fuzzy: true}, "A:3"},
		{pix.Search{Family: "Myller", Fuzzy: true}, "A:1 A:2"},
		{pix.Search{Family: "Mul", Given: "Z", Fuzzy: true}, "A:1"},
		{pix.Search{Birth: day("19800229")}, "A:1"},
		{pix.Search{Birth: day("1980")}, "A:1 A:2 B:4"},
		{pix.Search{Birth: pix.Dates{From: "19800229", To: "19900101"}}, "A:1 A:2 B:5"},
		{pix.Search{Birth: day("19800229"), Sex: "M"}, ""},
		{pix.Search{Phone: "26123457"}, "A:2"},
		{pix.Search{Phone: "26123458"}, ""},
		{pix.Search{MothersFamily: "mere3"}, "A:3"},
		{pix.Search{Account: account}, "A:2"},
		{pix.Search{Account: hl7v2.CX{ID: "ACC2", Authority: hl7v2.HD{UniversalID: "2.999.9", UniversalIDType: "ISO"}}}, ""},
		{pix.Search{Family: "m*", Address: pix.Address{City: "wiltz"}}, "A:1"},
		{pix.Search{Family: "m*", Address: pix.Address{Street: "* rue neuve", Country: "lu"}}, "A:1 A:2"},
		{pix.Search{ID: id("A:1")}, "A:1"},
		{pix.Search{ID: id("B:4")}, "A:3"}, // the person has two; either may stand for it
		{pix.Search{ID: id("A:1"), Family: "Silva"}, ""},
		{pix.Search{ID: id("A:9")}, ""},
		{pix.Search{ID: id("X:1")}, ""},
		{pix.Search{Family: "nobody"}, ""},
	} {
		found, err := w.Search(context.Background(), c.s, 10)
		if err != nil {
			w.Errorf("%+v: %v", c.s.Family+c.s.Given, err)
			continue
		}
		var got []string
		for _, f := range found {
			got = append(got, short(f.Best.Key))
			if f.Score < 1 || f.Score > 100 {
				w.Errorf("score %d", f.Score)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			w.Errorf("family %q given %q birth %v: found %s, want %s", c.s.Family, c.s.Given, c.s.Birth, s, c.want)
		}
	}
	found, err := w.Search(context.Background(), pix.Search{Family: "oneill"}, 10)
	if err != nil || len(found) != 1 || len(found[0].IDs()) != 2 {
		w.Errorf("a person with two ids: %v, %v", found, err)
	}
	// The authority of an account is one, however it is written.
	byName, byOID := hl7v2.HD{Namespace: "ha"}, id("A:1").Authority
	for n, kept := range []hl7v2.HD{byName, byOID} {
		account := hl7v2.CX{ID: fmt.Sprintf("ACC-HA%d", n), Authority: kept}
		w.apply(pix.EventCreate, fmt.Sprintf("A:%d", 70+n), "", pix.Demographics{Account: account})
		for _, sought := range []hl7v2.HD{byName, byOID, {Namespace: "HA", UniversalID: byOID.UniversalID, UniversalIDType: "ISO"}} {
			account.Authority = sought
			if found, err := w.Search(context.Background(), pix.Search{Account: account}, 10); err != nil || len(found) != 1 {
				w.Errorf("account of %v, sought with %v: %v, %v", kept, sought, found, err)
			}
		}
	}
	w.apply(pix.EventMerge, "A:1", "A:2")
	if found, err := w.Search(context.Background(), pix.Search{Given: "Jean-Pierre"}, 10); err != nil || len(found) != 0 {
		w.Errorf("a subsumed id was found: %v, %v", found, err)
	}
}

// longValues are longer than what an index holds: kept in full, found by all of them, and told apart by their ends.
func longValues(w *mpi) {
	long := func(end string) string {
		var b strings.Builder
		for x := uint32(1); b.Len() < 16000; x = x*1664525 + 1013904223 {
			b.WriteRune('à' + rune(x>>27))
		}
		return b.String() + end
	}
	with := func(end string) pix.Demographics {
		name := []pix.Name{{Family: long(end), Given: long("x" + end)}}
		return pix.Demographics{Names: name, MothersMaiden: name, BirthDate: "19800229", Phones: []pix.Phone{{Number: strings.Repeat("7", 4000)}},
			Account:   hl7v2.CX{ID: long(end), Authority: hl7v2.HD{UniversalID: "2.999.8", UniversalIDType: "ISO"}},
			Addresses: []pix.Address{{Street: long(end), Postcode: long(end)}}}
	}
	w.apply(pix.EventCreate, "A:1", "", with("one"))
	w.apply(pix.EventCreate, "A:2", "", with("two"))
	found, err := w.Search(context.Background(), pix.Search{Family: long("two")}, 10)
	if err != nil || len(found) != 1 || short(found[0].Best.Key) != "A:2" {
		w.Errorf("found %v, %v", found, err)
	}
	if len(found) == 1 && found[0].Best.Demographics.Names[0].Given != long("xtwo") {
		w.Error("a long name was not kept in full")
	}
	w.refused(pix.EventCreate, "A:"+strings.Repeat("9", 256), "", "expected an id that its domain can have assigned at id0", who("a"))
	w.apply(pix.EventCreate, "A:"+strings.Repeat("9", 255), "", who("a"))
}

func searchRefused(w *mpi) {
	w.people()
	for _, s := range []pix.Search{{}, {Sex: "F"}, {Family: "*"}, {Family: "*er"}, {Address: pix.Address{City: "Wiltz"}}, {Birth: pix.Dates{From: "1980"}}} {
		if _, err := w.Search(context.Background(), s, 10); refusal(err) != "expected a criterion that narrows the search at criterion0" {
			w.Errorf("%v: %v", s.Family, err)
		}
	}
	if _, err := w.Search(context.Background(), pix.Search{Family: "m*"}, 1); refusal(err) != "expected criteria that fewer patients match at criterion0" {
		w.Errorf("two matches for a limit of one: %v", err)
	}
}
