package mllp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/hl7v2/mllp"
)

func newClient(t *testing.T, addr string, config *tls.Config) *mllp.Client {
	t.Helper()
	c, err := mllp.Dial(t.Context(), addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// TestClientKeepsAnswersApart: many goroutines share one connection, and each gets its own answer.
func TestClientKeepsAnswersApart(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{}, nil)
	c := newClient(t, r.addr, nil)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			for j := range 20 {
				msg := fmt.Sprintf("%d-%d", i, j) + strings.Repeat("x", 1000*j)
				got, err := c.Send(t.Context(), []byte(msg))
				if err != nil || string(got) != "re "+msg {
					t.Errorf("%.8s: got %.16q, %v", msg, got, err)
				}
			}
		})
	}
	all.Wait()
}

func TestClientRefuses(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{}, nil)
	c := newClient(t, r.addr, nil)
	for _, msg := range []string{"", "a\x0bb", "a\x1c\r"} {
		if got, err := c.Send(t.Context(), []byte(msg)); !errors.Is(err, mllp.ErrMalformed) {
			t.Errorf("%q: got %q, %v; want ErrMalformed", msg, got, err)
		}
	}
	if got, err := c.Send(t.Context(), []byte("a")); err != nil || string(got) != "re a" {
		t.Errorf("got %q, %v after refusals", got, err)
	}
	if err := c.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got, err := c.Send(t.Context(), []byte("a")); !errors.Is(err, mllp.ErrClosed) {
		t.Errorf("got %q, %v after Close", got, err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if c, err := mllp.Dial(t.Context(), ln.Addr().String(), nil); err == nil {
		c.Close()
		t.Error("dialled a closed port")
	}
}

// TestClientContext: a Send that waits for an answer ends with its context, and the next one is not given the
// late answer.
func TestClientContext(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}, 1), make(chan struct{})
	r := start(t, &mllp.Server{Handler: func(_ context.Context, _ net.Addr, msg []byte) []byte {
		if string(msg) == "slow" {
			entered <- struct{}{}
			<-leave
		}
		return msg
	}}, nil)
	c := newClient(t, r.addr, nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	if got, err := c.Send(ctx, []byte("slow")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %q, %v; want context.Canceled", got, err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if got, err := c.Send(ctx, []byte("slow")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %q, %v; want DeadlineExceeded", got, err)
	}
	if got, err := c.Send(t.Context(), []byte("fast")); err != nil || string(got) != "fast" {
		t.Errorf("got %q, %v; want fast", got, err)
	}
	close(leave)
}

// TestClientReopens: the server closes idle connections; one Send may fail, the next opens a new connection.
func TestClientReopens(t *testing.T) {
	t.Parallel()
	r := start(t, &mllp.Server{Handler: func(_ context.Context, _ net.Addr, msg []byte) []byte {
		if string(msg) == "close" {
			return nil
		}
		return msg
	}}, nil)
	c := newClient(t, r.addr, nil)
	if got, err := c.Send(t.Context(), []byte("close")); !errors.Is(err, io.EOF) {
		t.Errorf("got %q, %v; want io.EOF", got, err)
	}
	if got, err := c.Send(t.Context(), []byte("a")); err != nil || string(got) != "a" {
		t.Errorf("got %q, %v; want a", got, err)
	}
}

// TestClientDropsWhatItDidNotAskFor: a receiver that answers twice must not shift all later answers by one.
func TestClientDropsWhatItDidNotAskFor(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 4))
			fmt.Fprintf(c, "\x0banswer %d\x1c\r\x0bextra\x1c\r", n)
			defer c.Close()
		}
	}()
	c := newClient(t, ln.Addr().String(), nil)
	for _, want := range []string{"answer 1", "answer 2"} {
		if got, err := c.Send(t.Context(), []byte("a")); err != nil || string(got) != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
}

func TestClientRefusesBrokenAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, answer string
		want         error
	}{
		{"start inside", "\x0ba\x0bb\x1c\r", mllp.ErrMalformed},
		{"cut", "\x0ba", io.ErrUnexpectedEOF},
		{"nothing", "", io.EOF},
		{"too large", "\x0b" + strings.Repeat("x", 1<<20+1), mllp.ErrTooLarge},
	} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			io.ReadFull(c, make([]byte, 4))
			io.WriteString(c, tt.answer)
		}()
		c := newClient(t, ln.Addr().String(), nil)
		if got, err := c.Send(t.Context(), []byte("a")); !errors.Is(err, tt.want) {
			t.Errorf("%s: got %.20q, %v; want %v", tt.name, got, err, tt.want)
		}
		ln.Close()
	}
}

// authority makes certificates for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool()}
	a.cert, a.key = a.sign(t, "Test CA", true)
	a.pool.AddCert(a.cert)
	return a
}

// sign makes a key with its certificate, self-signed while there is no CA yet.
func (a *authority) sign(t *testing.T, name string, isCA bool) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: isCA, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

func (a *authority) node(t *testing.T, name string) *tls.Config {
	t.Helper()
	cert, key := a.sign(t, name, false)
	return &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}},
		RootCAs:      a.pool, ClientCAs: a.pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	server := ours.node(t, "registry")
	r := start(t, &mllp.Server{
		Handler: func(ctx context.Context, _ net.Addr, msg []byte) []byte {
			state, ok := mllp.ConnectionState(ctx)
			if !ok || len(state.VerifiedChains) == 0 {
				return []byte("no certificate")
			}
			return []byte(string(msg) + " from " + state.PeerCertificates[0].Subject.CommonName)
		},
		Limits: mllp.Limits{ReadTimeout: time.Second},
	}, func(ln net.Listener) net.Listener { return tls.NewListener(ln, server) })

	c := newClient(t, r.addr, ours.node(t, "ward"))
	for _, msg := range []string{"one", strings.Repeat("x", 100_000)} {
		if got, err := c.Send(t.Context(), []byte(msg)); err != nil || string(got) != msg+" from ward" {
			t.Errorf("got %.30q, %v", got, err)
		}
	}

	for name, config := range map[string]*tls.Config{
		"no certificate":    {RootCAs: ours.pool},
		"foreign client":    {RootCAs: ours.pool, Certificates: theirs.node(t, "stranger").Certificates},
		"server is foreign": theirs.node(t, "stranger"),
		"no TLS":            nil,
	} {
		// In TLS 1.3 a client learns only when it reads that it was refused.
		stranger, err := mllp.Dial(t.Context(), r.addr, config)
		if err == nil {
			_, err = stranger.Send(t.Context(), []byte("a"))
			stranger.Close()
		}
		if err == nil {
			t.Errorf("%s: served", name)
		}
		var failed *mllp.HandshakeError
		if got := <-r.reports; !errors.As(got, &failed) {
			t.Errorf("%s: reported %v, want a HandshakeError", name, got)
		}
	}

	// A peer that connects and says nothing is cut while it holds up the handshake.
	silent := dial(t, r)
	if b, _ := io.ReadAll(silent); len(b) > 0 {
		t.Errorf("got %q", b)
	}
	var failed *mllp.HandshakeError
	if got := <-r.reports; !errors.As(got, &failed) {
		t.Errorf("silent: reported %v, want a HandshakeError", got)
	}
}
