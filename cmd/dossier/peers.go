package main

import (
	"crypto/tls"
	"net"
	"sync"
)

// peers are the open connections of those who have shown a certificate, so that one whose certificate is no longer good can be cut
// off: senders keep a connection for days.
type peers struct {
	mu   sync.Mutex
	open map[*peerConn]tls.ConnectionState
}

// tcpConn is what servers want of a connection below TLS.
type tcpConn interface {
	net.Conn
	CloseWrite() error
	SetLinger(sec int) error
}

// peerConn leaves the list when it is closed.
type peerConn struct {
	tcpConn
	peers  *peers
	closed bool // under the lock of peers
}

// Close closes the connection.
func (c *peerConn) Close() error {
	c.peers.mu.Lock()
	c.closed = true
	delete(c.peers.open, c)
	c.peers.mu.Unlock()
	return c.tcpConn.Close()
}

// peerListener is below TLS.
type peerListener struct {
	net.Listener
	peers *peers
}

// Accept waits for a connection.
func (l *peerListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(tcpConn); ok && err == nil {
		return &peerConn{tcpConn: tcp, peers: l.peers}, nil
	}
	return c, err // listeners here are TCP
}

func (p *peers) listener(l net.Listener) net.Listener { return &peerListener{l, p} }

// know notes what the peer of a connection has shown, unless the connection was given up within its handshake: nobody would close
// it again.
func (p *peers) know(c net.Conn, state tls.ConnectionState) {
	if c, ok := c.(*peerConn); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		if c.closed {
			return
		}
		if p.open == nil {
			p.open = map[*peerConn]tls.ConnectionState{}
		}
		p.open[c] = state
	}
}

// cut closes the connections that judge finds fault with, and reports each.
func (p *peers) cut(judge func(tls.ConnectionState) error, report func(peer net.Addr, cause error)) {
	p.mu.Lock()
	bad := map[*peerConn]error{}
	for c, state := range p.open {
		if err := judge(state); err != nil {
			bad[c] = err
		}
	}
	p.mu.Unlock()
	for c, err := range bad {
		c.Close()
		report(c.RemoteAddr(), err)
	}
}
