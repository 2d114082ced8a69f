package tsp

import (
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"time"
)

var (
	oidSHA256     = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidTSTInfo    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
)

// messageImprint is what is stamped.
type messageImprint struct {
	Algorithm pkix.AlgorithmIdentifier
	Hash      []byte
}

// request is TimeStampReq (RFC 3161, 2.4.1).
type request struct {
	Version int
	Imprint messageImprint
	Policy  asn1.ObjectIdentifier `asn1:"optional"`
	Nonce   *big.Int              `asn1:"optional"`
	CertReq bool                  `asn1:"optional"`
}

// marshalRequest asks for a stamp of a digest with the certificates of its signer; policy may be nil.
func marshalRequest(digest [sha256.Size]byte, policy asn1.ObjectIdentifier, nonce *big.Int) ([]byte, error) {
	return asn1.Marshal(request{
		Version: 1, Policy: policy, Nonce: nonce, CertReq: true,
		Imprint: messageImprint{pkix.AlgorithmIdentifier{Algorithm: oidSHA256, Parameters: asn1.NullRawValue}, digest[:]},
	})
}

// response is TimeStampResp (RFC 3161, 2.4.2).
type response struct {
	Status struct {
		Status int
		Text   []asn1.RawValue `asn1:"optional"`
		Fail   asn1.BitString  `asn1:"optional"`
	}
	Token asn1.RawValue `asn1:"optional"`
}

// failures names the bits of PKIFailureInfo.
var failures = map[int]string{
	0: "badAlg", 2: "badRequest", 5: "badDataFormat", 14: "timeNotAvailable", 15: "unacceptedPolicy", 16: "unacceptedExtension",
	17: "addInfoNotAvailable", 25: "systemFailure",
}

// tokenOf returns the token of an answer. granted and grantedWithMods have one: what was asked for is compared anyway.
func tokenOf(der []byte) ([]byte, error) {
	var r response
	if err := unmarshal(der, &r, ""); err != nil {
		return nil, fmt.Errorf("answer: %w", err)
	}
	if s := r.Status; s.Status != 0 && s.Status != 1 {
		why := ""
		for bit, name := range failures {
			if s.Fail.At(bit) == 1 {
				why = ", " + name
			}
		}
		return nil, fmt.Errorf("the authority answered with status %d%s, expected 0 (granted)", s.Status, why)
	}
	if len(r.Token.FullBytes) == 0 {
		return nil, errors.New("answer: expected a TimeStampToken, found none")
	}
	return r.Token.FullBytes, nil
}

// unmarshal reads one DER value and nothing behind it.
func unmarshal(der []byte, into any, params string) error {
	rest, err := asn1.UnmarshalWithParams(der, into, params)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes behind its end", len(rest))
	}
	return nil
}

// signedData is SignedData of CMS (RFC 5652, 5.1).
type signedData struct {
	Version          int
	DigestAlgorithms []pkix.AlgorithmIdentifier `asn1:"set"`
	Content          struct {
		Type  asn1.ObjectIdentifier
		Bytes []byte `asn1:"explicit,tag:0"`
	}
	Certificates asn1.RawValue `asn1:"optional,tag:0"`
	CRLs         asn1.RawValue `asn1:"optional,tag:1"`
	Signers      []signerInfo  `asn1:"set"`
}

// signerInfo is SignerInfo (RFC 5652, 5.3).
type signerInfo struct {
	Version   int
	ID        asn1.RawValue // issuerAndSerialNumber, or [0] subjectKeyIdentifier
	Digest    pkix.AlgorithmIdentifier
	Signed    asn1.RawValue `asn1:"optional,tag:0"`
	Algorithm pkix.AlgorithmIdentifier
	Signature []byte
	Unsigned  asn1.RawValue `asn1:"optional,tag:1"`
}

// attribute is an Attribute; those of a signer have one value each.
type attribute struct {
	Type   asn1.ObjectIdentifier
	Values []asn1.RawValue `asn1:"set"`
}

// tstInfo is TSTInfo (RFC 3161, 2.4.2).
type tstInfo struct {
	Version  int
	Policy   asn1.ObjectIdentifier
	Imprint  messageImprint
	Serial   *big.Int
	Time     time.Time `asn1:"generalized"`
	Accuracy struct {
		Seconds int `asn1:"optional"`
		Millis  int `asn1:"optional,tag:0"`
		Micros  int `asn1:"optional,tag:1"`
	} `asn1:"optional"`
	Ordering   bool             `asn1:"optional"`
	Nonce      *big.Int         `asn1:"optional"`
	Authority  asn1.RawValue    `asn1:"optional,explicit,tag:0"`
	Extensions []pkix.Extension `asn1:"optional,tag:1"`
}

// open unpacks a token.
func open(token []byte) (*signedData, *tstInfo, error) {
	var outer struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"explicit,tag:0"`
	}
	if err := unmarshal(token, &outer, ""); err != nil {
		return nil, nil, fmt.Errorf("token: %w", err)
	}
	if !outer.Type.Equal(oidSignedData) {
		return nil, nil, fmt.Errorf("token: expected SignedData, found %v", outer.Type)
	}
	var data signedData
	if err := unmarshal(outer.Content.Bytes, &data, ""); err != nil {
		return nil, nil, fmt.Errorf("SignedData: %w", err)
	}
	if !data.Content.Type.Equal(oidTSTInfo) {
		return nil, nil, fmt.Errorf("SignedData: expected TSTInfo, found %v", data.Content.Type)
	}
	if len(data.Signers) != 1 {
		return nil, nil, fmt.Errorf("SignedData: expected one signer, found %d", len(data.Signers))
	}
	var info tstInfo
	if err := unmarshal(data.Content.Bytes, &info, ""); err != nil {
		return nil, nil, fmt.Errorf("TSTInfo: %w", err)
	}
	if info.Version != 1 {
		return nil, nil, fmt.Errorf("TSTInfo: expected version 1, found %d", info.Version)
	}
	for _, x := range info.Extensions {
		if x.Critical {
			return nil, nil, fmt.Errorf("TSTInfo: the critical extension %v is not known", x.Id)
		}
	}
	return &data, &info, nil
}
