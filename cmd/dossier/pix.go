package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	pixconsumer "dossier/pix/consumer"
)

// peer is where messages of HL7 v2 go and who sends them.
type peer struct{ to, application, facility string }

func (p *peer) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.to, "to", "", "host:port of the MLLP listener; mllps://host:port says that it must be TLS")
	f.StringVar(&p.application, "application", "DOSSIER", "MSH-3, the sending application")
	f.StringVar(&p.facility, "facility", "CLI", "MSH-4, the sending facility")
	addClientFlags(cmd)
}

// header starts a message of version 2.5.
func (p *peer) header(typ, trigger, structure string) *hl7v2.Builder {
	return hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: p.application}, SendingFacility: hl7v2.HD{Namespace: p.facility},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		Time: stamp(), Type: typ, Trigger: trigger, Structure: structure, ControlID: controlID(uuid.NewString()), ProcessingID: "P", Version: "2.5",
	})
}

func stamp() string { return string(hl7v2.FormatDTM(time.Now())) + "+0000" }

// line is a connection for one command.
func (p *peer) line(cmd *cobra.Command) (*mllp.Client, error) { return dialMLLP(cmd, p.to) }

// exchange sends a message on an open connection. A refusal is an error that shows what the receiver said.
func exchange(ctx context.Context, client *mllp.Client, b *hl7v2.Builder) (*hl7v2.Message, error) {
	answer, err := client.Send(ctx, b.Bytes())
	if err != nil {
		return nil, err
	}
	msg, err := hl7v2.ParseMessage(answer)
	if err != nil {
		return nil, fmt.Errorf("the answer cannot be read: %w", err)
	}
	if code := msg.Field("MSA", 1).Text(); code != hl7v2.Accept {
		return nil, fmt.Errorf("%s\n%s", code, strings.ReplaceAll(strings.TrimRight(string(answer), "\r"), "\r", "\n"))
	}
	return msg, nil
}

func newPIX() *cobra.Command {
	cmd := &cobra.Command{Use: "pix", Short: "Ask and correct the patient index: cross-references, links, merges, worklist"}
	cmd.AddCommand(newPIXQuery(), newPIXPair("link", "A24", "Say that two ids are one person (ITI-30, A24)"),
		newPIXPair("unlink", "A37", "Say that two ids are two people, for good (ITI-30, A37)"), newPIXMerge(), newWorklist(), newHistory())
	return cmd
}

func newPIXQuery() *cobra.Command {
	var p peer
	var v3 v3Flags
	var patient string
	var domains []string
	cmd := &cobra.Command{
		Use:   "query --to ADDR --patient 'ID^^^&OID&ISO' [--domain OID]...",
		Short: "List the other ids of a patient (ITI-9; ITI-45 when --to is a URL)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			id, err := patientFlag(patient)
			if err != nil {
				return err
			}
			client, _, hangUp, err := p.asker(cmd, &v3)
			if err != nil {
				return err
			}
			defer hangUp()
			ids, err := client.CrossReferences(cmd.Context(), id, domains...)
			if err != nil {
				return spoken("pix query", err)
			}
			for _, id := range ids {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), id.Value().Raw()); err != nil {
					return err
				}
			}
			return nil
		},
	}
	p.flags(cmd)
	v3.add(cmd)
	cmd.Flags().StringVar(&patient, "patient", "", "patient id")
	cmd.Flags().StringArrayVar(&domains, "domain", nil, "OID of a domain whose ids are wanted; all domains when not given")
	return cmd
}

// asker is a client of the PIX Manager and Patient Demographics Supplier at --to, of HL7 v3 where that is a URL.
func (p *peer) asker(cmd *cobra.Command, v3 *v3Flags) (pixconsumer.Manager, pixconsumer.Supplier, func(), error) {
	if isURL(p.to) {
		client, err := v3.client(cmd, p.to)
		return client, client, func() {}, err
	}
	line, err := p.line(cmd)
	if err != nil {
		return nil, nil, nil, err
	}
	client := &pixconsumer.V2{
		Line: line, Peer: p.to, Application: hl7v2.HD{Namespace: p.application}, Facility: hl7v2.HD{Namespace: p.facility},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		NewID: func() string { return controlID(uuid.NewString()) }, Now: time.Now,
	}
	return client, client, func() { _ = line.Close() }, nil // nothing is lost with it
}

// newPIXPair is a command about two patients.
func newPIXPair(name, trigger, short string) *cobra.Command {
	var p peer
	cmd := &cobra.Command{
		Use:   name + " --to ADDR 'ID^^^&OID&ISO' 'ID^^^&OID&ISO'",
		Short: short,
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			a, b, err := twoIDs(args)
			if err != nil {
				return err
			}
			m := p.header("ADT", trigger, "ADT_"+trigger).Segment("EVN", nil, hl7v2.Text(stamp()))
			m.Segment("PID", nil, nil, a.Value()).Segment("PV1", nil, hl7v2.Text("N"))
			m.Segment("PID", nil, nil, b.Value()).Segment("PV1", nil, hl7v2.Text("N"))
			return p.order(cmd, m)
		},
	}
	p.flags(cmd)
	return cmd
}

func newPIXMerge() *cobra.Command {
	var p peer
	cmd := &cobra.Command{
		Use:   "merge --to ADDR SURVIVOR SUBSUMED",
		Short: "Make one id of a domain an alias of another, for good (ITI-30, A40)",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			survivor, subsumed, err := twoIDs(args)
			if err != nil {
				return err
			}
			m := p.header("ADT", "A40", "ADT_A39").Segment("EVN", nil, hl7v2.Text(stamp()))
			return p.order(cmd, m.Segment("PID", nil, nil, survivor.Value()).Segment("MRG", subsumed.Value()))
		},
	}
	p.flags(cmd)
	return cmd
}

func twoIDs(args []string) (a, b hl7v2.CX, err error) {
	if a, err = hl7v2.ParseCX(args[0]); err == nil {
		b, err = hl7v2.ParseCX(args[1])
	}
	if err != nil {
		err = usagef("%w", err)
	}
	return a, b, err
}

// order sends a change and prints the acknowledgement.
func (p *peer) order(cmd *cobra.Command, b *hl7v2.Builder) error {
	client, err := p.line(cmd)
	if err != nil {
		return err
	}
	defer client.Close()
	msg, err := exchange(cmd.Context(), client, b)
	if err != nil {
		return fmt.Errorf("%s: %w", cmd.CommandPath(), err)
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), msg.Field("MSA", 1).Text())
	return err
}
