package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"dossier/store"
	"dossier/store/blob"
	"dossier/store/sqldb"
)

func newVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the whole store: database, index, registry and every document's bytes",
		Long: "Reads every document and compares it with the digests it was accepted with, the registry with the repository's\n" +
			"index, and the rows of the database with each other. The server must not run. Finds and reports, changes nothing.\n" +
			"Exit code 1 when anything is damaged. What is left over (a document whose submission was never completed) does no\n" +
			"harm: it is listed, the exit code stays 0, and dossier sweep removes it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configOf(cmd)
			if err != nil {
				return err
			}
			asJSON, err := cmd.Flags().GetBool("json")
			if err != nil {
				return err
			}
			return verify(cmd.Context(), c, cmd.OutOrStdout(), asJSON)
		},
	}
	addConfigFlags(cmd.Flags())
	cmd.Flags().Bool("json", false, "print the report as JSON")
	return cmd
}

// contents is what verify reads.
type contents interface {
	store.Inspector
	store.Documents
}

func verify(ctx context.Context, c *Config, out io.Writer, asJSON bool) error {
	return withStore(ctx, c, func(db contents, blobs blob.Store) error {
		v := newVerifier(c, db, blobs)
		if !asJSON {
			v.print = out // long runs are watched
		}
		for _, step := range []func(context.Context) error{v.database, v.rows, v.objects, v.bytesOfDocuments, v.reservations, v.stray} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return v.finish(out, asJSON)
	})
}

// withStore opens a store that no server has open.
func withStore(ctx context.Context, c *Config, do func(contents, blob.Store) error) (err error) {
	present := filepath.Join(c.Data, "blobs")
	if c.Database == "" {
		present = c.sqliteFile()
	}
	if _, err := os.Stat(present); err != nil {
		return usagef("--data: no store there: %w", err)
	}
	blobs, err := blob.OpenFS(filepath.Join(c.Data, "blobs"))
	if err != nil {
		return fmt.Errorf("document store: %w", err)
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	db, err := openDatabase(ctx, c, blobs.Err, sqldb.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return do(db, blobs)
}

// Severities of a finding.
const (
	damage   = "damage"   // something that was acknowledged is lost or contradicts itself
	leftOver = "leftover" // something that was never acknowledged is still there
)

// finding is one thing that is not as it should be.
type finding struct {
	Severity string `json:"severity"`
	Part     string `json:"part"`         // database, registry, index, document, blob or reservation
	ID       string `json:"id,omitempty"` // entryUUID, uniqueId or digest
	Problem  string `json:"problem"`
}

func (f finding) String() string {
	id := f.ID
	if id != "" {
		id = " " + id
	}
	return fmt.Sprintf("%-8s %s%s: %s", f.Severity, f.Part, id, f.Problem)
}

// inspection is what was read and found.
type inspection struct {
	Documents    int       `json:"documents"`
	Bytes        int64     `json:"bytes"`
	Objects      int       `json:"objects"`
	Entries      int       `json:"documentEntries"`
	Blobs        int       `json:"blobs"`
	Unreferenced int       `json:"unreferenced"`
	Open         int       `json:"openReservations"` // with a registry elsewhere: submissions whose outcome is still to be asked
	Damaged      int       `json:"damaged"`
	LeftOver     int       `json:"leftOver"`
	Findings     []finding `json:"findings"`
}

func (r *inspection) find(print io.Writer, f finding) {
	if f.Severity == damage {
		r.Damaged++
	} else {
		r.LeftOver++
	}
	r.Findings = append(r.Findings, f)
	if print != nil {
		fmt.Fprintln(print, f)
	}
}

// finish prints the report and turns damage into an error.
func (v *verifier) finish(out io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		if err := enc.Encode(&v.inspection); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(out, "%d documents (%d bytes), %d registry objects of which %d DocumentEntries, %d blobs of which %d unreferenced, %d damaged, %d left over\n",
			v.Documents, v.Bytes, v.Objects, v.Entries, v.Blobs, v.Unreferenced, v.Damaged, v.LeftOver)
		if v.Open > 0 {
			fmt.Fprintf(out, "%d submissions wait for the registry's outcome; the server asks for it when it runs\n", v.Open)
		}
	}
	if v.Damaged > 0 {
		return fmt.Errorf("verify: %d findings of damage", v.Damaged)
	}
	return nil
}
