package consumer

import (
	"sync"
	"time"
)

// breaker keeps calls away from a peer that does not answer: failures in a row open it for a pause, then one call may try.
type breaker struct {
	mu      sync.Mutex
	failed  int       // in a row
	until   time.Time // of the pause; zero while closed
	probing bool
}

// enter reports whether a call may be made. Each one that may ends with leave.
func (b *breaker) enter(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return true
	case now.Before(b.until) || b.probing:
		return false
	}
	b.probing = true
	return true
}

// leave notes how a call ended. A call that was on its way when the breaker opened counts too: an answer closes it.
func (b *breaker) leave(now time.Time, failed bool, limit int, pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !failed {
		b.failed, b.until, b.probing = 0, time.Time{}, false
		return
	}
	if b.failed++; b.failed >= limit || !b.until.IsZero() {
		b.until, b.probing = now.Add(pause), false
	}
}

// open reports whether calls are kept away, or one is trying.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.until.IsZero()
}
