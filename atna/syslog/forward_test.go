package syslog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// forwarding runs a Forwarder over numbered messages 0, 1, ... and watches it.
type forwarding struct {
	client Sender
	count  int

	mu            sync.Mutex
	sent, certain int64
	failures      []error
}

// Send passes on and notes how far it got.
func (f *forwarding) Send(ctx context.Context, messages [][]byte) error {
	err := f.client.Send(ctx, messages)
	if err == nil {
		f.mu.Lock()
		f.sent += int64(len(messages))
		f.mu.Unlock()
	}
	return err
}

// Alive passes on.
func (f *forwarding) Alive() error { return f.client.Alive() }

// Close passes on.
func (f *forwarding) Close() { f.client.Close() }

func (f *forwarding) read(_ context.Context, after int64, limit int) ([][]byte, int64, error) {
	n := min(limit, f.count-int(after))
	return batch(int(after), n), after + int64(n), nil
}

func (f *forwarding) keep(_ context.Context, number int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.certain = number
	return nil
}

func (f *forwarding) start(t testing.TB, size int) {
	forwarder := &Forwarder{Sender: f, Read: f.read, Keep: f.keep, Batch: size, Grace: 500 * time.Millisecond, Idle: 50 * time.Millisecond, Retry: 20 * time.Millisecond,
		Report: func(err error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.failures = append(f.failures, err)
		}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- forwarder.Run(ctx, 0) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (f *forwarding) wait(t testing.TB, what string, of *int64, n int64) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		f.mu.Lock()
		got := *of
		f.mu.Unlock()
		if got >= n {
			return
		}
		if time.Now().After(deadline) {
			f.mu.Lock()
			defer f.mu.Unlock()
			t.Fatalf("%s: %d of %d; %v", what, got, n, f.failures)
		}
	}
}

func (f *forwarding) waitSent(t testing.TB, n int64) { t.Helper(); f.wait(t, "sent", &f.sent, n) }
func (f *forwarding) waitCertain(t testing.TB, n int64) {
	t.Helper()
	f.wait(t, "certain", &f.certain, n)
}

// forgetful is a receiver that fails and forgets as it likes: what it took since it last saved is lost when it dies.
type forgetful struct {
	mu             sync.Mutex
	saved, pending []string
	script         []string // what happens at each call of Send
	dead           bool
}

var errScript = errors.New("as the script has it")

// Send does what the script says.
func (r *forgetful) Send(_ context.Context, messages [][]byte) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	what := "take"
	if len(r.script) > 0 {
		what, r.script = r.script[0], r.script[1:]
	}
	switch {
	case r.dead:
		r.dead = false
		return errScript // the waiting connection is gone
	case what == "refuse":
		return errScript
	}
	take := len(messages)
	if what == "half" {
		take /= 2
	}
	for _, m := range messages[:take] {
		r.pending = append(r.pending, string(m))
	}
	switch what {
	case "half":
		r.saved, r.pending = append(r.saved, r.pending...), nil
		return errScript
	case "die":
		r.pending, r.dead = nil, true // after it has taken everything
	case "take":
		r.saved, r.pending = append(r.saved, r.pending...), nil
	}
	return nil
}

// Alive tells of a death.
func (r *forgetful) Alive() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead {
		r.dead = false
		return errScript
	}
	return nil
}

// Close does nothing.
func (r *forgetful) Close() {}

// TestForwarderLosesNothing: whatever a receiver does, every message is there in the end, and none came for the first time
// before its predecessor.
func TestForwarderLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := &forgetful{script: rapid.SliceOfN(rapid.SampledFrom([]string{"take", "refuse", "half", "die"}), 0, 12).Draw(t, "script")}
		f := &forwarding{client: r, count: 20}
		forwarder := &Forwarder{Sender: f, Read: f.read, Keep: f.keep, Batch: 3, Grace: 3 * time.Millisecond, Idle: time.Millisecond, Retry: time.Microsecond}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		forwarder.Keep = func(ctx context.Context, n int64) error {
			if f.keep(ctx, n); n == 20 {
				cancel()
			}
			return nil
		}
		if err := forwarder.Run(ctx, 0); err != nil {
			t.Fatal(err)
		}
		var first []string
		for _, m := range r.saved {
			if !slices.Contains(first, m) {
				first = append(first, m)
			}
		}
		for i, m := range batch(0, 20) {
			if i >= len(first) || first[i] != string(m) {
				t.Fatalf("message %d is missing or out of order: %d distinct", i, len(first))
			}
		}
	})
}

// TestForwarderSurvivesItsStore: reading and keeping fail too.
func TestForwarderSurvivesItsStore(t *testing.T) {
	t.Parallel()
	r := &forgetful{}
	f := &forwarding{client: r, count: 10}
	fails := 3
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var reports []string
	forwarder := &Forwarder{Sender: f, Batch: 4, Grace: time.Millisecond, Idle: time.Millisecond, Retry: time.Microsecond,
		Report: func(err error) { reports = append(reports, fmt.Sprint(err)) },
		Read: func(ctx context.Context, after int64, limit int) ([][]byte, int64, error) {
			if fails--; fails >= 0 {
				return nil, 0, errors.New("busy")
			}
			return f.read(ctx, after, limit)
		},
		Keep: func(ctx context.Context, n int64) error {
			if n == 10 {
				cancel()
			}
			return f.keep(ctx, n)
		}}
	if err := forwarder.Run(ctx, 0); err != nil || f.certain != 10 || len(r.saved) != 10 {
		t.Errorf("%v, certain %d, %d saved", err, f.certain, len(r.saved))
	}
	if !slices.Equal(reports, []string{"busy", "busy", "busy", "<nil>"}) {
		t.Errorf("reports %q", reports)
	}
}

// TestForwarderPassesGaps: messages that are missing, be it more than a batch of them, hold up nobody who comes after them.
func TestForwarderPassesGaps(t *testing.T) {
	t.Parallel()
	r := &forgetful{}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	forwarder := &Forwarder{Sender: r, Batch: 4, Grace: time.Millisecond, Idle: time.Millisecond, Retry: time.Microsecond,
		Read: func(_ context.Context, after int64, limit int) (messages [][]byte, last int64, err error) {
			last = min(after+int64(limit), 20)
			for n := after + 1; n <= last; n++ {
				if n <= 2 || n > 15 { // 3 to 15 are gone
					messages = append(messages, fmt.Append(nil, n))
				}
			}
			return messages, last, nil
		},
		Keep: func(_ context.Context, n int64) error {
			if n == 20 {
				cancel()
			}
			return nil
		}}
	if err := forwarder.Run(ctx, 0); err != nil || !slices.Equal(r.saved, []string{"1", "2", "16", "17", "18", "19", "20"}) {
		t.Errorf("%v, got %q", err, r.saved)
	}
}
