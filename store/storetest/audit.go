package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/iti"
	"dossier/store"
)

// AuditBackend is what the suite of the audit trail needs.
type AuditBackend interface {
	store.Audit
	store.AuditChain
	store.AuditCursors
	store.AuditIndex
	store.Registry
}

// Audit runs the suite of the audit trail; open returns an empty one.
func Audit(t *testing.T, open func(t *testing.T) AuditBackend) {
	for name, test := range map[string]func(*testing.T, AuditBackend){
		"search":              auditSearch,
		"search in parts":     auditParts,
		"with a change":       auditWithChange,
		"many at a time":      auditMany,
		"received":            auditReceived,
		"chain":               auditChain,
		"several link":        auditLinkers,
		"checkpoints":         auditCheckpoints,
		"time stamps":         auditStamps,
		"large messages":      auditLarge,
		"cursors":             auditCursors,
		"a cursor forgotten":  auditForgotten,
		"expiry":              auditExpiry,
		"expiry waits":        auditExpiryWaits,
		"hostile search keys": auditHostile,
		"several types":       auditTypes,
		"index":               auditIndex,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

var auditStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// auditMessage is the n-th message: its patient, user, transaction, outcome and time depend on n.
func auditMessage(n int) store.AuditMessage {
	r := &atna.Record{
		Transaction: []iti.Transaction{iti.RegistryStoredQuery, iti.RetrieveDocumentSet, iti.ProvideAndRegisterDocumentSet}[n%3], Role: atna.Responder,
		Time: auditStart.Add(time.Duration(n) * time.Second), Outcome: []atna.Outcome{atna.Success, atna.SeriousFailure}[n%2],
		Source: atna.AuditSource{ID: "dossier"}, Users: []atna.User{{ID: fmt.Sprintf("dr%d", n%5), Name: "a<b@c>"}},
		Patients: []string{fmt.Sprintf("P%d^^^NS&2.999.1.1&ISO", n%4)},
	}
	e := r.Events()[0]
	return store.AuditMessage{Exchange: fmt.Sprintf("ref-%d", n), Event: &e, Message: atna.Append(nil, &e)}
}

func record(t *testing.T, b AuditBackend, n int) {
	t.Helper()
	for i := range n {
		if err := b.Record(t.Context(), auditMessage(i)); err != nil {
			t.Fatal(err)
		}
	}
}

// exchanges are the references of what a search finds.
func exchanges(t *testing.T, b AuditBackend, q store.AuditQuery) []string {
	t.Helper()
	found, err := b.SearchAudit(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range found {
		out = append(out, m.Exchange)
	}
	return out
}

func patientKey(id string) hl7v2.PatientKey {
	return hl7v2.PatientKey{ID: id, Authority: "2.999.1.1"}
}

func auditSearch(t *testing.T, b AuditBackend) {
	record(t, b, 12)
	for name, c := range map[string]struct {
		query store.AuditQuery
		want  func(n int) bool
	}{
		"all":              {store.AuditQuery{}, func(int) bool { return true }},
		"patient":          {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1")}}, func(n int) bool { return n%4 == 1 }},
		"patients":         {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1"), patientKey("P2"), patientKey("P1")}}, func(n int) bool { return n%4 == 1 || n%4 == 2 }},
		"another patient":  {store.AuditQuery{Patients: []hl7v2.PatientKey{{ID: "P1", Authority: "2.999.9"}}}, func(int) bool { return false }},
		"user":             {store.AuditQuery{Users: []string{"dr3"}}, func(n int) bool { return n%5 == 3 }},
		"user within XUA":  {store.AuditQuery{Users: []string{"b"}}, func(int) bool { return true }},
		"patient and user": {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P1")}, Users: []string{"dr4"}}, func(n int) bool { return n%4 == 1 && n%5 == 4 }},
		"time": {store.AuditQuery{From: auditStart.Add(3 * time.Second), To: auditStart.Add(6 * time.Second)},
			func(n int) bool { return n >= 3 && n < 6 }},
		"patient and time": {store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P0")}, From: auditStart.Add(time.Second)}, func(n int) bool { return n%4 == 0 && n > 0 }},
		"transaction":      {store.AuditQuery{Types: []string{"ITI-18"}}, func(n int) bool { return n%3 == 0 }},
		"event":            {store.AuditQuery{EventIDs: []string{"110106", "110107"}}, func(n int) bool { return n%3 != 0 }},
		"action":           {store.AuditQuery{Actions: []atna.Action{atna.Create}}, func(n int) bool { return n%3 == 2 }},
		"outcome":          {store.AuditQuery{Outcomes: []atna.Outcome{atna.SeriousFailure}}, func(n int) bool { return n%2 == 1 }},
		"exchange":         {store.AuditQuery{Exchanges: []string{"ref-7"}}, func(n int) bool { return n == 7 }},
		"source":           {store.AuditQuery{Sources: []string{"other"}}, func(int) bool { return false }},
		"unparsed":         {store.AuditQuery{Unparsed: true}, func(int) bool { return false }},
	} {
		var want []string
		for n := 11; n >= 0; n-- {
			if c.want(n) {
				want = append(want, fmt.Sprintf("ref-%d", n))
			}
		}
		if got := exchanges(t, b, c.query); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	found, err := b.SearchAudit(t.Context(), store.AuditQuery{Exchanges: []string{"ref-7"}})
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v", found, err)
	}
	if m, want := found[0], auditMessage(7); string(m.Message) != string(want.Message) || m.Event.Identification.Time != want.Event.Identification.Time || m.Stored().IsZero() {
		t.Errorf("got %+v", m)
	}
}

func auditParts(t *testing.T, b AuditBackend) {
	record(t, b, 10)
	same := auditMessage(9)
	same.Exchange = "ref-9 again" // the same time
	if err := b.Record(t.Context(), same); err != nil {
		t.Fatal(err)
	}
	for _, q := range []store.AuditQuery{{Limit: 1}, {Limit: 3}, {Limit: 4, Patients: []hl7v2.PatientKey{patientKey("P1"), patientKey("P2")}}} {
		whole := q
		whole.Limit = 0
		want := exchanges(t, b, whole)
		var got []string
		for {
			found, err := b.SearchAudit(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(found) == 0 {
				break
			}
			if len(found) > q.Limit {
				t.Fatalf("%d found, limit %d", len(found), q.Limit)
			}
			for _, m := range found {
				got = append(got, m.Exchange)
			}
			last := found[len(found)-1]
			q.Before = &store.AuditPlace{Time: last.Event.Identification.Time, ID: last.ID}
		}
		if !slices.Equal(got, want) {
			t.Errorf("in parts of %d: %q, want %q", q.Limit, got, want)
		}
	}
}

var errChange = errors.New("refused by the test")

// auditWithChange: committed with the change or not at all, once, also when the store runs the change again.
func auditWithChange(t *testing.T, b AuditBackend) {
	update := func(name string, fn func(attempt int) error) (stored bool, err error) {
		m := auditMessage(0)
		ctx := atna.Attach(t.Context(), &atna.Attachment{Exchange: name, Events: func() []atna.Event { return []atna.Event{*m.Event} }, Stored: func() { stored = true }})
		attempt := 0
		err = b.Update(ctx, func(store.RegistryTx) error {
			attempt++
			return fn(attempt)
		})
		return stored, err
	}
	if stored, err := update("changed", func(int) error { return nil }); err != nil || !stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("refused", func(int) error { return errChange }); !errors.Is(err, errChange) || stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("again", func(attempt int) error {
		if attempt < 3 {
			return store.ErrConflict
		}
		return nil
	}); err != nil || !stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if stored, err := update("lost", func(int) error { return store.ErrConflict }); !errors.Is(err, store.ErrConflict) || stored {
		t.Errorf("stored %v, %v", stored, err)
	}
	if got := exchanges(t, b, store.AuditQuery{}); !slices.Equal(got, []string{"again", "changed"}) {
		t.Errorf("got %q", got)
	}
}

func auditMany(t *testing.T, b AuditBackend) {
	const callers, each = 8, 25
	var wg sync.WaitGroup
	var failed atomic.Int64
	for c := range callers {
		wg.Go(func() {
			for i := range each {
				m := auditMessage(c*each + i)
				if b.Record(t.Context(), m, m) != nil {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	got := exchanges(t, b, store.AuditQuery{})
	if len(got) != 2*callers*each || failed.Load() > 0 {
		t.Errorf("%d messages, %d failed", len(got), failed.Load())
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Record(cancelled, auditMessage(0)); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// auditReceived: what comes again is one, what cannot be parsed is kept, and our own may say the same twice.
func auditReceived(t *testing.T, b AuditBackend) {
	good, raw := auditMessage(1), store.AuditMessage{Peer: "192.0.2.1", Message: []byte("\x00\xffnot \r\n XML")}
	good.Peer = "192.0.2.1"
	elsewhere := good
	elsewhere.Peer = "192.0.2.2"
	if err := b.Record(t.Context(), good, raw, good); err != nil {
		t.Fatal(err)
	}
	if err := b.Record(t.Context(), raw, elsewhere, auditMessage(1), auditMessage(1)); err != nil {
		t.Fatal(err)
	}
	all, err := b.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil || len(all) != 4 {
		t.Fatalf("%d messages, %v", len(all), err)
	}
	odd, err := b.SearchAudit(t.Context(), store.AuditQuery{Unparsed: true})
	if err != nil || len(odd) != 1 || string(odd[0].Message) != string(raw.Message) || odd[0].Event != nil || odd[0].Peer != "192.0.2.1" {
		t.Errorf("%+v, %v", odd, err)
	}
}

// linkAll links everything, some at a time.
func linkAll(t *testing.T, b AuditBackend) atna.Chain {
	t.Helper()
	for {
		head, n, err := b.Link(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return head
		}
	}
}

func links(t *testing.T, b AuditBackend, after int64) []atna.Link {
	t.Helper()
	var out []atna.Link
	for {
		part, err := b.Links(t.Context(), after, 5)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			return out
		}
		out = append(out, part...)
		after = part[len(part)-1].Number
	}
}

func verified(t *testing.T, anchor atna.Chain, all []atna.Link) {
	t.Helper()
	v := atna.NewVerifier(anchor, nil)
	for _, l := range all {
		v.Add(l)
	}
	if found := v.Finish(); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func auditChain(t *testing.T, b AuditBackend) {
	if head := linkAll(t, b); head != (atna.Chain{}) {
		t.Errorf("the head of nothing is %+v", head)
	}
	record(t, b, 20)
	if n, err := b.Unlinked(t.Context()); err != nil || n != 20 && n != 0 { // a store may link at once
		t.Errorf("%d unlinked, %v", n, err)
	}
	head := linkAll(t, b)
	record(t, b, 3)
	if again := linkAll(t, b); again.Number != 23 || head.Number != 20 {
		t.Errorf("heads %d and %d", head.Number, again.Number)
	}
	all := links(t, b, 0)
	if len(all) != 23 || all[19].Hash != head.Hash {
		t.Fatalf("%d links", len(all))
	}
	for i, l := range all[:20] { // in the order of storing, when one came after the other
		if string(l.Message) != string(auditMessage(i).Message) {
			t.Errorf("link %d is another message", i)
		}
	}
	verified(t, atna.Chain{}, all)
	if n, err := b.Unlinked(t.Context()); err != nil || n != 0 {
		t.Errorf("%d unlinked, %v", n, err)
	}
}

// auditLinkers: several processes may link; the chain stays one.
func auditLinkers(t *testing.T, b AuditBackend) {
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for i := range 20 {
				if err := b.Record(t.Context(), auditMessage(i)); err != nil {
					t.Error(err)
				}
				if _, _, err := b.Link(t.Context(), 3); err != nil && !errors.Is(err, store.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if head := linkAll(t, b); head.Number != 60 {
		t.Errorf("head %d", head.Number)
	}
	verified(t, atna.Chain{}, links(t, b, 0))
}

func checkpoint(head atna.Chain, at time.Time) atna.Checkpoint {
	return atna.Checkpoint{Number: head.Number, Hash: head.Hash, Time: at, Key: "k", Signature: []byte{1, 2}}
}

func auditCheckpoints(t *testing.T, b AuditBackend) {
	record(t, b, 5)
	first := checkpoint(linkAll(t, b), auditStart)
	record(t, b, 5)
	second := checkpoint(linkAll(t, b), auditStart.Add(time.Hour))
	second.Timestamp = []byte("token")
	for _, c := range []atna.Checkpoint{second, first, {Number: 5, Key: "another", Signature: []byte{3}}} {
		if err := b.AddCheckpoint(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	last, err := b.LastCheckpoint(t.Context())
	if err != nil || last != second.Number {
		t.Errorf("the last is %d, %v", last, err)
	}
	got := checkpoints(t, b, 0, 5)
	if fmt.Sprint(got) != fmt.Sprint([]atna.Checkpoint{first, second}) {
		t.Errorf("got %v", got)
	}
	if got := append(checkpoints(t, b, 0, 1), checkpoints(t, b, first.Number, 1)...); fmt.Sprint(got) != fmt.Sprint([]atna.Checkpoint{first, second}) {
		t.Errorf("in parts: got %v", got)
	}
	if got := checkpoints(t, b, second.Number, 5); len(got) != 0 {
		t.Errorf("behind the last: got %v", got)
	}
}

func checkpoints(t *testing.T, b AuditBackend, after int64, limit int) []atna.Checkpoint {
	t.Helper()
	got, err := b.Checkpoints(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// auditStamps: the latest checkpoint is stamped first, and a time stamp that is kept stays.
func auditStamps(t *testing.T, b AuditBackend) {
	if last, err := b.LastCheckpoint(t.Context()); err != nil || last != 0 {
		t.Errorf("the last of none is %d, %v", last, err)
	}
	var all []int64
	for i := range 3 {
		record(t, b, 2)
		c := checkpoint(linkAll(t, b), auditStart.Add(time.Duration(i)*time.Hour))
		if err := b.AddCheckpoint(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c.Number)
	}
	for n := 3; n > 0; n-- {
		latest, count, err := b.Unstamped(t.Context(), 1)
		if err != nil || count != int64(n) || len(latest) != 1 || latest[0].Number != all[n-1] {
			t.Fatalf("%d of %d, %v; want number %d", len(latest), count, err, all[n-1])
		}
		for _, token := range []string{"first", "second"} {
			if err := b.Stamp(t.Context(), all[n-1], []byte(token)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if latest, count, err := b.Unstamped(t.Context(), 5); err != nil || count != 0 || len(latest) != 0 {
		t.Errorf("%d of %d, %v", len(latest), count, err)
	}
	if err := b.Stamp(t.Context(), 99, []byte("x")); err != nil {
		t.Errorf("a checkpoint that is not there: %v", err)
	}
	for _, c := range checkpoints(t, b, 0, 5) {
		if string(c.Timestamp) != "first" {
			t.Errorf("checkpoint %d has %q", c.Number, c.Timestamp)
		}
	}
}

// auditLarge: however large messages are, what is read of the chain at once has a bound, nothing is left out, and all expire.
func auditLarge(t *testing.T, b AuditBackend) {
	const n, size = 20, 1 << 20
	for i := range n {
		m := store.AuditMessage{Peer: "192.0.2.1", Message: bytes.Repeat([]byte{byte('a' + i)}, size)}
		if err := b.Record(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	head := linkAll(t, b)
	all := 0
	for after := int64(0); ; {
		part, err := b.Links(t.Context(), after, 1000)
		if err != nil {
			t.Fatal(err)
		}
		if len(part) == 0 {
			break
		}
		if len(part) > n/2 {
			t.Errorf("%d messages of %d bytes at once", len(part), size)
		}
		all += len(part)
		after = part[len(part)-1].Number
	}
	if all != n {
		t.Errorf("%d links, want %d", all, n)
	}
	if err := b.AddCheckpoint(t.Context(), checkpoint(head, auditStart)); err != nil {
		t.Fatal(err)
	}
	if gone, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || gone != n {
		t.Errorf("%d expired, %v; want %d", gone, err, n)
	}
}

func auditCursors(t *testing.T, b AuditBackend) {
	for _, n := range []int64{0, 7, 9} {
		if n > 0 {
			if err := b.SetCursor(t.Context(), "a", n); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := b.Cursor(t.Context(), "a"); err != nil || got != n {
			t.Errorf("%d, %v; want %d", got, err, n)
		}
		if got, err := b.Cursor(t.Context(), "b"); err != nil || got != 0 {
			t.Errorf("another destination is at %d, %v", got, err)
		}
	}
}

func auditExpiry(t *testing.T, b AuditBackend) {
	record(t, b, 5)
	anchor := linkAll(t, b)
	if err := b.AddCheckpoint(t.Context(), checkpoint(anchor, auditStart)); err != nil {
		t.Fatal(err)
	}
	record(t, b, 4)
	linkAll(t, b)
	if n, err := b.Expire(t.Context(), auditStart); err != nil || n != 0 {
		t.Errorf("%d expired, %v", n, err)
	}
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Second)); err != nil || n != 5 {
		t.Errorf("%d expired, %v", n, err)
	}
	rest := links(t, b, 0)
	if len(rest) != 4 || rest[0].Number != 6 {
		t.Fatalf("%d links", len(rest))
	}
	verified(t, anchor, rest)
	if got := exchanges(t, b, store.AuditQuery{Patients: []hl7v2.PatientKey{patientKey("P0"), patientKey("P1"), patientKey("P2"), patientKey("P3")}}); len(got) != 4 {
		t.Errorf("found %q", got)
	}
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Second)); err != nil || n != 0 {
		t.Errorf("%d expired, %v", n, err)
	}
	record(t, b, 1)
	if head := linkAll(t, b); head.Number != 10 {
		t.Errorf("head %d", head.Number)
	}
}

// auditExpiryWaits: what a destination does not have stays.
func auditExpiryWaits(t *testing.T, b AuditBackend) {
	record(t, b, 5)
	if err := b.AddCheckpoint(t.Context(), checkpoint(linkAll(t, b), auditStart)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cursor, want int64 }{{4, 0}, {5, 5}} {
		if err := b.SetCursor(t.Context(), "a", c.cursor); err != nil {
			t.Fatal(err)
		}
		if n, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || n != c.want {
			t.Errorf("destination at %d: %d expired, %v", c.cursor, n, err)
		}
	}
}

// auditForgotten: a destination that was given up holds nothing back.
func auditForgotten(t *testing.T, b AuditBackend) {
	record(t, b, 5)
	head := linkAll(t, b)
	if err := b.AddCheckpoint(t.Context(), checkpoint(head, auditStart)); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.SetCursor(t.Context(), "gone", 2), b.SetCursor(t.Context(), "a", 5)); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || n != 0 {
		t.Errorf("%d expired, %v", n, err)
	}
	for _, want := range []bool{true, false} {
		if known, err := b.ForgetCursor(t.Context(), "gone"); err != nil || known != want {
			t.Errorf("known %v, %v; want %v", known, err, want)
		}
	}
	if all, err := b.Cursors(t.Context()); err != nil || len(all) != 1 || all["a"] != 5 {
		t.Errorf("%v, %v", all, err)
	}
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || n != 5 {
		t.Errorf("%d expired, %v", n, err)
	}
}

// auditHostile: keys are values, whatever they hold.
func auditHostile(t *testing.T, b AuditBackend) {
	for _, key := range []string{"' OR 1=1 --", "%", "*", "_", "\x00", "é\"\\", "a\r\nb"} {
		m := auditMessage(0)
		m.Event.Participants[1].UserID = key
		m.Exchange = "x"
		m.Message = atna.Append(nil, m.Event)
		if err := b.Record(t.Context(), m); err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		if got := exchanges(t, b, store.AuditQuery{Users: []string{key}}); len(got) != 1 {
			t.Errorf("%q: found %d", key, len(got))
		}
	}
}

// auditTypes: an event with several type codes is found by each of them, and by nothing that only looks like one.
func auditTypes(t *testing.T, b AuditBackend) {
	record(t, b, 3)
	m := auditMessage(1)
	m.Exchange = "several"
	m.Event.Identification.Types = []atna.Code{{Value: "ITI-18"}, {Value: "a%b'"}, {Value: "110127"}}
	m.Message = atna.Append(nil, m.Event)
	if err := b.Record(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[string][]string{
		"ITI-18": {"several", "ref-0"}, "a%b'": {"several"}, "110127": {"several"}, "ITI-43": {"ref-1"},
		"110": nil, "iti-18": nil, "ITI-1": nil, "%": nil, "": nil,
	} {
		if got := exchanges(t, b, store.AuditQuery{Types: []string{kind, "none"}}); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", kind, got, want)
		}
	}
	indexed(t, b)
}

// auditIndex: what was stored is found by what it says, however odd that is, and a chain that is cut off leaves nothing behind.
func auditIndex(t *testing.T, b AuditBackend) {
	record(t, b, 30)
	odd := auditMessage(1)
	odd.Event.Participants = append(odd.Event.Participants, atna.ActiveParticipant{UserID: "\x00\xff\uffff'\r\n"}, atna.ActiveParticipant{UserID: strings.Repeat("ä", 5000)})
	odd.Event.Objects = append(odd.Event.Objects, atna.PatientObject("\x00^^^&2.999&ISO"), atna.PatientObject("no\xffCX^^^^^^^^^"), atna.PatientObject("P1^^^&2.999.1.1&ISO"))
	odd.Event.Identification.Types = append(odd.Event.Identification.Types, atna.Code{Value: "\x01"})
	odd.Event.Identification.Time = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	odd.Message = atna.Append(nil, odd.Event)
	odd.Event, _, _ = atna.Decode(odd.Message)
	for _, peer := range []string{"", "192.0.2.1"} {
		odd.Peer = peer
		if err := b.Record(t.Context(), odd, store.AuditMessage{Peer: "192.0.2.1", Message: []byte("bytes")}); err != nil {
			t.Fatal(err)
		}
	}
	indexed(t, b)
	if err := b.AddCheckpoint(t.Context(), checkpoint(linkAll(t, b), auditStart)); err != nil {
		t.Fatal(err)
	}
	indexed(t, b)
	if n, err := b.Expire(t.Context(), auditStart.Add(time.Hour)); err != nil || n != 33 {
		t.Fatalf("%d expired, %v", n, err)
	}
	record(t, b, 1)
	indexed(t, b)
}

// indexed finds nothing wrong, looking at a few at a time.
func indexed(t *testing.T, b AuditBackend) {
	t.Helper()
	if ids, err := b.OutsideChain(t.Context()); err != nil || len(ids) > 0 {
		t.Errorf("outside the chain: %v, %v", ids, err)
	}
	all, err := b.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	for after := int64(0); ; looks++ {
		faults, last, err := b.CheckIndex(t.Context(), after, 4)
		if err != nil || len(faults) > 0 {
			t.Fatalf("%+v, %v", faults, err)
		}
		if last == 0 {
			break
		}
		after = last
	}
	if looks != (len(all)+3)/4 {
		t.Errorf("%d messages, looked %d times at 4", len(all), looks)
	}
	rows := 0
	for after := (store.AuditKey{}); ; {
		faults, last, n, err := b.CheckPatients(t.Context(), after, 3)
		if err != nil || len(faults) > 0 {
			t.Fatalf("%+v, %v", faults, err)
		}
		if n == 0 {
			break
		}
		rows, after = rows+n, last
	}
	if rows == 0 {
		t.Error("no patient in the index")
	}
}
