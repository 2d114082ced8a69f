package storetest

import (
	"strings"

	"dossier/xds"
	"dossier/xds/query"
)

func findDocumentsAuthors(w *world) {
	p := w.patient("A")
	s := Submit(p)
	for name, persons := range map[string][]string{
		"smith":   {"1^Smith^Anna"},
		"smythe":  {"2^Smythe^Ben", "3^Young^Cleo"},
		"obrien":  {"4^O'Brien^\"Di\""},
		"percent": {"5^100%^_x"},
		"glob":    {"6^[a-c]*?^\\"},
		"mueller": {"7^Müller^Ünal"},
		"kanji":   {"8^山田^太郎"},
		"noname":  {""},
		"nobody":  nil,
	} {
		w.entry(s, name, func(e *xds.DocumentEntry) {
			for _, person := range persons {
				e.Authors = append(e.Authors, xds.Author{Person: person, Roles: []string{"role"}})
			}
		})
	}
	w.register(s)
	for _, c := range []struct {
		patterns []string
		want     []string
	}{
		{[]string{"1^Smith^Anna"}, []string{"smith"}},
		{[]string{"%^Sm%"}, []string{"smith", "smythe"}},
		{[]string{"%^SM%"}, nil},
		{[]string{"%^sm%"}, nil},
		{[]string{"%^Sm_th%"}, []string{"smith", "smythe"}},
		{[]string{"%^Smi_h^%"}, []string{"smith"}},
		{[]string{"_^Smith^Anna"}, []string{"smith"}},
		{[]string{"__^Smith^Anna"}, nil},
		{[]string{"%Smith"}, nil},
		{[]string{"Smith%"}, nil},
		{[]string{"%Young%"}, []string{"smythe"}},
		{[]string{"%Smith%", "%Young%"}, []string{"smith", "smythe"}},
		{[]string{"%Smith%Young%"}, nil},
		{[]string{"%O'Brien%"}, []string{"obrien"}},
		{[]string{"%\"Di\"%"}, []string{"obrien"}},
		{[]string{"%';--%"}, nil},
		{[]string{"5^100%"}, []string{"percent"}},
		{[]string{"%\\%%"}, []string{"glob"}},
		{[]string{"%*%"}, []string{"glob"}},
		{[]string{"%?%"}, []string{"glob"}},
		{[]string{"%[a-c]%"}, []string{"glob"}},
		{[]string{"%]%"}, []string{"glob"}},
		{[]string{"%a%"}, []string{"glob", "mueller", "smith"}},
		{[]string{"6^[a-c]*?^\\"}, []string{"glob"}},
		{[]string{"%M_ller%"}, []string{"mueller"}},
		{[]string{"%M__ller%"}, nil},
		{[]string{"%Mu\u0308ller%"}, []string{"mueller"}},
		{[]string{"%müller%"}, nil},
		{[]string{"8^__^__"}, []string{"kanji"}},
		{[]string{"%山%"}, []string{"kanji"}},
		{[]string{"%"}, []string{"smith", "smythe", "obrien", "percent", "glob", "mueller", "kanji"}},
		{[]string{""}, nil},
		{[]string{"%%"}, []string{"smith", "smythe", "obrien", "percent", "glob", "mueller", "kanji"}},
		{[]string{strings.Repeat("%a", 60000)}, nil},
	} {
		q := documents(p, func(f *query.DocumentFilter) { f.AuthorPerson = c.patterns })
		found := " " + w.show(w.objects(q, false)) + " "
		if len(c.patterns[0]) < 100 { // the model is not made for long ones
			found = " " + w.find(q) + " "
		}
		for _, name := range c.want {
			if !strings.Contains(found, " "+name+" ") {
				w.Errorf("author %.40q: got%s, want %s in it", c.patterns, found, name)
			}
		}
		if n := len(strings.Fields(found)); n != len(c.want) {
			w.Errorf("author %.40q: got %d entries:%s, want %q", c.patterns, n, found, c.want)
		}
	}
}

func findDocumentsByReferenceID(w *world) {
	p, other := w.patient("A"), w.patient("B")
	const (
		order     = "X_1^^^&2.999.7.1&ISO^urn:ihe:iti:xds:2013:order"
		accession = "Xa1^^^&2.999.7.2&ISO^urn:ihe:iti:xds:2013:accession"
		encounter = "E*1^^^&2.999.7.3&ISO^urn:ihe:iti:xds:2015:encounterId"
	)
	s, s2 := Submit(p), Submit(other)
	w.entry(s, "one", func(e *xds.DocumentEntry) { e.ReferenceIDs = []string{order} })
	w.entry(s, "two", func(e *xds.DocumentEntry) { e.ReferenceIDs = []string{order, accession, order} })
	w.entry(s, "three", func(e *xds.DocumentEntry) {
		e.ReferenceIDs, e.ClassCode = []string{encounter, accession}, code("image")
	})
	w.entry(s, "none")
	w.entry(s2, "other", func(e *xds.DocumentEntry) { e.ReferenceIDs = []string{order} })
	w.register(s, s2)
	is := func(v string) query.ReferenceID { return query.ReferenceID{Value: v} }
	like := func(v string) query.ReferenceID { return query.ReferenceID{Value: v, Pattern: true} }
	type list = []query.ReferenceID
	for _, c := range []struct {
		name  string
		ids   [][]query.ReferenceID
		class query.AnyOf
		want  string
	}{
		{"one id", []list{{is(order)}}, nil, "one two"},
		{"or", []list{{is(order), is(encounter)}}, nil, "one two three"},
		{"and", []list{{is(order)}, {is(accession)}}, nil, "two"},
		{"and of ors", []list{{is(order), is(encounter)}, {is(accession)}}, nil, "two three"},
		{"unknown id", []list{{is("X_1")}}, nil, ""},
		{"and an unknown id", []list{{is(order)}, {is("?")}}, nil, ""},
		{"other case", []list{{is("x_1^^^&2.999.7.1&ISO^urn:ihe:iti:xds:2013:order")}}, nil, ""},
		{"a percent sign that is none", []list{{is("X%")}}, nil, ""},
		{"pattern", []list{{like("X%")}}, nil, "one two three"},
		{"underscore in a pattern is itself", []list{{like("X_1%")}}, nil, "one two"},
		{"star in a pattern is itself", []list{{like("E*1%")}}, nil, "three"},
		{"pattern in the middle", []list{{like("%&2.999.7.2&%")}}, nil, "two three"},
		{"pattern of nothing", []list{{like("Y%")}}, nil, ""},
		{"pattern or id", []list{{like("E%"), is(order)}}, nil, "one two three"},
		{"pattern and id", []list{{like("%accession")}, {is(order)}}, nil, "two"},
		{"with another filter", []list{{is(accession)}}, anyOf("image"), "three"},
	} {
		q := query.FindDocumentsByReferenceID{Patient: p, DocumentFilter: documents(p).DocumentFilter, ReferenceIDs: c.ids}
		q.ClassCode = c.class
		w.expect(c.name, q, c.want)
	}
}
