package main

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dossier/hl7v2"
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

// criteria writes QPD-3.
func (f *pdqFlags) criteria() (hl7v2.Value, error) {
	var out []hl7v2.Repetition
	add := func(name, value string) {
		if value != "" {
			out = append(out, hl7v2.Composite("@"+name, value))
		}
	}
	if f.id != "" {
		id, err := hl7v2.ParseCX(f.id)
		if err != nil {
			return nil, usagef("--id: %w", err)
		}
		add("PID.3.1", id.ID)
		add("PID.3.4.2", id.Authority.UniversalID)
		add("PID.3.4.3", "ISO")
	}
	add("PID.5.1.1", f.family)
	add("PID.5.2", f.given)
	add("PID.6.1.1", f.mother)
	add("PID.7", f.birth)
	add("PID.8", f.sex)
	add("PID.11.3", f.city)
	add("PID.11.5", f.postcode)
	add("PID.13.1", f.phone)
	if len(out) == 0 {
		return nil, usagef("expected at least one criterion, such as --family; see dossier pdq --help")
	}
	return hl7v2.Repeat(out...), nil
}

func (f *pdqFlags) run(cmd *cobra.Command) error {
	if isURL(f.to) {
		return f.runV3(cmd)
	}
	criteria, err := f.criteria()
	if err != nil {
		return err
	}
	client, err := f.line(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	found := []demographics{}
	tag := uuid.NewString()
	for pointer := ""; ; {
		b := f.header("QBP", "Q22", "QBP_Q21")
		b.Segment("QPD", hl7v2.Text("IHE PDQ Query"), hl7v2.Text(tag), criteria, nil, nil, nil, nil, authorities(f.domains))
		b.Segment("RCP", hl7v2.Text("I"), hl7v2.Composite(strconv.Itoa(f.block), "RD"))
		if pointer != "" {
			b.Segment("DSC", hl7v2.Text(pointer), hl7v2.Text("I"))
		}
		msg, err := exchange(cmd.Context(), client, b)
		if err != nil {
			return fmt.Errorf("pdq: %w", err)
		}
		found = append(found, patientsOf(msg)...)
		if pointer = msg.Field("DSC", 1).Text(); pointer == "" {
			break
		}
	}
	return f.print(cmd, found)
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

// patientsOf reads PID and QRI of an answer.
func patientsOf(msg *hl7v2.Message) []demographics {
	var out []demographics
	for s := range msg.Segments() {
		switch s.Name() {
		case "PID":
			name, address := s.Field(5).Repetition(1), s.Field(11).Repetition(1)
			d := demographics{
				Name: name.Subcomponent(1, 1) + ", " + name.Component(2), Birth: s.Field(7).Text(), Sex: s.Field(8).Text(),
				Address: strings.TrimSpace(address.Subcomponent(1, 1) + ", " + address.Component(5) + " " + address.Component(3)),
			}
			for r := range s.Field(3).Repetitions() {
				d.IDs = append(d.IDs, r.Raw())
			}
			out = append(out, d)
		case "QRI":
			if len(out) > 0 {
				out[len(out)-1].Score = s.Field(1).Text()
			}
		}
	}
	return out
}
