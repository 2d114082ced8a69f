package mllp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// The bytes round a message.
const (
	startBlock     = 0x0B
	endBlock       = 0x1C
	carriageReturn = 0x0D
)

// Sizes of the receive buffer, and how much may stand between two frames: senders that add a line feed are common,
// what sends more is no HL7 sender.
const (
	firstRead   = 16 // all that a connection has while nobody says anything
	firstBuffer = 4 << 10
	growth      = 4 // times as large as before; less garbage than doubling
	maxBetween  = 4 << 10
)

// Errors of a frame. None can be answered; the connection must be closed.
var (
	ErrMalformed = errors.New("mllp: malformed frame")
	ErrTooLarge  = errors.New("mllp: message larger than the limit")
	ErrBusy      = errors.New("mllp: too many bytes in unfinished messages")
	// ErrIncomplete comes with the cause: the connection or the time ended within a message.
	ErrIncomplete = errors.New("mllp: the message did not end")
)

// pool counts the buffer bytes that all connections of a server hold beyond the first buffer of each, and lends first buffers.
type pool struct {
	used  atomic.Int64
	limit atomic.Int64 // 0 means none
	first sync.Pool    // *[firstBuffer]byte
}

// lend returns a first buffer.
func (p *pool) lend() []byte {
	if p != nil {
		if b, ok := p.first.Get().(*[firstBuffer]byte); ok {
			return b[:]
		}
	}
	return make([]byte, firstBuffer)
}

// back takes a buffer of any size.
func (p *pool) back(b []byte) {
	if p == nil || b == nil {
		return
	}
	if len(b) == firstBuffer {
		p.first.Put((*[firstBuffer]byte)(b))
		return
	}
	p.give(len(b) - firstBuffer)
}

func (p *pool) take(n int) bool {
	if p == nil {
		return true
	}
	if used, limit := p.used.Add(int64(n)), p.limit.Load(); limit > 0 && used > limit {
		p.used.Add(-int64(n))
		return false
	}
	return true
}

func (p *pool) give(n int) {
	if p != nil {
		p.used.Add(-int64(n))
	}
}

// frames cuts a stream into messages. It has no buffer while nobody says anything, 4 KiB from the first byte on and more as a
// message grows, and gives it back after each message.
type frames struct {
	src   io.Reader
	limit int // bytes in one message
	pool  *pool
	// wait, if set, is called before each read: inside says whether a message has begun.
	wait func(inside bool) error

	first [firstRead]byte
	buf   []byte
	r, w  int // buf[r:w] has been read and not yet used
}

// next returns the next message. It is valid until the call after. The error is io.EOF when the stream ends
// between two frames.
func (f *frames) next() ([]byte, error) {
	f.shrink()
	if err := f.skip(); err != nil {
		return nil, err
	}
	for seen := 0; ; {
		data := f.buf[f.r:f.w]
		if i := bytes.IndexAny(data[seen:], "\x0b\x1c"); i >= 0 {
			i += seen
			if len(data) > i+1 || data[i] == startBlock {
				return f.finish(data, i)
			}
			seen = i // the end block is there, the byte after it is not yet
		} else {
			seen = len(data)
		}
		if seen > f.limit {
			return nil, ErrTooLarge
		}
		if err := f.fill(true); err != nil {
			return nil, err
		}
	}
}

// finish checks the end of the message data[:i].
func (f *frames) finish(data []byte, i int) ([]byte, error) {
	switch {
	case i > f.limit:
		return nil, ErrTooLarge
	case data[i] == startBlock:
		return nil, fmt.Errorf("%w: start block 0x0B inside a message", ErrMalformed)
	case data[i+1] != carriageReturn:
		return nil, fmt.Errorf("%w: expected 0x0D after 0x1C, got 0x%02X", ErrMalformed, data[i+1])
	case i == 0:
		return nil, fmt.Errorf("%w: no message between 0x0B and 0x1C", ErrMalformed)
	}
	f.r += i + 2
	return data[:i:i], nil
}

// skip drops bytes up to and including the next start block. When the stream ends, only line ends may have been dropped.
func (f *frames) skip() error {
	for between, lost := 0, false; ; {
		data := f.buf[f.r:f.w]
		i := bytes.IndexByte(data, startBlock)
		if i >= 0 {
			data = data[:i]
		}
		lost = lost || len(bytes.Trim(data, "\r\n")) > 0
		if between += len(data); between > maxBetween {
			return fmt.Errorf("%w: more than %d bytes without a start block 0x0B", ErrMalformed, maxBetween)
		}
		if i >= 0 {
			f.r += i + 1
			return nil
		}
		f.r, f.w = 0, 0
		if err := f.fill(false); err == io.EOF && lost {
			return fmt.Errorf("%w: the stream ends without a start block 0x0B", ErrMalformed)
		} else if err != nil {
			return err
		}
	}
}

// fill reads once. Inside a message the end of the stream is unexpected.
func (f *frames) fill(inside bool) error {
	if err := f.room(); err != nil {
		return err
	}
	if f.wait != nil {
		if err := f.wait(inside); err != nil {
			return err
		}
	}
	if f.buf == nil && f.pool == nil {
		f.buf = make([]byte, firstBuffer) // a client has one connection and always expects something
	}
	to := f.buf[f.w:]
	if f.buf == nil {
		to = f.first[:]
	}
	n, err := f.src.Read(to)
	if n > 0 && f.buf == nil {
		f.buf = f.pool.lend()
		copy(f.buf, f.first[:n])
	}
	f.w += n
	switch {
	case n > 0:
		return nil // an error with it comes again
	case err == nil:
		return io.ErrNoProgress
	case inside && err == io.EOF:
		err = io.ErrUnexpectedEOF
	}
	if inside {
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
	return err
}

// room makes space for a read: by moving what is unused to the front, else by a larger buffer, up to what the largest message
// needs.
func (f *frames) room() error {
	if f.w < len(f.buf) || f.buf == nil {
		return nil
	}
	if f.r > 0 {
		f.w = copy(f.buf, f.buf[f.r:f.w])
		f.r = 0
		return nil
	}
	size := min(growth*len(f.buf), max(f.limit+3, len(f.buf)+2))
	if !f.pool.take(size - len(f.buf)) {
		return ErrBusy
	}
	grown := make([]byte, size)
	copy(grown, f.buf)
	if len(f.buf) == firstBuffer {
		f.pool.back(f.buf)
	}
	f.buf = grown
	return nil
}

// shrink gives the buffer back when nothing is left in it, and a large one when what is left fits the first size.
func (f *frames) shrink() {
	if f.r == f.w && (f.pool != nil || len(f.buf) > firstBuffer) {
		f.release()
		return
	}
	if len(f.buf) <= firstBuffer || f.w-f.r > firstBuffer {
		return
	}
	small := f.pool.lend()
	f.w = copy(small, f.buf[f.r:f.w])
	f.r = 0
	f.pool.back(f.buf)
	f.buf = small
}

// release gives the buffer back for good.
func (f *frames) release() {
	f.pool.back(f.buf)
	f.buf, f.r, f.w = nil, 0, 0
}

// frame wraps a message. A message that holds frame bytes is refused: it would be cut, or start another.
func frame(msg []byte) ([]byte, error) {
	if len(msg) == 0 || bytes.ContainsAny(msg, "\x0b\x1c") {
		return nil, fmt.Errorf("%w: the message to send is empty or holds 0x0B or 0x1C", ErrMalformed)
	}
	out := make([]byte, 0, len(msg)+3)
	out = append(out, startBlock)
	out = append(out, msg...)
	return append(out, endBlock, carriageReturn), nil
}
