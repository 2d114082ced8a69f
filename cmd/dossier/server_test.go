package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"dossier/soap"
)

// testServer is a whole server on free ports of the loopback interface, with a clock that stands still and counted ids.
type testServer struct {
	node *node
	log  *syncBuffer
	listeners
	stop func() error
}

// syncBuffer is a log that the server writes while the test reads.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write appends.
func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// String copies what is there.
func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// testConfig is the default configuration on free ports with a folder of the test's own.
func testConfig(t testing.TB) *Config {
	c := defaults()
	c.Data = fastFolder(t)
	c.HTTP, c.MLLP, c.Admin = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	c.Audit.Host = "dossier.example.org"
	return &c
}

// goldenConfig is testConfig with the patient identification domains that the recorded exchanges use.
func goldenConfig(t testing.TB) *Config { return withDomains(testConfig(t)) }

func withDomains(c *Config) *Config {
	c.PIX.Domains = []PIXDomainConfig{
		{OID: "2.999.2.1", Namespace: "HOSP-A"},
		{OID: "2.999.2.2", Namespace: "HOSP-B", Sources: []string{"ADT2|CLINIC", "MPI", "2.999.9.1"}},
		{OID: "2.999.3.1", Namespace: "NAT", National: true, Check: "luxembourg"},
	}
	return c
}

// testWorld counts ids and stops the clock.
func testWorld() world {
	var mu sync.Mutex
	n := 0
	return world{
		pid: "4711",
		newID: func() string {
			mu.Lock()
			defer mu.Unlock()
			n++
			return fmt.Sprintf("%08x-0000-4000-8000-%012x", n, n)
		},
		now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
}

func startServer(t testing.TB, c *Config, w world) *testServer {
	t.Helper()
	return startChanged(t, c, w, func(*node) {})
}

// startChanged starts a server that a test breaks first.
func startChanged(t testing.TB, c *Config, w world, change func(*node)) *testServer {
	t.Helper()
	return startOn(t, c, w, change, func(*listeners) {})
}

// startOn starts a server on listeners that a test changes first.
func startOn(t testing.TB, c *Config, w world, change func(*node), open func(*listeners)) *testServer {
	t.Helper()
	s := &testServer{log: &syncBuffer{}}
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	if s.node, err = newNode(t.Context(), c, log, w); err != nil {
		t.Fatal(err)
	}
	change(s.node)
	if s.listeners, err = s.node.listen(); err != nil {
		t.Fatal(err)
	}
	open(&s.listeners)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.node.run(ctx, s.listeners) }()
	for deadline := time.Now().Add(time.Minute); !s.node.ready.Load() && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond) // its start is recorded before anything else
	}
	var once sync.Once
	s.stop = func() (err error) {
		once.Do(func() {
			cancel()
			if err = <-done; err == nil {
				err = s.node.close()
			}
		})
		return err
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("server: %v", err)
		}
	})
	return s
}

func (s *testServer) addr() string       { return s.http.Addr().String() }
func (s *testServer) registry() string   { return "http://" + s.addr() + "/xds/registry" }
func (s *testServer) repository() string { return "http://" + s.addr() + "/xds/repository" }
func (s *testServer) feed() string       { return s.mllp.Addr().String() }

// command runs one command line as a user would and returns what it printed.
func command(ctx context.Context, args ...string) (stdout, stderr string, err error) {
	root := newRoot()
	var out, errs bytes.Buffer
	root.SetOut(io.Writer(&out))
	root.SetErr(&errs)
	root.SetArgs(args)
	err = root.ExecuteContext(ctx)
	return out.String(), errs.String(), err
}

// mustCommand fails the test when the command does.
func mustCommand(t testing.TB, args ...string) string {
	t.Helper()
	out, errs, err := command(t.Context(), args...)
	if err != nil {
		t.Fatalf("dossier %q: %v\n%s%s", args, err, out, errs)
	}
	return out
}

// dial opens a plain connection to the SOAP listener.
func (s *testServer) dial(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// plainClient is a client without TLS.
func plainClient() *soap.Client { return &soap.Client{HTTP: &http.Client{}, NewID: uuid.NewString} }
