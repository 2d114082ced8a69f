package blob

import (
	"context"
	"encoding/hex"
	"io"
	"time"
)

// Ref names one blob. The SHA-256 alone is the key; Size travels with it so that a reader knows the length before
// it reads.
type Ref struct {
	SHA256 [32]byte
	Size   int64 // bytes
}

// String is the SHA-256 in lower-case hexadecimal.
func (r Ref) String() string { return hex.EncodeToString(r.SHA256[:]) }

// Digest is what one pass over the bytes of a document yields.
type Digest struct {
	Ref
	SHA1 [20]byte // DocumentEntry.hash is a SHA-1 (ITI TF-3: 4.2.3.2.10)
}

// SHA1Hex is the SHA-1 in lower-case hexadecimal, the value of DocumentEntry.hash. Peers may send it in upper case.
func (d Digest) SHA1Hex() string { return hex.EncodeToString(d.SHA1[:]) }

// Store keeps immutable bytes under their digest. Implementations are safe for concurrent use and pass
// storetest.Blob. Errors of a store that has no room left are [ErrNoSpace].
type Store interface {
	// Create begins an upload. Only [Receive] calls it.
	Create(ctx context.Context) (Upload, error)

	// Open returns the stored bytes as they are, unverified: answer from [OpenVerified] instead. The error is
	// [ErrNotFound] when there is no such blob. A later Remove does not disturb what is open.
	Open(ctx context.Context, ref Ref) (io.ReadCloser, error)

	// Remove removes the blob if it was last received before that time, and reports whether it did. A blob that is
	// missing or was received at or after that time is no error. The test and the removal are one step: a Receive
	// of the same bytes comes wholly before it, and is then seen, or wholly after it, and then stores them anew.
	Remove(ctx context.Context, ref Ref, receivedBefore time.Time) (bool, error)

	// Walk calls fn for every blob with the time at which it was last received. Size is what the store holds, so
	// that of a damaged blob may be wrong. Blobs that come or go during the walk may or may not be seen. fn may
	// call Remove; its error ends the walk and is returned as it is.
	Walk(ctx context.Context, fn func(ref Ref, received time.Time) error) error
}

// Upload is one blob on its way in, used by one goroutine. Nothing of it can be read before Commit.
type Upload interface {
	io.Writer

	// Commit makes the bytes written so far available under d. It trusts d: only [Receive], which computed it, may
	// call it. When it returns nil they are durable and count as received now, whether or not the same blob was
	// there before; bytes that had decayed are replaced. After an error nothing of this upload is left to clear up.
	Commit(ctx context.Context, d Digest) error

	// Abort discards the upload. After Commit, or a second time, it does nothing.
	Abort() error
}
