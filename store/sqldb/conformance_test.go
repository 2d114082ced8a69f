package sqldb_test

import (
	"path/filepath"
	"testing"

	"dossier/internal/pgtest"
	"dossier/pix"
	"dossier/store"
	"dossier/store/sqldb"
	"dossier/store/storetest"
)

func open(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqldb.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "dossier.db"), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

func openPostgres(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqldb.OpenPostgres(t.Context(), pgtest.URL(t), sqldb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return db
}

// onBoth runs a suite on each database.
func onBoth(t *testing.T, suite func(*testing.T, func(*testing.T) storetest.Backend)) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *sqldb.DB{"sqlite": open, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suite(t, func(t *testing.T) storetest.Backend {
				db := open(t)
				return storetest.Backend{Registry: db, Documents: db, Patients: db, Outcomes: db}
			})
		})
	}
}

func TestInspector(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(*testing.T) storetest.Backend) {
		storetest.Inspector(t, func(t *testing.T) (storetest.Backend, store.Inspector) {
			b := open(t)
			return b, b.Registry.(*sqldb.DB)
		})
	})
}

func TestRegistry(t *testing.T)  { onBoth(t, storetest.Registry) }
func TestDocuments(t *testing.T) { onBoth(t, storetest.Documents) }
func TestPatients(t *testing.T)  { onBoth(t, storetest.Patients) }

func TestIdentities(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *sqldb.DB{"sqlite": open, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Identities(t, func(t *testing.T, p *pix.Policy) storetest.IdentityBackend {
				db := open(t)
				index := db.Identities(p)
				return storetest.IdentityBackend{Index: index, Worklist: index, Outbox: index, Patients: db}
			})
		})
	}
}

func TestAudit(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(testing.TB) *sqldb.DB{"sqlite": open, "postgres": openPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storetest.Audit(t, func(t *testing.T) storetest.AuditBackend { return open(t) })
		})
	}
}
