package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// maxWait is how long Send and Dial wait when their context has no deadline.
const maxWait = time.Minute

// ErrClosed is what Send returns after Close.
var ErrClosed = errors.New("mllp: client closed")

// Client sends messages to one receiver and waits for the answers. It may be used from many goroutines: messages
// go one after the other, as MLLP has no way to tell answers apart.
type Client struct {
	addr   string
	config *tls.Config
	turn   chan struct{} // holds a token while nobody is sending

	// The rest belongs to the holder of the token.
	conn   net.Conn
	in     *frames
	closed bool
}

// NewClient returns a client that connects to addr (host:port) when it first sends, with TLS when config is not nil.
func NewClient(addr string, config *tls.Config) *Client {
	c := &Client{addr: addr, config: config, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// Dial connects to addr at once.
func Dial(ctx context.Context, addr string, config *tls.Config) (*Client, error) {
	c := NewClient(addr, config)
	if err := c.connect(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// Send sends msg, without frame bytes, and returns the answer, at most 1 MiB. It waits until ctx ends, and a minute
// when ctx has no deadline. After an error the connection is given up and the next Send opens a new one; msg is not
// sent again, as the receiver may have processed it. Receivers close idle connections, so io.EOF after a pause is
// normal and means, in all likelihood, that msg was not read. Compare MSA-2 of the answer with MSH-10.
func (c *Client) Send(ctx context.Context, msg []byte) ([]byte, error) {
	out, err := frame(msg)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { c.turn <- struct{}{} }()
	if c.closed {
		return nil, ErrClosed
	}
	// Something arrived after the last answer. It would be taken for the answer to this message.
	if c.conn != nil && c.in.unused() {
		c.drop()
	}
	if c.conn == nil {
		if err := c.connect(ctx); err != nil {
			return nil, err
		}
	}
	answer, err := c.exchange(ctx, out)
	if err != nil {
		c.drop()
		return nil, fmt.Errorf("mllp: send to %s: %w", c.addr, err)
	}
	return answer, nil
}

// Reset gives the connection up after the message in work; the next Send opens a new one. It is for a caller that was given
// an answer to another message: what else waits on the connection is not to be believed either.
func (c *Client) Reset() {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	_ = c.drop() // nothing is lost with it
}

// Close ends the connection after the message in work.
func (c *Client) Close() error {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	c.closed = true
	return c.drop()
}

// exchange writes a frame and reads one.
func (c *Client) exchange(ctx context.Context, out []byte) ([]byte, error) {
	limit, limited := ctx.Deadline()
	if !limited {
		limit = time.Now().Add(maxWait)
	}
	if err := c.conn.SetDeadline(limit); err != nil {
		return nil, err
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	answer, err := c.roundTrip(out)
	stop()
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited && errors.Is(err, os.ErrDeadlineExceeded):
		return nil, context.DeadlineExceeded // the connection's timer was a moment earlier
	}
	return nil, err
}

func (c *Client) roundTrip(out []byte) ([]byte, error) {
	if _, err := c.conn.Write(out); err != nil {
		return nil, err
	}
	answer, err := c.in.next()
	if err != nil {
		return nil, err
	}
	return append([]byte(nil), answer...), nil
}

// connect dials.
func (c *Client) connect(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, maxWait)
	defer cancel()
	var err error
	if c.config == nil {
		c.conn, err = new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	} else {
		c.conn, err = (&tls.Dialer{Config: c.config}).DialContext(ctx, "tcp", c.addr)
	}
	if err != nil {
		c.conn = nil
		return fmt.Errorf("mllp: %w", err)
	}
	c.in = &frames{src: c.conn, limit: 1 << 20}
	return nil
}

func (c *Client) drop() error {
	if c.conn == nil {
		return nil
	}
	err := c.conn.Close()
	c.conn, c.in = nil, nil
	return err
}

// unused reports whether anything but line ends has been read beyond the last message.
func (f *frames) unused() bool {
	for _, b := range f.buf[f.r:f.w] {
		if b != '\n' && b != '\r' {
			return true
		}
	}
	return false
}
