package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"dossier/store/blob"
)

// known answers like a document index that looks blobs up by their SHA-256 and reports its own refs.
func known(refs ...blob.Ref) func(context.Context, []blob.Ref) (map[blob.Ref]bool, error) {
	return func(_ context.Context, asked []blob.Ref) (map[blob.Ref]bool, error) {
		yes := map[blob.Ref]bool{}
		for _, ref := range refs {
			for _, a := range asked {
				yes[ref] = yes[ref] || a.SHA256 == ref.SHA256
			}
		}
		return yes, nil
	}
}

// clock is a clock that stands still.
func clock(at time.Time) func() time.Time { return func() time.Time { return at } }

func blobSweep(t *testing.T, s blob.Store) {
	const grace = time.Hour
	named, orphan := receive(t, s, content(20, 10)).Ref, receive(t, s, content(21, 30)).Ref
	damaged := digestOf(content(22, 50))
	plant(t, s, damaged, content(22, 50)[:7])
	var last time.Time
	for _, at := range received(t, s) {
		if at.After(last) {
			last = at
		}
	}
	fresh := receive(t, s, content(23, 70)).Ref
	now := clock(received(t, s)[fresh].Add(grace))

	got, err := blob.Sweep(t.Context(), s, grace, now, known(named, damaged.Ref))
	want := blob.SweepResult{Seen: 4, Fresh: 1, Referenced: 2, Removed: 1, Bytes: orphan.Size}
	if err != nil || got != want {
		t.Errorf("Sweep: got %+v, %v; want %+v", got, err, want)
	}
	left := map[[32]byte]bool{}
	for ref := range received(t, s) {
		left[ref.SHA256] = true
	}
	for what, ref := range map[string]blob.Ref{"referenced": named, "fresh": fresh, "damaged": damaged.Ref} {
		if !left[ref.SHA256] {
			t.Errorf("Sweep removed the %s blob", what)
		}
	}
	if left[orphan.SHA256] || len(left) != 3 {
		t.Errorf("Sweep left %d blobs, orphan among them: %v; want the 3 others", len(left), left[orphan.SHA256])
	}
	got, err = blob.Sweep(t.Context(), s, grace, clock(farFuture), known())
	if err != nil || got.Removed != 3 {
		t.Errorf("Sweep with nothing referenced: got %+v, %v; want 3 removed", got, err)
	}
	wantEmpty(t, s)
}

func blobSweepRefuses(t *testing.T, s blob.Store) {
	receive(t, s, content(24, 10))
	broken := errors.New("no database")
	for name, c := range map[string]struct {
		grace      time.Duration
		referenced func(context.Context, []blob.Ref) (map[blob.Ref]bool, error)
		want       error
	}{
		"no grace":       {0, known(), nil},
		"negative grace": {-time.Hour, known(), nil},
		"no answer": {time.Hour, func(context.Context, []blob.Ref) (map[blob.Ref]bool, error) {
			return nil, broken
		}, broken},
	} {
		got, err := blob.Sweep(t.Context(), s, c.grace, clock(farFuture), c.referenced)
		if err == nil || c.want != nil && !errors.Is(err, c.want) || got.Removed != 0 {
			t.Errorf("%s: got %+v, %v; want an error and nothing removed", name, got, err)
		}
	}
	if len(received(t, s)) != 1 {
		t.Error("a refused Sweep removed a blob")
	}
}

// blobSweepRace receives again what a sweep is about to remove. Whoever is first, the bytes must be there once Receive
// has returned.
func blobSweepRace(t *testing.T, s blob.Store) {
	const grace = time.Hour
	removed := 0
	p := content(25, 50)
	for round := range 200 {
		ref := receive(t, s, p).Ref
		now := clock(received(t, s)[ref].Add(grace + 1)) // just old enough
		var wg sync.WaitGroup
		var swept blob.SweepResult
		wg.Go(func() {
			var err error
			if swept, err = blob.Sweep(t.Context(), s, grace, now, known()); err != nil {
				t.Errorf("Sweep: %v", err)
			}
		})
		wg.Go(func() {
			if _, err := blob.Receive(t.Context(), s, bytes.NewReader(p), 50); err != nil {
				t.Errorf("Receive: %v", err)
			}
			if got, err := read(t.Context(), s, ref, 50); err != nil || !bytes.Equal(got, p) {
				t.Errorf("round %d: received, then lost: %v", round, err)
			}
		})
		wg.Wait()
		removed += swept.Removed
	}
	t.Logf("sweep came first in %d of 200 rounds", removed)
}
