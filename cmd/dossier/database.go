package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"dossier/store/sqldb"
)

// sqliteFile is where the database is without configuration.
func (c *Config) sqliteFile() string { return filepath.Join(c.Data, "dossier.db") }

// identityFile is where a data folder keeps the identity of the PostgreSQL database that its documents belong to.
func (c *Config) identityFile() string { return filepath.Join(c.Data, "database-identity") }

// openDatabase opens the database that belongs to the data folder. With another one all documents would be bytes that
// nobody names, and be swept.
func openDatabase(ctx context.Context, c *Config, volume func() error, o sqldb.Options) (db *sqldb.DB, err error) {
	other, kind := c.identityFile(), "a PostgreSQL database; give its URL with --database"
	if c.Database != "" {
		other, kind = c.sqliteFile(), "the SQLite database in it; PostgreSQL needs a new one"
	}
	if _, err := os.Stat(other); err == nil {
		return nil, usagef("--database: the data folder belongs to %s", kind)
	}
	if c.Database == "" {
		o.Volume = volume // the documents are on the same one
		db, err = sqldb.OpenSQLite(ctx, c.sqliteFile(), o)
	} else {
		db, err = sqldb.OpenPostgres(ctx, c.Database, o)
	}
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := c.pair(db.Identity()); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// pair compares the database's identity with the one that the data folder knows, and makes it known to a new folder.
func (c *Config) pair(id string) error {
	if id == "" {
		return nil
	}
	known, err := os.ReadFile(c.identityFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writeDurably(c.identityFile(), id+"\n"); err != nil {
			return fmt.Errorf("data folder: %w", err)
		}
		return nil
	case err != nil:
		return fmt.Errorf("data folder: %w", err)
	case strings.TrimSpace(string(known)) != id:
		return usagef("--database: this is not the database that the documents in the data folder belong to (%s)", filepath.Base(c.identityFile()))
	}
	return nil
}

// writeDurably makes a file that is there as a whole or not at all.
func writeDurably(name, text string) error {
	f, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// isPostgres tells whether the address is that of a PostgreSQL database, as far as its beginning says.
func isPostgres(address string) bool {
	return strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://")
}

// withoutPassword is an address that may be shown.
func withoutPassword(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return "(not a URL)"
	}
	if q := u.Query(); q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}
