package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime/debug"
	"time"

	"dossier/internal/failpoint"
)

// conn is one connection of a Server.
type conn struct {
	net.Conn
	server *Server
	limits Limits
	ctx    context.Context
	cancel context.CancelFunc

	working bool // a message is with the handler; guarded by server.mu

	waiting time.Time // since when there is no message
	started time.Time // when the message began to arrive; zero between messages
}

// serve runs the connection to its end. It may be closed by Shutdown at any time while it is not working.
func (c *conn) serve() {
	s := c.server
	defer s.running.Done()
	defer func() {
		c.Conn.Close()
		c.cancel()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
	err := c.messages()
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, errQuiet) {
		s.report(c.RemoteAddr(), err)
	}
}

// errQuiet ends a connection for a reason that nobody needs to hear of: idle, shutdown, or as the handler wished.
var errQuiet = errors.New("mllp: connection closed")

// messages answers one message after the other. An io.EOF is the peer's regular end.
func (c *conn) messages() error {
	ctx, err := c.handshake()
	if err != nil {
		return err
	}
	in := &frames{src: c.Conn, limit: c.limits.Message, pool: &c.server.pool, wait: c.wait}
	defer in.release()
	for {
		c.waiting, c.started = time.Now(), time.Time{}
		msg, err := in.next()
		if errors.Is(err, os.ErrDeadlineExceeded) && c.started.IsZero() {
			return errQuiet
		}
		if err != nil {
			return err
		}
		if !c.begin() {
			return errQuiet
		}
		err = c.answer(ctx, msg)
		if closing := c.end(); err != nil {
			return err
		} else if closing {
			return errQuiet
		}
	}
}

// handshake completes TLS, so that a failure can be told from a broken frame, and keeps its state for handlers.
func (c *conn) handshake() (context.Context, error) {
	tc, ok := c.Conn.(*tls.Conn)
	if !ok {
		return c.ctx, nil
	}
	if err := c.SetDeadline(deadline(time.Now(), c.limits.ReadTimeout, time.Time{}, 0)); err != nil {
		return nil, err
	}
	// On a goroutine of its own for the sake of the stack, as handle.
	shaken := make(chan error)
	go func() { shaken <- tc.HandshakeContext(c.ctx) }()
	if err := <-shaken; err != nil {
		if c.server.isClosing() {
			return nil, errQuiet
		}
		return nil, &HandshakeError{err}
	}
	// TLS may write while it reads (key updates), so no write deadline stays behind.
	if err := c.SetDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return context.WithValue(c.ctx, stateKey{}, tc.ConnectionState()), nil
}

// wait sets the deadline of the next read. Bytes between messages do not extend the idle time.
func (c *conn) wait(inside bool) error {
	now := time.Now()
	if !inside {
		return c.SetReadDeadline(deadline(c.waiting, c.limits.IdleTimeout, time.Time{}, 0))
	}
	if c.started.IsZero() {
		c.started = now
	}
	return c.SetReadDeadline(deadline(now, c.limits.ReadTimeout, c.started, c.limits.FrameTimeout))
}

// begin marks the connection as working, unless the server is closing: from then on Shutdown waits for it.
func (c *conn) begin() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.working = !c.server.closing
	return c.working
}

// end marks the connection as idle and reports whether the server is closing.
func (c *conn) end() bool {
	c.server.mu.Lock()
	defer c.server.mu.Unlock()
	c.working = false
	return c.server.closing
}

// answer hands msg to the handler and writes what it returns.
func (c *conn) answer(ctx context.Context, msg []byte) error {
	reply, err := c.handle(ctx, msg)
	if err != nil {
		return err
	}
	if reply == nil {
		return errQuiet
	}
	out, err := frame(reply)
	if err != nil {
		return err
	}
	if err := c.SetWriteDeadline(deadline(time.Now(), c.limits.WriteTimeout, time.Time{}, 0)); err != nil {
		return err
	}
	failpoint.Hit("mllp.answer.before")
	if _, err = c.Write(out); err != nil {
		return err
	}
	failpoint.Hit("mllp.answer.sent")
	return c.SetWriteDeadline(time.Time{})
}

// handle runs the handler on a goroutine of its own, whose stack, grown by whatever the handler does, ends with it: the one of
// the connection stays small for as long as the connection is idle.
func (c *conn) handle(ctx context.Context, msg []byte) (reply []byte, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				err = &PanicError{v, debug.Stack()}
			}
		}()
		reply = c.server.Handler(ctx, c.RemoteAddr(), msg)
	}()
	<-done
	return reply, err
}
