package tsp

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

var oidKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}

// maxCertificates is more than any chain has.
const maxCertificates = 16

// Stamp is what a verified token states.
type Stamp struct {
	Time      time.Time
	Serial    *big.Int
	Nonce     *big.Int // nil for none
	Policy    asn1.ObjectIdentifier
	Authority string // subject of the signer's certificate
}

// Authorities are whom time stamps are believed.
type Authorities struct {
	roots  *x509.CertPool
	policy asn1.ObjectIdentifier
}

// ParseAuthorities reads PEM with certificates of authorities, or of single signers. policy is the one policy that is accepted,
// "" accepts each.
func ParseAuthorities(b []byte, policy string) (*Authorities, error) {
	a := &Authorities{roots: x509.NewCertPool()}
	n := 0
	for len(bytes.TrimSpace(b)) > 0 {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("expected PEM with CERTIFICATE, found something else")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		a.roots.AddCert(c)
		n++
	}
	if n == 0 {
		return nil, errors.New("expected PEM with CERTIFICATE, found nothing")
	}
	if policy != "" {
		var err error
		if a.policy, err = parseOID(policy); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func parseOID(s string) (asn1.ObjectIdentifier, error) {
	oid, err := x509.ParseOID(s)
	if err != nil {
		return nil, fmt.Errorf("policy: expected an OID, got %q", s)
	}
	der, err := oid.MarshalBinary()
	if err != nil {
		return nil, err
	}
	var out asn1.ObjectIdentifier
	if len(der) > 127 {
		return nil, fmt.Errorf("policy: %q is too long", s)
	}
	return out, unmarshal(append([]byte{asn1.TagOID, byte(len(der))}, der...), &out, "")
}

// Verify checks a token and that it is for the digest. The authority's certificate is judged at the time that the token states,
// so that a token stays good when the certificate has ended. Errors say what is wrong with the token.
func (a *Authorities) Verify(token []byte, digest [sha256.Size]byte) (*Stamp, error) {
	data, info, err := open(token)
	if err != nil {
		return nil, err
	}
	if !info.Imprint.Algorithm.Algorithm.Equal(oidSHA256) || !bytes.Equal(info.Imprint.Hash, digest[:]) {
		return nil, errors.New("the token is for something else: its messageImprint is not the SHA-256 expected")
	}
	if a.policy != nil && !a.policy.Equal(info.Policy) {
		return nil, fmt.Errorf("the token was made under policy %v, accepted is %v", info.Policy, a.policy)
	}
	all, err := certificates(data.Certificates.Bytes)
	if err != nil {
		return nil, err
	}
	signer, err := signerOf(&data.Signers[0], all)
	if err != nil {
		return nil, err
	}
	if err := checkSignature(&data.Signers[0], data.Content.Bytes, signer); err != nil {
		return nil, err
	}
	if err := a.trust(signer, all, info.Time); err != nil {
		return nil, err
	}
	return &Stamp{Time: info.Time.UTC(), Serial: info.Serial, Nonce: info.Nonce, Policy: info.Policy, Authority: signer.Subject.String()}, nil
}

// certificates of a token; other kinds than X.509 are left out.
func certificates(der []byte) (all []*x509.Certificate, err error) {
	for len(der) > 0 {
		var raw asn1.RawValue
		if der, err = asn1.Unmarshal(der, &raw); err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		if raw.Class != asn1.ClassUniversal {
			continue
		}
		c, err := x509.ParseCertificate(raw.FullBytes)
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		if all = append(all, c); len(all) > maxCertificates {
			return nil, fmt.Errorf("certificates: expected at most %d", maxCertificates)
		}
	}
	return all, nil
}

// signerOf is the certificate that a signer names.
func signerOf(s *signerInfo, all []*x509.Certificate) (*x509.Certificate, error) {
	var by struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	byKey := s.ID.Class == asn1.ClassContextSpecific && s.ID.Tag == 0
	if !byKey {
		if err := unmarshal(s.ID.FullBytes, &by, ""); err != nil {
			return nil, fmt.Errorf("SignerInfo: %w", err)
		}
	}
	for _, c := range all {
		if byKey && len(c.SubjectKeyId) > 0 && bytes.Equal(c.SubjectKeyId, s.ID.Bytes) ||
			!byKey && bytes.Equal(c.RawIssuer, by.Issuer.FullBytes) && c.SerialNumber.Cmp(by.Serial) == 0 {
			return c, nil
		}
	}
	return nil, errors.New("SignerInfo: the token does not hold the signer's certificate")
}

// trust: the certificate is for time-stamping alone, says so in a critical extension, and leads to an authority at that time
// (RFC 3161, 2.3).
func (a *Authorities) trust(signer *x509.Certificate, all []*x509.Certificate, at time.Time) error {
	critical := false
	for _, x := range signer.Extensions {
		critical = critical || x.Id.Equal(oidKeyUsage) && x.Critical
	}
	if !critical || len(signer.ExtKeyUsage) != 1 || signer.ExtKeyUsage[0] != x509.ExtKeyUsageTimeStamping || len(signer.UnknownExtKeyUsage) > 0 {
		return errors.New("the signer's certificate is not for time-stamping alone: expected extKeyUsage timeStamping, critical, and no other")
	}
	if u := signer.KeyUsage; u != 0 && u&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return errors.New("the signer's certificate is not for signatures")
	}
	between := x509.NewCertPool()
	for _, c := range all {
		between.AddCert(c)
	}
	_, err := signer.Verify(x509.VerifyOptions{
		Roots: a.roots, Intermediates: between, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
	})
	if err != nil {
		return fmt.Errorf("the signer is not trusted: %w", err)
	}
	return nil
}
