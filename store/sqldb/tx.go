package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"dossier/internal/failpoint"
	"dossier/store"
)

// tx is one transaction.
type tx struct {
	db     *DB
	conn   *conn
	failed error // of the first statement that failed

	proof      proof // that it committed
	repeatable bool  // doing it twice is as good as doing it once
}

// run runs fn in one transaction. A transaction in which a statement failed is never committed, whatever fn returns.
func (db *DB) run(ctx context.Context, p *pool, fn func(*tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.writable(p); err != nil {
		return err
	}
	c, err := db.begin(ctx, p)
	if err != nil {
		return err
	}
	// From the end of fn on the transaction must end too, whatever happened to ctx meanwhile.
	end := context.WithoutCancel(ctx)
	open := true
	defer func() { // also the way out of a panic
		usable := true
		if open {
			_, rollback := c.exec(end, "ROLLBACK")
			usable = rollback == nil
		}
		p.release(c, usable)
	}()
	t := &tx{db: db, conn: c}
	if err := fn(t); err != nil {
		return err
	}
	if t.failed != nil {
		return t.failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.writable(p); err != nil {
		return err
	}
	failpoint.Hit("sqldb.commit.before")
	if _, err := c.exec(end, "COMMIT"); err != nil {
		if err = db.wrap("commit", err); errors.Is(err, store.ErrUnavailable) {
			return &lostCommit{t.proof, t.repeatable, err}
		}
		return err
	}
	failpoint.Hit("sqldb.commit.after")
	open = false
	return nil
}

// begin starts a transaction. A connection that was idle may have been closed by the other end; then the next one is tried,
// and at last a new one.
func (db *DB) begin(ctx context.Context, p *pool) (*conn, error) {
	for {
		c, err := p.acquire(ctx)
		if err != nil {
			return nil, db.wrap("connect", err)
		}
		failpoint.Hit("sqldb.begin.before")
		if _, err = c.exec(ctx, string(p.begin)); err == nil {
			failpoint.Hit("sqldb.begin.after")
			return c, nil
		}
		stale := c.used && db.dialect.lost(err) && ctx.Err() == nil
		p.release(c, false)
		if !stale {
			return nil, db.wrap("begin", err)
		}
	}
}

func (t *tx) builder() *builder { return &builder{dialect: t.db.dialect} }

// query runs the statement and calls scan for each row.
func (t *tx) query(ctx context.Context, what string, b *builder, scan func(*sql.Rows) error) error {
	text, args, err := b.statement()
	if err != nil {
		return err
	}
	if err := t.conn.query(ctx, text, args, scan); err != nil {
		return t.fail(t.db.wrap(what, err))
	}
	return nil
}

// exec runs the statement and returns how many rows it changed.
func (t *tx) exec(ctx context.Context, what string, b *builder) (int64, error) {
	text, args, err := b.statement()
	if err != nil {
		return 0, t.fail(err)
	}
	failpoint.Hit("sqldb.statement.before")
	n, err := t.conn.exec(ctx, text, args...)
	if err != nil {
		return 0, t.fail(t.db.wrap(what, err))
	}
	failpoint.Hit("sqldb.statement.after")
	return n, nil
}

// change runs the statement, which must change exactly want rows: anything else means that the state it relies on is gone.
func (t *tx) change(ctx context.Context, what string, want int, b *builder) error {
	n, err := t.exec(ctx, what, b)
	if err == nil && n != int64(want) {
		err = t.fail(fmt.Errorf("sqldb: %s: %w: %d rows instead of %d", what, store.ErrConflict, n, want))
	}
	return err
}

// fail makes sure that the transaction is not committed.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}

const (
	maxRows = 64 // in one INSERT
	fewRows = 8  // of which every number has a text of its own
)

// insert adds the rows, width values each, and returns how many rows were added or changed. More than fewRows are several
// statements of a power of two in rows, so that a few prepared texts serve all numbers.
func (t *tx) insert(ctx context.Context, into, after constant, values []any, width int) (int64, error) {
	var total int64
	for rows := maxRows; len(values) > 0; {
		for rows*width > len(values) {
			rows /= 2
		}
		if rest := len(values) / width; rest <= fewRows {
			rows = rest
		}
		b := t.builder()
		b.add("INSERT INTO ", into, " VALUES ")
		b.rows(values[:rows*width], width)
		b.add(after)
		n, err := t.exec(ctx, "insert", b)
		if err != nil {
			return 0, err
		}
		total, values = total+n, values[rows*width:]
	}
	return total, nil
}

// rowsOf are rows of one table, width values each.
type rowsOf struct {
	into   constant
	values []any
	width  int
}

// insertAll adds rows to several tables that do not refer to each other: in one statement where the dialect has one for it and
// no table gets more than fewRows.
func (t *tx) insertAll(ctx context.Context, all []rowsOf) error {
	all = slices.DeleteFunc(all, func(r rowsOf) bool { return len(r.values) == 0 })
	many := slices.ContainsFunc(all, func(r rowsOf) bool { return len(r.values) > fewRows*r.width })
	if !t.db.dialect.together || many || len(all) < 2 {
		for _, r := range all {
			if _, err := t.insert(ctx, r.into, "", r.values, r.width); err != nil {
				return err
			}
		}
		return nil
	}
	b := t.builder()
	for i, r := range all {
		switch {
		case i == 0:
			b.add("WITH ", insertNames[i], " AS (")
		case i < len(all)-1:
			b.add(", ", insertNames[i], " AS (")
		}
		b.add("INSERT INTO ", r.into, " VALUES ")
		b.rows(r.values, r.width)
		if i < len(all)-1 {
			b.add(")")
		}
		if i == len(all)-2 {
			b.add(" ")
		}
	}
	_, err := t.exec(ctx, "insert", b)
	return err
}

// insertNames are the names of the parts of one statement of several INSERTs.
var insertNames = []constant{"i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7"}
