package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dossier/hl7v2"
)

// feedFlags is the flags of feed.
type feedFlags struct {
	to, patient, event, subsumed, family, given, birth, sex string
	useV3                                                   bool
	v3                                                      v3Flags
}

func newFeed() *cobra.Command {
	f := &feedFlags{}
	cmd := &cobra.Command{
		Use:   "feed --to ADDR --patient 'ID^^^&OID&ISO'",
		Short: "Make a patient known or merge two (ITI-8 over MLLP, ITI-44 over SOAP)",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "host:port of the MLLP listener, mllps://host:port for TLS; with --v3 the URL of /pix/manager or /xds/registry")
	flags.StringVar(&f.patient, "patient", "", "patient id; with --merge the one that survives")
	flags.StringVar(&f.event, "event", "A04", "trigger event: A01, A04, A05 or A08; --merge makes it A40")
	flags.StringVar(&f.subsumed, "merge", "", "patient id that becomes an alias of --patient for good")
	flags.BoolVar(&f.useV3, "v3", false, "send HL7 v3 (ITI-44)")
	f.v3.add(cmd)
	flags.StringVar(&f.family, "family", "TEST", "family name")
	flags.StringVar(&f.given, "given", "PATIENT", "given name")
	flags.StringVar(&f.birth, "birth", "", "birth date YYYYMMDD")
	flags.StringVar(&f.sex, "sex", "U", "F, M, O, U, A or N")
	addClientFlags(cmd)
	return cmd
}

func (f *feedFlags) run(cmd *cobra.Command) error {
	if f.to == "" {
		return usagef("--to is required, such as --to 127.0.0.1:2575")
	}
	if f.useV3 || isURL(f.to) {
		return f.runV3(cmd)
	}
	msg, err := f.message(time.Now())
	if err != nil {
		return err
	}
	client, err := dialMLLP(cmd, f.to)
	if err != nil {
		return err
	}
	defer client.Close()
	answer, err := client.Send(cmd.Context(), msg)
	if err != nil {
		return err
	}
	ack, err := hl7v2.ParseMessage(answer)
	if err != nil {
		return fmt.Errorf("feed: acknowledgement cannot be read: %w", err)
	}
	code := ack.Field("MSA", 1).Text()
	if code != hl7v2.Accept {
		return fmt.Errorf("feed: %s\n%s", code, strings.ReplaceAll(string(answer), "\r", "\n"))
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), code)
	return err
}

// message builds ADT for v2.3.1 as ITI TF-2: 3.8.4.1.2 has it.
func (f *feedFlags) message(now time.Time) ([]byte, error) {
	patient, err := patientFlag(f.patient)
	if err != nil {
		return nil, err
	}
	event, structure := strings.ToUpper(f.event), "ADT_A01"
	if f.subsumed != "" {
		event, structure = "A40", "ADT_A39"
	}
	stamp := now.UTC().Format("20060102150405")
	b := hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "DOSSIER"}, SendingFacility: hl7v2.HD{Namespace: "CLI"},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		Time: stamp, Type: "ADT", Trigger: event, Structure: structure, ControlID: controlID(uuid.NewString()), ProcessingID: "P", Version: "2.3.1",
	})
	b.Segment("EVN", hl7v2.Text(event), hl7v2.Text(stamp))
	pid := []hl7v2.Value{nil, nil, identifier(patient)}
	if f.subsumed == "" {
		pid = append(pid, nil, hl7v2.Composite(f.family, f.given), nil, hl7v2.Text(f.birth), hl7v2.Text(f.sex))
	}
	b.Segment("PID", pid...)
	if f.subsumed == "" {
		return b.Segment("PV1", nil, hl7v2.Text("O")).Bytes(), nil
	}
	subsumed, err := hl7v2.ParseCX(f.subsumed)
	if err != nil {
		return nil, usagef("--merge: %w", err)
	}
	return b.Segment("MRG", identifier(subsumed)).Bytes(), nil
}

func identifier(c hl7v2.CX) hl7v2.Value {
	return hl7v2.Nested([]string{c.ID}, nil, nil, []string{c.Authority.Namespace, c.Authority.UniversalID, c.Authority.UniversalIDType})
}
