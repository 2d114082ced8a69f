package consumer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
)

// scene is an MPI behind a real listener whose answers the test decides, and a clock that the test sets.
type scene struct {
	*MPI
	asked atomic.Int64
	mu    sync.Mutex
	reply func(msg *hl7v2.Message) []byte
	clock time.Time
	seen  map[string]int
}

func iso(namespace, oid string) hl7v2.HD {
	return hl7v2.HD{Namespace: namespace, UniversalID: oid, UniversalIDType: "ISO"}
}

func newScene(t *testing.T, reply func(msg *hl7v2.Message) []byte) *scene {
	t.Helper()
	s := &scene{reply: reply, clock: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), seen: map[string]int{}}
	s.MPI = &MPI{
		PIX: clientV2(t, peerV2(t, func(m *hl7v2.Message) []byte {
			s.asked.Add(1)
			s.mu.Lock()
			reply := s.reply
			s.mu.Unlock()
			return reply(m)
		})),
		Domains: pix.Domains{{Authority: iso("AFF", "2.999.1.1"), Affinity: true}, {Authority: iso("HOSP-A", "2.999.2.1")}},
		Timeout: 2 * time.Second, Failures: 3, Pause: time.Minute, Entries: 3, Age: time.Hour,
		Now:     func() time.Time { s.mu.Lock(); defer s.mu.Unlock(); return s.clock },
		Observe: func(o string) { s.mu.Lock(); defer s.mu.Unlock(); s.seen[o]++ },
	}
	return s
}

func (s *scene) answers(reply func(msg *hl7v2.Message) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reply = reply
}

func (s *scene) passes(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock = s.clock.Add(d)
}

func localID(id string) hl7v2.CX    { return hl7v2.CX{ID: id, Authority: iso("", "2.999.2.1")} }
func affinityID(id string) hl7v2.CX { return hl7v2.CX{ID: id, Authority: iso("", "2.999.1.1")} }

// linked answers that the patient has the id "A-" and his own in the affinity domain, and another elsewhere.
func linked(msg *hl7v2.Message) []byte {
	return frameOf(msg, "MSA|AA|CONTROL", "QAK|TAG|OK", "PID|||A-"+msg.Field("QPD", 3).Component(1)+"^^^AFF&2.999.1.1&ISO~9^^^&2.999.9&ISO")
}

var (
	nobody  = segments("MSA|AE|CONTROL", "ERR||QPD^1^3^1^1|204|E", "QAK|TAG|AE")
	alone   = segments("MSA|AA|CONTROL", "QAK|TAG|NF")
	refuses = segments("MSA|AR|CONTROL", "ERR|||207|E")
	gone    = func(*hl7v2.Message) []byte { return nil }
)

// want checks a resolution and how often the MPI has been asked in all.
func (s *scene) want(t *testing.T, what string, id hl7v2.CX, ids string, asked int64) {
	t.Helper()
	found, local, err := s.Affinity(t.Context(), id)
	var got []string
	for _, x := range found {
		got = append(got, x.String())
	}
	if err != nil || !local || strings.Join(got, " ") != ids || s.asked.Load() != asked {
		t.Errorf("%s: got %v, %v after %d queries, want %q after %d", what, got, err, s.asked.Load(), ids, asked)
	}
}

// fails checks that there is no usable answer.
func (s *scene) fails(t *testing.T, what string, id hl7v2.CX, asked int64) {
	t.Helper()
	if ids, _, err := s.Affinity(t.Context(), id); !errors.Is(err, pix.ErrUnavailable) || len(ids) != 0 || s.asked.Load() != asked {
		t.Errorf("%s: got %v, %v after %d queries, want none after %d", what, ids, err, s.asked.Load(), asked)
	}
}

// TestRemembers: found ids are remembered, for a time and so many; nothing else is.
func TestRemembers(t *testing.T) {
	t.Parallel()
	s := newScene(t, linked)
	const one = "A-1^^^&2.999.1.1&ISO"
	s.want(t, "first", localID("1"), one, 1)
	s.want(t, "again", localID("1"), one, 1)
	s.want(t, "again, otherwise written", hl7v2.CX{ID: "1", Authority: hl7v2.HD{Namespace: "hosp-a"}}, one, 1)
	s.passes(time.Hour)
	s.want(t, "an hour later", localID("1"), one, 2)
	s.want(t, "second", localID("2"), "A-2^^^&2.999.1.1&ISO", 3)
	s.want(t, "third", localID("3"), "A-3^^^&2.999.1.1&ISO", 4)
	s.want(t, "first, used last", localID("1"), one, 4)
	s.want(t, "fourth, over the limit", localID("4"), "A-4^^^&2.999.1.1&ISO", 5)
	if n := s.Remembered(); n != 3 {
		t.Errorf("%d answers are remembered, want 3", n)
	}
	s.want(t, "first still", localID("1"), one, 5)
	s.want(t, "second was the oldest", localID("2"), "A-2^^^&2.999.1.1&ISO", 6)
	s.answers(nobody)
	s.want(t, "unknown", localID("5"), "", 7)
	s.want(t, "unknown again", localID("5"), "", 8)
	s.answers(alone)
	s.want(t, "without an id there", localID("6"), "", 9)
	s.want(t, "without an id there, again", localID("6"), "", 10)
	many := "PID|||"
	for i := range maxRemembered + 1 {
		many += fmt.Sprintf("~M-%d^^^&2.999.1.1&ISO", i)
	}
	s.answers(segments("MSA|AA|CONTROL", "QAK|TAG|OK", strings.Replace(many, "~", "", 1)))
	for i := range int64(2) {
		if ids, _, err := s.Affinity(t.Context(), localID("7")); err != nil || len(ids) != maxRemembered+1 || s.asked.Load() != 11+i {
			t.Errorf("an answer with many ids: %d, %v after %d queries", len(ids), err, s.asked.Load())
		}
	}
	if len(s.cache.byAsk) != 3 || s.cache.order.Len() != 3 || len(s.cache.byID) != 6 {
		t.Errorf("%d, %d and %d entries of indexes, want 3, 3 and 6", len(s.cache.byAsk), s.cache.order.Len(), len(s.cache.byID))
	}
}

// TestInvalidate: whoever is named, as the one asked for or as the one found, is asked for anew; an answer that is on its way is not
// remembered, and who comes after the change does not wait for it.
func TestInvalidate(t *testing.T) {
	t.Parallel()
	s := newScene(t, linked)
	s.want(t, "1", localID("1"), "A-1^^^&2.999.1.1&ISO", 1)
	s.want(t, "2", localID("2"), "A-2^^^&2.999.1.1&ISO", 2)
	s.Invalidate(localID("3"), affinityID("1"))
	s.want(t, "others were named", localID("1"), "A-1^^^&2.999.1.1&ISO", 2)
	s.Invalidate(hl7v2.CX{ID: "1", Authority: hl7v2.HD{Namespace: "HOSP-A"}})
	s.want(t, "the one asked for", localID("1"), "A-1^^^&2.999.1.1&ISO", 3)
	s.Invalidate(affinityID("A-1"))
	s.want(t, "the one found", localID("1"), "A-1^^^&2.999.1.1&ISO", 4)
	s.want(t, "not the other", localID("2"), "A-2^^^&2.999.1.1&ISO", 4)

	waiting, hold := make(chan bool), make(chan bool)
	s.answers(func(m *hl7v2.Message) []byte {
		waiting <- true
		<-hold
		return linked(m)
	})
	done := make(chan error, 2)
	ask := func() { _, _, err := s.Affinity(context.WithoutCancel(t.Context()), localID("4")); done <- err }
	go ask()
	<-waiting
	s.Invalidate(localID("4"))
	s.answers(linked)
	go ask()
	close(hold)
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := s.asked.Load(); n != 6 {
		t.Errorf("%d queries, want 6: one before and one after the change", n)
	}
	s.want(t, "the later answer is remembered", localID("4"), "A-4^^^&2.999.1.1&ISO", 6)

	// An answer in which an id stands that was named while it was on its way is given to who asked before, and not remembered;
	// changes of others do not count, unless there are so many that they cannot be told apart.
	for what, changed := range map[string]struct {
		ids   []hl7v2.CX
		again int64
	}{
		"of others": {[]hl7v2.CX{localID("9"), affinityID("9")}, 0}, "of the one found": {[]hl7v2.CX{affinityID("A-5")}, 1},
		"very many": {slices.Repeat([]hl7v2.CX{localID("9")}, 2*maxChanges), 1},
	} {
		s.Invalidate(localID("5"))
		before := s.asked.Load()
		hold := make(chan bool)
		s.answers(func(m *hl7v2.Message) []byte {
			waiting <- true
			<-hold
			return linked(m)
		})
		go func() { _, _, err := s.Affinity(context.WithoutCancel(t.Context()), localID("5")); done <- err }()
		<-waiting
		s.Invalidate(changed.ids...)
		s.answers(linked)
		close(hold)
		if err := <-done; err != nil {
			t.Errorf("%s: %v", what, err)
		}
		s.want(t, what, localID("5"), "A-5^^^&2.999.1.1&ISO", before+1+changed.again)
	}
}

// TestAsksOnce: many that want to know the same wait for one query; who leaves does not end it for the others.
func TestAsksOnce(t *testing.T) {
	t.Parallel()
	waiting, hold := make(chan bool, 1), make(chan bool)
	s := newScene(t, func(m *hl7v2.Message) []byte {
		waiting <- true
		<-hold
		return linked(m)
	})
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, _, err := s.Affinity(ctx, localID("1")); left <- err }()
	<-waiting
	const many = 50
	var asked sync.WaitGroup
	var good atomic.Int64
	for range many {
		asked.Go(func() {
			if ids, _, err := s.Affinity(t.Context(), localID("1")); err == nil && len(ids) == 1 {
				good.Add(1)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left got %v", err)
	}
	close(hold)
	asked.Wait()
	if good.Load() != many || s.asked.Load() != 1 {
		t.Errorf("%d of %d got the answer, after %d queries", good.Load(), many, s.asked.Load())
	}
	if s.breaker.failed != 0 {
		t.Error("that somebody left was counted as a failure of the peer")
	}
}

// TestBreaker: failures in a row open it, one call tries after the pause, an answer of any kind closes it.
func TestBreaker(t *testing.T) {
	t.Parallel()
	s := newScene(t, refuses)
	for i := range int64(5) {
		s.fails(t, "refused", localID("1"), i+1) // an answer, if none of use
	}
	s.answers(gone)
	s.fails(t, "first failure", localID("1"), 7) // a lost connection is opened anew once
	s.fails(t, "second failure", localID("1"), 9)
	s.answers(nobody)
	s.want(t, "an answer between", localID("1"), "", 10)
	s.answers(gone)
	for i := range int64(3) {
		s.fails(t, "failure", localID("1"), 12+2*i)
	}
	if !s.Paused() {
		t.Fatal("three failures in a row did not open the breaker")
	}
	s.answers(linked)
	s.fails(t, "open", localID("1"), 16)
	s.passes(time.Minute)
	s.answers(gone)
	s.fails(t, "the probe", localID("1"), 18)
	s.answers(linked)
	s.fails(t, "open again", localID("1"), 18)
	s.passes(time.Minute)

	waiting, hold := make(chan bool, 1), make(chan bool)
	s.answers(func(m *hl7v2.Message) []byte {
		waiting <- true
		<-hold
		return linked(m)
	})
	done := make(chan error, 1)
	go func() { _, _, err := s.Affinity(t.Context(), localID("1")); done <- err }()
	<-waiting
	s.fails(t, "beside the probe", localID("2"), 19)
	close(hold)
	if err := <-done; err != nil || s.Paused() {
		t.Errorf("the second probe: %v, paused %v", err, s.Paused())
	}
	s.answers(linked)
	s.want(t, "closed", localID("2"), "A-2^^^&2.999.1.1&ISO", 20)
	s.mu.Lock()
	defer s.mu.Unlock()
	if got := fmt.Sprint(s.seen); got != "map[failed:6 known:2 paused:3 refused:5 unknown:1]" {
		t.Errorf("counted %s", got)
	}
}

// TestKnown: an answer with or without other ids is a patient who is known, unless PDQ, where it is asked, does not find the id.
func TestKnown(t *testing.T) {
	t.Parallel()
	found := segments("MSA|AA|CONTROL", "QAK|TAG|OK", "PID|||K-1^^^AFF&2.999.1.1&ISO")
	other := segments("MSA|AA|CONTROL", "QAK|TAG|OK", "PID|||K-2^^^AFF&2.999.1.1&ISO~K-1^^^&2.999.2.1&ISO")
	for name, c := range map[string]struct {
		pix, pdq func(*hl7v2.Message) []byte
		id       hl7v2.CX
		known    bool
		failed   bool
	}{
		"none, no PDQ":                        {pix: alone, id: affinityID("K-1"), known: true},
		"other ids, no PDQ":                   {pix: linked, id: affinityID("K-1"), known: true},
		"unknown":                             {pix: nobody, id: affinityID("K-1")},
		"none, and PDQ finds him":             {pix: alone, pdq: found, id: affinityID("K-1"), known: true},
		"none, and PDQ finds nobody":          {pix: alone, pdq: segments("MSA|AA|CONTROL", "QAK|TAG|NF"), id: affinityID("K-1")},
		"none, and PDQ finds somebody else":   {pix: alone, pdq: other, id: affinityID("K-1")},
		"none, and PDQ is refused":            {pix: alone, pdq: refuses, id: affinityID("K-1"), failed: true},
		"none, and PDQ does not answer":       {pix: alone, pdq: gone, id: affinityID("K-1"), failed: true},
		"another id, and PDQ finds him":       {pix: linked, pdq: found, id: affinityID("K-1"), known: true},
		"another id, and PDQ has that alone":  {pix: linked, pdq: other, id: affinityID("K-1")},
		"an unknown domain says nothing":      {pix: segments("MSA|AE|CONTROL", "ERR||QPD^1^3^1^4|204|E"), id: affinityID("K-1"), failed: true},
		"of another domain: nobody is asked":  {pix: gone, id: localID("K-1")},
		"of no domain: nobody is asked":       {pix: gone, id: hl7v2.CX{ID: "K-1", Authority: iso("", "2.999.77")}},
		"not known by any: no answer is none": {pix: gone, id: affinityID("K-1"), failed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, c.pix)
			if c.pdq != nil {
				s.PDQ = clientV2(t, peerV2(t, c.pdq))
			}
			known, err := s.Known(t.Context(), c.id)
			if known != c.known || errors.Is(err, pix.ErrUnavailable) != c.failed || err != nil && !c.failed {
				t.Errorf("got %v, %v, want %v and failure %v", known, err, c.known, c.failed)
			}
		})
	}
}

// TestNotRecorded: an answer whose query could not be recorded is not used, and is no failure of the peer.
func TestNotRecorded(t *testing.T) {
	t.Parallel()
	s := newScene(t, linked)
	full := errors.New("disk full")
	var outcome error
	s.PIX.(*V2).Begin = func(_ context.Context, q *Query) func(error) error {
		return func(err error) error { outcome = err; return full }
	}
	ids, _, err := s.Affinity(t.Context(), localID("1"))
	if len(ids) != 0 || !errors.Is(err, full) || errors.Is(err, pix.ErrUnavailable) || outcome != nil || s.breaker.failed != 0 || s.Remembered() != 0 {
		t.Errorf("got %v, %v", ids, err)
	}
}

// TestPanic: what goes wrong in a query is an error of its askers, not the end of the process.
func TestPanic(t *testing.T) {
	t.Parallel()
	s := newScene(t, linked)
	s.PIX.(*V2).Begin = func(context.Context, *Query) func(error) error { panic("broken") }
	if _, _, err := s.Affinity(t.Context(), localID("1")); err == nil || errors.Is(err, pix.ErrUnavailable) || s.breaker.failed != 1 {
		t.Errorf("got %v", err)
	}
}
