package blob

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// pieces is a source that yields its bytes in pieces of its own choice, empty ones among them.
type pieces struct {
	rest []byte
	rng  *rand.Rand
}

func (p *pieces) Read(buf []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := min(p.rng.IntN(len(buf)+1), p.rng.IntN(2*chunkSize), len(p.rest))
	copy(buf, p.rest[:n])
	p.rest = p.rest[n:]
	if len(p.rest) == 0 && p.rng.IntN(2) == 0 {
		return n, io.EOF
	}
	return n, nil
}

func drawContent(t *rapid.T) ([]byte, *rand.Rand) {
	n := rapid.OneOf(rapid.IntRange(0, 100), rapid.SampledFrom([]int{chunkSize - 1, chunkSize, 3 * chunkSize}),
		rapid.IntRange(0, 4*chunkSize)).Draw(t, "size")
	rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p, rng
}

// TestCopyHashedIsACopy: whatever the pieces, the bytes arrive as they are and the digests are theirs.
func TestCopyHashedIsACopy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, rng := drawContent(t)
		limit := int64(len(p)) + rapid.Int64Range(-2, 2).Draw(t, "room")
		var dst bytes.Buffer
		d, err := copyHashed(context.Background(), &dst, &pieces{p, rng}, limit)
		if over := int64(len(p)) > limit; over || err != nil {
			if !over || !errors.Is(err, ErrTooLarge) || int64(dst.Len()) > max(limit, 0) {
				t.Fatalf("%d bytes, limit %d: got %v after writing %d", len(p), limit, err, dst.Len())
			}
			return
		}
		want := Digest{Ref: Ref{SHA256: sha256.Sum256(p), Size: int64(len(p))}, SHA1: sha1.Sum(p)}
		if d != want || !bytes.Equal(dst.Bytes(), p) {
			t.Fatalf("got %v %s and %d bytes, want %v %s and %d", d, d.SHA1Hex(), dst.Len(), want, want.SHA1Hex(), len(p))
		}
	})
}

// lay puts bytes where the blob belongs, without Receive and without a wait for the disk.
func lay(t interface{ Fatal(...any) }, s *FS, ref Ref, stored []byte) {
	if err := os.MkdirAll(s.folder(ref), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path(ref), stored, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestVerifiedIsWholeOrNot: what OpenVerified yields up to io.EOF is what was received, or it ends with ErrCorrupt
// and a part of the content is missing.
func TestVerifiedIsWholeOrNot(t *testing.T) {
	t.Parallel()
	s := openTemp(t)
	rapid.Check(t, func(t *rapid.T) {
		p, rng := drawContent(t)
		ref := Ref{SHA256: sha256.Sum256(p), Size: int64(len(p))}
		stored := bytes.Clone(p)
		switch kind := rapid.IntRange(0, 3).Draw(t, "damage"); {
		case kind == 1 && len(p) > 0:
			stored[rng.IntN(len(p))] ^= 1 << rng.IntN(8)
		case kind == 2 && len(p) > 0:
			stored = stored[:rng.IntN(len(p))]
		case kind == 3:
			stored = append(stored, 0)
		}
		lay(t, s, ref, stored)
		ahead := rapid.SampledFrom([]int64{-1, 0, ref.Size - 1, ref.Size}).Draw(t, "ahead")
		var got []byte
		r, err := OpenVerified(context.Background(), s, ref, ahead)
		if err == nil {
			got, err = io.ReadAll(&pieceReader{r, rng})
			r.Close()
		}
		if bytes.Equal(stored, p) {
			if err != nil || !bytes.Equal(got, p) {
				t.Fatalf("intact: got %d bytes, %v; want %d", len(got), err, len(p))
			}
			return
		}
		if !errors.Is(err, ErrCorrupt) || len(got) > max(0, len(p)-chunkSize) {
			t.Fatalf("damaged: got %d of %d bytes, %v; want ErrCorrupt and the last chunk withheld", len(got), len(p), err)
		}
	})
}

// pieceReader reads less than it is asked for.
type pieceReader struct {
	r   io.Reader
	rng *rand.Rand
}

func (p *pieceReader) Read(buf []byte) (int, error) {
	return p.r.Read(buf[:p.rng.IntN(len(buf)+1)])
}

func TestSweepAsksInBatches(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, sweepBatch - 1, sweepBatch, sweepBatch + 1, 3 * sweepBatch} {
		s := openTemp(t)
		for i := range n {
			lay(t, s, Ref{SHA256: [32]byte{31: byte(i), 30: byte(i >> 8)}}, []byte{0})
		}
		later := func() time.Time { return time.Now().Add(2 * time.Hour) }
		asked, calls := 0, 0
		got, err := Sweep(t.Context(), s, time.Hour, later, func(_ context.Context, refs []Ref) (map[Ref]bool, error) {
			if calls++; len(refs) == 0 || len(refs) > sweepBatch {
				t.Errorf("asked about %d blobs at once, want 1 to %d", len(refs), sweepBatch)
			}
			asked += len(refs)
			return nil, nil
		})
		want := SweepResult{Seen: n, Removed: n, Bytes: int64(n)}
		if err != nil || got != want || asked != n || calls != (n+sweepBatch-1)/sweepBatch {
			t.Errorf("Sweep of %d: got %+v, %v, %d asked in %d calls; want %+v", n, got, err, asked, calls, want)
		}
	}
}
