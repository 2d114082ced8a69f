package tsatest

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// OpenSSL is the authority of the command openssl ts, with an Authority's certificates.
type OpenSSL struct {
	path, dir string
	n         atomic.Int64
}

const openSSLConfig = `[tsa]
default_tsa = one
[one]
serial = SERIAL
crypto_device = builtin
signer_digest = sha256
default_policy = 2.999.1
other_policies = 2.999.2
digests = sha256
accuracy = secs:1, millisecs:500, microsecs:100
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
`

// OpenSSL puts the authority into files for openssl; the test is skipped where there is none.
func (a *Authority) OpenSSL(t testing.TB) *OpenSSL {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("skipped: no openssl on PATH")
	}
	o := &OpenSSL{path: path, dir: t.TempDir()}
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	o.write(t, "ca.pem", a.CAFile())
	o.write(t, "signer.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Signer.Raw}))
	o.write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	return o
}

func (o *OpenSSL) write(t testing.TB, name string, b []byte) string {
	t.Helper()
	file := filepath.Join(o.dir, name)
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Answer is openssl ts -reply. Extra lines of configuration come after those that OpenSSL starts with and win.
func (o *OpenSSL) Answer(t testing.TB, query []byte, extra string) []byte {
	t.Helper()
	n := strconv.FormatInt(o.n.Add(1), 10)
	file := o.write(t, n+".cnf", []byte(strings.ReplaceAll(openSSLConfig, "SERIAL", filepath.Join(o.dir, n+".serial"))+extra))
	out := filepath.Join(o.dir, n+".tsr")
	cmd := exec.CommandContext(t.Context(), o.path, "ts", "-reply", "-config", file, "-queryfile", o.write(t, n+".tsq", query),
		"-signer", filepath.Join(o.dir, "signer.pem"), "-inkey", filepath.Join(o.dir, "key.pem"), "-chain", filepath.Join(o.dir, "ca.pem"), "-out", out)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl ts -reply: %v\n%s", err, said)
		return nil
	}
	der, err := os.ReadFile(out)
	if err != nil {
		t.Error(err)
	}
	return der
}

// Verify is openssl ts -verify of a token for data.
func (o *OpenSSL) Verify(t testing.TB, token, data []byte) error {
	t.Helper()
	n := strconv.FormatInt(o.n.Add(1), 10)
	return o.verify(t, o.write(t, n+".tok", token), "-data", o.write(t, n+".data", data))
}

// VerifyDigest is the same for a digest.
func (o *OpenSSL) VerifyDigest(t testing.TB, token, digest []byte) error {
	t.Helper()
	n := strconv.FormatInt(o.n.Add(1), 10)
	return o.verify(t, o.write(t, n+".tok", token), "-digest", hex.EncodeToString(digest))
}

func (o *OpenSSL) verify(t testing.TB, file string, what ...string) error {
	args := append([]string{"ts", "-verify", "-in", file, "-token_in", "-CAfile", filepath.Join(o.dir, "ca.pem")}, what...)
	said, err := exec.CommandContext(t.Context(), o.path, args...).CombinedOutput()
	if err != nil {
		t.Logf("openssl ts -verify: %v\n%s", err, said)
	}
	return err
}
