package blob

import (
	"context"
	"fmt"
	"time"
)

// sweepBatch is how many blobs Sweep asks about at once.
const sweepBatch = 500

// SweepResult counts what a [Sweep] met.
type SweepResult struct {
	Seen       int   // blobs in the store
	Fresh      int   // kept: received within the grace period
	Referenced int   // kept: referenced
	Removed    int   // removed
	Bytes      int64 // of those removed
}

// Sweep removes the blobs that were last received longer ago than grace and that referenced does not know.
//
// referenced gets up to 500 refs and returns those which some document names, looked up by SHA256 alone: the Size of
// a damaged blob is what is left of it, and that is to be kept for repair. grace is the time a document may take from
// the end of [Receive] to the commit of its metadata; it must be positive, and an hour is a good value. No document
// is lost that is received while Sweep runs. After an error the counts say what was done so far; a later Sweep does
// the rest.
func Sweep(ctx context.Context, s Store, grace time.Duration, now func() time.Time,
	referenced func(context.Context, []Ref) (map[Ref]bool, error)) (SweepResult, error) {
	if grace <= 0 {
		return SweepResult{}, fmt.Errorf("blob: sweep: expected a positive grace period, got %v", grace)
	}
	w := sweeper{store: s, before: now().Add(-grace), referenced: referenced}
	err := s.Walk(ctx, func(ref Ref, received time.Time) error {
		w.Seen++
		if !received.Before(w.before) {
			w.Fresh++
			return nil
		}
		if w.batch = append(w.batch, ref); len(w.batch) < sweepBatch {
			return nil
		}
		return w.flush(ctx)
	})
	if err == nil {
		err = w.flush(ctx)
	}
	return w.SweepResult, err
}

type sweeper struct {
	SweepResult
	store      Store
	before     time.Time
	referenced func(context.Context, []Ref) (map[Ref]bool, error)
	batch      []Ref
}

// flush asks about the batch and removes what nobody knows.
func (w *sweeper) flush(ctx context.Context) error {
	if len(w.batch) == 0 {
		return nil
	}
	named, err := w.referenced(ctx, w.batch)
	if err != nil {
		return fmt.Errorf("blob: sweep: asking which blobs are referenced: %w", err)
	}
	keep := make(map[[32]byte]bool, len(named))
	for ref, yes := range named {
		if yes {
			keep[ref.SHA256] = true
		}
	}
	for _, ref := range w.batch {
		if keep[ref.SHA256] {
			w.Referenced++
			continue
		}
		gone, err := w.store.Remove(ctx, ref, w.before)
		if err != nil {
			return fmt.Errorf("blob: sweep: %w", err)
		}
		if gone {
			w.Removed++
			w.Bytes += ref.Size
		} else {
			w.Fresh++ // received again since the walk met it, or removed by another hand
		}
	}
	w.batch = w.batch[:0]
	return nil
}
