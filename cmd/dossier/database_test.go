package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dossier/store/sqldb"
)

// TestDataFolderKnowsItsDatabase: documents are not taken for rubbish because the server was started on the wrong database.
func TestDataFolderKnowsItsDatabase(t *testing.T) {
	t.Parallel()
	right, wrong := backends[1].config(t), backends[1].config(t)
	open := func(data, database string) error {
		db, err := openDatabase(t.Context(), &Config{Data: data, Database: database}, nil, sqldb.Options{})
		if err == nil {
			err = db.Close()
		}
		return err
	}
	for range 2 {
		if err := open(right.Data, right.Database); err != nil {
			t.Fatal(err)
		}
	}
	sqlite := t.TempDir()
	if err := os.WriteFile(filepath.Join(sqlite, "dossier.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ data, database, want string }{
		"another database":         {right.Data, wrong.Database, "not the database that the documents in the data folder belong to"},
		"SQLite instead":           {right.Data, "", "belongs to a PostgreSQL database"},
		"PostgreSQL, after SQLite": {sqlite, right.Database, "belongs to the SQLite database"},
	} {
		if err := open(c.data, c.database); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	if files, err := os.ReadDir(right.Data); err != nil || len(files) != 1 {
		t.Errorf("the data folder has %d files, want the identity alone (%v)", len(files), err)
	}
}
