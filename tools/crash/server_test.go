//go:build linux

package crash

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var (
	kills = flag.Int("kills", 10, "how often TestKill kills the server")
	seed  = flag.Uint64("seed", 0, "seed of TestKill; 0 is a new one")
	onDir = flag.String("dir", "", "folder for the data; default is memory where there is such a file system")
	every = flag.Bool("every", false, "also what takes minutes: an error at every fsync, by strace")
)

// binaries builds each form of the program once.
type binaries struct {
	dir  string
	once [2]sync.Once
	err  [2]error
}

var built binaries

func TestMain(m *testing.M) {
	flag.Parse()
	dir, err := os.MkdirTemp("", "dossier-crash-*")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	built.dir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// program is the path of the binary, with fail-points or as it is shipped.
func program(t testing.TB, failpoints bool) string {
	t.Helper()
	i, name, tags := 0, "dossier", ""
	if failpoints {
		i, name, tags = 1, "dossier-failpoint", "failpoint"
	}
	path := filepath.Join(built.dir, name)
	built.once[i].Do(func() {
		cmd := exec.Command("go", "build", "-tags", tags, "-o", path, "dossier/cmd/dossier")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			built.err[i] = fmt.Errorf("go build: %w\n%s", err, out)
		}
	})
	if built.err[i] != nil {
		t.Fatal(built.err[i])
	}
	return path
}

// memoryDir is a folder in memory where there is one: SIGKILL leaves the page cache alone, so the disk proves nothing that
// memory does not, and costs ten times as much.
func memoryDir(t testing.TB) string {
	t.Helper()
	parent := "/dev/shm"
	if *onDir != "" {
		parent = *onDir
	}
	dir, err := os.MkdirTemp(parent, "dossier-crash-*")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// environ is the environment without configuration of its own, and with this.
func environ(variables ...string) []string {
	var out []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "DOSSIER_") {
			out = append(out, e)
		}
	}
	// A domain of its own has no demo patients: whoever is there was fed.
	return append(append(out, "DOSSIER_DOMAIN_OID="+domain, "DOSSIER_REPOSITORY_ID="+repositoryID, "DOSSIER_AUDIT_SEARCH=loopback"), variables...)
}

// server is one process of dossier serve.
type server struct {
	cmd                  *exec.Cmd
	http, mllp, adminURL string
	log                  *buffer
	ended                chan struct{} // closed when the process is gone
	err                  error         // of Wait
}

// buffer is written by the process while the test reads.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var addresses = regexp.MustCompile(`(?s)http://([^/]+)/xds/repository.*mllp://(\S+).*(http://[^/]+)/metrics`)

// start runs the server and waits for its banner. wrap is put before the command line, such as strace.
func start(t testing.TB, path, data string, variables []string, wrap ...string) *server {
	t.Helper()
	line := append(wrap, path, "serve", "--data", data, "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	s := &server{cmd: exec.Command(line[0], line[1:]...), log: &buffer{}, ended: make(chan struct{})}
	s.cmd.Env, s.cmd.Stderr = environ(variables...), s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.launch(t)
	return s
}

func (s *server) launch(t testing.TB) {
	t.Helper()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var banner []byte
	for buf := make([]byte, 4096); !bytes.Contains(banner, []byte("try:")); {
		n, err := out.Read(buf)
		banner = append(banner, buf[:n]...)
		if err != nil {
			waited := s.cmd.Wait()
			t.Fatalf("the server did not start: %v %v\n%s%s", err, waited, banner, s.log)
		}
	}
	m := addresses.FindSubmatch(banner)
	if m == nil {
		t.Fatalf("no addresses in the banner:\n%s", banner)
	}
	s.http, s.mllp, s.adminURL = string(m[1]), string(m[2]), string(m[3])
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.err = s.cmd.Wait()
		close(s.ended)
	}()
	t.Cleanup(func() { s.kill() })
}

// kill ends the process as a power switch would and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}

// stop ends it in order.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-s.ended
	if s.err != nil {
		t.Errorf("the server ended with %v\n%s", s.err, s.log)
	}
}

// died waits for a process that was to kill itself.
func (s *server) died(wait time.Duration) bool {
	select {
	case <-s.ended:
	case <-time.After(wait):
		return false
	}
	var exit *exec.ExitError
	return errors.As(s.err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// run runs another command of the program on the data folder.
func run(t testing.TB, path, data string, variables []string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(path, append(args, "--data", data)...)
	cmd.Env = environ(variables...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("dossier %q: %w\n%s%s", args, err, out, stderr.Bytes())
	}
	return string(out), err
}

// report is what the test reads of dossier verify --json.
type report struct {
	Documents, Blobs, Unreferenced, Damaged, LeftOver int
	Findings                                          []struct{ Severity, Part, ID, Problem string }
}

// clean sweeps and wants nothing left over, then nothing found by verify, and as many blob files as verify counts. It
// returns the number of blobs that were swept and the number of findings.
func clean(t testing.TB, path, data string) (swept, findings int) {
	t.Helper()
	swept = sweep(t, path, data)
	out, err := run(t, path, data, nil, "verify", "--json")
	var r report
	if jsonErr := json.Unmarshal([]byte(out), &r); jsonErr != nil {
		t.Fatalf("verify: %v %v", err, jsonErr)
	}
	for _, f := range r.Findings {
		t.Errorf("verify found: %+v", f)
	}
	if n := blobFiles(t, data); n != r.Blobs {
		t.Errorf("%d blob files, but verify counts %d", n, r.Blobs)
	}
	return swept, len(r.Findings)
}

var removed = regexp.MustCompile(`(\d+) removed`)

// sweep runs dossier sweep and returns how many blobs it removed.
func sweep(t testing.TB, path, data string) (n int) {
	t.Helper()
	out, err := run(t, path, data, nil, "sweep")
	if err != nil {
		t.Fatal(err)
	}
	m := removed.FindStringSubmatch(out)
	if m == nil {
		t.Fatalf("sweep printed %q", out)
	}
	_, _ = fmt.Sscan(m[1], &n)
	return n
}

// blobFiles counts the stored documents on the disk.
func blobFiles(t testing.TB, data string) (n int) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(data, "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && len(d.Name()) == 64 {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func newRand(seed, stream uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, stream)) }

// runStderr runs a command that must succeed and returns its standard error.
func runStderr(t testing.TB, path, data string, variables []string, args ...string) string {
	t.Helper()
	cmd := exec.Command(path, append(args, "--data", data)...)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stderr = environ(variables...), &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("dossier %q: %v\n%s", args, err, stderr.Bytes())
	}
	return stderr.String()
}

// runKilled runs a command that must die of SIGKILL.
func runKilled(t testing.TB, path, data string, variables []string, args ...string) {
	t.Helper()
	cmd := exec.Command(path, append(args, "--data", data)...)
	cmd.Env = environ(variables...)
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("%q dossier %q ended with %v, want SIGKILL", variables, args, err)
	}
}
