package sqldb

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"dossier/hl7v2"
	"dossier/store"
)

// TestFull: without room for a page the transaction is store.ErrNoSpace and leaves nothing; with room again it works, on the
// connection that is open.
func TestFull(t *testing.T) {
	t.Parallel()
	db, limit := openLimited(t, sqliteDialect)
	limit("1")
	if err := addMany(t, db, "A"); !errors.Is(err, store.ErrNoSpace) || errors.Is(err, store.ErrConflict) {
		t.Errorf("without room: got %v, want ErrNoSpace", err)
	}
	if err := db.Err(); err != nil {
		t.Errorf("a full database is not a failed one: %v", err)
	}
	wantPatients(t, db, 0)
	limit("1000000")
	if err := addMany(t, db, "A"); err != nil {
		t.Errorf("with room again: %v", err)
	}
	wantPatients(t, db, many)
}

// TestUnsynced: after a failed fsync nothing is accepted any more, whatever the disk says later; reading goes on, and a
// restart mends it.
func TestUnsynced(t *testing.T) {
	t.Parallel()
	d := sqliteDialect
	d.unsynced, d.full = sqliteDialect.full, nil // a full database stands for a disk that fails
	db, limit := openLimited(t, d)
	if err := addMany(t, db, "A"); err != nil {
		t.Fatal(err)
	}
	limit("1")
	if err := addMany(t, db, "B"); err == nil || errors.Is(err, store.ErrNoSpace) || errors.Is(err, store.ErrConflict) {
		t.Errorf("fsync failed: got %v, want an error of no kind", err)
	}
	limit("1000000")
	if err := addMany(t, db, "B"); err == nil || !strings.Contains(err.Error(), "fsync") {
		t.Errorf("after the failure: got %v, want it again", err)
	}
	if err := db.Err(); err == nil || !strings.Contains(err.Error(), "check the disk and restart") {
		t.Errorf("Err: got %v, want what to do", err)
	}
	wantPatients(t, db, many)
}

// TestVolume: another store on the same disk has failed.
func TestVolume(t *testing.T) {
	t.Parallel()
	var failed error
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{Volume: func() error { return failed }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := addMany(t, db, "A"); err != nil {
		t.Fatal(err)
	}
	failed = errors.New("fsync of a folder failed")
	if err := addMany(t, db, "B"); !errors.Is(err, failed) {
		t.Errorf("got %v, want %v", err, failed)
	}
	// The volume fails while the transaction runs.
	failed = nil
	err = db.Update(t.Context(), func(tx store.RegistryTx) error {
		failed = errors.New("fsync of a document failed")
		return nil
	})
	if !errors.Is(err, failed) {
		t.Errorf("commit: got %v, want %v", err, failed)
	}
	wantPatients(t, db, many)
}

// openLimited opens a database whose greatest number of pages can be set on the connection that writes.
func openLimited(t *testing.T, d dialect) (db *DB, limit func(pages constant)) {
	t.Helper()
	db, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	db.dialect = &d
	t.Cleanup(func() { db.Close() })
	return db, func(pages constant) {
		c, err := db.writer.acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer db.writer.release(c, true)
		if _, err := c.sql.ExecContext(t.Context(), "PRAGMA max_page_count = "+string(pages)); err != nil {
			t.Fatal(err)
		}
	}
}

// many patients need more pages than a new database has.
const many = 600

// addMany adds them in one transaction.
func addMany(t *testing.T, db *DB, name string) error {
	t.Helper()
	return db.update(t.Context(), func(x *tx) error {
		for i := range many {
			b := x.builder()
			b.add("INSERT INTO patient (id, root, authority, identifier, cx) VALUES (", db.dialect.nextPatient, ", ", db.dialect.samePatient, ", ")
			b.bind(name + strings.Repeat("x", 300))
			b.add(", ")
			b.bind(i)
			b.add(", '')")
			if _, err := x.exec(t.Context(), "add", b); err != nil {
				return err
			}
		}
		return nil
	})
}

func wantPatients(t *testing.T, db *DB, want int) {
	t.Helper()
	known, err := db.PatientKnown(t.Context(), hl7v2.PatientKey{Authority: "A" + strings.Repeat("x", 300), ID: "0"})
	if err != nil || known != (want > 0) {
		t.Errorf("patients of A: known %v, %v; want %v", known, err, want > 0)
	}
	known, err = db.PatientKnown(t.Context(), hl7v2.PatientKey{Authority: "B" + strings.Repeat("x", 300), ID: "0"})
	if err != nil || known {
		t.Errorf("a transaction that failed left something: %v, %v", known, err)
	}
}
