package consumer

import (
	"container/list"
	"slices"
	"sync"
	"time"

	"dossier/hl7v2"
)

// question is what is asked of an MPI: the ids of a patient in a domain.
type question struct {
	id     hl7v2.PatientKey
	domain string
}

// cache remembers answers, the ones used last. Its zero value is ready for use.
type cache struct {
	mu    sync.Mutex
	order list.List // of *remembered, the one used last in front
	byAsk map[question]*list.Element
	byID  map[hl7v2.PatientKey]map[*list.Element]bool // what an id was asked by, or stands in
	// generation counts the calls of forget, and changes holds the latest ids that they named: an answer that was on its way
	// meanwhile may be older than they are.
	generation uint64
	changes    [maxChanges]change
	next       int
	lost       uint64 // generation of the latest change that is no longer held
}

// change is an id that was named in a generation.
type change struct {
	generation uint64
	id         hl7v2.PatientKey
}

// maxChanges that are held: of those in the time of one query. With more, all answers count as changed.
const maxChanges = 512

type remembered struct {
	ask question
	ids []hl7v2.CX
	at  time.Time
}

// maxRemembered ids of one answer: one with more is of no use to anybody here.
const maxRemembered = 16

// get returns an answer that is younger than age.
func (c *cache) get(q question, now time.Time, age time.Duration) ([]hl7v2.CX, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byAsk[q]
	if e == nil {
		return nil, false
	}
	r := e.Value.(*remembered)
	if now.Sub(r.at) >= age {
		c.drop(e)
		return nil, false
	}
	c.order.MoveToFront(e)
	return r.ids, true
}

// now returns the generation, to be given to put.
func (c *cache) now() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.generation
}

// put remembers an answer to a question asked in that generation, and forgets the one used longest ago beyond the limit.
func (c *cache) put(q question, ids []hl7v2.CX, at time.Time, generation uint64, limit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(ids) > maxRemembered || c.changed(keysOf(q, ids), generation, c.generation) {
		return
	}
	if c.byAsk == nil {
		c.byAsk, c.byID = map[question]*list.Element{}, map[hl7v2.PatientKey]map[*list.Element]bool{}
	}
	if e := c.byAsk[q]; e != nil {
		c.drop(e)
	}
	e := c.order.PushFront(&remembered{q, ids, at})
	c.byAsk[q] = e
	for _, k := range keysOf(q, ids) {
		if c.byID[k] == nil {
			c.byID[k] = map[*list.Element]bool{}
		}
		c.byID[k][e] = true
	}
	for c.order.Len() > limit {
		c.drop(c.order.Back())
	}
}

// forget drops every answer that one of the ids was asked by or stands in.
func (c *cache) forget(ids []hl7v2.PatientKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for _, k := range ids {
		c.lost = max(c.lost, c.changes[c.next].generation)
		c.changes[c.next] = change{c.generation, k}
		c.next = (c.next + 1) % maxChanges
		for e := range c.byID[k] {
			c.drop(e)
		}
	}
}

// stale reports whether an answer to a question of generation asked is too old for who asks in generation now.
func (c *cache) stale(q question, ids []hl7v2.CX, asked, now uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed(keysOf(q, ids), asked, now)
}

// changed reports whether one of the ids was named after generation from and not after generation to.
func (c *cache) changed(ids []hl7v2.PatientKey, from, to uint64) bool {
	if from >= to {
		return false
	}
	if from < c.lost {
		return true
	}
	for _, x := range c.changes {
		if x.generation > from && x.generation <= to && slices.Contains(ids, x.id) {
			return true
		}
	}
	return false
}

func (c *cache) drop(e *list.Element) {
	r := c.order.Remove(e).(*remembered)
	delete(c.byAsk, r.ask)
	for _, k := range keysOf(r.ask, r.ids) {
		if delete(c.byID[k], e); len(c.byID[k]) == 0 {
			delete(c.byID, k)
		}
	}
}

func (c *cache) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.order.Len()
}

func keysOf(q question, ids []hl7v2.CX) []hl7v2.PatientKey {
	out := []hl7v2.PatientKey{q.id}
	for _, id := range ids {
		out = append(out, id.Key())
	}
	return out
}
