package blob

import (
	"crypto/sha256"
	"hash"
	"testing"
)

// gated is a hash that says when a Write begins and waits until it may go on.
type gated struct {
	hash.Hash
	begun, may chan struct{}
}

func (g gated) Write(p []byte) (int, error) {
	g.begun <- struct{}{}
	<-g.may
	return g.Hash.Write(p)
}

// TestSideHashKeepsItsChunk: a chunk is not free for new content while it is being hashed. The race detector does
// not see this, for the hash reads in assembly.
func TestSideHashKeepsItsChunk(t *testing.T) {
	t.Parallel()
	const n = sideChunks + 2
	g := gated{sha256.New(), make(chan struct{}), make(chan struct{})}
	s := sideHash{hash: g}
	defer s.release()
	want := sha256.New()
	for i := range n {
		if i >= sideChunks {
			<-g.begun
			if len(s.free) > 0 {
				t.Error("a chunk is free while it is being hashed")
			}
			g.may <- struct{}{}
		}
		buf := s.buffer()
		for j := range buf {
			buf[j] = byte(i + 1)
		}
		want.Write(buf[:])
		s.write(buf[:], false)
	}
	for range sideChunks {
		go func() { <-g.begun; g.may <- struct{}{} }()
	}
	if got := s.finish().Sum(nil); string(got) != string(want.Sum(nil)) {
		t.Errorf("digest: got %x, want %x", got, want.Sum(nil))
	}
}
