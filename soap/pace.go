package soap

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
)

// chunk is the amount of data that gets one ChunkTimeout, and the size of every buffer a document passes through.
const chunk = 64 << 10

// pacedReader gives every chunk of a stream the same time. The clock runs only while the stream is waited for: neither a
// slow handler nor a long message runs out of time, but a sender that drips bytes does.
type pacedReader struct {
	r     io.Reader
	arm   func(deadline time.Time) error // the zero time disarms
	limit time.Duration
	left  time.Duration // of the present chunk
	got   int           // bytes of the present chunk

	started, ended bool // something was asked for; the end was seen
}

func newPacedReader(r io.Reader, limit time.Duration, arm func(time.Time) error) *pacedReader {
	return &pacedReader{r: r, arm: arm, limit: limit, left: limit}
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if len(b) > chunk {
		b = b[:chunk]
	}
	p.started = true
	start := time.Now()
	// A connection without deadlines (a test recorder) has no slow peer either, so a refused deadline is no error.
	_ = p.arm(start.Add(p.left))
	n, err := p.r.Read(b)
	_ = p.arm(time.Time{})
	p.left -= time.Since(start)
	if p.got += n; p.got >= chunk {
		p.got, p.left = 0, p.limit
	}
	p.ended = p.ended || err == io.EOF
	return n, err
}

// pacedWriter sends at most one chunk per deadline.
type pacedWriter struct {
	w     io.Writer
	arm   func(deadline time.Time) error
	limit time.Duration
}

func (p *pacedWriter) Write(b []byte) (int, error) {
	defer func() { _ = p.arm(time.Time{}) }()
	sent := 0
	for {
		_ = p.arm(time.Now().Add(p.limit))
		n, err := p.w.Write(b[sent:min(len(b), sent+chunk)])
		if sent += n; err != nil || sent == len(b) {
			return sent, err
		}
	}
}

// flush sends what lies in the buffers of the HTTP server, under the same deadline.
func (p *pacedWriter) flush(rc *http.ResponseController) error {
	_ = p.arm(time.Now().Add(p.limit))
	defer func() { _ = p.arm(time.Time{}) }()
	if err := rc.Flush(); !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// Buffers of one chunk, shared by all messages.
var (
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, chunk) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, chunk) }}
	buffers = sync.Pool{New: func() any { b := make([]byte, chunk); return &b }}
)
