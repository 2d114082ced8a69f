package atna

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Hash is a link of the chain.
type Hash [sha256.Size]byte

// Link is a stored message in the chain: its number counts from 1 without gaps, Prev is the Hash of the message before
// it (zero for the first), Hash covers all of it.
type Link struct {
	Number  int64
	Stored  time.Time // when the message was stored, to the nanosecond
	Prev    Hash
	Hash    Hash
	Message []byte
}

// chainVersion stands before everything that is hashed.
const chainVersion = "dossier audit chain 1\n"

// Chain is the head of a chain; its zero value is an empty one.
type Chain struct {
	Number int64
	Hash   Hash
}

// Next appends a message.
func (c *Chain) Next(stored time.Time, message []byte) Link {
	l := Link{Number: c.Number + 1, Stored: stored, Prev: c.Hash, Message: message}
	l.Hash = l.sum(l.Number)
	c.Number, c.Hash = l.Number, l.Hash
	return l
}

// sum is the hash that the link must have when its number is n.
func (l *Link) sum(n int64) Hash {
	h := sha256.New()
	head := make([]byte, 0, 96)
	head = append(head, chainVersion...)
	head = append(head, l.Prev[:]...)
	head = binary.BigEndian.AppendUint64(head, uint64(n))
	head = binary.BigEndian.AppendUint64(head, uint64(l.Stored.UnixNano()))
	head = binary.BigEndian.AppendUint64(head, uint64(len(l.Message)))
	h.Write(head)
	h.Write(l.Message)
	var out Hash
	h.Sum(out[:0])
	return out
}
