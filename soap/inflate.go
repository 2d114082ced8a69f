package soap

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
)

// capped ends a stream with a fault when more than left bytes come.
type capped struct {
	r    io.Reader
	left int64
	over func() error
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left == 0 { // the end may be here: only one byte more is too much
		var one [1]byte
		n, err := c.r.Read(one[:])
		if n > 0 {
			err = c.over()
		}
		return 0, err
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func tooLarge(what string, limit int64) *Fault {
	f := SenderFault(fmt.Sprintf("%s is larger than %d bytes", what, limit), nil)
	f.HTTPStatus = http.StatusRequestEntityTooLarge
	return f
}

func unsupported(reason string) *Fault {
	f := SenderFault(reason, nil)
	f.HTTPStatus = http.StatusUnsupportedMediaType
	return f
}

// inflate undoes the Content-Encoding: none or gzip. Both the received and the inflated bytes are bounded, and their
// ratio is once a MiB is out (metadata compresses to a twentieth, a bomb to a thousandth).
func inflate(encoding string, body io.Reader, lim Limits) (io.Reader, error) {
	over := func() error { return tooLarge("the HTTP body", lim.Body) }
	received := &capped{r: body, left: lim.Body, over: over}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return received, nil
	case "gzip", "x-gzip":
	default:
		return nil, unsupported("the Content-Encoding " + clip(encoding) + " is not supported, only gzip is")
	}
	zr, err := gzip.NewReader(received)
	if err != nil {
		return nil, readFault(err)
	}
	ratio := &ratioReader{r: zr, received: received, lim: lim}
	return &capped{r: ratio, left: lim.Body, over: over}, nil
}

type ratioReader struct {
	r        io.Reader
	received *capped
	lim      Limits
	out      int64
}

func (g *ratioReader) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	g.out += int64(n)
	in := g.lim.Body - g.received.left
	if g.out > 1<<20 && g.out/int64(g.lim.GzipRatio) > in {
		f := SenderFault(fmt.Sprintf("the gzip body inflates to more than %d times its size", g.lim.GzipRatio), nil)
		f.HTTPStatus = http.StatusRequestEntityTooLarge
		return 0, f
	}
	return n, err
}

// faulty turns every error of reading a message into a fault; io.EOF stays.
type faulty struct{ r io.Reader }

func (f faulty) Read(p []byte) (int, error) {
	n, err := f.r.Read(p)
	if err != nil && err != io.EOF {
		err = readFault(err)
	}
	return n, err
}

// readFault says what went wrong while a message was read.
func readFault(err error) error {
	var f *Fault
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, os.ErrDeadlineExceeded):
		f = SenderFault("the message came too slowly", err)
		f.HTTPStatus = http.StatusRequestTimeout
	case errors.As(err, &tooBig): // a handler around us set its own limit
		f = tooLarge("the HTTP body", tooBig.Limit)
	case errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF:
		f = SenderFault("the message ended before its announced end", err)
	default:
		f = SenderFault("the message could not be read", err)
	}
	return f
}
