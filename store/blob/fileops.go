package blob

import (
	"errors"
	"io"
	"os"
	"time"
)

// fileOps are the changes FS makes, apart so that tests can let each of them fail or be lost.
type fileOps interface {
	create(path string) (file, error) // for writing; must not exist
	chtimes(path string, modified time.Time) error
	rename(from, to string) error
	remove(path string) error
	mkdir(path string) error
	syncDir(path string) error // makes the names in the folder durable
}

type file interface {
	io.WriteCloser
	Sync() error
}

// osOps is the operating system.
type osOps struct{}

func (osOps) create(path string) (file, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err // not a file that holds a nil pointer
	}
	return f, nil
}

func (osOps) chtimes(path string, modified time.Time) error {
	return os.Chtimes(path, time.Time{}, modified)
}

func (osOps) rename(from, to string) error { return os.Rename(from, to) }

func (osOps) remove(path string) error { return os.Remove(path) }

func (osOps) mkdir(path string) error { return os.Mkdir(path, 0o700) }

func (osOps) syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
