package atna

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Checkpoint is a signed statement that the chain had this hash at this number. Kept elsewhere, it shows that nothing up
// to there was rewritten since.
type Checkpoint struct {
	Number    int64
	Hash      Hash
	Time      time.Time // to the second
	Key       string    // fingerprint of the public key
	Signature []byte
	Timestamp []byte // RFC 3161 TimeStampToken over Stamped, nil as long as no authority has made one
}

// statement is what is signed.
func (c *Checkpoint) statement() []byte {
	return fmt.Appendf(nil, "dossier audit checkpoint 1\nnumber %d\nhash %x\ntime %s\nkey %s\n",
		c.Number, c.Hash, c.Time.UTC().Format(time.RFC3339), c.Key)
}

// Stamped is the signed statement with its signature behind it: what a time-stamp authority is asked to stamp.
func (c *Checkpoint) Stamped() []byte { return append(c.statement(), c.Signature...) }

// Digest is the SHA-256 of Stamped.
func (c *Checkpoint) Digest() [sha256.Size]byte { return sha256.Sum256(c.Stamped()) }

// SigningKey signs checkpoints: Ed25519 or ECDSA on P-256.
type SigningKey struct {
	signer crypto.Signer
	id     string
}

// ParseSigningKey reads a PEM file with a PKCS #8 private key.
func ParseSigningKey(b []byte) (*SigningKey, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("signing key: expected PEM, found none")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("signing key: expected PKCS #8: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok || !usable(signer.Public()) {
		return nil, errors.New("signing key: expected Ed25519 or ECDSA on P-256")
	}
	id, err := Fingerprint(signer.Public())
	if err != nil {
		return nil, err
	}
	return &SigningKey{signer, id}, nil
}

// Public is the key that verifies.
func (k *SigningKey) Public() crypto.PublicKey { return k.signer.Public() }

func usable(k crypto.PublicKey) bool {
	switch k := k.(type) {
	case ed25519.PublicKey:
		return true
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256()
	}
	return false
}

// Fingerprint names a public key: the first 16 bytes of the SHA-256 of its SubjectPublicKeyInfo in hexadecimal.
func Fingerprint(k crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return "", fmt.Errorf("public key: %w", err)
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:16]), nil
}

// Sign signs the head of a chain.
func (k *SigningKey) Sign(head Chain, at time.Time) (Checkpoint, error) {
	c := Checkpoint{Number: head.Number, Hash: head.Hash, Time: at.UTC().Truncate(time.Second), Key: k.id}
	text, opts := c.statement(), crypto.SignerOpts(crypto.Hash(0))
	if _, ok := k.signer.Public().(*ecdsa.PublicKey); ok {
		sum := sha256.Sum256(text)
		text, opts = sum[:], crypto.SHA256
	}
	var err error
	c.Signature, err = k.signer.Sign(rand.Reader, text, opts)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint: %w", err)
	}
	return c, nil
}

// Verify checks the signature with the key.
func (c *Checkpoint) Verify(k crypto.PublicKey) error {
	id, err := Fingerprint(k)
	if err != nil {
		return err
	}
	if id != c.Key {
		return fmt.Errorf("checkpoint %d was signed with key %.32q, not with %s", c.Number, c.Key, id)
	}
	ok := false
	switch k := k.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, c.statement(), c.Signature)
	case *ecdsa.PublicKey:
		sum := sha256.Sum256(c.statement())
		ok = k.Curve == elliptic.P256() && ecdsa.VerifyASN1(k, sum[:], c.Signature)
	}
	if !ok {
		return fmt.Errorf("checkpoint %d: the signature does not verify", c.Number)
	}
	return nil
}
