package blob

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// faultyOps asks step before every change; its error is that of the change, which then does not happen.
type faultyOps struct {
	fileOps
	step func(op, path string) error
}

func (o faultyOps) create(path string) (file, error) {
	if err := o.step("create", path); err != nil {
		return nil, err
	}
	f, err := o.fileOps.create(path)
	return faultyFile{f, path, o.step}, err
}

func (o faultyOps) chtimes(path string, modified time.Time) error {
	return firstOf(o.step("chtimes", path), func() error { return o.fileOps.chtimes(path, modified) })
}

func (o faultyOps) rename(from, to string) error {
	return firstOf(o.step("rename", to), func() error { return o.fileOps.rename(from, to) })
}

func (o faultyOps) remove(path string) error {
	return firstOf(o.step("remove", path), func() error { return o.fileOps.remove(path) })
}

func (o faultyOps) mkdir(path string) error {
	return firstOf(o.step("mkdir", path), func() error { return o.fileOps.mkdir(path) })
}

func (o faultyOps) syncDir(path string) error {
	return firstOf(o.step("syncDir", path), func() error { return o.fileOps.syncDir(path) })
}

func firstOf(err error, then func() error) error {
	if err != nil {
		return err
	}
	return then()
}

type faultyFile struct {
	file
	path string
	step func(op, path string) error
}

// Write writes half before it fails, as a disk that fills up does.
func (f faultyFile) Write(p []byte) (int, error) {
	if err := f.step("write", f.path); err != nil {
		n, _ := f.file.Write(p[:len(p)/2])
		return n, err
	}
	return f.file.Write(p)
}

func (f faultyFile) Sync() error {
	return firstOf(f.step("sync", f.path), f.file.Sync)
}

func (f faultyFile) Close() error {
	return errors.Join(f.step("close", f.path), f.file.Close())
}

// faults fails one change, the nth from now on, once.
type faults struct {
	sync.Mutex
	left  int // changes that still succeed; negative: all
	err   error
	log   []string
	fired string // the change that failed
}

func (f *faults) step(op, _ string) error {
	f.Lock()
	defer f.Unlock()
	f.log = append(f.log, op)
	if f.left < 0 {
		return nil
	}
	f.left--
	if f.left >= 0 {
		return nil
	}
	f.fired = op
	return &os.PathError{Op: op, Path: "f", Err: f.err}
}

func openFaulty(t *testing.T, dir string, f *faults) *FS {
	t.Helper()
	s, err := openFS(dir, faultyOps{osOps{}, f.step}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(entries))
	for i, e := range entries {
		all[i] = e.Name()
	}
	return all
}

func sample(n int) []byte { return bytes.Repeat([]byte("2.999 "), n/6+1)[:n] }

func get(t *testing.T, s Store, ref Ref) ([]byte, error) {
	t.Helper()
	r, err := OpenVerified(t.Context(), s, ref, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// TestEveryFaultOfReceive lets every single change of a Receive fail, with every kind of error.
func TestEveryFaultOfReceive(t *testing.T) {
	t.Parallel()
	p := sample(2*chunkSize + 10)
	for _, cause := range []error{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		seen := map[string]bool{}
		for n := 0; ; n++ {
			dir := t.TempDir()
			f := &faults{left: -1, err: cause}
			s := openFaulty(t, dir, f)
			f.left, f.log = n, nil
			d, err := Receive(t.Context(), s, bytes.NewReader(p), int64(len(p)))
			if f.fired == "" {
				if err != nil {
					t.Fatalf("%v: Receive without a fault: %v", cause, err)
				}
				break
			}
			seen[f.fired] = true
			wantRefused(t, f, d, err)
			if left := names(t, filepath.Join(dir, tmpName)); len(left) != 0 {
				t.Errorf("%v at %s %d: tmp holds %v", cause, f.fired, n, left)
			}
			wantAfterFault(t, s, f, p)
		}
		for _, op := range []string{"create", "write", "chtimes", "mkdir", "sync", "close", "rename", "syncDir"} {
			if !seen[op] {
				t.Errorf("%v: no Receive had a fault at %s", cause, op)
			}
		}
	}
}

func wantRefused(t *testing.T, f *faults, d Digest, err error) {
	t.Helper()
	if !errors.Is(err, f.err) || d != (Digest{}) {
		t.Errorf("fault at %s: got %v, %v; want no digest and %v", f.fired, d, err, f.err)
	}
	if got, want := errors.Is(err, ErrNoSpace), f.err != syscall.EIO; got != want {
		t.Errorf("fault %v at %s: is ErrNoSpace %v, want %v", f.err, f.fired, got, want)
	}
	syncs := 0
	for _, op := range f.log {
		if op == "sync" {
			syncs++
		}
	}
	if syncs > 1 {
		t.Errorf("fault at %s: %d fsyncs of one file, want no repetition", f.fired, syncs)
	}
}

// wantAfterFault wants a store that goes on, unless an fsync failed: of a folder, or of a document on a disk that is not
// merely full.
func wantAfterFault(t *testing.T, s *FS, f *faults, p []byte) {
	t.Helper()
	d, err := Receive(t.Context(), s, bytes.NewReader(p), int64(len(p)))
	if f.fired == "syncDir" || f.fired == "sync" && f.err == syscall.EIO {
		if !errors.Is(err, f.err) || s.Err() == nil {
			t.Errorf("Receive after a failed fsync: got %v, Err %v; want refusal", err, s.Err())
		}
		return
	}
	if err != nil || s.Err() != nil {
		t.Errorf("Receive after a fault at %s: got %v, Err %v; want success", f.fired, err, s.Err())
		return
	}
	if got, err := get(t, s, d.Ref); err != nil || !bytes.Equal(got, p) {
		t.Errorf("after a fault at %s: got %d bytes, %v; want %d", f.fired, len(got), err, len(p))
	}
}

// TestFaultKeepsTheOldBlob refuses a second upload of what is stored already: the first stays whole.
func TestFaultKeepsTheOldBlob(t *testing.T) {
	t.Parallel()
	p := sample(1000)
	for n := 0; ; n++ {
		f := &faults{left: -1, err: syscall.EIO}
		s := openFaulty(t, t.TempDir(), f)
		d, err := Receive(t.Context(), s, bytes.NewReader(p), 1000)
		if err != nil {
			t.Fatal(err)
		}
		f.left = n
		if _, err = Receive(t.Context(), s, bytes.NewReader(p), 1000); f.fired == "" {
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		if err == nil {
			t.Errorf("fault at %s: the second Receive succeeded", f.fired)
		}
		if got, err := get(t, s, d.Ref); err != nil || !bytes.Equal(got, p) {
			t.Errorf("fault at %s: the first blob reads as %d bytes, %v", f.fired, len(got), err)
		}
	}
}

// TestFolderFailureStopsWriting also after the fault is gone; reading goes on and a restart mends it.
func TestFolderFailureStopsWriting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := &faults{left: -1, err: syscall.EIO}
	s := openFaulty(t, dir, f)
	d, err := Receive(t.Context(), s, bytes.NewReader(sample(10)), 10)
	if err != nil {
		t.Fatal(err)
	}
	open, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.syncFailure("a folder", syscall.EIO)
	if _, err := s.Create(t.Context()); !errors.Is(err, syscall.EIO) {
		t.Errorf("Create: got %v, want the failure", err)
	}
	if err := open.Commit(t.Context(), Digest{Ref: d.Ref}); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit of an upload under way: got %v, want the failure", err)
	}
	if _, err := get(t, s, d.Ref); err != nil {
		t.Errorf("reading: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := openFaulty(t, dir, f).Err(); err != nil {
		t.Errorf("Err after opening anew: %v", err)
	}
}

// TestFolderFailureOfANeighbour strikes while another upload makes its name durable: it must not be accepted, for the
// kernel reports a lost name once only.
func TestFolderFailureOfANeighbour(t *testing.T) {
	t.Parallel()
	var s *FS
	step := func(op, path string) error {
		if rel, err := filepath.Rel(s.dir, path); op == "syncDir" && err == nil && len(rel) == len("ab/cd") {
			s.syncFailure("a folder", syscall.EIO)
		}
		return nil
	}
	s = openTemp(t)
	s.ops = faultyOps{osOps{}, step}
	if _, err := Receive(t.Context(), s, bytes.NewReader(sample(10)), 10); !errors.Is(err, syscall.EIO) {
		t.Errorf("Receive: got %v, want the failure", err)
	}
}

// TestUnremovableTemporaryFile reports both errors, and the next start clears up.
func TestUnremovableTemporaryFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	stuck := errors.New("stuck")
	step := func(op, _ string) error {
		switch op {
		case "sync":
			return syscall.EIO
		case "remove":
			return stuck
		}
		return nil
	}
	s, err := openFS(dir, faultyOps{osOps{}, step}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Receive(t.Context(), s, bytes.NewReader(sample(10)), 10)
	if !errors.Is(err, syscall.EIO) || !errors.Is(err, stuck) {
		t.Errorf("Receive: got %v, want both errors", err)
	}
	if got := len(names(t, filepath.Join(dir, tmpName))); got != 1 {
		t.Errorf("tmp holds %d files, want the one that could not be removed", got)
	}
	s.Close()
	s, err = OpenFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if left := names(t, filepath.Join(dir, tmpName)); len(left) != 0 {
		t.Errorf("tmp holds %v after opening anew", left)
	}
}

// TestFaultsOfOpen lets every change of OpenFS fail: it must not open a store that is not durable, nor keep the lock.
func TestFaultsOfOpen(t *testing.T) {
	t.Parallel()
	for n := 0; ; n++ {
		dir := filepath.Join(t.TempDir(), "a", "b")
		f := &faults{left: n, err: syscall.EIO}
		s, err := openFS(dir, faultyOps{osOps{}, f.step}, time.Now)
		if f.fired == "" {
			if err != nil || n < 5 {
				t.Errorf("OpenFS without a fault: got %v after %d changes", err, n)
			}
			s.Close()
			return
		}
		if !errors.Is(err, syscall.EIO) {
			t.Errorf("fault at %s: got %v, want it returned", f.fired, err)
		}
		if s, err = OpenFS(dir); err != nil {
			t.Errorf("OpenFS after a fault at %s: %v", f.fired, err)
			continue
		}
		s.Close()
	}
}
