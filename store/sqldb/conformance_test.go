package sqldb_test

import (
	"path/filepath"
	"testing"

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

func backend(t *testing.T) storetest.Backend {
	db := open(t)
	return storetest.Backend{Registry: db, Documents: db, Patients: db, Outcomes: db}
}

func inspected(t *testing.T) (storetest.Backend, store.Inspector) {
	db := open(t)
	return storetest.Backend{Registry: db, Documents: db, Patients: db}, db
}

func TestInspector(t *testing.T) { t.Parallel(); storetest.Inspector(t, inspected) }
func TestRegistry(t *testing.T)  { t.Parallel(); storetest.Registry(t, backend) }
func TestDocuments(t *testing.T) { t.Parallel(); storetest.Documents(t, backend) }
func TestPatients(t *testing.T)  { t.Parallel(); storetest.Patients(t, backend) }

func TestIdentities(t *testing.T) {
	t.Parallel()
	storetest.Identities(t, func(t *testing.T, p *pix.Policy) storetest.IdentityBackend {
		db := open(t)
		index := db.Identities(p)
		return storetest.IdentityBackend{Index: index, Worklist: index, Outbox: index, Patients: db}
	})
}
