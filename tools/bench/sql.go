package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver that the server has
)

// What every connection of the server has (package store/sqldb), and what its writing one has besides.
const (
	parameters = "?_busy_timeout=5000&_foreign_keys=1&_dqs=0&_defensive=1"
	readOnly   = parameters + "&mode=ro&_query_only=1"
	readWrite  = parameters + "&_journal_mode=WAL&_synchronous=FULL&_pragma=journal_size_limit(67108864)"
)

// open gives one connection to a database file.
func open(ctx context.Context, path, parameters string) (*database, error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+parameters)
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &database{db: db, conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

// database is one connection with its prepared statements.
type database struct {
	db       *sql.DB
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
	numbered bool   // placeholders are $1, $2 ...
	answer   []byte // of findFragments, used again: a limit makes no garbage
}

func (d *database) close() error {
	var errs []error
	for _, s := range d.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, d.conn.Close(), d.db.Close())...)
}

func (d *database) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if s := d.prepared[text]; s != nil {
		return s, nil
	}
	s, err := d.conn.PrepareContext(ctx, text)
	if err == nil {
		d.prepared[text] = s
	}
	return s, err
}

// exec runs a prepared statement.
func (d *database) exec(ctx context.Context, text string, args ...any) error {
	s, err := d.prepare(ctx, text)
	if err == nil {
		_, err = s.ExecContext(ctx, args...)
	}
	return err
}

// all reads the rows of a query as they are.
func (d *database) all(ctx context.Context, text string, args ...any) (width int, values []any, err error) {
	s, err := d.prepare(ctx, text)
	if err != nil {
		return 0, nil, err
	}
	rows, err := s.QueryContext(ctx, args...)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, nil, err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return 0, nil, err
	}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return 0, nil, err
		}
		for i := range row {
			row[i] = asWritten(row[i], types[i])
		}
		values = append(values, row...)
	}
	return len(columns), values, rows.Err()
}

// asWritten turns text that a driver gives as bytes back into text.
func asWritten(v any, t *sql.ColumnType) any {
	if b, ok := v.([]byte); ok && t.DatabaseTypeName() == "TEXT" {
		return string(b)
	}
	return v
}

// batch is the rows that one registration wrote to one table.
type batch struct {
	insert string
	values []any
}

// registered lists, table by table, how to find what registrations wrote: everything hangs on the numbers of their objects.
var registered = []struct{ table, where string }{
	{"unique_id", "value IN (SELECT unique_id FROM object WHERE seq > $1 AND seq <= $2)"},
	{"object", "seq > $1 AND seq <= $2"},
	{"submission_set", "seq > $1 AND seq <= $2"},
	{"document_entry", "seq > $1 AND seq <= $2"},
	{"author", "object > $1 AND object <= $2"},
	{"event_code", "object > $1 AND object <= $2"},
	{"confidentiality_code", "object > $1 AND object <= $2"},
	{"reference_id", "object > $1 AND object <= $2"},
	{"association", "seq > $1 AND seq <= $2"},
}

// batches reads the rows of the objects after one number up to another.
func (d *database) batches(ctx context.Context, after, upTo int64) ([]batch, error) {
	var out []batch
	for _, r := range registered {
		width, values, err := d.all(ctx, "SELECT * FROM "+r.table+" WHERE "+r.where, after, upTo)
		if err != nil {
			return nil, err
		}
		if len(values) == 0 {
			return nil, fmt.Errorf("no rows of objects %d to %d in %s; has the schema changed?", after+1, upTo, r.table)
		}
		out = append(out, batch{insertText(r.table, width, len(values)/width), values})
	}
	return out, nil
}

// insertText is one statement for all rows of a table.
func insertText(table string, width, rows int) string {
	row := "(" + strings.TrimSuffix(strings.Repeat("?, ", width), ", ") + ")"
	return "INSERT INTO " + table + " VALUES " + strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ")
}

// write puts the batches in, in one transaction.
func (d *database) write(ctx context.Context, batches []batch) error {
	if err := d.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, b := range batches {
		if err := d.exec(ctx, b.insert, b.values...); err != nil {
			return errors.Join(err, d.exec(ctx, "ROLLBACK"))
		}
	}
	return d.exec(ctx, "COMMIT")
}

// lastObject is the number of the object registered last.
func (d *database) lastObject(ctx context.Context) (int64, error) {
	_, values, err := d.all(ctx, "SELECT coalesce(max(seq), 0) FROM object")
	if err != nil {
		return 0, err
	}
	return values[0].(int64), nil
}

// openServers opens the server's own file for reading.
func openServers(ctx context.Context, s *server) (*database, error) {
	return open(ctx, filepath.Join(s.data, "dossier.db"), readOnly)
}
