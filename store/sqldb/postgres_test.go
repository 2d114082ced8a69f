package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/internal/pgtest"
	"dossier/pix"
	"dossier/store"
	"dossier/store/storetest"
	"dossier/xds"
	"dossier/xds/query"
)

func openURL(t testing.TB, address string) *DB {
	t.Helper()
	db, err := OpenPostgres(t.Context(), address, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestPostgresSettings: what makes "committed is durable" and "one consistent state" true, and what ends a hanging session.
func TestPostgresSettings(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	for _, c := range []struct {
		pool *pool
		text constant
		want string
	}{
		{db.writer, "SHOW synchronous_commit", "on"},
		{db.writer, "SHOW transaction_isolation", "read committed"},
		{db.writer, "SHOW statement_timeout", "1min"},
		{db.writer, "SHOW idle_in_transaction_session_timeout", "20s"},
		{db.reader, "SHOW transaction_isolation", "repeatable read"},
		{db.reader, "SHOW transaction_read_only", "on"},
		{db.reader, "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()", "dossier"},
		{db.reader, `SELECT coalesce(string_agg(table_name || '.' || column_name, ' '), 'all') FROM information_schema.columns
WHERE table_schema = 'public' AND table_name NOT LIKE 'goose%' AND data_type LIKE '%char%' OR data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND table_schema = 'public'`, "all"},
	} {
		if got := pragma(t, db, c.pool, c.text); got != c.want {
			t.Errorf("%s: got %s, want %s", c.text, got, c.want)
		}
	}
	err := db.view(t.Context(), func(tx *tx) error {
		b := tx.builder()
		b.add("DELETE FROM patient")
		_, err := tx.exec(t.Context(), "write", b)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("a write while reading: got %v, want a refusal", err)
	}
	if err := db.inspect(t.Context(), func(*tx) error { return nil }); err != nil {
		t.Errorf("inspect: %v", err)
	}
}

func TestOpenPostgresFails(t *testing.T) {
	t.Parallel()
	const secret = "s3cr&t/Pass"
	good := pgtest.Fresh(t)
	u, err := url.Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*url.URL)) string {
		c := *u
		change(&c)
		return c.String()
	}
	db := openURL(t, good)
	err = db.update(t.Context(), func(tx *tx) error {
		b := tx.builder()
		b.add("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
		_, err := tx.exec(t.Context(), "version", b)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ address, want string }{
		"no URL":           {"postgres://u:" + secret + "@h:x/db", "no URL"},
		"other scheme":     {"mysql://u:" + secret + "@h/db", "no URL"},
		"unknown sslmode":  {"postgres://u:long-word@127.0.0.1/db?sslmode=maybe", "sslmode"},
		"password in mode": {"postgres://u:" + url.QueryEscape(secret) + "@127.0.0.1/db?sslmode=" + url.QueryEscape(secret), "not valid"},
		"wrong password":   {with(func(u *url.URL) { u.User = url.UserPassword("dossier", secret) }), "password authentication failed"},
		"no such database": {with(func(u *url.URL) { u.Path = "/none" }), `database "none" does not exist`},
		"newer schema":     {good, "schema version 9999, this program knows up to"},
	} {
		db, err := OpenPostgres(t.Context(), c.address, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "3cr") || strings.Contains(err.Error(), u.User.String())) {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
		if db != nil {
			db.Close()
		}
	}
}

// TestPostgresAway: who opens a database that is not there is told so after a while, with a kind of error that says so.
func TestPostgresAway(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	start := time.Now()
	_, err = OpenPostgres(t.Context(), "postgres://u:secret@"+l.Addr().String()+"/db?sslmode=disable", Options{})
	if !errors.Is(err, store.ErrUnavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	if took := time.Since(start); took < time.Second || took > 3*patience {
		t.Errorf("gave up after %v, want about %v", took, patience)
	}
}

// TestPostgresHosts: of several hosts the first that is there and takes writes is used.
func TestPostgresHosts(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	db := openURL(t, strings.Replace(pgtest.URL(t), "@", "@"+l.Addr().String()+",", 1))
	ctx := t.Context()
	if err := errors.Join(db.Ping(ctx), db.AddPatient(ctx, storetest.CX("A"))); err != nil {
		t.Error(err)
	}
}

// TestOpenTogether: two programs that start on an empty database do not get in each other's way.
func TestOpenTogether(t *testing.T) {
	t.Parallel()
	address := pgtest.Fresh(t)
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			db, err := OpenPostgres(t.Context(), address, Options{})
			if err == nil {
				err = errors.Join(db.AddPatient(t.Context(), storetest.CX("A")), db.Close())
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
}

// TestPostgresLongValues: values far larger than a page of an index are kept and found.
func TestPostgresLongValues(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	ctx := t.Context()
	p := storetest.CX("A")
	long := func(seed int) string {
		var b strings.Builder
		for x := uint32(seed); b.Len() < 16000; x = x*1664525 + 1013904223 {
			fmt.Fprintf(&b, "%x", x)
		}
		return b.String()
	}
	s := storetest.Submit(p)
	e := s.Entry(func(e *xds.DocumentEntry) {
		e.Authors = []xds.Author{{Person: long(1)}}
		e.ReferenceIDs = []string{long(2)}
		e.EventCodes = []xds.Code{{Code: long(3), Scheme: long(4)}}
		e.ConfidentialityCodes = []xds.Code{{Code: long(5), Scheme: long(6)}}
	})
	if err := errors.Join(db.AddPatient(ctx, p), db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, s.Registration()) })); err != nil {
		t.Fatal(err)
	}
	for name, q := range map[string]query.Query{
		"author":    query.FindDocuments{Patient: p, DocumentFilter: query.DocumentFilter{AuthorPerson: []string{long(1)}}},
		"event":     query.FindDocuments{Patient: p, DocumentFilter: query.DocumentFilter{EventCodes: query.AllOf{{{Code: long(3), Scheme: long(4)}}}}},
		"reference": query.FindDocumentsByReferenceID{Patient: p, ReferenceIDs: [][]query.ReferenceID{{{Value: long(2)}}}},
	} {
		err := db.View(ctx, func(r store.RegistryReader) error {
			found, err := r.Find(ctx, q, false, 10)
			if len(found) != 1 || found[0].EntryUUID != e.EntryUUID {
				t.Errorf("%s: found %d", name, len(found))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestPostgresNUL: what PostgreSQL cannot hold is an error that harms nothing. No message brings it: XML has no such
// character, and hl7v2 refuses it.
func TestPostgresNUL(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	ctx := t.Context()
	for _, id := range []string{"A\x00B", "A\xffB"} {
		cx := storetest.CX("A")
		cx.ID = id
		if err := db.AddPatient(ctx, cx); err == nil || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%q: got %v, want a plain error", id, err)
		}
	}
	if err := db.AddPatient(ctx, storetest.CX("A")); err != nil {
		t.Error(err)
	}
}

// TestPostgresWaits: who waits for whom. Submissions of new objects never wait, not even for the same patient; who refers
// to registered objects and who merges has the patient alone.
func TestPostgresWaits(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	ctx := t.Context()
	a, b, c := storetest.CX("A"), storetest.CX("B"), storetest.CX("C")
	old := storetest.Submit(a)
	target := old.Entry()
	submit := func(p hl7v2.CX, replaces xds.EntryUUID, inside func()) error {
		s := storetest.Submit(p)
		e := s.Entry()
		refs := store.Refs{Patients: []hl7v2.PatientKey{p.Key()}, EntryUUIDs: []xds.EntryUUID{e.EntryUUID}}
		if replaces != "" {
			s.Link(xds.Append, e.EntryUUID, replaces)
			refs.EntryUUIDs = append(refs.EntryUUIDs, replaces)
		}
		return db.Update(ctx, func(tx store.RegistryTx) error {
			if _, err := tx.State(ctx, refs); err != nil {
				return err
			}
			err := tx.Register(ctx, s.Registration())
			inside()
			return err
		})
	}
	nothing := func() {}
	if err := errors.Join(db.AddPatient(ctx, a), db.AddPatient(ctx, b), db.AddPatient(ctx, c),
		db.Update(ctx, func(tx store.RegistryTx) error { return tx.Register(ctx, old.Registration()) })); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name  string
		first xds.EntryUUID // what the transaction that is open refers to
		other func() error
		waits bool
	}{
		{"new objects beside new objects of another patient", "", func() error { return submit(b, "", nothing) }, false},
		{"new objects beside new objects of the patient", "", func() error { return submit(a, "", nothing) }, false},
		{"new objects of another patient beside a reference", target.EntryUUID, func() error { return submit(b, "", nothing) }, false},
		{"new objects of the patient beside a reference", target.EntryUUID, func() error { return submit(a, "", nothing) }, true},
		{"reference beside new objects", "", func() error { return submit(a, target.EntryUUID, nothing) }, true},
		{"reference beside reference", target.EntryUUID, func() error { return submit(a, target.EntryUUID, nothing) }, true},
		{"a new patient", target.EntryUUID, func() error { return db.AddPatient(ctx, storetest.CX(string(storetest.OID()))) }, false},
		{"merge of the patient", "", func() error { return db.MergePatient(ctx, pix.Merge{Survivor: a, Subsumed: c}) }, true},
	} {
		entered, leave, first, other := make(chan struct{}), make(chan struct{}), make(chan error, 1), make(chan error, 1)
		go func() { first <- submit(a, x.first, func() { close(entered); <-leave }) }()
		<-entered
		go func() { other <- x.other() }()
		limit := 5 * time.Second
		if x.waits {
			limit = 200 * time.Millisecond
		}
		waited := false
		var err error
		select {
		case err = <-other:
		case <-time.After(limit):
			waited = true
		}
		close(leave)
		if waited {
			err = <-other
		}
		if err := errors.Join(err, <-first); err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		if waited != x.waits {
			t.Errorf("%s: waited is %v, want %v", x.name, waited, x.waits)
		}
	}
}

// TestPostgresRestart: connections that were idle when the server restarted are replaced without anybody noticing.
func TestPostgresRestart(t *testing.T) {
	t.Parallel()
	cluster := pgtest.New(t)
	db := openURL(t, cluster.URL(t))
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if err := db.AddPatient(ctx, storetest.CX(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, mode := range []string{pgtest.Fast, pgtest.Immediate} {
		if err := cluster.Restart(mode); err != nil {
			t.Fatal(err)
		}
		if known, err := db.PatientKnown(ctx, storetest.CX("1").Key()); err != nil || !known {
			t.Errorf("reading after a restart: %v, %v", known, err)
		}
		if err := db.AddPatient(ctx, storetest.CX(mode)); err != nil {
			t.Errorf("writing after a restart: %v", err)
		}
	}
	if err := cluster.Stop(pgtest.Fast); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(ctx); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Ping of a stopped server: %v", err)
	}
	started := make(chan error, 1)
	go func() { time.Sleep(500 * time.Millisecond); started <- cluster.Start() }()
	if err := db.AddPatient(ctx, storetest.CX("late")); err != nil {
		t.Errorf("writing while the server is away for a second: %v", err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(ctx); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

// TestPostgresBusy: when all connections stay in use, a caller is told so in time, or goes when its own time is up.
func TestPostgresBusy(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	db.writer.wait = 100 * time.Millisecond
	ctx := t.Context()
	leave := make(chan struct{})
	var entered, left sync.WaitGroup
	for range cap(db.writer.slots) {
		entered.Add(1)
		left.Go(func() {
			_ = db.Update(ctx, func(store.RegistryTx) error { entered.Done(); <-leave; return nil })
		})
	}
	entered.Wait()
	short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	if err := db.AddPatient(short, storetest.CX("A")); !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(leave)
	left.Wait()
	if err := db.AddPatient(ctx, storetest.CX("A")); err != nil {
		t.Error(err)
	}
}

// TestPostgresCancel: a caller that goes does not take its connection's state with it.
func TestPostgresCancel(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := db.update(short, func(tx *tx) error {
		b := tx.builder()
		b.add("SELECT pg_sleep(30)")
		return tx.query(short, "sleep", b, func(*sql.Rows) error { return nil })
	})
	if err == nil || time.Since(start) > 5*time.Second {
		t.Errorf("got %v after %v", err, time.Since(start))
	}
	for range 3 {
		if err := db.AddPatient(t.Context(), storetest.CX(string(storetest.OID()))); err != nil {
			t.Error(err)
		}
	}
}
