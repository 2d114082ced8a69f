package syslog

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync"
	"time"
)

// Limits bound what senders can cost a Server. What is 0 has the default named beside it.
type Limits struct {
	Message     int           // bytes of one message, 1 MiB
	Connections int           // at the same time, 256; more are closed at once
	IdleTimeout time.Duration // wait for the next message, 10 minutes
	ReadTimeout time.Duration // for a message that has begun, and for the handshake, 30 seconds
}

func (l Limits) withDefaults() Limits {
	if l.Message <= 0 {
		l.Message = 1 << 20
	}
	if l.Connections <= 0 {
		l.Connections = 256
	}
	if l.IdleTimeout <= 0 {
		l.IdleTimeout = 10 * time.Minute
	}
	if l.ReadTimeout <= 0 {
		l.ReadTimeout = 30 * time.Second
	}
	return l
}

// ErrServerClosed is what Serve and ServePacket return after Shutdown.
var ErrServerClosed = errors.New("syslog: server closed")

// ErrTooManyConnections is reported for a connection that was closed at once.
var ErrTooManyConnections = errors.New("syslog: too many connections")

// HandshakeError reports a TLS handshake that failed: for ITI-19 a security alert.
type HandshakeError struct{ Err error }

func (e *HandshakeError) Error() string { return "syslog: TLS handshake: " + e.Err.Error() }

// Unwrap returns the error of crypto/tls.
func (e *HandshakeError) Unwrap() error { return e.Err }

// Server receives messages.
type Server struct {
	// Handler takes the message as received, which it may keep. After an error the connection is reset, so that its sender
	// sends again. Messages of one connection come in order, one after the other; datagrams come beside each other.
	Handler func(ctx context.Context, peer net.Addr, message []byte) error
	Limits  Limits
	// Report, if set, is told why a connection was closed before its peer closed it, and of datagrams that Handler refused.
	Report func(peer net.Addr, err error)

	mu      sync.Mutex
	closing bool
	open    map[io.Closer]bool // listeners and connections; true for a connection
	conns   int
	running sync.WaitGroup
}

// Serve accepts connections, TLS or not as the listener has it, until Shutdown.
func (s *Server) Serve(ln net.Listener) error {
	defer ln.Close()
	if !s.enter(ln, false) {
		return ErrServerClosed
	}
	defer s.leave(ln, false)
	limits := s.Limits.withDefaults()
	var wait time.Duration
	for {
		conn, err := ln.Accept()
		if err != nil {
			if s.isClosing() {
				return ErrServerClosed
			}
			// Out of file descriptors, or reset before it was accepted: these pass. net.Error marks them Timeout or
			// Temporary; the latter is deprecated for want of a definition, but still set for exactly these.
			if passing, ok := err.(interface{ Temporary() bool }); !ok || !passing.Temporary() {
				return err
			}
			wait = min(max(2*wait, 5*time.Millisecond), time.Second)
			time.Sleep(wait)
			continue
		}
		wait = 0
		if !s.enter(conn, true) {
			conn.Close()
			s.report(conn.RemoteAddr(), ErrTooManyConnections)
			continue
		}
		go func() {
			defer s.leave(conn, true)
			err := s.receive(conn, limits)
			if refused := (*HandshakeError)(nil); err == nil || errors.As(err, &refused) {
				conn.Close() // after what the handshake had to say
			} else {
				abort(conn)
			}
			if err != nil && !s.isClosing() {
				s.report(conn.RemoteAddr(), err)
			}
		}()
	}
}

// receive reads one connection to its end.
func (s *Server) receive(conn net.Conn, limits Limits) error {
	ctx := context.Background()
	if t, ok := conn.(*tls.Conn); ok {
		handshake, cancel := context.WithTimeout(ctx, limits.ReadTimeout)
		defer cancel()
		if err := t.HandshakeContext(handshake); err != nil {
			return &HandshakeError{err}
		}
	}
	r := bufio.NewReaderSize(conn, 16<<10)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(limits.IdleTimeout)); err != nil {
			return err
		}
		message, err := readFrame(r, limits.Message, func() { conn.SetReadDeadline(time.Now().Add(limits.ReadTimeout)) })
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := s.handle(ctx, conn.RemoteAddr(), message); err != nil {
			return err
		}
	}
}

// abort resets a connection: an orderly end would tell the sender that everything it sent was taken.
func abort(conn net.Conn) {
	raw := conn
	if t, ok := conn.(interface{ NetConn() net.Conn }); ok {
		raw = t.NetConn()
	}
	if t, ok := raw.(interface{ SetLinger(int) error }); ok {
		_ = t.SetLinger(0) // without it the end is orderly and a message may be lost, which no other means would prevent
	}
	raw.Close()
}

const (
	// maxDatagrams is how many datagrams are handled at a time, which may be 16 MiB. A handler that waits for a disk must not keep the
	// next one from being read: what the kernel has no room for is lost, and nobody sends it again.
	maxDatagrams = 256
	// datagramBuffer is what the kernel is asked to hold of a burst; it may grant less.
	datagramBuffer = 4 << 20
)

// ServePacket receives datagrams until Shutdown. Their order is that of the network, which is none.
func (s *Server) ServePacket(pc net.PacketConn) error {
	defer pc.Close()
	if !s.enter(pc, false) {
		return ErrServerClosed
	}
	defer s.leave(pc, false)
	if c, ok := pc.(interface{ SetReadBuffer(int) error }); ok {
		_ = c.SetReadBuffer(datagramBuffer) // less room is no reason not to serve
	}
	slots := make(chan struct{}, maxDatagrams)
	var work sync.WaitGroup
	defer work.Wait()
	buf := make([]byte, 64<<10)
	for {
		n, peer, err := pc.ReadFrom(buf)
		if err != nil {
			if s.isClosing() {
				return ErrServerClosed
			}
			return err
		}
		if n == 0 {
			continue
		}
		message := append([]byte(nil), buf[:n]...)
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			if err := s.handle(context.Background(), peer, message); err != nil {
				s.report(peer, err)
			}
		})
	}
}

// handle turns a panic of the handler into an error.
func (s *Server) handle(ctx context.Context, peer net.Addr, message []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("syslog: handler panicked with a %T\n%s", v, debug.Stack())
		}
	}()
	return s.Handler(ctx, peer, message)
}

// Shutdown stops to listen and closes every connection: a sender repeats what it does not know to be read.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	for c, counted := range s.open {
		if conn, ok := c.(net.Conn); ok && counted {
			abort(conn)
		} else {
			c.Close()
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
		return ctx.Err()
	}
}

func (s *Server) enter(c io.Closer, counted bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || counted && s.conns >= s.Limits.withDefaults().Connections {
		return false
	}
	if s.open == nil {
		s.open = map[io.Closer]bool{}
	}
	if counted {
		s.conns++
	}
	s.open[c] = counted
	s.running.Add(1)
	return true
}

func (s *Server) leave(c io.Closer, counted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if counted {
		s.conns--
	}
	delete(s.open, c)
	s.running.Done()
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
