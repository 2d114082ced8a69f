package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"dossier/internal/pgtest"
	"dossier/pix"
	"dossier/store"
	"dossier/store/storetest"
)

func openFile(t *testing.T, path string) *DB {
	t.Helper()
	db, err := OpenSQLite(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func pragma(t *testing.T, db *DB, p *pool, text constant) (value string) {
	t.Helper()
	err := db.run(t.Context(), p, func(tx *tx) error {
		b := tx.builder()
		b.add(text)
		return tx.query(t.Context(), "pragma", b, func(rows *sql.Rows) error { return rows.Scan(&value) })
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// TestDurable: what makes "committed is durable" true. 2 is FULL.
func TestDurable(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "dossier.db"))
	for text, want := range map[constant]string{"PRAGMA journal_mode": "wal", "PRAGMA synchronous": "2", "PRAGMA foreign_keys": "1", "PRAGMA busy_timeout": "5000"} {
		if got := pragma(t, db, db.writer, text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "dossier.db"))
	err := db.view(t.Context(), func(tx *tx) error {
		b := tx.builder()
		b.add("DELETE FROM patient")
		_, err := tx.exec(t.Context(), "write", b)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "readonly") {
		t.Errorf("a write while reading: got %v, want a refusal", err)
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"plain.db", "a b.db", "100%.db", "q?mode=ro.db", "h#1.db", "ü血.db", "a&_synchronous=OFF.db"} {
		db := openFile(t, filepath.Join(dir, name))
		if err := db.AddPatient(t.Context(), storetest.CX("A")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("%s: Close: %v", name, err)
		}
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: got %v and error %v, want a file of mode 600", name, info, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 7 {
		t.Errorf("got %d files and error %v, want 7: a closed database leaves no log", len(files), err)
	}
}

func TestOpenFails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	garbage := filepath.Join(dir, "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, "newer.db")
	db := openFile(t, newer)
	err := db.update(t.Context(), func(tx *tx) error {
		b := tx.builder()
		b.add("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		_, err := tx.exec(t.Context(), "version", b)
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, want string }{
		"folder missing": {filepath.Join(dir, "none", "dossier.db"), "no such file"},
		"is a folder":    {dir, "is a directory"},
		"no database":    {garbage, "not a database"},
		"newer schema":   {newer, "schema version 9999, this program knows up to "},
	} {
		db, err := OpenSQLite(t.Context(), c.path, Options{})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
		if db != nil {
			db.Close()
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dossier.db")
	db := openFile(t, path)
	ctx := t.Context()
	if err := errors.Join(db.Ping(ctx), db.AddPatient(ctx, storetest.CX("A"))); err != nil {
		t.Fatal(err)
	}
	entered, leave, closed := make(chan struct{}), make(chan struct{}), make(chan error)
	updated := make(chan error, 1)
	go func() {
		updated <- db.Update(ctx, func(tx store.RegistryTx) error {
			close(entered)
			<-leave
			return tx.Register(ctx, storetest.Submit(storetest.CX("A")).Registration())
		})
	}()
	<-entered
	go func() { closed <- db.Close() }()
	close(leave)
	if err := errors.Join(<-closed, <-updated, db.Close()); err != nil {
		t.Errorf("closing while a transaction runs: %v", err)
	}
	for what, err := range map[string]error{
		"Ping": db.Ping(ctx), "AddPatient": db.AddPatient(ctx, storetest.CX("B")),
		"View": db.View(ctx, func(store.RegistryReader) error { return nil }),
	} {
		if !errors.Is(err, errClosed) {
			t.Errorf("%s after Close: got %v, want %v", what, err, errClosed)
		}
	}
	again := openFile(t, path)
	if known, err := again.PatientKnown(ctx, storetest.CX("A").Key()); err != nil || !known {
		t.Errorf("after opening again: got %v and error %v, want the patient", known, err)
	}
}

// TestTwoProcesses: a second program, such as a maintenance command, may use the file at the same time.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "dossier.db")
	one, two := openFile(t, path), openFile(t, path)
	ctx := t.Context()
	done := make(chan error)
	go func() {
		var err error
		for range 20 {
			err = errors.Join(err, two.AddPatient(ctx, storetest.CX(string(storetest.OID()))))
		}
		done <- err
	}()
	for range 20 {
		if err := one.AddPatient(ctx, storetest.CX(string(storetest.OID()))); err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := pragma(t, one, one.reader, "SELECT count(*) FROM patient"); n != "40" {
		t.Errorf("got %s patients, want 40", n)
	}
}

// TestMergeKept: the step that was reported and its time stay known after the group moved on.
func TestMergeKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2024, 6, 11, 8, 15, 0, 0, time.UTC)
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a, b, c := storetest.CX("A"), storetest.CX("B"), storetest.CX("C")
	ctx := t.Context()
	if err := errors.Join(db.AddPatient(ctx, a), db.AddPatient(ctx, b), db.AddPatient(ctx, c), db.MergePatient(ctx, pix.Merge{Survivor: b, Subsumed: a}), db.MergePatient(ctx, pix.Merge{Survivor: c, Subsumed: b})); err != nil {
		t.Fatal(err)
	}
	const row constant = "SELECT i.identifier || ' ' || r.identifier || ' ' || p.merged_at FROM patient p JOIN patient i ON i.id = p.merged_into JOIN patient r ON r.id = p.root WHERE p.identifier = 'A'"
	if got, want := pragma(t, db, db.reader, row), "B C 1718093700"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestStatementsStayPrepared: more texts than a connection keeps, each still works, and the list does not grow.
func TestStatementsStayPrepared(t *testing.T) {
	t.Parallel()
	db := openFile(t, filepath.Join(t.TempDir(), "dossier.db"))
	ctx := context.Background()
	err := db.view(ctx, func(tx *tx) error {
		for i := range 3 * maxPrepared {
			b := tx.builder()
			b.add("SELECT 1")
			for range i % (maxPrepared + 10) {
				b.add(" ")
			}
			n := 0
			if err := tx.query(ctx, "select", b, func(rows *sql.Rows) error { n++; return nil }); err != nil || n != 1 {
				t.Fatalf("statement %d: %d rows and error %v", i, n, err)
			}
		}
		if len(tx.conn.byText) > maxPrepared || tx.conn.recent.Len() != len(tx.conn.byText) {
			t.Errorf("%d statements prepared, %d in the list, want at most %d", len(tx.conn.byText), tx.conn.recent.Len(), maxPrepared)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPatterns compares what a database does with a translated pattern with what LIKE means.
func TestPatterns(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		patterns(t, openFile(t, filepath.Join(t.TempDir(), "dossier.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		patterns(t, openURL(t, pgtest.URL(t)))
	})
}

func patterns(t *testing.T, db *DB) {
	ctx := t.Context()
	err := db.view(ctx, func(tx *tx) error {
		rapid.Check(t, func(rt *rapid.T) {
			alphabet := rapid.SampledFrom([]rune("aAä血%_*?[]^-\\'"))
			pattern := string(rapid.SliceOfN(alphabet, 0, 6).Draw(rt, "pattern"))
			value := string(rapid.SliceOfN(alphabet, 0, 6).Draw(rt, "value"))
			underscore := rapid.Bool().Draw(rt, "underscore")
			b := tx.builder()
			b.add("SELECT ")
			b.bind(value)
			b.add(db.dialect.match)
			b.bind(db.dialect.pattern(pattern, underscore))
			var got bool
			if err := tx.query(ctx, "match", b, func(rows *sql.Rows) error { return rows.Scan(&got) }); err != nil {
				rt.Fatal(err)
			}
			if want := like([]rune(pattern), []rune(value), underscore); got != want {
				rt.Fatalf("%q like %q: got %v, want %v", value, pattern, got, want)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func like(pattern, value []rune, underscore bool) bool {
	switch {
	case len(pattern) == 0:
		return len(value) == 0
	case pattern[0] == '%':
		return like(pattern[1:], value, underscore) || len(value) > 0 && like(pattern, value[1:], underscore)
	case len(value) == 0 || pattern[0] != value[0] && (pattern[0] != '_' || !underscore):
		return false
	}
	return like(pattern[1:], value[1:], underscore)
}

// TestRecordWhileAway: who records while the database is away hears of it in about the time that one waits for it, however many
// there are; afterwards all is well.
func TestRecordWhileAway(t *testing.T) {
	t.Parallel()
	var away atomic.Bool
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{Volume: func() error {
		if away.Load() {
			return store.ErrUnavailable
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	away.Store(true)
	start := time.Now()
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := db.Record(t.Context(), store.AuditMessage{Message: []byte("x")}); !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("got %v", err)
			}
		})
	}
	wait.Wait()
	if took := time.Since(start); took > 3*patience {
		t.Errorf("the last one heard after %v, want at most %v", took, 2*patience)
	}
	away.Store(false)
	if err := db.Record(t.Context(), store.AuditMessage{Message: []byte("x")}); err != nil {
		t.Error(err)
	}
}

// TestRecordPanics: a message that we cannot work on is refused, and neither its neighbours nor those after it are.
func TestRecordPanics(t *testing.T) {
	t.Parallel()
	var panics atomic.Int32
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{Now: func() time.Time {
		if panics.Add(-1) == 0 {
			panic("P-1")
		}
		return time.Now()
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	panics.Store(1)
	if err := db.Record(t.Context(), store.AuditMessage{Message: []byte("x")}); err == nil || strings.Contains(err.Error(), "P-1") {
		t.Errorf("got %v, want an error without the value", err)
	}
	if err := db.Record(t.Context(), store.AuditMessage{Message: []byte("x")}); err != nil {
		t.Error(err)
	}
}
