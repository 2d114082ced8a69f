package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"dossier/store"
)

// DB is a database. It implements store.Registry, store.Documents, store.Patients and store.Outcomes and is safe for concurrent use.
type DB struct {
	dialect *dialect
	writer  *pool // writes; with SQLite one connection, whose waiting callers may be cancelled
	reader  *pool // read-only
	*packer
	trail   trail
	now     func() time.Time
	log     *slog.Logger
	counted func()
	volume  func() error
	id      string
	failure atomic.Pointer[error] // why nothing may be written any more; nil while all is well
}

var (
	_ store.Registry  = (*DB)(nil)
	_ store.Documents = (*DB)(nil)
	_ store.Patients  = (*DB)(nil)
	_ store.Outcomes  = (*DB)(nil)
)

// Options are the outside world of a DB. All may be zero.
type Options struct {
	Now    func() time.Time // for the time of a merge; time.Now by default
	Logger *slog.Logger     // migrations at open; no log by default
	// Statement is called for each statement that goes to the database, BEGIN and COMMIT included: a round trip where the
	// database is elsewhere.
	Statement func()
	// Volume is asked before each commit; its error refuses the commit. It is for a database whose disk another store
	// watches too: nothing is acknowledged on a volume on which any fsync has failed.
	Volume func() error
}

func newDB(d *dialect, o Options) *DB {
	db := &DB{dialect: d, now: o.Now, log: o.Logger, volume: o.Volume, counted: o.Statement, packer: newPacker()}
	if db.now == nil {
		db.now = time.Now
	}
	if db.log == nil {
		db.log = slog.New(slog.DiscardHandler)
	}
	if db.counted == nil {
		db.counted = func() {}
	}
	if db.volume == nil {
		db.volume = func() error { return nil }
	}
	return db
}

// Ping tells whether the database answers now.
func (db *DB) Ping(ctx context.Context) error {
	return db.run(ctx, db.reader, func(t *tx) error {
		b := t.builder()
		b.add("SELECT 1")
		return t.query(ctx, "ping", b, func(*sql.Rows) error { return nil })
	})
}

// Identity tells this database from every other one, also after it was dumped and restored. It is empty for SQLite.
func (db *DB) Identity() string { return db.id }

// Close waits for transactions to end and closes the database. Later calls of any method fail.
func (db *DB) Close() error {
	var errs []error
	for _, p := range []*pool{db.reader, db.writer} { // the last connection to close must be able to write
		if p != nil {
			errs = append(errs, p.close())
		}
	}
	return errors.Join(errs...)
}

// View implements store.Registry.
func (db *DB) View(ctx context.Context, fn func(store.RegistryReader) error) error {
	return db.view(ctx, func(t *tx) error { return fn(t) })
}

// Update implements store.Registry.
func (db *DB) Update(ctx context.Context, fn func(store.RegistryTx) error) error {
	return db.update(ctx, func(t *tx) error { return fn(t) })
}

// view runs fn on one consistent state. It waits for a database that is not there, for a while and before fn only.
func (db *DB) view(ctx context.Context, fn func(*tx) error) error {
	entered := false
	return db.patiently(ctx, func() error {
		err := db.run(ctx, db.reader, func(t *tx) error { entered = true; return fn(t) })
		if entered && err != nil {
			return final{err}
		}
		return err
	})
}

// attempts is how often update runs its function at most because of conflicts.
const attempts = 5

func (db *DB) update(ctx context.Context, fn func(*tx) error) error {
	fn, stored := db.attached(ctx, fn)
	conflicts := 0
	err := db.patiently(ctx, func() error {
		for {
			err := db.run(ctx, db.writer, fn)
			var lost *lostCommit
			if errors.As(err, &lost) {
				return db.resolve(ctx, lost)
			}
			if conflicts++; !errors.Is(err, store.ErrConflict) || ctx.Err() != nil || conflicts == attempts {
				return err
			}
		}
	})
	if err == nil {
		stored()
	}
	return err
}

// Err says why the database takes no more writes, or nil: for a health check. After an fsync of its files has failed,
// the kernel may have forgotten pages, and a commit that comes later would be reported durable without being it. Nothing is
// accepted until the database has been opened anew; reading goes on.
func (db *DB) Err() error {
	if err := db.failure.Load(); err != nil {
		return *err
	}
	return nil
}

// writable refuses transactions that could not be made durable.
func (db *DB) writable(p *pool) error {
	if p != db.writer {
		return nil
	}
	if err := db.Err(); err != nil {
		return err
	}
	return db.volume()
}

// wrap gives an error of the database the form that callers test for.
func (db *DB) wrap(what string, err error) error {
	switch d := db.dialect; {
	case d.unsynced != nil && d.unsynced(err):
		err = fmt.Errorf("sqldb: %s: an fsync of the database failed, check the disk and restart: %w", what, err)
		db.failure.CompareAndSwap(nil, &err)
		return err
	case d.full != nil && d.full(err):
		return fmt.Errorf("sqldb: %s: %w: %w", what, store.ErrNoSpace, err)
	case d.violated(err) || d.busy(err):
		return fmt.Errorf("sqldb: %s: %w: %w", what, store.ErrConflict, err)
	case db.dialect.lost(err):
		return fmt.Errorf("sqldb: %s: %w: %w", what, store.ErrUnavailable, err)
	}
	return fmt.Errorf("sqldb: %s: %w", what, err)
}
