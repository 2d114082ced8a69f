package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dossier/iti"
	"dossier/xds"
	"dossier/xds/codes"
	"dossier/xds/query"
	"dossier/xds/registry"
	"dossier/xds/repository"
	"dossier/xds/validate"
)

// ruleRow is one line of the table of all rules.
type ruleRow struct {
	Rule         string        `json:"rule"`
	Transactions []string      `json:"transactions"`
	Code         xds.ErrorCode `json:"code"`
	Cite         string        `json:"citation"`
	Lenient      xds.Mode      `json:"lenient"`
	Strict       xds.Mode      `json:"strict"`
	Fixed        bool          `json:"fixed"`
}

// allRules is every rule of the server: those of a submission, of a repository, of a query, of a retrieval.
func allRules() []ruleRow {
	var rows []ruleRow
	add := func(rules []xds.Rule, transactions ...iti.Transaction) {
		var ids []string
		for _, t := range transactions {
			ids = append(ids, t.ID)
		}
		for _, r := range rules {
			rows = append(rows, ruleRow{
				Rule: r.Name, Transactions: ids, Code: r.Code, Cite: r.Cite, Fixed: r.Fixed,
				Lenient: xds.Policy{}.Mode(&r), Strict: xds.Policy{Strict: true}.Mode(&r),
			})
		}
	}
	var metadata []xds.Rule
	for _, r := range validate.Rules() {
		metadata = append(metadata, r.Rule)
	}
	for _, rules := range [][]xds.Rule{metadata, codes.Rules(), registry.RegisterRules()} {
		add(rules, iti.ProvideAndRegisterDocumentSet, iti.RegisterDocumentSet)
	}
	add(repository.ProvideRules(), iti.ProvideAndRegisterDocumentSet)
	add(registry.RelayRules(), iti.ProvideAndRegisterDocumentSet)
	add(query.Rules(), iti.RegistryStoredQuery, iti.MultiPatientStoredQuery)
	add(query.MultiPatientRules(), iti.MultiPatientStoredQuery)
	add(query.ChoiceRules(), iti.RegistryStoredQuery)
	add(registry.QueryRules(), iti.RegistryStoredQuery, iti.MultiPatientStoredQuery)
	add(registry.SinglePatientRules(), iti.RegistryStoredQuery)
	add(repository.RetrieveRules(), iti.RetrieveDocumentSet)
	return rows
}

func newRules() *cobra.Command {
	var asJSON, asMarkdown bool
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Print every rule that requests are judged by",
		Long: "Each rule with its transactions, error code and citation, and what becomes of a submission that breaks it, with\n" +
			"registry.validation lenient and strict. What is not fixed can be set in registry.rules to off, log, warn or reject.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := cmd.OutOrStdout()
			switch {
			case asJSON:
				enc := json.NewEncoder(w)
				enc.SetIndent("", "  ")
				return enc.Encode(allRules())
			case asMarkdown:
				return writeRulesMarkdown(w, nil)
			}
			return writeRules(w)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().BoolVar(&asMarkdown, "markdown", false, "as a Markdown table")
	cmd.MarkFlagsMutuallyExclusive("json", "markdown")
	return cmd
}

func writeRules(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "RULE\tTRANSACTIONS\tCODE\tCITATION\tLENIENT\tSTRICT\t")
	for _, r := range allRules() {
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Rule, strings.Join(r.Transactions, " "), r.Code, r.Cite, r.Lenient, r.Strict, r.fixed())
	}
	return tw.Flush()
}

func (r ruleRow) fixed() string {
	if r.Fixed {
		return "fixed"
	}
	return ""
}

// writeRulesMarkdown writes the table; shown, where there is one, adds where each rule is seen at work.
func writeRulesMarkdown(w io.Writer, shown func(rule string) string) error {
	head, line := "| rule | transactions | code | citation | lenient | strict | |", "|---|---|---|---|---|---|---|"
	if shown != nil {
		head, line = head+" shown by |", line+"---|"
	}
	if _, err := fmt.Fprintf(w, "%s\n%s\n", head, line); err != nil {
		return err
	}
	for _, r := range allRules() {
		row := fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s |", r.Rule, strings.Join(r.Transactions, " "), r.Code, r.Cite, r.Lenient, r.Strict, r.fixed())
		if shown != nil {
			row += " " + shown(r.Rule) + " |"
		}
		if _, err := fmt.Fprintln(w, row); err != nil {
			return err
		}
	}
	return nil
}
