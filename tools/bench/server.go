package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// server is a dossier process on free ports of the loopback interface.
type server struct {
	registry, repository string // URLs
	mllp                 string // host:port
	admin                string // URL
	data                 string // its folder
	child
}

// child is a process that ends when it is told to.
type child struct {
	cmd  *exec.Cmd
	done chan error
}

// pid names the process in /proc.
func (c *child) pid() int { return c.cmd.Process.Pid }

// stop asks the process to end and waits, half a minute at most.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-time.After(30 * time.Second):
		_ = c.cmd.Process.Kill()
		return fmt.Errorf("%s did not end within 30 s: %w", filepath.Base(c.cmd.Path), <-c.done)
	}
}

// startLimit is how long a process may take until it says that it is ready.
const startLimit = time.Minute

// launch starts cmd and returns what the first lines of its output say: ready is called with all of them after each, until
// it returns true.
func launch(ctx context.Context, cmd *exec.Cmd, ready func(output string) bool) (*child, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = in
	err = cmd.Start()
	in.Close() // the process has its own; with this one open its end would not be seen
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	c := &child{cmd: cmd, done: make(chan error, 1)}
	go func() { c.done <- cmd.Wait() }()
	said := make(chan bool, 1)
	go func() {
		defer out.Close()
		var all strings.Builder
		for lines := bufio.NewScanner(out); lines.Scan(); {
			all.WriteString(lines.Text() + "\n")
			if ready(all.String()) {
				said <- true
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // until the process ends
		close(said)
	}()
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	select {
	case ok := <-said:
		if ok {
			return c, nil
		}
		return nil, fmt.Errorf("%s ended before it was ready: %w", filepath.Base(cmd.Path), errors.Join(<-c.done, os.ErrProcessDone))
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("%s is not ready: %w", filepath.Base(cmd.Path), ctx.Err()), c.stop())
	}
}

var (
	repositoryURL = regexp.MustCompile(`POST (https?://\S+/xds/repository)`)
	registryURL   = regexp.MustCompile(`POST (https?://\S+/xds/registry)`)
	adminURL      = regexp.MustCompile(`(https?://\S+)/metrics`)
	mllpAddress   = regexp.MustCompile(`mllps?://(\S+)`)
)

// start runs a server with its data in that folder, new or not. Its log goes to a file beside it, as an operator's would.
func (b *bench) start(ctx context.Context, data string) (*server, error) {
	return b.startOn(ctx, data, "")
}

// startOn is start with the database at the URL; none is SQLite in the folder.
func (b *bench) startOn(ctx context.Context, data, database string) (*server, error) {
	return b.startAs(ctx, data, setup{binary: b.binary, database: database, configuration: b.configuration()})
}

// setup is what one server has of its own.
type setup struct{ binary, database, configuration string }

func (b *bench) startAs(ctx context.Context, data string, as setup) (*server, error) {
	config := data + ".yaml"
	if err := os.WriteFile(config, []byte(as.configuration), 0o600); err != nil {
		return nil, err
	}
	log, err := os.OpenFile(data+".log", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(as.binary, "serve", "--config", config, "--data", data,
		"--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--database", as.database)
	cmd.Env, cmd.Stderr = withoutSettings(os.Environ()), log
	s := &server{data: data}
	c, err := launch(ctx, cmd, func(banner string) bool {
		repository, registry := repositoryURL.FindStringSubmatch(banner), registryURL.FindStringSubmatch(banner)
		mllp, admin := mllpAddress.FindStringSubmatch(banner), adminURL.FindStringSubmatch(banner)
		if repository == nil || registry == nil || mllp == nil || admin == nil {
			return false
		}
		s.repository, s.registry, s.mllp, s.admin = repository[1], registry[1], mllp[1], admin[1]
		return true
	})
	if err != nil {
		text, _ := os.ReadFile(data + ".log")
		return nil, fmt.Errorf("%w\n%s", err, text[max(0, len(text)-2000):])
	}
	s.child = *c
	return s, nil
}

// withoutSettings keeps a configuration in the environment from changing what is measured.
func withoutSettings(environ []string) []string {
	var out []string
	for _, e := range environ {
		if !strings.HasPrefix(e, "DOSSIER_") {
			out = append(out, e)
		}
	}
	return out
}

// configuration makes all patients of the run known.
func (b *bench) configuration() string {
	var s strings.Builder
	s.WriteString("domain:\n  patients:\n")
	for group, n := range b.groups() {
		for i := range n {
			fmt.Fprintf(&s, "    - %s\n", patientID(group, i))
		}
	}
	return s.String()
}
