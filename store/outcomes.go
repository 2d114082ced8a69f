package store

import (
	"context"
	"time"

	"dossier/xds"
)

// Message is what a message of a source is known by when it comes again: a digest over everything that makes it one. Equal
// ones are the same message; the zero Message is never the same as another.
type Message [32]byte

// IsZero tells whether the message cannot be known again.
func (m Message) IsZero() bool { return m == Message{} }

// Outcome is what a source was told about a submission that was registered. It is recorded in the transaction of the
// registration, so that a retransmission is answered right whatever happened to the first answer.
type Outcome struct {
	Message  Message
	Answered time.Time
	Warnings xds.Errors
}

// Of tells whether this is the outcome of that message.
func (o *Outcome) Of(m Message) bool { return o != nil && !m.IsZero() && o.Message == m }

// Outcomes remembers what sources were told.
type Outcomes interface {
	// Outcome returns what the source of a SubmissionSet was told, nil when nothing is recorded.
	Outcome(ctx context.Context, submissionSet xds.UniqueID) (*Outcome, error)
	// ForgetOutcomes removes those that were answered before that time, some at a time so that writers need not wait, and
	// returns how many.
	ForgetOutcomes(ctx context.Context, before time.Time) (int64, error)
}
