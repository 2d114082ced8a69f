package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

func listen() (net.Listener, error) { return net.Listen("tcp", "127.0.0.1:0") }

// machine is what a reader needs to know about where the figures come from.
func machine(dir string) string {
	return fmt.Sprintf("%s, %d cores (%s), %s; %s; %s", runtime.GOOS, runtime.NumCPU(), processor(), runtime.Version(), fsyncText(dir), load())
}

func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

// load is the load average: who else is at work.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 2 {
		return "load " + strings.Join(fields[:3], " ")
	}
	return "load unknown"
}

// fsyncText tells how fast the disk makes 8 KB durable: every figure that writes hangs on it.
func fsyncText(dir string) string {
	path := filepath.Join(dir, "fsync")
	f, err := os.Create(path)
	if err != nil {
		return "fsync unknown: " + err.Error()
	}
	defer os.Remove(path)
	defer f.Close()
	var s samples
	block := make([]byte, 8<<10)
	for range 100 {
		start := time.Now()
		if _, err = f.WriteAt(block, 0); err == nil {
			err = f.Sync()
		}
		if err != nil {
			return "fsync unknown: " + err.Error()
		}
		s = append(s, time.Since(start))
	}
	return fmt.Sprintf("fsync of 8 KB p50 %s, p99 %s", text(s.at(.5)), text(s.at(.99)))
}

// freeBytes is what an ordinary user may still write where dir is.
func freeBytes(dir string) (int64, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return int64(s.Bavail) * int64(s.Bsize), nil
}
