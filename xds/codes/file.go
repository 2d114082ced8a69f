package codes

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"

	"dossier/xds"
)

// File is the set in a file that may be replaced while submissions are judged. Each submission is judged by one set as a
// whole: the one that was current when it began.
type File struct {
	path    string
	reading sync.Mutex // one Reload at a time, so that the last to begin is the last to take effect
	current atomic.Pointer[Set]
}

// Open reads a file of code sets; its errors are those of the file system and of Load.
func Open(path string) (*File, error) {
	f := &File{path: path}
	if err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Reload reads the file anew. When that fails the set stays as it was, and the error says why. A file should be replaced by
// renaming a complete one: the beginning of a list looks like a list.
func (f *File) Reload() error {
	f.reading.Lock()
	defer f.reading.Unlock()
	b, err := read(f.path)
	if err != nil {
		return err
	}
	s, err := Load(f.path, b)
	if err != nil {
		return err
	}
	f.current.Store(s)
	return nil
}

// read stops at the first byte too many, whatever kind of file it is; Load refuses what is too long.
func read(path string) (b []byte, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if b, err = io.ReadAll(io.LimitReader(file, MaxFile+1)); err != nil {
		return nil, fmt.Errorf("read code sets: %w", err)
	}
	return b, nil
}

// Set returns the current set.
func (f *File) Set() *Set { return f.current.Load() }

// Problems judges a submission by the current set, as Set.Problems does.
func (f *File) Problems(s *xds.Submission) xds.Errors { return f.Set().Problems(s) }
