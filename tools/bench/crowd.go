package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lib/pq"

	"dossier/pix"
	"dossier/store/sqldb"
)

// table and columns of what a feed of somebody unknown writes.
type written struct {
	table   string
	columns []string
	rows    [][]any
}

// crowd makes the rows that feeds of people would leave in an empty index, as far as nobody is like anybody else: what matching
// would put on the worklist is left out. TestCrowdIsWhatFeedsLeave compares them.
type crowd struct {
	policy         *pix.Policy
	next           int64 // as identity_number
	patient        int64
	at             time.Time
	identities     written
	keys           written
	links          written
	history        written
	patients       written
	people, stored int
}

func newCrowd(at time.Time) *crowd {
	return &crowd{
		policy: policy(), next: 1, patient: 1, at: at,
		patients:   written{table: "patient", columns: []string{"id", "authority", "identifier", "cx", "root"}},
		identities: written{table: "identity", columns: []string{"seq", "authority", "identifier", "person", "demographics"}},
		keys:       written{table: "identity_key", columns: []string{"value", "identity"}},
		links:      written{table: "identity_link", columns: []string{"a", "b", "kind"}},
		history: written{table: "identity_history", columns: []string{"seq", "identity", "other", "event", "kind", "before", "at", "application",
			"facility", "message"}},
	}
}

func (c *crowd) tables() []*written {
	return []*written{&c.patients, &c.identities, &c.keys, &c.links, &c.history}
}

// add makes the rows of one person.
func (c *crowd) add(ctx context.Context, p *person) error {
	fx, err := c.policy.Decide(ctx, nobody{}, p.feed(c.at))
	if err != nil {
		return err
	}
	fx.Number(c.next)
	for _, i := range fx.Store {
		c.next++
		demographics, err := json.Marshal(i.Demographics)
		if err != nil {
			return err
		}
		c.identities.add(i.Seq, i.Key.Authority, i.Key.ID, i.Person, string(demographics))
		for _, k := range i.Keys() {
			c.keys.add(k, i.Seq)
		}
	}
	for _, l := range fx.Link {
		c.links.add(min(l.A.Seq, l.B.Seq), max(l.A.Seq, l.B.Seq), string(l.Kind))
	}
	for _, e := range fx.History {
		var other any
		if e.Other != nil {
			other = e.Other.Seq
		}
		c.history.add(c.next, e.Identity.Seq, other, string(e.Event), string(e.Kind), "", e.Origin.At.UnixNano(), e.Origin.Source.Application,
			e.Origin.Source.Facility, e.Origin.Message)
		c.next++
	}
	for _, id := range fx.Known {
		key := id.Key()
		c.patients.add(c.patient, key.Authority, key.ID, id.String(), c.patient)
		c.patient++
	}
	c.people++
	return nil
}

func (w *written) add(values ...any) { w.rows = append(w.rows, values) }

// together is how many people are written at a time: their keys are sorted, so that an index is passed through once for all of
// them.
const crowdPart = 100_000

// load fills an empty database, whose schema is there, with so many people.
func (c *crowd) load(ctx context.Context, into bulk, people int) error {
	for c.people < people {
		for end := min(people, c.people+crowdPart); c.people < end; {
			if err := c.add(ctx, newPerson(c.people)); err != nil {
				return err
			}
		}
		slices.SortFunc(c.keys.rows, func(a, b []any) int {
			if d := strings.Compare(a[0].(string), b[0].(string)); d != 0 {
				return d
			}
			return int(a[1].(int64) - b[1].(int64))
		})
		for _, w := range c.tables() {
			if err := into.write(ctx, w); err != nil {
				return fmt.Errorf("%s: %w", w.table, err)
			}
			clear(w.rows)
			w.rows = w.rows[:0]
		}
	}
	return into.finish(ctx, c)
}

// bulk is a database that takes many rows without looking at them and without making them durable at once.
type bulk interface {
	write(ctx context.Context, w *written) error
	// finish sets what numbers come next and makes everything durable.
	finish(ctx context.Context, c *crowd) error
}

// sqliteBulk is a file that nobody else has open.
type sqliteBulk struct{ *database }

// loadSQLite makes the file with so many people.
func loadSQLite(ctx context.Context, path string, people int) (err error) {
	if err := migrated(sqldb.OpenSQLite(ctx, path, sqldb.Options{})); err != nil {
		return err
	}
	db, err := open(ctx, path, "?_foreign_keys=0&_journal_mode=OFF&_synchronous=OFF&_pragma=cache_size(-65536)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return newCrowd(time.Now()).load(ctx, sqliteBulk{db}, people)
}

func migrated(db *sqldb.DB, err error) error {
	if err != nil {
		return err
	}
	return db.Close()
}

func (d sqliteBulk) write(ctx context.Context, w *written) error {
	if len(w.rows) == 0 {
		return nil
	}
	if err := d.exec(ctx, "BEGIN"); err != nil {
		return err
	}
	const most = 200
	for rows := w.rows; len(rows) > 0; {
		n := min(most, len(rows))
		if err := d.exec(ctx, w.insert(n), slices.Concat(rows[:n]...)...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return d.exec(ctx, "COMMIT")
}

// insert is one statement for so many rows.
func (w *written) insert(rows int) string {
	text := insertText(w.table, len(w.columns), rows)
	return strings.Replace(text, " VALUES", " ("+strings.Join(w.columns, ", ")+") VALUES", 1)
}

func (d sqliteBulk) finish(ctx context.Context, c *crowd) error {
	return errors.Join(
		d.exec(ctx, "INSERT INTO identity_number (id, next) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET next = excluded.next", c.next),
		d.exec(ctx, "PRAGMA journal_mode=WAL"), d.exec(ctx, "PRAGMA synchronous=FULL"),
	)
}

// postgresBulk writes by COPY.
type postgresBulk struct{ *sql.DB }

// loadPostgres fills the database at the URL.
func loadPostgres(ctx context.Context, url string, people int) (err error) {
	if err := migrated(sqldb.OpenPostgres(ctx, url, sqldb.Options{})); err != nil {
		return err
	}
	db, err := sql.Open("postgres", url)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return newCrowd(time.Now()).load(ctx, postgresBulk{db}, people)
}

func (d postgresBulk) write(ctx context.Context, w *written) (err error) {
	tx, err := d.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	// The rows are right, and a look-up for each of their foreign keys takes longer than everything else.
	if _, err := tx.ExecContext(ctx, "SET LOCAL session_replication_role = replica"); err != nil {
		return err
	}
	in, err := tx.PrepareContext(ctx, pq.CopyIn(w.table, w.columns...))
	if err != nil {
		return err
	}
	for _, row := range w.rows {
		if _, err := in.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
	if _, err := in.ExecContext(ctx); err != nil {
		return err
	}
	return errors.Join(in.Close(), tx.Commit())
}

func (d postgresBulk) finish(ctx context.Context, c *crowd) error {
	for _, x := range []struct {
		text string
		args []any
	}{
		{"INSERT INTO identity_number (id, next) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET next = excluded.next", []any{c.next}},
		{"SELECT setval('patient_number', $1, false)", []any{c.patient}},
		{"VACUUM ANALYZE", nil}, // the server of real life has had its autovacuum
	} {
		if _, err := d.ExecContext(ctx, x.text, x.args...); err != nil {
			return err
		}
	}
	return nil
}
