package main

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/internal/golden"
	"dossier/internal/tsatest"
)

// stamping is a server whose checkpoints an authority at url is to stamp.
func stamping(t *testing.T, b backend, a *tsatest.Authority, url string) (c *Config, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "pki")
	mustCommand(t, "pki", "demo", dir)
	c = b.config(t)
	c.Audit.Key, c.Audit.Checkpoint = filepath.Join(dir, "audit-key.pem"), 20*time.Millisecond
	c.Audit.TSA, c.Audit.TSATrusted = url, filepath.Join(dir, "tsa.pem")
	c.Audit.TSATimeout, c.Audit.TSARetry = 5*time.Second, 10*time.Millisecond
	if err := os.WriteFile(c.Audit.TSATrusted, a.CAFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	return c, dir
}

func (s *testServer) checkpoints(t *testing.T) []atna.Checkpoint {
	t.Helper()
	all, err := s.node.db.Checkpoints(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func allStamped(all []atna.Checkpoint) bool {
	for _, c := range all {
		if len(c.Timestamp) == 0 {
			return false
		}
	}
	return len(all) > 0
}

// metric is the value of a metric without labels.
func (s *testServer) metric(t *testing.T, name string) string {
	t.Helper()
	resp, err := http.Get("http://" + s.admin.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("there is no metric %s", name)
	}
	return string(m[1])
}

func oneCase(t *testing.T, name string) golden.Case {
	t.Helper()
	for _, c := range cases(t) {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no case %s", name)
	return golden.Case{}
}

// auditVerify runs dossier audit verify on the store of a configuration.
func auditVerify(t *testing.T, c *Config, dir string, args ...string) (string, error) {
	t.Helper()
	args = append([]string{"audit", "verify", "--data", c.Data, "--database", c.Database, "--public", publicKeyFile(t, c.Audit.Key, dir)}, args...)
	out, _, err := command(t.Context(), args...)
	return out, err
}

// publicKeyFile is the public key of a signing key, as an auditor has it.
func publicKeyFile(t *testing.T, key, dir string) string {
	t.Helper()
	k, err := openSigningKey(key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(k.Public())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "audit-public.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestCheckpointsAreStamped by OpenSSL's authority, also those that were signed while it was away; OpenSSL verifies what is
// stored and exported, with nothing of ours but the export.
func TestCheckpointsAreStamped(t *testing.T) { onEach(t, checkpointsAreStamped) }

func checkpointsAreStamped(t *testing.T, b backend) {
	a := tsatest.New(t, nil)
	o := a.OpenSSL(t)
	tsa := tsatest.Serve(t, func(w http.ResponseWriter, _ []byte) { http.Error(w, "closed", http.StatusServiceUnavailable) })
	c, dir := stamping(t, b, a, tsa.URL)
	s := startServer(t, c, realWorld())
	query := oneCase(t, "iti18/find-documents-and")
	for n := 1; n <= 3; n++ {
		s.send(t, query)
		eventually(t, "a checkpoint more", func() bool { return len(s.checkpoints(t)) >= n })
	}
	eventually(t, "attempts", func() bool { return tsa.Asked.Load() >= 3 })
	if n := s.metric(t, "dossier_audit_unstamped_checkpoints"); n == "0" {
		t.Errorf("%s unstamped checkpoints", n)
	}
	if log := s.log.String(); strings.Count(log, "wait for their time stamps") != 1 || !strings.Contains(log, "expected status 200, got 503") {
		t.Errorf("the log does not say once that time stamps are missing:\n%s", log)
	}
	tsa.Reply(func(w http.ResponseWriter, query []byte) { w.Write(o.Answer(t, query, "")) })
	eventually(t, "time stamps", func() bool { return allStamped(s.checkpoints(t)) })
	s.send(t, query)
	before := len(s.checkpoints(t))
	eventually(t, "the next one", func() bool { all := s.checkpoints(t); return len(all) > before && allStamped(all) })
	if n := s.metric(t, "dossier_audit_unstamped_checkpoints"); n != "0" {
		t.Errorf("%s unstamped checkpoints", n)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	// The stop signs once more; that checkpoint waits for the next start.
	if out, err := auditVerify(t, c, dir, "--tsa-trusted", c.Audit.TSATrusted); err != nil || !strings.Contains(out, " 0 findings") || !strings.Contains(out, "1 of them without a time stamp") {
		t.Errorf("%v\n%s", err, out)
	}
	export := mustCommand(t, "audit", "export", "--checkpoints", "--data", c.Data, "--database", c.Database)
	seen := 0
	for line := range strings.Lines(export) {
		var x struct {
			Digest    string
			Timestamp []byte
		}
		if err := json.Unmarshal([]byte(line), &x); err != nil {
			t.Fatal(err)
		}
		if x.Timestamp == nil {
			continue
		}
		seen++
		digest, err := hex.DecodeString(x.Digest)
		if err != nil || o.VerifyDigest(t, x.Timestamp, digest) != nil {
			t.Errorf("OpenSSL does not verify the exported token: %v", err)
		}
	}
	if seen < 4 {
		t.Errorf("%d time stamps exported", seen)
	}
	if err := stampOnRestart(t, c); err != nil {
		t.Error(err)
	}
}

// stampOnRestart: what the stop has signed is stamped after the start.
func stampOnRestart(t *testing.T, c *Config) error {
	again := *c
	again.Audit.Checkpoint = time.Hour
	s := startServer(t, &again, realWorld())
	eventually(t, "the last checkpoint of the former run", func() bool { return allStamped(s.checkpoints(t)) })
	return s.stop()
}

// TestBadTimeStampsAreNotKept: whatever the authority answers, only what verifies is kept, and it is asked again.
func TestBadTimeStampsAreNotKept(t *testing.T) {
	t.Parallel()
	a, other := tsatest.New(t, nil), tsatest.New(t, nil)
	noUsage := tsatest.New(t, func(c *x509.Certificate) { c.ExtraExtensions = nil })
	expired := tsatest.New(t, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })
	bad := map[string]struct {
		trusted *tsatest.Authority
		reply   func(w http.ResponseWriter, query []byte)
		cause   string
	}{
		"wrong imprint": {a, func(w http.ResponseWriter, q []byte) {
			w.Write(a.Answer(t, q, func(x *tsatest.Token) { x.Info.Imprint.Hash = make([]byte, 32) }, nil))
		}, "messageImprint"},
		"wrong nonce": {a, func(w http.ResponseWriter, q []byte) {
			w.Write(a.Answer(t, q, func(x *tsatest.Token) { x.Info.Nonce = big.NewInt(1) }, nil))
		}, "nonce"},
		"other signer": {a, func(w http.ResponseWriter, q []byte) { w.Write(other.Answer(t, q, nil, nil)) }, "not trusted"},
		"no usage":     {noUsage, func(w http.ResponseWriter, q []byte) { w.Write(noUsage.Answer(t, q, nil, nil)) }, "time-stamping alone"},
		"expired":      {expired, func(w http.ResponseWriter, q []byte) { w.Write(expired.Answer(t, q, nil, nil)) }, "not trusted"},
		"rejected": {a, func(w http.ResponseWriter, q []byte) {
			w.Write(a.Answer(t, q, func(x *tsatest.Token) { x.Status = 2 }, nil))
		}, "status 2"},
		"truncated": {a, func(w http.ResponseWriter, q []byte) { b := a.Answer(t, q, nil, nil); w.Write(b[:len(b)/2]) }, "answer: "},
		"huge":      {a, func(w http.ResponseWriter, _ []byte) { w.Write(make([]byte, 1<<20)) }, "longer than"},
		"content type": {a, func(w http.ResponseWriter, q []byte) {
			w.Header().Set("Content-Type", "text/html")
			w.Write(a.Answer(t, q, nil, nil))
		}, "expected application/timestamp-reply"},
		"redirect":   {a, func(w http.ResponseWriter, _ []byte) { w.Header().Set("Location", "/"); w.WriteHeader(307) }, "got 307"},
		"broken off": {a, func(http.ResponseWriter, []byte) { panic(http.ErrAbortHandler) }, "EOF"},
	}
	for name, x := range bad {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tsa := tsatest.Serve(t, func(w http.ResponseWriter, q []byte) { x.reply(w, q) })
			c, _ := stamping(t, backends[0], x.trusted, tsa.URL)
			s := startServer(t, c, realWorld())
			eventually(t, "attempts", func() bool { return tsa.Asked.Load() >= 2 })
			for _, c := range s.checkpoints(t) {
				if len(c.Timestamp) > 0 {
					t.Errorf("a bad time stamp was kept")
				}
			}
			if log := s.log.String(); !strings.Contains(log, x.cause) {
				t.Errorf("the log does not say %q:\n%s", x.cause, log)
			}
			if x.trusted != a {
				return
			}
			tsa.Reply(func(w http.ResponseWriter, q []byte) { w.Write(a.Answer(t, q, nil, nil)) })
			eventually(t, "time stamps", func() bool { return allStamped(s.checkpoints(t)) })
		})
	}
}

// TestAuditVerifyTimeStamps: what is done to stored time stamps is found.
func TestAuditVerifyTimeStamps(t *testing.T) {
	t.Parallel()
	a := tsatest.New(t, nil)
	tsa := tsatest.Serve(t, func(w http.ResponseWriter, q []byte) { w.Write(a.Answer(t, q, nil, nil)) })
	c, dir := stamping(t, backends[0], a, tsa.URL)
	s := startServer(t, c, realWorld())
	eventually(t, "a time stamp", func() bool { return allStamped(s.checkpoints(t)) })
	s.send(t, oneCase(t, "iti18/find-documents-and"))
	eventually(t, "two time stamps", func() bool { all := s.checkpoints(t); return len(all) > 1 && allStamped(all) })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	trusted, other := c.Audit.TSATrusted, filepath.Join(dir, "other.pem")
	if err := os.WriteFile(other, tsatest.New(t, nil).CAFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "kept.json")
	if err := os.WriteFile(kept, []byte(mustCommand(t, "audit", "export", "--checkpoints", "--data", c.Data)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		tamper string
		args   []string
		want   string // "" is nothing found
	}{
		{"", []string{"--tsa-trusted", trusted}, ""},
		{"", []string{"--tsa-trusted", trusted, "--checkpoints", kept}, ""},
		{"", nil, "neither --tsa-trusted nor audit.tsatrusted"},
		{"", []string{"--tsa-trusted", other}, "its time stamp does not verify: the signer is not trusted"},
		{"", []string{"--tsa-trusted", filepath.Join(dir, "none.pem")}, "no such file"},
		{"UPDATE audit_checkpoint SET stamp = substr(stamp, 1, 300) WHERE number = (SELECT min(number) FROM audit_checkpoint)", []string{"--tsa-trusted", trusted}, "its time stamp does not verify: token"},
		{"UPDATE audit_checkpoint SET stamp = (SELECT stamp FROM audit_checkpoint WHERE number = (SELECT min(number) FROM audit_checkpoint WHERE length(stamp) > 300)) WHERE length(stamp) = 300",
			[]string{"--tsa-trusted", trusted}, "its messageImprint is not the SHA-256 expected"},
		{"", []string{"--tsa-trusted", trusted, "--checkpoints", kept}, "its time stamp was exchanged"},
		{"UPDATE audit_checkpoint SET stamp = NULL", []string{"--tsa-trusted", trusted}, ""},
		{"", []string{"--tsa-trusted", trusted, "--checkpoints", kept}, "its time stamp was removed"},
	} {
		if x.tamper != "" {
			auditDatabase(t, c, x.tamper)
		}
		out, err := auditVerify(t, c, dir, x.args...)
		if x.want == "" && (err != nil || !strings.Contains(out, " 0 findings")) || x.want != "" && (err == nil || !strings.Contains(out+err.Error(), x.want)) {
			t.Errorf("%.60s %q: got %v, want %q\n%s", x.tamper, x.args, err, x.want, out)
		}
	}
}

// TestTimeStampBeforeSignature: a time stamp older than its checkpoint, or from the future, is found.
func TestTimeStampBeforeSignature(t *testing.T) {
	t.Parallel()
	a := tsatest.New(t, nil)
	dir := filepath.Join(t.TempDir(), "pki")
	mustCommand(t, "pki", "demo", dir)
	key, err := openSigningKey(filepath.Join(dir, "audit-key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		signed, now time.Duration // after the stamp
		want        string
	}{{0, 0, ""}, {time.Minute, 0, ""}, {time.Hour, 0, "before it was signed"}, {0, -time.Hour, "in the future"}} {
		stamp := time.Now()
		c, err := key.Sign(atna.Chain{Number: 1}, stamp.Add(x.signed))
		if err != nil {
			t.Fatal(err)
		}
		client := &Config{Audit: AuditConfig{TSATrusted: filepath.Join(dir, "tsa.pem")}}
		if err := os.WriteFile(client.Audit.TSATrusted, a.CAFile(), 0o600); err != nil {
			t.Fatal(err)
		}
		trusted, err := client.openStamps()
		if err != nil {
			t.Fatal(err)
		}
		digest := c.Digest()
		c.Timestamp = a.Token(t, digest[:])
		j := &checkpointJudge{key: key.Public(), authorities: trusted, now: stamp.Add(x.now)}
		j.take(c)
		if got := strings.Join(j.problems, "\n"); x.want == "" && got != "" || !strings.Contains(got, x.want) {
			t.Errorf("signed %v after it: got %q, want %q", x.signed, got, x.want)
		}
	}
}

// TestTSAConfiguration: what no time stamps could be had with is refused at the start.
func TestTSAConfiguration(t *testing.T) {
	t.Parallel()
	with := func(change func(*AuditConfig)) error {
		c := defaults()
		c.Audit.TSA, c.Audit.Key, c.Audit.TSATrusted = "http://tsa.example.org", "key.pem", "tsa.pem"
		change(&c.Audit)
		return c.check()
	}
	for name, x := range map[string]struct {
		change func(*AuditConfig)
		want   string
	}{
		"good":       {func(*AuditConfig) {}, ""},
		"https":      {func(a *AuditConfig) { a.TSA = "https://tsa.example.org/stamp" }, ""},
		"none":       {func(a *AuditConfig) { a.TSA, a.Key, a.TSATrusted = "", "", "" }, ""},
		"no scheme":  {func(a *AuditConfig) { a.TSA = "tsa.example.org" }, "audit.tsa: expected the http or https URL"},
		"ftp":        {func(a *AuditConfig) { a.TSA = "ftp://tsa.example.org" }, "audit.tsa: expected the http or https URL"},
		"no key":     {func(a *AuditConfig) { a.Key = "" }, "expected audit.key and audit.tsatrusted"},
		"nobody":     {func(a *AuditConfig) { a.TSATrusted = "" }, "expected audit.key and audit.tsatrusted"},
		"no timeout": {func(a *AuditConfig) { a.TSATimeout = 0 }, "tsatimeout"},
		"no retry":   {func(a *AuditConfig) { a.TSARetry = -1 }, "tsaretry"},
	} {
		if err := with(x.change); x.want == "" && err != nil || x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: got %v, want %q", name, err, x.want)
		}
	}
	c := defaults()
	for _, x := range []struct{ file, policy string }{{"absent.pem", ""}, {"empty.pem", ""}, {"ca.pem", "no OID"}} {
		dir := t.TempDir()
		_ = os.WriteFile(filepath.Join(dir, "empty.pem"), nil, 0o600)
		_ = os.WriteFile(filepath.Join(dir, "ca.pem"), tsatest.New(t, nil).CAFile(), 0o600)
		c.Audit.TSATrusted, c.Audit.TSAPolicy = filepath.Join(dir, x.file), x.policy
		if _, err := c.openStamps(); err == nil || !strings.Contains(err.Error(), "audit.tsatrusted") {
			t.Errorf("%s: got %v", x.file, err)
		}
	}
}
