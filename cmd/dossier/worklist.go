package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/store/sqldb"
)

// openIndex opens the patient index of the configuration, also while a server uses it. The commands that read it show patients,
// which the admin listener never does: they need the right to read the database instead.
func openIndex(cmd *cobra.Command) (index *sqldb.Identities, policy *pix.Policy, done func() error, err error) {
	c, err := configOf(cmd)
	if err != nil {
		return nil, nil, nil, err
	}
	db, err := openDatabase(cmd.Context(), c, nil, sqldb.Options{})
	if err != nil {
		return nil, nil, nil, err
	}
	policy = c.policy()
	return db.Identities(policy), policy, db.Close, nil
}

// reviewed is a line of the worklist.
type reviewed struct {
	Weight float64 `json:"weight"`
	Reason string  `json:"reason"`
	A      shown   `json:"a"`
	B      shown   `json:"b"`
}

type shown struct {
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Birth string `json:"birthDate,omitempty"`
	Sex   string `json:"sex,omitempty"`
}

func newWorklist() *cobra.Command {
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "worklist",
		Short: "List possible duplicates, the most alike first; link, unlink or merge them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			index, policy, done, err := openIndex(cmd)
			if err != nil {
				return err
			}
			defer done()
			reviews, err := index.Reviews(cmd.Context(), limit)
			if err != nil {
				return err
			}
			rows := []reviewed{}
			for _, r := range reviews {
				rows = append(rows, reviewed{r.Weight, string(r.Reason), show(policy, r.A), show(policy, r.B)})
			}
			if asJSON {
				return writeJSON(cmd.OutOrStdout(), rows)
			}
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			for _, r := range rows {
				for _, s := range []shown{r.A, r.B} {
					fmt.Fprintf(w, "%.1f\t%s\t%s\t%s\t%s\t%s\n", r.Weight, r.Reason, s.ID, s.Name, s.Birth, s.Sex)
				}
			}
			return w.Flush()
		},
	}
	addConfigFlags(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 100, "the most pairs to list")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func show(p *pix.Policy, i *pix.Identity) shown {
	s := shown{ID: p.Domains.CX(i.Key).Value().Raw(), Birth: string(i.Demographics.BirthDate), Sex: i.Demographics.Sex}
	if len(i.Demographics.Names) > 0 {
		n := i.Demographics.Names[0]
		s.Name = n.Family + ", " + n.Given
	}
	return s
}

func newHistory() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "history 'ID^^^&OID&ISO'",
		Short: "List who changed what of an id, when, and by which message",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := hl7v2.ParseCX(args[0])
			if err != nil {
				return usagef("%w", err)
			}
			return printHistory(cmd, id, asJSON)
		},
	}
	addConfigFlags(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// happened is a line of the history.
type happened struct {
	At      time.Time         `json:"at"`
	Event   string            `json:"event"`
	ID      string            `json:"id"`
	Other   string            `json:"other,omitempty"`
	Kind    string            `json:"kind,omitempty"`
	Source  string            `json:"source"`
	Message string            `json:"message"`
	Before  *pix.Demographics `json:"before,omitempty"`
}

func printHistory(cmd *cobra.Command, id hl7v2.CX, asJSON bool) error {
	index, policy, done, err := openIndex(cmd)
	if err != nil {
		return err
	}
	defer done()
	entries, err := index.History(cmd.Context(), id.Key())
	if err != nil {
		return err
	}
	rows := []happened{}
	for _, e := range entries {
		h := happened{
			At: e.Origin.At, Event: string(e.Event), ID: policy.Domains.CX(e.Identity.Key).Value().Raw(), Kind: string(e.Kind),
			Source: e.Origin.Source.Application + "|" + e.Origin.Source.Facility, Message: e.Origin.Message, Before: e.Before,
		}
		if e.Other != nil {
			h.Other = policy.Domains.CX(e.Other.Key).Value().Raw()
		}
		rows = append(rows, h)
	}
	if asJSON {
		return writeJSON(cmd.OutOrStdout(), rows)
	}
	w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	for _, h := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", h.At.Format(time.RFC3339), h.Event, h.ID, h.Other, h.Kind, h.Source, h.Message)
	}
	return w.Flush()
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
