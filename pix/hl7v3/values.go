package hl7v3

import (
	"log/slog"
	"strings"

	"dossier/hl7v2"
)

// II is an instance identifier: the root names who assigned it, the extension is the identifier. Messages, organisations and
// devices often have a root alone, an OID or for messages a UUID (ITI TF-2: Appendix E).
type II struct{ Root, Extension, AuthorityName, NullFlavor string }

// IIOf gives the id of a patient; the namespace of its authority goes with it for people to read.
func IIOf(c hl7v2.CX) II {
	return II{Root: c.Authority.UniversalID, Extension: c.ID, AuthorityName: c.Authority.Namespace}
}

// IsZero reports whether there is no identifier, which nullFlavor may say in so many words.
func (i II) IsZero() bool { return i.Root == "" && i.Extension == "" }

// CX reads the identifier as one of a patient: an OID and an extension.
func (i II) CX() (hl7v2.CX, error) {
	c := hl7v2.CX{ID: i.Extension, Authority: hl7v2.HD{UniversalID: i.Root, UniversalIDType: "ISO"}}
	return hl7v2.ParseCX(c.String())
}

// LogValue hides the identifier.
func (i II) LogValue() slog.Value { return slog.StringValue("[id of " + i.Root + "]") }

// Code is a coded value (CE, CD, CS).
type Code struct{ Code, System, DisplayName, NullFlavor string }

// IsZero reports whether there is no code.
func (c Code) IsZero() bool { return c == Code{} }

// Kinds of a NamePart.
const (
	Family = "family"
	Given  = "given"
	Prefix = "prefix"
	Suffix = "suffix"
)

// NamePart is a piece of a name; the qualifier may say that a family name is that of birth (BR) or of a spouse (SP).
type NamePart struct{ Kind, Qualifier, Text string }

// Name is the name of a person. The order of the parts has no meaning but is kept. Text is what stands outside of any part:
// the whole name where the sender has it in one piece only.
type Name struct {
	Use        string // L, C, A ...; SRCH in a query allows a match that is not exact
	NullFlavor string
	Parts      []NamePart
	Text       string
}

// All returns the texts of the parts of a kind, in order.
func (n Name) All(kind string) []string {
	var out []string
	for _, p := range n.Parts {
		if p.Kind == kind && p.Text != "" {
			out = append(out, p.Text)
		}
	}
	return out
}

// Fuzzy reports whether a query allows more than exact matches (ITI TF-2: 3.47.4.1.2).
func (n Name) Fuzzy() bool { return hasWord(n.Use, "SRCH") }

// LogValue hides the name.
func (n Name) LogValue() slog.Value { return slog.StringValue("[name]") }

// AddressPart is a piece of an address; Kind is the element, such as streetAddressLine, city, postalCode, country.
type AddressPart struct{ Kind, Text string }

// Address is a postal address. Text is what stands outside of any part.
type Address struct {
	Use, NullFlavor string
	Parts           []AddressPart
	Text            string
}

// All returns the texts of the parts of a kind, in order.
func (a Address) All(kind string) []string {
	var out []string
	for _, p := range a.Parts {
		if p.Kind == kind && p.Text != "" {
			out = append(out, p.Text)
		}
	}
	return out
}

// LogValue hides the address.
func (a Address) LogValue() slog.Value { return slog.StringValue("[address]") }

// Telecom is a telephone number or mail address as a URL: tel:+352..., mailto:...
type Telecom struct{ Use, Value, NullFlavor string }

// LogValue hides the number.
func (t Telecom) LogValue() slog.Value { return slog.StringValue("[telecom]") }

// Interval is a point in time or what lies between two, ends included, as HL7 v3 writes times.
type Interval struct{ Value, Low, High string }

// hasWord reports whether a list of words separated by blanks holds one.
func hasWord(list, word string) bool {
	for w := range strings.FieldsSeq(list) {
		if w == word {
			return true
		}
	}
	return false
}
