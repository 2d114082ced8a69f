package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"dossier/store"
)

// pool hands out connections. It exists beside database/sql's own because statements stay prepared on a connection over
// many transactions, which sql.Tx does not offer when there is one connection only.
type pool struct {
	db    *sql.DB
	begin constant
	slots chan struct{} // one token for each connection in use
	wait  time.Duration // the longest wait for a connection; 0 for any

	counted func() // called for each statement

	closing sync.Once
	closed  chan struct{}

	mu   sync.Mutex
	idle []*conn // last in, first out: its caches are warm
}

func (db *DB) newPool(from *sql.DB, begin constant, size int) *pool {
	from.SetMaxIdleConns(-1) // a connection that is given back to database/sql is closed
	return &pool{db: from, begin: begin, counted: db.counted, slots: make(chan struct{}, size), closed: make(chan struct{})}
}

// acquire waits for a connection until ctx ends.
func (p *pool) acquire(ctx context.Context) (*conn, error) {
	var late <-chan time.Time
	if p.wait > 0 {
		late = time.After(p.wait)
	}
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-p.closed:
		return nil, errClosed
	case <-late:
		return nil, fmt.Errorf("%w: all %d connections were in use for %v", store.ErrUnavailable, cap(p.slots), p.wait)
	}
	if c := p.pop(); c != nil {
		return c, nil
	}
	c, err := p.db.Conn(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return newConn(c, p.counted), nil
}

func (p *pool) pop() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	c := p.idle[n]
	p.idle = p.idle[:n]
	return c
}

// release takes a connection back; one in an unknown state is closed.
func (p *pool) release(c *conn, usable bool) {
	if usable {
		c.used = true
		p.mu.Lock()
		p.idle = append(p.idle, c)
		p.mu.Unlock()
	} else {
		c.close()
	}
	<-p.slots
}

var errClosed = errors.New("the database is closed")

// close waits until no connection is in use.
func (p *pool) close() (err error) {
	p.closing.Do(func() {
		close(p.closed)
		for range cap(p.slots) {
			p.slots <- struct{}{}
		}
		var errs []error
		for c := p.pop(); c != nil; c = p.pop() {
			errs = append(errs, c.close())
		}
		err = errors.Join(append(errs, p.db.Close())...)
	})
	return err
}
