package soap

import (
	"errors"
	"fmt"
	"io"
)

// DocumentError says that a document of an answer or a request could not be sent whole.
type DocumentError struct{ Err error }

func (e *DocumentError) Error() string { return "soap: document not sent: " + e.Err.Error() }

// Unwrap returns what Open, Read or Close returned.
func (e *DocumentError) Unwrap() error { return e.Err }

var errNoOpen = errors.New("it has no Open")

// copyTo sends the document. Errors of the document are *DocumentError, errors of w are as w returned them.
func (d *Document) copyTo(w io.Writer) error {
	if d.Open == nil {
		return &DocumentError{errNoOpen}
	}
	r, err := d.Open()
	if err != nil {
		return &DocumentError{err}
	}
	err = relay(w, r, d.Size)
	if cerr := r.Close(); err == nil && cerr != nil {
		return &DocumentError{cerr}
	}
	return err
}

// relay copies r to w and holds the newest chunk back until the read after it has ended well: a reader that verifies
// what it reads has the last word before the message can be complete. size is what r must give, -1 when unknown.
func relay(w io.Writer, r io.Reader, size int64) error {
	held, next := buffers.Get().(*[]byte), buffers.Get().(*[]byte)
	defer func() { buffers.Put(held); buffers.Put(next) }()
	total := int64(0)
	for n := 0; ; held, next = next, held {
		m, err := fill(r, *next)
		total += int64(m)
		switch {
		case err != nil && err != io.EOF:
			return &DocumentError{err}
		case size >= 0 && (total > size || err == io.EOF && total != size):
			return &DocumentError{fmt.Errorf("expected %d bytes, got %d or more", size, total)}
		}
		if _, werr := w.Write((*held)[:n]); werr != nil {
			return werr
		}
		if err == io.EOF {
			_, werr := w.Write((*next)[:m])
			return werr
		}
		n = m
	}
}

// fill reads until b is full (nil) or r ends (io.EOF, with what came before). It never drops an error that came with
// the last bytes, as io.ReadFull does.
func fill(r io.Reader, b []byte) (n int, err error) {
	for idle := 0; n < len(b) && err == nil; {
		var m int
		m, err = r.Read(b[n:])
		n += m
		if idle++; m > 0 {
			idle = 0
		} else if err == nil && idle == 100 {
			err = io.ErrNoProgress
		}
	}
	return n, err
}
