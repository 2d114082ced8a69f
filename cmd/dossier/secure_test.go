package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
	"dossier/atna/syslog"
	"dossier/hl7v2/mllp"
	"dossier/store"
)

// secureWorld is an authority with a folder of files.
type secureWorld struct {
	t   testing.TB
	ca  *pki.Authority
	dir string
}

func newSecureWorld(t testing.TB) *secureWorld {
	ca, err := pki.NewAuthority("CA", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	w := &secureWorld{t, ca, t.TempDir()}
	w.write("ca.pem", pki.CertificatePEM(ca.Certificate))
	w.revoke(1)
	return w
}

func (w *secureWorld) write(name string, b []byte) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), b, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *secureWorld) path(name string) string { return filepath.Join(w.dir, name) }

func (w *secureWorld) revoke(number int64, revoked ...*x509.Certificate) {
	w.t.Helper()
	crl, err := w.ca.RevocationList(number, time.Now().Add(time.Duration(number)*time.Second), time.Now().Add(time.Hour), revoked...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write("crl.pem", crl)
}

// issue makes a certificate and writes it.
func (w *secureWorld) issue(name string, by *pki.Authority, change func(*pki.Request)) *pki.Pair {
	w.t.Helper()
	r := pki.Request{Name: name, Hosts: []string{"127.0.0.1"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	if change != nil {
		change(&r)
	}
	p, err := by.Issue(r)
	if err != nil {
		w.t.Fatal(err)
	}
	key, err := pki.KeyPEM(p.Key)
	if err != nil {
		w.t.Fatal(err)
	}
	w.write(name+".pem", pki.CertificatePEM(p.Certificate))
	w.write(name+"-key.pem", key)
	return p
}

func (w *secureWorld) config(t testing.TB) *Config {
	w.issue("server", w.ca, nil)
	c := testConfig(t)
	c.TLS.Certificate, c.TLS.Key, c.TLS.Trusted, c.TLS.Revoked = w.path("server.pem"), w.path("server-key.pem"), w.path("ca.pem"), w.path("crl.pem")
	c.TLS.Reload = 50 * time.Millisecond
	c.Audit.Listen, c.Audit.ListenUDP = "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// client of one certificate; nil shows none.
func client(p *pki.Pair) *tls.Config {
	c := &tls.Config{InsecureSkipVerify: true}
	if p != nil {
		c.Certificates = []tls.Certificate{{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key}}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.Certificates[0], nil }
	}
	return c
}

// wsdl asks for the description of an endpoint, which needs no message.
func (s *testServer) wsdl(path string, p *pki.Pair) (int, error) {
	h := &http.Client{Transport: &http.Transport{TLSClientConfig: client(p), DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := h.Get("https://" + s.addr() + path + "?wsdl")
	if err != nil {
		return 0, err
	}
	resp.Body.Close()
	return resp.StatusCode, nil
}

// alerts are the security alerts of a type.
func (s *testServer) alerts(t testing.TB, kind atna.Code) []store.AuditMessage {
	t.Helper()
	found, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{Types: []string{kind.Value}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func eventually(t testing.TB, what string, fn func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !fn(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within a minute: %s", what)
		}
	}
}

// shortListener has no file descriptor for its first connections, as accept4(2) says it.
type shortListener struct {
	net.Listener
	short atomic.Int32
}

// Accept fails as long as files are short.
func (l *shortListener) Accept() (net.Conn, error) {
	if l.short.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// TestOutOfFiles: a shortage of file descriptors passes; afterwards every listener takes connections again, and the server has
// not ended.
func TestOutOfFiles(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	w.issue("good", w.ca, nil)
	good, err := tls.LoadX509KeyPair(w.path("good.pem"), w.path("good-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s := startOn(t, w.config(t), realWorld(), func(*node) {}, func(l *listeners) {
		for _, x := range []*net.Listener{&l.http, &l.mllp, &l.admin, &l.audit.tcp} {
			short := &shortListener{Listener: *x}
			short.short.Store(3)
			*x = short
		}
	})
	for name, l := range map[string]net.Listener{"SOAP": s.http, "MLLP": s.mllp, "audit": s.audit.tcp} {
		config := client(nil)
		config.Certificates = []tls.Certificate{good}
		d := tls.Dialer{Config: config, NetDialer: &net.Dialer{Timeout: 5 * time.Second}}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		c, err := d.DialContext(ctx, "tcp", l.Addr().String())
		cancel()
		if err != nil {
			t.Errorf("%s: %v, want a connection", name, err)
			continue
		}
		c.Close()
	}
	h := &http.Client{Timeout: 5 * time.Second}
	if resp, err := h.Get("http://" + s.admin.Addr().String() + "/healthz"); err != nil {
		t.Errorf("admin: %v", err)
	} else {
		resp.Body.Close()
	}
}

// TestSecureNode: each listener takes the good certificate and refuses and audits the seven bad ones (ITI TF-2: 3.19).
func TestSecureNode(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	c := w.config(t)
	good, revoked := w.issue("emr", w.ca, nil), w.issue("lost", w.ca, nil)
	w.revoke(2, revoked.Certificate)
	other, err := pki.NewAuthority("CA", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	expired := w.issue("old", w.ca, func(r *pki.Request) {
		r.NotBefore, r.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	})
	selfAuthority, err := pki.NewAuthority("emr", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	corrupted := *good.Certificate
	corrupted.Raw = bytes.Clone(corrupted.Raw)
	corrupted.Raw[len(corrupted.Raw)-5] ^= 1
	s := startServer(t, c, realWorld())
	bad := map[string]struct {
		pair  *pki.Pair
		cause string // as the event has it
	}{
		"corrupted":              {&pki.Pair{Certificate: &corrupted, Key: good.Key}, "failed to verify certificate"},
		"expired":                {expired, "certificate has expired"},
		"revoked":                {revoked, "the certificate is revoked"},
		"self-signed":            {w.issue("self", selfAuthority, nil), "unknown authority"},
		"unknown authority":      {w.issue("foreign", other, nil), "unknown authority"},
		"without authentication": {nil, "didn't provide a certificate"},
		"wrong key":              {&pki.Pair{Certificate: good.Certificate, Key: revoked.Key}, "invalid signature"},
	}
	dials := map[string]func(p *pki.Pair) error{
		"http": func(p *pki.Pair) error { _, err := s.wsdl("/xds/registry", p); return err },
		"mllp": func(p *pki.Pair) error {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			m, err := mllp.Dial(ctx, s.feed(), client(p))
			if err != nil {
				return err
			}
			defer m.Close()
			_, err = m.Send(ctx, []byte("MSH|^~\\&|A|F|D|N|2026||ADT^A08|1|P|2.3.1\rPID|||P^^^&2.999.1.1&ISO\r"))
			return err
		},
		"syslog": func(p *pki.Pair) error {
			k := &syslog.Client{Addr: s.audit.tcp.Addr().String(), Config: func() *tls.Config { return client(p) }, Settle: 50 * time.Millisecond}
			defer k.Close()
			return k.Send(t.Context(), [][]byte{[]byte("<85>1 - - - - - - <AuditMessage/>")})
		},
	}
	for listener, dial := range dials {
		if err := dial(good); err != nil {
			t.Errorf("%s: the good certificate is refused: %v", listener, err)
		}
		for name, x := range bad {
			s.node.flushRefusals(t.Context()) // as after a minute: all of these come from one address
			before := len(s.alerts(t, atna.NodeAuthentication))
			if err := dial(x.pair); err == nil {
				t.Errorf("%s: %s is accepted", listener, name)
			}
			eventually(t, listener+": an alert for "+name, func() bool { return len(s.alerts(t, atna.NodeAuthentication)) > before })
			e := s.alerts(t, atna.NodeAuthentication)[0].Event // the latest
			cause := string(e.Objects[0].Details[0].Value)
			if e.Identification.Outcome != atna.SeriousFailure || e.Participants[1].NetworkAccess.ID != "127.0.0.1" || !strings.Contains(cause, x.cause) {
				t.Errorf("%s: %s is recorded with outcome %d, peer %+v and %q, want %q", listener, name, e.Identification.Outcome, e.Participants[1].NetworkAccess, cause, x.cause)
			}
		}
	}
	if got := len(s.alerts(t, atna.NodeAuthentication)); got != 21 {
		t.Errorf("%d alerts for 7 refusals on each of 3 listeners", got)
	}
}

// TestExpiryIsTold: by metrics always, and by the log when it is near, once a day.
func TestExpiryIsTold(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		certificate, list time.Duration
		want              []string
	}{
		"far":                   {365 * 24 * time.Hour, 7 * 24 * time.Hour, nil},
		"certificate":           {29 * 24 * time.Hour, 7 * 24 * time.Hour, []string{"the certificate of this server ends soon"}},
		"revocation list":       {365 * 24 * time.Hour, 47 * time.Hour, []string{"a revocation list ends soon"}},
		"certificate, over":     {-time.Minute, 7 * 24 * time.Hour, []string{"the certificate of this server has ended"}},
		"revocation list, over": {365 * 24 * time.Hour, -time.Second, []string{"a revocation list has ended"}},
		"both, in an hour":      {time.Hour, time.Hour, []string{"the certificate of this server ends soon", "a revocation list ends soon"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSecureWorld(t)
			c := w.config(t)
			server := w.issue("server", w.ca, func(r *pki.Request) { r.NotAfter = time.Now().Add(x.certificate) })
			ends := time.Now().Add(x.list)
			crl, err := w.ca.RevocationList(5, time.Now().Add(-time.Hour), ends)
			if err != nil {
				t.Fatal(err)
			}
			w.write("crl.pem", crl)
			c.TLS.Reload = time.Millisecond
			s := startServer(t, c, realWorld())
			for metric, want := range map[string]time.Time{
				"dossier_certificate_expiry_timestamp_seconds": server.Certificate.NotAfter, "dossier_revocation_list_expiry_timestamp_seconds": ends,
			} {
				if got, err := strconv.ParseFloat(s.metric(t, metric), 64); err != nil || int64(got) != want.Unix() {
					t.Errorf("%s is %v, want %d", metric, got, want.Unix())
				}
			}
			time.Sleep(30 * time.Millisecond) // it is looked at again and again
			log := s.log.String()
			for _, line := range x.want {
				if strings.Count(log, line) != 1 {
					t.Errorf("the log says %q %d times", line, strings.Count(log, line))
				}
			}
			if n := strings.Count(log, "ends soon") + strings.Count(log, "has ended"); n != len(x.want) {
				t.Errorf("%d warnings, want %d:\n%s", n, len(x.want), log)
			}
		})
	}
}

// certificateOf is the certificate that a listener shows, when it takes ours. With TLS 1.2 a client knows after the handshake whether it is
// taken.
func certificateOf(t *testing.T, addr string, p *pki.Pair) (*x509.Certificate, error) {
	t.Helper()
	c := client(p)
	c.MaxVersion = tls.VersionTLS12
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", addr, c)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0], nil
}

// TestRevokedWhileRunning: a revocation and a new certificate take effect on every listener without a restart, and the change
// itself is recorded.
func TestRevokedWhileRunning(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	c := w.config(t)
	emr := w.issue("emr", w.ca, nil)
	s := startServer(t, c, realWorld())
	if status, err := s.wsdl("/xds/registry", emr); err != nil || status != 200 {
		t.Fatalf("status %d, %v", status, err)
	}
	w.revoke(2, emr.Certificate)
	eventually(t, "the revocation", func() bool { _, err := s.wsdl("/xds/registry", emr); return err != nil })
	eventually(t, "the record of what is trusted now", func() bool { return len(s.alerts(t, atna.SecurityConfiguration)) > 0 })
	w.issue("server", w.ca, func(r *pki.Request) { r.NotAfter = time.Now().Add(10 * time.Hour) })
	other := w.issue("other", w.ca, nil)
	for name, addr := range map[string]string{"http": s.addr(), "mllp": s.feed(), "audit.listen": s.audit.tcp.Addr().String()} {
		if _, err := certificateOf(t, addr, emr); err == nil {
			t.Errorf("%s takes a revoked certificate", name)
		}
		eventually(t, "the new certificate on "+name, func() bool {
			c, err := certificateOf(t, addr, other)
			return err == nil && time.Until(c.NotAfter) > 5*time.Hour
		})
	}
	w.write("crl.pem", []byte("no list"))
	eventually(t, "a line about files that cannot be read", func() bool { return strings.Contains(s.log.String(), "TLS files not reloaded") })
	if _, err := certificateOf(t, s.addr(), emr); err == nil {
		t.Error("a list that cannot be read lets a revoked certificate in")
	}
}

// TestRevokedIsCutOff: a connection that is open does not outlive its certificate's revocation on any listener; others go on.
func TestRevokedIsCutOff(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	c := w.config(t)
	lost, good := w.issue("lost", w.ca, nil), w.issue("good", w.ca, nil)
	s := startServer(t, c, realWorld())
	type line struct {
		who  *pki.Pair
		conn *tls.Conn
		addr string
	}
	var lines []line
	for _, addr := range []string{s.addr(), s.feed(), s.audit.tcp.Addr().String()} {
		for _, p := range []*pki.Pair{lost, good} {
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				c := client(p)
				c.MaxVersion = version
				conn, err := tls.Dial("tcp", addr, c)
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				lines = append(lines, line{p, conn, addr})
			}
		}
	}
	eventually(t, "all to be in", func() bool {
		s.node.peers.mu.Lock()
		defer s.node.peers.mu.Unlock()
		return len(s.node.peers.open) == len(lines)
	})
	w.revoke(2, lost.Certificate)
	eventually(t, "alerts", func() bool { return len(s.alerts(t, atna.NodeAuthentication)) == len(lines)/2 })
	for _, l := range lines {
		l.conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		_, err := l.conn.Read(make([]byte, 1))
		if open := errors.Is(err, os.ErrDeadlineExceeded); open != (l.who == good) {
			t.Errorf("%s: %s is still connected: %v (%v)", l.addr, l.who.Certificate.Subject, open, err)
		}
	}
	for _, m := range s.alerts(t, atna.NodeAuthentication) {
		if cause := string(m.Event.Objects[0].Details[0].Value); cause != "connection cut off: the certificate is revoked" {
			t.Errorf("recorded as %q", cause)
		}
	}
	for _, l := range lines {
		l.conn.Close()
	}
	eventually(t, "an empty list", func() bool {
		s.node.peers.mu.Lock()
		defer s.node.peers.mu.Unlock()
		return len(s.node.peers.open) == 0
	})
}

// TestAllow: which certificate may call which endpoint.
func TestAllow(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	c := w.config(t)
	c.TLS.Allow.Registry, c.TLS.Allow.Feed = []string{"viewer"}, []string{"adt"}
	viewer, adt := w.issue("viewer", w.ca, nil), w.issue("adt", w.ca, nil)
	s := startServer(t, c, realWorld())
	for _, x := range []struct {
		path   string
		who    *pki.Pair
		status int
	}{{"/xds/registry", viewer, 200}, {"/xds/registry", adt, 403}, {"/xds/repository", adt, 200}} {
		h := &http.Client{Transport: &http.Transport{TLSClientConfig: client(x.who), DisableKeepAlives: true}, Timeout: 10 * time.Second}
		resp, err := h.Post("https://"+s.addr()+x.path, "application/soap+xml", strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.StatusCode; (got == 403) != (x.status == 403) {
			t.Errorf("%s by %s: status %d", x.path, x.who.Certificate.Subject, got)
		}
	}
	if _, err := tls.Dial("tcp", s.feed(), client(adt)); err != nil {
		t.Errorf("the feed refuses adt: %v", err)
	}
	conn, err := tls.Dial("tcp", s.feed(), client(viewer))
	if err == nil {
		conn.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err = conn.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("the feed takes viewer")
		}
	}
	eventually(t, "alerts for both", func() bool { return len(s.alerts(t, atna.RestrictedFunction)) == 2 })
}

// TestPlainIsRefused: what other machines reach has TLS, or somebody said that it need not.
func TestPlainIsRefused(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		change func(*Config)
		ok     bool
	}{
		"default":            {func(*Config) {}, true},
		"port alone":         {func(c *Config) { c.HTTP, c.TLS.Plain = "8080", true }, false},
		"no port":            {func(c *Config) { c.MLLP = "localhost:" }, false},
		"audit port alone":   {func(c *Config) { c.Audit.ListenUDP = "514" }, false},
		"http for all":       {func(c *Config) { c.HTTP = ":8080" }, false},
		"mllp for all":       {func(c *Config) { c.MLLP = "0.0.0.0:2575" }, false},
		"admin for all":      {func(c *Config) { c.Admin = "192.0.2.1:9090" }, false},
		"audit for all":      {func(c *Config) { c.Audit.Listen = "[::]:6514" }, false},
		"on purpose":         {func(c *Config) { c.HTTP, c.TLS.Plain = ":8080", true }, true},
		"IPv6 loopback":      {func(c *Config) { c.HTTP = "[::1]:8080" }, true},
		"localhost":          {func(c *Config) { c.HTTP = "localhost:8080" }, true},
		"with TLS":           {func(c *Config) { c.HTTP, c.TLS.Certificate, c.TLS.Key, c.TLS.Trusted = ":8080", "c", "k", "t" }, true},
		"certificate alone":  {func(c *Config) { c.TLS.Certificate = "c" }, false},
		"forward by TLS":     {func(c *Config) { c.Audit.Forward = []string{"tls://arr.example.org:6514"} }, false},
		"forward by UDP":     {func(c *Config) { c.Audit.Forward = []string{"udp://arr.example.org:514"} }, true},
		"forward to nowhere": {func(c *Config) { c.Audit.Forward = []string{"arr.example.org"} }, false},
		"keep without key":   {func(c *Config) { c.Audit.Keep = time.Hour }, false},
	} {
		c := defaults()
		x.change(&c)
		if err := c.check(); (err == nil) != x.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForwardAndReceive: one server forwards to another over TLS; everything arrives in order, also what was recorded
// while the other was away, and what cannot be parsed is kept there.
func TestForwardAndReceive(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	receiver := w.config(t)
	port, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	receiver.Audit.Listen = port.Addr().String()
	port.Close()
	sender := w.config(t)
	sender.Audit.Listen, sender.Audit.ListenUDP = "", ""
	sender.Audit.Forward = []string{"tls://" + receiver.Audit.Listen}
	emr := w.issue("emr", w.ca, nil)

	from := startServer(t, sender, realWorld())
	for range 5 {
		if _, err := from.wsdl("/xds/registry", nil); err == nil {
			t.Fatal("no certificate, and accepted")
		}
	}
	eventually(t, "5 alerts", func() bool { return len(from.alerts(t, atna.NodeAuthentication)) == 5 })
	to := startServer(t, receiver, realWorld())
	received := func() []store.AuditMessage {
		var out []store.AuditMessage
		for _, m := range to.auditTrail(t) {
			if m.Peer != "" {
				out = append(out, m)
			}
		}
		return out
	}
	eventually(t, "what happened before", func() bool { return len(received()) >= 6 })
	if _, err := from.wsdl("/xds/registry", nil); err == nil {
		t.Fatal("no certificate, and accepted")
	}
	eventually(t, "what happens now", func() bool { return len(received()) >= 7 })
	sent, got := from.auditTrail(t), received()
	for i := range got {
		if string(got[i].Message) != string(sent[i].Message) {
			t.Errorf("message %d is another one:\n%s\n%s", i, got[i].Message, sent[i].Message)
		}
	}
	raw := "<85>1 2026-01-02T03:04:05Z emr x - - - no \x01 XML"
	k := &syslog.Client{Addr: receiver.Audit.Listen, Config: func() *tls.Config { return client(emr) }}
	defer k.Close()
	for range 2 { // the second is the same message once more
		if err := k.Send(t.Context(), [][]byte{[]byte(raw)}); err != nil {
			t.Fatal(err)
		}
	}
	odd, err := to.node.db.SearchAudit(t.Context(), store.AuditQuery{Unparsed: true})
	if err != nil || len(odd) != 1 || string(odd[0].Message) != raw {
		t.Errorf("%+v, %v", odd, err)
	}
	u := &syslog.Datagrams{Addr: to.audit.udp.LocalAddr().String()}
	defer u.Close()
	if err := u.Send(t.Context(), [][]byte{[]byte(raw + " by UDP")}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the datagram", func() bool {
		odd, err := to.node.db.SearchAudit(t.Context(), store.AuditQuery{Unparsed: true})
		return err == nil && len(odd) == 2
	})
}

// TestDemo: what dossier pki demo makes is enough for a secure node and for a client of it.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "a: b #c") // YAML would misread it
	mustCommand(t, "pki", "demo", dir)
	if _, _, err := command(t.Context(), "pki", "demo", dir); err == nil {
		t.Error("a folder that exists was overwritten")
	}
	c, err := load(t, string(readFile(t, filepath.Join(dir, "tls.yaml"))), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Data, c.HTTP, c.MLLP, c.Admin = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	s := startServer(t, c, realWorld())
	flags := []string{"--tls-certificate", filepath.Join(dir, "client.pem"), "--tls-key", filepath.Join(dir, "client-key.pem"), "--tls-trusted", filepath.Join(dir, "ca.pem")}
	url := "https://" + s.addr() + "/xds/registry"
	mustCommand(t, append([]string{"feed", "--to", s.feed(), "--patient", "X^^^&2.999.1.1&ISO"}, flags...)...)
	mustCommand(t, append([]string{"query", "--to", url, "FindDocuments", "$XDSDocumentEntryPatientId=X^^^&2.999.1.1&ISO", "$XDSDocumentEntryStatus=Approved"}, flags...)...)
	if _, _, err := command(t.Context(), "query", "--to", url, "GetAll", "$patientId=X^^^&2.999.1.1&ISO"); err == nil {
		t.Error("a client without a certificate was served")
	}
	trail := s.auditTrail(t)
	if who := trail[len(trail)-2].Event.Participants[0].AlternativeUserID; who != "CN=client" {
		t.Errorf("the client is recorded as %q", who)
	}
}

// TestSecureNodeIsFound: the banner of a Secure Node says how it is really reached, and dossier health reaches its admin listener.
func TestSecureNodeIsFound(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	c := w.config(t)
	c.Admin, c.TLS.Allow.Admin = "0.0.0.0:0", []string{"monitor"}
	w.issue("monitor", w.ca, nil)
	s := startServer(t, c, realWorld())
	var out strings.Builder
	if err := banner(&out, c, s.listeners); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"POST https://" + s.addr() + "/xds/repository", "mllps://" + s.feed(), "https://" + s.admin.Addr().String() + "/metrics", "--tls-certificate"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the banner has no %s", want)
		}
	}
	if strings.Contains(out.String(), "http://") || strings.Contains(out.String(), "mllp://") {
		t.Errorf("the banner promises a listener without TLS:\n%s", out.String())
	}
	_, port, err := net.SplitHostPort(s.admin.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	admin := "127.0.0.1:" + port
	flags := []string{"--tls-certificate", w.path("monitor.pem"), "--tls-key", w.path("monitor-key.pem"), "--tls-trusted", w.path("ca.pem")}
	if got := mustCommand(t, append([]string{"health", "--admin", admin}, flags...)...); got != "ready\n" {
		t.Errorf("got %q", got)
	}
	if _, _, err := command(t.Context(), "health", "--admin", admin); err == nil {
		t.Error("the admin listener answers without TLS")
	}
}
