package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dossier/hl7v2"
	pixconsumer "dossier/pix/consumer"
)

// pdqFlags is the flags of pdq.
type pdqFlags struct {
	peer
	v3                                                           v3Flags
	family, given, mother, birth, sex, id, city, postcode, phone string
	domains                                                      []string
	block                                                        int
	json                                                         bool
}

// demographics is a patient as pdq prints it.
type demographics struct {
	IDs     []string `json:"ids"`
	Name    string   `json:"name"`
	Birth   string   `json:"birthDate"`
	Sex     string   `json:"sex"`
	Address string   `json:"address"`
	Score   string   `json:"score"`
}

func newPDQ() *cobra.Command {
	f := &pdqFlags{}
	cmd := &cobra.Command{
		Use:   "pdq --to ADDR [--family NAME] [--birth DATE] ...",
		Short: "Find patients by demographics (ITI-21; ITI-47 when --to is a URL); * stands for any letters",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	f.flags(cmd)
	f.v3.add(cmd)
	flags := cmd.Flags()
	for _, x := range []struct {
		to         *string
		name, help string
	}{
		{&f.family, "family", "family name"}, {&f.given, "given", "given name"}, {&f.mother, "mother", "mother's maiden family name"},
		{&f.birth, "birth", "birth date YYYY[MM[DD]]"}, {&f.sex, "sex", "F, M, O, U, A or N"}, {&f.id, "id", "patient id, ID^^^&OID&ISO"},
		{&f.city, "city", "city"}, {&f.postcode, "postcode", "postcode"}, {&f.phone, "phone", "telephone number"},
	} {
		flags.StringVar(x.to, x.name, "", x.help)
	}
	flags.StringArrayVar(&f.domains, "domain", nil, "OID of a domain whose ids are wanted; all domains when not given")
	flags.IntVar(&f.block, "block", 50, "patients in one answer; the command goes on until it has all")
	flags.BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// criteria reads the flags.
func (f *pdqFlags) criteria() (c pixconsumer.Criteria, err error) {
	if f.id != "" {
		if c.ID, err = hl7v2.ParseCX(f.id); err != nil {
			return c, usagef("--id: %w", err)
		}
	}
	texts := []string{f.id, f.family, f.given, f.mother, f.birth, f.sex, f.city, f.postcode, f.phone}
	if strings.Join(texts, "") == "" {
		return c, usagef("expected at least one criterion, such as --family; see dossier pdq --help")
	}
	c.Family, c.Given, c.MothersFamily, c.Birth, c.Sex = f.family, f.given, f.mother, f.birth, f.sex
	c.City, c.Postcode, c.Phone, c.Domains = f.city, f.postcode, f.phone, f.domains
	return c, nil
}

func (f *pdqFlags) run(cmd *cobra.Command) error {
	criteria, err := f.criteria()
	if err != nil {
		return err
	}
	_, client, hangUp, err := f.asker(cmd, &f.v3)
	if err != nil {
		return err
	}
	defer hangUp()
	found := []demographics{}
	block, err := client.Patients(cmd.Context(), criteria, f.block)
	for ; err == nil; block, err = client.Next(cmd.Context(), block, f.block) {
		for i := range block.Patients {
			found = append(found, printable(&block.Patients[i]))
		}
		if !block.More {
			return f.print(cmd, found)
		}
	}
	return spoken("pdq", err)
}

// printable is a patient as pdq prints it.
func printable(p *pixconsumer.Patient) demographics {
	d := demographics{
		Name: p.Family + ", " + p.Given, Birth: p.Birth, Sex: p.Sex, Score: p.Score,
		Address: strings.TrimSpace(p.Street + ", " + p.Postcode + " " + p.City),
	}
	for _, id := range p.IDs {
		d.IDs = append(d.IDs, id.Value().Raw())
	}
	return d
}

func (f *pdqFlags) print(cmd *cobra.Command, found []demographics) error {
	if f.json {
		return writeJSON(cmd.OutOrStdout(), found)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, d := range found {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", d.Name, d.Birth, d.Sex, d.Address, strings.Join(d.IDs, " "))
	}
	return w.Flush()
}
