package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
	"dossier/xds/validate"
)

func newRegister() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "register --to URL FILE.xml",
		Short: "Register metadata (ITI-42)",
		Long:  "The file holds an lcm:SubmitObjectsRequest, alone (then it is sent as it is) or inside a message.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := required(cmd, "to")
			if err != nil {
				return err
			}
			body, err := submitBody(args[0])
			if err != nil {
				return err
			}
			reply, err := newClient().Call(cmd.Context(), to, soap.Call{Action: iti.RegisterDocumentSet.Action, Body: []soap.Segment{{XML: body}}})
			if err != nil {
				return err
			}
			defer reply.Close()
			if err := registryResponse(cmd, "register", reply.Body); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "Success")
			return err
		},
	}
	cmd.Flags().String("to", "", "URL of the Document Registry")
	return cmd
}

// submitBody copies a SubmitObjectsRequest that is a document of its own and renders one that leans on the namespaces
// around it anew.
func submitBody(file string) ([]byte, error) {
	doc, err := parseFile(file)
	if err != nil {
		return nil, err
	}
	e := findSubmission(doc.Root)
	if e == nil {
		return nil, fmt.Errorf("%s: %w", file, errNoSubmission)
	}
	if e == doc.Root {
		return doc.Bytes[e.Start:e.End], nil
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(e)
	if !ok {
		return nil, fmt.Errorf("%s: lcm:SubmitObjectsRequest has no rim:RegistryObjectList", file)
	}
	return ebrim.AppendSubmitObjectsRequest(nil, list), nil
}

func newValidate() *cobra.Command {
	var strict bool
	var codeSets string
	cmd := &cobra.Command{
		Use:   "validate FILE.xml",
		Short: "Check metadata offline by every rule that needs no registry",
		Long: "The file holds an ITI-42 message, an ITI-41 message (then hash, size and repositoryUniqueId may be absent) or their\n" +
			"lcm:SubmitObjectsRequest. Patients, references and uniqueIds are the registry's to check.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			doc, err := parseFile(args[0])
			if err != nil {
				return err
			}
			e := findSubmission(doc.Root)
			if e == nil {
				return fmt.Errorf("%s: %w", args[0], errNoSubmission)
			}
			list, ok := ebrim.DecodeSubmitObjectsRequest(e)
			if !ok {
				return fmt.Errorf("%s: lcm:SubmitObjectsRequest has no rim:RegistryObjectList", args[0])
			}
			provided := e.Parent != nil && e.Parent.Is(xds.NS, "ProvideAndRegisterDocumentSetRequest")
			s := xds.ReadSubmission(list)
			problems := validate.Submission(s, validate.Profile{Registry: !provided, Strict: strict})
			inSets, err := codeProblems(codeSets, s)
			if err != nil {
				return err
			}
			return report(cmd, append(problems, inSets...))
		},
	}
	cmd.Flags().StringVar(&codeSets, "codes", "", "file of the affinity domain's code sets, YAML or codes.xml")
	cmd.Flags().BoolVar(&strict, "strict", false, "also what real clients get wrong and a lenient registry takes")
	return cmd
}

// report prints one block per problem: code, rule, section, location, text.
func report(cmd *cobra.Command, problems xds.Errors) error {
	w := cmd.OutOrStdout()
	for _, e := range problems {
		severity := "error"
		if e.Warning {
			severity = "warning"
		}
		fmt.Fprintf(w, "%s %s  %s  %s\n  at   %s\n  %s\n", severity, e.Code, e.Rule, e.Section, e.Location, e.Context)
	}
	if problems.Refused() {
		return fmt.Errorf("%d problems", len(problems))
	}
	_, err := fmt.Fprintf(w, "valid: all %d rules hold\n", len(validate.Rules()))
	return err
}
