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

// Kinds of search keys, beside those of matching.
const (
	searchFamily  = "sf|"
	searchGiven   = "sg|"
	searchBirth   = "sb|"
	searchPhone   = "sp|"
	searchMother  = "sm|"
	searchAccount = "sa|"
	searchSound   = "ss|" // the sound of a word of a name
)

// after is greater than every text of folded characters.
const after = "\U0010FFFF"

// searchKeys are the keys by which Ranges finds an identity.
func (d *Demographics) searchKeys() []string {
	var out []string
	for _, n := range d.Names {
		if f := fold(n.Family); f != "" {
			out = append(out, searchFamily+f)
		}
		if g := fold(n.Given); g != "" {
			out = append(out, searchGiven+g)
		}
		for _, w := range append(words(n.Family), words(n.Given)...) {
			out = append(out, searchSound+phonetic(w))
		}
	}
	for _, n := range d.MothersMaiden {
		if f := fold(n.Family); f != "" {
			out = append(out, searchMother+f)
		}
	}
	if d.BirthDate != "" {
		out = append(out, searchBirth+string(d.BirthDate))
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

// Ranges lists where to look for what can match, each enough on its own; the storage takes the one with the fewest keys. It is
// empty when the search has no criterion that narrows it.
func (s *Search) Ranges() [][]Range {
	var out [][]Range
	begins := func(kind, text string) {
		if prefix, _, _ := strings.Cut(text, "*"); len(fold(prefix)) > 0 {
			p := clip(kind + fold(prefix))
			if !strings.Contains(text, "*") {
				out = append(out, []Range{{p, p}})
				return
			}
			out = append(out, []Range{{p, p + after}})
		}
	}
	if s.Account.ID != "" {
		k := clip(searchAccount + s.Account.ID)
		out = append(out, []Range{{k, k}})
	}
	if n := number(s.Phone); n != "" && !strings.Contains(s.Phone, "*") {
		out = append(out, []Range{{clip(searchPhone + n), clip(searchPhone + n)}})
	}
	if s.Birth.From != "" && s.Birth.To != "" {
		out = append(out, []Range{{searchBirth + string(s.Birth.From), searchBirth + string(s.Birth.To) + after}})
	}
	begins(searchMother, s.MothersFamily)
	if !s.Fuzzy {
		begins(searchFamily, s.Family)
		begins(searchGiven, s.Given)
		return out
	}
	for _, x := range []struct{ kind, text string }{{searchFamily, s.Family}, {searchGiven, s.Given}} {
		if t := fold(strings.TrimRight(x.text, "*")); len(t) > 1 && !strings.Contains(t, "*") {
			ranges := []Range{{clip(x.kind + t), clip(x.kind+t) + after}}
			for _, w := range words(t) {
				p := clip(searchSound + phonetic(w))
				ranges = append(ranges, Range{p, p})
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
}

// maxScanned is how many identities a search may look at for each one that it may return.
const maxScanned = 20

// Find runs a search on what r shows: at most limit people, the best first.
func (p *Policy) Find(ctx context.Context, r Finder, s Search, limit int) ([]Found, error) {
	identities, err := p.scan(ctx, r, &s, limit)
	if err != nil {
		return nil, err
	}
	best := map[int64]*Found{}
	var order []int64
	for _, i := range identities {
		score := s.Score(&i.Demographics)
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
	group, err := r.Group(ctx, order)
	if err != nil {
		return nil, err
	}
	for person, identities := range group.people() {
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
		g, err := r.Group(ctx, []int64{found[0].Person})
		if err != nil {
			return nil, err
		}
		return g.live(), nil
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
