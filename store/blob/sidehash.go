package blob

import (
	"hash"
	"sync"
)

// chunkSize is the piece in which documents are read, hashed and written.
const chunkSize = 256 << 10

type chunk [chunkSize]byte

var chunks = sync.Pool{New: func() any { return new(chunk) }}

// sideChunks bounds the memory of one Receive: one chunk being read, hashed and written, one waiting, one at the
// other hash.
const sideChunks = 3

// sideHash hashes in a goroutine of its own what its owner goes on to hash otherwise and to write. While a core is idle
// that takes a quarter off the time of a document of 1 MB and more, else it costs nothing that could be measured
// (BenchmarkSideHash). Content that fits one chunk is hashed in place.
type sideHash struct {
	hash hash.Hash
	all  []*chunk
	work chan []byte // nil until the goroutine is needed
	free chan *chunk // hashed; the owner has written it by the time it asks for another
	done chan struct{}
}

// buffer is the chunk to fill next. Its owner must be through with the one before.
func (s *sideHash) buffer() *chunk {
	if len(s.all) < sideChunks {
		s.all = append(s.all, chunks.Get().(*chunk))
		return s.all[len(s.all)-1]
	}
	return <-s.free
}

// write hashes p, which starts at the start of the buffer handed out before. last says that nothing follows.
func (s *sideHash) write(p []byte, last bool) {
	switch {
	case s.work == nil && last:
		s.hash.Write(p)
		return
	case s.work == nil:
		s.start()
	}
	s.work <- p
}

func (s *sideHash) start() {
	s.work = make(chan []byte, sideChunks)
	s.free = make(chan *chunk, sideChunks)
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		for p := range s.work {
			s.hash.Write(p)
			s.free <- (*chunk)(p[:chunkSize])
		}
	}()
}

// finish waits for the digest of all that was written.
func (s *sideHash) finish() hash.Hash {
	if s.work != nil {
		close(s.work)
		<-s.done
		s.work = nil
	}
	return s.hash
}

// release ends the goroutine and gives the memory back; nothing may be used afterwards.
func (s *sideHash) release() {
	s.finish()
	for _, c := range s.all {
		chunks.Put(c)
	}
	s.all = nil
}
