package mllp

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll reads messages to the end of the stream.
func readAll(src io.Reader, limit int) (got []string, err error) {
	f := &frames{src: src, limit: limit, pool: new(pool)}
	for {
		msg, err := f.next()
		if err != nil {
			f.release()
			if used := f.pool.used.Load(); used != 0 {
				return got, errors.New("the pool still counts bytes")
			}
			return got, err
		}
		got = append(got, string(msg))
	}
}

// chunks are ways in which a network may cut a stream.
var chunks = map[string]func(io.Reader) io.Reader{
	"whole":       func(r io.Reader) io.Reader { return r },
	"bytes":       iotest.OneByteReader,
	"halves":      iotest.HalfReader,
	"err at once": iotest.DataErrReader,
}

func TestFrames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	for _, tt := range []struct {
		name, in string
		want     []string
		err      error
	}{
		{"nothing", "", nil, io.EOF},
		{"one", "\x0bMSH\x1c\r", []string{"MSH"}, io.EOF},
		{"two", "\x0ba\x1c\r\x0bb\x1c\r", []string{"a", "b"}, io.EOF},
		{"line feed between", "\x0ba\x1c\r\n\x0bb\x1c\r\n", []string{"a", "b"}, io.EOF},
		{"rubbish before", "GET / \x1c\r\x0ba\x1c\r", []string{"a"}, io.EOF},
		{"at the limit", "\x0b" + long + "\x1c\r", []string{long}, io.EOF},
		{"line ends inside", "\x0ba\r\nb\r\x1c\r", []string{"a\r\nb\r"}, io.EOF},
		{"much between", strings.Repeat("\n", maxBetween) + "\x0ba\x1c\r", []string{"a"}, io.EOF},

		{"too much between", strings.Repeat("\n", maxBetween+1) + "\x0ba\x1c\r", nil, ErrMalformed},
		{"never a start", strings.Repeat("a", 3*maxBetween), nil, ErrMalformed},
		{"start inside", "\x0ba\x0bb\x1c\r", nil, ErrMalformed},
		{"two starts", "\x0b\x0bb\x1c\r", nil, ErrMalformed},
		{"end without CR", "\x0ba\x1cb\x1c\r", nil, ErrMalformed},
		{"end twice", "\x0ba\x1c\x1c\r", nil, ErrMalformed},
		{"end with line feed", "\x0ba\x1c\n", nil, ErrMalformed},
		{"empty", "\x0b\x1c\r", nil, ErrMalformed},
		{"second is broken", "\x0ba\x1c\r\x0bb\x0b", []string{"a"}, ErrMalformed},
		{"too large", "\x0b" + long + "y\x1c\r", nil, ErrTooLarge},
		{"too large without end", "\x0b" + long + long, nil, ErrTooLarge},
		{"start after the limit", "\x0b" + long + "y\x0b", nil, ErrTooLarge},
		{"no start", "MSH|a\r\x1c\r", nil, ErrMalformed},
		{"no start after a message", "\x0ba\x1c\rb\x1c\r", []string{"a"}, ErrMalformed},
		{"line ends alone", "\r\n\n", nil, io.EOF},
		{"no end", "\x0ba", nil, io.ErrUnexpectedEOF},
		{"no end, typed", "\x0ba", nil, ErrIncomplete},
		{"start only", "\x0b", nil, io.ErrUnexpectedEOF},
		{"end without the last byte", "\x0ba\x1c", nil, io.ErrUnexpectedEOF},
	} {
		for how, cut := range chunks {
			got, err := readAll(cut(strings.NewReader(tt.in)), 100)
			if !slices.Equal(got, tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("%s, %s: got %q, %v; want %q, %v", tt.name, how, got, err, tt.want, tt.err)
			}
		}
	}
}

// TestFramesCutAnywhere: wherever the network cuts a stream in two or three, the messages are the same, and so is its end.
func TestFramesCutAnywhere(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"\x0bMSH|^~\\&|A\rPID|1\r\x1c\r", "\x0ba\x1c\r\n\x0bb\x1c\r", "\x0ba\x1c\r\x0bb\x1c\r\x0bc\x1c\r", "x\n\x0bM\xc3\xbc\x1c\r",
		"\x0ba\x1cb\x1c\r", "\x0ba\x0bb\x1c\r", "\x0ba\x1c\n", "\x0ba\r\x0bb\x1c\r", "\x0ba\x1c", "a\x1c\r",
	} {
		want, end := readAll(strings.NewReader(in), 100)
		for i := range len(in) + 1 {
			for j := i; j <= len(in); j++ {
				got, err := readAll(io.MultiReader(strings.NewReader(in[:i]), strings.NewReader(in[i:j]), strings.NewReader(in[j:])), 100)
				if !slices.Equal(got, want) || err.Error() != end.Error() {
					t.Errorf("%q cut at %d and %d: got %q, %v; want %q, %v", in, i, j, got, err, want, end)
				}
			}
		}
	}
}

// TestFramesBuffer: the buffer grows with a message, never beyond the limit, and returns to its first size.
func TestFramesBuffer(t *testing.T) {
	t.Parallel()
	const limit = 100_000
	big := "\x0b" + strings.Repeat("x", limit) + "\x1c\r"
	f := &frames{src: strings.NewReader("\x0ba\x1c\r" + big + "\x0bb\x1c\r"), limit: limit, pool: newPool(limit)}
	for _, want := range []struct {
		message, buffer int
	}{{1, firstBuffer}, {limit, limit + 3}, {1, firstBuffer}} {
		msg, err := f.next()
		if err != nil || len(msg) != want.message || len(f.buf) != want.buffer {
			t.Fatalf("got %d bytes in a buffer of %d, %v; want %d in %d", len(msg), len(f.buf), err, want.message, want.buffer)
		}
		if used := f.pool.used.Load(); used != int64(want.buffer-firstBuffer) {
			t.Fatalf("the pool counts %d bytes beside a buffer of %d", used, want.buffer)
		}
	}
	small := &frames{src: strings.NewReader(big), limit: limit, pool: newPool(limit / 2)}
	if small.buf != nil {
		t.Error("there is a buffer before anybody said anything")
	}
	if _, err := small.next(); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	small.release()
	if used := small.pool.used.Load(); used != 0 {
		t.Errorf("the pool still counts %d bytes", used)
	}
}

func TestFrameRefuses(t *testing.T) {
	t.Parallel()
	for _, msg := range []string{"", "a\x0b", "a\x1c\rb"} {
		if out, err := frame([]byte(msg)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: got %q, %v; want ErrMalformed", msg, out, err)
		}
	}
}

func FuzzFrame(f *testing.F) {
	for _, s := range []string{
		"\x0bMSH|^~\\&|\r\x1c\r", "\x0ba\x1c\r\n\x0bb\x1c\r", "rubbish\x0ba\x0bb\x1c\r", "\x0b\x1c\r", "\x0ba\x1c", "\x0b0123456789abcdefg\x1c\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		const limit = 16
		want, end := readAll(bytes.NewReader(in), limit)
		for how, cut := range chunks {
			got, err := readAll(cut(bytes.NewReader(in)), limit)
			if !slices.Equal(got, want) || err.Error() != end.Error() {
				t.Fatalf("%s: got %q, %v; whole gave %q, %v", how, got, err, want, end)
			}
		}
		var again []byte
		for _, msg := range want {
			out, err := frame([]byte(msg))
			if err != nil || len(msg) > limit {
				t.Fatalf("%q: %v", msg, err)
			}
			again = append(again, out...)
		}
		if back, err := readAll(bytes.NewReader(again), limit); !slices.Equal(back, want) || err != io.EOF {
			t.Fatalf("%q written and read again: %q, %v", want, back, err)
		}
	})
}

func newPool(limit int64) *pool {
	p := &pool{}
	p.limit.Store(limit)
	return p
}
