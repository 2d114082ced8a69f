package store

import (
	"context"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
)

// AuditMessage is an audit message as it is kept.
type AuditMessage struct {
	ID       int64 // given by the store: the time of storing in nanoseconds since 1970, made unique
	Exchange string
	Peer     string // who sent it to us; "" for our own
	// Event is nil for bytes that are no audit message: they are kept as they came.
	Event   *atna.Event
	Message []byte
	Time    time.Time // of what a search finds: by what it is ordered, EventDateTime in milliseconds
}

// Stored is when the message was stored.
func (m *AuditMessage) Stored() time.Time { return time.Unix(0, m.ID).UTC() }

// Audit keeps the audit trail. Beside Record, every Update of a Registry and every change of Patients commits what its
// context has attached (atna.Attach), in the same transaction.
type Audit interface {
	// Record stores messages durably. Calls at the same time share one commit. A received message that is stored already
	// changes nothing.
	Record(ctx context.Context, messages ...AuditMessage) error
	// SearchAudit returns messages with their Event, the latest first.
	SearchAudit(ctx context.Context, q AuditQuery) ([]AuditMessage, error)
}

// AuditQuery is a search. What is zero does not restrict; several values of one field are alternatives.
type AuditQuery struct {
	Patients  []hl7v2.PatientKey
	Users     []string
	From, To  time.Time // EventDateTime, To exclusive
	EventIDs  []string  // codes
	Types     []string  // codes, "ITI-43"
	Actions   []atna.Action
	Outcomes  []atna.Outcome
	Sources   []string
	Exchanges []string
	Unparsed  bool // only what is no audit message
	Before    *AuditPlace
	Limit     int
}

// AuditPlace is where a search goes on: behind the last message of the part before.
type AuditPlace struct {
	Time time.Time // its EventDateTime
	ID   int64
}

// AuditChain is the trail as a hash chain.
type AuditChain interface {
	// Link appends at most limit stored messages to the chain and returns its head and how many it appended.
	Link(ctx context.Context, limit int) (atna.Chain, int, error)
	// Links returns at most limit links after a number, in order, and fewer where their messages are large. None means that there are
	// no more.
	Links(ctx context.Context, after int64, limit int) ([]atna.Link, error)
	// Unlinked counts the messages that wait for Link.
	Unlinked(ctx context.Context) (int64, error)
	AddCheckpoint(ctx context.Context, c atna.Checkpoint) error
	// Checkpoints returns at most limit of them after a number, in order.
	Checkpoints(ctx context.Context, after int64, limit int) ([]atna.Checkpoint, error)
	// LastCheckpoint is the number of the last one, 0 for none.
	LastCheckpoint(ctx context.Context) (int64, error)
	// Unstamped returns at most limit checkpoints without a time stamp, the latest first, and how many there are.
	Unstamped(ctx context.Context, limit int) ([]atna.Checkpoint, int64, error)
	// Stamp keeps the time stamp of a checkpoint. One that is there already stays.
	Stamp(ctx context.Context, number int64, token []byte) error
	// Expire removes the links up to the last checkpoint before that time with their messages, as far as every destination
	// has them, and returns how many. The checkpoint stays: the chain begins behind it.
	Expire(ctx context.Context, before time.Time) (int64, error)
}

// AuditIndex compares what messages are found by with the messages, which alone the chain vouches for: who can write to the
// database could hide an event from every search without touching it.
type AuditIndex interface {
	// OutsideChain returns messages that are neither in the chain nor wait for Link; some of them when there are many.
	OutsideChain(ctx context.Context) ([]int64, error)
	// CheckIndex looks at no more than limit messages after an id, in their order. last is the id of the last one, 0 at the end.
	CheckIndex(ctx context.Context, after int64, limit int) (faults []AuditFault, last int64, err error)
	// CheckPatients looks at no more than limit rows of the index of patients after a key, in their order, and says how many.
	CheckPatients(ctx context.Context, after AuditKey, limit int) (faults []AuditFault, last AuditKey, n int, err error)
}

// AuditFault says what is wrong with what a message is found by.
type AuditFault struct {
	ID   int64 // of the message
	What string
}

// AuditKey is a row of the index of patients.
type AuditKey struct {
	Patient  string
	Time, ID int64
}

// AuditCursors keep how far each destination certainly has the chain.
type AuditCursors interface {
	Cursor(ctx context.Context, destination string) (number int64, err error)
	SetCursor(ctx context.Context, destination string, number int64) error
	// Cursors are all destinations that ever were, unless they were given up.
	Cursors(ctx context.Context) (map[string]int64, error)
	// ForgetCursor gives a destination up: what it does not have may expire. It tells whether there was one.
	ForgetCursor(ctx context.Context, destination string) (known bool, err error)
}
