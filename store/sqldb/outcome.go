package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"dossier/store"
)

// patience is how long a transaction is tried while the database cannot be reached: about what a restart takes. Nothing was
// committed before it is tried again.
const patience = 5 * time.Second

// final is an error after which patiently gives up.
type final struct{ error }

// Unwrap returns the error.
func (f final) Unwrap() error { return f.error }

// patiently calls try until it returns something else than ErrUnavailable, or patience or ctx ends.
func (db *DB) patiently(ctx context.Context, try func() error) error {
	start := time.Now()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		err := try()
		if last := (final{}); errors.As(err, &last) {
			return last.error
		}
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrUnknown) || time.Since(start)+pause > patience {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// proof is how to find out whether a transaction committed: by its id, and by a row that it alone adds. Neither is enough.
// Another transaction may have added the row before; and a server that crashed may give the id of a transaction that left no
// trace on its disk to another one, as may a standby that took over.
type proof struct {
	transaction string
	is          func(*builder) // SELECTs the row; nil when there is none
}

// lostCommit is the error of a COMMIT that got no answer.
type lostCommit struct {
	proof
	repeatable bool
	cause      error
}

// Error implements error.
func (l *lostCommit) Error() string { return l.cause.Error() }

// Unwrap returns the cause.
func (l *lostCommit) Unwrap() error { return l.cause }

// provable notes the row that proves that the transaction committed.
func (t *tx) provable(ctx context.Context, is func(*builder)) error {
	t.proof.is = is
	if t.db.dialect.transaction == "" {
		return nil
	}
	b := t.builder()
	b.add(t.db.dialect.transaction)
	return t.query(ctx, "transaction", b, func(rows *sql.Rows) error { return rows.Scan(&t.proof.transaction) })
}

// certainty is how long to ask for the outcome of a transaction at most. The server ends one whose COMMIT never reached it
// after idleInTransaction.
const certainty = 30 * time.Second

// resolve finds out what became of a transaction whose COMMIT got no answer: nil when it committed, ErrUnavailable, after
// which it may be tried again, when it did not, else ErrUnknown.
func (db *DB) resolve(ctx context.Context, lost *lostCommit) error {
	again := fmt.Errorf("%w: %w", store.ErrUnavailable, lost.cause)
	if lost.repeatable {
		return again
	}
	why := "nothing to look for"
	if lost.is != nil && lost.transaction != "" {
		deadline := time.Now().Add(certainty)
		for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
			committed, over, err := db.committed(ctx, lost.proof)
			switch {
			case err != nil:
				why = err.Error()
			case !over:
				why = "still in progress"
			case committed:
				return nil
			default:
				return again
			}
			if time.Now().Add(pause).After(deadline) || ctx.Err() != nil {
				break
			}
			time.Sleep(pause)
		}
	}
	return fmt.Errorf("sqldb: %w: %v; asking for it: %s", store.ErrUnknown, lost.cause, why)
}

// committed looks for the proof. over tells whether the transaction has ended.
func (db *DB) committed(ctx context.Context, p proof) (committed, over bool, err error) {
	err = db.run(ctx, db.writer, func(t *tx) error {
		var fate sql.NullString
		b := t.builder()
		db.dialect.outcome(b, p.transaction)
		if err := t.query(ctx, "outcome", b, func(rows *sql.Rows) error { return rows.Scan(&fate) }); err != nil {
			return err
		}
		if over = fate.String != "in progress"; fate.String != "committed" {
			return nil
		}
		b = t.builder()
		p.is(b)
		return t.query(ctx, "outcome", b, func(*sql.Rows) error { committed = true; return nil })
	})
	return committed, over, err
}
