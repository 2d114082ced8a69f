package main

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"dossier/store/sqldb"
)

// sqliteFile is where the database is without configuration.
func (c *Config) sqliteFile() string { return filepath.Join(c.Data, "dossier.db") }

func openDatabase(ctx context.Context, c *Config, volume func() error, o sqldb.Options) (*sqldb.DB, error) {
	var db *sqldb.DB
	var err error
	if c.Database == "" {
		o.Volume = volume // the documents are on the same one
		db, err = sqldb.OpenSQLite(ctx, c.sqliteFile(), o)
	} else {
		db, err = sqldb.OpenPostgres(ctx, c.Database, o)
	}
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return db, nil
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
