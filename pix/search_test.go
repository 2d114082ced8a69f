package pix

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"dossier/hl7v2"
)

// TestRangesMissNobody: whoever a search matches has a key in each of the lists of ranges, of which the storage takes any one.
func TestRangesMissNobody(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("jà", 20)
	texts := []string{"Anna", "anna maria", "Maria", "Anna Maria Luise", "An", "Müller", "da Silva", "de Silva Anna", long, long + " anna", "Å" + long, ""}
	patterns := append([]string{"A*", "An*a", "anna m*", "anna *", "*ller", "*", "M*", "jàj*", long + "*", long + " a*", "d*v*"}, texts...)
	dates := []hl7v2.DTM{"", "1980", "198006", "19800615", "198006151230", "19800616", "1981"}
	hits := 0
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string, from []string) string { return rapid.SampledFrom(from).Draw(t, name) }
		date := func(name string) hl7v2.DTM { return rapid.SampledFrom(dates).Draw(t, name) }
		i := Identity{Seq: 1}
		for range rapid.IntRange(0, 3).Draw(t, "names") {
			i.Demographics.Names = append(i.Demographics.Names, Name{Family: text("family", texts), Given: text("given", texts), Second: text("second", texts)})
		}
		i.Demographics.BirthDate = date("birth")
		s := Search{Family: text("family sought", patterns), Given: text("given sought", patterns), Birth: Dates{date("from"), date("to")}}
		if rapid.Bool().Draw(t, "one day") {
			s.Birth.To = s.Birth.From
		}
		if s.Score(&i.Demographics) == 0 {
			return
		}
		hits++
		keys := i.Keys()
		for _, list := range s.Ranges() {
			if !slices.ContainsFunc(keys, func(k string) bool {
				return slices.ContainsFunc(list, func(r Range) bool { return r.From <= k && k <= r.To })
			}) {
				t.Fatalf("no key in %q\nkeys %q\nsearch %+v\nnames %+v, born %s", list, keys, s, i.Demographics.Names, i.Demographics.BirthDate)
			}
		}
	})
	if hits < 3 {
		t.Errorf("only %d searches matched", hits)
	}
}

// TestRangesAreNarrow: two traits lead to those who have both.
func TestRangesAreNarrow(t *testing.T) {
	t.Parallel()
	day := Dates{"19800615", "19800615"}
	for _, c := range []struct {
		s    Search
		want string
	}{
		{Search{Family: "Müller", Birth: day}, "bf|19800615 muller"},
		{Search{Family: "Mü*", Given: "Ida", Birth: day}, "bf|19800615 mu-"},
		{Search{Family: "Müller", Given: "Ida"}, "fg|muller|ida"},
		{Search{Family: "Müller", Given: "Z*"}, "fg|muller|z-"},
		{Search{Family: "Mü*", Given: "Ida"}, "gf|ida|mu-"},
		{Search{Family: "Mü*", Given: "Z*"}, "fg|mu-, gf|z-"},
		{Search{Family: "Müller"}, "fg|muller|-"},
		{Search{Given: "Anna Maria"}, "gf|anna maria|-+gf|anna|-"},
		{Search{Birth: day}, "bf|19800615-"},
		{Search{Birth: Dates{"1980", ""}}, ""},
		{Search{Family: "*"}, ""},
	} {
		var lists []string
		for _, list := range c.s.Ranges() {
			var ranges []string
			for _, r := range list {
				text := r.From
				if r.To == r.From+after {
					text += "-"
				} else if r.To != r.From {
					text += ".." + r.To
				}
				ranges = append(ranges, text)
			}
			lists = append(lists, strings.Join(ranges, "+"))
		}
		if got := strings.Join(lists, ", "); got != c.want {
			t.Errorf("%q %q %v: got %s, want %s", c.s.Family, c.s.Given, c.s.Birth, got, c.want)
		}
	}
}
