package manager

import (
	"fmt"
	"slices"
	"strings"

	"dossier/hl7v2"
	"dossier/pix"
)

// readPID reads demographics. An empty field says nothing, "" asks to delete (HL7 v2.5 2.5.3).
func readPID(s hl7v2.Segment, f *pix.Feed) error {
	if err := checkSizes(s); err != nil {
		return err
	}
	d := &f.Demographics
	for _, x := range []struct {
		field int
		trait pix.Trait
	}{
		{5, pix.TraitNames}, {6, pix.TraitMothersMaiden}, {7, pix.TraitBirthDate}, {8, pix.TraitSex}, {11, pix.TraitAddresses},
		{13, pix.TraitPhones}, {14, pix.TraitWorkPhones}, {18, pix.TraitAccount}, {19, pix.TraitNational},
		{24, pix.TraitMultipleBirth}, {25, pix.TraitBirthOrder}, {32, pix.TraitIdentityReliable},
	} {
		if s.Field(x.field).IsDelete() {
			f.Delete = append(f.Delete, x.trait)
		}
	}
	d.Names, d.MothersMaiden = readNames(s.Field(5)), readNames(s.Field(6))
	d.Addresses = readAddresses(s.Field(11))
	d.Phones = append(readPhones(s.Field(13), false), readPhones(s.Field(14), true)...)
	if id, err := s.Field(18).Repetition(1).CX(); err == nil {
		id.Raw = "" // the parts say it all
		d.Account = id
	}
	d.MultipleBirth, d.BirthOrder = text(s.Field(24)), text(s.Field(25))
	d.IdentityReliable = text(s.Field(32))
	if err := readBirth(s, d); err != nil {
		return err
	}
	return readSex(s, d)
}

// What is stored of a person is bounded as it is for HL7 v3: repetitions of a name, an address or a number, and bytes of a part.
const (
	maxValues = 50
	maxText   = 1000
)

// checkSizes refuses demographics that no person has.
func checkSizes(s hl7v2.Segment) error {
	for _, field := range []int{5, 6, 7, 8, 11, 13, 14, 18, 24, 25, 32} {
		at := place{segment: "PID", sequence: max(s.Sequence(), 1), field: field}
		for r := range s.Field(field).Repetitions() {
			if at.repetition++; at.repetition > maxValues {
				return at.refuse(hl7v2.CodeDataType, 0, fmt.Sprintf("expected at most %d repetitions", maxValues), nil)
			}
			for n := range 12 {
				if len(r.Component(n+1)) > maxText {
					return at.refuse(hl7v2.CodeDataType, n+1, fmt.Sprintf("expected at most %d bytes in a component, got %d", maxText, len(r.Component(n+1))), nil)
				}
			}
		}
	}
	return nil
}

func readBirth(s hl7v2.Segment, d *pix.Demographics) error {
	v := text(s.Field(7))
	if v == "" {
		return nil
	}
	var err error
	if d.BirthDate, err = pix.ParseBirthDate(v); err != nil {
		return place{segment: "PID", sequence: s.Sequence(), field: 7}.refuse(hl7v2.CodeDataType, 0, err.Error(), nil)
	}
	return nil
}

// sexes is HL7 table 0001.
var sexes = []string{"F", "M", "O", "U", "A", "N"}

func readSex(s hl7v2.Segment, d *pix.Demographics) error {
	if d.Sex = text(s.Field(8)); d.Sex == "" || slices.Contains(sexes, d.Sex) {
		return nil
	}
	return place{segment: "PID", sequence: s.Sequence(), field: 8}.refuse(hl7v2.CodeTableValue, 0, "expected "+either(sexes), nil)
}

// text is the first component of a field, with "" read as nothing: what is to be deleted is in Feed.Delete.
func text(f hl7v2.Field) string {
	if f.IsDelete() {
		return ""
	}
	return strings.TrimSpace(f.Component(1))
}

func readNames(f hl7v2.Field) []pix.Name {
	var out []pix.Name
	for r := range f.Repetitions() {
		n := pix.Name{
			Family: component(r, 1), Given: component(r, 2), Second: component(r, 3), Suffix: component(r, 4),
			Prefix: component(r, 5), Type: component(r, 7),
		}
		if !r.IsDelete() && !n.IsZero() {
			out = append(out, n)
		}
	}
	return out
}

// component is the first subcomponent of a component: the surname of a family name, the street of an address.
func component(r hl7v2.Repetition, n int) string {
	s := strings.TrimSpace(r.Subcomponent(n, 1))
	if s == hl7v2.Delete {
		return ""
	}
	return s
}

func readAddresses(f hl7v2.Field) []pix.Address {
	var out []pix.Address
	for r := range f.Repetitions() {
		a := pix.Address{
			Street: component(r, 1), Other: component(r, 2), City: component(r, 3), Region: component(r, 4),
			Postcode: component(r, 5), Country: component(r, 6), Type: component(r, 7),
		}
		if place := a; !r.IsDelete() {
			if place.Type = ""; place != (pix.Address{}) {
				out = append(out, a)
			}
		}
	}
	return out
}

// readPhones reads XTN as senders write it: a number in component 1, in 5 to 7 or in 12, or a mail address in 4.
func readPhones(f hl7v2.Field, work bool) []pix.Phone {
	var out []pix.Phone
	for r := range f.Repetitions() {
		p := pix.Phone{Use: component(r, 2), Type: component(r, 3), Work: work}
		parts := slices.DeleteFunc([]string{component(r, 5), component(r, 6), component(r, 7)}, func(s string) bool { return s == "" })
		if len(parts) > 1 && component(r, 5) != "" {
			parts[0] = "+" + strings.TrimPrefix(parts[0], "+")
		}
		for _, number := range []string{component(r, 1), strings.Join(parts, " "), component(r, 12)} {
			if p.Number == "" {
				p.Number = number
			}
		}
		if p.Number == "" {
			p.Number, p.Mail = component(r, 4), true
		}
		if !r.IsDelete() && p.Number != "" {
			out = append(out, p)
		}
	}
	return out
}

// nationals reads PID-19. A bare number names no domain, so only the form of a CX counts.
func nationals(s hl7v2.Segment) []hl7v2.CX {
	var out []hl7v2.CX
	for r := range s.Field(19).Repetitions() {
		if id, err := r.CX(); err == nil && !id.Authority.IsZero() {
			out = append(out, id)
		}
	}
	return out
}

// The way back.

func pidNames(names []pix.Name) hl7v2.Value {
	var out []hl7v2.Repetition
	for _, n := range names {
		out = append(out, hl7v2.Composite(n.Family, n.Given, n.Second, n.Suffix, n.Prefix, "", n.Type))
	}
	return hl7v2.Repeat(out...)
}

func pidAddresses(addresses []pix.Address) hl7v2.Value {
	var out []hl7v2.Repetition
	for _, a := range addresses {
		out = append(out, hl7v2.Composite(a.Street, a.Other, a.City, a.Region, a.Postcode, a.Country, a.Type))
	}
	return hl7v2.Repeat(out...)
}

func pidPhones(phones []pix.Phone, work bool) hl7v2.Value {
	var out []hl7v2.Repetition
	for _, p := range phones {
		switch {
		case p.Work != work:
		case p.Mail:
			out = append(out, hl7v2.Composite("", p.Use, p.Type, p.Number))
		default:
			out = append(out, hl7v2.Composite(p.Number, p.Use, p.Type))
		}
	}
	return hl7v2.Repeat(out...)
}

func pidIdentifiers(ids []hl7v2.CX) hl7v2.Value {
	var out []hl7v2.Repetition
	for _, id := range ids {
		out = append(out, id.Value())
	}
	return hl7v2.Repeat(out...)
}

// pidOf writes PID of a demographics answer (ITI TF-2: 3.21.4.2).
func pidOf(p Patient) []hl7v2.Value {
	d := p.Demographics
	fields := make([]hl7v2.Value, 25)
	fields[3-1] = pidIdentifiers(p.IDs)
	fields[5-1] = pidNames(d.Names)
	fields[6-1] = pidNames(d.MothersMaiden)
	fields[7-1] = hl7v2.Text(string(d.BirthDate))
	fields[8-1] = hl7v2.Text(d.Sex)
	fields[11-1] = pidAddresses(d.Addresses)
	fields[13-1], fields[14-1] = pidPhones(d.Phones, false), pidPhones(d.Phones, true)
	if d.Account.ID != "" {
		fields[18-1] = d.Account.Value()
	}
	fields[24-1], fields[25-1] = hl7v2.Text(d.MultipleBirth), hl7v2.Text(d.BirthOrder)
	return fields
}
