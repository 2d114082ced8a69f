package main

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"
)

// content is a document that is made while it is read, so that 1 GB needs 64 KB. No two seeds share a block.
type content struct {
	seed uint64
	size int64
}

const contentBlock = 64 << 10

// noise is the same in every block but for its first 16 bytes.
var noise = func() (block [contentBlock]byte) {
	_, _ = rand.NewChaCha8([32]byte{1}).Read(block[:]) // never fails
	return block
}()

func (c content) reader() io.Reader { return &contentReader{content: c, block: noise} }

// sum is the SHA-256 of the whole.
func (c content) sum() ([sha256.Size]byte, error) {
	h := sha256.New()
	_, err := io.Copy(h, c.reader())
	return [sha256.Size]byte(h.Sum(nil)), err
}

type contentReader struct {
	content
	at    int64
	block [contentBlock]byte
}

func (r *contentReader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		return 0, io.EOF
	}
	in := r.at % contentBlock
	if in == 0 {
		binary.BigEndian.PutUint64(r.block[:], r.seed)
		binary.BigEndian.PutUint64(r.block[8:], uint64(r.at))
	}
	n := copy(p[:min(int64(len(p)), r.size-r.at)], r.block[in:])
	r.at += int64(n)
	return n, nil
}
