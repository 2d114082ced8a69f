package syslog

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// AppendFrame appends a message with its length in bytes before it (RFC 5425 section 4.3).
func AppendFrame(dst, message []byte) []byte {
	dst = strconv.AppendInt(dst, int64(len(message)), 10)
	dst = append(dst, ' ')
	return append(dst, message...)
}

// Errors of frames.
var (
	ErrFrame    = errors.New("syslog: expected the length of a message or <PRI>")
	ErrTooLarge = errors.New("syslog: message above the limit")
)

// readFrame reads the next message: with its length before it, or, as old senders do, ended by LF. started is called when
// its first byte is there. Memory grows with what has arrived, never with what a length announces. io.EOF is the end between
// two messages.
func readFrame(r *bufio.Reader, limit int, started func()) ([]byte, error) {
	first, err := skipLineEnds(r)
	if err != nil {
		return nil, err
	}
	if started != nil {
		started()
	}
	switch {
	case first == '<':
		return readLine(r, limit)
	case first >= '1' && first <= '9':
		n, err := readLength(r, limit)
		if err != nil {
			return nil, err
		}
		return readBytes(r, n)
	}
	return nil, ErrFrame
}

// skipLineEnds returns the first byte of the next message without taking it.
func skipLineEnds(r *bufio.Reader) (byte, error) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		if b != '\n' && b != '\r' && b != 0 {
			return b, r.UnreadByte()
		}
	}
}

func readLength(r *bufio.Reader, limit int) (int, error) {
	n := 0
	for {
		b, err := r.ReadByte()
		switch {
		case err != nil:
			return 0, short(err)
		case b == ' ':
			return n, nil
		case b < '0' || b > '9':
			return 0, ErrFrame
		}
		if n = 10*n + int(b-'0'); n > limit {
			return 0, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)
		}
	}
}

// readBytes reads n bytes in growing pieces.
func readBytes(r *bufio.Reader, n int) ([]byte, error) {
	var out []byte
	for len(out) < n {
		piece := min(n-len(out), max(4096, len(out)))
		out = append(out, make([]byte, piece)...)
		if _, err := io.ReadFull(r, out[len(out)-piece:]); err != nil {
			return nil, short(err)
		}
	}
	return out, nil
}

// readLine reads up to LF or the end.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var out []byte
	for {
		piece, err := r.ReadSlice('\n')
		if len(out)+len(piece) > limit+1 {
			return nil, fmt.Errorf("%w of %d bytes", ErrTooLarge, limit)
		}
		out = append(out, piece...)
		switch {
		case err == nil:
			return out[:len(out)-1], nil
		case errors.Is(err, io.EOF):
			return out, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// short makes an end within a message an error.
func short(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
