package repository

import (
	"context"
	"sync"
)

// turns lets one at a time pass for each key. The zero value is ready.
type turns[K comparable] struct {
	mu    sync.Mutex
	doors map[K]*door
}

type door struct {
	slot    chan struct{} // holds a token while somebody is inside
	callers int           // inside or waiting
}

// enter waits until nobody else is inside with that key, or ctx ends. After a nil error leave must be called.
func (t *turns[K]) enter(ctx context.Context, key K) (leave func(), err error) {
	t.mu.Lock()
	d := t.doors[key]
	if d == nil {
		if t.doors == nil {
			t.doors = map[K]*door{}
		}
		d = &door{slot: make(chan struct{}, 1)}
		t.doors[key] = d
	}
	d.callers++
	t.mu.Unlock()
	select {
	case d.slot <- struct{}{}:
		return func() { <-d.slot; t.drop(key, d) }, nil
	case <-ctx.Done():
		t.drop(key, d)
		return nil, ctx.Err()
	}
}

func (t *turns[K]) drop(key K, d *door) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d.callers--; d.callers == 0 {
		delete(t.doors, key)
	}
}
