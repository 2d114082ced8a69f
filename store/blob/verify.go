package blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"io/fs"
)

// OpenVerified opens a blob for answering: what its reader yields up to io.EOF is what was received.
//
// A blob of up to ahead bytes is read into memory and checked here, so damage is the [ErrCorrupt] of this call. A
// larger one is checked while it streams: its last 256 KiB are withheld until length and digest agree, else Read
// returns [ErrCorrupt]. The content is then never delivered whole, and the caller must break off its answer so that
// the peer sees it. A missing blob is [ErrNotFound]. When ctx is done, Read returns its error.
func OpenVerified(ctx context.Context, src Store, ref Ref, ahead int64) (io.ReadCloser, error) {
	rc, err := src.Open(ctx, ref)
	if err != nil {
		return nil, err
	}
	v := &verifier{ctx: ctx, rc: rc, ref: ref, hash: sha256.New()}
	if ref.Size > max(ahead, 0) {
		return &verifiedStream{v: v, buf: chunks.Get().(*chunk)}, nil
	}
	defer rc.Close()
	all := make([]byte, max(ref.Size, 0))
	if err := v.fill(all); err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(all)), nil
}

// verifier reads a blob in order and checks it at its end.
type verifier struct {
	ctx  context.Context
	rc   io.ReadCloser
	ref  Ref
	hash hash.Hash
	done int64 // bytes read and hashed
}

// fill reads exactly len(p) bytes. When these are the last of the blob, it returns nil only if the whole is intact.
func (v *verifier) fill(p []byte) error {
	if err := v.ctx.Err(); err != nil {
		return err
	}
	n, err := io.ReadFull(v.rc, p)
	v.done += int64(n)
	v.hash.Write(p[:n])
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		return v.corrupt(fmt.Sprintf("ends after %d of %d bytes", v.done, v.ref.Size))
	case err != nil:
		return fmt.Errorf("blob: reading %s at byte %d: %w", v.ref, v.done, err)
	case v.done < v.ref.Size:
		return nil
	}
	return v.finish()
}

// finish wants the end of the stored bytes and the right digest.
func (v *verifier) finish() error {
	var more [1]byte
	switch _, err := io.ReadFull(v.rc, more[:]); {
	case err == nil:
		return v.corrupt(fmt.Sprintf("goes on after %d bytes", v.ref.Size))
	case err != io.EOF:
		return fmt.Errorf("blob: reading %s at its end: %w", v.ref, err)
	case v.done != v.ref.Size: // only a negative size
		return v.corrupt(fmt.Sprintf("ends after %d of %d bytes", v.done, v.ref.Size))
	}
	if got := v.hash.Sum(nil); !bytes.Equal(got, v.ref.SHA256[:]) {
		return v.corrupt(fmt.Sprintf("%d bytes as expected, but their SHA-256 is %x", v.done, got))
	}
	return nil
}

func (v *verifier) corrupt(reason string) error {
	return &CorruptError{Ref: v.ref, Reason: reason}
}

// verifiedStream is up to one chunk ahead of its consumer.
type verifiedStream struct {
	v    *verifier
	buf  *chunk // nil once closed
	rest []byte // of buf: checked, not yet handed out
	err  error  // the end, good or bad
}

// next brings the next chunk into rest. The odd chunk comes first so that the last, which is withheld, is full.
func (s *verifiedStream) next() error {
	if s.err != nil {
		return s.err
	}
	left := s.v.ref.Size - s.v.done
	if left == 0 {
		s.err = io.EOF
		return s.err
	}
	n := left % chunkSize
	if n == 0 {
		n = chunkSize
	}
	if s.err = s.v.fill(s.buf[:n]); s.err == nil {
		s.rest = s.buf[:n]
	}
	return s.err
}

func (s *verifiedStream) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.rest) == 0 {
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// WriteTo saves io.Copy a buffer and a copy.
func (s *verifiedStream) WriteTo(w io.Writer) (int64, error) {
	var sum int64
	for {
		if len(s.rest) == 0 {
			switch err := s.next(); {
			case err == io.EOF:
				return sum, nil
			case err != nil:
				return sum, err
			}
		}
		n, err := w.Write(s.rest)
		s.rest = s.rest[n:]
		sum += int64(n)
		if err != nil {
			return sum, err
		}
	}
}

func (s *verifiedStream) Close() error {
	if s.buf == nil {
		return nil
	}
	chunks.Put(s.buf)
	s.buf, s.rest, s.err = nil, nil, fs.ErrClosed
	return s.v.rc.Close()
}
