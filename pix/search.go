package pix

import (
	"context"
	"strings"

	"dossier/hl7v2"
)

// Search is a Patient Demographics Query (ITI TF-2: 3.21, 3.47): all criteria that are set must hold, for one identity of a
// person. Texts are compared without regard to case and accents; * stands for any characters.
type Search struct {
	ID            hl7v2.CX // with its authority; resolved by Domains.Find
	Family, Given string
	MothersFamily string
	Birth         Dates
	Sex           string
	Address       Address // its parts that are set
	Phone         string
	Account       hl7v2.CX
	// Fuzzy takes names that begin with, sound like or are nearly the ones sought as well (v3: use="SRCH").
	Fuzzy bool
}

// Dates is a range of birth dates, both ends included; one date is a range from it to it. A date of less than 8 digits
// stands for all that begin with it.
type Dates struct{ From, To hl7v2.DTM }

// Found is a person that a search found.
type Found struct {
	Person
	Best  *Identity // the one whose demographics agree best
	Score int       // 0 to 100
}

// term is a text sought, folded.
type term struct {
	parts []string // what stands between the asterisks
	fuzzy bool
}

func newTerm(s string, fuzzy bool) term {
	t := term{fuzzy: fuzzy}
	for _, p := range strings.Split(s, "*") {
		t.parts = append(t.parts, fold(p))
	}
	return t
}

func (t term) isZero() bool { return len(strings.Join(t.parts, "")) == 0 }

// matches gives how well s agrees, 0 for not at all.
func (t term) matches(s string) int {
	s = fold(s)
	switch {
	case len(t.parts) > 1:
		return t.glob(s)
	case s == t.parts[0]:
		return 100
	case !t.fuzzy || s == "":
		return 0
	case strings.HasPrefix(s, t.parts[0]):
		return 90
	case near(s, t.parts[0]):
		return 80
	}
	for _, w := range words(s) {
		if word(w, t.parts[0]) >= Alike {
			return 70
		}
	}
	return 0
}

func (t term) glob(s string) int {
	first, last := t.parts[0], t.parts[len(t.parts)-1]
	if !strings.HasPrefix(s, first) || !strings.HasSuffix(s[len(first):], last) {
		return 0
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range t.parts[1 : len(t.parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return 0
		}
		s = s[i+len(p):]
	}
	return 100
}

// Range is where an index of one kind of key has all that a criterion can match: From <= key <= To.
type Range struct{ From, To string }

// Kinds of search keys, beside those of matching. The first three are two traits one after the other, so that a search for both
// finds those who have both, and a search for the first finds all who have it. Migration 00006 knows how they are made.
const (
	searchFamily  = "fg|" // family name, given name
	searchGiven   = "gf|" // given name, family name
	searchBirth   = "bf|" // birth date, family name
	searchPhone   = "sp|"
	searchMother  = "sm|"
	searchAccount = "sa|"
	searchSound   = "ss|" // the sound of a word of a name
)

const (
	// after is greater than every text of folded characters.
	after = "\U0010FFFF"
	// maxPart is how many characters of a trait count in a key of two: two of them are below maxKey.
	maxPart = 30
	// maxNames is how many family names and how many given names of a person make keys of two.
	maxNames = 12
)

// part cuts a trait for a key of two.
func part(s string) string {
	n := 0
	for i := range s {
		if n++; n > maxPart {
			return s[:i]
		}
	}
	return s
}

// day is a birth date without its time.
func day(d hl7v2.DTM) string { return string(d[:min(len(d), 8)]) }

// searchKeys are the keys by which Ranges finds an identity.
func (d *Demographics) searchKeys() []string {
	var out, families, givens []string
	for _, n := range d.Names {
		if f := fold(n.Family); f != "" {
			families = append(families, part(f))
		}
		g := fold(n.Given)
		if g == "" {
			g = fold(n.Second) // all there is of given names
		}
		if g != "" {
			givens = append(givens, part(g))
		}
		for _, w := range append(words(n.Family), words(n.Given)...) {
			out = append(out, searchSound+phonetic(w))
		}
	}
	families, givens = orNone(families), orNone(givens)
	for _, f := range families {
		for _, g := range givens {
			if f != "" {
				out = append(out, searchFamily+f+"|"+g)
			}
			if g != "" {
				out = append(out, searchGiven+g+"|"+f)
			}
		}
		if d.BirthDate != "" {
			out = append(out, searchBirth+day(d.BirthDate)+" "+f) // a blank is before all digits: 1980 is before 198006
		}
	}
	for _, n := range d.MothersMaiden {
		if f := fold(n.Family); f != "" {
			out = append(out, searchMother+f)
		}
	}
	for _, p := range d.Phones {
		if n := number(p.Number); n != "" {
			out = append(out, searchPhone+n)
		}
	}
	if d.Account.ID != "" {
		out = append(out, searchAccount+d.Account.ID)
	}
	return out
}

// orNone gives the first distinct texts, or one empty text.
func orNone(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	list = distinct(list)
	return list[:min(len(list), maxNames)]
}

// Ranges lists where to look for what can match, each enough on its own; the storage takes the one with the fewest keys. It is
// empty when the search has no criterion that narrows it.
func (s *Search) Ranges() [][]Range {
	var out [][]Range
	if s.Account.ID != "" {
		out = append(out, []Range{exactly(searchAccount + s.Account.ID)})
	}
	if n := number(s.Phone); n != "" && !strings.Contains(s.Phone, "*") {
		out = append(out, []Range{exactly(searchPhone + n)})
	}
	if m := newBeginning(s.MothersFamily); m.text != "" {
		out = append(out, []Range{m.in(searchMother, false)})
	}
	if s.Fuzzy {
		return append(append(out, s.births(beginning{})...), s.fuzzyNames()...)
	}
	family := newBeginning(s.Family)
	if family.text != "" && s.Birth.From == s.Birth.To && len(s.Birth.From) >= 8 {
		return append(out, s.births(family)...) // whatever else is asked for: these are few
	}
	return append(append(out, s.births(beginning{})...), s.names(family)...)
}

// exactly is the one key.
func exactly(key string) Range { return Range{clip(key), clip(key)} }

// begins is all keys that begin with the text.
func begins(text string) Range { return Range{clip(text), clip(text) + after} }

// beginning is what stands before the first asterisk of a criterion, folded.
type beginning struct {
	text string
	open bool // an asterisk follows
}

func newBeginning(s string) beginning {
	text, _, open := strings.Cut(s, "*")
	return beginning{part(fold(text)), open}
}

// in is where the keys of a kind are that the criterion can match; more tells that something follows it in the key.
func (b beginning) in(kind string, more bool) Range {
	switch {
	case b.open:
		return begins(kind + b.text)
	case more:
		return begins(kind + b.text + "|")
	}
	return exactly(kind + b.text)
}

// births is where the birth dates are, of people with the family name if there is one.
func (s *Search) births(family beginning) [][]Range {
	switch {
	case s.Birth.From == "" || s.Birth.To == "":
		return nil
	case family.text != "":
		return [][]Range{{family.in(searchBirth+day(s.Birth.From)+" ", false)}}
	}
	return [][]Range{{{searchBirth + day(s.Birth.From), searchBirth + day(s.Birth.To) + after}}}
}

// names is where the names are: both of them in one key, unless neither is whole.
func (s *Search) names(family beginning) [][]Range {
	givens := s.givens()
	var byFamily, byGiven []Range
	if family.text != "" {
		byFamily = []Range{family.in(searchFamily, true)}
	}
	for _, g := range givens {
		byGiven = append(byGiven, g.in(searchGiven, true))
	}
	switch {
	case family.text == "" && len(givens) == 0:
		return nil
	case family.text == "":
		return [][]Range{byGiven}
	case len(givens) == 0:
		return [][]Range{byFamily}
	case !family.open:
		for i, g := range givens {
			givens[i].text = family.text + "|" + g.text
			byGiven[i] = givens[i].in(searchFamily, false)
		}
		return [][]Range{byGiven}
	case !givens[0].open:
		for i, g := range givens {
			byGiven[i] = family.in(searchGiven+g.text+"|", false)
		}
		return [][]Range{byGiven}
	}
	return [][]Range{byFamily, byGiven}
}

// givens are the given names that the criterion can match: its last words may be second names, which are in no key.
func (s *Search) givens() []beginning {
	g := newBeginning(s.Given)
	if g.text == "" {
		return nil
	}
	out := []beginning{g}
	for i, r := range g.text {
		if r == ' ' {
			out = append(out, beginning{text: g.text[:i]})
		}
	}
	return out
}

// fuzzyNames is where names are that begin with or sound like those sought.
func (s *Search) fuzzyNames() (out [][]Range) {
	for _, x := range []struct{ kind, text string }{{searchFamily, s.Family}, {searchGiven, s.Given}} {
		if t := fold(strings.TrimRight(x.text, "*")); len(t) > 1 && !strings.Contains(t, "*") {
			ranges := []Range{begins(x.kind + part(t))}
			for _, w := range words(t) {
				ranges = append(ranges, exactly(searchSound+phonetic(w)))
			}
			out = append(out, ranges)
		}
	}
	return out
}

// Score says how well an identity meets the search, 0 for not at all, 100 for in every point.
func (s *Search) Score(d *Demographics) int {
	sum, n := 0, 0
	take := func(points int) bool {
		sum, n = sum+points, n+1
		return points > 0
	}
	if t := newTerm(s.Family, s.Fuzzy); !t.isZero() && !take(anyName(d.Names, func(x Name) int { return t.matches(x.Family) })) {
		return 0
	}
	if t := newTerm(s.Given, s.Fuzzy); !t.isZero() && !take(anyName(d.Names, func(x Name) int { return t.matchesGiven(x) })) {
		return 0
	}
	if t := newTerm(s.MothersFamily, s.Fuzzy); !t.isZero() && !take(anyName(d.MothersMaiden, func(x Name) int { return t.matches(x.Family) })) {
		return 0
	}
	if s.Sex != "" && !take(yes(s.Sex == d.Sex)) {
		return 0
	}
	if !s.Birth.isZero() && !take(yes(s.Birth.holds(d.BirthDate))) {
		return 0
	}
	if s.Account.ID != "" && !take(yes(s.Account.Equal(d.Account))) {
		return 0
	}
	if s.Phone != "" && !take(anyOf(d.Phones, func(p Phone) int { return matchPhone(s.Phone, p) })) {
		return 0
	}
	if s.Address != (Address{}) && !take(anyOf(d.Addresses, func(a Address) int { return s.matchAddress(a) })) {
		return 0
	}
	if n == 0 {
		return 100
	}
	return sum / n
}

func (t term) matchesGiven(n Name) int {
	return max(t.matches(n.Given), t.matches(n.Given+" "+n.Second))
}

func yes(b bool) int {
	if b {
		return 100
	}
	return 0
}

func anyName(names []Name, points func(Name) int) int { return anyOf(names, points) }

func anyOf[T any](list []T, points func(T) int) int {
	most := 0
	for _, x := range list {
		most = max(most, points(x))
	}
	return most
}

func matchPhone(want string, p Phone) int {
	if n := number(want); n != "" {
		return yes(n == number(p.Number))
	}
	return yes(strings.EqualFold(want, p.Number))
}

func (s *Search) matchAddress(a Address) int {
	for _, x := range [][2]string{
		{s.Address.Street, a.Street}, {s.Address.Other, a.Other}, {s.Address.City, a.City}, {s.Address.Region, a.Region},
		{s.Address.Postcode, a.Postcode}, {s.Address.Country, a.Country},
	} {
		if t := newTerm(x[0], s.Fuzzy); !t.isZero() && t.matches(x[1]) == 0 {
			return 0
		}
	}
	return 100
}

func (r Dates) isZero() bool { return r.From == "" && r.To == "" }

// holds compares by prefix: a birth date of 1980 is in the range of 1980 to 1980 and in none of a day of that year.
func (r Dates) holds(d hl7v2.DTM) bool {
	if d == "" {
		return false
	}
	from, to := string(r.From), string(r.To)
	return string(d) >= from && (to == "" || len(d) >= len(to) && string(d)[:len(to)] <= to || len(d) < len(to) && string(d) <= to)
}

// Finder is what a search needs of storage, in one consistent state.
type Finder interface {
	Reader
	// Between returns the live identities with a key in the ranges of the list that has the fewest, at most limit.
	Between(ctx context.Context, ranges [][]Range, limit int) ([]*Identity, error)
	// Members returns every identity of the people with these numbers, subsumed ones too.
	Members(ctx context.Context, people []int64) ([]*Identity, error)
}

// maxScanned is how many identities a search may look at for each one that it may return.
const maxScanned = 20

// Find runs a search on what r shows: at most limit people, the best first.
func (p *Policy) Find(ctx context.Context, r Finder, s Search, limit int) ([]Found, error) {
	identities, err := p.scan(ctx, r, &s, limit)
	if err != nil {
		return nil, err
	}
	s.Account.Authority = p.Domains.whole(s.Account.Authority)
	best := map[int64]*Found{}
	var order []int64
	for _, i := range identities {
		d := i.Demographics
		d.Account.Authority = p.Domains.whole(d.Account.Authority)
		score := s.Score(&d)
		if score == 0 {
			continue
		}
		f := best[i.Person]
		if f == nil {
			f = &Found{}
			best[i.Person], order = f, append(order, i.Person)
		}
		if score > f.Score {
			f.Best, f.Score = i, score
		}
	}
	if len(order) > limit {
		return nil, refuse(TooLoose, PartCriterion, 0)
	}
	members, err := r.Members(ctx, order)
	if err != nil {
		return nil, err
	}
	for person, identities := range (&Group{Members: members}).people() {
		best[person].Identities = p.sorted(identities)
	}
	return ranked(best, order), nil
}

func (p *Policy) scan(ctx context.Context, r Finder, s *Search, limit int) ([]*Identity, error) {
	if s.ID.ID != "" {
		d := p.Domains.Find(s.ID.Authority)
		if d == nil {
			return nil, nil
		}
		found, err := r.Identities(ctx, []hl7v2.PatientKey{{ID: s.ID.ID, Authority: d.Authority.UniversalID}})
		if err != nil || len(found) == 0 || !found[0].Live() {
			return nil, err
		}
		members, err := r.Members(ctx, []int64{found[0].Person})
		return (&Group{Members: members}).live(), err
	}
	ranges := s.Ranges()
	if len(ranges) == 0 {
		return nil, refuse(NoCriteria, PartCriterion, 0)
	}
	found, err := r.Between(ctx, ranges, limit*maxScanned+1)
	if err != nil {
		return nil, err
	}
	if len(found) > limit*maxScanned {
		return nil, refuse(TooLoose, PartCriterion, 0)
	}
	return found, nil
}
