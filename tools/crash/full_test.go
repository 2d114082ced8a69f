//go:build linux

package crash

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"dossier/xds"
)

// insideVariable makes this test binary the one that runs in a mount namespace of its own, with the program it names.
const insideVariable = "CRASH_TEST_PROGRAM"

// TestDiskFull fills the volume: what does not fit is refused with the code for it, reading is refused because it cannot be
// recorded, and when there is room again everything works without a restart.
func TestDiskFull(t *testing.T) {
	if path := os.Getenv(insideVariable); path != "" {
		diskFull(t, path)
		return
	}
	t.Parallel()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), insideVariable+"="+program(t, false))
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // root in a user namespace may mount
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &exit):
		t.Skipf("skipped: no mount namespace of our own: %v", err)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("skipped: %s", out)
	case err != nil || !strings.Contains(string(out), "--- PASS: TestDiskFull"):
		t.Errorf("%v\n%s", err, out)
	}
}

// volume is a small file system in memory.
type volume struct{ dir string }

func mount(t *testing.T) volume {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("dossier", dir, "tmpfs", 0, "size=8m,mode=700"); err != nil {
		t.Skipf("no tmpfs: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return volume{dir}
}

// fill leaves that many bytes.
func (v volume) fill(t *testing.T, left int64) {
	t.Helper()
	f, err := os.Create(filepath.Join(v.dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	var size int64
	for {
		n, err := f.Write(page)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(max(size-left, 0)); err != nil {
		t.Fatal(err)
	}
}

func (v volume) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(filepath.Join(v.dir, "filler")); err != nil {
		t.Fatal(err)
	}
}

func diskFull(t *testing.T, path string) {
	v := mount(t)
	data := filepath.Join(v.dir, "data")
	n := &tally{}
	c := newClient("F", newRand(1, 1))
	s := start(t, path, data, nil)
	w := connect(s)
	defer w.close()
	if !c.both(w) {
		t.Fatal(c.refusals)
	}
	v.fill(t, 100<<10)
	c.wantRefused(t, "a document above the space that is left", "XDSRepositoryOutOfResources", func() { c.sized(w, 300_000) })
	v.fill(t, 0)
	c.wantRefused(t, "a document without any space", "XDSRepositoryOutOfResources", func() { c.sized(w, 1) })
	c.wantRefused(t, "metadata without any space", "XDSRegistryOutOfResources", func() { c.register(w, c.a, 300) })
	if status, text, err := s.ready(); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("readiness of a full server: %d %q %v; want 503, for it cannot record what it does", status, text, err)
	}
	v.empty(t)
	if status, text, err := s.ready(); err != nil || status != http.StatusOK {
		t.Errorf("readiness with space again: %d %q %v", status, text, err)
	}
	n.compare(t, w, c)
	if !c.sized(w, 300_000) || !c.register(w, c.a, 300) || !c.merge(w) {
		t.Errorf("with space again: %v", c.refusals)
	}
	n.compare(t, w, c)
	s.kill()
	clean(t, path, data)
	if blobs := blobFiles(t, data); blobs != 3 {
		t.Errorf("%d blobs after the sweep, want those of 3 documents", blobs)
	}
	s = start(t, path, data, nil)
	n.check(t, s, []*client{c})
	s.stop(t)
}

// sized submits one document of that size.
func (c *client) sized(w *wire, size int) bool { return c.give(w, randomBytes(c.rng, size)) }

// give submits this content as one document.
func (c *client) give(w *wire, content []byte) bool {
	m, s := c.submission(c.a, 1, true)
	e := &s.entries[0]
	e.content = content
	m.DocumentEntries[0].Size, m.DocumentEntries[0].Hash = int64(len(content)), hashOf(content)
	s.acknowledged = c.outcome(w.provide(m, [][]byte{e.content}))
	return s.acknowledged
}

// wantRefused wants one refusal with that code, and forgets it.
func (c *client) wantRefused(t *testing.T, what string, code xds.ErrorCode, do func()) {
	t.Helper()
	do()
	if len(c.refusals) != 1 || !strings.Contains(c.refusals[0].Error(), string(code)+": ") {
		t.Errorf("%s: got %v and %d unanswered, want %s", what, c.refusals, c.unanswered, code)
	}
	for _, leak := range []string{"SQL", "sqlite", "/", "disk"} {
		for _, err := range c.refusals {
			if _, context, _ := strings.Cut(err.Error(), ": "); strings.Contains(context, leak) {
				t.Errorf("%s: the answer shows %q: %v", what, leak, err)
			}
		}
	}
	c.refusals = nil
}

// TestFileSizeLimit does the same where nothing can be mounted: the process may not make files longer than a limit.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	path, data := program(t, false), memoryDir(t)
	n := &tally{}
	c := newClient("L", newRand(2, 1))
	s := start(t, path, data, nil)
	w := connect(s)
	defer w.close()
	if !c.both(w) {
		t.Fatal(c.refusals)
	}
	limitFiles(t, s.cmd.Process.Pid, 2_000_000)
	c.wantRefused(t, "a document above the limit", "XDSRepositoryOutOfResources", func() { c.sized(w, 3_000_000) })
	if !c.sized(w, 1000) {
		t.Errorf("a document below the limit: %v", c.refusals)
	}
	limitFiles(t, s.cmd.Process.Pid, 1) // the log of the database too
	c.wantRefused(t, "metadata", "XDSRegistryError", func() { c.register(w, c.a, 300) })
	limitFiles(t, s.cmd.Process.Pid, 1<<40)
	if !c.sized(w, 3_000_000) || !c.register(w, c.a, 300) {
		t.Errorf("without the limit: %v\n%s", c.refusals, s.log)
	}
	n.compare(t, w, c)
	s.kill()
	clean(t, path, data)
	if blobs := blobFiles(t, data); blobs != 4 {
		t.Errorf("%d blobs after the sweep, want those of 4 documents", blobs)
	}
}

// limitFiles is prlimit(RLIMIT_FSIZE): the soft limit of another process of the same user.
func limitFiles(t *testing.T, pid int, size uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: size, Max: ^uint64(0)}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); errno != 0 {
		t.Skipf("skipped: prlimit: %v", errno)
	}
}
