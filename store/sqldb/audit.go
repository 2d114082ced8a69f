package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/store"
)

// trail is what a DB needs to record.
type trail struct {
	mu       sync.Mutex
	last     int64       // highest id known
	unlinked atomic.Bool // this process has recorded something that waits for Link
	waiting  []*recording
	busy     bool // somebody commits what waits
}

// recording is one call of Record.
type recording struct {
	messages []store.AuditMessage
	done     chan error
}

// Record implements store.Audit. Calls that come while a commit is on its way share the next one.
func (db *DB) Record(ctx context.Context, messages ...store.AuditMessage) error {
	r := &recording{messages, make(chan error, 1)}
	db.trail.mu.Lock()
	db.trail.waiting = append(db.trail.waiting, r)
	lead := !db.trail.busy
	db.trail.busy = true
	db.trail.mu.Unlock()
	if lead {
		go db.commitRecordings()
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// recordTime bounds the commit of what waits together.
const recordTime = 30 * time.Second

// commitRecordings commits until nothing waits.
func (db *DB) commitRecordings() {
	for {
		db.trail.mu.Lock()
		group := db.trail.waiting
		db.trail.waiting = nil
		if len(group) == 0 {
			db.trail.busy = false
			db.trail.mu.Unlock()
			return
		}
		db.trail.mu.Unlock()
		err := db.commitGroup(group)
		// One that cannot be stored must not take its neighbours along. A database that is away takes none: to be patient with it
		// for each would keep all who come later waiting.
		apart := err != nil && len(group) > 1 && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, context.DeadlineExceeded)
		for _, r := range group {
			if apart {
				r.done <- db.commitGroup([]*recording{r})
				continue
			}
			r.done <- err
		}
	}
}

func (db *DB) commitGroup(group []*recording) (err error) {
	defer func() { // of what others have sent; here nobody else would catch it, and the server would end
		if p := recover(); p != nil {
			err = fmt.Errorf("sqldb: audit: panic with a %T\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), recordTime)
	defer cancel()
	return db.update(ctx, func(t *tx) error {
		var all []store.AuditMessage
		for _, r := range group {
			all = append(all, r.messages...)
		}
		t.repeatable = true // what is recorded twice is not lost
		return t.record(ctx, all)
	})
}

// attached returns fn with what ctx has attached to it at its end, and what is to be done after the commit.
func (db *DB) attached(ctx context.Context, fn func(*tx) error) (with func(*tx) error, stored func()) {
	a := atna.Attached(ctx)
	if a == nil {
		return fn, func() {}
	}
	return func(t *tx) error {
		if err := fn(t); err != nil {
			return err
		}
		var messages []store.AuditMessage
		for _, e := range a.Events() {
			messages = append(messages, store.AuditMessage{Exchange: a.Exchange, Event: &e, Message: atna.Append(nil, &e)})
		}
		return t.record(ctx, messages)
	}, a.Stored
}

// nextID is the time in nanoseconds, or one more than the last id where the clock does not tell them apart.
func (t *tx) nextID(ctx context.Context) (int64, error) {
	trail := &t.db.trail
	trail.mu.Lock()
	defer trail.mu.Unlock()
	if trail.last == 0 {
		b := t.builder()
		b.add("SELECT coalesce(max(id), 0) FROM audit_event")
		if err := t.query(ctx, "audit", b, func(rows *sql.Rows) error { return rows.Scan(&trail.last) }); err != nil {
			return 0, err
		}
	}
	trail.last = max(trail.last+1, t.db.now().UnixNano())
	return trail.last, nil
}

// record inserts messages. Where one transaction writes at a time they enter the chain at once; otherwise Link appends them
// later, because transactions commit in another order than they begin.
func (t *tx) record(ctx context.Context, messages []store.AuditMessage) error {
	var events, patients, users, unlinked, links []any
	var head atna.Chain
	if t.db.dialect.alone && len(messages) > 0 {
		var err error
		if head, err = t.chainHead(ctx); err != nil {
			return err
		}
	}
	seen := map[[sha256.Size]byte]bool{}
	for i := range messages {
		m := &messages[i]
		digest, known, err := t.received(ctx, m, seen)
		if err != nil {
			return err
		}
		if known {
			continue
		}
		id, err := t.nextID(ctx)
		if err != nil {
			return err
		}
		row, at := auditRow(id, m, digest)
		events = append(events, row...)
		if t.db.dialect.alone {
			l := head.Next(time.Unix(0, id), m.Message)
			links = append(links, l.Number, id, l.Prev[:], l.Hash[:])
		} else {
			unlinked = append(unlinked, id)
			t.db.trail.unlinked.Store(true)
		}
		if m.Event == nil {
			continue
		}
		keys := m.Event.Keys()
		for _, k := range auditPatients(keys) {
			patients = append(patients, k, at, id)
		}
		for _, u := range keys.Users {
			users = append(users, u, at, id)
		}
	}
	return t.insertAll(ctx, []rowsOf{
		{"audit_event (id, exchange, peer, parsed, event_time, event_id, event_type, action, outcome, source, digest, codec, message)", events, 13},
		{"audit_patient (patient, event_time, event)", patients, 3},
		{"audit_user (name, event_time, event)", users, 3},
		{"audit_link (number, event, prev, hash)", links, 4},
		{"audit_unlinked (event)", unlinked, 1},
	})
}

// received tells whether a message that was sent to us is stored already.
func (t *tx) received(ctx context.Context, m *store.AuditMessage, seen map[[sha256.Size]byte]bool) (digest any, known bool, err error) {
	if m.Peer == "" {
		return nil, false, nil
	}
	sum := sha256.Sum256(m.Message)
	if seen[sum] {
		return nil, true, nil
	}
	seen[sum] = true
	b := t.builder()
	b.add("SELECT 1 FROM audit_event WHERE digest = ")
	b.bind(sum[:])
	err = t.query(ctx, "audit", b, func(*sql.Rows) error { known = true; return nil })
	return sum[:], known, err
}

// auditRow is a row of audit_event and its time.
func auditRow(id int64, m *store.AuditMessage, digest any) (row []any, at int64) {
	e, parsed := m.Event, 1
	if e == nil {
		e, parsed = &atna.Event{Identification: atna.EventIdentification{Time: time.Unix(0, id)}}, 0
	}
	i := &e.Identification
	var kinds []string
	for _, c := range i.Types {
		kinds = append(kinds, c.Value)
	}
	kind := strings.Join(kinds, "\n")
	at = i.Time.UnixMilli()
	return []any{
		id, m.Exchange, m.Peer, parsed, at, atna.Visible(i.ID.Value), atna.Visible(kind), atna.Visible(string(i.Action)), int(i.Outcome),
		atna.Visible(e.Source.ID), digest, 0, m.Message,
	}, at
}

// auditPatients are the keys of the patients, each once however its CX was written.
func auditPatients(k atna.Keys) []string {
	var out []string
	for _, cx := range k.Patients {
		key := cx
		if id, err := hl7v2.ParseCX(cx); err == nil {
			key = auditPatientKey(id.Key())
		}
		if !slices.Contains(out, key) {
			out = append(out, key)
		}
	}
	return out
}

func auditPatientKey(k hl7v2.PatientKey) string { return k.ID + "^^^&" + k.Authority }
