package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingIsShippedUnaudited: only the benchmarks build the program without its audit trail.
func TestNothingIsShippedUnaudited(t *testing.T) {
	t.Parallel()
	if unaudited {
		t.Error("the program under test has no audit trail")
	}
	var files []string
	for _, pattern := range []string{"Makefile", "Dockerfile", "docker-compose.yml", "deploy/*", "tools/*.sh", ".github/workflows/*"} {
		found, err := filepath.Glob(filepath.Join("../..", pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 4 {
		t.Fatalf("only %q", files)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			continue // a folder
		}
		if strings.Contains(string(text), "unaudited") != (filepath.Base(f) == "bench.sh") {
			t.Errorf("%s: tag unaudited", f)
		}
	}
}
