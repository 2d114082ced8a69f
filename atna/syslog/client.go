package syslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Client sends batches to one receiver over TLS; see the package for what counts as delivered. Its fields are set before
// the first Send. One goroutine uses it at a time.
type Client struct {
	Addr string // host:port
	// Config returns the TLS settings for the next connection, so that a changed certificate is taken up.
	Config func() *tls.Config
	// Settle is how long a TLS 1.3 connection without session ticket must stay without an error before it is used;
	// 300 ms by default.
	Settle time.Duration
	// Confirm is how long the receiver may take to read a batch and close; 10 s by default.
	Confirm time.Duration

	next *connection // open, nothing sent yet
	out  []byte
}

// dialTime bounds the connection and its handshake.
const dialTime = 15 * time.Second

// Send delivers the messages in order. After an error none counts as delivered: send all of them again. An error may also
// say that the connection which waited for them was closed, so that the batch before is in doubt.
func (c *Client) Send(ctx context.Context, messages [][]byte) error {
	err := c.send(ctx, messages)
	if err != nil {
		c.Close()
		return fmt.Errorf("syslog: %s: %w", c.Addr, err)
	}
	return nil
}

func (c *Client) send(ctx context.Context, messages [][]byte) error {
	conn, err := c.ready(ctx)
	if err != nil {
		return err
	}
	c.next = nil
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	if err := conn.write(c.frames(messages), c.confirm()); err != nil {
		return err
	}
	if err := conn.finish(c.confirm()); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c.next, err = c.dial(ctx)
	return err
}

// frames puts the messages of a batch into one buffer, which is kept for the next one.
func (c *Client) frames(messages [][]byte) []byte {
	c.out = c.out[:0]
	for _, m := range messages {
		c.out = AppendFrame(c.out, m)
	}
	return c.out
}

// ready returns a connection that the receiver has accepted.
func (c *Client) ready(ctx context.Context) (*connection, error) {
	if c.next == nil {
		var err error
		if c.next, err = c.dial(ctx); err != nil {
			return nil, err
		}
	}
	return c.next, c.next.settle(ctx, c.settling())
}

// Alive returns an error when the receiver has closed the connection that waits for the next batch: it may have died with
// the last one in its memory.
func (c *Client) Alive() error {
	if c.next == nil {
		return errEarly
	}
	if err := c.next.settle(context.Background(), 0); err != nil {
		c.Close()
		return fmt.Errorf("syslog: %s: %w", c.Addr, err)
	}
	return nil
}

// Close gives up the connection that waits for the next batch.
func (c *Client) Close() {
	if c.next != nil {
		c.next.Close()
		c.next = nil
	}
}

func (c *Client) settling() time.Duration {
	if c.Settle > 0 {
		return c.Settle
	}
	return 300 * time.Millisecond
}

func (c *Client) confirm() time.Duration {
	if c.Confirm > 0 {
		return c.Confirm
	}
	return 10 * time.Second
}

func (c *Client) dial(ctx context.Context) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	ticket := make(chan struct{}, 1)
	config := c.Config().Clone()
	config.ClientSessionCache = ticketSignal(ticket)
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", c.Addr)
	if err != nil {
		return nil, err
	}
	x := &connection{Conn: conn.(*tls.Conn), ticket: ticket, ended: make(chan error, 1), opened: time.Now()}
	go x.watch()
	return x, nil
}

// connection is a connection whose end is watched: the receiver never sends anything.
type connection struct {
	*tls.Conn
	ticket chan struct{}
	ended  chan error // why reading ended, io.EOF when the receiver closed
	opened time.Time
}

func (x *connection) watch() {
	_, err := io.Copy(io.Discard, x.Conn)
	if err == nil {
		err = io.EOF
	}
	x.ended <- err
}

var errEarly = errors.New("the receiver closed the connection")

// settle waits until the receiver has accepted the connection.
func (x *connection) settle(ctx context.Context, wait time.Duration) error {
	if x.ConnectionState().Version < tls.VersionTLS13 {
		wait = 0
	}
	timer := time.NewTimer(wait - time.Since(x.opened))
	defer timer.Stop()
	select {
	case err := <-x.ended:
		return early(err)
	case <-ctx.Done():
		return ctx.Err()
	case <-x.ticket:
	case <-timer.C:
	}
	select {
	case err := <-x.ended:
		return early(err)
	default:
		return nil
	}
}

func early(err error) error {
	if errors.Is(err, io.EOF) {
		return errEarly
	}
	return err
}

// write sends everything; the receiver has patience for each part of it to make progress.
func (x *connection) write(b []byte, patience time.Duration) error {
	const part = 64 << 10
	for len(b) > 0 {
		if err := x.SetWriteDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		n, err := x.Conn.Write(b[:min(part, len(b))])
		if err != nil {
			select {
			case cause := <-x.ended: // an alert says more than a broken pipe
				return errors.Join(err, cause)
			default:
				return err
			}
		}
		b = b[n:]
	}
	select {
	case err := <-x.ended:
		return early(err)
	default:
		return nil
	}
}

// finish ends the batch and waits until the receiver has closed too.
func (x *connection) finish(patience time.Duration) error {
	if err := x.CloseWrite(); err != nil {
		return err
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case err := <-x.ended:
		if errors.Is(err, io.EOF) {
			return nil
		}
		return err
	case <-timer.C:
		return nil
	}
}

// ticketSignal is a session cache that keeps nothing: it tells that a ticket has come. Sessions are not resumed, so that
// the certificates of both sides are looked at every time.
type ticketSignal chan struct{}

// Get has no session.
func (ticketSignal) Get(string) (*tls.ClientSessionState, bool) { return nil, false }

// Put tells that the receiver has accepted the handshake.
func (t ticketSignal) Put(_ string, s *tls.ClientSessionState) {
	if s == nil {
		return
	}
	select {
	case t <- struct{}{}:
	default:
	}
}

// maxDatagram is the most that UDP carries over IPv4.
const maxDatagram = 65507

// Datagrams sends messages by UDP (RFC 5426): nothing is ever confirmed.
type Datagrams struct {
	Addr string // host:port
	conn net.Conn
}

// Send sends each message as one datagram. What is longer than a datagram is cut: a receiver keeps what it cannot parse
// (ITI TF-2: 3.20.4.1.3).
func (d *Datagrams) Send(ctx context.Context, messages [][]byte) error {
	if d.conn == nil {
		conn, err := new(net.Dialer).DialContext(ctx, "udp", d.Addr)
		if err != nil {
			return fmt.Errorf("syslog: %w", err)
		}
		d.conn = conn
	}
	for _, m := range messages {
		if _, err := d.conn.Write(m[:min(len(m), maxDatagram)]); err != nil {
			d.Close()
			return fmt.Errorf("syslog: %w", err)
		}
	}
	return nil
}

// Alive knows nothing of the receiver.
func (d *Datagrams) Alive() error { return nil }

// Close closes the socket.
func (d *Datagrams) Close() {
	if d.conn != nil {
		d.conn.Close()
		d.conn = nil
	}
}
