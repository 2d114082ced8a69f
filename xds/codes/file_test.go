package codes_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"dossier/xds"
	"dossier/xds/codes"
)

// replace puts content in place as an operator should: complete, then renamed.
func replace(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "codes.yaml")
	if _, err := codes.Open(name); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), name) {
		t.Errorf("no file: %v", err)
	}
	if _, err := codes.Open(dir); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder: %v", err)
	}
	replace(t, name, "typeCode: []")
	var file *codes.FileError
	if _, err := codes.Open(name); !errors.As(err, &file) || file.Name != name || file.Faults[0].Line != 1 || file.Faults[0].Column != 11 {
		t.Errorf("a broken file: %v", err)
	}
	replace(t, name, strings.Repeat("#", codes.MaxFile+1))
	if _, err := codes.Open(name); !errors.As(err, &file) || !strings.Contains(err.Error(), "at most 8388608 bytes") {
		t.Errorf("a large file: %v", err)
	}
}

// TestBrokenFileKeepsTheOldSet: and the next good one replaces it.
func TestBrokenFileKeepsTheOldSet(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "codes")
	const first, second = "mimeType: [a/first]", "<Codes><CodeType name='mimeType'><Code code='a/second'/></CodeType></Codes>"
	replace(t, name, first)
	f, err := codes.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	old := f.Set()
	for broken, want := range map[string]string{
		"": ":1:1: ", "mimeType: [a/second": ":1: ", second[:30]: ":1:23: ", "mimetypes: [a/second]": ":1:1: ", "removed": "no such file",
	} {
		if broken == "removed" {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		} else {
			replace(t, name, broken)
		}
		if err := f.Reload(); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", broken, err, want)
		}
		if f.Set() != old || f.Problems(carrying(codes.MimeType, xds.Code{Code: "a/first"})) != nil {
			t.Errorf("%q: the old set is gone", broken)
		}
		replace(t, name, first)
	}
	replace(t, name, second)
	if err := f.Reload(); err != nil {
		t.Fatal(err)
	}
	if f.Problems(carrying(codes.MimeType, xds.Code{Code: "a/second"})) != nil || f.Problems(carrying(codes.MimeType, xds.Code{Code: "a/first"})) == nil {
		t.Error("the new set is not in force")
	}
}

// TestReloadUnderLoad: eight goroutines judge submissions while the file is swapped a hundred times, and every judgement is
// that of one of the two sets as a whole.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "codes")
	files := []string{"mimeType: [a/even]\nlanguageCode: [even]\n", "mimeType: [a/odd]\nlanguageCode: [odd]\n"}
	replace(t, name, files[0])
	f, err := codes.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	s := &xds.Submission{}
	for range 20 {
		s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{Symbol: "d", MimeType: "a/even", LanguageCode: "even"})
	}
	var stop atomic.Bool
	var judged [2]atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !stop.Load() {
				switch n := len(f.Problems(s)); n {
				case 0:
					judged[0].Add(1)
				case 40:
					judged[1].Add(1)
				default:
					t.Errorf("%d problems: judged by parts of two sets", n)
					return
				}
			}
		})
	}
	for i := range 100 {
		kind := (i + 1) % 2
		replace(t, name, files[kind])
		if err := f.Reload(); err != nil {
			t.Error(err)
		}
		before := judged[kind].Load()
		for judged[kind].Load() < before+8 && !t.Failed() { // each set is seen at work before the next
			if len(f.Problems(s)) != 40*kind {
				t.Errorf("swap %d: the set in force is not the new one", i)
			}
		}
	}
	stop.Store(true)
	wg.Wait()
}

// TestConcurrentReloads: they do not disturb each other, and the file's last content is in force in the end.
func TestConcurrentReloads(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "codes")
	replace(t, name, "mimeType: [a/first]")
	f, err := codes.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if err := f.Reload(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	replace(t, name, "mimeType: [a/last]")
	wg.Go(func() {
		if err := f.Reload(); err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	if got := f.Set().Codes(codes.MimeType); len(got) != 1 || got[0].Code != "a/last" {
		t.Errorf("got %v", got)
	}
}
