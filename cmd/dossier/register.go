package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
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
			client, err := newClient(cmd)
			if err != nil {
				return err
			}
			reply, err := client.Call(cmd.Context(), to, soap.Call{Action: iti.RegisterDocumentSet.Action, Body: []soap.Segment{{XML: body}}})
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
	addClientFlags(cmd)
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
