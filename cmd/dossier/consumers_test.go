package main

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/atna/pki"
)

// tlsSide is the TLS of a consumer, whose settings a test changes while it listens.
type tlsSide struct {
	current atomic.Pointer[tls.Config]
	shaken  atomic.Int64 // handshakes begun
}

func (s *tlsSide) use(p *pki.Pair, clients *x509.Certificate) {
	pool := x509.NewCertPool()
	pool.AddCert(clients)
	s.current.Store(&tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{p.Certificate.Raw}, PrivateKey: p.Key}},
		ClientAuth:   tls.RequireAndVerifyClientCert, ClientCAs: pool, SessionTicketsDisabled: true,
	})
}

func (s *tlsSide) config() *tls.Config {
	return &tls.Config{GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		s.shaken.Add(1)
		return s.current.Load(), nil
	}}
}

// secureConsumer is a consumer of ITI-10 or ITI-46 over TLS.
type secureConsumer struct {
	tlsSide
	address string
	wait    func(t *testing.T, n int) []string
}

func startSecureConsumer(t *testing.T, v3 bool) *secureConsumer {
	t.Helper()
	s := &secureConsumer{}
	if v3 {
		c := &consumerV3{}
		server := httptest.NewUnstartedServer(c.server())
		server.TLS = s.config()
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.StartTLS()
		t.Cleanup(server.Close)
		s.address, s.wait = server.URL, c.wait
		return s
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := startConsumerOn(t, tls.NewListener(ln, s.config()))
	s.address, s.wait = "mllps://"+ln.Addr().String(), c.wait
	return s
}

// TestConsumersOverTLS: a consumer whose certificate is refused, or that refuses ours, is told nothing; as soon as it is the
// right one it is told everything, in order (ITI TF-2: 3.19).
func TestConsumersOverTLS(t *testing.T) {
	t.Parallel()
	foreign, err := pki.NewAuthority("CA", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]func(w *secureWorld, c *secureConsumer){
		"foreign authority": func(w *secureWorld, c *secureConsumer) { c.use(w.issue("stranger", foreign, nil), w.ca.Certificate) },
		"other name": func(w *secureWorld, c *secureConsumer) {
			c.use(w.issue("other", w.ca, func(r *pki.Request) { r.Hosts = []string{"other.example.org"} }), w.ca.Certificate)
		},
		"revoked": func(w *secureWorld, c *secureConsumer) {
			p := w.issue("lost", w.ca, nil)
			w.revoke(2, p.Certificate)
			c.use(p, w.ca.Certificate)
		},
		"expired": func(w *secureWorld, c *secureConsumer) {
			c.use(w.issue("old", w.ca, func(r *pki.Request) {
				r.NotBefore, r.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
			}), w.ca.Certificate)
		},
		"it refuses ours": func(w *secureWorld, c *secureConsumer) { c.use(w.issue("emr", w.ca, nil), foreign.Certificate) },
	} {
		for protocol, v3 := range map[string]bool{"ITI-10": false, "ITI-46": true} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				t.Parallel()
				w, c := newSecureWorld(t), startSecureConsumer(t, v3)
				bad(w, c)
				config := withDomains(w.config(t))
				config.PIX.Poll, config.PIX.Retry = 5*time.Millisecond, 5*time.Millisecond
				config.PIX.Consumers = []PIXConsumerConfig{{Name: "c", Address: c.address, Device: "2.999.9.30", Timeout: 5 * time.Second}}
				s := startServer(t, config, realWorld())
				s.tell(t, w, "T-1", "T-2")
				eventually(t, "three attempts", func() bool { return c.shaken.Load() >= 3 })
				c.wait(t, 0)
				c.use(w.issue("right", w.ca, nil), w.ca.Certificate)
				got := c.wait(t, 2)
				for i, id := range []string{"T-1", "T-2"} {
					if !strings.Contains(got[i], id) || !strings.Contains(got[i], "H-"+id) {
						t.Errorf("notice %d is not about %s: %s", i, id, got[i])
					}
				}
			})
		}
	}
}

// tell makes patients with two ids each known, of which consumers are told.
func (s *testServer) tell(t *testing.T, w *secureWorld, ids ...string) {
	t.Helper()
	w.issue("adt", w.ca, nil)
	flags := []string{"--tls-certificate", w.path("adt.pem"), "--tls-key", w.path("adt-key.pem"), "--tls-trusted", w.path("ca.pem")}
	for _, id := range ids {
		one, other := id+"^^^&2.999.1.1&ISO", "H-"+id+"^^^&2.999.2.1&ISO"
		for _, x := range []string{one, other} {
			mustCommand(t, append([]string{"feed", "--to", "mllps://" + s.feed(), "--patient", x, "--family", id, "--birth", "19700101"}, flags...)...)
		}
		mustCommand(t, append([]string{"pix", "link", "--to", "mllps://" + s.feed(), one, other}, flags...)...)
	}
}

// TestConsumerCertificateName: a name other than that of the address can be demanded, and is then the only one.
func TestConsumerCertificateName(t *testing.T) {
	t.Parallel()
	for _, v3 := range []bool{false, true} {
		w, c := newSecureWorld(t), startSecureConsumer(t, v3)
		c.use(w.issue("right", w.ca, nil), w.ca.Certificate) // of 127.0.0.1
		config := withDomains(w.config(t))
		config.PIX.Poll, config.PIX.Retry = 5*time.Millisecond, 5*time.Millisecond
		config.PIX.Consumers = []PIXConsumerConfig{{Name: "c", Address: c.address, Device: "2.999.9.30", Certificate: "emr.example.org"}}
		s := startServer(t, config, realWorld())
		s.tell(t, w, "T-1")
		eventually(t, "three attempts", func() bool { return c.shaken.Load() >= 3 })
		c.wait(t, 0)
		c.use(w.issue("named", w.ca, func(r *pki.Request) { r.Hosts = []string{"emr.example.org"} }), w.ca.Certificate)
		c.wait(t, 1)
	}
}

// TestConsumerTimeout: a consumer that takes the connection and says nothing holds a notice up for its timeout, and gets it again.
func TestConsumerTimeout(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"mllp://", "http://"} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer ln.Close()
		var taken atomic.Int64
		go func() {
			for {
				c, err := ln.Accept()
				if err != nil {
					return
				}
				taken.Add(1)
				defer c.Close()
			}
		}()
		config := notifyConfig(t, PIXConsumerConfig{Name: "c", Address: scheme + ln.Addr().String(), Device: "2.999.9.30", Timeout: 30 * time.Millisecond})
		s := startServer(t, config, testWorld())
		replay(t, s, "iti30/a28", "iti30/a28-other", "iti30/a24")
		eventually(t, scheme+": a second attempt", func() bool { return taken.Load() >= 2 })
	}
}

// TestConsumersConfig refuses addresses that say less, or something else, than what would be done.
func TestConsumersConfig(t *testing.T) {
	t.Parallel()
	secure := TLSConfig{Certificate: "c", Key: "k", Trusted: "t", Reload: time.Second}
	plain := TLSConfig{Reload: time.Second}
	meant := secure
	meant.Plain = true
	for name, x := range map[string]struct {
		consumer PIXConsumerConfig
		tls      TLSConfig
		want     string // "" is fine
	}{
		"host and port":                {PIXConsumerConfig{Address: "emr.example.org:2575"}, plain, ""},
		"host and port, secure":        {PIXConsumerConfig{Address: "emr.example.org:2575"}, secure, ""},
		"mllps":                        {PIXConsumerConfig{Address: "mllps://emr.example.org:2575", Certificate: "emr", Timeout: time.Second}, secure, ""},
		"https":                        {PIXConsumerConfig{Address: "https://emr.example.org/pix", Device: "2.999.9"}, secure, ""},
		"https without our own":        {PIXConsumerConfig{Address: "https://emr.example.org/pix", Device: "2.999.9"}, plain, ""},
		"mllp here":                    {PIXConsumerConfig{Address: "mllp://127.0.0.1:2575"}, secure, ""},
		"mllp on purpose":              {PIXConsumerConfig{Address: "mllp://emr.example.org:2575"}, meant, ""},
		"mllp elsewhere":               {PIXConsumerConfig{Address: "mllp://emr.example.org:2575"}, secure, "leaves this machine without TLS"},
		"http elsewhere":               {PIXConsumerConfig{Address: "http://emr.example.org/pix", Device: "2.999.9"}, secure, "leaves this machine without TLS"},
		"mllps without certificate":    {PIXConsumerConfig{Address: "mllps://emr.example.org:2575"}, plain, "mllps:// needs tls.certificate"},
		"a name but no TLS":            {PIXConsumerConfig{Address: "emr.example.org:2575", Certificate: "emr"}, plain, "expected tls.certificate beside it"},
		"a name but mllp":              {PIXConsumerConfig{Address: "mllp://127.0.0.1:2575", Certificate: "emr"}, secure, "expected mllps:// or https:// beside it"},
		"no port":                      {PIXConsumerConfig{Address: "mllps://emr.example.org"}, secure, "expected host:port"},
		"no host":                      {PIXConsumerConfig{Address: ":2575"}, plain, "expected host:port"},
		"URL without host":             {PIXConsumerConfig{Address: "https:///pix", Device: "2.999.9"}, plain, "expected a URL with a host"},
		"another scheme":               {PIXConsumerConfig{Address: "ftp://emr.example.org:21"}, plain, "expected mllp, mllps, http or https"},
		"less than no time":            {PIXConsumerConfig{Address: "h:1", Timeout: -time.Second}, plain, "expected more than 0, or 0 for 30s"},
		"HL7 v3 without device":        {PIXConsumerConfig{Address: "https://emr.example.org/pix"}, secure, "expected the OID by which messages name a consumer"},
		"the same name and no address": {PIXConsumerConfig{}, plain, "pix.consumers[0].address"},
	} {
		c := defaults()
		x.consumer.Name = "c"
		c.PIX.Consumers, c.TLS = []PIXConsumerConfig{x.consumer}, x.tls
		err := c.check()
		if x.want == "" && err != nil || x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: got %v, want %q", name, err, x.want)
		}
	}
}

// TestCommandAddresses: a command refuses an address that contradicts its certificates.
func TestCommandAddresses(t *testing.T) {
	t.Parallel()
	certificates := []string{"--tls-certificate", "c", "--tls-key", "k", "--tls-trusted", "t"}
	w := newSecureWorld(t)
	w.issue("adt", w.ca, nil)
	real := []string{"--tls-certificate", w.path("adt.pem"), "--tls-key", w.path("adt-key.pem"), "--tls-trusted", w.path("ca.pem")}
	for _, x := range []struct {
		to    string
		flags []string
		want  string
	}{
		{"127.0.0.1", nil, "expected host:port"},
		{"ftp://127.0.0.1:1", nil, "expected host:port"},
		{"mllps://127.0.0.1:1", nil, "needs --tls-certificate"},
		{"mllps://127.0.0.1:1", certificates, "--tls-certificate, --tls-key, --tls-trusted: "},
		{"mllp://127.0.0.1:1", real, "is without TLS"},
	} {
		for _, name := range [][]string{{"feed", "--patient", "A^^^&2.999.1.1&ISO"}, {"pix", "query", "--patient", "A^^^&2.999.1.1&ISO"}, {"pdq", "--family", "X"}} {
			_, _, err := command(t.Context(), append(append(name, "--to", x.to), x.flags...)...)
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("%s --to %s: got %v, want %q", name[0], x.to, err, x.want)
			}
		}
	}
}
