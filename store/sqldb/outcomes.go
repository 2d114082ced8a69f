package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"dossier/store"
	"dossier/xds"
)

// warning is a stored xds.Error, which is a warning always.
type warning struct {
	Code      xds.ErrorCode `json:"code"`
	Context   string        `json:"context"`
	Location  string        `json:"location,omitempty"`
	Rule      string        `json:"rule,omitempty"`
	Section   string        `json:"section,omitempty"`
	Reference string        `json:"reference,omitempty"`
	Relayed   bool          `json:"relayed,omitempty"`
}

func encodeWarnings(errs xds.Errors) (string, error) {
	if len(errs) == 0 {
		return "", nil
	}
	list := make([]warning, len(errs))
	for i, e := range errs {
		list[i] = warning{e.Code, e.Context, e.Location, e.Rule, e.Section, e.Reference, e.Relayed}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func decodeWarnings(s string) (xds.Errors, error) {
	if s == "" {
		return nil, nil
	}
	var list []warning
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("sqldb: outcome: %w", err)
	}
	out := make(xds.Errors, len(list))
	for i, w := range list {
		out[i] = &xds.Error{Code: w.Code, Warning: true, Context: w.Context, Location: w.Location, Rule: w.Rule,
			Section: w.Section, Reference: w.Reference, Relayed: w.Relayed}
	}
	return out, nil
}

// Outcome implements store.Outcomes.
func (db *DB) Outcome(ctx context.Context, submissionSet xds.UniqueID) (o *store.Outcome, err error) {
	err = db.view(ctx, func(t *tx) (err error) {
		o, err = t.outcome(ctx, submissionSet)
		return err
	})
	return o, err
}

func (t *tx) outcome(ctx context.Context, submissionSet xds.UniqueID) (o *store.Outcome, err error) {
	b := t.builder()
	b.add("SELECT message, answered, warnings FROM outcome WHERE submission_set = ")
	b.bind(string(submissionSet))
	err = t.query(ctx, "outcome", b, func(rows *sql.Rows) error {
		var message []byte
		var answered int64
		var warnings string
		if err := rows.Scan(&message, &answered, &warnings); err != nil {
			return err
		}
		o = &store.Outcome{Message: messageOf(message), Answered: time.Unix(answered, 0).UTC()}
		var err error
		o.Warnings, err = decodeWarnings(warnings)
		return err
	})
	return o, err
}

// tell records an outcome. That of a message that cannot be known again is of no use.
func (t *tx) tell(ctx context.Context, submissionSet xds.UniqueID, o *store.Outcome) error {
	if o == nil || o.Message.IsZero() {
		return nil
	}
	warnings, err := encodeWarnings(o.Warnings)
	if err != nil {
		return t.fail(fmt.Errorf("sqldb: outcome: %w", err))
	}
	_, err = t.insert(ctx, "outcome (submission_set, message, answered, warnings)",
		` ON CONFLICT (submission_set) DO UPDATE SET message = excluded.message, answered = excluded.answered, warnings = excluded.warnings`,
		[]any{string(submissionSet), o.Message[:], o.Answered.Unix(), warnings}, 4)
	return err
}

// forgetAtOnce is how many outcomes one transaction removes: some milliseconds of work.
const forgetAtOnce = 1000

// ForgetOutcomes implements store.Outcomes.
func (db *DB) ForgetOutcomes(ctx context.Context, before time.Time) (total int64, err error) {
	for {
		var n int64
		err := db.update(ctx, func(t *tx) (err error) {
			t.repeatable = true
			b := t.builder()
			b.add("DELETE FROM outcome WHERE submission_set IN (SELECT submission_set FROM outcome WHERE answered < ")
			b.bind(before.Unix())
			b.add(" ORDER BY answered LIMIT ")
			b.bind(forgetAtOnce)
			b.add(")")
			n, err = t.exec(ctx, "forget outcomes", b)
			return err
		})
		total += n
		if err != nil || n < forgetAtOnce {
			return total, err
		}
	}
}

// messageValue is how a message is stored.
func messageValue(m store.Message) any {
	if m.IsZero() {
		return nil
	}
	return m[:]
}

func messageOf(b []byte) (m store.Message) {
	if len(b) == len(m) {
		copy(m[:], b)
	}
	return m
}
