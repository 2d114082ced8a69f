//go:build linux

package crash

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"dossier/xds"
)

// TestSyscallErrors lets system calls of the running server fail, by strace. After an fsync that failed nothing may be
// acknowledged on the volume until a restart, whatever a later fsync says; what is merely full goes on when there is space.
func TestSyscallErrors(t *testing.T) {
	if !*every {
		t.Skip("skipped: part of make crash")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("skipped: strace is not there")
	}
	t.Parallel()
	content := []byte("some document")
	sum := sha256.Sum256(content)
	provide := func(c *client, w *wire) { c.give(w, content) }
	register := func(c *client, w *wire) { c.register(w, c.a, 2) }
	for name, x := range map[string]struct {
		inject string
		path   string // of the file whose calls fail, below the data folder; "" is all files
		do     func(c *client, w *wire)
		code   xds.ErrorCode
		lasts  string // which store takes no more writes; "" when it goes on
	}{
		"fsync of a document":         {"fsync:error=EIO", "", provide, "XDSRepositoryError", "document store"},
		"fsync of a folder":           {"fsync:error=EIO", "FOLDER", provide, "XDSRepositoryError", "document store"},
		"fsync at a commit of ITI-41": {"fsync,fdatasync:error=EIO", "dossier.db-wal", provide, "XDSRepositoryError", "database"},
		"fsync at a commit of ITI-42": {"fsync,fdatasync:error=EIO", "dossier.db-wal", register, "XDSRegistryError", "database"},
		// The document alone would do no lasting harm, but the event of its refusal cannot be made durable either.
		"no space at fsync":         {"fsync:error=ENOSPC", "", provide, "XDSRepositoryOutOfResources", "database"},
		"over quota at fsync":       {"fsync:error=EDQUOT", "", provide, "XDSRepositoryOutOfResources", "database"},
		"no space for metadata":     {"pwrite64:error=ENOSPC", "dossier.db-wal", register, "XDSRegistryOutOfResources", ""},
		"a write of metadata fails": {"pwrite64:error=EIO", "dossier.db-wal", register, "XDSRegistryError", ""},
		"rename":                    {"renameat,renameat2,rename:error=EIO", "", provide, "XDSRepositoryError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, data := program(t, false), memoryDir(t)
			n, c := &tally{}, newClient("S", newRand(7, 7))
			s := start(t, path, data, nil)
			w := connect(s)
			defer w.close()
			if !c.both(w) {
				t.Fatal(c.refusals)
			}
			file := x.path
			if file == "FOLDER" {
				file = filepath.Join("blobs", fmt.Sprintf("%02x", sum[0]), fmt.Sprintf("%02x", sum[1]))
				if err := os.MkdirAll(filepath.Join(data, file), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			detach := attach(t, s, x.inject, filepath.Join(data, file), file != "")
			x.do(c, w)
			detach()
			if len(c.refusals) != 1 || !strings.Contains(c.refusals[0].Error(), string(x.code)+": ") {
				t.Fatalf("got %v and %d unanswered, want %s", c.refusals, c.unanswered, x.code)
			}
			c.refusals = nil
			status, text, err := s.ready()
			if err != nil {
				t.Fatal(err)
			}
			if x.lasts == "" {
				if status != http.StatusOK || !c.sized(w, 5000) || !c.register(w, c.a, 2) {
					t.Errorf("after the fault: %d %s, %v; want it to go on", status, text, c.refusals)
				}
			} else {
				if status != http.StatusServiceUnavailable || !strings.Contains(text, x.lasts+" failed") || !strings.Contains(s.log.String(), "fsync of") {
					t.Errorf("readiness: %d %q, want 503 and what failed\n%s", status, text, s.log)
				}
				c.wantRefused(t, "ITI-41 after a failed fsync", "XDSRepositoryError", func() { c.sized(w, 100) })
				c.wantRefused(t, "ITI-42 after a failed fsync", "XDSRegistryError", func() { c.register(w, c.a, 1) })
			}
			if x.lasts == "" {
				n.compare(t, w, c)
			} else if _, err := w.getAll(c.a); !isRefusal(err) || !strings.Contains(err.Error(), "XDSRegistryError") {
				t.Errorf("ITI-18 after a failed fsync: got %v, want XDSRegistryError: what cannot be recorded is not shown", err)
			}
			s.kill()
			// What was refused because its commit could not be made durable may have become so: as a whole.
			again := start(t, path, data, nil)
			n.check(t, again, []*client{c})
			again.kill()
			clean(t, path, data)
			again = start(t, path, data, nil)
			n.check(t, again, []*client{c})
			v := connect(again)
			defer v.close()
			if !c.sized(v, 100) || !c.register(v, c.a, 1) {
				t.Errorf("after the restart: %v", c.refusals)
			}
			again.kill()
		})
	}
}

// attach makes calls of the server fail, those on path only if so asked, and returns what ends that.
func attach(t *testing.T, s *server, inject, path string, only bool) (detach func()) {
	t.Helper()
	calls, _, _ := strings.Cut(inject, ":")
	args := []string{"-f", "-p", fmt.Sprint(s.cmd.Process.Pid), "-e", "trace=" + calls, "-e", "inject=" + inject}
	if only {
		args = append(args, "-P", path)
	}
	cmd := exec.Command("strace", args...)
	log := &buffer{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3000 {
		if strings.Contains(log.String(), "attached") && traced(t, s.cmd.Process.Pid) {
			return func() {
				_ = cmd.Process.Signal(syscall.SIGINT)
				_ = cmd.Wait()
				if !strings.Contains(log.String(), "(INJECTED)") {
					t.Errorf("no call failed:\n%s", log)
				}
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Skipf("skipped: strace cannot attach: %s", log)
	return nil
}

// traced tells whether every thread has a tracer.
func traced(t *testing.T, pid int) bool {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range tasks {
		if b, err := os.ReadFile(name); err == nil && strings.Contains(string(b), "TracerPid:\t0\n") {
			return false
		}
	}
	return len(tasks) > 0
}
