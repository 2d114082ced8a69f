package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/store"
)

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
