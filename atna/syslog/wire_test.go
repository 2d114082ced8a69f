package syslog

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
)

// world is an authority with nodes that trust it.
type world struct {
	t  testing.TB
	ca *pki.Authority
}

func newWorld(t testing.TB) *world {
	ca, err := pki.NewAuthority("CA", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, ca}
}

// files writes a new certificate and what it trusts.
func (w *world) files(by *pki.Authority) atna.Files {
	w.t.Helper()
	p, err := by.Issue(pki.Request{Name: "node", Hosts: []string{"127.0.0.1", "localhost"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)})
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := pki.KeyPEM(p.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	dir := w.t.TempDir()
	f := atna.Files{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Trusted: filepath.Join(dir, "ca.pem")}
	for name, b := range map[string][]byte{f.Certificate: pki.CertificatePEM(p.Certificate), f.Key: key, f.Trusted: pki.CertificatePEM(w.ca.Certificate)} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return f
}

func (w *world) secure(by *pki.Authority) *atna.Secure {
	w.t.Helper()
	s, err := atna.NewSecure(w.files(by), time.Now)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// client of a node that by has certified, with one version of TLS.
func (w *world) client(addr string, by *pki.Authority, version uint16) *Client {
	s := w.secure(by)
	c := &Client{Addr: addr, Settle: 100 * time.Millisecond, Config: func() *tls.Config {
		config := s.Client("")
		config.MinVersion, config.MaxVersion = version, version
		return config
	}}
	w.t.Cleanup(c.Close)
	return c
}

// inbox is a receiver that keeps what it gets.
type inbox struct {
	mu       sync.Mutex
	messages []string
	reports  []error
	refuse   bool
}

func (i *inbox) take(_ context.Context, _ net.Addr, m []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.refuse {
		return errors.New("disk full")
	}
	i.messages = append(i.messages, string(m))
	return nil
}

func (i *inbox) report(_ net.Addr, err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.reports = append(i.reports, err)
}

func (i *inbox) reported() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.reports)
}

func (i *inbox) got() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]string(nil), i.messages...)
}

// serve runs a receiver on addr.
func (i *inbox) serve(t testing.TB, addr string, config *tls.Config) (string, *Server) {
	t.Helper()
	s := &Server{Handler: i.take, Report: i.report, Limits: Limits{Message: 64 << 10}}
	ln, err := tls.Listen("tcp", addr, config)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, ErrServerClosed) {
			t.Error(err)
		}
	})
	return ln.Addr().String(), s
}

func batch(from, n int) [][]byte {
	var out [][]byte
	for i := range n {
		m := Message{Priority: AuditPriority, Time: at, MsgID: AuditMsgID, Text: fmt.Appendf(nil, "<AuditMessage n='%d'>Ångström\n</AuditMessage>", from+i)}
		out = append(out, m.Append(nil))
	}
	return out
}

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

func TestDelivery(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		w, in := newWorld(t), &inbox{}
		addr, _ := in.serve(t, "127.0.0.1:0", w.secure(w.ca).Server())
		c := w.client(addr, w.ca, version)
		for i := range 5 {
			if err := c.Send(t.Context(), batch(i*100, 100)); err != nil {
				t.Fatal(err)
			}
			if got := in.got(); len(got) != (i+1)*100 { // delivered means read, at once
				t.Fatalf("%d messages after batch %d", len(got), i)
			}
		}
		for i, m := range in.got() {
			if !strings.Contains(m, fmt.Sprintf("n='%d'", i)) {
				t.Fatalf("message %d is %q", i, m)
			}
		}
		if len(in.reports) > 0 {
			t.Errorf("reported: %v", in.reports)
		}
	}
}

// TestRefusedCertificate: nothing counts as delivered, with TLS 1.3 too, where the handshake of the client succeeds.
func TestRefusedCertificate(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		w, in := newWorld(t), &inbox{}
		addr, _ := in.serve(t, "127.0.0.1:0", w.secure(w.ca).Server())
		other, err := pki.NewAuthority("other", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c := w.client(addr, other, version)
		for range 3 {
			if err := c.Send(t.Context(), batch(0, 10)); err == nil {
				t.Errorf("%s: delivered with a refused certificate", tls.VersionName(version))
			}
		}
		if got := in.got(); len(got) > 0 {
			t.Errorf("received %q", got)
		}
		var h *HandshakeError
		for deadline := time.Now().Add(5 * time.Second); in.reported() < 3 && time.Now().Before(deadline); {
			time.Sleep(5 * time.Millisecond)
		}
		in.mu.Lock()
		if len(in.reports) < 3 || !errors.As(in.reports[0], &h) {
			t.Errorf("reported: %v", in.reports)
		}
		in.mu.Unlock()
	}
}

// TestRestartedReceiver: it goes away in the middle, with and without reading what was sent; nothing is lost.
func TestRestartedReceiver(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		w, in := newWorld(t), &inbox{}
		config := w.secure(w.ca).Server()
		addr, first := in.serve(t, "127.0.0.1:0", config)
		c := w.client(addr, w.ca, version)
		if err := c.Send(t.Context(), batch(0, 10)); err != nil {
			t.Fatal(err)
		}
		if err := first.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Send(t.Context(), batch(10, 10)); err == nil {
			t.Error("delivered to nobody")
		}
		_, second := in.serve(t, addr, config)
		in.mu.Lock()
		in.refuse = true
		in.mu.Unlock()
		if err := c.Send(t.Context(), batch(10, 10)); err == nil {
			t.Error("delivered to a receiver that could not keep it")
		}
		in.mu.Lock()
		in.refuse = false
		in.mu.Unlock()
		if err := c.Send(t.Context(), batch(10, 10)); err != nil {
			t.Error(err)
		}
		if got := in.got(); len(got) != 20 {
			t.Errorf("%d messages, want 20", len(got))
		}
		_ = second
	}
}

// TestStaleConnection: the connection that waits for the next batch is closed by an impatient receiver. That looks like its
// death, and is told.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	w, in := newWorld(t), &inbox{}
	s := &Server{Handler: in.take, Limits: Limits{IdleTimeout: 50 * time.Millisecond}}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", w.secure(w.ca).Server())
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln)
	t.Cleanup(func() { s.Shutdown(context.Background()) })
	c := w.client(ln.Addr().String(), w.ca, tls.VersionTLS12)
	if err := c.Send(t.Context(), batch(0, 1)); err != nil {
		t.Fatal(err)
	}
	if err := c.Alive(); err != nil {
		t.Error(err)
	}
	time.Sleep(150 * time.Millisecond)
	if err := c.Send(t.Context(), batch(1, 1)); err == nil {
		t.Error("a closed connection was not noticed")
	}
	if err := c.Alive(); err == nil {
		t.Error("alive without a connection")
	}
	if err := c.Send(t.Context(), batch(1, 1)); err != nil {
		t.Error(err)
	}
	if got := in.got(); len(got) != 2 {
		t.Errorf("%d messages", len(got))
	}
}

func TestSendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0") // accepts and stays silent
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := w.client(ln.Addr().String(), w.ca, tls.VersionTLS13).Send(ctx, batch(0, 1)); err == nil {
		t.Error("delivered to nobody")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestHostileSenders(t *testing.T) {
	t.Parallel()
	w, in := newWorld(t), &inbox{}
	s := &Server{Handler: in.take, Report: in.report, Limits: Limits{Message: 1000, Connections: 3, ReadTimeout: 300 * time.Millisecond}}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", w.secure(w.ca).Server())
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(ln)
	t.Cleanup(func() { s.Shutdown(context.Background()) })
	config := w.secure(w.ca).Client("")
	for name, text := range map[string]string{
		"too large": "1001 <85>1", "no frame": "GET / HTTP/1.1\r\n\r\n", "endless length": strings.Repeat("9", 100), "stops": "100 <85>1 - - - - - - ",
	} {
		conn, err := tls.Dial("tcp", ln.Addr().String(), config)
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(text))
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays open", name)
		}
		conn.Close()
	}
	if got := in.got(); len(got) > 0 {
		t.Errorf("received %q", got)
	}
	// Plain text to a TLS listener is a failed handshake; silence is one after a while; more than three wait in vain.
	for range 3 {
		conn, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	time.Sleep(50 * time.Millisecond)
	conn, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a fourth connection is served")
	}
}

func TestDatagrams(t *testing.T) {
	t.Parallel()
	in := &inbox{}
	s := &Server{Handler: in.take}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.ServePacket(pc) }()
	d := &Datagrams{Addr: pc.LocalAddr().String()}
	defer d.Close()
	big := []byte("<85>1 - - - - - - " + strings.Repeat("x", 70000))
	if err := d.Send(t.Context(), append(batch(0, 3), big)); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); len(in.got()) < 4 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	got := in.got()
	slices.SortFunc(got, func(a, b string) int { return len(a) - len(b) }) // datagrams are stored beside each other
	if len(got) != 4 || !slices.ContainsFunc(got, func(m string) bool { return strings.Contains(m, "n='0'") }) || len(got[3]) != maxDatagram {
		t.Errorf("%d datagrams", len(got))
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrServerClosed) {
		t.Error(err)
	}
}

// TestDatagramBurst: datagrams are read while those before them are stored, and a shutdown waits until they are.
func TestDatagramBurst(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	stored, working, most := 0, 0, 0
	s := &Server{Handler: func(context.Context, net.Addr, []byte) error {
		mu.Lock()
		working++
		most = max(most, working)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond) // a commit
		mu.Lock()
		defer mu.Unlock()
		working--
		stored++
		return nil
	}}
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.ServePacket(pc) }()
	d := &Datagrams{Addr: pc.LocalAddr().String()}
	defer d.Close()
	const n = 1000
	for i := range n {
		if err := d.Send(t.Context(), [][]byte{bytes.Repeat([]byte("x"), 1000)}); err != nil {
			t.Fatal(err)
		}
		if i%50 == 49 {
			time.Sleep(2 * time.Millisecond) // a thousand at once would be a test of the kernel
		}
	}
	start := time.Now()
	for time.Since(start) < 10*time.Second {
		mu.Lock()
		all := stored + working
		mu.Unlock()
		if all == n {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrServerClosed) {
		t.Error(err)
	}
	if stored != n || most > maxDatagrams {
		t.Errorf("%d of %d stored, %d at a time", stored, n, most)
	}
}

// tiredListener is out of file descriptors for some calls.
type tiredListener struct {
	net.Listener
	left int
}

func (l *tiredListener) Accept() (net.Conn, error) {
	if l.left > 0 {
		l.left--
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestOutOfDescriptors: a crowd that uses up all file descriptors ends neither the receiver nor the server that it is part of.
func TestOutOfDescriptors(t *testing.T) {
	box := &inbox{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Handler: box.take, Report: box.report}
	done := make(chan error, 1)
	go func() { done <- s.Serve(&tiredListener{ln, 3}) }()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "2 ab")
	for end := time.Now().Add(10 * time.Second); len(box.got()) == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
	}
	if got := box.got(); len(got) != 1 {
		t.Errorf("got %q, expected one message", got)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-done; !errors.Is(err, ErrServerClosed) {
		t.Error(err)
	}
}
