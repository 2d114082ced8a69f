package blob

import (
	"errors"
	"fmt"
	"syscall"
)

// Errors of every [Store], to be tested with errors.Is.
var (
	ErrNotFound = errors.New("blob: no such blob")
	ErrTooLarge = errors.New("blob: content exceeds the limit")
	ErrNoSpace  = errors.New("blob: no space left in the store")
	ErrCorrupt  = errors.New("blob: stored bytes are damaged")
)

// CorruptError is an [ErrCorrupt] that says which blob is damaged. It carries no content.
type CorruptError struct {
	Ref    Ref
	Reason string // such as "ends after 10 of 12 bytes"
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("blob: stored bytes of %s are damaged: %s", e.Ref, e.Reason)
}

// Is makes a CorruptError an [ErrCorrupt].
func (e *CorruptError) Is(target error) bool { return target == ErrCorrupt }

// SourceError is an error of the reader given to [Receive], as opposed to one of the store: the sender, not this
// system, is to blame.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return "blob: reading the source: " + e.Err.Error() }

func (e *SourceError) Unwrap() error { return e.Err }

// storeError adds [ErrNoSpace] to the errors by which an operating system says so: full, over quota, more than one file
// may hold.
func storeError(err error) error {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, full) {
			return fmt.Errorf("%w: %w", ErrNoSpace, err)
		}
	}
	return err
}
