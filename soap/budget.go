package soap

import (
	"io"
	"net/http"
	"sync/atomic"
)

// Budget bounds the bytes of all envelopes that are on their way through one or more servers, beyond 64 KiB each. What it bounds is
// the text; the tree that is made of it comes on top and is bounded by xmlwire.Limits.
type Budget struct {
	limit int64
	used  atomic.Int64
}

// NewBudget returns a budget of so many bytes.
func NewBudget(limit int64) *Budget { return &Budget{limit: limit} }

// claim is what one message holds of a budget, which may be nil.
type claim struct {
	budget *Budget
	read   int64
	held   int64
}

// grow adds n bytes and reports whether there is room for them.
func (c *claim) grow(n int) bool {
	c.read += int64(n)
	more := c.read - chunk - c.held
	if c.budget == nil || more <= 0 {
		return true
	}
	if c.budget.used.Add(more) > c.budget.limit {
		c.budget.used.Add(-more)
		return false
	}
	c.held += more
	return true
}

// release gives everything back.
func (c *claim) release() {
	if c.budget != nil {
		c.budget.used.Add(-c.held)
	}
	c.held = 0
}

// claiming is a reader whose bytes are kept in memory.
type claiming struct {
	r io.Reader
	*claim
}

func (c claiming) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if !c.grow(n) {
		return 0, busy()
	}
	return n, err
}

// busy refuses a message that there is no memory for now: it may be sent again as it is.
func busy() *Fault {
	f := ReceiverFault("too many large messages at the same time; send it again later", nil)
	f.HTTPStatus = http.StatusServiceUnavailable
	return f
}
