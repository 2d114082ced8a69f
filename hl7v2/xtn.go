package hl7v2

import "strings"

// XTN is a telephone number or a mail address (ITI TF-3: Table 4.2.3.1.7-2).
type XTN struct {
	Use  string // HL7 table 0201: PRN, WPN, ORN, NET ...
	Type string // PH, CP or Internet
	// Address is set for Internet; the others for telephones.
	Address, Country, Area, Number, Ext string
}

// ParseXTN reads ^use^PH|CP^^country^area^number^extension or ^NET^Internet^address. A number in component 12
// (unformatted) is taken when 7 is empty.
func ParseXTN(s string) (XTN, error) {
	r := Repetition{strings.TrimSpace(s), StandardSeparators()}
	bad := func(where, want, got string) (XTN, error) {
		return XTN{}, &FormatError{Type: "XTN", Where: where, Want: want, Got: got}
	}
	for n := 2; n <= 12; n++ {
		if !printable(r.trimmed(n)) {
			return bad("", "printable characters", s)
		}
	}
	x := XTN{Use: r.trimmed(2), Type: r.trimmed(3)}
	switch x.Type {
	case "Internet":
		if x.Use != "" && x.Use != "NET" {
			return bad("component 2", "NET or nothing beside type Internet", x.Use)
		}
		if x.Address = r.trimmed(4); x.Address == "" {
			return bad("component 4", "the address of type Internet", s)
		}
	case "PH", "CP":
		x.Country, x.Area, x.Number, x.Ext = r.trimmed(5), r.trimmed(6), r.trimmed(7), r.trimmed(8)
		if x.Number == "" {
			x.Number = r.trimmed(12)
		}
		if x.Number == "" {
			return bad("component 7", "the telephone number", s)
		}
	default:
		return bad("component 3", "PH, CP or Internet", x.Type)
	}
	return x, nil
}

// String gives the strict form with HL7 escapes and without trailing separators.
func (x XTN) String() string {
	c := []string{"", x.Use, x.Type, x.Address, x.Country, x.Area, x.Number, x.Ext}
	for i := range c {
		c[i] = Escape(c[i])
	}
	return strings.TrimRight(strings.Join(c, "^"), "^")
}
