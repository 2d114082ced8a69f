package manager

import (
	"strconv"
	"sync"
	"time"

	"dossier/pix"
)

// cursors keep what queries found and did not deliver yet, in memory: an answer is a few kilobytes, and who lost it asks
// again.
type cursors struct {
	mu  sync.Mutex
	all map[Tag]*cursor
}

type cursor struct {
	people []Patient
	memo   any
	next   int
	used   time.Time
}

const (
	// cursorLife is how long a query waits for its continuation.
	cursorLife = 5 * time.Minute
	// maxCursors bounds the queries that wait; the one that was used least recently is forgotten first.
	maxCursors = 500
)

// start answers with the first block and keeps the rest.
func (c *cursors) start(tag Tag, k *cursor, quantity int) *Block {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, tag) // the same tag again is a new query
	b := k.block(quantity)
	if b.Remaining > 0 {
		if c.all == nil {
			c.all = map[Tag]*cursor{}
		}
		c.makeRoom()
		k.used = time.Now()
		c.all[tag] = k
	}
	return b
}

func (c *cursors) makeRoom() {
	now := time.Now()
	var oldest Tag
	for tag, k := range c.all {
		if now.Sub(k.used) > cursorLife {
			delete(c.all, tag)
		} else if o := c.all[oldest]; o == nil || k.used.Before(o.used) {
			oldest = tag
		}
	}
	if len(c.all) >= maxCursors {
		delete(c.all, oldest)
	}
}

func (c *cursors) next(tag Tag, pointer string, quantity int) (*Block, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.all[tag]
	if k == nil || time.Since(k.used) > cursorLife {
		delete(c.all, tag)
		return nil, &pix.Refusal{Reason: pix.UnknownPointer, Part: pix.PartPointer}
	}
	if pointer != "" {
		// A pointer is the number of the first one wanted, so that a block whose answer was lost can be asked for again.
		n, err := strconv.Atoi(pointer)
		if err != nil || n < 0 || n >= len(k.people) {
			return nil, &pix.Refusal{Reason: pix.UnknownPointer, Part: pix.PartPointer}
		}
		k.next = n
	}
	k.used = time.Now()
	b := k.block(quantity)
	return b, nil
}

func (c *cursors) cancel(tag Tag) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, tag)
}

// block takes the next people.
func (k *cursor) block(quantity int) *Block {
	rest := k.people[k.next:]
	if quantity > 0 && quantity < len(rest) {
		rest = rest[:quantity]
	}
	k.next += len(rest)
	b := &Block{People: rest, Total: len(k.people), Remaining: len(k.people) - k.next, Memo: k.memo}
	if b.Remaining > 0 {
		b.Pointer = strconv.Itoa(k.next)
	}
	return b
}
