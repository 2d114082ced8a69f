package mllp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// ErrServerClosed is what Serve returns after Shutdown.
var ErrServerClosed = errors.New("mllp: server closed")

// ErrTooManyConnections is reported for a connection that was closed because Limits.Connections are open.
var ErrTooManyConnections = errors.New("mllp: too many connections")

// HandshakeError reports a TLS handshake that failed: for ITI-19 this is a security alert, Node Authentication.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return "mllp: TLS handshake: " + e.Err.Error() }

// Unwrap returns the error of crypto/tls.
func (e *HandshakeError) Unwrap() error { return e.Err }

// PanicError reports a handler that panicked. Its text leaves out Value, which may hold patient data.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("mllp: handler panicked with a %T", e.Value) }

// Server answers messages. Set the fields before the first Serve; do not copy a Server after it.
type Server struct {
	// Handler returns the answer to msg, which it must not keep or change. The connection reads no further
	// message before it returns. A nil answer closes the connection, as does a panic. The context ends when
	// Shutdown gives up; it does not notice a peer that leaves. ConnectionState finds the client certificate in it.
	Handler func(ctx context.Context, peer net.Addr, msg []byte) []byte
	Limits  Limits
	// Report, if set, is told why a connection was closed before its peer closed it: *HandshakeError,
	// *PanicError, ErrMalformed, ErrTooLarge, ErrBusy, ErrTooManyConnections, ErrIncomplete with io.ErrUnexpectedEOF,
	// os.ErrDeadlineExceeded or an error of the network, or one of the latter two alone. Idle connections are closed without a report. It may be called from many goroutines.
	Report func(peer net.Addr, err error)

	mu        sync.Mutex
	closing   bool
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	running   sync.WaitGroup
	pool      pool
}

// Serve accepts connections from ln, which may be a TLS listener, until Shutdown, and then returns
// ErrServerClosed. It may be called for several listeners at a time; limits count over all of them.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if !s.listen(ln) {
		return ErrServerClosed
	}
	defer s.forget(ln)
	limits := s.Limits.withDefaults()
	var pause time.Duration
	for {
		nc, err := ln.Accept()
		if err == nil {
			pause = 0
			s.accept(nc, limits)
			continue
		}
		if s.isClosing() {
			return ErrServerClosed
		}
		// Out of file descriptors, or reset before it was accepted: these pass. net.Error marks them Timeout or
		// Temporary; the latter is deprecated for want of a definition, but still set for exactly these.
		if ne, ok := err.(interface{ Temporary() bool }); !ok || !ne.Temporary() {
			return err
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		time.Sleep(pause)
	}
}

// accept starts a connection, or closes it when too many are open.
func (s *Server) accept(nc net.Conn, limits Limits) {
	ctx, cancel := context.WithCancel(context.Background())
	c := &conn{Conn: nc, server: s, limits: limits, ctx: ctx, cancel: cancel}
	s.mu.Lock()
	full := limits.Connections > 0 && len(s.conns) >= limits.Connections
	refused := full || s.closing
	if !refused {
		s.pool.limit.Store(int64(limits.Buffered))
		s.conns[c] = struct{}{}
		s.running.Add(1)
	}
	s.mu.Unlock()
	if !refused {
		go c.serve()
		return
	}
	cancel()
	nc.Close()
	if full {
		s.report(nc.RemoteAddr(), ErrTooManyConnections)
	}
}

// Shutdown stops to listen, closes connections that have no message in work, and waits until the others have sent
// their answer. A message that has arrived in part only is not in work: its sender gets no answer and sends it
// again. When ctx ends first, all connections are closed and ctx.Err() is returned.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for ln := range s.listeners {
		ln.Close()
	}
	for c := range s.conns {
		if !c.working {
			c.Conn.Close()
		}
	}
	s.mu.Unlock()

	done := make(chan struct{})
	go func() {
		s.running.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	for c := range s.conns {
		c.cancel()
		c.Conn.Close()
	}
	s.mu.Unlock()
	return ctx.Err()
}

func (s *Server) listen(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if s.listeners == nil {
		s.listeners = make(map[net.Listener]struct{})
		s.conns = make(map[*conn]struct{})
	}
	s.listeners[ln] = struct{}{}
	return true
}

func (s *Server) forget(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

func (s *Server) report(peer net.Addr, err error) {
	if s.Report != nil {
		s.Report(peer, err)
	}
}

type stateKey struct{}

// ConnectionState returns the TLS state of the connection that a handler's context belongs to; false without TLS.
func ConnectionState(ctx context.Context) (tls.ConnectionState, bool) {
	state, ok := ctx.Value(stateKey{}).(tls.ConnectionState)
	return state, ok
}
