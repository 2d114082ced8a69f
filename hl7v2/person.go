package hl7v2

import "strings"

// XCN is a person: an author, a legal authenticator or a recipient (ITI TF-3: Table 4.2.3.1.7-2).
type XCN struct {
	ID, Family, Given, Second, Suffix, Prefix string
	Authority                                 HD
}

// XON is an organisation (ITI TF-3: Table 4.2.3.1.7-2).
type XON struct {
	Name      string
	Authority HD
	ID        string
}

// ParseXCN reads ID^Family^Given^Second^Suffix^Prefix^^^&OID&ISO. It needs an id or a family name, and an id when
// there is an authority. Other components are ignored, as is all but the surname in 2.
func ParseXCN(s string) (XCN, error) {
	r := Repetition{strings.TrimSpace(s), StandardSeparators()}
	x := XCN{
		ID: r.trimmed(1), Family: strings.TrimSpace(r.Subcomponent(2, 1)), Given: r.trimmed(3),
		Second: r.trimmed(4), Suffix: r.trimmed(5), Prefix: r.trimmed(6),
	}
	var err error
	if x.Authority, err = r.hd("XCN", 9); err != nil {
		return XCN{}, err
	}
	for _, c := range []string{x.ID, x.Family, x.Given, x.Second, x.Suffix, x.Prefix} {
		if !printable(c) {
			return XCN{}, &FormatError{Type: "XCN", Want: "printable characters", Got: s}
		}
	}
	switch {
	case x.ID == "" && x.Family == "":
		return XCN{}, &FormatError{Type: "XCN", Want: "an identifier in component 1 or a family name in component 2", Got: s}
	case x.Authority.IsZero():
		return x, nil
	case x.ID == "":
		return XCN{}, &FormatError{Type: "XCN", Where: "component 1",
			Want: "an identifier, because component 9 names its authority", Got: s}
	}
	if err := needOID("XCN", 9, x.Authority); err != nil {
		return XCN{}, err
	}
	return x, nil
}

// String gives the strict form with HL7 escapes and without trailing separators.
func (x XCN) String() string {
	c := []string{x.ID, x.Family, x.Given, x.Second, x.Suffix, x.Prefix, "", ""}
	for i := range c {
		c[i] = Escape(c[i])
	}
	return strings.TrimRight(strings.Join(c, "^")+"^"+x.Authority.xds(), "^")
}

// ParseXON reads Name^^^^^&OID&ISO^^^^ID. The name is required; an id that is not itself an OID needs its
// authority. Other components are ignored.
func ParseXON(s string) (XON, error) {
	r := Repetition{strings.TrimSpace(s), StandardSeparators()}
	x := XON{Name: r.trimmed(1), ID: r.trimmed(10)}
	var err error
	if x.Authority, err = r.hd("XON", 6); err != nil {
		return XON{}, err
	}
	switch {
	case x.Name == "":
		return XON{}, &FormatError{Type: "XON", Where: "component 1", Want: "the name of the organisation", Got: s}
	case !printable(x.Name), !printable(x.ID):
		return XON{}, &FormatError{Type: "XON", Want: "printable characters", Got: s}
	case x.Authority.IsZero() && x.ID != "" && !IsOID(x.ID):
		return XON{}, &FormatError{Type: "XON", Where: "component 6",
			Want: "the authority &OID&ISO of an identifier that is not itself an OID", Got: s}
	case !x.Authority.IsZero():
		if err := needOID("XON", 6, x.Authority); err != nil {
			return XON{}, err
		}
	}
	return x, nil
}

// String gives the strict form with HL7 escapes and without trailing separators.
func (x XON) String() string {
	return strings.TrimRight(Escape(x.Name)+"^^^^^"+x.Authority.xds()+"^^^^"+Escape(x.ID), "^")
}
