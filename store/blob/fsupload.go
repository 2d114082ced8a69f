package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"dossier/internal/failpoint"
)

// fsUpload is an upload to FS: a temporary file until Commit gives it its name.
type fsUpload struct {
	fs    *FS
	file  file // nil once the upload has ended
	path  string
	wrote error // first error of Write
}

func (u *fsUpload) Write(p []byte) (int, error) {
	if u.file == nil {
		return 0, fs.ErrClosed
	}
	failpoint.Hit("blob.write.before")
	n, err := u.file.Write(p)
	failpoint.Hit("blob.write.after")
	if err != nil {
		err = fmt.Errorf("blob: writing: %w", storeError(err))
		u.wrote = firstError(u.wrote, err)
	}
	return n, err
}

// Commit implements [Upload]. The order is what makes it durable: content, folders, name.
func (u *fsUpload) Commit(ctx context.Context, d Digest) error {
	if u.file == nil {
		return fs.ErrClosed
	}
	if err := firstError(u.wrote, ctx.Err(), u.fs.Err()); err != nil {
		return errors.Join(err, u.Abort())
	}
	if err := u.settle(d.Ref); err != nil {
		return errors.Join(fmt.Errorf("blob: storing %s: %w", d, storeError(err)), u.Abort())
	}
	if err := firstError(ctx.Err(), u.fs.Err()); err != nil { // the last moment at which refusing is simple
		return errors.Join(err, u.Abort())
	}
	if err := u.publish(d.Ref); err != nil {
		return fmt.Errorf("blob: storing %s: %w", d, storeError(err))
	}
	return nil
}

// settle makes the content durable, and the folder that is to hold it. The fan-out folders are made before the fsync
// of the content because a journalling file system then writes them with it, and their own fsync finds little to do.
func (u *fsUpload) settle(ref Ref) error {
	f := u.fs
	if err := f.fanout.make(f.ops, f.dir, ref); err != nil {
		return err
	}
	if err := f.ops.chtimes(u.path, f.now()); err != nil {
		return err
	}
	// An fsync that failed is never repeated: the kernel has forgotten the pages it could not write, and would
	// report success. Of a disk that is merely full the next document, in a file of its own, hears again.
	failpoint.Hit("blob.fsync.before")
	if err := u.file.Sync(); err != nil {
		if errors.Is(storeError(err), ErrNoSpace) {
			return err
		}
		return f.syncFailure("a document", err)
	}
	failpoint.Hit("blob.fsync.after")
	if err := f.fanout.sync(f.ops, f.dir, ref); err != nil {
		return f.syncFailure("a folder", err)
	}
	failpoint.Hit("blob.fanout.after")
	return nil
}

// publish gives the content its name and makes the name durable.
func (u *fsUpload) publish(ref Ref) error {
	f, file := u.fs, u.file
	u.file = nil
	if err := file.Close(); err != nil {
		return errors.Join(err, f.ops.remove(u.path))
	}
	failpoint.Hit("blob.rename.before")
	f.names.RLock()
	err := f.ops.rename(u.path, f.path(ref))
	f.names.RUnlock()
	failpoint.Hit("blob.rename.after")
	if err != nil {
		return errors.Join(err, f.ops.remove(u.path))
	}
	// The blob stays when this fails: it may have replaced one that documents name.
	failpoint.Hit("blob.folder.fsync.before")
	if err := f.ops.syncDir(f.folder(ref)); err != nil {
		return f.syncFailure("a folder", err)
	}
	failpoint.Hit("blob.folder.fsync.after")
	return f.Err() // another fsync of this folder may have taken the error that was ours
}

// Abort implements [Upload].
func (u *fsUpload) Abort() error {
	if u.file == nil {
		return nil
	}
	closed := u.file.Close()
	u.file = nil
	return errors.Join(closed, u.fs.ops.remove(u.path))
}

// syncFailure stops all writing to the store, see [FS.Err].
func (f *FS) syncFailure(what string, err error) error {
	err = fmt.Errorf("fsync of %s failed, check the disk and restart: %w", what, err)
	f.fail(fmt.Errorf("blob: store takes no more writes: %w", err))
	return err
}
