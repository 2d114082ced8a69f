package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dossier/hl7v2"
	pixconsumer "dossier/pix/consumer"
	"dossier/pix/hl7v3"
)

// v3Flags say who speaks to whom in HL7 v3.
type v3Flags struct{ device, receiver string }

func (f *v3Flags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.device, "device", "2.999.1.99", "HL7 v3: OID by which messages name this sender")
	cmd.Flags().StringVar(&f.receiver, "receiver", demoDevice, "HL7 v3: OID by which messages name the server")
}

// client is for one run of a command; the user can interrupt it.
func (f *v3Flags) client(cmd *cobra.Command, url string) (*pixconsumer.V3, error) {
	for _, x := range [][2]string{{"--device", f.device}, {"--receiver", f.receiver}} {
		if !hl7v2.IsOID(x[1]) {
			return nil, usagef("%s: expected an OID such as 2.999.1.99, got %q", x[0], x[1])
		}
	}
	client, err := newClient(cmd)
	if err != nil {
		return nil, err
	}
	return &pixconsumer.V3{SOAP: client, URL: url, Device: f.device, Receiver: f.receiver, NewUUID: uuid.NewString, Now: time.Now}, nil
}

// interactions of HL7 v3 for the trigger events of HL7 v2.
var interactions = map[string]hl7v3.Interaction{
	"A01": hl7v3.PatientAdded, "A04": hl7v3.PatientAdded, "A05": hl7v3.PatientAdded, "A08": hl7v3.PatientRevised,
}

// runV3 sends what the flags say by ITI-44.
func (f *feedFlags) runV3(cmd *cobra.Command) error {
	patient, err := patientFlag(f.patient)
	if err != nil {
		return err
	}
	interaction, ok := interactions[f.event]
	if !ok {
		return usagef("--event: expected A01, A04, A05 or A08, got %q", f.event)
	}
	organization := hl7v3.II{Root: patient.Authority.UniversalID}
	event := hl7v3.RegistrationEvent{Custodian: organization, Patient: hl7v3.Patient{
		IDs: []hl7v3.II{hl7v3.IIOf(patient)}, Person: f.person(), Provider: hl7v3.Organization{IDs: []hl7v3.II{organization}},
	}}
	if f.subsumed != "" {
		subsumed, err := hl7v2.ParseCX(f.subsumed)
		if err != nil {
			return usagef("--merge: %w", err)
		}
		interaction = hl7v3.PatientDuplicatesResolved
		event.Replaced = []hl7v3.PriorRegistration{{IDs: []hl7v3.II{hl7v3.IIOf(subsumed)}}}
	}
	client, err := f.v3.client(cmd, f.to)
	if err != nil {
		return err
	}
	if err := client.Feed(cmd.Context(), interaction, event); err != nil {
		return spoken("feed", err)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s acknowledged\n", interaction)
	return nil
}

func (f *feedFlags) person() hl7v3.Person {
	return hl7v3.Person{BirthTime: f.birth, Names: []hl7v3.Name{pixconsumer.NameV3(f.given, f.family)}, Gender: pixconsumer.GenderV3(f.sex)}
}

// spoken says what a peer answered in its own words: they are for the user who asked.
func spoken(what string, err error) error {
	var refused *pixconsumer.Refused
	if !errors.As(err, &refused) {
		return fmt.Errorf("%s: %w", what, err)
	}
	text := what + ": refused with " + refused.Type
	for _, d := range refused.Details {
		text += fmt.Sprintf("\n  %s %s  %s", d.Type, d.Code, d.Text)
		for _, l := range d.Locations {
			text += "\n        at " + l
		}
	}
	return errors.New(text)
}
