package mllp_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2/mllp"
)

// guard ends reads of a test that would otherwise hang; it is far beyond anything a test waits for.
const guard = 20 * time.Second

// running is a server under test with what it reported.
type running struct {
	*mllp.Server
	addr    string
	reports chan error
	served  chan error
}

// start serves on a free port of 127.0.0.1, wrapped in TLS if wrap does so, and shuts down at the end of the test.
func start(t *testing.T, s *mllp.Server, wrap func(net.Listener) net.Listener) *running {
	t.Helper()
	r := &running{Server: s, reports: make(chan error, 100), served: make(chan error, 1)}
	if s.Handler == nil {
		s.Handler = echo
	}
	s.Report = func(_ net.Addr, err error) { r.reports <- err }
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = ln.Addr().String()
	if wrap != nil {
		ln = wrap(ln)
	}
	go func() { r.served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), guard)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if err := <-r.served; !errors.Is(err, mllp.ErrServerClosed) {
			t.Errorf("Serve returned %v, want ErrServerClosed", err)
		}
	})
	return r
}

func echo(_ context.Context, _ net.Addr, msg []byte) []byte {
	return []byte("re " + string(msg))
}

func dial(t *testing.T, r *running) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(guard))
	return c
}

func write(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatalf("write %.20q: %v", s, err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// expectClosed waits until the server closes, and fails if it answers first.
func expectClosed(t *testing.T, c net.Conn) {
	t.Helper()
	b, err := io.ReadAll(c)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal("the connection is still open")
	}
	if len(b) > 0 {
		t.Fatalf("got %q, want nothing", b)
	}
}

func (r *running) expectReport(t *testing.T, want error) {
	t.Helper()
	select {
	case err := <-r.reports:
		if !errors.Is(err, want) {
			t.Errorf("reported %v, want %v", err, want)
		}
	case <-time.After(guard):
		t.Errorf("nothing was reported, want %v", want)
	}
}

func TestServerAnswers(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{}, nil)
	for _, tt := range []struct {
		name   string
		writes []string
		want   string
	}{
		{"one", []string{"\x0bMSH\r\x1c\r"}, "\x0bre MSH\r\x1c\r"},
		{"byte by byte", strings.Split("\x0bMSH\r\x1c\r\n\x0bB\x1c\r", ""), "\x0bre MSH\r\x1c\r\x0bre B\x1c\r"},
		{"two in one write", []string{"\x0bA\x1c\r\x0bB\x1c\r"}, "\x0bre A\x1c\r\x0bre B\x1c\r"},
		{"half of the second in the first write", []string{"\x0bA\x1c\r\x0bB", "\x1c", "\r"}, "\x0bre A\x1c\r\x0bre B\x1c\r"},
		{"line feed after the frame", []string{"\x0bA\x1c\r\n", "\x0bB\x1c\r\n"}, "\x0bre A\x1c\r\x0bre B\x1c\r"},
		{"large", []string{"\x0b" + strings.Repeat("x", 1<<20) + "\x1c\r"}, "\x0bre " + strings.Repeat("x", 1<<20) + "\x1c\r"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, r)
			c.(*net.TCPConn).SetNoDelay(true)
			go func() {
				for _, w := range tt.writes {
					io.WriteString(c, w)
				}
			}()
			expect(t, c, tt.want)
		})
	}
}

func TestServerClosesBrokenFrames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		want     error
	}{
		{"missing 0x1C", "\x0bMSH\r\r\x0bMSH\r\x1c\r", mllp.ErrMalformed},
		{"0x0B inside", "\x0bMS\x0bH\x1c\r", mllp.ErrMalformed},
		{"no CR", "\x0bMSH\x1cX", mllp.ErrMalformed},
		{"oversize", "\x0b" + strings.Repeat("x", 101), mllp.ErrTooLarge},
		{"not MLLP", strings.Repeat("GET / HTTP/1.1\r\n", 300), mllp.ErrMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, &mllp.Server{Limits: mllp.Limits{Message: 100}}, nil)
			c := dial(t, r)
			write(t, c, tt.in)
			expectClosed(t, c)
			r.expectReport(t, tt.want)
		})
	}
}

func TestServerReportsTruncatedFrame(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{}, nil)
	c := dial(t, r)
	write(t, c, "\x0bMSH")
	c.(*net.TCPConn).CloseWrite()
	expectClosed(t, c)
	r.expectReport(t, io.ErrUnexpectedEOF)
	c = dial(t, r)
	write(t, c, "MSH|no frame\r")
	c.(*net.TCPConn).CloseWrite()
	expectClosed(t, c)
	r.expectReport(t, mllp.ErrMalformed)
	c = dial(t, r) // a probe of a load balancer
	c.(*net.TCPConn).CloseWrite()
	expectClosed(t, c)
	if len(r.reports) > 0 {
		t.Errorf("a connection without a message was reported: %v", <-r.reports)
	}
}

func TestServerCutsSlowPeers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		limits mllp.Limits
		drip   string // sent once
		then   string // sent again and again
		report error
	}{
		{"silent inside a message", mllp.Limits{ReadTimeout: 40 * time.Millisecond}, "\x0bMSH", "", os.ErrDeadlineExceeded},
		{"slow inside a message", mllp.Limits{FrameTimeout: 80 * time.Millisecond}, "\x0bMSH", "x", os.ErrDeadlineExceeded},
		{"silent before the last byte", mllp.Limits{ReadTimeout: 40 * time.Millisecond}, "\x0bMSH\x1c", "", os.ErrDeadlineExceeded},
		{"idle", mllp.Limits{IdleTimeout: 40 * time.Millisecond}, "", "", nil},
		{"noise does not extend idle", mllp.Limits{IdleTimeout: 80 * time.Millisecond}, "", "\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := start(t, &mllp.Server{Limits: tt.limits}, nil)
			c := dial(t, r)
			write(t, c, tt.drip)
			go func() {
				for range time.Tick(5 * time.Millisecond) {
					if _, err := io.WriteString(c, tt.then); err != nil || tt.then == "" {
						return
					}
				}
			}()
			expectClosed(t, c)
			if tt.report != nil {
				r.expectReport(t, tt.report)
			} else if len(r.reports) > 0 {
				t.Errorf("an idle connection was reported: %v", <-r.reports)
			}
		})
	}
}

// TestSlowPeersHoldNobodyUp: 50 peers send a byte now and then, each in time for ReadTimeout; they are cut by FrameTimeout, and
// somebody else is served all the while.
func TestSlowPeersHoldNobodyUp(t *testing.T) {
	t.Parallel()
	const slow = 50
	r := start(t, &mllp.Server{Limits: mllp.Limits{ReadTimeout: 10 * time.Second, FrameTimeout: 300 * time.Millisecond, Buffered: 16 << 10}}, nil)
	var conns []net.Conn
	for range slow {
		c := dial(t, r)
		write(t, c, "\x0bM")
		conns = append(conns, c)
	}
	began := time.Now()
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			open := 0
			for _, c := range conns {
				if _, err := io.WriteString(c, "S"); err == nil {
					open++
				}
			}
			if open == 0 {
				return
			}
		}
	}()
	other, served := dial(t, r), 0
	for cut := 0; cut < slow; {
		write(t, other, "\x0bA\x1c\r")
		expect(t, other, "\x0bre A\x1c\r")
		served++
		select {
		case err := <-r.reports:
			if cut++; !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, mllp.ErrIncomplete) {
				t.Errorf("reported %v", err)
			}
		default:
			time.Sleep(time.Millisecond)
		}
		if time.Since(began) > guard {
			t.Fatalf("%d of %d were cut", cut, slow)
		}
	}
	if took := time.Since(began); took < 250*time.Millisecond || served < 10 {
		t.Errorf("cut after %v, with %d messages served meanwhile", took, served)
	}
}

// TestServerCutsPeerThatDoesNotRead: the answer fills all socket buffers.
func TestServerCutsPeerThatDoesNotRead(t *testing.T) {
	t.Parallel()
	answer := []byte(strings.Repeat("x", 64<<20))
	r := start(t, &mllp.Server{
		Handler: func(context.Context, net.Addr, []byte) []byte { return answer },
		Limits:  mllp.Limits{WriteTimeout: 50 * time.Millisecond},
	}, nil)
	write(t, dial(t, r), "\x0bMSH\x1c\r")
	r.expectReport(t, os.ErrDeadlineExceeded)
}

func TestServerBoundsUnfinishedMessages(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{Limits: mllp.Limits{Buffered: 18 << 10}}, nil)
	first, second := dial(t, r), dial(t, r)
	// 5 KiB make the buffer grow by 12 KiB. The answer to the earlier message proves that the server reads on.
	write(t, first, "\x0bA\x1c\r")
	expect(t, first, "\x0bre A\x1c\r")
	write(t, first, "\x0b"+strings.Repeat("x", 5<<10))
	write(t, second, "\x0b"+strings.Repeat("y", 5<<10))
	r.expectReport(t, mllp.ErrBusy)
	// One of the two was closed; the other is served.
	served := 0
	for c, tail := range map[net.Conn]string{first: "x", second: "y"} {
		io.WriteString(c, "\x1c\r")
		b := make([]byte, 5<<10+6)
		if _, err := io.ReadFull(c, b); err == nil && strings.HasSuffix(string(b), tail+"\x1c\r") {
			served++
		}
	}
	if served != 1 {
		t.Errorf("%d of 2 connections were served, want 1", served)
	}
}

func TestServerBoundsConnections(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{Limits: mllp.Limits{Connections: 2}}, nil)
	var open []net.Conn
	for range 2 {
		c := dial(t, r)
		write(t, c, "\x0bA\x1c\r")
		expect(t, c, "\x0bre A\x1c\r")
		open = append(open, c)
	}
	expectClosed(t, dial(t, r))
	r.expectReport(t, mllp.ErrTooManyConnections)
	write(t, open[0], "\x0bB\x1c\r")
	expect(t, open[0], "\x0bre B\x1c\r")
}

func TestServerHandlerWishes(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{Handler: func(_ context.Context, _ net.Addr, msg []byte) []byte {
		switch string(msg) {
		case "panic":
			panic("patient Muster")
		case "nothing":
			return nil
		case "frame":
			return []byte("a\x1c\r\x0bb")
		}
		return msg
	}}, nil)
	other := dial(t, r)

	c := dial(t, r)
	write(t, c, "\x0bpanic\x1c\r")
	expectClosed(t, c)
	var p *mllp.PanicError
	if err := <-r.reports; !errors.As(err, &p) || p.Value != "patient Muster" || len(p.Stack) == 0 {
		t.Errorf("reported %v, want the panic with its stack", err)
	} else if strings.Contains(err.Error(), "Muster") {
		t.Errorf("the text of the panic may hold patient data: %v", err)
	}
	c = dial(t, r)
	write(t, c, "\x0bframe\x1c\r")
	expectClosed(t, c)
	r.expectReport(t, mllp.ErrMalformed)

	c = dial(t, r)
	write(t, c, "\x0bnothing\x1c\r")
	expectClosed(t, c)

	write(t, other, "\x0bA\x1c\r")
	expect(t, other, "\x0bA\x1c\r")
}

func TestShutdownFinishesTheMessageInWork(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	r := start(t, &mllp.Server{Handler: func(_ context.Context, _ net.Addr, msg []byte) []byte {
		if string(msg) == "long" {
			close(entered)
			<-leave
		}
		return msg
	}}, nil)
	busy, idle, partial := dial(t, r), dial(t, r), dial(t, r)
	for _, c := range []net.Conn{idle, partial} {
		write(t, c, "\x0bA\x1c\r")
		expect(t, c, "\x0bA\x1c\r")
	}
	write(t, partial, "\x0bhalf a mess")
	write(t, busy, "\x0blong\x1c\r\x0bnext\x1c\r")
	<-entered

	done := make(chan error, 1)
	go func() { done <- r.Shutdown(context.Background()) }()
	expectClosed(t, idle)
	expectClosed(t, partial)
	select {
	case err := <-done:
		t.Fatalf("Shutdown returned %v while a message was in work", err)
	default:
	}
	close(leave)
	// The answer to the message in work arrives; the next one is not begun.
	expect(t, busy, "\x0blong\x1c\r")
	if b, _ := io.ReadAll(busy); len(b) > 0 {
		t.Errorf("got %q after the shutdown", b)
	}
	if err := <-done; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if c, err := net.Dial("tcp", r.addr); err == nil {
		c.Close()
		t.Error("the server still listens")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Serve(ln); !errors.Is(err, mllp.ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v, want ErrServerClosed", err)
	}
}

func TestShutdownGivesUp(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	r := start(t, &mllp.Server{Handler: func(ctx context.Context, _ net.Addr, _ []byte) []byte {
		close(entered)
		<-ctx.Done()
		return nil
	}}, nil)
	c := dial(t, r)
	write(t, c, "\x0bA\x1c\r")
	<-entered
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Shutdown: %v, want context.Canceled", err)
	}
	expectClosed(t, c)
}
