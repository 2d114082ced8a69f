package hl7v2_test

import (
	"strings"
	"testing"

	"dossier/hl7v2"
)

// accept is a value that a parser must take, and the strict form it must write; refuse is one that it must not
// take, and a part of the error.
type accept struct{ in, want string }
type refuse struct{ in, want string }

func table[T interface{ String() string }](t *testing.T, parse func(string) (T, error), yes []accept, no []refuse) {
	t.Helper()
	for _, tt := range yes {
		got, err := parse(tt.in)
		if err != nil {
			t.Errorf("%q: refused: %v", tt.in, err)
		} else if got.String() != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got.String(), tt.want)
		}
	}
	for _, tt := range no {
		got, err := parse(tt.in)
		if err == nil {
			t.Errorf("%q: accepted as %q, want an error with %q", tt.in, got.String(), tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got error %q, want one with %q", tt.in, err, tt.want)
		}
		var zero T
		if any(got) != any(zero) {
			t.Errorf("%q: refused, but returned %+v", tt.in, got)
		}
	}
}

func TestParseCX(t *testing.T) {
	t.Parallel()
	table(t, hl7v2.ParseCX, []accept{
		{"7^^^&2.999.1&ISO", "7^^^&2.999.1&ISO"},
		{"  7 ^^^& 2.999.1 &ISO \n", "7^^^&2.999.1&ISO"},
		{"7^^^&2.999.1&ISO^^^^^", "7^^^&2.999.1&ISO"},
		{"7^^^&2.999.1&ISO&&", "7^^^&2.999.1&ISO"},
		{"7^^^&2.999.1&iso", "7^^^&2.999.1&ISO"},
		{"7^^^&2.999.1", "7^^^&2.999.1&ISO"},
		{"7^^^CITY&2.999.1&ISO", "7^^^&2.999.1&ISO"},
		{"7^^^&2.999.1&ISO^PI", "7^^^&2.999.1&ISO"},
		{"7^4^M11^&2.999.1&ISO^PI^WARD&x&y&z", "7^^^&2.999.1&ISO"},
		{"7^^^&amp;2.999.1&amp;ISO", "7^^^&2.999.1&ISO"},
		{`A\T\B^^^&2.999.1&ISO`, `A\T\B^^^&2.999.1&ISO`},
		{`A|B^^^&2.999.1&ISO`, `A\F\B^^^&2.999.1&ISO`},
		{"é^^^&0.1&ISO", "é^^^&0.1&ISO"},
		{strings.Repeat("é", 256) + "^^^&2.999&ISO", strings.Repeat("é", 256) + "^^^&2.999&ISO"},
	}, []refuse{
		{"", "component 1"},
		{"^^^&2.999.1&ISO", "component 1"},
		{"   ^^^&2.999.1&ISO", "component 1"},
		{`""^^^&2.999.1&ISO`, "delete value"},
		{"A&B^^^&2.999.1&ISO", `written \T\`},
		{"7\n8^^^&2.999.1&ISO", "printable"},
		{`7\X0D\8^^^&2.999.1&ISO`, "printable"},
		{"7\xff^^^&2.999.1&ISO", "printable"},
		{strings.Repeat("é", 257) + "^^^&2.999&ISO", "256"},
		{"7", "component 4: expected an assigning authority"},
		{"7^^^", "component 4"},
		{"7^^^CITY", `component 4: expected an assigning authority written &OID&ISO, got "CITY"`},
		{"7^^^&&ISO", "component 4.2"},
		{"7^^^&2.999.01&ISO", `component 4.2: expected an OID (digits and dots, at most 64 characters), got "2.999.01"`},
		{"7^^^&urn:oid:2.999.1&ISO", "component 4.2"},
		{"7^^^&example.org&DNS", "&OID&ISO"},
		{"7^^^&2.999.1&UUID", "&OID&ISO"},
		{"7^^^&example.org", "component 4.3"},
		{"7^^^&2.999.1&I SO", "component 4.3"},
		{"7^^^&2.999.1&ISO&x", "component 4.4"},
		{"7^^^C\x01&2.999.1&ISO", "component 4.1"},
		{"7^&2.999.1&ISO", "component 4"},
		{"7|^^&2.999.1&ISO", "component 4"},
	})
}

func TestCXKeepsRawAndParts(t *testing.T) {
	t.Parallel()
	in := " 7^4^M11^CITY&2.999.1&ISO^PI^WARD "
	got, err := hl7v2.ParseCX(in)
	if err != nil {
		t.Fatal(err)
	}
	want := hl7v2.CX{
		ID: "7", CheckDigit: "4", CheckScheme: "M11", Authority: hl7v2.HD{"CITY", "2.999.1", "ISO"},
		TypeCode: "PI", Facility: hl7v2.HD{Namespace: "WARD"}, Raw: in,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestCXEqual(t *testing.T) {
	t.Parallel()
	cx := func(ns, uid, typ string) hl7v2.CX {
		return hl7v2.CX{ID: "7", Authority: hl7v2.HD{Namespace: ns, UniversalID: uid, UniversalIDType: typ}}
	}
	oid := cx("", "2.999.1", "ISO")
	for _, tt := range []struct {
		name string
		a, b hl7v2.CX
		want bool
	}{
		{"namespace and type code do not count", oid, hl7v2.CX{ID: "7", Authority: hl7v2.HD{"X", "2.999.1", "ISO"}, TypeCode: "PI", Raw: "x"}, true},
		{"case of another type", cx("", "a.example", "dns"), cx("", "a.example", "DNS"), true},
		{"same namespace", cx("A", "", ""), cx("A", "", ""), true},
		{"other authority", oid, cx("", "2.999.2", "ISO"), false},
		{"other type", oid, cx("", "2.999.1", "L"), false},
		{"namespace that looks like the OID", oid, cx("2.999.1", "", ""), false},
		{"namespace that looks like type and id", cx("", "a", "DNS"), cx("DNS:a", "", ""), false},
		{"none and some", cx("", "", ""), oid, false},
		{"case of the id", hl7v2.CX{ID: "a"}, hl7v2.CX{ID: "A"}, false},
	} {
		if got := tt.a.Equal(tt.b); got != tt.want {
			t.Errorf("%s: Equal(%q, %q) = %v, want %v", tt.name, tt.a, tt.b, got, tt.want)
		}
	}
}

func TestParseCXi(t *testing.T) {
	t.Parallel()
	const order = "urn:ihe:iti:xds:2013:order"
	table(t, hl7v2.ParseCXi, []accept{
		{"A1^^^&2.999.3&ISO^" + order, "A1^^^&2.999.3&ISO^" + order},
		{"A1^^^LAB^" + order, "A1^^^LAB^" + order},
		{"A1^^^LAB&2.999.3&iso^" + order, "A1^^^&2.999.3&ISO^" + order},
		{"A1^^^&lab.example&DNS^" + order, "A1^^^&lab.example&DNS^" + order},
		{"2.999.5^^^^urn:ihe:iti:xdw:2013:workflowInstanceId", "2.999.5^^^^urn:ihe:iti:xdw:2013:workflowInstanceId"},
		{"A1^^^&2.999.3&ISO^local^urn:oid:2.999.9", "A1^^^&2.999.3&ISO^local^urn:oid:2.999.9"},
		{"A1^^^&2.999.3&ISO^local^^^", "A1^^^&2.999.3&ISO^local"},
	}, []refuse{
		{"", "component 1"},
		{"^^^&2.999.3&ISO^" + order, "component 1"},
		{"A1^x^^&2.999.3&ISO^" + order, `component 2: expected nothing, got "x"`},
		{"A1^^x^&2.999.3&ISO^" + order, "component 3"},
		{"A1^^^&2.999.3^", "component 5"},
		{"A1^^^&2.999.3&ISO", "component 5"},
		{"A1^^^&2.999.x&ISO^" + order, "component 4.2"},
		{"A1^^^&lab.example^" + order, "component 4.3"},
		{"A1^^^&2.999.3&ISO^a\x02b", "component 5"},
		{"A1^^^&2.999.3&ISO^local^2.999.9", "component 6"},
	})
}

func TestParseXCN(t *testing.T) {
	t.Parallel()
	table(t, hl7v2.ParseXCN, []accept{
		{"11^Muster^Anna^B^III^Dr^^^&2.999.4&ISO", "11^Muster^Anna^B^III^Dr^^^&2.999.4&ISO"},
		{"^Muster^Anna", "^Muster^Anna"},
		{"11", "11"},
		{"11^^^^^^^^&2.999.4&ISO", "11^^^^^^^^&2.999.4&ISO"},
		{"11^^^^^^^^NS&2.999.4&iso", "11^^^^^^^^&2.999.4&ISO"},
		{"^Muster&van^Anna^^^^^^^^^", "^Muster^Anna"},
		{"^Muster^Anna^^^^MD^^^L", "^Muster^Anna"},
		{`^M\T\S^A\S\B`, `^M\T\S^A\S\B`},
	}, []refuse{
		{"", "identifier in component 1 or a family name"},
		{"^^Anna", "identifier in component 1 or a family name"},
		{"^^^^^^^^&2.999.4&ISO", "identifier in component 1 or a family name"},
		{"^Muster^^^^^^^&2.999.4&ISO", "component 1"},
		{"11^Muster^^^^^^^NS", "component 9"},
		{"11^Muster^^^^^^^&x&ISO", "component 9.2"},
		{"11^Muster^^^^^^^&&ISO", "component 9.2"},
		{"11^Mus\x07ter", "printable"},
	})
}

func TestParseXON(t *testing.T) {
	t.Parallel()
	table(t, hl7v2.ParseXON, []accept{
		{"Clinic", "Clinic"},
		{"Clinic^^^^^^^^^2.999.6", "Clinic^^^^^^^^^2.999.6"},
		{"Clinic^^^^^&2.999.6&ISO^^^^44", "Clinic^^^^^&2.999.6&ISO^^^^44"},
		{"Clinic^^^^^NS&2.999.6&iso^^^^44", "Clinic^^^^^&2.999.6&ISO^^^^44"},
		{"Clinic^L^^^^&2.999.6&ISO", "Clinic^^^^^&2.999.6&ISO"},
		{"Clinic^^^^^^^^^^", "Clinic"},
	}, []refuse{
		{"", "component 1"},
		{"^^^^^^^^^2.999.6", "component 1"},
		{"Clinic^^^^^^^^^44", "component 6"},
		{"Clinic^^^^^NS^^^^44", "component 6"},
		{"Clinic^^^^^&44&ISO^^^^44", "component 6.2"},
		{"Clinic^^^^^&a.example&DNS^^^^44", "component 6"},
		{"Cli\tnic", "printable"},
	})
}

func TestParseXTN(t *testing.T) {
	t.Parallel()
	table(t, hl7v2.ParseXTN, []accept{
		{"^PRN^PH^^352^2^123456^9", "^PRN^PH^^352^2^123456^9"},
		{"^^CP^^^^123456", "^^CP^^^^123456"},
		{"^WPN^PH^^^^^^^^^+352 2 123456", "^WPN^PH^^^^+352 2 123456"},
		{"^NET^Internet^a@clinic.example", "^NET^Internet^a@clinic.example"},
		{"^^Internet^a@clinic.example^^^", "^^Internet^a@clinic.example"},
	}, []refuse{
		{"", "component 3"},
		{"+352123456", "component 3"},
		{"^PRN^FX^^^^123456", `component 3: expected PH, CP or Internet, got "FX"`},
		{"^PRN^PH^^352^2", "component 7"},
		{"^PRN^internet^a@clinic.example", "component 3"},
		{"^PRN^Internet^a@clinic.example", "component 2"},
		{"^NET^Internet", "component 4"},
		{"^NET^Internet^a\x00b", "printable"},
	})
}

func TestIsOID(t *testing.T) {
	t.Parallel()
	long := "2.999." + strings.Repeat("1", 58)
	for _, s := range []string{"0.0", "1.2", "2.999.1.0.7", long} {
		if !hl7v2.IsOID(s) {
			t.Errorf("%q: refused", s)
		}
	}
	for _, s := range []string{
		"", "1", "2.", ".1", "3.1", "10.1", "2.01", "2.1.", "2..1", "2.999.-1", "2.999.x", " 2.999", "2.999 ",
		"urn:oid:2.999", "2,999", long + "1", "2.٣",
	} {
		if hl7v2.IsOID(s) {
			t.Errorf("%q: accepted", s)
		}
	}
}
