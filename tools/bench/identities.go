package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"dossier/hl7v2/mllp"
)

// population is a server on a database with so many people, and the same database for bare SQL.
type population struct {
	*bench
	kind   string // of the database
	people int
	fed    atomic.Int64 // people that were added by feeds
	bared  atomic.Int64 // and by bare SQL
	url    string       // of PostgreSQL; "" for SQLite
	*server
}

// identitiesOn measures the transactions of the patient index at 1,000 people and, with -million, at 1,000,000, each beside its
// rows by bare SQL, and the larger beside the smaller.
func (b *bench) identitiesOn(kind string) func(context.Context) error {
	return func(ctx context.Context) error {
		if kind == "PostgreSQL" && b.postgresURL == "" {
			return nil // b.postgres has said so
		}
		return b.crowds(ctx, kind)
	}
}

func (b *bench) crowds(ctx context.Context, kind string) (err error) {
	few, err := b.populate(ctx, kind, b.people[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, few.depopulate(ctx)) }()
	if err := few.besideSQL(ctx); err != nil {
		return err
	}
	for _, n := range b.people[1:] {
		if free, err := freeBytes(b.dir); err != nil || free < int64(n)*6*kb {
			b.table.note("%s, %d people: skipped: %d MB free on the disk of the temporary folder (%v)", kind, n, free/mb, err)
			return nil
		}
		if err := b.compareCrowds(ctx, few, n); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) compareCrowds(ctx context.Context, few *population, n int) (err error) {
	many, err := b.populate(ctx, few.kind, n)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, many.depopulate(ctx)) }()
	if err := many.besideSQL(ctx); err != nil {
		return err
	}
	for _, x := range indexTransactions() {
		a, closeA, err := many.clients(ctx, 1, x)
		if err != nil {
			return err
		}
		z, closeZ, err := few.clients(ctx, 1, x)
		if err != nil {
			return errors.Join(err, closeA())
		}
		result, err := abreast(ctx, b.plan, a, z)
		if err := errors.Join(err, closeA(), closeZ()); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
		b.table.addRates(fmt.Sprintf("%s: %s, among %s people", many.kind, x.name, count(many.people)), fmt.Sprintf("the same among %s", count(few.people)), result, goalGrowth)
	}
	return nil
}

// populate loads a database and starts a server on it.
func (b *bench) populate(ctx context.Context, kind string, people int) (*population, error) {
	p := &population{bench: b, kind: kind, people: people}
	progress(fmt.Sprintf("%s, loading %d people", kind, people))
	name := fmt.Sprintf("people_%d", people)
	data := filepath.Join(b.dir, kind+"-"+name)
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, err
	}
	started := time.Now()
	var err error
	if kind == "SQLite" {
		err = loadSQLite(ctx, filepath.Join(data, "dossier.db"), people)
	} else if p.url, err = b.createDatabase(ctx, name); err == nil {
		err = loadPostgres(ctx, p.url, people)
	}
	if err != nil {
		return nil, fmt.Errorf("loading %d people: %w", people, err)
	}
	b.table.note("%s: %s people loaded in %.1f s", kind, count(people), time.Since(started).Seconds())
	p.server, err = b.startAs(ctx, data, setup{binary: b.binary, database: p.url, configuration: identityConfiguration})
	return p, err
}

// depopulate stops the server and removes what it had.
func (p *population) depopulate(ctx context.Context) error {
	if err := p.server.stop(); err != nil || p.url == "" {
		return errors.Join(err, os.RemoveAll(p.data))
	}
	db, err := sql.Open("postgres", p.postgresURL)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.WithoutCancel(ctx), fmt.Sprintf("DROP DATABASE people_%d", p.people))
	return errors.Join(err, db.Close(), os.RemoveAll(p.data))
}

// createDatabase makes an empty database beside that of -postgres and gives its URL.
func (b *bench) createDatabase(ctx context.Context, name string) (string, error) {
	u, err := url.Parse(b.postgresURL)
	if err != nil {
		return "", err
	}
	db, err := sql.Open("postgres", b.postgresURL)
	if err != nil {
		return "", err
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE "+name)
	u.Path = "/" + name
	return u.String(), errors.Join(err, db.Close())
}

// indexTransaction is one that the patient index answers.
type indexTransaction struct {
	name, bare string
	message    func(*population) []byte
	finds      bool // the answer has a patient, or another id
	sql        func(*population, *database) operation
}

func indexTransactions() []indexTransaction {
	return []indexTransaction{
		{"ITI-8 A04 of somebody new", "INSERT of such rows", (*population).newcomer, false, (*population).bareNewcomer},
		{"ITI-8 A08, another telephone number", "UPDATE, DELETE, INSERT of such rows", (*population).moved, false, (*population).bareMoved},
		{"ITI-9 of an id with one other", "SELECT of the ids", func(p *population) []byte { return p.linked().pixQuery() }, true, (*population).bareIDs},
		{"ITI-21 by id", "SELECT of the person", (*population).byID, true, (*population).bareIDs},
		{"ITI-21 by family name, given name, birth date", "SELECT by the same keys", (*population).byBirth, true, (*population).bareByBirth},
		{"ITI-21 by begin of family name*, given name", "SELECT by the same keys", (*population).byPrefix, true, (*population).bareByPrefix},
	}
}

// severalClients is how many ask at the same time, where it is not one.
const severalClients = 8

// besideSQL measures all transactions beside bare SQL, over one connection and over several.
func (p *population) besideSQL(ctx context.Context) error {
	for _, x := range indexTransactions() {
		for _, n := range []int{1, severalClients} {
			if err := p.compareSQL(ctx, x, n); err != nil {
				return fmt.Errorf("%s, %d connections: %w", x.name, n, err)
			}
		}
	}
	return nil
}

func (p *population) compareSQL(ctx context.Context, x indexTransaction, n int) (err error) {
	progress(fmt.Sprintf("%s, %d people: %s, %d clients", p.kind, p.people, x.name, n))
	asks, hangUp, err := p.clients(ctx, n, x)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hangUp()) }()
	var bare []operation
	var shared chan struct{} // SQLite has one writer; its own way to wait for another one is sleep
	if p.url == "" && !x.finds {
		shared = make(chan struct{}, 1)
	}
	for range n {
		db, err := p.open(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.close()) }()
		bare = append(bare, inTurns(shared, x.sql(p, db)))
	}
	result, err := abreast(ctx, p.plan, asks, bare)
	if err != nil {
		return err
	}
	p.table.addRates(fmt.Sprintf("%s, %s people: %s, %s", p.kind, count(p.people), x.name, connections(n)), x.bare, result, 0)
	return nil
}

// inTurns makes operations that share a turn wait for each other; the wait counts.
func inTurns(turn chan struct{}, o operation) operation {
	if turn == nil {
		return o
	}
	return func(ctx context.Context) (time.Duration, error) {
		start := time.Now()
		turn <- struct{}{}
		waited := time.Since(start)
		took, err := o(ctx)
		<-turn
		return waited + took, err
	}
}

func connections(n int) string {
	if n == 1 {
		return "1 connection"
	}
	return fmt.Sprintf("%d connections", n)
}

// count writes a number of people as people do.
func count(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return count(n/1000) + fmt.Sprintf(",%03d", n%1000)
}

// open gives a connection for bare SQL to the server's database.
func (p *population) open(ctx context.Context) (*database, error) {
	if p.url == "" {
		return open(ctx, filepath.Join(p.data, "dossier.db"), readWrite)
	}
	db, err := openPostgres(ctx, p.url)
	if err == nil {
		db.numbered = true
	}
	return db, err
}

// clients gives operations that each have a connection of their own.
func (p *population) clients(ctx context.Context, n int, x indexTransaction) (all []operation, hangUp func() error, err error) {
	var lines []*mllp.Client
	hangUp = func() error {
		var errs []error
		for _, l := range lines {
			errs = append(errs, l.Close())
		}
		return errors.Join(errs...)
	}
	for range n {
		line, err := mllp.Dial(ctx, p.mllp, nil)
		if err != nil {
			return nil, nil, errors.Join(err, hangUp())
		}
		lines = append(lines, line)
		all = append(all, func(ctx context.Context) (time.Duration, error) {
			message := x.message(p)
			start := time.Now()
			answer, err := line.Send(ctx, message)
			took := time.Since(start)
			if err == nil && (!accepted(answer) || x.finds && !finds(answer)) {
				err = fmt.Errorf("%s: not the answer expected: %q", x.name, answer)
			}
			return took, err
		})
	}
	return all, hangUp, nil
}

// someone is one of those who were loaded and have one id.
func (p *population) someone() *person {
	return newPerson(rand.IntN(p.people/everyOther)*everyOther + 1)
}

// unusual is someone with a name that few have.
func (p *population) unusual() *person {
	for {
		if s := p.someone(); !s.frequent {
			return s
		}
	}
}

// linked is one of those who were loaded and have two.
func (p *population) linked() *person { return newPerson(rand.IntN(p.people/everyOther) * everyOther) }

func (p *population) newcomer() []byte { return newPerson(p.people + int(p.fed.Add(1))).adt("A04") }

func (p *population) moved() []byte {
	s := p.someone()
	s.phone = fmt.Sprint(20_000_000 + rand.IntN(79_999_999))
	return s.adt("A08")
}

func (p *population) byID() []byte {
	s := p.linked()
	return demographicsQuery("PID.3.1", s.registered.ID, "PID.3.4.2", s.registered.Authority.UniversalID, "PID.3.4.3", "ISO")
}

func (p *population) byBirth() []byte {
	s := p.someone()
	return demographicsQuery("PID.5.1.1", s.family, "PID.5.2", s.given, "PID.7", s.birth)
}

func (p *population) byPrefix() []byte {
	s := p.unusual()
	return demographicsQuery("PID.5.1.1", s.beginning()+"*", "PID.5.2", s.given)
}

// beginning is as much of the family name as somebody types who does not know it exactly.
func (p *person) beginning() string { return p.family[:min(len(p.family), 6)] }
