package storetest

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"dossier/store/blob"
)

// chunk is the piece in which the package blob works; sizes about it are the interesting ones.
const chunk = 256 << 10

// Blob tests a blob.Store. open returns a new, empty store and has it closed by t.Cleanup. The store must tell apart
// the received times of two uploads that follow one another.
func Blob(t *testing.T, open func(t *testing.T) blob.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, blob.Store)
	}{
		{"what comes back is what came", blobRoundTrip},
		{"limit", blobLimit},
		{"source error leaves nothing", blobSourceError},
		{"cancelled context leaves nothing", blobCancelled},
		{"an upload is seen after its commit only", blobUpload},
		{"same content twice", blobTwice},
		{"same content at once", blobAtOnce},
		{"damage is found", blobDamage},
		{"receiving again heals", blobHeal},
		{"missing", blobMissing},
		{"walk", blobWalk},
		{"remove respects the received time", blobRemove},
		{"remove does not disturb a reader", blobRemoveWhileRead},
		{"sweep", blobSweep},
		{"sweep refuses", blobSweepRefuses},
		{"sweep beside receive", blobSweepRace},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// content is n bytes that differ from those of another seed.
func content(seed uint64, n int) []byte {
	p := make([]byte, n)
	c := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(n)})
	c.Read(p)
	return p
}

func digestOf(p []byte) blob.Digest {
	return blob.Digest{Ref: blob.Ref{SHA256: sha256.Sum256(p), Size: int64(len(p))}, SHA1: sha1.Sum(p)}
}

func receive(t *testing.T, s blob.Store, p []byte) blob.Digest {
	t.Helper()
	d, err := blob.Receive(t.Context(), s, bytes.NewReader(p), int64(len(p)))
	if err != nil {
		t.Fatalf("Receive of %d bytes: %v", len(p), err)
	}
	return d
}

// plant stores p under the digest of other bytes, as decay would leave them.
func plant(t *testing.T, s blob.Store, d blob.Digest, p []byte) {
	t.Helper()
	up, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := up.Write(p); err != nil {
		t.Fatal(err)
	}
	if err := up.Commit(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

// read reads a blob through OpenVerified; the bytes are those delivered before the error.
func read(ctx context.Context, s blob.Store, ref blob.Ref, ahead int64) ([]byte, error) {
	r, err := blob.OpenVerified(ctx, s, ref, ahead)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = io.Copy(&b, r)
	return b.Bytes(), errors.Join(err, r.Close())
}

func wantContent(t *testing.T, s blob.Store, want []byte) {
	t.Helper()
	for _, ahead := range []int64{0, math.MaxInt64} {
		got, err := read(t.Context(), s, digestOf(want).Ref, ahead)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("read with ahead %d: got %d bytes, %v; want the %d received", ahead, len(got), err, len(want))
		}
	}
}

// received lists the store.
func received(t *testing.T, s blob.Store) map[blob.Ref]time.Time {
	t.Helper()
	all := map[blob.Ref]time.Time{}
	err := s.Walk(t.Context(), func(ref blob.Ref, at time.Time) error {
		if _, ok := all[ref]; ok {
			return fmt.Errorf("%s met twice", ref)
		}
		all[ref] = at
		return nil
	})
	if err != nil {
		t.Fatalf("Walk: %v", err)
	}
	return all
}

func wantEmpty(t *testing.T, s blob.Store) {
	t.Helper()
	if all := received(t, s); len(all) != 0 {
		t.Errorf("store holds %v, want nothing", all)
	}
}

func wantError(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}
