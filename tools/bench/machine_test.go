package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestStatusLine(t *testing.T) {
	t.Parallel()
	const status = "Name:\tdossier\nVmHWM:\t   24680 kB\nVmRSS:\t   12340 kB\nVmSwap:\tmany kB\n"
	for name, want := range map[string]int64{"VmHWM": 24680 << 10, "VmRSS": 12340 << 10} {
		if got, err := statusLine(status, name); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", name, got, err, want)
		}
	}
	for _, name := range []string{"VmPeak", "VmSwap", "Vm", "Name"} {
		if got, err := statusLine(status, name); err == nil {
			t.Errorf("%s: got %d, want an error", name, got)
		}
	}
}

func TestProcessorTime(t *testing.T) {
	t.Parallel()
	const stat = "12 (a b) c) S 1 12 12 0 -1 4194304 5 0 0 0 %s 17 0 0 20 0 9 0 100 1 2"
	for text, want := range map[string]time.Duration{
		strings.Replace(stat, "%s", "250", 1): 2670 * time.Millisecond, strings.Replace(stat, "%s", "many", 1): 0, "12 (a) S 1": 0, "": 0,
	} {
		if got := processorTime(text); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestWithoutSettings(t *testing.T) {
	t.Parallel()
	got := withoutSettings([]string{"HOME=/", "DOSSIER_DATA=elsewhere", "GOGC=50", "DOSSIER_LOG_LEVEL=debug"})
	if want := "HOME=/ GOGC=50"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInsertText(t *testing.T) {
	t.Parallel()
	if got, want := insertText("t", 2, 3), "INSERT INTO t VALUES (?, ?), (?, ?), (?, ?)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestServeFiles gets files from the limit of ITI-43 by the client that measures it.
func TestServeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := held{"2.999.1", content{1, 300 * kb}}
	if err := writeFile(filepath.Join(dir, string(h.id)), h.content); err != nil {
		t.Fatal(err)
	}
	in, end := io.Pipe()
	said, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serveFiles(dir, in, out) }()
	line := make([]byte, 100)
	n, err := said.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	m := listening.FindStringSubmatch(string(line[:n]))
	if m == nil {
		t.Fatalf("said %q", line[:n])
	}
	c := newClient()
	if took, err := c.file(t.Context(), m[1], h); err != nil || took <= 0 {
		t.Errorf("file: %v, %v", took, err)
	}
	for name, bad := range map[string]held{"absent": {"2.999.2", h.content}, "of another size": {h.id, content{1, 5}}, "outside": {"../x", h.content}} {
		if _, err := c.file(t.Context(), m[1], bad); err == nil {
			t.Errorf("file %s: no error", name)
		}
	}
	c.close()
	end.Close()
	if err := <-done; err != nil {
		t.Errorf("serveFiles: %v", err)
	}
}

// TestStopwatchKeepsTheHead: what is too large to keep is counted and dropped.
func TestStopwatchKeepsTheHead(t *testing.T) {
	t.Parallel()
	const more = 1000
	l, err := listen()
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.Copy(w, content{1, keep + more}.reader())
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	s := newStopwatch()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := io.ReadAll(resp.Body)
	if err != nil || len(kept) != keep || s.read != keep+more || s.took <= 0 {
		t.Errorf("kept %d of %d bytes in %v, %v; want %d of %d", len(kept), s.read, s.took, err, keep, keep+more)
	}
}

func TestLaunchRefuses(t *testing.T) {
	t.Parallel()
	never := func(string) bool { return false }
	if _, err := launch(t.Context(), exec.Command(filepath.Join(t.TempDir(), "absent")), never); err == nil {
		t.Error("absent program: no error")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := launch(t.Context(), exec.Command(self, "-test.run", "^$"), never); err == nil || !strings.Contains(err.Error(), "ended before it was ready") {
		t.Errorf("program that ends at once: got %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"unknown flag":  {"-fast"},
		"unknown part":  {"-quick", "-only", "audit,everything"},
		"no such disk":  {"-quick", "-dir", filepath.Join(t.TempDir(), "absent")},
		"nothing there": {"-files", filepath.Join(t.TempDir(), "absent")},
	} {
		if err := run(context.Background(), args, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
