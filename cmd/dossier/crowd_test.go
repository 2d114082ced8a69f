//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dossier/internal/golden"
)

// mllpAddress is in the banner.
var mllpAddress = regexp.MustCompile(`mllp://(\S+)`)

// process is a server in a process of its own, so that its memory is its own.
type process struct {
	pid  int
	feed string
}

// startProcess builds the program as it is shipped and starts it with a configuration.
func startProcess(t *testing.T, config string) *process {
	t.Helper()
	dir := t.TempDir()
	binary, file := filepath.Join(dir, "dossier"), filepath.Join(dir, "dossier.yaml")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "serve", "--config", file, "--data", fastFolder(t), "--http", "127.0.0.1:0", "--mllp", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server: %v", err)
		}
	})
	p := &process{pid: cmd.Process.Pid}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if m := mllpAddress.FindStringSubmatch(lines.Text()); m != nil {
			p.feed = m[1]
			go io.Copy(io.Discard, out)
			return p
		}
	}
	t.Fatal("the server did not start")
	return nil
}

// resident is the memory of the process in bytes.
func (p *process) resident(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// open dials n connections; they are closed at the end of the test.
func (p *process) open(t *testing.T, n int) []net.Conn {
	t.Helper()
	out := make([]net.Conn, n)
	var wait sync.WaitGroup
	slots := make(chan struct{}, 64)
	for i := range out {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			c, err := net.DialTimeout("tcp", p.feed, 10*time.Second)
			if err != nil {
				t.Error(err)
				return
			}
			c.SetDeadline(time.Now().Add(2 * time.Minute))
			out[i] = c
		})
	}
	wait.Wait()
	t.Cleanup(func() {
		for _, c := range out {
			if c != nil {
				c.Close()
			}
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return out
}

// echoed sends a message that is refused by its version, the cheapest there is, and waits for the answer.
func echoed(c net.Conn, id int) error {
	if _, err := fmt.Fprintf(c, "\x0bMSH|^~\\&|A|F|D|N|20260102030405||ADT^A04|C%d|P|2.2\r\x1c\r", id); err != nil {
		return err
	}
	answer, err := bufio.NewReaderSize(c, 512).ReadString(0x1c)
	if err == nil && !strings.Contains(answer, fmt.Sprintf("MSA|AR|C%d", id)) {
		err = fmt.Errorf("got %q", answer)
	}
	return err
}

// enough skips where so many files cannot be open.
func enough(t *testing.T, files uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur < files {
		t.Skipf("skipped: %d open files wanted, RLIMIT_NOFILE is %d (%v)", files, limit.Cur, err)
	}
}

// TestIdleCrowd: 10,000 connections that say nothing, of which some said something once, cost a bounded amount of memory and keep nobody
// from being served; one more is closed at once.
func TestIdleCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: opens 10,000 connections")
	}
	const crowd, spoken, each = 10_000, 2_000, 12 << 10
	enough(t, crowd+200)
	p := startProcess(t, "limits: {mllpconnections: 10000}\n")
	talk := func(conns []net.Conn) {
		var wait sync.WaitGroup
		for w := range 16 {
			wait.Go(func() {
				for i := w; i < spoken; i += 16 {
					if err := echoed(conns[i%len(conns)], i); err != nil {
						t.Errorf("connection %d: %v", i, err)
						return
					}
				}
			})
		}
		wait.Wait()
	}
	talk(p.open(t, 16)) // what the server needs for its work is no part of what a connection costs
	before := p.resident(t)
	conns := p.open(t, crowd-16)
	silent := p.resident(t)
	t.Logf("%d silent connections: %d bytes each", len(conns), (silent-before)/crowd)
	talk(conns)
	after := p.resident(t)
	t.Logf("%d of them with an answer each: %d MiB in all, before it was %d", spoken, after>>20, before>>20)
	if got := (after - before) / crowd; got > each {
		t.Errorf("%d bytes a connection, want at most %d", got, each)
	}
	if after > 256<<20 {
		t.Errorf("%d MiB resident, want at most 256", after>>20)
	}
	one, err := net.Dial("tcp", p.feed)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	one.SetDeadline(time.Now().Add(10 * time.Second))
	if n, err := one.Read(make([]byte, 1)); n != 0 || err == nil || os.IsTimeout(err) {
		t.Errorf("connection %d: got %d bytes, %v; want it closed", crowd+1, n, err)
	}
	conns[0].Close()
	eventually(t, "the place of one that left is free", func() bool {
		c, err := net.Dial("tcp", p.feed)
		if err != nil {
			return false
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		return echoed(c, crowd+2) == nil
	})
}

// TestHalfSentCrowd: 1,000 senders stop one byte before the end of a message of 1 MiB. What all of them hold together is bounded
// by limits.mllpbuffered: the others are closed, and those who send whole messages are served meanwhile.
func TestHalfSentCrowd(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: sends 1 GB")
	}
	const crowd = 1000
	enough(t, crowd+200)
	p := startProcess(t, "limits: {mllpbuffered: 33554432}\n")
	before := p.resident(t)
	conns := p.open(t, crowd)
	half := []byte("\x0bMSH|^~\\&|A|F|D|N|20260102030405||ADT^A04|BIG|P|2.3.1\rPID|||" + strings.Repeat("x", 1<<20-100))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 32)
	most := int64(0)
	for i, c := range conns {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			c.Write(half) // fails where the server has closed
		})
		if i%50 == 0 {
			most = max(most, p.resident(t))
			if _, err := golden.SendMLLP(p.feed, fmt.Appendf(nil, "\x0bMSH|^~\\&|A|F|D|N|20260102030405||ADT^A04|S%d|P|2.2\r\x1c\r", i)); err != nil {
				t.Errorf("a whole message meanwhile: %v", err)
			}
		}
	}
	wait.Wait()
	most = max(most, p.resident(t))
	t.Logf("%d MiB resident at most, before it was %d", most>>20, before>>20)
	if most-before > 96<<20 {
		t.Errorf("%d MiB more than before, want at most 96: 32 of messages and what the collector has not returned", (most-before)>>20)
	}
	open := 0
	for _, c := range conns {
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); os.IsTimeout(err) {
			open++
		}
	}
	if open > 32 || open < 8 {
		t.Errorf("%d half-sent messages are still held, want at most the 32 that fit", open)
	}
}
