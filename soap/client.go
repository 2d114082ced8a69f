package soap

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"
)

// Client sends requests and reads the answers. Its fields are set before the first call and not changed afterwards.
type Client struct {
	// HTTP is the transport; nil means a plain one. Its Timeout, if set, bounds a whole call, attachments included; the
	// context of a call is the finer tool. Redirects are not followed: a message goes to the address it was made for.
	HTTP   *http.Client
	Limits Limits        // of the answer; ChunkTimeout holds for both directions, but not for the time between them
	NewID  func() string // UUIDs for MessageID, boundary and Content-ID; nil means random ones
}

// Call is a request.
type Call struct {
	Action string
	MTOM   bool      // send a multipart message; otherwise documents are sent as base64
	Body   []Segment // the one child of env:Body; a repeated attempt runs Stream and Open again
	Header [][]byte  // further header blocks, ready XML
	// MessageID is for a message that may have been sent before; "" draws a new one.
	MessageID string
}

// Call sends a request and reads the answer up to the end of its envelope. A fault that the peer answered with is
// returned as *Fault with Remote set; an answer that cannot be taken as one is a *ReplyError; what the transport says is
// returned as net/http words it. Only a *Fault proves that the peer has seen the message and refused it.
func (c *Client) Call(ctx context.Context, url string, call Call) (*Reply, error) {
	newID := c.NewID
	if newID == nil {
		newID = newUUID
	}
	lim := c.Limits.withDefaults()
	out := &outgoing{action: call.Action, to: url, header: call.Header, body: call.Body, mtom: call.MTOM}
	out.identify(newID)
	if call.MessageID != "" {
		out.messageID = call.MessageID
	}
	ctx, dog := watch(ctx, lim.ChunkTimeout)
	resp, err := c.post(ctx, dog, url, out)
	if err != nil {
		if cause := context.Cause(ctx); cause == errSlow {
			err = &ReplyError{Reason: "the peer took the request too slowly", Err: cause}
		}
		dog.end()
		return nil, err
	}
	return readReply(ctx, dog, resp, lim, out.messageID)
}

func (c *Client) post(ctx context.Context, dog *watchdog, url string, out *outgoing) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, err
	}
	pieces := out.layout()
	req.ContentLength = length(pieces)
	req.GetBody = func() (io.ReadCloser, error) { return &watchedBody{newBody(pieces), dog}, nil }
	if req.Body, err = req.GetBody(); err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", out.contentType(out.action))
	req.Header.Set("Accept-Encoding", "gzip") // asked for here, so that it is inflated here, within the limits
	if out.mtom {
		req.Header["MIME-Version"] = []string{"1.0"}
	}
	var hc http.Client
	if c.HTTP != nil {
		hc = *c.HTTP
	}
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return hc.Do(req)
}

// newBody reads the pieces one after the other; a writer of its own goroutine is needed only for those that are written.
func newBody(pieces []piece) io.ReadCloser {
	var text []byte
	for _, p := range pieces {
		if p.text == nil && (p.stream != nil || p.doc != nil) {
			return newPipe(pieces)
		}
		text = append(text, p.text...)
	}
	return io.NopCloser(bytes.NewReader(text))
}

func newPipe(pieces []piece) io.ReadCloser {
	pr, pw := io.Pipe()
	go func() {
		// The transport closes pr in any case, and that ends a write in progress.
		pw.CloseWithError(guard(func() error { return writePieces(pw, pieces) }))
	}()
	return pr
}

// watchdog ends a call when the peer takes or gives no chunk in time. It sleeps while the peer is at work on the request.
// Each direction has its clock: the transport may close the request body after the answer has begun.
type watchdog struct {
	send, receive *time.Timer
	limit         time.Duration
	cancel        context.CancelCauseFunc
}

func watch(ctx context.Context, limit time.Duration) (context.Context, *watchdog) {
	ctx, cancel := context.WithCancelCause(ctx)
	asleep := func() *time.Timer {
		t := time.AfterFunc(limit, func() { cancel(errSlow) })
		t.Stop()
		return t
	}
	return ctx, &watchdog{asleep(), asleep(), limit, cancel}
}

// arm has the signature of a deadline setter, so that a pacedReader can use it.
func (d *watchdog) arm(deadline time.Time) error {
	if deadline.IsZero() {
		d.receive.Stop()
	} else {
		d.receive.Reset(time.Until(deadline))
	}
	return nil
}

func (d *watchdog) end() {
	d.send.Stop()
	d.receive.Stop()
	d.cancel(nil)
}

// watchedBody runs the clock from the end of one read to the beginning of the next: while the transport sends.
type watchedBody struct {
	io.ReadCloser
	dog *watchdog
}

func (b *watchedBody) Read(p []byte) (int, error) {
	b.dog.send.Stop()
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		b.dog.send.Reset(b.dog.limit)
	}
	return n, err
}

// Close is the transport's sign that it will send no more of this body.
func (b *watchedBody) Close() error {
	b.dog.send.Stop()
	return b.ReadCloser.Close()
}
