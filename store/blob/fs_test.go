package blob

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func openTemp(t *testing.T) *FS {
	t.Helper()
	s, err := OpenFS(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func mustReceive(t *testing.T, s Store, p []byte) Digest {
	t.Helper()
	d, err := Receive(t.Context(), s, bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The digests of "abc" are those of FIPS 180-4.
func TestFSLayout(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data", "blobs")
	s, err := OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	d := mustReceive(t, s, []byte("abc"))
	const sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d"
	const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if d.SHA1Hex() != sha1 || d.String() != sha256 || d.Size != 3 {
		t.Errorf("Receive: got %s %s %d, want %s %s 3", d.SHA1Hex(), d, d.Size, sha1, sha256)
	}
	got := map[string]fs.FileMode{}
	err = filepath.Walk(filepath.Dir(dir), func(path string, info fs.FileInfo, err error) error {
		rel, _ := filepath.Rel(dir, path)
		got[rel] = info.Mode()
		return err
	})
	want := map[string]fs.FileMode{
		"..": fs.ModeDir | 0o700, ".": fs.ModeDir | 0o700, "lock": 0o600, "tmp": fs.ModeDir | 0o700,
		"ba": fs.ModeDir | 0o700, "ba/78": fs.ModeDir | 0o700, "ba/78/" + sha256: 0o600,
	}
	for path, mode := range want {
		if got[path] != mode {
			t.Errorf("%s: got mode %v, want %v", path, got[path], mode)
		}
	}
	if err != nil || len(got) != len(want) {
		t.Errorf("store holds %v, %v; want %v", got, err, want)
	}
}

func TestFSReceivedIsTheCommitTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 2, 29, 12, 0, 0, 5000, time.UTC)
	s, err := openFS(t.TempDir(), osOps{}, func() time.Time { return at })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	up, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at = at.Add(5 * time.Hour) // a slow sender
	if err := up.Commit(t.Context(), Digest{}); err != nil {
		t.Fatal(err)
	}
	err = s.Walk(t.Context(), func(_ Ref, received time.Time) error {
		if !received.Equal(at) {
			t.Errorf("received: got %v, want %v", received, at)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFSOneProcessOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OpenFS(dir); err == nil || !strings.Contains(err.Error(), "another process uses it") {
		t.Errorf("second OpenFS: got %v, want an error that says why", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context()); err == nil {
		t.Error("Create after Close succeeded")
	}
	s, err = OpenFS(dir)
	if err != nil {
		t.Fatalf("OpenFS after Close: %v", err)
	}
	s.Close()
}

// TestFSCloseUnlocksForChildren holds a second descriptor of the lock, as a child process does between fork and exec.
func TestFSCloseUnlocksForChildren(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	child, err := syscall.Dup(int(s.lock.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(child)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := OpenFS(dir)
	if err != nil {
		t.Fatalf("OpenFS after Close: %v", err)
	}
	again.Close()
}

func TestOpenFSRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", file, filepath.Join(file, "below")} {
		if s, err := OpenFS(dir); err == nil {
			s.Close()
			t.Errorf("OpenFS(%q) succeeded", dir)
		}
	}
}

// TestFSStrangers leaves alone what is not a blob, such as the lost+found of a file system of its own.
func TestFSStrangers(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	d := mustReceive(t, s, []byte("abc"))
	name := d.String()
	for _, path := range []string{
		"lost+found/x", "BA/78/" + name, "ba/79/" + name, "ba/78/" + strings.ToUpper(name), "ba/78/" + name + "0",
		"ba/78/" + name[:62], "ba/78/notes", "ba/" + name, "b/a/" + name, "00/0000/" + strings.Repeat("0", 64),
	} {
		path = filepath.Join(s.dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("stranger"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	folder := filepath.Join(s.dir, "ba", "78", "ba78"+strings.Repeat("0", 60))
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	var got []Ref
	err := s.Walk(t.Context(), func(ref Ref, _ time.Time) error {
		got = append(got, ref)
		return nil
	})
	if err != nil || len(got) != 1 || got[0] != d.Ref {
		t.Errorf("Walk: got %v, %v; want %v alone", got, err, d.Ref)
	}
}

func TestOpenFSClearsTmp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, tmpName, "folder", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tmpName, "torn"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left := names(t, filepath.Join(dir, tmpName)); len(left) != 0 {
		t.Errorf("tmp holds %v, want nothing", left)
	}
}

// TestFSDamagedFile damages the file itself.
func TestFSDamagedFile(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	d := mustReceive(t, s, sample(5000))
	if err := os.Truncate(s.path(d.Ref), 4000); err != nil {
		t.Fatal(err)
	}
	_, err := get(t, s, d.Ref)
	if !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "ends after 4000 of 5000 bytes") {
		t.Errorf("got %v, want ErrCorrupt that says how far the bytes go", err)
	}
	if strings.Contains(err.Error(), "2.999") {
		t.Errorf("the error shows content: %v", err)
	}
}
