package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
)

// Every connection: foreign keys hold, a wait of at most 5 s for another process, and SQL in double quotes is a name.
const sqliteParameters = "?_busy_timeout=5000&_foreign_keys=1&_dqs=0&_defensive=1"

// OpenSQLite opens or creates the database file at path and brings its schema up to date. A file it creates can be read by
// its owner only.
//
// Commits are on disk when Update returns (write-ahead log, synchronous FULL). One transaction writes at a time; any number
// read beside it, each on one consistent state.
func OpenSQLite(ctx context.Context, path string, o Options) (*DB, error) {
	if err := createFile(path); err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + sqliteParameters
	writer, err := sql.Open("sqlite", name+"&_journal_mode=WAL&_synchronous=FULL&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return nil, fmt.Errorf("sqldb: %w", err)
	}
	db := newDB(&sqliteDialect, o)
	db.writer = db.newPool(writer, "BEGIN IMMEDIATE", 1)
	if err := db.migrate(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	reader, err := sql.Open("sqlite", name+"&mode=ro&_query_only=1")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sqldb: %w", err), db.Close())
	}
	db.reader = db.newPool(reader, "BEGIN", max(4, 2*runtime.GOMAXPROCS(0)))
	return db, nil
}

// createFile makes sure that the file exists and that its name survives a power failure.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
