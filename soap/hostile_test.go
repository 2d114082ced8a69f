package soap

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// rawAnswer reads what the server says on a connection; "" when it closed without a word.
func rawAnswer(t *testing.T, conn net.Conn) (status int, body string) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("answer cut: %v", err)
	}
	return resp.StatusCode, string(b)
}

func dial(t *testing.T, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

const hostileHead = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: multipart/related; boundary=B\r\nTransfer-Encoding: chunked\r\n\r\n"

// TestHostilePackages sends packages that would cost much if they were read to their end. The sender
// stops as soon as the server has had enough; it may never have to send them whole.
func TestHostilePackages(t *testing.T) {
	t.Parallel()
	root := "--B\r\nContent-Type: application/xop+xml\r\n\r\n" + testEnvelope + "\r\n"
	nested := strings.Repeat("--B\r\nContent-Type: multipart/related; boundary=B\r\n\r\n", 1000)
	for _, tt := range []struct {
		name, start, repeat string
		times               int
		want                string
	}{
		{"parts", root, "--B\r\n\r\nx\r\n", 100_000, "more than 256 parts"},
		{"header lines", root + "--B\r\n", "X-Line: y\r\n", 10_000, "longer than 64 lines"},
		{"endless header line", root + "--B\r\nX-Line: ", strings.Repeat("y", 1000), 10_000, "longer than 64 lines"},
		{"endless continuation", root + "--B\r\nX-Line: y\r\n", "  y\r\n", 100_000, "longer than 64 lines"},
		{"endless preamble", "", "no boundary here\r\n", 100_000, "boundary of the Content-Type was not found"},
		{"endless first line", "", strings.Repeat("y", 1000), 10_000, "is broken at part 1"},
		{"boundary without end", root + "--B", " ", 1_000_000, "is broken at part 2"},
		{"nested multipart", nested, nested, 10, "expected the root part to be application/xop+xml, got multipart/related"},
		{"endless root", "--B\r\n\r\n<a>", strings.Repeat(" ", 1000), 100_000, "the envelope is larger than"},
		{"endless text between", root + "--B\r\n\r\nx\r\n--B  x\r\n", "x\r\n", 100_000, "is broken at part 3"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := echoServer(t)
			s.Limits = Limits{}
			s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
				for {
					if _, err := req.Parts.Next(); err != nil {
						return nil, err
					}
				}
			}
			conn := dial(t, listen(t, s))
			go func() {
				w := bufio.NewWriter(conn)
				send := func(s string) error {
					_, err := fmt.Fprintf(w, "%x\r\n%s\r\n", len(s), s)
					return err
				}
				_, _ = w.WriteString(hostileHead) // errors show at the next write
				if tt.start != "" {
					_ = send(tt.start)
				}
				for range tt.times {
					if send(tt.repeat) != nil {
						return
					}
				}
				_, _ = w.WriteString("0\r\n\r\n")
				_ = w.Flush() // the server may have closed
			}()
			status, body := rawAnswer(t, conn)
			if status/100 != 4 || !strings.Contains(body, tt.want) {
				t.Errorf("got %d %s, want 4xx %q", status, body, tt.want)
			}
		})
	}
}

// TestGzipBomb: a ratio of 1000 is stopped by the ratio, long before the limit of the body.
func TestGzipBomb(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, "--B\r\n\r\n"+testEnvelope+"\r\n--B\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s := echoServer(t)
	s.Limits = Limits{}
	read := int64(0)
	s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
		p, err := req.Parts.Next()
		if err != nil {
			return nil, err
		}
		read, err = io.Copy(io.Discard, p)
		return nil, err
	}
	conn := dial(t, listen(t, s))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", b.Len())
	if _, err := conn.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	status, body := rawAnswer(t, conn)
	if status != http.StatusRequestEntityTooLarge || !strings.Contains(body, "more than 200 times") {
		t.Errorf("got %d %s", status, body)
	}
	if read > 8<<20 {
		t.Errorf("%d bytes were inflated", read)
	}
}

// TestEmptyGzipMembers: a stream that inflates to nothing still ends at the limit of the body.
func TestEmptyGzipMembers(t *testing.T) {
	t.Parallel()
	var one bytes.Buffer
	if err := gzip.NewWriter(&one).Close(); err != nil {
		t.Fatal(err)
	}
	members := bytes.NewReader(bytes.Repeat(one.Bytes(), 100_000))
	in := incoming{header: http.Header{"Content-Type": {typeSOAP}, "Content-Encoding": {"gzip"}}, length: -1, body: members,
		lim: Limits{Body: 64 << 10}.withDefaults()}
	m, err := in.receive()
	defer m.close()
	var f *Fault
	if !errors.As(err, &f) || f.status() != http.StatusRequestEntityTooLarge {
		t.Errorf("got %v, want 413", err)
	}
}

// TestSlowSender: a sender that drips bytes is cut, whatever it has announced, and hears why.
func TestSlowSender(t *testing.T) {
	t.Parallel()
	for name, request := range map[string]string{
		"nothing sent": "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: 1000\r\n\r\n",
		"envelope":     "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: 1000\r\n\r\n<env:",
		"part": "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nContent-Length: 10000\r\n\r\n--B\r\n\r\n" +
			testEnvelope + "\r\n--B\r\nContent-ID: <a@b>\r\n\r\nhalf a docum",
		"chunk": "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n1000\r\n<env:",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := echoServer(t)
			s.Limits.ChunkTimeout = 150 * time.Millisecond
			conn := dial(t, listen(t, s))
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			drip := time.NewTicker(40 * time.Millisecond)
			defer drip.Stop()
			done := make(chan struct{})
			defer close(done)
			go func() {
				for {
					select {
					case <-done:
						return
					case <-drip.C:
						if _, err := io.WriteString(conn, " "); err != nil {
							return
						}
					}
				}
			}()
			status, body := rawAnswer(t, conn)
			if status != http.StatusRequestTimeout || !strings.Contains(body, "too slowly") {
				t.Errorf("got %d %s, want 408", status, body)
			}
		})
	}
}

// TestSlowHandler: time that the handler takes between two reads is not the sender's.
func TestSlowHandler(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits.ChunkTimeout = 300 * time.Millisecond
	s.Limits.Body = 1 << 20
	s.Operations[0].Handle = func(ctx context.Context, req *Request) (*Response, error) {
		wait := func() {
			select {
			case <-ctx.Done():
			case <-time.After(400 * time.Millisecond):
			}
		}
		wait()
		p, err := req.Parts.Next()
		if err != nil {
			return nil, err
		}
		if _, err = io.CopyN(io.Discard, p, 200_000); err != nil {
			return nil, err
		}
		wait()
		if _, err = io.Copy(io.Discard, p); err != nil {
			return nil, err
		}
		wait()
		return XML([]byte("<x/>")), ctx.Err()
	}
	c := &Client{}
	r, err := c.Call(t.Context(), "http://"+listen(t, s), Call{Action: "urn:test:Echo", MTOM: true, Body: []Segment{
		{XML: []byte("<x>")}, {Document: &Document{Size: 900_000, Open: opener(strings.Repeat("x", 900_000))}}, {XML: []byte("</x>")}}})
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// TestSlowReader: a peer that does not take the answer is cut off.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits.ChunkTimeout = 100 * time.Millisecond
	sent := make(chan error, 1)
	s.Operations[0].Handle = func(context.Context, *Request) (*Response, error) {
		r := documentResponse(&Document{Size: 1 << 30, Open: func() (io.ReadCloser, error) { return io.NopCloser(zeros{}), nil }})
		r.Sent = func(err error) { sent <- err }
		return r, nil
	}
	conn := dial(t, listen(t, s))
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", len(testEnvelope), testEnvelope)
	select {
	case err := <-sent:
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v, want a timeout", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("the server still waits for a reader that reads nothing")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// TestLyingLength: a Content-Length that is too long ends in a fault when the sender stops, one that is too short cuts the
// message there.
func TestLyingLength(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		delta int
		want  string
	}{
		{"too long", 10, "ended before its announced end"},
		{"too short", -10, "not well-formed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, listen(t, echoServer(t)))
			fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s",
				len(testEnvelope)+tt.delta, testEnvelope)
			if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			status, body := rawAnswer(t, conn)
			if status != http.StatusBadRequest || !strings.Contains(body, tt.want) {
				t.Errorf("got %d %s, want 400 %q", status, body, tt.want)
			}
		})
	}
}

// TestNoOutboundConnection: no address in a message is ever called.
func TestNoOutboundConnection(t *testing.T) {
	t.Parallel()
	trap, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan struct{})
	go func() {
		if conn, err := trap.Accept(); err == nil {
			conn.Close()
			close(called)
		}
	}()
	url := "http://" + trap.Addr().String() + "/"
	text := `<env:Envelope xmlns:env="` + NamespaceEnvelope + `" xmlns:wsa="` + NamespaceAddressing + `"><env:Header><wsa:Action>urn:test:Echo</wsa:Action>` +
		`<wsa:ReplyTo><wsa:Address>` + url + `</wsa:Address></wsa:ReplyTo><wsa:FaultTo><wsa:Address>` + url + `</wsa:Address></wsa:FaultTo></env:Header>` +
		`<env:Body><d><x:Include xmlns:x="` + NamespaceXOP + `" href="` + url + `"/></d></env:Body></env:Envelope>`
	addr := listen(t, echoServer(t))
	for _, text := range []string{text, strings.ReplaceAll(text, "ReplyTo", "From"), strings.ReplaceAll(strings.ReplaceAll(text, "ReplyTo", "From"), "FaultTo", "From")} {
		conn := dial(t, addr)
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		rawAnswer(t, conn)
	}
	trap.Close()
	select {
	case <-called:
		t.Error("the server opened a connection that a message asked for")
	default:
	}
}

// TestSpoolLeavesNothing: attachments before the root part wait in a file without a name, bounded by the limit of the body.
func TestSpoolLeavesNothing(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits.Body = 1 << 20
	early := "--B\r\nContent-ID: <early@x>\r\n\r\n" + strings.Repeat("x", 500_000) + "\r\n"
	open := func() int {
		entries, err := os.ReadDir(s.SpoolDir)
		if err != nil {
			t.Error(err)
		}
		return len(entries)
	}
	s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
		if n := open(); n != 0 {
			t.Errorf("%d names in the spool directory while the message is read", n)
		}
		p, err := req.Parts.Next()
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, p)
		if n != 500_000 || p.ContentID != "early@x" {
			t.Errorf("part %s of %d bytes", p.ContentID, n)
		}
		return XML([]byte("<x/>")), err
	}
	addr := listen(t, s)
	for _, tt := range []struct {
		body   string
		status int
	}{
		{early + "--B\r\nContent-ID: <r@x>\r\n\r\n" + testEnvelope + "\r\n--B--\r\n", 200},
		{early + "--B--\r\n", 400},
		{early + strings.ReplaceAll(early, "early", "late") + strings.ReplaceAll(early, "early", "third"), 413},
	} {
		conn := dial(t, addr)
		head := strings.Replace(hostileHead, "boundary=B", `boundary=B; start="r@x"`, 1)
		go fmt.Fprintf(conn, "%s%x\r\n%s\r\n0\r\n\r\n", head, len(tt.body), tt.body)
		if status, body := rawAnswer(t, conn); status != tt.status {
			t.Errorf("got %d %s, want %d", status, body, tt.status)
		}
	}
	if n := open(); n != 0 {
		t.Errorf("%d files left", n)
	}
}

// TestSpoolFails: trouble with our disk is not the sender's.
func TestSpoolFails(t *testing.T) {
	t.Parallel()
	body := "--B\r\nContent-ID: <early@x>\r\n\r\nx\r\n--B\r\nContent-ID: <r@x>\r\n\r\n" + testEnvelope + "\r\n--B--\r\n"
	in := incoming{header: http.Header{"Content-Type": {`multipart/related; boundary=B; start="r@x"`}}, length: -1,
		body: strings.NewReader(body), lim: Limits{}.withDefaults(), spoolDir: t.TempDir() + "/absent"}
	m, err := in.receive()
	defer m.close()
	var f *Fault
	if !errors.As(err, &f) || f.Code != CodeReceiver || strings.Contains(f.Reason, "absent") {
		t.Errorf("got %v, want a Receiver fault without the path", err)
	}
}

// TestManyRefusalsLeaveNothing: goroutines return to where they were. Not parallel, as it counts.
func TestManyRefusalsLeaveNothing(t *testing.T) {
	addr := listen(t, echoServer(t))
	before := runtime.NumGoroutine()
	for range 50 {
		conn := dial(t, addr)
		fmt.Fprintf(conn, "%s8\r\n--B\r\n\r\n<\r\n0\r\n\r\n", hostileHead)
		rawAnswer(t, conn)
		conn.Close()
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before+2; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, before it were %d", runtime.NumGoroutine(), before)
		}
	}
}

// TestBudget: large envelopes that do not end hold no more memory than the budget, in whatever form they come; who needs more is
// told to come back, small messages go on, and what was held is given back.
func TestBudget(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits.Envelope, s.Limits.Body = 1<<20, 2<<20
	s.Budget = NewBudget(2 << 20)
	addr := listen(t, s)
	large := strings.Replace(testEnvelope, "<x/>", "<x>"+strings.Repeat("y", 900<<10)+"</x>", 1)
	plain := func(text string) string {
		return fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
	}
	for name, request := range map[string]string{
		"length": plain(large),
		"chunks": fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(large), large),
		"MTOM": fmt.Sprintf("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nContent-Length: %d\r\n\r\n--B\r\nContent-Type: application/xop+xml\r\n\r\n%s\r\n--B--\r\n",
			len(large)+len("--B\r\nContent-Type: application/xop+xml\r\n\r\n\r\n--B--\r\n"), large),
	} {
		var open []net.Conn
		for range 2 {
			conn := dial(t, addr)
			if _, err := io.WriteString(conn, request[:len(request)-100]); err != nil {
				t.Fatal(err)
			}
			open = append(open, conn)
		}
		for deadline := time.Now().Add(10 * time.Second); s.Budget.used.Load() < 1600<<10; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d bytes held", name, s.Budget.used.Load())
			}
		}
		conn := dial(t, addr)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if status, body := rawAnswer(t, conn); status != http.StatusServiceUnavailable || !strings.Contains(body, "env:Receiver") {
			t.Errorf("%s: a third one got %d %s, want 503", name, status, body)
		}
		conn = dial(t, addr)
		if _, err := io.WriteString(conn, plain(testEnvelope)); err != nil {
			t.Fatal(err)
		}
		if status, body := rawAnswer(t, conn); status != http.StatusOK {
			t.Errorf("%s: a small one got %d %s", name, status, body)
		}
		for _, c := range open {
			c.Close()
		}
		for deadline := time.Now().Add(10 * time.Second); s.Budget.used.Load() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %d bytes are still held", name, s.Budget.used.Load())
			}
		}
		conn = dial(t, addr)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		if status, body := rawAnswer(t, conn); status != http.StatusOK {
			t.Errorf("%s: afterwards got %d %.200s", name, status, body)
		}
	}
}
