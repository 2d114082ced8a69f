package tsp_test

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/atna/tsp"
	"dossier/internal/tsatest"
)

var digest = sha256.Sum256([]byte("checkpoint"))

func authorities(t testing.TB, a *tsatest.Authority, policy string) *tsp.Authorities {
	t.Helper()
	out, err := tsp.ParseAuthorities(a.CAFile(), policy)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// asking is a client of a server that answers by reply.
func asking(t testing.TB, trusted *tsp.Authorities, reply func(w http.ResponseWriter, query []byte)) *tsp.Client {
	t.Helper()
	s := tsatest.Serve(t, reply)
	return &tsp.Client{URL: s.URL, HTTP: &http.Client{Timeout: 10 * time.Second}, Authorities: trusted, Now: time.Now}
}

// TestRSA: keys of RSA, by OpenSSL with PKCS #1 and by PSS.
func TestRSA(t *testing.T) {
	t.Parallel()
	a := tsatest.NewRSA(t)
	o := a.OpenSSL(t)
	c := asking(t, authorities(t, a, ""), func(w http.ResponseWriter, query []byte) { w.Write(o.Answer(t, query, "")) })
	if _, _, err := c.Stamp(t.Context(), digest); err != nil {
		t.Errorf("PKCS #1: %v", err)
	}
	for salt, want := range map[int]string{32: "", 20: "salt of its length"} {
		c := asking(t, authorities(t, a, ""), func(w http.ResponseWriter, query []byte) {
			w.Write(a.Answer(t, query, func(x *tsatest.Token) { x.PSS(salt) }, nil))
		})
		_, _, err := c.Stamp(t.Context(), digest) // openssl ts -verify does not know PSS
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("PSS with a salt of %d: got %v, want %q", salt, err, want)
		}
	}
}

// TestOpenSSL: OpenSSL's authority is believed, and OpenSSL verifies what we keep.
func TestOpenSSL(t *testing.T) {
	t.Parallel()
	a := tsatest.New(t, nil)
	o := a.OpenSSL(t)
	for name, x := range map[string]struct{ policy, config, refused string }{
		"as it is":          {"", "", ""},
		"policy":            {"2.999.2", "", ""},
		"ESSCertID":         {"", "ess_cert_id_alg = sha1\n", ""},
		"whole chain":       {"", "ess_cert_id_chain = yes\n", ""},
		"SHA-512":           {"", "signer_digest = sha512\n", ""},
		"SHA-1":             {"", "signer_digest = sha1\n", "expected a digest of SHA-256"},
		"policy not known":  {"2.999.3", "", "status 2, unacceptedPolicy"},
		"digest not wanted": {"", "digests = sha512\n", "status 2, badAlg"},
	} {
		c := asking(t, authorities(t, a, x.policy), func(w http.ResponseWriter, query []byte) { w.Write(o.Answer(t, query, x.config)) })
		token, s, err := c.Stamp(t.Context(), digest)
		if x.refused != "" {
			if err == nil || !strings.Contains(err.Error(), x.refused) {
				t.Errorf("%s: got %v, want %q", name, err, x.refused)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := time.Since(s.Time); d < -time.Second || d > time.Minute || s.Authority != "CN=TSA" || x.policy != "" && s.Policy.String() != x.policy {
			t.Errorf("%s: %+v", name, s)
		}
		if err := o.Verify(t, token, []byte("checkpoint")); err != nil {
			t.Errorf("%s: OpenSSL does not verify the token: %v", name, err)
		}
		if err := o.Verify(t, token, []byte("another")); err == nil {
			t.Errorf("%s: OpenSSL verifies the token for something else", name)
		}
	}
}

// TestRefusedTokens: every check, by a token that is right but for one thing.
func TestRefusedTokens(t *testing.T) {
	t.Parallel()
	good := tsatest.New(t, nil)
	other := tsatest.New(t, nil)
	with := func(change func(*x509.Certificate)) *tsatest.Authority { return tsatest.New(t, change) }
	usage := func(x ...pkix.Extension) *tsatest.Authority {
		return with(func(c *x509.Certificate) { c.ExtraExtensions = x })
	}
	codeSigning := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
	stamping := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	drop := func(n int) func(*tsatest.Token) {
		return func(x *tsatest.Token) { x.Signed = append(x.Signed[:n:n], x.Signed[n+1:]...) }
	}
	set := func(n int, v any) func(*tsatest.Token) {
		return func(x *tsatest.Token) { x.Signed[n].Values = tsatest.Value(v) }
	}
	weak := sha1.Sum(other.Signer.Raw)
	for name, x := range map[string]struct {
		by           *tsatest.Authority
		draft, token func(*tsatest.Token)
		want         string // "" is accepted
	}{
		"good":              {good, nil, nil, ""},
		"granted with mods": {good, func(x *tsatest.Token) { x.Status = 1 }, nil, ""},
		"rejected":          {good, func(x *tsatest.Token) { x.Status = 2 }, nil, "status 2"},
		"wrong imprint":     {good, func(x *tsatest.Token) { x.Info.Imprint.Hash = make([]byte, 32) }, nil, "messageImprint"},
		"short imprint":     {good, func(x *tsatest.Token) { x.Info.Imprint.Hash = digest[:31] }, nil, "messageImprint"},
		"imprint of SHA-1":  {good, func(x *tsatest.Token) { x.Info.Imprint.Algorithm.Algorithm = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26} }, nil, "messageImprint"},
		"wrong nonce":       {good, func(x *tsatest.Token) { x.Info.Nonce = big.NewInt(5) }, nil, "nonce"},
		"no nonce":          {good, func(x *tsatest.Token) { x.Info.Nonce = nil }, nil, "nonce"},
		"other policy":      {good, func(x *tsatest.Token) { x.Info.Policy = asn1.ObjectIdentifier{2, 999, 5} }, nil, "policy"},
		"version 2":         {good, func(x *tsatest.Token) { x.Info.Version = 2 }, nil, "version"},
		"critical extension": {good, func(x *tsatest.Token) {
			x.Info.Extensions = []pkix.Extension{{Id: codeSigning, Critical: true, Value: []byte{5, 0}}}
		}, nil, "critical"},
		"early":                  {good, func(x *tsatest.Token) { x.Info.Time = time.Now().UTC().Add(-time.Hour).Truncate(time.Second) }, nil, "apart"},
		"late":                   {good, func(x *tsatest.Token) { x.Info.Time = time.Now().UTC().Add(time.Hour).Truncate(time.Second) }, nil, "apart"},
		"no TSTInfo":             {good, func(x *tsatest.Token) { x.ContentType = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }, nil, "expected TSTInfo"},
		"no signer":              {good, func(x *tsatest.Token) { x.Signers = 0 }, nil, "one signer"},
		"two signers":            {good, func(x *tsatest.Token) { x.Signers = 2 }, nil, "one signer"},
		"other signer":           {other, nil, nil, "not trusted"},
		"no certificates":        {good, func(x *tsatest.Token) { x.Certificates = nil }, nil, "signer's certificate"},
		"other's certificate":    {good, func(x *tsatest.Token) { x.Certificates = []*x509.Certificate{other.Signer} }, nil, "another one"},
		"too many certificates":  {good, func(x *tsatest.Token) { x.Certificates = make17(good.Signer) }, nil, "at most"},
		"no attributes":          {good, nil, func(x *tsatest.Token) { x.Signed = nil }, "signed attributes"},
		"no contentType":         {good, nil, drop(0), "contentType"},
		"other contentType":      {good, nil, set(0, codeSigning), "contentType"},
		"no messageDigest":       {good, nil, drop(1), "messageDigest"},
		"other messageDigest":    {good, nil, set(1, make([]byte, 32)), "messageDigest"},
		"messageDigest twice":    {good, nil, func(x *tsatest.Token) { x.Signed = append(x.Signed, x.Signed[1]) }, "expected one"},
		"no ESSCertID":           {good, nil, drop(2), "ESSCertID"},
		"ESSCertID of another":   {good, nil, func(x *tsatest.Token) { x.Signed[2] = tsatest.Certificate(other.Signer) }, "another one"},
		"both, the old wrong":    {good, nil, func(x *tsatest.Token) { x.Signed = append(x.Signed, oldCertificate(weak[:])) }, "another one"},
		"signature":              {good, nil, func(x *tsatest.Token) { x.Signature = func(b []byte) []byte { b[len(b)-1] ^= 1; return b } }, "does not verify"},
		"no signature":           {good, nil, func(x *tsatest.Token) { x.Signature = func([]byte) []byte { return nil } }, "does not verify"},
		"digest SHA-1":           {good, func(x *tsatest.Token) { x.Digest = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26} }, nil, "expected a digest"},
		"algorithm of RSA":       {good, func(x *tsatest.Token) { x.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11} }, nil, "does not verify"},
		"algorithm and digest":   {good, func(x *tsatest.Token) { x.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4} }, nil, "does not go with"},
		"PSS without parameters": {good, func(x *tsatest.Token) { x.Algorithm = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10} }, nil, "RSASSA-PSS"},
		"no usage":               {usage(), nil, nil, "time-stamping alone"},
		"usage not critical":     {usage(tsatest.KeyUsage(false, stamping)), nil, nil, "time-stamping alone"},
		"two usages":             {usage(tsatest.KeyUsage(true, stamping, codeSigning)), nil, nil, "time-stamping alone"},
		"other usage":            {usage(tsatest.KeyUsage(true, codeSigning)), nil, nil, "time-stamping alone"},
		"unknown usage":          {usage(tsatest.KeyUsage(true, stamping, asn1.ObjectIdentifier{2, 999, 9})), nil, nil, "time-stamping alone"},
		"not for signatures":     {with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), nil, nil, "not for signatures"},
		"expired":                {with(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), nil, nil, "not trusted"},
		"not valid yet":          {with(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Hour) }), nil, nil, "not trusted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trusted := good
			if x.by != other {
				trusted = x.by
			}
			c := asking(t, authorities(t, trusted, "2.999.1"), func(w http.ResponseWriter, query []byte) { w.Write(x.by.Answer(t, query, x.draft, x.token)) })
			_, _, err := c.Stamp(t.Context(), digest)
			if x.want == "" && err != nil || x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
				t.Errorf("got %v, want %q", err, x.want)
			}
		})
	}
}

func make17(c *x509.Certificate) (all []*x509.Certificate) {
	for range 17 {
		all = append(all, c)
	}
	return all
}

func oldCertificate(sum []byte) tsatest.Attribute {
	type id struct{ Hash []byte }
	return tsatest.Attribute{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}, Values: tsatest.Value(struct{ Certs []id }{[]id{{sum}}})}
}

// TestRefusedAnswers: what is wrong before the token is.
func TestRefusedAnswers(t *testing.T) {
	t.Parallel()
	a := tsatest.New(t, nil)
	for name, x := range map[string]struct {
		reply func(w http.ResponseWriter, answer []byte)
		want  string
	}{
		"status":       {func(w http.ResponseWriter, _ []byte) { http.Error(w, "no", http.StatusServiceUnavailable) }, "expected status 200, got 503"},
		"content type": {func(w http.ResponseWriter, b []byte) { w.Header().Set("Content-Type", "text/html"); w.Write(b) }, "expected application/timestamp-reply"},
		"huge":         {func(w http.ResponseWriter, b []byte) { w.Write(append(b, make([]byte, 1<<20)...)) }, "longer than"},
		"truncated":    {func(w http.ResponseWriter, b []byte) { w.Write(b[:len(b)-20]) }, "answer: "},
		"more behind":  {func(w http.ResponseWriter, b []byte) { w.Write(append(b, 5, 0)) }, "behind its end"},
		"empty":        {func(w http.ResponseWriter, _ []byte) {}, "answer: "},
		"no token":     {func(w http.ResponseWriter, _ []byte) { w.Write([]byte{0x30, 5, 0x30, 3, 2, 1, 0}) }, "expected a TimeStampToken"},
		"no SignedData": {func(w http.ResponseWriter, _ []byte) {
			w.Write([]byte{0x30, 15, 0x30, 3, 2, 1, 0, 0x30, 8, 6, 2, 0x29, 1, 0xa0, 2, 5, 0})
		}, "expected SignedData"},
		"BER": {func(w http.ResponseWriter, _ []byte) { w.Write([]byte{0x30, 0x80, 0x30, 3, 2, 1, 0, 0, 0}) }, "answer: "},
	} {
		c := asking(t, authorities(t, a, ""), func(w http.ResponseWriter, query []byte) { x.reply(w, a.Answer(t, query, nil, nil)) })
		if _, _, err := c.Stamp(t.Context(), digest); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want %q", name, err, x.want)
		}
	}
}

// TestEveryPrefixIsRefused: an answer that was cut off anywhere is an error, and no panic.
func TestEveryPrefixIsRefused(t *testing.T) {
	t.Parallel()
	a := tsatest.New(t, nil)
	trusted := authorities(t, a, "")
	var token []byte
	c := asking(t, trusted, func(w http.ResponseWriter, query []byte) { w.Write(a.Answer(t, query, nil, nil)) })
	token, _, err := c.Stamp(t.Context(), digest)
	if err != nil {
		t.Fatal(err)
	}
	for n := range token {
		if _, err := trusted.Verify(token[:n], digest); err == nil {
			t.Errorf("%d of %d bytes are accepted", n, len(token))
		}
	}
}

func TestParseAuthorities(t *testing.T) {
	t.Parallel()
	ca := string(tsatest.New(t, nil).CAFile())
	for _, x := range []struct {
		pem, policy string
		ok          bool
	}{
		{ca, "", true}, {ca + ca, "2.999.1", true}, {"", "", false}, {"x", "", false}, {ca + "x", "", false}, {ca, "x", false}, {ca, "2.999.", false},
		{strings.Replace(ca, "CERTIFICATE", "PUBLIC KEY", 2), "", false}, {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", false},
	} {
		if _, err := tsp.ParseAuthorities([]byte(x.pem), x.policy); (err == nil) != x.ok {
			t.Errorf("%.40q %q: %v", x.pem, x.policy, err)
		}
	}
}

// recorded is a token of OpenSSL for the digest, and its authority; both certificates end within days of it.
func recorded(t testing.TB) (token []byte, trusted *tsp.Authorities) {
	t.Helper()
	token, err := os.ReadFile(filepath.Join("testdata", "token.der"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join("testdata", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if trusted, err = tsp.ParseAuthorities(ca, ""); err != nil {
		t.Fatal(err)
	}
	return token, trusted
}

// TestRecordedToken: a token stays good when the certificates of its authority have ended; one with any bit changed is no
// longer the same statement.
func TestRecordedToken(t *testing.T) {
	t.Parallel()
	token, trusted := recorded(t)
	s, err := trusted.Verify(token, digest)
	if err != nil {
		t.Fatal(err)
	}
	for n := range token {
		b := bytes.Clone(token)
		b[n] ^= 1
		if other, err := trusted.Verify(b, digest); err == nil && (!other.Time.Equal(s.Time) || other.Serial.Cmp(s.Serial) != 0 || !other.Policy.Equal(s.Policy)) {
			t.Errorf("byte %d changed: accepted as %+v", n, other)
		}
	}
}

// FuzzVerify: no bytes make the reader panic, and none state anything but the token does.
func FuzzVerify(f *testing.F) {
	token, trusted := recorded(f)
	stamp, err := trusted.Verify(token, digest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Add(token[:len(token)/2])
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := trusted.Verify(b, digest); err == nil && (!s.Time.Equal(stamp.Time) || s.Serial.Cmp(stamp.Serial) != 0) {
			t.Errorf("accepted %x as %+v", b, s)
		}
	})
}
