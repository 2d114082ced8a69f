package pix

import (
	"strings"

	"dossier/hl7v2"
)

// record is what matching needs of Demographics, folded once.
type record struct {
	family, given [][]string // words of each name
	maiden        []string   // words of maiden names and of the mother's
	birth         string     // 8 digits, or what there is
	sex           string
	streets       []string // folded, words in order
	postcodes     []string
	cities        []string
	phones        []string
	twin          bool
}

func fromDemographics(d *Demographics) *record {
	r := &record{birth: string(d.BirthDate), twin: d.MultipleBirth == "Y"}
	if len(r.birth) > 8 {
		r.birth = r.birth[:8]
	}
	switch d.Sex {
	case "F", "M":
		r.sex = d.Sex
	}
	for _, n := range d.Names {
		if f := words(n.Family); len(f) > 0 {
			r.family = append(r.family, f)
		}
		if g := append(words(n.Given), words(n.Second)...); len(g) > 0 {
			r.given = append(r.given, g)
		}
	}
	for _, n := range d.MothersMaiden {
		r.maiden = append(r.maiden, words(n.Family)...)
	}
	for _, a := range d.Addresses {
		r.streets = append(r.streets, fold(a.Street))
		r.postcodes = append(r.postcodes, strings.TrimPrefix(fold(a.Postcode), "l "))
		r.cities = append(r.cities, fold(a.City))
	}
	for _, p := range d.Phones {
		if n := number(p.Number); n != "" && !p.Mail {
			r.phones = append(r.phones, n)
		} else if p.Mail {
			r.phones = append(r.phones, fold(p.Number))
		}
	}
	return r
}

// comparison is how two records agree.
type comparison struct {
	family, given, birth, sex, address, phone, mother Level
	swapped, twins                                    bool
}

// Weigh gives the sum of weights of two records.
func (p *Policy) Weigh(a, b *Demographics) float64 {
	return p.Weights.sum(compare(fromDemographics(a), fromDemographics(b)))
}

func (w *Weights) sum(c comparison) float64 {
	sum := w.Family[c.family] + w.Given[c.given] + w.Birth[c.birth] + w.Sex[c.sex] + w.Address[c.address] + w.Phone[c.phone] + w.Mother[c.mother]
	if c.swapped {
		sum += w.Swapped
	}
	if c.twins {
		sum += w.Twins
	}
	return sum
}

// certain tells that nothing in the comparison speaks against one person: names and birth date are the same, no field
// differs but address and telephone, which change. Only such pairs may be linked without a person looking at them.
func (c comparison) certain() bool {
	return c.family == Equal && c.given == Equal && c.birth == Equal && c.sex != Differ && c.mother != Differ && !c.swapped
}

func compare(a, b *record) comparison {
	c := comparison{
		family: best(a.family, b.family, names), given: best(a.given, b.given, names),
		birth: births(a.birth, b.birth), address: addresses(a, b), phone: phones(a.phones, b.phones),
		mother: names(a.maiden, b.maiden),
	}
	if c.family <= Differ || c.given <= Differ {
		family, given := best(a.family, b.given, names), best(a.given, b.family, names)
		if family > Remote && given > Remote {
			c.family, c.given, c.swapped = family, given, true
		}
	}
	switch {
	case a.sex == "" || b.sex == "":
	case a.sex == b.sex:
		c.sex = Equal
	default:
		c.sex = Differ
	}
	c.twins = c.birth == Equal && c.family >= Alike && (c.given == Differ || c.given < Equal && (a.twin || b.twin))
	return c
}

// best compares every name of one with every name of the other: people have several, of different types.
func best(a, b [][]string, by func(a, b []string) Level) Level {
	level := Missing
	for _, x := range a {
		for _, y := range b {
			level = max(level, by(x, y))
		}
	}
	return level
}

// names compares two names word by word: all words of the shorter one in the other is as good as Equal only when both have
// the same number of words, else Remote for one of several and Alike when the first word is the same.
func names(a, b []string) Level {
	if len(a) == 0 || len(b) == 0 {
		return Missing
	}
	if same(a, b) || strings.Join(a, "") == strings.Join(b, "") {
		return Equal
	}
	if near(strings.Join(a, ""), strings.Join(b, "")) {
		return Alike
	}
	hits, equals := 0, 0
	for _, x := range a {
		level := Differ
		for _, y := range b {
			level = max(level, word(x, y))
		}
		if level >= Alike {
			hits++
		}
		if level == Equal {
			equals++
		}
	}
	switch shorter := min(len(a), len(b)); {
	case hits == 0:
		return Differ
	case hits >= max(len(a), len(b)):
		return Alike // the same words in another order, or with errors
	case hits >= shorter && word(a[0], b[0]) >= Alike:
		return Alike // a second given name or surname is missing
	}
	return Remote
}

func same(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// word compares single words. An initial agrees with what it may stand for.
func word(a, b string) Level {
	switch {
	case a == b:
		return Equal
	case near(a, b):
		return Alike
	case len(a) == 1 && b[0] == a[0] || len(b) == 1 && a[0] == b[0]:
		return Alike
	case len(a) > 3 && len(b) > 3 && phonetic(a) == phonetic(b) && len(phonetic(a)) > 1:
		return Alike
	}
	return Differ
}

// births compares dates of possibly different precision: by what both have, with room for a wrong digit and for day and
// month exchanged.
func births(a, b string) Level {
	n := min(len(a), len(b))
	switch {
	case n < 4:
		return Missing
	case n == 8 && a == b:
		return Equal
	case a[:n] == b[:n] && n >= 6:
		return Alike
	case a[:n] == b[:n]:
		return Remote
	case n == 8 && a[:4] == b[:4] && a[4:6] == b[6:8] && a[6:8] == b[4:6]:
		return Alike
	case n == 8 && distance(a, b, 1) <= 1:
		return Alike
	case n == 8 && a[4:] == b[4:]:
		return Remote // another year
	case n == 8 && a[:4] == b[:4] && (a[4:6] == b[4:6] || a[6:] == b[6:]):
		return Remote
	}
	return Differ
}

func addresses(a, b *record) Level {
	level := Missing
	for i := range a.streets {
		for j := range b.streets {
			level = max(level, address(a, i, b, j))
		}
	}
	return level
}

func address(a *record, i int, b *record, j int) Level {
	place := Missing
	if x, y := a.postcodes[i], b.postcodes[j]; x != "" && y != "" {
		place = Differ
		if x == y {
			place = Equal
		}
	}
	if x, y := a.cities[i], b.cities[j]; place != Equal && x != "" && y != "" {
		place = Differ
		if word(x, y) >= Alike {
			place = Equal
		}
	}
	x, y := a.streets[i], b.streets[j]
	switch {
	case x == "" || y == "":
		if place == Equal {
			return Remote
		}
		return place
	case place == Differ:
		return Differ
	case x == y && place == Equal:
		return Equal
	case x == y || near(strings.ReplaceAll(x, " ", ""), strings.ReplaceAll(y, " ", "")):
		return Alike
	case place == Equal:
		return Remote
	}
	return Differ
}

func phones(a, b []string) Level {
	level := Missing
	for _, x := range a {
		for _, y := range b {
			switch {
			case x == y:
				return Equal
			case len(x) > 6 && distance(x, y, 1) <= 1:
				level = Alike
			default:
				level = max(level, Differ)
			}
		}
	}
	return level
}

// keys are the values by which a record is found: blocks of several traits together, so that a candidate shares more than
// one thing, and no error in a single trait hides it.
type keys struct{ stored, sought []string }

// maxKey is how many bytes of a key count: it only leads to candidates, which are compared in full, and what an index holds
// is limited.
const maxKey = 255

func clip(key string) string {
	if len(key) <= maxKey {
		return key
	}
	return strings.ToValidUTF8(key[:maxKey], "") // without half a character
}

func clipped(keys []string) []string {
	for i, k := range keys {
		keys[i] = clip(k)
	}
	return keys
}

// maxWords bounds how many words of names make keys.
const maxWords = 6

func (d *Demographics) keys() keys {
	r := fromDemographics(d)
	var k keys
	both := func(parts ...string) {
		key := strings.Join(parts, "|")
		k.stored, k.sought = append(k.stored, key), append(k.sought, key)
	}
	family, given := sounding(r.family), sounding(r.given)
	if len(r.birth) == 8 {
		day := calendar(r.birth)
		for _, w := range union(family, given) {
			both("nb", w, r.birth[:4]+day)
		}
	}
	for _, f := range family {
		for _, g := range given {
			pair := min(f, g) + "|" + max(f, g)
			if len(r.birth) == 8 {
				both("py", pair, r.birth[:4])
				both("pd", pair, calendar(r.birth))
				k.stored = append(k.stored, "pa|"+pair)
				k.sought = append(k.sought, "pm|"+pair)
				continue
			}
			k.stored = append(k.stored, "pa|"+pair, "pm|"+pair)
			k.sought = append(k.sought, "pa|"+pair)
		}
	}
	for _, p := range r.phones {
		for _, g := range given {
			both("tg", p, g)
		}
	}
	for i, s := range r.streets {
		for _, g := range given {
			if s != "" && r.postcodes[i] != "" {
				both("ag", phonetic(strings.ReplaceAll(s, " ", "")), r.postcodes[i], g)
			}
		}
	}
	for _, n := range d.National {
		both(nationalKey(n))
	}
	k.stored, k.sought = distinct(clipped(k.stored)), distinct(clipped(k.sought))
	return k
}

func nationalKey(k hl7v2.PatientKey) string { return "id|" + k.Authority + "|" + k.ID }

// calendar gives day and month in an order that is the same when they are exchanged.
func calendar(birth string) string {
	return min(birth[4:6], birth[6:8]) + max(birth[4:6], birth[6:8])
}

// sounding gives the distinct phonetic codes of words, with short words as they are: a code of one letter says too little.
func sounding(names [][]string) []string {
	var out []string
	for _, n := range names {
		for _, w := range n {
			if p := phonetic(w); len(p) > 1 {
				w = p
			}
			out = append(out, w)
		}
	}
	out = distinct(out)
	return out[:min(len(out), maxWords)]
}

func union(a, b []string) []string { return distinct(append(append([]string(nil), a...), b...)) }

func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	kept := list[:0]
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			kept = append(kept, s)
		}
	}
	return kept
}
