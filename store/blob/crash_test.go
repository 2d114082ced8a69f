package blob

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// crashDir makes this test binary a writer into that folder, to be killed.
const crashDir = "DOSSIER_BLOB_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		fmt.Fprintln(os.Stderr, writeUntilKilled(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeUntilKilled stores documents with four uploads at once and prints a line for each that was accepted.
func writeUntilKilled(dir string) error {
	s, err := OpenFS(dir)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				// Half of them small and sent again and again, half of them new and of up to two chunks.
				size := rand.Int64N(2 * chunkSize)
				src := io.LimitReader(rand.NewChaCha8([32]byte{byte(rand.IntN(20))}), size)
				if rand.IntN(2) == 0 {
					src = io.LimitReader(rand.NewChaCha8([32]byte{1: byte(rand.IntN(10))}), 5000)
				}
				d, err := Receive(context.Background(), s, src, size+5000)
				if err != nil {
					failed <- err
					return
				}
				// One write per line, so that lines do not mix and none is accepted but unsaid for long.
				if _, err := fmt.Printf("%s %d\n", d, d.Size); err != nil {
					failed <- err
					return
				}
			}
		}()
	}
	return <-failed
}

// TestKill kills a writing process 20 times in the middle of its writes and checks the folder it leaves.
func TestKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "blobs")
	accepted := map[Ref]bool{}
	torn := 0
	for round := range 20 {
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		for _, ref := range writeAndKill(t, dir, 1+rng.IntN(25)) {
			accepted[ref] = true
		}
		torn += len(names(t, filepath.Join(dir, tmpName)))
		s, err := OpenFS(dir)
		if err != nil {
			t.Fatalf("round %d: OpenFS after the kill: %v", round, err)
		}
		there := wantAllWhole(t, s)
		for ref := range accepted {
			if !there[ref] {
				t.Errorf("round %d: %s was accepted, then lost", round, ref)
			}
		}
		s.Close()
	}
	if torn == 0 {
		t.Error("no kill left a temporary file: none was in the middle of a write")
	}
	t.Logf("%d blobs accepted, %d uploads torn by 20 kills", len(accepted), torn)
}

// writeAndKill lets a writer accept n blobs, kills it, and returns all it had said it accepted.
func writeAndKill(t *testing.T, dir string, n int) (refs []Ref) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		refs = append(refs, parseLine(t, lines.Text()))
		if len(refs) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait() // "signal: killed"
	if len(refs) < n {
		t.Fatalf("the writer stopped after %d of %d blobs: %s", len(refs), n, complaint.String())
	}
	return refs
}

func parseLine(t *testing.T, line string) (ref Ref) {
	t.Helper()
	name, size, _ := strings.Cut(line, " ")
	sum, ok := parseName(name)
	n, err := strconv.ParseInt(size, 10, 64)
	if !ok || err != nil {
		t.Fatalf("line of the writer: got %q, want a digest and a size", line)
	}
	return Ref{SHA256: sum, Size: n}
}

// FuzzParseName wants exactly the names that Ref.String gives.
func FuzzParseName(f *testing.F) {
	f.Add(strings.Repeat("0a", 32))
	f.Add(strings.Repeat("0A", 32))
	f.Add(strings.Repeat("0a", 31))
	f.Add("lost+found")
	f.Fuzz(func(t *testing.T, name string) {
		sum, ok := parseName(name)
		if want := hex.EncodeToString(sum[:]); ok && name != want {
			t.Errorf("parseName(%q) accepted, but the name is %q", name, want)
		}
		valid := len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
		if ok != valid {
			t.Errorf("parseName(%q): got %v, want %v", name, ok, valid)
		}
	})
}
