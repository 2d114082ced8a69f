package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/xds"
	"dossier/xds/validate"
)

func newValidate() *cobra.Command {
	var strict bool
	var codeSets, config string
	cmd := &cobra.Command{
		Use:   "validate FILE.xml",
		Short: "Check metadata offline by every rule that needs no registry",
		Long: "The file holds an ITI-42 message, an ITI-41 message (then hash, size and repositoryUniqueId may be absent) or their\n" +
			"lcm:SubmitObjectsRequest. Patients, references and uniqueIds are the registry's to check. With --config the rules are\n" +
			"judged as a server with that configuration does: registry.validation, registry.rules, domain.codes.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p := validate.Profile{}
			if config != "" {
				c, err := configOf(cmd)
				if err != nil {
					return err
				}
				p = c.Registry.profile()
				if codeSets == "" {
					codeSets = c.Domain.Codes
				}
			}
			p.Strict = p.Strict || strict
			s, provided, err := submissionIn(args[0])
			if err != nil {
				return err
			}
			p.Registry = !provided
			found := validate.Submission(s, p)
			inSets, err := codeProblems(codeSets, s)
			if err != nil {
				return err
			}
			found.Take(inSets)
			return report(cmd.OutOrStdout(), found)
		},
	}
	cmd.Flags().StringVar(&codeSets, "codes", "", "file of the affinity domain's code sets, YAML or codes.xml")
	cmd.Flags().StringVar(&config, "config", "", "YAML file with the configuration of a server")
	cmd.Flags().BoolVar(&strict, "strict", false, "also what real clients get wrong and a lenient registry takes")
	return cmd
}

// submissionIn reads a submission; provided says that it is part of an ITI-41 message.
func submissionIn(file string) (s *xds.Submission, provided bool, err error) {
	doc, err := parseFile(file)
	if err != nil {
		return nil, false, err
	}
	e := findSubmission(doc.Root)
	if e == nil {
		return nil, false, fmt.Errorf("%s: %w", file, errNoSubmission)
	}
	list, ok := ebrim.DecodeSubmitObjectsRequest(e)
	if !ok {
		return nil, false, fmt.Errorf("%s: lcm:SubmitObjectsRequest has no rim:RegistryObjectList", file)
	}
	provided = e.Parent != nil && e.Parent.Is(xds.NS, "ProvideAndRegisterDocumentSetRequest")
	return xds.ReadSubmission(list), provided, nil
}

// report prints one block per problem: mode, code, rule, section, location, text.
func report(w io.Writer, found *xds.Findings) error {
	print := func(mode xds.Mode, e *xds.Error) {
		fmt.Fprintf(w, "%s %s  %s  %s\n  at   %s\n  %s\n", mode, e.Code, e.Rule, e.Section, e.Location, e.Context)
	}
	for _, e := range found.Problems {
		mode := xds.ModeReject
		if e.Warning {
			mode = xds.ModeWarn
		}
		print(mode, e)
	}
	for _, e := range found.Noted {
		print(xds.ModeLog, e)
	}
	if n := found.Refusals(); n > 0 {
		return fmt.Errorf("%d problems", n)
	}
	if n := len(found.Problems) + len(found.Noted); n > 0 {
		_, err := fmt.Fprintf(w, "valid, with %d remarks\n", n)
		return err
	}
	judged := 0
	for _, r := range validate.Rules() {
		if found.Mode(&r.Rule) != xds.ModeOff {
			judged++
		}
	}
	_, err := fmt.Fprintf(w, "valid: all %d rules hold\n", judged)
	return err
}
