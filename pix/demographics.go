package pix

import (
	"fmt"
	"log/slog"
	"strings"

	"dossier/hl7v2"
)

// Demographics is what a source says about a patient, in the words of PID.
type Demographics struct {
	Names            []Name             `json:"names,omitempty"`            // PID-5
	MothersMaiden    []Name             `json:"mothersMaiden,omitempty"`    // PID-6
	BirthDate        hl7v2.DTM          `json:"birthDate,omitempty"`        // PID-7: what is known of it, 4, 6, 8 or more digits
	Sex              string             `json:"sex,omitempty"`              // PID-8, HL7 table 0001
	Addresses        []Address          `json:"addresses,omitempty"`        // PID-11
	Phones           []Phone            `json:"phones,omitempty"`           // PID-13, PID-14
	Account          hl7v2.CX           `json:"account,omitzero"`           // PID-18
	National         []hl7v2.PatientKey `json:"national,omitempty"`         // ids of national domains: PID-3 and PID-19
	MultipleBirth    string             `json:"multipleBirth,omitempty"`    // PID-24, Y or N
	BirthOrder       string             `json:"birthOrder,omitempty"`       // PID-25
	IdentityReliable string             `json:"identityReliable,omitempty"` // PID-32, HL7 table 0445
}

// Name is a name of a person (XPN). Type is of HL7 table 0200: L legal, M maiden, B birth, A alias; empty for legal.
type Name struct {
	Family string `json:"family,omitempty"`
	Given  string `json:"given,omitempty"`
	Second string `json:"second,omitempty"`
	Suffix string `json:"suffix,omitempty"`
	Prefix string `json:"prefix,omitempty"`
	Type   string `json:"type,omitempty"`
}

// IsZero reports whether the name names nobody.
func (n Name) IsZero() bool { return n.Family == "" && n.Given == "" && n.Second == "" }

// Address is a postal address (XAD).
type Address struct {
	Street   string `json:"street,omitempty"`
	Other    string `json:"other,omitempty"`
	City     string `json:"city,omitempty"`
	Region   string `json:"region,omitempty"`
	Postcode string `json:"postcode,omitempty"`
	Country  string `json:"country,omitempty"`
	Type     string `json:"type,omitempty"` // HL7 table 0190: H home, B business ...
}

// Phone is a telephone number or mail address (XTN) in the form it was sent in.
type Phone struct {
	Number string `json:"number,omitempty"` // the number, or the address when Mail
	Use    string `json:"use,omitempty"`    // HL7 table 0201
	Type   string `json:"type,omitempty"`   // HL7 table 0202
	Mail   bool   `json:"mail,omitempty"`
	Work   bool   `json:"work,omitempty"` // PID-14
}

// LogValue hides everything.
func (Demographics) LogValue() slog.Value { return slog.StringValue("[demographics]") }

// String hides everything too, so that no error text quotes a person.
func (Demographics) String() string { return "[demographics]" }

// Trait names one part of Demographics.
type Trait string

// The traits, as PID has them.
const (
	TraitNames            Trait = "names"
	TraitMothersMaiden    Trait = "mother's maiden name"
	TraitBirthDate        Trait = "birth date"
	TraitSex              Trait = "sex"
	TraitAddresses        Trait = "addresses"
	TraitPhones           Trait = "phones"      // those at home
	TraitWorkPhones       Trait = "work phones" // Phone.Work
	TraitAccount          Trait = "account"
	TraitNational         Trait = "national ids"
	TraitMultipleBirth    Trait = "multiple birth"
	TraitBirthOrder       Trait = "birth order"
	TraitIdentityReliable Trait = "reliability of the identity"
)

// updated gives d with the traits that u states, and without those to be deleted: an empty field says nothing, "" deletes
// (HL7 v2.5 chapter 2.5.3).
func (d Demographics) updated(u Demographics, deleted []Trait) Demographics {
	for _, t := range deleted {
		d = d.without(t)
	}
	d.Names, d.MothersMaiden = orList(u.Names, d.Names), orList(u.MothersMaiden, d.MothersMaiden)
	d.BirthDate = hl7v2.DTM(or(string(u.BirthDate), string(d.BirthDate)))
	d.Sex, d.MultipleBirth, d.BirthOrder = or(u.Sex, d.Sex), or(u.MultipleBirth, d.MultipleBirth), or(u.BirthOrder, d.BirthOrder)
	d.IdentityReliable = or(u.IdentityReliable, d.IdentityReliable)
	d.Addresses, d.National = orList(u.Addresses, d.Addresses), orList(u.National, d.National)
	d.Phones = phonesOr(u.Phones, d.Phones)
	if u.Account.ID != "" {
		d.Account = u.Account
	}
	return d
}

func (d Demographics) without(t Trait) Demographics {
	switch t {
	case TraitNames:
		d.Names = nil
	case TraitMothersMaiden:
		d.MothersMaiden = nil
	case TraitBirthDate:
		d.BirthDate = ""
	case TraitSex:
		d.Sex = ""
	case TraitAddresses:
		d.Addresses = nil
	case TraitPhones:
		d.Phones = phonesAt(true, d.Phones)
	case TraitWorkPhones:
		d.Phones = phonesAt(false, d.Phones)
	case TraitAccount:
		d.Account = hl7v2.CX{}
	case TraitNational:
		d.National = nil
	case TraitMultipleBirth:
		d.MultipleBirth = ""
	case TraitBirthOrder:
		d.BirthOrder = ""
	case TraitIdentityReliable:
		d.IdentityReliable = ""
	}
	return d
}

// phonesAt gives those at work, or those that are not.
func phonesAt(work bool, list []Phone) (out []Phone) {
	for _, p := range list {
		if p.Work == work {
			out = append(out, p)
		}
	}
	return out
}

// phonesOr is orList for the phones at home and those at work, each of which has a field of its own.
func phonesOr(a, b []Phone) []Phone {
	home, work := phonesAt(false, a), phonesAt(true, a)
	switch {
	case len(a) == 0:
		return b
	case len(home) == 0:
		return append(phonesAt(false, b), work...)
	case len(work) == 0:
		return append(home, phonesAt(true, b)...)
	}
	return a
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func orList[T any](a, b []T) []T {
	if len(a) > 0 {
		return a
	}
	return b
}

// ParseBirthDate reads a birth date of 4 to 14 digits. Month or day 00 means unknown, as Luxembourg writes it, and cuts the
// precision: 19800000 is 1980. A zone is dropped: a birth date is a date of the calendar where somebody was born, and midnight of
// that day is the day before in UTC for everybody east of Greenwich.
func ParseBirthDate(s string) (hl7v2.DTM, error) {
	s = strings.TrimSpace(s)
	digits := s
	if i := strings.IndexAny(digits, "+-."); i >= 0 {
		digits = digits[:i]
	}
	if len(digits) >= 8 && digits[6:8] == "00" {
		digits, s = digits[:6], s[:6]
	}
	if len(digits) >= 6 && digits[4:6] == "00" {
		s = s[:4]
	}
	if _, err := hl7v2.ParseDTM(s); err != nil { // with its zone, which must be one
		return "", fmt.Errorf("expected a date YYYY[MM[DD]]")
	}
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		s = s[:i]
	}
	d, err := hl7v2.ParseDTM(s)
	if err != nil {
		return "", fmt.Errorf("expected a date YYYY[MM[DD]]")
	}
	return d, nil
}
