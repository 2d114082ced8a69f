package hl7v2

import (
	"log/slog"
	"strings"
	"unicode/utf8"
)

// CX is an identifier with its assigning authority: the patient id of XDS, PID-3 and MRG-1.
type CX struct {
	ID                      string
	CheckDigit, CheckScheme string
	Authority               HD
	TypeCode                string
	Facility                HD
	Raw                     string // the text as received; empty when the CX was made here
}

// PatientKey compares patient ids: two CX with equal keys name one patient. Authority is the bare OID for
// authorities of type ISO, TYPE:id for other universal ids, and :namespace where a namespace is all there is.
type PatientKey struct{ ID, Authority string }

// maxID is the longest identifier taken, in characters: the LongName of ebRIM, which holds it in metadata. HL7's own
// limits (15, 20, 250 by version) are not enforced, as nobody keeps them.
const maxID = 256

// ParseCX reads a patient id in the form of XDS metadata, ID^^^&OID&ISO (ITI TF-3: Table 4.2.3.1.7-2). It takes
// trailing separators, blanks round components, a namespace in 4.1, type codes and facilities in 5 and 6, "iso"
// for ISO, a missing type beside an OID, and text that was escaped once too often for XML. It refuses an empty id
// and an authority that is not an OID. For PID-3 and MRG-1, where fewer authorities are named, see Repetition.CX.
func ParseCX(s string) (CX, error) {
	// A faulty client sends &amp;amp; in XML. No valid CX holds this text: in 4.1 it would be followed by an OID.
	r := Repetition{strings.ReplaceAll(strings.TrimSpace(s), "&amp;", "&"), StandardSeparators()}
	c, err := r.CX()
	if err != nil {
		return CX{}, err
	}
	if err := needOID("CX", 4, c.Authority); err != nil {
		return CX{}, err
	}
	c.Raw = s
	return c, nil
}

// CX reads the repetition as an identifier. Any legal authority is taken, also one known by namespace only or none
// at all (ITI TF-2: 3.8 lets a PIX Manager fill it in from the sender), and must be resolved before the id is stored.
func (r Repetition) CX() (CX, error) {
	c := CX{CheckDigit: r.trimmed(2), CheckScheme: r.trimmed(3), TypeCode: r.trimmed(5), Raw: r.raw}
	var err error
	if c.ID, err = r.identifier("CX"); err != nil {
		return CX{}, err
	}
	if c.Authority, err = r.hd("CX", 4); err != nil {
		return CX{}, err
	}
	// The facility takes no part in identity; feeds fill it with anything. What is not an HD is left out.
	c.Facility, _ = r.hd("CX", 6)
	return c, nil
}

// identifier reads component 1 as the id of a patient or document. It is never quoted in an error.
func (r Repetition) identifier(typ string) (string, error) {
	raw, id := r.component(1), r.trimmed(1)
	want := ""
	switch {
	case id == "":
		return "", &FormatError{Type: typ, Where: "component 1", Want: "an identifier"}
	case id == Delete:
		return "", &FormatError{Type: typ, Where: "component 1", Want: `an identifier, found the delete value ""`}
	case strings.IndexByte(raw, r.sep.Subcomponent) >= 0:
		want = `an identifier without subcomponents (an ampersand is written \T\)`
	case !printable(id):
		want = "an identifier of printable characters"
	case utf8.RuneCountInString(id) > maxID:
		want = "an identifier of at most 256 characters"
	default:
		return id, nil
	}
	return "", &FormatError{Type: typ, Where: "component 1", Want: want, Hidden: true}
}

// String gives the XDS form ID^^^&OID&ISO with HL7 escapes. The namespace is dropped when there is a universal id.
func (c CX) String() string {
	return strings.TrimRight(Escape(c.ID)+"^^^"+c.Authority.xds(), "^")
}

// Key returns the comparison key.
func (c CX) Key() PatientKey { return PatientKey{c.ID, c.Authority.key()} }

// Equal reports whether both name the same patient: namespace, type code, facility and spelling do not count.
func (c CX) Equal(o CX) bool { return c.Key() == o.Key() }

// LogValue hides the identifier.
func (c CX) LogValue() slog.Value { return c.Key().LogValue() }

// LogValue hides the identifier.
func (k PatientKey) LogValue() slog.Value {
	if !IsOID(k.Authority) {
		return slog.StringValue("[patient id]")
	}
	return slog.StringValue("[patient id of " + k.Authority + "]")
}
