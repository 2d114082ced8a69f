package main

import (
	"crypto/tls"
	"net"
	"testing"
)

// TestPeerOfAClosedConnection: a connection that ended within its handshake is not kept.
func TestPeerOfAClosedConnection(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var p peers
	l := p.listener(ln)
	defer l.Close()
	far, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	p.know(c, tls.ConnectionState{})
	if len(p.open) != 1 {
		t.Errorf("%d connections are known, want 1", len(p.open))
	}
	c.Close()
	p.know(c, tls.ConnectionState{})
	if len(p.open) != 0 {
		t.Errorf("%d connections are known after the end of the only one", len(p.open))
	}
}
