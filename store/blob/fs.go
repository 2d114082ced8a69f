package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"dossier/internal/failpoint"
)

const (
	tmpName  = "tmp"
	lockName = "lock"
)

// errClosed is the error of writes after Close.
var errClosed = errors.New("blob: store is closed")

// FS is a [Store] of one file per blob, below its folder:
//
//	lock             held while the store is open
//	tmp/<random>     uploads under way
//	3f/a9/3fa9...    the blob with that SHA-256, 64 hexadecimal digits; modification time = received
//
// Folders have mode 0700, files 0600. Names come from digests and random numbers only. One process owns the folder;
// the atomicity of Remove rests on that.
type FS struct {
	dir    string
	ops    fileOps
	now    func() time.Time
	lock   *os.File
	fanout fanout

	// names is held shared to rename a blob into place and exclusively to test and unlink one.
	names sync.RWMutex

	failure sync.Mutex
	failed  error // why nothing may be written any more; nil while all is well
}

// OpenFS opens the store in dir, creates it if absent, and removes the uploads that an earlier process left
// unfinished. The error says so when another process, or another FS of this one, has the folder open.
func OpenFS(dir string) (*FS, error) { return openFS(dir, osOps{}, time.Now) }

func openFS(dir string, ops fileOps, now func() time.Time) (*FS, error) {
	if err := mkdirDurable(ops, dir); err != nil {
		return nil, fmt.Errorf("blob: creating the store: %w", err)
	}
	lock, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return nil, fmt.Errorf("blob: locking folder %s: %w", dir, err)
	}
	f := &FS{dir: dir, ops: ops, now: now, lock: lock}
	if err := f.prepare(); err != nil {
		unlockFile(lock)
		return nil, fmt.Errorf("blob: opening the store: %w", err)
	}
	return f, nil
}

// prepare clears tmp and makes the folders that exist durable: the process that made them may have died before it
// could.
func (f *FS) prepare() error {
	tmp := filepath.Join(f.dir, tmpName)
	if err := f.ops.mkdir(tmp); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	left, err := os.ReadDir(tmp)
	if err != nil {
		return err
	}
	for _, e := range left {
		if err := os.RemoveAll(filepath.Join(tmp, e.Name())); err != nil {
			return err
		}
	}
	return f.fanout.load(f.ops, f.dir)
}

// Close gives the folder free for another process. Uploads should have ended; those that have not will fail.
func (f *FS) Close() error {
	f.fail(errClosed)
	return unlockFile(f.lock)
}

// Err says why the store takes no more writes, or nil: for a health check. When an fsync fails, the kernel may have
// dropped what it could not write, here or elsewhere on the volume, and a second fsync would report success. So nothing
// is accepted until the store has been opened anew; reading goes on. A full disk is no such failure, except that names
// in a folder may be lost by it.
func (f *FS) Err() error {
	f.failure.Lock()
	defer f.failure.Unlock()
	return f.failed
}

// fail keeps the first failure.
func (f *FS) fail(err error) {
	f.failure.Lock()
	defer f.failure.Unlock()
	if f.failed == nil {
		f.failed = err
	}
}

// Create implements [Store].
func (f *FS) Create(ctx context.Context) (Upload, error) {
	if err := firstError(ctx.Err(), f.Err()); err != nil {
		return nil, err
	}
	path := filepath.Join(f.dir, tmpName, rand.Text())
	file, err := f.ops.create(path)
	if err != nil {
		return nil, fmt.Errorf("blob: creating a temporary file: %w", storeError(err))
	}
	return &fsUpload{fs: f, file: file, path: path}, nil
}

// Open implements [Store].
func (f *FS) Open(ctx context.Context, ref Ref) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(ref))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s", ErrNotFound, ref)
	case err != nil:
		return nil, fmt.Errorf("blob: opening %s: %w", ref, err)
	}
	return file, nil
}

// Remove implements [Store]. After a power failure a removed blob may be back, for the next [Sweep] to find.
func (f *FS) Remove(ctx context.Context, ref Ref, receivedBefore time.Time) (bool, error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	f.names.Lock()
	defer f.names.Unlock()
	path := f.path(ref)
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("blob: removing %s: %w", ref, err)
	case !info.ModTime().Before(receivedBefore):
		return false, nil
	}
	failpoint.Hit("blob.remove.before")
	if err := f.ops.remove(path); err != nil {
		return false, fmt.Errorf("blob: removing %s: %w", ref, err)
	}
	failpoint.Hit("blob.remove.after")
	return true, nil
}

func (f *FS) path(ref Ref) string {
	return filepath.Join(f.folder(ref), ref.String())
}

func (f *FS) folder(ref Ref) string {
	return filepath.Join(f.dir, hexByte(ref.SHA256[0]), hexByte(ref.SHA256[1]))
}

// firstError returns the first error that is one.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// lockFile takes path as this process's own, without waiting.
func lockFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return file, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("another process uses it; every server needs a folder of its own")
	}
	return nil, err
}

// unlockFile gives up what lockFile took. The lock belongs to the open file, which a child process shares until its
// exec: closing our descriptor alone would leave the folder locked for that moment.
func unlockFile(file *os.File) error {
	return firstError(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
