package pix

import (
	"testing"

	"dossier/hl7v2"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want Level
	}{
		{"Müller", "MUELLER", Equal},
		{"Müller", "Muller", Equal},
		{"Groß", "Gross", Equal},
		{"Zoé", "zoe\u0301", Equal},
		{"Conceição", "Conceicao", Equal},
		{"da Silva", "Silva", Equal},
		{"dos Santos", "DE SANTOS", Equal},
		{"van der Berg", "Vanderberg", Equal},
		{"D'Oliveira", "Doliveira", Equal},
		{"Jean-Pierre", "Jean Pierre", Equal},
		{"Jean-Pierre", "Jeanpierre", Equal},
		{"Ferreira-Weber", "Weber-Ferreira", Alike},
		{"Ferreira-Weber", "Ferreira", Alike},
		{"Ferreira-Weber", "Weber", Remote},
		{"Schmitt", "Schmidt", Alike},
		{"Wagner", "Vagner", Alike},
		{"Meyer", "Maier", Alike},
		{"Philippe", "Filipe", Alike},
		{"Katharina", "Catarina", Alike},
		{"Carvalho", "Carvalo", Alike},
		{"Jean", "J.", Alike},
		{"Hoffmann", "Hofmann", Alike},
		{"Hoffmann", "Kaufmann", Differ},
		{"Marie", "Luc", Differ},
		{"Tom", "Tim", Differ},
		{"Weber", "", Missing},
		{"de", "De", Equal},
	} {
		for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
			if got := names(words(pair[0]), words(pair[1])); got != c.want {
				t.Errorf("%s and %s: got %d, want %d", pair[0], pair[1], got, c.want)
			}
		}
	}
}

func TestBirths(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want Level
	}{
		{"19800229", "19800229", Equal},
		{"19800304", "19800403", Alike},
		{"19800304", "19800305", Alike},
		{"19800304", "19800314", Alike},
		{"198003", "19800304", Alike},
		{"1980", "19800304", Remote},
		{"1980", "1980", Remote},
		{"19800304", "19830304", Alike},
		{"19800304", "19530304", Remote},
		{"19800304", "19801104", Remote},
		{"19800304", "19811105", Differ},
		{"1980", "1981", Differ},
		{"", "19800304", Missing},
	} {
		if got := births(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

func TestParseBirthDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]hl7v2.DTM{
		"19800229": "19800229", "19800200": "198002", "19800000": "1980", "1980": "1980", "198000": "1980",
		" 19800229 ": "19800229", "198002291430": "198002291430",
		"19800101000000+0100": "19800101000000", "198001012300-0500": "198001012300", "19800101000000.0000+0200": "19800101000000",
		"19800101+0100": "19800101", "19800101000000+9900": "", "19800101000000+": "", "19800101-": "",
		"19800230": "", "19801329": "", "80": "", "": "", "19800029": "1980", "1980-02-29": "",
	} {
		got, err := ParseBirthDate(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q and %v, want %q", in, got, err, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		limit int
		want  int
	}{
		{"weber", "weber", 2, 0}, {"weber", "wbeer", 2, 1}, {"weber", "webber", 2, 1}, {"weber", "weer", 2, 1},
		{"weber", "waber", 2, 1}, {"weber", "", 2, 3}, {"", "", 0, 0}, {"abc", "xyz", 1, 2}, {"ab", "ba", 1, 1},
	} {
		if got := distance(c.a, c.b, c.limit); got != c.want {
			t.Errorf("%s and %s: got %d, want %d", c.a, c.b, got, c.want)
		}
		if got := distance(c.b, c.a, c.limit); got != c.want {
			t.Errorf("%s and %s: got %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

// TestTwinsAreTwo: what twins share does not outweigh what they do not.
func TestTwinsAreTwo(t *testing.T) {
	t.Parallel()
	p := &Policy{Weights: DefaultWeights(), Thresholds: DefaultThresholds()}
	twin := func(given, sex string) *record {
		return fromDemographics(&Demographics{
			Names: []Name{{Family: "Thill", Given: given}}, BirthDate: "20100304", Sex: sex,
			Addresses: []Address{{Street: "4 Rue Neuve", City: "Wiltz", Postcode: "9512"}}, Phones: []Phone{{Number: "26 12 34 56"}},
			MultipleBirth: "Y",
		})
	}
	for _, other := range []*record{twin("Léa", "F"), twin("Marc", "M"), twin("Maria", "F"), twin("", "F")} {
		how := compare(twin("Marie", "F"), other)
		if how.certain() && p.Weights.sum(how) >= p.Thresholds.Link {
			t.Errorf("%+v would be linked with weight %v", how, p.Weights.sum(how))
		}
	}
	if how := compare(twin("Marie", "F"), twin("Marie", "F")); !how.certain() || p.Weights.sum(how) < p.Thresholds.Link {
		t.Errorf("%+v would not be linked", how)
	}
}

// TestKeysMeet: each error that records suffer leaves a key by which they still meet.
func TestKeysMeet(t *testing.T) {
	t.Parallel()
	base := Demographics{Names: []Name{{Family: "Ferreira-Weber", Given: "Jean-Pierre"}}, BirthDate: "19800304"}
	for what, d := range map[string]Demographics{
		"swapped":      {Names: []Name{{Family: "Jean-Pierre", Given: "Ferreira-Weber"}}, BirthDate: "19800304"},
		"new surname":  {Names: []Name{{Family: "Thill", Given: "Jean-Pierre"}}, BirthDate: "19800304"},
		"half surname": {Names: []Name{{Family: "Weber", Given: "Jean"}}, BirthDate: "19800403"},
		"spelling":     {Names: []Name{{Family: "FEREIRA VEBER", Given: "Jan Pier"}}, BirthDate: "19800304"},
		"no birth":     {Names: []Name{{Family: "Ferreira Weber", Given: "Jean"}}},
		"year only":    {Names: []Name{{Family: "Ferreira Weber", Given: "Jean"}}, BirthDate: "1980"},
		"other year":   {Names: []Name{{Family: "Ferreira", Given: "Jean"}}, BirthDate: "19910304"},
	} {
		for _, pair := range [][2]Demographics{{base, d}, {d, base}} {
			if !meet(pair[0].keys().stored, pair[1].keys().sought) {
				t.Errorf("%s: no key in common: %q and %q", what, pair[0].keys().stored, pair[1].keys().sought)
			}
		}
	}
	if other := (&Demographics{Names: []Name{{Family: "Thill", Given: "Luc"}}, BirthDate: "19800304"}); meet(base.keys().stored, other.keys().sought) {
		t.Error("the birth date alone is a key")
	}
}

func meet(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}
