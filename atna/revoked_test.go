package atna_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
)

// authority issues what package pki does not: lists with extensions, authorities below another one, RSA.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  crypto.Signer
}

func newAuthority(t *testing.T, name string, by *authority) *authority {
	t.Helper()
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	a := &authority{t: t, key: key}
	if by == nil {
		by = &authority{t: t, cert: template, key: key}
	}
	a.cert = by.sign(template, key.Public())
	return a
}

func (a *authority) sign(template *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	a.t.Helper()
	template.SerialNumber, template.BasicConstraintsValid = must[*big.Int](a.t)(rand.Int(rand.Reader, big.NewInt(1<<62))), true
	template.NotBefore, template.NotAfter = now().Add(-time.Hour), now().Add(24*time.Hour)
	der := must[[]byte](a.t)(x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key))
	return must[*x509.Certificate](a.t)(x509.ParseCertificate(der))
}

func (a *authority) issue(name string, key crypto.Signer) *pki.Pair {
	a.t.Helper()
	if key == nil {
		key = must[*ecdsa.PrivateKey](a.t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	return &pki.Pair{Certificate: a.sign(template, key.Public()), Key: key}
}

// list is a revocation list as PEM; later ones have a later time.
func (a *authority) list(later time.Duration, extensions []pkix.Extension, revoked ...*x509.Certificate) []byte {
	a.t.Helper()
	l := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now().Add(later - time.Minute), NextUpdate: now().Add(time.Hour), ExtraExtensions: extensions}
	for _, c := range revoked {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: now()})
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: must[[]byte](a.t)(x509.CreateRevocationList(rand.Reader, l, a.cert, a.key))})
}

func shown(certificates ...*x509.Certificate) tls.ConnectionState {
	return tls.ConnectionState{PeerCertificates: certificates}
}

// part is an IssuingDistributionPoint with one field: 1 is onlyContainsUserCerts, 2 onlyContainsCACerts, 4 indirectCRL.
func part(field byte) []pkix.Extension {
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: []byte{0x30, 3, 0x80 | field, 1, 0xff}}}
}

// TestRevokedHoweverTrusted: a certificate on the list of its issuer is refused, by whatever way it comes to be trusted and
// however the issuer has arranged its lists.
func TestRevokedHoweverTrusted(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "root", nil)
	below := newAuthority(t, "below", root)
	oldKey, newKey := newAuthority(t, "CA", nil), newAuthority(t, "CA", nil)
	lost, good, deep := root.issue("lost", nil).Certificate, root.issue("good", nil).Certificate, below.issue("deep", nil).Certificate
	lostOld, goodNew := oldKey.issue("old", nil).Certificate, newKey.issue("new", nil).Certificate
	join := func(lists ...[]byte) (all []byte) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for name, c := range map[string]struct {
		trusted []*x509.Certificate
		lists   []byte
		shown   *x509.Certificate
		refused bool
	}{
		"by its authority":                  {[]*x509.Certificate{root.cert}, root.list(0, nil, lost), lost, true},
		"another one":                       {[]*x509.Certificate{root.cert}, root.list(0, nil, lost), good, false},
		"trusted by itself too":             {[]*x509.Certificate{root.cert, lost}, root.list(0, nil, lost), lost, true},
		"authority below, trusted too":      {[]*x509.Certificate{root.cert, below.cert}, root.list(0, nil, below.cert), deep, true},
		"authority below, good":             {[]*x509.Certificate{root.cert, below.cert}, root.list(0, nil, lost), deep, false},
		"former key of the authority":       {[]*x509.Certificate{oldKey.cert, newKey.cert}, join(oldKey.list(0, nil, lostOld), newKey.list(time.Second, nil)), lostOld, true},
		"new key beside it":                 {[]*x509.Certificate{oldKey.cert, newKey.cert}, join(oldKey.list(0, nil, lostOld), newKey.list(time.Second, nil)), goodNew, false},
		"list by another key of the issuer": {[]*x509.Certificate{oldKey.cert, newKey.cert}, newKey.list(0, nil, lostOld), lostOld, true},
		"list in parts":                     {[]*x509.Certificate{root.cert}, join(root.list(0, part(1), lost), root.list(time.Second, part(2))), lost, true},
		"list in parts, another one":        {[]*x509.Certificate{root.cert}, join(root.list(0, part(1), lost), root.list(time.Second, part(2))), good, false},
	} {
		n := newNode(t, root.issue("server", nil), c.lists, c.trusted...)
		if err := n.secure.Judge(shown(c.shown)); (err != nil) != c.refused || err != nil && !strings.Contains(err.Error(), "revoked") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestListsNotUnderstood: what would make revoked certificates good again is no list, and the former ones stay in force.
func TestListsNotUnderstood(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "root", nil)
	lost := root.issue("lost", nil).Certificate
	n := newNode(t, root.issue("server", nil), root.list(0, nil, lost), root.cert)
	delta := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}
	unknown := []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 999, 1}, Critical: true, Value: []byte{5, 0}}}
	for name, lists := range map[string][]byte{
		"empty file":         {},
		"blank file":         []byte("\n"),
		"delta":              append(root.list(0, nil, lost), root.list(time.Second, delta)...),
		"indirect":           root.list(time.Second, part(4)),
		"critical extension": root.list(time.Second, unknown),
	} {
		write(t, n.files.Revoked, lists)
		if _, err := n.secure.Reload(); err == nil {
			t.Errorf("%s: taken", name)
		}
		if err := n.secure.Judge(shown(lost)); err == nil {
			t.Errorf("%s: the revoked certificate is good again", name)
		}
	}
}

// TestFirstListThatEnds: a list without an end, which older issuers make, does not hide the end of another one.
func TestFirstListThatEnds(t *testing.T) {
	t.Parallel()
	a, b := newAuthority(t, "a", nil), newAuthority(t, "b", nil)
	block, _ := pem.Decode(a.list(0, nil))
	var list pkix.CertificateList
	if _, err := asn1.Unmarshal(block.Bytes, &list); err != nil {
		t.Fatal(err)
	}
	list.TBSCertList.NextUpdate, list.TBSCertList.Raw = time.Time{}, nil
	tbs := must[[]byte](t)(asn1.Marshal(list.TBSCertList))
	sum := sha256.Sum256(tbs)
	signature := must[[]byte](t)(a.key.Sign(rand.Reader, sum[:], crypto.SHA256))
	block.Bytes = must[[]byte](t)(asn1.Marshal(struct {
		TBS       asn1.RawValue
		Algorithm pkix.AlgorithmIdentifier
		Signature asn1.BitString
	}{asn1.RawValue{FullBytes: tbs}, list.SignatureAlgorithm, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}}))
	lists := append(b.list(0, nil), pem.EncodeToMemory(block)...)
	if newNode(t, a.issue("server", nil), lists, a.cert, b.cert).secure.ListsExpire().IsZero() {
		t.Error("no list ends")
	}
}

// TestShortRSA: RFC 9325 4.5.
func TestShortRSA(t *testing.T) {
	t.Parallel()
	root := newAuthority(t, "root", nil)
	short, long := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024)), must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	n := newNode(t, root.issue("server", long), nil, root.cert)
	if err := n.secure.Judge(shown(root.issue("peer", long).Certificate)); err != nil {
		t.Error(err)
	}
	if err := n.secure.Judge(shown(root.issue("peer", short).Certificate)); err == nil {
		t.Error("a peer with 1024 bits was taken")
	}
	own := root.issue("server", short)
	write(t, n.files.Certificate, pki.CertificatePEM(own.Certificate))
	write(t, n.files.Key, must[[]byte](t)(pki.KeyPEM(own.Key)))
	if _, err := atna.NewSecure(n.files, now); err == nil {
		t.Error("own 1024 bits were taken")
	}
}
