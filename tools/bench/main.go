package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	// Reading answers makes garbage, and this process shares the cores with the server that it measures.
	debug.SetGCPercent(400)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "about a minute: fewer rounds, smaller transfers")
	binary := flags.String("dossier", filepath.Join("bin", "dossier"), "the server to measure")
	unaudited := flags.String("unaudited", "", "the server built with the tag unaudited, to measure the cost of audit")
	database := flags.String("postgres", "", "URL of an empty PostgreSQL database to measure too, with a query part such as ?sslmode=disable")
	million := flags.Bool("million", false, "measure at 1,000,000 DocumentEntries, patients and audit events too; loading takes half an hour and 10 GB")
	dir := flags.String("dir", "", "folder for temporary data, on the disk to measure; default is the system's")
	only := flags.String("only", "", "measure these parts alone, by the names that a run shows, separated by commas")
	files := flags.String("files", "", "be the limit of ITI-43 instead: serve the files of this folder until standard input ends")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *files != "" {
		return serveFiles(*files, os.Stdin, out)
	}
	p := full
	if *quick {
		p = brief
	}
	if *million {
		p.levels = append(slices.Clone(p.levels), 1_000_000)
		p.people = append(slices.Clone(p.people), 1_000_000)
		p.events = 1_000_000
	}
	b := newBench(p, *binary, *dir)
	b.postgresURL, b.unaudited = *database, *unaudited
	if *only != "" {
		b.only = strings.Split(*only, ",")
	}
	return b.run(ctx, out)
}

// bench is one run: what it may use and what it has found.
type bench struct {
	plan
	postgresURL string   // "": not measured
	only        []string // parts; all when empty
	binary      string
	unaudited   string // the same without audit; "": not measured
	parent      string // of dir
	dir         string // of this run
	ids         ids
	rows        time.Duration // the limit of ITI-42 of one document, which is a part of that of ITI-41
	table       table
}

func newBench(p plan, binary, parent string) *bench {
	return &bench{plan: p, binary: binary, parent: parent, ids: newIDs(time.Now())}
}

// run measures everything and prints the table; what was measured is printed also when a later part fails.
func (b *bench) run(ctx context.Context, out io.Writer) (err error) {
	if b.dir, err = os.MkdirTemp(b.parent, "dossier-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	started := time.Now()
	b.table.notes = append(b.table.notes, machine(b.dir))
	err = b.measure(ctx)
	b.table.notes = append(b.table.notes, fmt.Sprintf("took %s, %s", time.Since(started).Round(time.Second), load()))
	return errors.Join(err, b.table.print(out))
}

func (b *bench) measure(ctx context.Context) error {
	parts := []struct {
		name string
		run  func(context.Context) error
	}{
		{"XML", b.xml}, {"transactions", b.transactions}, {"PostgreSQL", b.postgres}, {"growth", b.growth}, {"patient index on SQLite", b.identitiesOn("SQLite")}, {"patient index on PostgreSQL", b.identitiesOn("PostgreSQL")}, {"audit", b.audit}, {"idle connections", b.idleMLLP},
		{"large answers", b.answers}, {"memory", b.memory},
	}
	var names []string
	for _, part := range parts {
		names = append(names, part.name)
	}
	for _, name := range b.only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("-only: expected names of %q, got %q", names, name)
		}
	}
	for _, part := range parts {
		if len(b.only) > 0 && !slices.Contains(b.only, part.name) {
			continue
		}
		progress(part.name)
		if err := part.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

// transactions measures one server with its registry loaded.
func (b *bench) transactions(ctx context.Context) (err error) {
	s, err := b.start(ctx, filepath.Join(b.dir, "data"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	for _, part := range []struct {
		name string
		run  func(context.Context, *server) error
	}{
		{"loading the registry", b.load}, {"ITI-18", b.query}, {"ITI-42", b.register}, {"ITI-41", b.provide}, {"ITI-43", b.retrieve},
	} {
		progress(part.name)
		if err := part.run(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func progress(what string) { fmt.Fprintln(os.Stderr, "bench:", what) }
