package sqldb

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
	"time"
)

// fault is what a proxy does to the next COMMIT.
type fault int32

const (
	none       fault = iota
	unsent           // it never reaches the server, and both ends see the connection break
	unanswered       // the server commits, and the answer is lost
	hanging          // it never reaches the server, which goes on waiting for it for a while
)

// proxy stands between a DB and its server and breaks connections at the worst moment.
type proxy struct {
	server string
	fault  atomic.Int32
	down   atomic.Bool // no new connections
}

// startProxy returns the proxy and the address of the database through it.
func startProxy(t *testing.T, address string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{server: u.Host}
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	u.Host = l.Addr().String()
	return p, u.String()
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	if p.down.Load() {
		return
	}
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	var swallow atomic.Bool
	answered := make(chan struct{})
	go func() { // to the client
		defer client.Close()
		in := bufio.NewReader(server)
		for {
			m, err := message(in, true)
			if err != nil {
				return
			}
			if !swallow.Load() {
				if _, err := client.Write(m); err != nil {
					return
				}
			} else if m[0] == 'Z' {
				close(answered)
				return
			}
		}
	}()
	in := bufio.NewReader(client)
	statements := map[string]string{}
	for typed := false; ; typed = true {
		m, err := message(in, typed)
		if err != nil {
			return
		}
		if typed && m[0] == 'P' {
			parts := bytes.SplitN(m[5:], []byte{0}, 3)
			statements[string(parts[0])] = string(parts[1])
		}
		f := none
		if typed && m[0] == 'B' && statements[string(bytes.SplitN(m[5:], []byte{0}, 3)[1])] == "COMMIT" {
			f = fault(p.fault.Swap(int32(none)))
		}
		switch f {
		case unsent:
			return
		case hanging:
			client.Close()
			time.Sleep(300 * time.Millisecond)
			return
		case unanswered:
			swallow.Store(true)
		}
		if _, err := server.Write(m); err != nil {
			return
		}
		if swallow.Load() && m[0] == 'S' {
			<-answered
			return
		}
	}
}

// message reads one message of the protocol; the first of a client has no type.
func message(r *bufio.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4)
	if typed {
		head = make([]byte, 5)
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return nil, err
	}
	m := append(head, make([]byte, binary.BigEndian.Uint32(head[len(head)-4:])-4)...)
	_, err := io.ReadFull(r, m[len(head):])
	return m, err
}
