package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dossier/hl7v2"
	"dossier/pix/hl7v3"
)

// pixQuery lists the other ids of a patient by ITI-45.
func (f *v3Flags) pixQuery(cmd *cobra.Command, url string, id hl7v2.CX, domains []string) error {
	client, err := f.client(cmd, url)
	if err != nil {
		return err
	}
	ids, err := client.CrossReferences(cmd.Context(), id, domains...)
	if err != nil {
		return spoken("pix query", err)
	}
	for _, id := range ids {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), id); err != nil {
			return err
		}
	}
	return nil
}

// runV3 finds patients by ITI-47.
func (f *pdqFlags) runV3(cmd *cobra.Command) error {
	parameters, err := f.parameters()
	if err != nil {
		return err
	}
	client, err := f.v3.client(cmd, f.to)
	if err != nil {
		return err
	}
	found := []demographics{}
	block, err := client.Patients(cmd.Context(), parameters, f.block)
	for ; err == nil; block, err = client.Next(cmd.Context(), block, f.block) {
		for i := range block.Patients {
			found = append(found, foundV3(&block.Patients[i]))
		}
		if block.Remaining <= 0 || len(block.Patients) == 0 {
			return f.print(cmd, found)
		}
	}
	return spoken("pdq", err)
}

// parameters words the criteria. An asterisk is what this server takes in HL7 v3 too; others know use="SRCH" alone.
func (f *pdqFlags) parameters() (hl7v3.ParameterList, error) {
	var p hl7v3.ParameterList
	if f.id != "" {
		id, err := hl7v2.ParseCX(f.id)
		if err != nil {
			return p, usagef("--id: %w", err)
		}
		p.IDs = []hl7v3.Param{{II: hl7v3.IIOf(id)}}
	}
	if n := nameOf(f.given, f.family); len(n.Parts) > 0 {
		p.Names = []hl7v3.Name{n}
	}
	if f.mother != "" {
		p.MothersMaidenNames = []hl7v3.Name{nameOf("", f.mother)}
	}
	if f.birth != "" {
		p.BirthTimes = []hl7v3.Interval{{Value: f.birth}}
	}
	if f.sex != "" {
		p.Genders = []hl7v3.Code{genderOf(f.sex)}
	}
	var address hl7v3.Address
	for _, x := range []hl7v3.AddressPart{{Kind: "city", Text: f.city}, {Kind: "postalCode", Text: f.postcode}} {
		if x.Text != "" {
			address.Parts = append(address.Parts, x)
			p.Addresses = []hl7v3.Address{address}
		}
	}
	if f.phone != "" {
		p.Telecoms = []hl7v3.Telecom{{Value: "tel:" + strings.ReplaceAll(f.phone, " ", "")}}
	}
	for _, d := range f.domains {
		p.ScopingOrganizations = append(p.ScopingOrganizations, hl7v3.Param{II: hl7v3.II{Root: d}})
	}
	return p, nil
}

func nameOf(given, family string) (n hl7v3.Name) {
	for _, x := range []hl7v3.NamePart{{Kind: hl7v3.Given, Text: given}, {Kind: hl7v3.Family, Text: family}} {
		if x.Text != "" {
			n.Parts = append(n.Parts, x)
		}
	}
	return n
}

// foundV3 is a patient as pdq prints it.
func foundV3(p *hl7v3.Patient) demographics {
	d := demographics{Birth: p.Person.BirthTime, Sex: p.Person.Gender.Code, Score: p.MatchDegree}
	for _, id := range p.AllIDs() {
		if cx, err := id.CX(); err == nil {
			d.IDs = append(d.IDs, cx.String())
		}
	}
	if len(p.Person.Names) > 0 {
		n := p.Person.Names[0]
		d.Name = strings.Join(n.All(hl7v3.Family), " ") + ", " + strings.Join(n.All(hl7v3.Given), " ")
		if len(n.Parts) == 0 {
			d.Name = n.Text
		}
	}
	if len(p.Person.Addresses) > 0 {
		a := p.Person.Addresses[0]
		part := func(kind string) string { return strings.Join(a.All(kind), " ") }
		d.Address = strings.TrimSpace(part("streetAddressLine") + ", " + part("postalCode") + " " + part("city"))
	}
	return d
}
