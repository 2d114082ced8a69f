package manager

import (
	"strings"

	"dossier/pix"
	"dossier/pix/hl7v3"
)

// What HL7 v3 says of a person in the words of PID and back (ITI TF-2: Appendix R as far as it goes). What has no place in
// pix.Demographics is not kept.

func demographics(p *hl7v3.Person) pix.Demographics {
	d := pix.Demographics{
		BirthDate: day(p.BirthTime), Sex: sex(p.Gender), MultipleBirth: yesNo[strings.ToLower(p.MultipleBirthInd)], BirthOrder: p.MultipleBirthOrder,
	}
	for i := range p.Names {
		if n := plainName(&p.Names[i]); !n.IsZero() {
			d.Names = append(d.Names, n)
		}
	}
	for i := range p.Addresses {
		if a := plainAddress(&p.Addresses[i]); a != (pix.Address{Type: a.Type}) {
			d.Addresses = append(d.Addresses, a)
		}
	}
	for i := range p.Telecoms {
		if t := plainPhone(&p.Telecoms[i]); t.Number != "" {
			d.Phones = append(d.Phones, t)
		}
	}
	for _, r := range p.Relationships {
		if r.Code.Code != "MTH" {
			continue
		}
		for i := range r.Names {
			if n := plainName(&r.Names[i]); !n.IsZero() {
				d.MothersMaiden = append(d.MothersMaiden, n)
			}
		}
	}
	return d
}

func person(d *pix.Demographics) hl7v3.Person {
	p := hl7v3.Person{Gender: gender(d.Sex), BirthTime: string(d.BirthDate), MultipleBirthOrder: d.BirthOrder}
	switch d.MultipleBirth {
	case "Y":
		p.MultipleBirthInd = "true"
	case "N":
		p.MultipleBirthInd = "false"
	}
	for _, n := range d.Names {
		p.Names = append(p.Names, wireName(n))
	}
	for _, a := range d.Addresses {
		p.Addresses = append(p.Addresses, wireAddress(a))
	}
	for _, t := range d.Phones {
		p.Telecoms = append(p.Telecoms, wirePhone(t))
	}
	if len(d.MothersMaiden) > 0 {
		r := hl7v3.Relationship{Code: hl7v3.Code{Code: "MTH", System: hl7v3.SystemRoleCode}}
		for _, n := range d.MothersMaiden {
			r.Names = append(r.Names, wireName(n))
		}
		p.Relationships = append(p.Relationships, r)
	}
	return p
}

var yesNo = map[string]string{"true": "Y", "false": "N"}

// sex gives the code of HL7 table 0001; a null code says that it is unknown.
func sex(c hl7v3.Code) string {
	switch code := strings.ToUpper(c.Code); {
	case code == "UN":
		return "O"
	case code == "" && c.NullFlavor != "":
		return "U"
	default:
		return code
	}
}

func gender(sex string) hl7v3.Code {
	switch sex {
	case "":
		return hl7v3.Code{}
	case "F", "M":
		return hl7v3.Code{Code: sex, System: hl7v3.SystemGender}
	case "O", "A":
		return hl7v3.Code{Code: "UN", System: hl7v3.SystemGender}
	}
	return hl7v3.Code{NullFlavor: "UNK"}
}

// plainName: a name in one piece becomes the family name, where matching and searching look at each word.
func plainName(n *hl7v3.Name) pix.Name {
	given := n.All(hl7v3.Given)
	out := pix.Name{
		Family: strings.Join(n.All(hl7v3.Family), " "), Prefix: strings.Join(n.All(hl7v3.Prefix), " "),
		Suffix: strings.Join(n.All(hl7v3.Suffix), " "), Type: nameType(n),
	}
	if len(given) > 0 {
		out.Given, out.Second = given[0], strings.Join(given[1:], " ")
	}
	if out.IsZero() {
		out.Family = n.Text
	}
	return out
}

// nameType gives the code of HL7 table 0200.
func nameType(n *hl7v3.Name) string {
	for _, p := range n.Parts {
		if p.Kind == hl7v3.Family && strings.Contains(p.Qualifier, "BR") {
			return "B"
		}
	}
	for use := range strings.FieldsSeq(n.Use) {
		switch use {
		case "L":
			return "L"
		case "A", "P":
			return "A"
		}
	}
	return ""
}

func wireName(n pix.Name) hl7v3.Name {
	var out hl7v3.Name
	add := func(kind, qualifier, text string) {
		if text != "" {
			out.Parts = append(out.Parts, hl7v3.NamePart{Kind: kind, Qualifier: qualifier, Text: text})
		}
	}
	birth := ""
	switch n.Type {
	case "L", "D":
		out.Use = "L"
	case "A":
		out.Use = "P"
	case "B", "M":
		birth = "BR"
	}
	add(hl7v3.Prefix, "", n.Prefix)
	add(hl7v3.Given, "", n.Given)
	add(hl7v3.Given, "", n.Second)
	add(hl7v3.Family, birth, n.Family)
	add(hl7v3.Suffix, "", n.Suffix)
	return out
}

// givens puts given names together as one criterion.
func givens(n pix.Name) string { return strings.TrimSpace(n.Given + " " + n.Second) }

func plainAddress(a *hl7v3.Address) pix.Address {
	lines := append(a.All("streetAddressLine"), a.All("deliveryAddressLine")...)
	out := pix.Address{
		City: strings.Join(a.All("city"), " "), Region: strings.Join(a.All("state"), " "), Postcode: strings.Join(a.All("postalCode"), " "),
		Country: strings.Join(a.All("country"), " "), Other: strings.Join(a.All("additionalLocator"), " "),
	}
	if len(lines) > 0 {
		out.Street = lines[0]
		out.Other = strings.TrimSpace(strings.Join(lines[1:], " ") + " " + out.Other)
	} else {
		out.Street = strings.Join(append(a.All("houseNumber"), a.All("streetName")...), " ")
	}
	if out == (pix.Address{}) {
		out.Street = a.Text
	}
	switch use := strings.ToUpper(a.Use); {
	case strings.HasPrefix(use, "H"):
		out.Type = "H"
	case strings.HasPrefix(use, "W"):
		out.Type = "B"
	}
	return out
}

func wireAddress(a pix.Address) hl7v3.Address {
	var out hl7v3.Address
	switch a.Type {
	case "H":
		out.Use = "HP"
	case "B":
		out.Use = "WP"
	}
	for _, p := range []hl7v3.AddressPart{
		{Kind: "streetAddressLine", Text: a.Street}, {Kind: "streetAddressLine", Text: a.Other}, {Kind: "city", Text: a.City},
		{Kind: "state", Text: a.Region}, {Kind: "postalCode", Text: a.Postcode}, {Kind: "country", Text: a.Country},
	} {
		if p.Text != "" {
			out.Parts = append(out.Parts, p)
		}
	}
	return out
}

// plainPhone reads a URL: mailto: is an address, whatever else a number.
func plainPhone(t *hl7v3.Telecom) pix.Phone {
	scheme, rest, found := strings.Cut(t.Value, ":")
	if !found {
		scheme, rest = "tel", t.Value
	}
	out := pix.Phone{Number: rest, Work: strings.Contains(t.Use, "W"), Use: "PRN", Type: "PH"}
	switch strings.ToLower(scheme) {
	case "mailto":
		out.Mail, out.Use, out.Type = true, "NET", "Internet"
	case "fax":
		out.Type = "FX"
	}
	switch {
	case out.Mail:
	case strings.Contains(t.Use, "MC"):
		out.Type = "CP"
	case out.Work:
		out.Use = "WPN"
	}
	return out
}

func wirePhone(p pix.Phone) hl7v3.Telecom {
	out := hl7v3.Telecom{Value: "tel:" + strings.ReplaceAll(p.Number, " ", ""), Use: "HP"}
	switch {
	case p.Mail:
		out.Value = "mailto:" + p.Number
	case p.Type == "FX":
		out.Value = "fax:" + strings.ReplaceAll(p.Number, " ", "")
	case p.Type == "CP":
		out.Use = "MC"
	}
	if p.Work {
		out.Use = "WP"
	}
	return out
}
