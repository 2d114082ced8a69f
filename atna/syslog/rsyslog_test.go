package syslog

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
)

// rsyslogConfig demands client certificates and writes every message as it came, one line each.
const rsyslogConfig = `
global(workDirectory="%[1]s" maxMessageSize="64k" parser.escapeControlCharactersOnReceive="off"
  DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="%[2]s" DefaultNetstreamDriverCertFile="%[3]s" DefaultNetstreamDriverKeyFile="%[4]s")
module(load="imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid" gnutlsPriorityString="NORMAL:-VERS-ALL:+VERS-TLS1.%[5]d")
input(type="imtcp" address="127.0.0.1" port="%[6]d")
template(name="raw" type="string" string="%%rawmsg%%\n")
action(type="omfile" file="%[1]s/messages" template="raw")
`

// rsyslog is a real receiver (Debian: rsyslog, rsyslog-gnutls).
type rsyslog struct {
	t    testing.TB
	dir  string
	addr string
	cmd  *exec.Cmd
	log  bytes.Buffer
}

func newRsyslog(t testing.TB, f atna.Files, tlsMinor int) *rsyslog {
	t.Helper()
	if _, err := exec.LookPath("rsyslogd"); err != nil {
		t.Skip("no rsyslogd on PATH (Debian: rsyslog-gnutls): delivery to a foreign receiver is not tested")
	}
	if found, _ := filepath.Glob("/usr/lib/*/rsyslog/lmnsd_gtls.so"); len(found) == 0 {
		t.Skip("no GnuTLS driver of rsyslog (Debian: rsyslog-gnutls): delivery to a foreign receiver is not tested")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	ln.Close()
	r := &rsyslog{t: t, dir: t.TempDir(), addr: ln.Addr().String()}
	config := fmt.Sprintf(rsyslogConfig, r.dir, f.Trusted, f.Certificate, f.Key, tlsMinor, port)
	if err := os.WriteFile(filepath.Join(r.dir, "rsyslog.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kill)
	return r
}

func (r *rsyslog) start() {
	r.t.Helper()
	r.cmd = exec.Command("rsyslogd", "-n", "-f", filepath.Join(r.dir, "rsyslog.conf"), "-i", filepath.Join(r.dir, "pid"))
	r.cmd.Stderr, r.cmd.Stdout = &r.log, &r.log
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if c, err := net.Dial("tcp", r.addr); err == nil {
			c.Close()
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.t.Fatalf("rsyslogd does not listen:\n%s", r.log.String())
}

// kill is SIGKILL.
func (r *rsyslog) kill() {
	if r.cmd != nil {
		_ = r.cmd.Process.Kill()
		_ = r.cmd.Wait()
		r.cmd = nil
		os.Remove(filepath.Join(r.dir, "pid"))
	}
}

// numbers are those of the messages on disk, in order, without repetitions of what came before.
func (r *rsyslog) numbers() (distinct []int, repeated int) {
	b, _ := os.ReadFile(filepath.Join(r.dir, "messages"))
	seen := map[int]bool{}
	for line := range strings.Lines(string(b)) {
		_, rest, ok := strings.Cut(line, "n='")
		var n int
		if _, err := fmt.Sscanf(rest, "%d'", &n); !ok || err != nil {
			continue
		}
		if seen[n] {
			repeated++
			continue
		}
		seen[n] = true
		distinct = append(distinct, n)
	}
	return distinct, repeated
}

// waitFor waits until so many distinct messages are on disk.
func (r *rsyslog) waitFor(n int) (distinct []int, repeated int) {
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if distinct, repeated = r.numbers(); len(distinct) >= n || time.Now().After(deadline) {
			return distinct, repeated
		}
	}
}

// TestRsyslog: everything arrives in order, also when the receiver is killed and started again in the middle. In order means
// that each message stands behind those before it when it comes for the first time.
func TestRsyslog(t *testing.T) {
	t.Parallel()
	for _, minor := range []int{2, 3} {
		t.Run(fmt.Sprintf("TLS 1.%d", minor), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := newRsyslog(t, w.files(w.ca), minor)
			r.start()
			const count, size = 600, 50
			f := &forwarding{client: w.client(r.addr, w.ca, []uint16{tls.VersionTLS12, tls.VersionTLS13}[minor-2]), count: count}
			f.start(t, size)
			for _, n := range []int64{200, 400} { // right behind a delivery, with a part of it in its memory perhaps
				f.waitSent(t, n)
				r.kill()
				r.start()
			}
			f.waitCertain(t, count)
			got, repeated := r.waitFor(count)
			if len(got) != count {
				t.Errorf("%d of %d messages arrived (%d repeated)\n%s", len(got), count, repeated, r.log.String())
			}
			for i, n := range got {
				if n != i {
					t.Fatalf("message %d stands where %d belongs", n, i)
				}
			}
			t.Logf("%d messages, %d of them repeated", count, repeated)
		})
	}
}

// TestRsyslogRefuses: with a certificate that it does not trust, nothing counts as delivered.
func TestRsyslogRefuses(t *testing.T) {
	t.Parallel()
	for _, minor := range []int{2, 3} {
		w := newWorld(t)
		r := newRsyslog(t, w.files(w.ca), minor)
		r.start()
		other, err := pki.NewAuthority("other", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		c := w.client(r.addr, other, []uint16{tls.VersionTLS12, tls.VersionTLS13}[minor-2])
		for range 5 {
			if err := c.Send(t.Context(), batch(0, 10)); err == nil {
				t.Errorf("TLS 1.%d: delivered with a refused certificate", minor)
			}
		}
		if got, _ := r.numbers(); len(got) > 0 {
			t.Errorf("received %v", got)
		}
	}
}
