package sqldb

import (
	"container/list"
	"context"
	"database/sql"
	"errors"
)

// conn is one connection with the statements it used last, prepared. One goroutine uses it at a time.
type conn struct {
	sql    *sql.Conn
	byText map[string]*list.Element // of *prepared
	recent list.List                // the front was used last
	used   bool                     // in a transaction before

	counted func()
}

type prepared struct {
	text string
	stmt *sql.Stmt
}

// maxPrepared is how many statements a connection keeps.
const maxPrepared = 256

func newConn(c *sql.Conn, counted func()) *conn {
	return &conn{sql: c, byText: map[string]*list.Element{}, counted: counted}
}

// prepare returns the statement of this text. It is closed when 256 others were used after it, so the caller must be
// done with it before it prepares another.
func (c *conn) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if e := c.byText[text]; e != nil {
		c.recent.MoveToFront(e)
		return e.Value.(*prepared).stmt, nil
	}
	stmt, err := c.sql.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.byText[text] = c.recent.PushFront(&prepared{text, stmt})
	if c.recent.Len() > maxPrepared {
		oldest := c.recent.Remove(c.recent.Back()).(*prepared)
		delete(c.byText, oldest.text)
		return stmt, oldest.stmt.Close()
	}
	return stmt, nil
}

func (c *conn) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	c.counted()
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// query calls scan for each row.
func (c *conn) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	c.counted()
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *conn) close() error {
	var errs []error
	for e := c.recent.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(*prepared).stmt.Close())
	}
	return errors.Join(append(errs, c.sql.Close())...)
}
