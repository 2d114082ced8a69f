package atna

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

// Files are where a Secure Node keeps what it proves itself by and whom it trusts (ITI-19, ITI TF-2: 3.19), all PEM.
type Files struct {
	Certificate string // with its intermediate certificates
	Key         string
	// Trusted holds authorities, whose certificates are taken by chain, and certificates of single nodes, which are taken as
	// they are (ITI TF-2: 3.19.6.1).
	Trusted string
	Revoked string // revocation lists; "" for none
}

// Secure is the TLS side of a Secure Node. Its files can be read again while it is in use.
type Secure struct {
	files   Files
	now     func() time.Time
	current atomic.Pointer[identity]
}

// identity is one reading of the files.
type identity struct {
	sum     [sha256.Size]byte
	pair    tls.Certificate
	trusted *x509.CertPool // authorities, and certificates of nodes that are their own chain
	lists   []*revocationList
	expires time.Time
}

// NewSecure reads the files.
func NewSecure(f Files, now func() time.Time) (*Secure, error) {
	s := &Secure{files: f, now: now}
	_, err := s.Reload()
	return s, err
}

// Reload reads the files again and tells whether they have changed. After an error the former reading stays in use.
// Every new connection is judged by the new reading; those that exist stay until Judge has found fault with them.
func (s *Secure) Reload() (changed bool, err error) {
	var read [4][]byte
	sum := sha256.New()
	for i, name := range []string{s.files.Certificate, s.files.Key, s.files.Trusted, s.files.Revoked} {
		if name == "" && i == 3 {
			continue
		}
		if read[i], err = os.ReadFile(name); err != nil {
			return false, fmt.Errorf("secure node: %w", err)
		}
		fmt.Fprintf(sum, "%d ", len(read[i]))
		sum.Write(read[i])
	}
	old := s.current.Load()
	if old != nil && [sha256.Size]byte(sum.Sum(nil)) == old.sum {
		return false, nil
	}
	id, err := parseIdentity(read, s.files.Revoked != "")
	if err != nil {
		return false, fmt.Errorf("secure node: %w", err)
	}
	id.sum = [sha256.Size]byte(sum.Sum(nil))
	s.current.Store(id)
	return true, nil
}

// parseIdentity reads the files; revoked says that there is one of revocation lists. An empty one is no list of nobody, but what a
// download leaves that went wrong.
func parseIdentity(read [4][]byte, revoked bool) (*identity, error) {
	id := &identity{trusted: x509.NewCertPool()}
	var err error
	if id.pair, err = tls.X509KeyPair(read[0], read[1]); err != nil {
		return nil, err
	}
	if err := strong(id.pair.Leaf); err != nil {
		return nil, err
	}
	id.expires = id.pair.Leaf.NotAfter
	var all, issuers []*x509.Certificate
	for der, err := range blocks(read[2], "CERTIFICATE") {
		if err != nil {
			return nil, err
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("trusted certificate: %w", err)
		}
		id.trusted.AddCert(c)
		if all = append(all, c); c.IsCA {
			issuers = append(issuers, c)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no certificate is trusted")
	}
	for der, err := range blocks(read[3], "X509 CRL") {
		if err != nil {
			return nil, err
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return nil, fmt.Errorf("revocation list: %w", err)
		}
		kept, err := judgeList(list, issuers)
		if err != nil {
			return nil, fmt.Errorf("revocation list: %w", err)
		}
		id.add(kept)
	}
	if len(id.lists) == 0 && revoked {
		return nil, errors.New("revocation list: the file has none")
	}
	return id, nil
}

// blocks yields the PEM blocks of a type; any other block is an error.
func blocks(b []byte, kind string) func(func([]byte, error) bool) {
	return func(yield func([]byte, error) bool) {
		for len(bytes.TrimSpace(b)) > 0 {
			var block *pem.Block
			if block, b = pem.Decode(b); block == nil {
				yield(nil, errors.New("expected PEM with "+kind+", found something else"))
				return
			}
			if block.Type != kind {
				yield(nil, fmt.Errorf("expected PEM with %s, found %.40q", kind, block.Type))
				return
			}
			if !yield(block.Bytes, nil) {
				return
			}
		}
	}
}

// Expires is when the node's own certificate ends.
func (s *Secure) Expires() time.Time { return s.current.Load().expires }

// ListsExpire is when the first of the revocation lists ends, the zero time without any.
func (s *Secure) ListsExpire() time.Time {
	var first time.Time
	for _, l := range s.current.Load().lists {
		if !l.NextUpdate.IsZero() && (first.IsZero() || l.NextUpdate.Before(first)) {
			first = l.NextUpdate
		}
	}
	return first
}

// base has what BCP 195 (RFC 9325) and the option of ITI TF-2: 3.19.6.2.3 name: TLS 1.2 with forward secrecy and AEAD,
// TLS 1.3. Go has no finite-field Diffie-Hellman; the two suites over elliptic curves remain, and those for ECDSA.
func (s *Secure) base() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		},
		Time: s.now,
	}
}

// Server returns settings for a listener: every client shows a certificate that is trusted and not revoked.
func (s *Secure) Server() *tls.Config {
	c := s.base()
	c.ClientAuth = tls.RequireAndVerifyClientCert
	c.GetCertificate = func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &s.current.Load().pair, nil }
	c.VerifyConnection = func(state tls.ConnectionState) error { return s.verify(state, x509.ExtKeyUsageClientAuth, "") }
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		current := c.Clone()
		current.GetConfigForClient = nil
		current.SessionTicketsDisabled = true // each connection is judged by its own certificate
		current.ClientCAs = s.current.Load().trusted
		return current, nil
	}
	return c
}

// Client returns settings for connections. host is the name that the other side must prove; "" takes every trusted node,
// which is what ITI-19 asks for without its FQDN option.
func (s *Secure) Client(host string) *tls.Config {
	c := s.base()
	c.InsecureSkipVerify = true // verify does it, without demanding a host name
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &s.current.Load().pair, nil }
	c.VerifyConnection = func(state tls.ConnectionState) error { return s.verify(state, x509.ExtKeyUsageServerAuth, host) }
	return c
}

// Judge tells whether a client that was accepted would be accepted now.
func (s *Secure) Judge(state tls.ConnectionState) error {
	return s.verify(state, x509.ExtKeyUsageClientAuth, "")
}

// strong refuses RSA below 2048 bits (RFC 9325 4.5); crypto/x509 sees to the rest.
func strong(chain ...*x509.Certificate) error {
	for _, c := range chain {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < 2048 {
			return fmt.Errorf("RSA key of %d bits: expected 2048 at least", key.N.BitLen())
		}
	}
	return nil
}

// verify judges the other side's certificate, on resumed connections too.
func (s *Secure) verify(state tls.ConnectionState, usage x509.ExtKeyUsage, host string) error {
	if len(state.PeerCertificates) == 0 {
		return errors.New("the peer showed no certificate")
	}
	id, now := s.current.Load(), s.now()
	leaf := state.PeerCertificates[0]
	if host != "" {
		if err := leaf.VerifyHostname(host); err != nil {
			return err
		}
	}
	between := x509.NewCertPool()
	for _, c := range state.PeerCertificates[1:] {
		between.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: id.trusted, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}})
	if err != nil {
		return err
	}
	for _, chain := range chains {
		if err = errors.Join(strong(chain...), id.revoked(chain, now)); err == nil {
			return nil
		}
	}
	return err
}

// Named tells whether a certificate is one of those named: by common name, DNS name, or the SHA-256 of the certificate in
// hexadecimal, with or without colons.
func Named(c *x509.Certificate, names []string) bool {
	sum := sha256.Sum256(c.Raw)
	print := hex.EncodeToString(sum[:])
	for _, n := range names {
		if n == c.Subject.CommonName && n != "" || strings.EqualFold(strings.ReplaceAll(n, ":", ""), print) {
			return true
		}
		for _, d := range c.DNSNames {
			if strings.EqualFold(n, d) {
				return true
			}
		}
	}
	return false
}
