package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/internal/golden"
)

// TestRefusalsAreBounded: one event at once for an address and cause, one for all that follow, and no more than so many
// whatever comes in.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	var got []string
	r := &refusals{burst: 1, record: func(_ context.Context, address, cause string, n int) {
		got = append(got, fmt.Sprintf("%s %s %d", address, cause, n))
	}}
	expect := func(what string, want ...string) {
		t.Helper()
		if strings.Join(got, ", ") != strings.Join(want, ", ") {
			t.Errorf("%s: recorded %v, want %v", what, got, want)
		}
		got = nil
	}
	ctx := t.Context()
	for range 1000 {
		r.add(ctx, "a", "x")
	}
	expect("the first", "a x 1")
	r.add(ctx, "a", "y")
	r.add(ctx, "b", "x")
	expect("another cause, another address", "a y 1", "b x 1")
	r.flush(ctx)
	expect("the end of the interval", "a x 999")
	r.flush(ctx)
	expect("a quiet interval")
	r.add(ctx, "a", "x")
	expect("the next interval", "a x 1")
	r.flush(ctx)

	total := 0
	for i := range 10_000 {
		r.add(ctx, fmt.Sprintf("10.0.%d.%d", i/250, i%250), "x")
	}
	r.flush(ctx)
	if len(got) > 2*maxRefusalSources+2 {
		t.Errorf("%d events of 10,000 addresses", len(got))
	}
	for _, g := range got {
		var n int
		f := strings.Fields(g)
		if _, err := fmt.Sscan(f[len(f)-1], &n); err != nil {
			t.Fatal(err)
		}
		total += n
	}
	if total != 10_000 {
		t.Errorf("the events count %d messages, want 10,000", total)
	}
}

// TestBrokenFramesAreAudited: whatever breaks a frame is a Security Alert with its cause, recorded before the connection is closed, and
// nothing of the message is in it. A connection without a message is none.
func TestBrokenFramesAreAudited(t *testing.T) {
	t.Parallel()
	const patient = "PID|||P-SECRET^^^&2.999.1.1&ISO||Muster"
	for name, x := range map[string]struct {
		in, want string
	}{
		"missing 0x1C, another message": {"\x0bMSH|" + patient + "\r\r\x0bMSH\r\x1c\r", "malformed frame"},
		"missing 0x0D":                  {"\x0bMSH|" + patient + "\x1cM\x1c\r", "malformed frame"},
		"no 0x0B":                       {"MSH|" + patient + "\r\x1c\r", "malformed frame"},
		"garbage":                       {strings.Repeat(patient, 1000), "malformed frame"},
		"oversize":                      {"\x0b" + strings.Repeat(patient, 200), "larger than the limit"},
		"cut off":                       {"\x0bMSH|" + patient, "did not end"},
		"no last byte":                  {"\x0bMSH|" + patient + "\x1c", "did not end"},
		"nothing":                       {"", ""},
		"line ends":                     {"\r\n\r\n", ""},
		"well":                          {"\x0bMSH|^~\\&|A|F|D|N|2026||ADT^A08|1|P|2.3.1\rEVN||2026\rPID|||P^^^&2.999.1.1&ISO\rPV1||O\r\x1c\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testConfig(t)
			c.Limits.MLLPMessage = 4 << 10
			s := startServer(t, c, testWorld())
			conn, err := net.Dial("tcp", s.feed())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			io.WriteString(conn, x.in)
			conn.(*net.TCPConn).CloseWrite()
			answer, _ := io.ReadAll(conn)
			if (len(answer) > 0) != (name == "well") {
				t.Errorf("answered %q", answer)
			}
			alerts := s.alerts(t, atna.MessageRefused)
			if x.want == "" {
				if len(alerts) != 0 {
					t.Errorf("recorded %s", alerts[0].Message)
				}
				return
			}
			if len(alerts) != 1 {
				t.Fatalf("%d alerts, want one", len(alerts))
			}
			e := alerts[0].Event
			if text := string(e.Objects[0].Details[0].Value); !strings.Contains(text, x.want) {
				t.Errorf("recorded %q, want %q", text, x.want)
			}
			if e.Identification.Outcome != atna.SeriousFailure || e.Participants[1].NetworkAccess.ID != "127.0.0.1" {
				t.Errorf("recorded %+v", e)
			}
			if m := string(alerts[0].Message); strings.Contains(m, "SECRET") || strings.Contains(m, "Muster") {
				t.Errorf("the event shows the message: %s", m)
			}
		})
	}
}

// TestGarbageDoesNotFloodTheTrail: 500 broken frames from one address are two events, the second when the server stops at the
// latest, and those of others are recorded meanwhile.
func TestGarbageDoesNotFloodTheTrail(t *testing.T) {
	t.Parallel()
	const garbage = 500
	c := testConfig(t)
	s := startServer(t, c, testWorld())
	for range garbage {
		if _, err := golden.SendMLLP(s.feed(), []byte("\x0bMSH\x0b")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(s.alerts(t, atna.MessageRefused)); n != 1 {
		t.Errorf("%d events, want one", n)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	again := testConfig(t)
	again.Data = c.Data
	alerts := startServer(t, again, testWorld()).alerts(t, atna.MessageRefused)
	if len(alerts) != 2 {
		t.Fatalf("%d events after the stop, want two", len(alerts))
	}
	text := string(alerts[0].Event.Objects[0].Details[0].Value) + string(alerts[1].Event.Objects[0].Details[0].Value)
	if !strings.Contains(text, fmt.Sprintf("%d messages within", garbage-1)) {
		t.Errorf("recorded %q", text)
	}
}

// TestFailedHandshakesDoNotFloodTheTrail: of one address ten are events of their own, the others one.
func TestFailedHandshakesDoNotFloodTheTrail(t *testing.T) {
	t.Parallel()
	const garbage = 40
	w := newSecureWorld(t)
	s := startServer(t, w.config(t), realWorld())
	for range garbage {
		conn, err := net.Dial("tcp", s.feed())
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		io.WriteString(conn, "\x0bMSH|^~\\&|no TLS\r\x1c\r")
		io.ReadAll(conn)
		conn.Close()
	}
	if n := len(s.alerts(t, atna.NodeAuthentication)); n != handshakeBurst {
		t.Errorf("%d events, want %d", n, handshakeBurst)
	}
	s.node.flushRefusals(t.Context())
	alerts := s.alerts(t, atna.NodeAuthentication)
	found := 0
	for _, a := range alerts {
		if strings.Contains(string(a.Event.Objects[0].Details[0].Value), fmt.Sprintf("%d more connections", garbage-handshakeBurst)) {
			found++
		}
	}
	if len(alerts) != handshakeBurst+1 || found != 1 {
		t.Errorf("%d events, %d of which count the rest", len(alerts), found)
	}
}
