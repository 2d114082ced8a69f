package consumer

import (
	"strings"

	"dossier/pix/hl7v3"
)

// v3 words the criteria. An asterisk is what this server takes in HL7 v3 too; others know use="SRCH" alone.
func (c *Criteria) v3() (p hl7v3.ParameterList) {
	if c.ID.ID != "" {
		p.IDs = []hl7v3.Param{{II: hl7v3.IIOf(c.ID)}}
	}
	if n := NameV3(c.Given, c.Family); len(n.Parts) > 0 {
		p.Names = []hl7v3.Name{n}
	}
	if c.MothersFamily != "" {
		p.MothersMaidenNames = []hl7v3.Name{NameV3("", c.MothersFamily)}
	}
	if c.Birth != "" {
		p.BirthTimes = []hl7v3.Interval{{Value: c.Birth}}
	}
	if c.Sex != "" {
		p.Genders = []hl7v3.Code{GenderV3(c.Sex)}
	}
	var address hl7v3.Address
	for _, x := range []hl7v3.AddressPart{{Kind: "city", Text: c.City}, {Kind: "postalCode", Text: c.Postcode}} {
		if x.Text != "" {
			address.Parts = append(address.Parts, x)
			p.Addresses = []hl7v3.Address{address}
		}
	}
	if c.Phone != "" {
		p.Telecoms = []hl7v3.Telecom{{Value: "tel:" + strings.ReplaceAll(c.Phone, " ", "")}}
	}
	for _, d := range c.Domains {
		p.ScopingOrganizations = append(p.ScopingOrganizations, hl7v3.Param{II: hl7v3.II{Root: d}})
	}
	return p
}

// NameV3 puts a name together from the parts that are there.
func NameV3(given, family string) (n hl7v3.Name) {
	for _, x := range []hl7v3.NamePart{{Kind: hl7v3.Given, Text: given}, {Kind: hl7v3.Family, Text: family}} {
		if x.Text != "" {
			n.Parts = append(n.Parts, x)
		}
	}
	return n
}

// GenderV3 gives the code of AdministrativeGender for one of HL7 table 0001.
func GenderV3(sex string) hl7v3.Code {
	switch sex {
	case "F", "M":
		return hl7v3.Code{Code: sex, System: hl7v3.SystemGender}
	case "O", "A":
		return hl7v3.Code{Code: "UN", System: hl7v3.SystemGender}
	}
	return hl7v3.Code{NullFlavor: "UNK"}
}

func patientV3(p *hl7v3.Patient) Patient {
	out := Patient{Birth: p.Person.BirthTime, Sex: p.Person.Gender.Code, Score: p.MatchDegree}
	for _, id := range p.AllIDs() {
		if cx, err := id.CX(); err == nil {
			out.IDs = append(out.IDs, cx)
		}
	}
	if len(p.Person.Names) > 0 {
		n := p.Person.Names[0]
		out.Family, out.Given = strings.Join(n.All(hl7v3.Family), " "), strings.Join(n.All(hl7v3.Given), " ")
		if len(n.Parts) == 0 {
			out.Family = n.Text
		}
	}
	if len(p.Person.Addresses) > 0 {
		a := p.Person.Addresses[0]
		part := func(kind string) string { return strings.Join(a.All(kind), " ") }
		out.Street, out.Postcode, out.City = part("streetAddressLine"), part("postalCode"), part("city")
	}
	return out
}
