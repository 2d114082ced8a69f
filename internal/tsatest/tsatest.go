// Package tsatest is a Time-Stamping Authority (RFC 3161) for tests: one that makes the mistake it is told to, and that of OpenSSL.
package tsatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// Authority is a certification authority with the certificate of one signer of time stamps.
type Authority struct {
	CA, Signer *x509.Certificate
	key        crypto.Signer
}

var timeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}

// KeyUsage is the extension extKeyUsage.
func KeyUsage(critical bool, usages ...asn1.ObjectIdentifier) pkix.Extension {
	value, err := asn1.Marshal(usages)
	if err != nil {
		panic(err)
	}
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: critical, Value: value}
}

// TimeStamping is the extension that a signer has.
func TimeStamping() pkix.Extension { return KeyUsage(true, timeStamping) }

// New makes an authority; change, if any, sees the signer's certificate before it is signed.
func New(t testing.TB, change func(*x509.Certificate)) *Authority {
	t.Helper()
	return newAuthority(t, newKey(t), change)
}

// NewRSA makes an authority whose signer has a key of RSA.
func NewRSA(t testing.TB) *Authority {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return newAuthority(t, key, nil)
}

func newAuthority(t testing.TB, key crypto.Signer, change func(*x509.Certificate)) *Authority {
	t.Helper()
	caKey := newKey(t)
	now := time.Now()
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "TSA root"}, NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	signer := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "TSA"}, NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtraExtensions: []pkix.Extension{TimeStamping()},
	}
	if change != nil {
		change(signer)
	}
	a := &Authority{key: key}
	a.CA = certify(t, ca, ca, caKey.Public(), caKey)
	a.Signer = certify(t, signer, a.CA, key.Public(), caKey)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func certify(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// CAFile is the authority's certificate as PEM.
func (a *Authority) CAFile() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.CA.Raw})
}

// imprint, request, info and so on are the types of RFC 3161 once more: written here so that a mistake in package tsp is not
// made on both sides.
type imprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

type accuracy struct{ Seconds int }

// Info is TSTInfo.
type Info struct {
	Version    int
	Policy     asn1.ObjectIdentifier
	Imprint    imprint
	Serial     *big.Int
	Time       time.Time `asn1:"generalized"`
	Accuracy   accuracy
	Nonce      *big.Int         `asn1:"optional"`
	Extensions []pkix.Extension `asn1:"optional,tag:1"`
}

// Attribute is a signed attribute.
type Attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// Token is what an answer is made of. Signed are contentType, messageDigest and signingCertificateV2, in this order.
type Token struct {
	Status       int
	ContentType  asn1.ObjectIdentifier
	Info         Info
	Signed       []Attribute
	Certificates []*x509.Certificate
	Digest       asn1.ObjectIdentifier
	Algorithm    asn1.ObjectIdentifier
	Signers      int
	Signature    func([]byte) []byte // changes it

	parameters asn1.RawValue
	options    crypto.SignerOpts
}

// PSS makes the signature RSASSA-PSS with SHA-256.
func (x *Token) PSS(salt int) {
	type pss struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}
	hash := pkix.AlgorithmIdentifier{Algorithm: oidSHA256}
	mgf := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}, Parameters: Value(hash)[0]}
	x.Algorithm, x.parameters = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, Value(pss{hash, mgf, salt})[0]
	x.options = &rsa.PSSOptions{SaltLength: salt, Hash: crypto.SHA256}
}

// Value encodes the value of an attribute.
func Value(v any) []asn1.RawValue {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return []asn1.RawValue{{FullBytes: der}}
}

var (
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSA256   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// Certificate is signingCertificateV2 for a certificate.
func Certificate(c *x509.Certificate) Attribute {
	sum := sha256.Sum256(c.Raw)
	return Attribute{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}, Value(struct{ Certs []struct{ Hash []byte } }{[]struct{ Hash []byte }{{sum[:]}}})}
}

// Answer is the TimeStampResp to a request. draft changes what is said before it is hashed, token what is signed.
func (a *Authority) Answer(t testing.TB, query []byte, draft, token func(*Token)) []byte {
	t.Helper()
	var req struct {
		Version int
		Imprint imprint
		Policy  asn1.ObjectIdentifier `asn1:"optional"`
		Nonce   *big.Int              `asn1:"optional"`
		CertReq bool                  `asn1:"optional"`
	}
	if rest, err := asn1.Unmarshal(query, &req); err != nil || len(rest) > 0 || req.Version != 1 || !req.CertReq {
		t.Errorf("no TimeStampReq that asks for certificates: %v, %+v", err, req)
	}
	if req.Policy == nil {
		req.Policy = asn1.ObjectIdentifier{2, 999, 1}
	}
	x := &Token{
		ContentType: oidTSTInfo, Certificates: []*x509.Certificate{a.Signer, a.CA}, Digest: oidSHA256, Algorithm: oidECDSA256, Signers: 1, options: crypto.SHA256,
		Info: Info{Version: 1, Policy: req.Policy, Imprint: req.Imprint, Serial: big.NewInt(4711), Time: time.Now().UTC().Truncate(time.Second), Accuracy: accuracy{1}, Nonce: req.Nonce},
	}
	if draft != nil {
		draft(x)
	}
	content := marshal(t, x.Info)
	sum := sha256.Sum256(content)
	x.Signed = []Attribute{
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}, Value(oidTSTInfo)},
		{asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}, Value(sum[:])},
		Certificate(a.Signer),
	}
	if token != nil {
		token(x)
	}
	return a.encode(t, x, content)
}

// Token is a token for a digest of SHA-256, without a request.
func (a *Authority) Token(t testing.TB, digest []byte) []byte {
	t.Helper()
	query := marshal(t, struct {
		Version int
		Imprint imprint
		CertReq bool
	}{1, imprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256}, digest}, true})
	var answer struct{ Status, Token asn1.RawValue }
	if _, err := asn1.Unmarshal(a.Answer(t, query, nil, nil), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Token.FullBytes
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	der, err := asn1.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

type issuerAndSerial struct {
	Issuer asn1.RawValue
	Serial *big.Int
}

type signerInfo struct {
	Version   int
	ID        issuerAndSerial
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional"`
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
}

type encapsulated struct {
	Type  asn1.ObjectIdentifier
	Bytes []byte `asn1:"explicit,tag:0"`
}

type signedData struct {
	Version      int
	Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
	Content      encapsulated
	Certificates asn1.RawValue
	Signers      []signerInfo `asn1:"set"`
}

func (a *Authority) encode(t testing.TB, x *Token, content []byte) []byte {
	t.Helper()
	type status struct{ Status int }
	if x.Status > 1 {
		return marshal(t, struct{ Status status }{status{x.Status}})
	}
	s := signerInfo{
		Version: 1, ID: issuerAndSerial{asn1.RawValue{FullBytes: a.Signer.RawIssuer}, a.Signer.SerialNumber},
		Digest: pkix.AlgorithmIdentifier{Algorithm: x.Digest}, Algorithm: pkix.AlgorithmIdentifier{Algorithm: x.Algorithm, Parameters: x.parameters},
	}
	toSign := content
	if x.Signed != nil {
		set, err := asn1.MarshalWithParams(x.Signed, "set")
		if err != nil {
			t.Fatal(err)
		}
		toSign = set
		tagged := append([]byte(nil), set...)
		tagged[0] = 0xa0
		s.Signed = asn1.RawValue{FullBytes: tagged}
	}
	sum := sha256.Sum256(toSign)
	var err error
	if s.Signature, err = a.key.Sign(rand.Reader, sum[:], x.options); err != nil {
		t.Fatal(err)
	}
	if x.Signature != nil {
		s.Signature = x.Signature(s.Signature)
	}
	var raw []byte
	for _, c := range x.Certificates {
		raw = append(raw, c.Raw...)
	}
	data := signedData{
		Version: 3, Digests: []pkix.AlgorithmIdentifier{s.Digest}, Content: encapsulated{x.ContentType, content},
		Certificates: asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: raw},
	}
	for range x.Signers {
		data.Signers = append(data.Signers, s)
	}
	type contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content signedData `asn1:"explicit,tag:0"`
	}
	return marshal(t, struct {
		Status status
		Token  contentInfo
	}{status{x.Status}, contentInfo{oidSignedData, data}})
}

// Server answers time-stamp queries over HTTP by whatever Reply is at the moment.
type Server struct {
	URL   string
	Asked atomic.Int64
	reply atomic.Pointer[func(http.ResponseWriter, []byte)]
}

// Serve starts a server. reply gets the query; ContentType is set before.
func Serve(t testing.TB, reply func(w http.ResponseWriter, query []byte)) *Server {
	t.Helper()
	s := &Server{}
	s.Reply(reply)
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/timestamp-query" {
			t.Errorf("%s %s, %v: no query", r.Method, r.Header.Get("Content-Type"), err)
		}
		w.Header().Set("Content-Type", "application/timestamp-reply")
		defer s.Asked.Add(1)
		(*s.reply.Load())(w, query)
	}))
	t.Cleanup(h.Close)
	s.URL = h.URL
	return s
}

// Reply changes how queries are answered.
func (s *Server) Reply(reply func(w http.ResponseWriter, query []byte)) { s.reply.Store(&reply) }
