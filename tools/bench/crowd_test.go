package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/internal/pgtest"
	"dossier/pix/manager"
	"dossier/store/sqldb"
)

// crowdTables are all that a feed writes, but for its audit, with an order that does not depend on the storage.
var crowdTables = []string{"patient", "identity", "identity_key", "identity_link", "identity_apart", "identity_review", "identity_history",
	"identity_notice", "identity_number"}

// TestCrowdIsWhatFeedsLeave compares, row by row, people who were loaded with the same people fed by their messages.
func TestCrowdIsWhatFeedsLeave(t *testing.T) {
	t.Parallel()
	const people = 45
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	load := func(t *testing.T, b bulk) {
		t.Helper()
		c := newCrowd(at)
		for n := range people {
			p := newPerson(n)
			p.control = fmt.Sprint("M", n)
			if err := c.add(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		for _, w := range c.tables() {
			if err := b.write(t.Context(), w); err != nil {
				t.Fatal(w.table, err)
			}
		}
		if err := b.finish(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		var got [2][]string
		for i := range got {
			path := filepath.Join(t.TempDir(), "dossier.db")
			db, err := sqldb.OpenSQLite(t.Context(), path, sqldb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				feed(t, db, at, people)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			bare, err := open(t.Context(), path, readWrite)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				load(t, sqliteBulk{bare})
			}
			got[i] = bare.dump(t)
			if err := bare.close(); err != nil {
				t.Fatal(err)
			}
		}
		compareDumps(t, got[0], got[1])
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		var got [2][]string
		for i := range got {
			url := pgtest.URL(t)
			db, err := sqldb.OpenPostgres(t.Context(), url, sqldb.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if i == 1 {
				feed(t, db, at, people)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			bare, err := openPostgres(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				load(t, postgresBulk{bare.db})
			}
			got[i] = bare.dump(t)
			if err := bare.close(); err != nil {
				t.Fatal(err)
			}
		}
		compareDumps(t, got[0], got[1])
	})
}

// feed sends the messages of the people to the PIX Manager of the server, with its clock standing still.
func feed(t *testing.T, db *sqldb.DB, at time.Time, people int) {
	t.Helper()
	now := func() time.Time { return at }
	p := policy()
	m := &manager.Manager{
		Frame: &actor.Frame{Log: slog.New(slog.DiscardHandler), Metrics: actor.NewMetrics(prometheus.NewRegistry()), NewID: entryID, Now: now},
		Core:  &manager.Core{Index: db.Identities(p), Domains: p.Domains, Limit: 200},
		Now:   now, Acknowledge: hl7v2.Acknowledger{Now: now, NewID: controlID, Version: "2.3.1"},
	}
	for n := range people {
		p := newPerson(n)
		p.control = fmt.Sprint("M", n)
		if answer := m.Handle(t.Context(), &net.TCPAddr{}, p.adt("A04")); !accepted(answer) {
			t.Fatalf("%q", answer)
		}
	}
}

func entryID() string { return string(entryUUID())[len("urn:uuid:"):] }

// dump is every row of the tables as text.
func (d *database) dump(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, table := range crowdTables {
		width, values, err := d.all(context.Background(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatal(err)
		}
		var rows []string
		for ; len(values) > 0; values = values[width:] {
			rows = append(rows, fmt.Sprintf("%s %q", table, fmt.Sprint(values[:width])))
		}
		slices.Sort(rows)
		out = append(out, rows...)
	}
	return out
}

func compareDumps(t *testing.T, loaded, fed []string) {
	t.Helper()
	if len(loaded) < 500 {
		t.Errorf("only %d rows", len(loaded))
	}
	for i := range max(len(loaded), len(fed)) {
		if i >= len(loaded) || i >= len(fed) || loaded[i] != fed[i] {
			t.Fatalf("row %d of %d and %d:\nloaded %s\nfed    %s", i, len(loaded), len(fed), at(loaded, i), at(fed, i))
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}
