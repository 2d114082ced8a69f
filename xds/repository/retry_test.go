package repository

import (
	"context"
	"errors"
	"testing"
	"time"

	"dossier/internal/actor"
	"dossier/store"
	"dossier/xds"
)

// resend registers one document under message n and gives the code of the refusal.
func resend(t *testing.T, r *Remote, n byte, content string) (x *actor.Exchange, code xds.ErrorCode, warnings xds.Errors) {
	t.Helper()
	x = &actor.Exchange{Message: [32]byte{n}}
	doc := store.Document{UniqueID: "d", Digest: digest(t, content), MimeType: "text/plain"}
	warnings, err := r.Register(t.Context(), x, submission("s"), []store.Document{doc})
	var problems xds.Errors
	if errors.As(err, &problems) && len(problems) > 0 {
		return x, problems[0].Code, nil
	}
	if err != nil {
		return x, xds.ErrorCode(err.Error()), nil
	}
	return x, "", warnings
}

// TestRemoteRetransmission: a message that was answered gets the same answer without a word to the registry.
func TestRemoteRetransmission(t *testing.T) {
	t.Parallel()
	e := &elsewhere{problems: xds.Errors{{Code: "W", Warning: true, Context: "c", Relayed: true}}}
	r, db, _ := newRemote(t, e)
	if _, code, _ := resend(t, r, 1, "content"); code != "" {
		t.Fatal(code)
	}
	x, code, warnings := resend(t, r, 1, "content")
	if code != "" || !x.Repeated || len(warnings) != 1 || warnings[0].Code != "W" || !warnings[0].Relayed || len(e.ids) != 1 {
		t.Errorf("again: %q, repeated %v, warnings %v, %d submissions", code, x.Repeated, warnings, len(e.ids))
	}
	e.problems = xds.Errors{{Code: xds.XDSDuplicateUniqueIDInRegistry, Relayed: true}}
	if x, code, _ := resend(t, r, 2, "content"); code != xds.XDSDuplicateUniqueIDInRegistry || x.Repeated {
		t.Errorf("another message: %q, repeated %v", code, x.Repeated)
	}
	if !readable(t, db, "d") {
		t.Error("the refusal took the document away")
	}
	if len(e.ids) != 2 || e.ids[0] == e.ids[1] || e.ids[0] == "" {
		t.Errorf("forwarded MessageIDs %q, want two", e.ids)
	}
}

// TestRemoteLostAnswer: the registry's answer is lost, then the source sends again. What the registry says then, and what
// it has, decides.
func TestRemoteLostAnswer(t *testing.T) {
	t.Parallel()
	duplicate := xds.Errors{{Code: xds.XDSDuplicateUniqueIDInRegistry, Relayed: true}}
	for name, c := range map[string]struct {
		then              elsewhere
		has               bool
		want              xds.ErrorCode
		readable, pending bool
	}{
		"knows retransmissions":           {then: elsewhere{}, readable: true},
		"had not got it":                  {then: elsewhere{}, readable: true},
		"calls it a duplicate and has it": {then: elsewhere{problems: duplicate}, has: true, readable: true},
		"calls it a duplicate of another": {then: elsewhere{problems: duplicate}, want: xds.XDSDuplicateUniqueIDInRegistry, pending: true},
		"refuses it now and has it":       {then: elsewhere{problems: xds.Errors{{Code: "P", Relayed: true}}}, has: true, want: "P", readable: true},
		"refuses it and has it not":       {then: elsewhere{problems: xds.Errors{{Code: "P", Relayed: true}}}, want: "P", pending: true},
		"does not answer again":           {then: elsewhere{err: errors.New("EOF"), unknown: true}, want: xds.XDSRegistryNotAvailable, pending: true},
		"cannot be reached":               {then: elsewhere{err: errors.New("refused")}, want: xds.XDSRegistryNotAvailable, pending: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := &elsewhere{err: errors.New("EOF"), unknown: true}
			r, db, _ := newRemote(t, e)
			if _, code, _ := resend(t, r, 1, "content"); code != xds.XDSRegistryNotAvailable {
				t.Fatal(code)
			}
			ids := e.ids
			*e = c.then
			e.has = map[xds.UniqueID]string{}
			if c.has {
				e.has["d"] = digest(t, "content").SHA1Hex()
			}
			if _, code, _ := resend(t, r, 1, "content"); code != c.want {
				t.Errorf("got %q, want %q", code, c.want)
			}
			if len(e.ids) != 1 || e.ids[0] != ids[0] {
				t.Errorf("MessageIDs %q, then %q: want the same", ids, e.ids)
			}
			pending, err := db.Pending(t.Context(), r.Now().Add(time.Hour))
			if err != nil || (len(pending) == 1) != c.pending || readable(t, db, "d") != c.readable {
				t.Errorf("%d reservations, readable %v, want %v and %v: %v", len(pending), !c.readable, c.pending, c.readable, err)
			}
			if c.want == "" {
				if x, code, _ := resend(t, r, 1, "content"); code != "" || !x.Repeated || len(e.ids) != 1 {
					t.Errorf("a third time: %q, repeated %v, %d submissions", code, x.Repeated, len(e.ids))
				}
			}
		})
	}
}

// TestRemoteOneAtATime: a retransmission that comes while the first attempt is under way waits for its outcome, a stranger
// with the same SubmissionSet too; and a reservation in use is not settled by the background.
func TestRemoteOneAtATime(t *testing.T) {
	t.Parallel()
	e := &elsewhere{has: map[xds.UniqueID]string{}}
	r, db, now := newRemote(t, e)
	inside, release := make(chan struct{}), make(chan struct{})
	e.during = func() { close(inside); <-release }
	var first, second *actor.Exchange
	done := make(chan xds.ErrorCode, 2)
	go func() { var c xds.ErrorCode; first, c, _ = resend(t, r, 1, "content"); done <- c }()
	<-inside
	go func() { var c xds.ErrorCode; second, c, _ = resend(t, r, 1, "content"); done <- c }()
	impatient, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.Register(impatient, &actor.Exchange{Message: [32]byte{9}}, submission("s"), nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another message got in: %v", err)
	}
	*now = now.Add(time.Hour)
	settled := make(chan error, 1)
	go func() { settled <- r.Resolve(t.Context(), 10*time.Minute) }()
	time.Sleep(20 * time.Millisecond)
	close(release)
	for range 2 {
		if c := <-done; c != "" {
			t.Error(c)
		}
	}
	if err := <-settled; err != nil {
		t.Error(err)
	}
	if len(e.ids) != 1 || first.Repeated || !second.Repeated || !readable(t, db, "d") || e.asked != 0 {
		t.Errorf("%d submissions, repeated %v and %v, asked %d times", len(e.ids), first.Repeated, second.Repeated, e.asked)
	}
	if n := len(r.turns.doors); n != 0 {
		t.Errorf("%d turns are left", n)
	}
}
