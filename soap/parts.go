package soap

import (
	"fmt"
	"io"
	"os"
)

// Parts yields the attachments of a message in wire order. It belongs to one goroutine and ends with the message.
type Parts struct {
	pkg     *packageReader // nil for a simple message
	spool   *spool
	waiting []spooledPart     // parts that came before the root
	mend    func(error) error // how the owner words an error; nil: as a *Fault
	err     error             // sticky
}

// Part is one attachment. Its reader gives the bytes after transfer decoding and ends with io.EOF; it is dead once Next
// is called again.
type Part struct {
	ContentID   string // without angle brackets, "" when the part has none
	ContentType string // as sent; it describes the part, not the DocumentEntry
	io.Reader
	raw *rawPart
}

// Unterminated tells, once the reader has returned io.EOF, that the message ended without a boundary behind this part.
// The transport called the message complete, so that most likely only the boundary was forgotten; only a size or a hash
// known from elsewhere can prove it. A tail that could be the beginning of the boundary, be it only a line end, was taken
// for that and is not among the bytes.
func (p *Part) Unterminated() bool { return p.raw != nil && p.raw.unterminated }

// Next returns the next attachment; what was not read of the one before is skipped. After the last one the error is
// io.EOF. Any other error, of Next and of a part's reader, is a *Fault that blames the sender or, when the spool file
// failed, the receiver; on the client's side it is a *ReplyError.
func (p *Parts) Next() (*Part, error) {
	if p.err != nil {
		return nil, p.err
	}
	part, err := p.next()
	if err != nil {
		p.err = p.mended(err)
		return nil, p.err
	}
	if p.mend != nil {
		part.Reader = &mendedReader{part.Reader, p.mend}
	}
	return part, nil
}

func (p *Parts) next() (*Part, error) {
	if len(p.waiting) > 0 {
		s := p.waiting[0]
		p.waiting = p.waiting[1:]
		return &Part{ContentID: s.id, ContentType: s.ct, Reader: s.open()}, nil
	}
	if p.pkg == nil {
		return nil, io.EOF
	}
	raw, err := p.pkg.next()
	if err != nil {
		return nil, err
	}
	return &Part{ContentID: raw.id, ContentType: raw.ct, Reader: raw, raw: raw}, nil
}

func (p *Parts) mended(err error) error {
	if p.mend != nil && err != io.EOF {
		return p.mend(err)
	}
	return err
}

// close gives the spool back; the parts are gone.
func (p *Parts) close() {
	p.err = fmt.Errorf("soap: attachments read after the end of their message: %w", os.ErrClosed)
	if p.spool != nil {
		p.spool.close()
	}
}

type mendedReader struct {
	r    io.Reader
	mend func(error) error
}

func (m *mendedReader) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	if err != nil && err != io.EOF {
		err = m.mend(err)
	}
	return n, err
}
