package tsp

import (
	"bytes"
	"crypto"
	_ "crypto/sha1"   // crypto.SHA1 of ESSCertID
	_ "crypto/sha512" // SHA-384 and SHA-512 of crypto.Hash
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

var (
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // ESSCertID, RFC 2634
	oidCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47} // ESSCertIDv2, RFC 5035
)

// hashes are those that signers may use.
var hashes = []struct {
	oid       asn1.ObjectIdentifier
	hash      crypto.Hash
	rsa       x509.SignatureAlgorithm
	pss       x509.SignatureAlgorithm
	ecdsa     x509.SignatureAlgorithm
	rsaOID    asn1.ObjectIdentifier
	ecdsaOID  asn1.ObjectIdentifier
	saltBytes int
}{
	{oidSHA256, crypto.SHA256, x509.SHA256WithRSA, x509.SHA256WithRSAPSS, x509.ECDSAWithSHA256,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, 32},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384, x509.SHA384WithRSA, x509.SHA384WithRSAPSS, x509.ECDSAWithSHA384,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, 48},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512, x509.SHA512WithRSA, x509.SHA512WithRSAPSS, x509.ECDSAWithSHA512,
		asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, 64},
}

var (
	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// algorithm is how a signer signs; its digest is SHA-256 or longer.
func algorithm(s *signerInfo) (crypto.Hash, x509.SignatureAlgorithm, error) {
	for _, h := range hashes {
		if !s.Digest.Algorithm.Equal(h.oid) {
			continue
		}
		switch a := s.Algorithm.Algorithm; {
		case a.Equal(oidRSA), a.Equal(h.rsaOID):
			return h.hash, h.rsa, nil
		case a.Equal(oidPSS):
			return h.hash, h.pss, pssWith(s.Algorithm, h.oid, h.saltBytes)
		case a.Equal(h.ecdsaOID):
			return h.hash, h.ecdsa, nil
		case a.Equal(oidEd25519):
			return h.hash, x509.PureEd25519, nil
		}
		return 0, 0, fmt.Errorf("SignerInfo: signature algorithm %v does not go with digest %v", s.Algorithm.Algorithm, h.oid)
	}
	return 0, 0, fmt.Errorf("SignerInfo: expected a digest of SHA-256, SHA-384 or SHA-512, found %v", s.Digest.Algorithm)
}

// pssWith demands the parameters that RFC 4055 recommends: one hash throughout and a salt of its length.
func pssWith(a pkix.AlgorithmIdentifier, hash asn1.ObjectIdentifier, salt int) error {
	var p struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}
	if err := unmarshal(a.Parameters.FullBytes, &p, ""); err != nil {
		return fmt.Errorf("SignerInfo: RSASSA-PSS: %w", err)
	}
	var mgf pkix.AlgorithmIdentifier
	if err := unmarshal(p.MGF.Parameters.FullBytes, &mgf, ""); err != nil {
		return fmt.Errorf("SignerInfo: RSASSA-PSS: %w", err)
	}
	if !p.Hash.Algorithm.Equal(hash) || !mgf.Algorithm.Equal(hash) || p.Salt != salt {
		return errors.New("SignerInfo: RSASSA-PSS: expected the digest's hash throughout and a salt of its length")
	}
	return nil
}

// checkSignature checks the signed attributes against content and certificate, and the signature over them.
func checkSignature(s *signerInfo, content []byte, signer *x509.Certificate) error {
	hash, alg, err := algorithm(s)
	if err != nil {
		return err
	}
	if len(s.Signed.FullBytes) == 0 {
		return errors.New("SignerInfo: expected signed attributes, found none")
	}
	signed := bytes.Clone(s.Signed.FullBytes)
	signed[0] = asn1.TagSet | 0x20 // the signature is over a SET, not over [0] (RFC 5652, 5.4)
	var all attributes
	if err := unmarshal(signed, &all, "set"); err != nil {
		return fmt.Errorf("signed attributes: %w", err)
	}
	var contentType asn1.ObjectIdentifier
	if ok, err := all.value(oidContentType, &contentType); err != nil {
		return err
	} else if !ok || !contentType.Equal(oidTSTInfo) {
		return errors.New("signed attributes: contentType is not TSTInfo")
	}
	var digest []byte
	if ok, err := all.value(oidMessageDigest, &digest); err != nil {
		return err
	} else if !ok || !bytes.Equal(digest, sum(hash, content)) {
		return errors.New("signed attributes: messageDigest is not that of the TSTInfo")
	}
	if err := all.name(signer); err != nil {
		return err
	}
	if err := signer.CheckSignature(alg, signed, s.Signature); err != nil {
		return fmt.Errorf("the signature does not verify: %w", err)
	}
	return nil
}

func sum(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

// attributes are those that a signer has signed.
type attributes []attribute

// value reads the one value of an attribute and tells whether there is one.
func (all attributes) value(oid asn1.ObjectIdentifier, into any) (bool, error) {
	n := 0
	for _, a := range all {
		if !a.Type.Equal(oid) {
			continue
		}
		if n++; n > 1 || len(a.Values) != 1 {
			return false, fmt.Errorf("signed attributes: expected one %v with one value", oid)
		}
		if err := unmarshal(a.Values[0].FullBytes, into, ""); err != nil {
			return false, fmt.Errorf("signed attribute %v: %w", oid, err)
		}
	}
	return n == 1, nil
}

// certificateID is ESSCertIDv2, and ESSCertID, which has no algorithm and is SHA-1. The first of a list is the signer's.
type certificateID struct {
	Algorithm pkix.AlgorithmIdentifier `asn1:"optional"`
	Hash      []byte
	Issuer    issuerSerial `asn1:"optional"`
}

// issuerSerial is IssuerSerial; its issuer is GeneralNames with one directoryName.
type issuerSerial struct {
	Issuer []asn1.RawValue
	Serial *big.Int
}

// name: the signer has signed which certificate is his, so that none with the same key can take its place (RFC 3161, 2.4.1;
// RFC 5816). Where both attributes are there, both must be right.
func (all attributes) name(signer *x509.Certificate) error {
	found := false
	for _, x := range []struct {
		oid  asn1.ObjectIdentifier
		hash crypto.Hash // where the attribute does not say
	}{{oidCertificate, crypto.SHA1}, {oidCertificateV2, crypto.SHA256}} {
		var list struct{ Certs []certificateID }
		ok, err := all.value(x.oid, &list)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if found = true; len(list.Certs) == 0 || !list.Certs[0].names(signer, x.hash) {
			return errors.New("signed attributes: the certificate that the signer names is another one")
		}
	}
	if !found {
		return errors.New("signed attributes: expected ESSCertID or ESSCertIDv2, found neither")
	}
	return nil
}

// names tells whether the id is that of a certificate; an issuer that is left out is.
func (id *certificateID) names(c *x509.Certificate, hash crypto.Hash) bool {
	if oid := id.Algorithm.Algorithm; oid != nil {
		hash = 0
		for _, x := range hashes {
			if oid.Equal(x.oid) {
				hash = x.hash
			}
		}
	}
	if hash == 0 || !bytes.Equal(id.Hash, sum(hash, c.Raw)) {
		return false
	}
	i := &id.Issuer
	return i.Serial == nil || i.Serial.Cmp(c.SerialNumber) == 0 && len(i.Issuer) == 1 && bytes.Equal(i.Issuer[0].Bytes, c.RawIssuer) &&
		i.Issuer[0].Class == asn1.ClassContextSpecific && i.Issuer[0].Tag == 4
}
