package atna_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
)

var now = time.Now

// node is a Secure Node in a folder of its own.
type node struct {
	files  atna.Files
	secure *atna.Secure
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func newNode(t *testing.T, p *pki.Pair, crl []byte, trusted ...*x509.Certificate) *node {
	t.Helper()
	dir := t.TempDir()
	n := &node{files: atna.Files{Certificate: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), Trusted: filepath.Join(dir, "trusted.pem")}}
	write(t, n.files.Certificate, pki.CertificatePEM(p.Certificate))
	write(t, n.files.Key, must[[]byte](t)(pki.KeyPEM(p.Key)))
	var all []byte
	for _, c := range trusted {
		all = append(all, pki.CertificatePEM(c)...)
	}
	write(t, n.files.Trusted, all)
	if crl != nil {
		n.files.Revoked = filepath.Join(dir, "crl.pem")
		write(t, n.files.Revoked, crl)
	}
	n.secure = must[*atna.Secure](t)(atna.NewSecure(n.files, now))
	return n
}

func valid(name string) pki.Request {
	return pki.Request{Name: name, Hosts: []string{name + ".example.org", "127.0.0.1"}, NotBefore: now().Add(-time.Hour), NotAfter: now().Add(24 * time.Hour)}
}

// talk connects and tells what either side says: the server echoes one byte.
func talk(t *testing.T, server, client *tls.Config) (serverErr, clientErr error) {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	done := make(chan error, 1)
	go func() {
		c, err := ln.Accept()
		if err == nil {
			defer c.Close()
			c.SetDeadline(now().Add(10 * time.Second))
			_, err = io.CopyN(c, c, 1)
		}
		done <- err
	}()
	conn, clientErr := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", ln.Addr().String(), client)
	if clientErr == nil {
		defer conn.Close()
		conn.SetDeadline(now().Add(10 * time.Second))
		if _, clientErr = conn.Write([]byte{1}); clientErr == nil {
			_, clientErr = io.ReadFull(conn, make([]byte, 1))
		}
	}
	return <-done, clientErr
}

// TestRefusals: the seven of the Gazelle test 11110, and what else a certificate can be wrong by (ITI TF-2: 3.19).
func TestRefusals(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	other := must[*pki.Authority](t)(pki.NewAuthority("CA", now())) // the same name, another key
	issue := func(a *pki.Authority, r pki.Request) *pki.Pair { return must[*pki.Pair](t)(a.Issue(r)) }
	good, revoked := issue(ca, valid("emr")), issue(ca, valid("lost"))
	crl := must[[]byte](t)(ca.RevocationList(1, now(), now().Add(time.Hour), revoked.Certificate))
	server := newNode(t, issue(ca, valid("server")), crl, ca.Certificate)
	old := valid("old")
	old.NotBefore, old.NotAfter = now().Add(-48*time.Hour), now().Add(-24*time.Hour)
	early := valid("early")
	early.NotBefore = now().Add(time.Hour)
	usage := valid("usage")
	usage.Usage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	corrupted := *good.Certificate
	corrupted.Raw = append([]byte(nil), corrupted.Raw...)
	corrupted.Raw[len(corrupted.Raw)-5] ^= 1
	self := must[*pki.Authority](t)(pki.NewAuthority("emr", now()))
	wrongKey := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))

	certificate := func(c *x509.Certificate, key any) []tls.Certificate {
		return []tls.Certificate{{Certificate: [][]byte{c.Raw}, PrivateKey: key}}
	}
	of := func(p *pki.Pair) []tls.Certificate { return certificate(p.Certificate, p.Key) }
	for name, c := range map[string]struct {
		certificates []tls.Certificate
		refused      string // what the server says; "" is accepted
	}{
		"good":                   {of(good), ""},
		"corrupted":              {certificate(&corrupted, good.Key), "x509: "},
		"expired":                {of(issue(ca, old)), "expired or is not yet valid"},
		"revoked":                {of(revoked), "revoked"},
		"self-signed":            {of(issue(self, valid("emr"))), "unknown authority"},
		"unknown authority":      {of(issue(other, valid("emr"))), "unknown authority"},
		"without authentication": {nil, "didn't provide a certificate"},
		"wrong key":              {certificate(good.Certificate, wrongKey), "invalid signature"},
		"not yet valid":          {of(issue(ca, early)), "expired or is not yet valid"},
		"wrong usage":            {of(issue(ca, usage)), "incompatible key usage"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			config := &tls.Config{InsecureSkipVerify: true, Certificates: c.certificates, MinVersion: version, MaxVersion: version}
			if c.certificates != nil {
				// A key that is not the certificate's would otherwise be refused by our own client.
				config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &c.certificates[0], nil }
			}
			serverErr, clientErr := talk(t, server.secure.Server(), config)
			taken := c.refused == ""
			if (serverErr == nil) != taken || (clientErr == nil) != taken || !taken && !strings.Contains(serverErr.Error(), c.refused) {
				t.Errorf("%s, %s: server %v, client %v", name, tls.VersionName(version), serverErr, clientErr)
			}
		}
	}
	for name, config := range map[string]*tls.Config{
		"TLS 1.1":  {InsecureSkipVerify: true, Certificates: certificate(good.Certificate, good.Key), MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"CBC only": {InsecureSkipVerify: true, Certificates: certificate(good.Certificate, good.Key), MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA}},
	} {
		if serverErr, clientErr := talk(t, server.secure.Server(), config); serverErr == nil || clientErr == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestClientJudges: as a client the node judges the other side too, and its name only when asked to.
func TestClientJudges(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	other := must[*pki.Authority](t)(pki.NewAuthority("other", now()))
	ours := newNode(t, must[*pki.Pair](t)(ca.Issue(valid("emr"))), nil, ca.Certificate)
	trusted := newNode(t, must[*pki.Pair](t)(ca.Issue(valid("server"))), nil, ca.Certificate)
	foreign := newNode(t, must[*pki.Pair](t)(other.Issue(valid("server"))), nil, ca.Certificate)
	for name, c := range map[string]struct {
		server *node
		host   string
		taken  bool
	}{
		"any name": {trusted, "", true}, "its name": {trusted, "server.example.org", true}, "another name": {trusted, "elsewhere.example.org", false},
		"unknown authority": {foreign, "", false},
	} {
		if _, err := talk(t, c.server.secure.Server(), ours.secure.Client(c.host)); (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReload: a revocation and a new certificate take effect without a restart.
func TestReload(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	emr := must[*pki.Pair](t)(ca.Issue(valid("emr")))
	client := newNode(t, emr, nil, ca.Certificate)
	server := newNode(t, must[*pki.Pair](t)(ca.Issue(valid("server"))), must[[]byte](t)(ca.RevocationList(1, now(), now().Add(time.Hour))), ca.Certificate)
	config := server.secure.Server()
	if _, err := talk(t, config, client.secure.Client("")); err != nil {
		t.Fatal(err)
	}
	if changed, err := server.secure.Reload(); changed || err != nil {
		t.Errorf("nothing changed: %v, %v", changed, err)
	}
	write(t, server.files.Revoked, []byte("garbage"))
	if _, err := server.secure.Reload(); err == nil {
		t.Error("a broken file was taken")
	}
	if _, err := talk(t, config, client.secure.Client("")); err != nil {
		t.Errorf("the former reading is gone: %v", err)
	}
	write(t, server.files.Revoked, must[[]byte](t)(ca.RevocationList(2, now(), now().Add(time.Hour), emr.Certificate)))
	if changed, err := server.secure.Reload(); !changed || err != nil {
		t.Fatalf("changed %v, %v", changed, err)
	}
	if _, err := talk(t, config, client.secure.Client("")); err == nil {
		t.Error("a revoked certificate was taken after the reload")
	}
	write(t, server.files.Revoked, must[[]byte](t)(ca.RevocationList(3, now().Add(-2*time.Hour), now().Add(-time.Hour))))
	if _, err := server.secure.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := talk(t, config, client.secure.Client("")); err == nil {
		t.Error("a revocation list that has ended still says something")
	}
}

// TestDirectTrust: single certificates may be trusted instead of an authority (ITI TF-2: 3.19.6.1).
func TestDirectTrust(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	emr, lab, srv := must[*pki.Pair](t)(ca.Issue(valid("emr"))), must[*pki.Pair](t)(ca.Issue(valid("lab"))), must[*pki.Pair](t)(ca.Issue(valid("server")))
	server := newNode(t, srv, nil, emr.Certificate)
	if _, err := talk(t, server.secure.Server(), newNode(t, emr, nil, srv.Certificate).secure.Client("")); err != nil {
		t.Error(err)
	}
	if _, err := talk(t, server.secure.Server(), newNode(t, lab, nil, srv.Certificate).secure.Client("")); err == nil {
		t.Error("a certificate that is not listed was taken")
	}
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	other := must[*pki.Authority](t)(pki.NewAuthority("other", now()))
	n := newNode(t, must[*pki.Pair](t)(ca.Issue(valid("server"))), must[[]byte](t)(ca.RevocationList(1, now(), now().Add(time.Hour))), ca.Certificate)
	for name, c := range map[string]struct {
		file string
		text []byte
	}{
		"nothing trusted": {n.files.Trusted, nil},
		"trusted garbage": {n.files.Trusted, []byte("x")},
		"trusted key":     {n.files.Trusted, must[[]byte](t)(os.ReadFile(n.files.Key))},
		"foreign list":    {n.files.Revoked, must[[]byte](t)(other.RevocationList(1, now(), now().Add(time.Hour)))},
		"another key":     {n.files.Key, must[[]byte](t)(pki.KeyPEM(must[*pki.Pair](t)(ca.Issue(valid("x"))).Key))},
	} {
		kept := must[[]byte](t)(os.ReadFile(c.file))
		write(t, c.file, c.text)
		if _, err := n.secure.Reload(); err == nil {
			t.Errorf("%s: taken", name)
		}
		write(t, c.file, kept)
	}
	if d := time.Until(n.secure.Expires()); d < time.Hour || d > 25*time.Hour {
		t.Errorf("expires in %v", d)
	}
	if n.secure.ListsExpire().IsZero() {
		t.Error("the revocation list has no end")
	}
}

func TestNamed(t *testing.T) {
	t.Parallel()
	ca := must[*pki.Authority](t)(pki.NewAuthority("CA", now()))
	c := must[*pki.Pair](t)(ca.Issue(valid("emr"))).Certificate
	for name, want := range map[string]bool{"emr": true, "EMR.example.org": true, "": false, "lab": false, "example.org": false, "00": false} {
		if got := atna.Named(c, []string{name}); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
