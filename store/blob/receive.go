package blob

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Receive stores what src yields until io.EOF and returns its digests, computed in the same pass. It is the only
// way into a store, and when it returns without an error the bytes are durable.
//
// It reads at most limit+1 bytes, and content of more than limit bytes is [ErrTooLarge]; no value means "unlimited".
// An error of src is a [SourceError]; io.ErrUnexpectedEOF is one too, never an end. When ctx is done the error is
// that of ctx, but a src that blocks in Read must be unblocked by its owner. After any error nothing is left.
func Receive(ctx context.Context, dst Store, src io.Reader, limit int64) (d Digest, err error) {
	up, err := dst.Create(ctx)
	if err != nil {
		return Digest{}, err
	}
	defer func() { // also when src panics
		if aborted := up.Abort(); aborted != nil && err != nil {
			err = errors.Join(err, aborted)
		}
	}()
	d, err = copyHashed(ctx, up, src, limit)
	if err != nil {
		return Digest{}, err
	}
	if err := up.Commit(ctx, d); err != nil {
		return Digest{}, err
	}
	return d, nil
}

// copyHashed copies src to dst and returns the digests of what it copied.
func copyHashed(ctx context.Context, dst io.Writer, src io.Reader, limit int64) (Digest, error) {
	in := source{src: src, left: limit, limit: limit}
	h1, h256 := sha1.New(), sideHash{hash: sha256.New()}
	defer h256.release()
	for !in.ended {
		if err := ctx.Err(); err != nil {
			return Digest{}, err
		}
		p, err := in.next(h256.buffer()[:])
		if err != nil {
			return Digest{}, err
		}
		h256.write(p, in.ended)
		h1.Write(p)
		if _, err := dst.Write(p); err != nil {
			return Digest{}, err
		}
	}
	return digest(h1, h256.finish(), limit-in.left), nil
}

func digest(h1, h256 hash.Hash, size int64) Digest {
	d := Digest{Ref: Ref{Size: size}}
	h1.Sum(d.SHA1[:0])
	h256.Sum(d.SHA256[:0])
	return d
}

// source reads from src in pieces and stops at the limit.
type source struct {
	src         io.Reader
	left, limit int64
	ended       bool
}

// next fills buf, or less of it at the end of the source. io.ReadFull would not do: it reports an early end of the
// source and an io.ErrUnexpectedEOF from the source, which is a torn message, alike.
func (s *source) next(buf []byte) ([]byte, error) {
	if s.left < int64(len(buf)) {
		buf = buf[:max(s.left, 0)+1] // one byte more, to see that there is more
	}
	n := 0
	for idle := 0; n < len(buf) && !s.ended; {
		m, err := s.src.Read(buf[n:])
		n += m
		switch {
		case err == io.EOF:
			s.ended = true
		case err != nil:
			return nil, &SourceError{Err: err}
		case m > 0:
			idle = 0
		default:
			if idle++; idle == 100 {
				return nil, &SourceError{Err: io.ErrNoProgress}
			}
		}
	}
	if s.left -= int64(n); s.left < 0 {
		return nil, fmt.Errorf("%w: expected at most %d bytes", ErrTooLarge, s.limit)
	}
	return buf[:n], nil
}
