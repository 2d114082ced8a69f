package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dossier/atna"
	"dossier/atna/repository"
	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/sqldb"
)

func newAudit() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Verify, search and export the audit trail; the server may run"}
	cmd.AddCommand(newAuditVerify(), newAuditSearch(), newAuditPatient(), newAuditExport(), newAuditForget())
	return cmd
}

// auditCommand is a command on the database of a configuration.
func auditCommand(use, short, long string, args cobra.PositionalArgs, run func(cmd *cobra.Command, c *Config, db *sqldb.DB, args []string) error) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: args, RunE: func(cmd *cobra.Command, args []string) (err error) {
		c, err := configOf(cmd)
		if err != nil {
			return err
		}
		if _, err := os.Stat(c.sqliteFile()); err != nil && c.Database == "" {
			return usagef("--data: no store there: %w", err)
		}
		db, err := openDatabase(cmd.Context(), c, nil, sqldb.Options{})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return run(cmd, c, db, args)
	}}
	addConfigFlags(cmd.Flags())
	return cmd
}

// used records who read the trail, before anything of it is shown (DICOM PS3.15 A.5.3.2).
func used(ctx context.Context, c *Config, db *sqldb.DB, what string, patients []string) error {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	node := auditNode(c, fmt.Sprint(os.Getpid()))
	e := node.LogUsed(time.Now(), atna.Party{UserID: name, NetworkAccess: node.Host}, "dossier audit "+what, patients, atna.Success)
	return db.Record(ctx, store.AuditMessage{Event: &e, Message: atna.Append(nil, &e)})
}

func newAuditSearch() *cobra.Command {
	cmd := auditCommand("search", "List events, the latest first, one line each", "", cobra.NoArgs, searchAudit)
	f := cmd.Flags()
	f.StringArray("patient", nil, "patient id as CX")
	f.StringArray("user", nil, "user or system")
	f.StringArray("type", nil, "transaction or code, such as ITI-43 or 110120")
	f.StringArray("exchange", nil, "reference of a request, as answers and the log have it")
	f.IntSlice("outcome", nil, "0, 4, 8 or 12")
	f.String("since", "", "first day, or time in RFC 3339")
	f.String("until", "", "day or time that is not reached")
	f.Int("limit", 100, "most events")
	f.Bool("xml", false, "print the messages themselves")
	return cmd
}

func searchAudit(cmd *cobra.Command, c *Config, db *sqldb.DB, _ []string) error {
	q, patients, err := searchOf(cmd)
	if err != nil {
		return err
	}
	if err := used(cmd.Context(), c, db, "search", patients); err != nil {
		return err
	}
	found, err := db.SearchAudit(cmd.Context(), q)
	if err != nil {
		return err
	}
	asXML, err := cmd.Flags().GetBool("xml")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	for i := range found {
		if asXML {
			fmt.Fprintf(w, "%s\n", found[i].Message)
			continue
		}
		fmt.Fprintln(w, auditLine(&found[i]))
	}
	return w.Flush()
}

// auditLine is an event on one line: what it names is quoted, so that no name can pretend to be another line.
func auditLine(m *store.AuditMessage) string {
	if m.Event == nil {
		return fmt.Sprintf("%s unparsed from %s, %d bytes", m.Stored().Format(time.RFC3339), m.Peer, len(m.Message))
	}
	id := &m.Event.Identification
	kind := id.ID.Text
	if len(id.Types) > 0 {
		kind = id.Types[0].Value + " " + id.Types[0].Text
	}
	keys := m.Event.Keys()
	return fmt.Sprintf("%s %-7s %s %q users %q patients %q", id.Time.Format(time.RFC3339), id.Outcome, m.Exchange, kind, keys.Users, keys.Patients)
}

func searchOf(cmd *cobra.Command) (q store.AuditQuery, patients []string, err error) {
	f := cmd.Flags()
	get := func(e error) {
		if err == nil {
			err = e
		}
	}
	var e error
	patients, e = f.GetStringArray("patient")
	get(e)
	for _, p := range patients {
		cx, e := hl7v2.ParseCX(p)
		if e != nil {
			get(usagef("--patient: %w", e))
		}
		q.Patients = append(q.Patients, cx.Key())
	}
	q.Users, e = f.GetStringArray("user")
	get(e)
	types, e := f.GetStringArray("type")
	get(e)
	for _, t := range types {
		if t >= "110100" && t <= "110114" { // EventID (DICOM PS3.16 CID 400)
			q.EventIDs = append(q.EventIDs, t)
		} else {
			q.Types = append(q.Types, t)
		}
	}
	q.Exchanges, e = f.GetStringArray("exchange")
	get(e)
	outcomes, e := f.GetIntSlice("outcome")
	get(e)
	for _, o := range outcomes {
		q.Outcomes = append(q.Outcomes, atna.Outcome(o))
	}
	q.Limit, e = f.GetInt("limit")
	get(e)
	for name, to := range map[string]*time.Time{"since": &q.From, "until": &q.To} {
		s, e := f.GetString(name)
		get(e)
		if s == "" {
			continue
		}
		if *to, e = parseTime(s); e != nil {
			get(usagef("--%s: %w", name, e))
		}
	}
	return q, patients, err
}

func parseTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, errors.New("expected a day such as 2026-01-02 or a time such as 2026-01-02T03:04:05Z")
	}
	return t, nil
}

func newAuditPatient() *cobra.Command {
	cmd := auditCommand("patient CX", "Print in plain words who did what with a patient's record",
		"Numbers that were merged into this one, or it into them, are the same record: what was done under them is listed too.", cobra.ExactArgs(1), patientAudit)
	cmd.Flags().String("language", "en", "en, fr or de")
	cmd.Flags().Int("limit", 1000, "most accesses, the latest")
	return cmd
}

func patientAudit(cmd *cobra.Command, c *Config, db *sqldb.DB, args []string) error {
	cx, err := hl7v2.ParseCX(args[0])
	if err != nil {
		return usagef("expected a patient id such as 'DEMO-1^^^&2.999.1.1&ISO': %w", err)
	}
	word, err := cmd.Flags().GetString("language")
	if err != nil {
		return err
	}
	limit, err := cmd.Flags().GetInt("limit")
	if err != nil {
		return err
	}
	if !slices.Contains(repository.Languages(), repository.Language(word)) {
		return usagef("--language: expected one of %v, got %q", repository.Languages(), word)
	}
	ids, err := db.Identities(c.policy()).Merged(cmd.Context(), cx.Key())
	if err != nil {
		return err
	}
	all := []string{cx.String()}
	for _, k := range ids[1:] {
		all = append(all, hl7v2.CX{ID: k.ID, Authority: hl7v2.HD{UniversalID: k.Authority, UniversalIDType: "ISO"}}.String())
	}
	if err := used(cmd.Context(), c, db, "patient", all); err != nil {
		return err
	}
	found, err := db.SearchAudit(cmd.Context(), store.AuditQuery{Patients: ids, Limit: limit})
	if err != nil {
		return err
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	if len(all) > 1 {
		fmt.Fprintln(w, oneLine(repository.Covers(repository.Language(word), all[1:])))
	}
	for i := range found {
		e := found[i].Event
		if e == nil { // damaged since: something was done, and the patient is not kept from knowing that
			e = &atna.Event{Identification: atna.EventIdentification{Time: found[i].Time}}
		}
		a := repository.Explain(e, repository.Language(word))
		line := a.Time.Local().Format("2006-01-02 15:04") + "  " + a.Who + "  " + a.What
		if a.Outcome != "" {
			line += " (" + a.Outcome + ")"
		}
		fmt.Fprintln(w, oneLine(line))
	}
	return w.Flush()
}

// oneLine keeps a name from pretending to be another line or from steering the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}

func newAuditExport() *cobra.Command {
	cmd := auditCommand("export", "Print the chain or its checkpoints as JSON, one object on each line",
		"Each line of the chain has number, time of storing, prev, hash and message. Checkpoints belong where nobody who can write\n"+
			"to this database can write too; dossier audit verify --checkpoints compares with them.", cobra.NoArgs, exportAudit)
	cmd.Flags().Bool("checkpoints", false, "the checkpoints instead of the events")
	return cmd
}

// exportedLink is a line of the chain.
type exportedLink struct {
	Number  int64     `json:"number"`
	Stored  time.Time `json:"stored"`
	Prev    string    `json:"prev"`
	Hash    string    `json:"hash"`
	Message []byte    `json:"message"`
}

func exportAudit(cmd *cobra.Command, c *Config, db *sqldb.DB, _ []string) error {
	ctx := cmd.Context()
	only, err := cmd.Flags().GetBool("checkpoints")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(cmd.OutOrStdout())
	if only {
		return errors.Join(exportCheckpoints(ctx, w, db), w.Flush())
	}
	if err := used(ctx, c, db, "export", nil); err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	for after := int64(0); ; {
		links, err := db.Links(ctx, after, linkBatch)
		if err != nil {
			return err
		}
		if len(links) == 0 {
			return w.Flush()
		}
		for _, l := range links {
			after = l.Number
			if err := enc.Encode(exportedLink{l.Number, l.Stored, fmt.Sprintf("%x", l.Prev), fmt.Sprintf("%x", l.Hash), l.Message}); err != nil {
				return err
			}
		}
	}
}
