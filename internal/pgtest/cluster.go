package pgtest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Cluster is a running PostgreSQL server with its data folder.
type Cluster struct {
	bin      string // folder of the server binaries
	dir      string
	as       *syscall.Credential // nil for the user of the tests
	port     int
	password string
	durable  bool
	guard    *exec.Cmd
	alive    io.Closer // the guard acts when this is closed
}

// errMissing is wrapped by the reasons to skip.
var errMissing = errors.New("skipped: no PostgreSQL")

// New starts a cluster for this test alone, which it may stop and start. It keeps its promises to the disk: fsync is on.
func New(t testing.TB) *Cluster {
	t.Helper()
	c, err := create(true)
	if errors.Is(err, errMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.remove(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return c
}

// tools finds the folder of the server binaries: that of initdb on PATH, else Debian's newest.
func tools() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if complete(filepath.Dir(path)) {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is right
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range found {
		if complete(dir) {
			return dir, nil
		}
	}
	return "", fmt.Errorf("%w: initdb, pg_ctl and postgres are neither on PATH nor in /usr/lib/postgresql (Debian: apt-get install postgresql)", errMissing)
}

func complete(dir string) bool {
	for _, name := range []string{"initdb", "pg_ctl", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return false
		}
	}
	return true
}

func version(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 for a folder of another form
	return n
}

// credential is whom the server runs as when the tests run as root.
func credential() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err1 == nil && err2 == nil {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
		}
	}
	return nil, fmt.Errorf("%w: the tests run as root and there is neither a user postgres nor nobody to run it as", errMissing)
}

func create(durable bool) (*Cluster, error) {
	c := &Cluster{password: rand.Text(), durable: durable}
	var err error
	if c.bin, err = tools(); err != nil {
		return nil, err
	}
	if c.as, err = credential(); err != nil {
		return nil, err
	}
	if err := c.folder(); err != nil {
		return nil, fmt.Errorf("pgtest: %w", err)
	}
	if err := c.watch(); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: %w", err), os.RemoveAll(c.dir))
	}
	if err := c.initialise(); err != nil {
		return nil, errors.Join(fmt.Errorf("pgtest: %w", err), c.remove())
	}
	for range 5 { // another process may take the port first
		if c.port, err = freePort(); err == nil {
			if err = c.Start(); err == nil {
				return c, nil
			}
		}
	}
	return nil, errors.Join(err, c.remove())
}

// folder makes a folder that only the server's user can read.
func (c *Cluster) folder() (err error) {
	if c.dir, err = os.MkdirTemp("", "dossier-pg-"); err != nil {
		return err
	}
	if c.as != nil {
		err = os.Chown(c.dir, int(c.as.Uid), int(c.as.Gid))
	}
	return err
}

// watch starts the guard: a shell that waits until this process closes its end of a pipe, which the kernel does at the
// latest when the process ends, then stops the server and removes the folder.
func (c *Cluster) watch() error {
	c.guard = c.command("/bin/sh", "-c", `cat >/dev/null
"$0"/pg_ctl stop -D "$1"/data -m immediate -w >/dev/null 2>&1
rm -rf "$1"`, c.bin, c.dir)
	c.guard.SysProcAttr.Setsid = true // an interrupt at the terminal is for the tests alone
	pipe, err := c.guard.StdinPipe()
	if err != nil {
		return err
	}
	c.alive = pipe
	return c.guard.Start()
}

func (c *Cluster) remove() error {
	return errors.Join(c.alive.Close(), c.guard.Wait())
}

// command is a command as the server's user. It inherits no output of the tests: go test would wait for its end.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + c.bin + ":/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as}
	return cmd
}

// initialise makes the data folder. Its default collation is that of a language where the server can do so: what must
// compare by bytes has to say so itself.
func (c *Cluster) initialise() error {
	password := filepath.Join(c.dir, "password")
	err := os.WriteFile(password, []byte(c.password+"\n"), 0o600)
	if err == nil && c.as != nil {
		err = os.Chown(password, int(c.as.Uid), int(c.as.Gid))
	}
	if err != nil {
		return err
	}
	args := []string{"-D", filepath.Join(c.dir, "data"), "-U", "dossier", "-A", "password", "--pwfile=" + password, "-k", "-E", "UTF8", "--no-sync", "--locale=C"}
	run := func(more ...string) error {
		if out, err := c.command(filepath.Join(c.bin, "initdb"), append(args, more...)...).CombinedOutput(); err != nil {
			return fmt.Errorf("initdb: %w\n%s", err, out)
		}
		return nil
	}
	if run("--locale-provider=icu", "--icu-locale=en-US") == nil {
		return nil
	}
	return run()
}

// Start starts the server and waits until it answers.
func (c *Cluster) Start() error {
	// fsync matters when the machine loses power, which no test does to it: a killed server has written what it
	// acknowledged to the kernel. Without it a database for each of some hundred tests is quick to make.
	options := fmt.Sprintf("-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=%v -c max_connections=400 "+
		"-c shared_buffers=64MB -c log_line_prefix='%%m [%%p] '", c.port, c.durable)
	return c.control("start", "-l", filepath.Join(c.dir, "log"), "-o", options)
}

// Stop modes of pg_ctl.
const (
	Fast      = "fast"      // transactions are rolled back, clients disconnected
	Immediate = "immediate" // like a crash
)

// Stop stops the server and waits until it is gone.
func (c *Cluster) Stop(mode string) error { return c.control("stop", "-m", mode) }

// Restart stops the server and starts it on the same port.
func (c *Cluster) Restart(mode string) error {
	if err := c.Stop(mode); err != nil {
		return err
	}
	return c.Start()
}

func (c *Cluster) control(action string, args ...string) error {
	cmd := c.command(filepath.Join(c.bin, "pg_ctl"), append([]string{action, "-D", filepath.Join(c.dir, "data"), "-w", "-s"}, args...)...)
	// The server keeps the output open, so that a pipe would never end.
	out, err := os.CreateTemp("", "pgtest-")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
		return fmt.Errorf("pg_ctl %s: %w\n%s%s", action, err, text, log[max(0, len(log)-2000):])
	}
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Port is where the server listens on 127.0.0.1.
func (c *Cluster) Port() int { return c.port }

// Password is that of the user dossier.
func (c *Cluster) Password() string { return c.password }

// timeout of administrative statements.
const timeout = time.Minute
