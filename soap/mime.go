package soap

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

const (
	maxBoundary = 70       // RFC 2046 section 5.1.1
	maxPreamble = 64 << 10 // bytes before the first boundary
	// What mime/multipart may have read beyond the header it was asked for, and the boundary line itself.
	headerSlack = 4096 + 512
)

// packageReader splits a multipart body. The boundary search is mime/multipart's; the limits, the forgiven mistakes and
// the transfer encodings are here.
type packageReader struct {
	mr    *multipart.Reader
	fence *fence
	lim   Limits
	count int
	seen  map[string]bool // Content-IDs so far, folded
	cur   *rawPart
}

func newPackageReader(r io.Reader, boundary string, lim Limits) (*packageReader, error) {
	if boundary == "" || len(boundary) > maxBoundary {
		return nil, SenderFault(fmt.Sprintf("expected a boundary of 1 to %d characters in the Content-Type, got %d",
			maxBoundary, len(boundary)), nil)
	}
	f := &fence{r: r}
	return &packageReader{mr: multipart.NewReader(f, boundary), fence: f, lim: lim, seen: map[string]bool{}}, nil
}

// fence bounds what may be read while up is set, so that no header can grow for ever. It words the end of the body as
// errEnd: mime/multipart uses io.EOF for the final boundary and for a header that is cut off alike.
type fence struct {
	r    io.Reader
	up   bool
	left int
	hit  bool
}

var (
	errFence = errors.New("header too long")
	errEnd   = errors.New("end of the body without final boundary")
)

func (f *fence) Read(p []byte) (int, error) {
	if f.up {
		if f.left <= 0 {
			f.hit = true
			return 0, errFence
		}
		p = p[:min(len(p), f.left)]
	}
	n, err := f.r.Read(p)
	f.left -= n
	if err == io.EOF {
		err = errEnd
	}
	return n, err
}

// next returns the following part, io.EOF after the last. The part before it is skipped to its end.
func (p *packageReader) next() (*rawPart, error) {
	if p.cur != nil {
		if _, err := io.Copy(io.Discard, p.cur); err != nil {
			return nil, err
		}
		if p.cur.unterminated {
			return nil, io.EOF
		}
	}
	p.count++
	p.fence.up, p.fence.left = true, p.lim.PartHeaderBytes+headerSlack
	if p.cur == nil {
		p.fence.left += maxPreamble
	}
	part, err := p.mr.NextRawPart()
	p.fence.up = false
	switch {
	case err == io.EOF, p.cur != nil && err != errEnd && errors.Is(err, errEnd):
		// Either the final boundary or what was sent of it: mime/multipart wraps errEnd unless it met it in a header.
		return nil, io.EOF
	case err != nil:
		return nil, p.broken(err)
	case p.count > p.lim.Parts:
		return nil, SenderFault(fmt.Sprintf("the message has more than %d parts", p.lim.Parts), nil)
	}
	p.cur, err = p.describe(part)
	return p.cur, err
}

func (p *packageReader) broken(err error) error {
	var f *Fault
	switch {
	case p.fence.hit && p.cur == nil:
		return SenderFault("the boundary of the Content-Type was not found, or the header of the first part is too long", nil)
	case p.fence.hit:
		return p.headerTooLong()
	case errors.As(err, &f):
		return f
	case err == errEnd:
		return SenderFault(fmt.Sprintf("the message ends inside the header of part %d", p.count), nil)
	case p.cur == nil && errors.Is(err, errEnd):
		return SenderFault("the multipart message has no part: the boundary of the Content-Type was not found", nil)
	}
	// The cause quotes a line that may be of a document, so it stays out of every log.
	return SenderFault(fmt.Sprintf("the multipart message is broken at part %d", p.count), nil)
}

func (p *packageReader) headerTooLong() error {
	return SenderFault(fmt.Sprintf("the header of part %d is longer than %d lines or %d bytes",
		p.count, p.lim.PartHeaders, p.lim.PartHeaderBytes), nil)
}

// describe checks the header of a part.
func (p *packageReader) describe(part *multipart.Part) (*rawPart, error) {
	lines, size := 0, 0
	for name, values := range part.Header {
		for _, v := range values {
			lines++
			size += len(name) + len(v) + len(": \r\n")
		}
	}
	if lines > p.lim.PartHeaders || size > p.lim.PartHeaderBytes {
		return nil, p.headerTooLong()
	}
	raw := &rawPart{part: part, id: bareID(part.Header.Get("Content-Id")), ct: part.Header.Get("Content-Type")}
	if raw.id != "" {
		if p.seen[foldID(raw.id)] {
			return nil, SenderFault("two parts have the Content-ID "+clip(raw.id), nil)
		}
		p.seen[foldID(raw.id)] = true
	}
	return raw, raw.decode(part.Header)
}

// rawPart is a part of the package at its place in the stream.
type rawPart struct {
	part         *multipart.Part
	id, ct       string
	decoded      io.Reader
	unterminated bool // the message ended without a boundary after this part
}

// encoded gives the bytes of a part as they are on the wire.
type encoded struct{ p *rawPart }

// Read takes the end of the message for the end of the part: senders forget the final boundary, and so does the sample
// of ITI TF-2: Appendix V. Only a message that the transport calls complete ends with errEnd: one cut short is a fault.
func (e encoded) Read(b []byte) (int, error) {
	n, err := e.p.part.Read(b)
	if err == errEnd {
		e.p.unterminated = true
		err = io.EOF
	}
	return n, err
}

func (r *rawPart) Read(b []byte) (int, error) { return r.decoded.Read(b) }

// decode chooses the reader for the Content-Transfer-Encoding.
func (r *rawPart) decode(h textproto.MIMEHeader) error {
	switch cte := strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))); cte {
	case "", "binary", "8bit", "7bit":
		r.decoded = encoded{r}
	case "base64":
		r.decoded = newBase64Reader(encoded{r}, r.name)
	case "quoted-printable":
		r.decoded = &quotedReader{quotedprintable.NewReader(encoded{r}), r}
	default:
		return SenderFault("the Content-Transfer-Encoding "+clip(cte)+" of "+r.name()+" is not known", nil)
	}
	return nil
}

func (r *rawPart) name() string {
	if r.id == "" {
		return "the part without Content-ID"
	}
	return "part " + clip(r.id)
}

// quotedReader turns the errors of the encoding into faults.
type quotedReader struct {
	r io.Reader
	p *rawPart
}

func (q *quotedReader) Read(b []byte) (int, error) {
	n, err := q.r.Read(b)
	var f *Fault
	if err != nil && err != io.EOF && !errors.As(err, &f) {
		err = SenderFault("the quoted-printable text of "+q.p.name()+" is malformed", err)
	}
	return n, err
}
