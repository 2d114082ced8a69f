package soap

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"dossier/internal/failpoint"
)

const (
	// An answer given before the request was read to its end waits for the rest, within these bounds: many clients do not
	// look at the answer before they have sent everything, and see a reset connection instead of the reason.
	drainBytes = 4 << 20
	drainTime  = 2 * time.Second
)

// exchange is one request on its way through the server.
type exchange struct {
	srv  *Server
	w    http.ResponseWriter
	r    *http.Request
	rc   *http.ResponseController
	lim  Limits
	body *pacedReader
	msg  *message // nil until the body is looked at
	req  Request
	op   *Operation
}

func newExchange(s *Server, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{srv: s, w: w, r: r, rc: http.NewResponseController(w), lim: s.Limits.withDefaults()}
	x.body = newPacedReader(r.Body, x.lim.ChunkTimeout, x.rc.SetReadDeadline)
	x.req = Request{
		Parts:         &Parts{},
		Peer:          Peer{Addr: r.RemoteAddr, TLS: r.TLS},
		URI:           r.RequestURI,
		Host:          r.Host,
		ContentLength: r.ContentLength,
	}
	return x
}

func (x *exchange) close() {
	if x.msg != nil {
		x.msg.close()
	}
}

// take reads the message and finds its operation.
func (x *exchange) take() error {
	var err error
	in := incoming{x.r.Header, x.r.ContentLength, x.body, x.lim, x.srv.SpoolDir, x.srv.Budget}
	x.msg, err = in.receive()
	x.describe()
	if err != nil {
		return err
	}
	if unknown := x.msg.notUnderstood(x.srv.Understands); len(unknown) > 0 {
		return MustUnderstand(unknown...)
	}
	if err := x.msg.wsa.onlyAnonymous(); err != nil {
		return err
	}
	x.op, err = dispatch(x.srv.Operations, x.msg)
	if err == nil {
		x.req.Action = x.op.Action
	}
	return err
}

// describe fills the request with what was understood, be it the whole message or not.
func (x *exchange) describe() {
	m := x.msg
	x.req.Action, x.req.MessageID = m.wsa.action, m.wsa.messageID
	x.req.ReplyTo, x.req.FaultTo, x.req.To = m.wsa.replyTo, m.wsa.faultTo, m.wsa.to
	x.req.Envelope, x.req.Header, x.req.Body = m.doc, m.header, m.body
	x.req.MTOM, x.req.Parts = m.mtom, m.parts
}

// fault finds the fault for an error.
func (x *exchange) fault(err error) *Fault {
	var f *Fault
	if errors.As(err, &f) && !f.Remote {
		return f
	}
	if x.srv.Fault != nil {
		if f = x.srv.Fault(x.r.Context(), &x.req, err); f != nil {
			return f
		}
	}
	return ReceiverFault("internal error", err)
}

// settle prepares the connection for an answer. net/http reads what is left of a short request before it sends the
// header, so a deadline must stand even where nothing is waited for.
func (x *exchange) settle(drain bool) {
	if x.body.ended {
		return
	}
	_ = x.rc.SetReadDeadline(time.Now().Add(min(drainTime, x.lim.ChunkTimeout)))
	if !drain {
		return
	}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for left := drainBytes; left > 0; {
		n, err := x.r.Body.Read(*buf)
		left -= n
		if err == io.EOF {
			_ = x.rc.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return
		}
	}
}

// sendFault answers with a fault, always as a simple message whatever the packaging of the request: a fault has no
// attachments, and not every client that sends MTOM expects it back from a server that may not have understood it.
func (x *exchange) sendFault(f *Fault) {
	out := &outgoing{action: f.action(), header: f.headerBlocks(), body: []Segment{{XML: f.body()}}}
	if x.msg != nil {
		out.relatesTo = x.msg.wsa.messageID
	}
	if f.status() == http.StatusUnsupportedMediaType {
		x.w.Header().Set("Accept-Encoding", "gzip") // RFC 9110 section 15.5.16
	}
	out.identify(x.srv.newID)
	x.settle(x.body.started)
	if err := x.send(out, f.status()); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// sendResponse answers in the packaging of the request.
func (x *exchange) sendResponse(resp *Response) {
	out := &outgoing{action: x.op.Reply, relatesTo: x.msg.wsa.messageID, body: resp.Body, mtom: x.msg.mtom}
	out.identify(x.srv.newID)
	x.settle(true)
	err := x.send(out, http.StatusOK)
	if resp.Sent != nil {
		resp.Sent(err)
	}
	var early *unsentError
	switch {
	case errors.As(err, &early):
		x.sendFault(x.fault(early.Err))
	case err != nil:
		panic(http.ErrAbortHandler)
	}
}

// unsentError says that an answer failed before any byte of it left, so that there is room for another.
type unsentError struct{ Err error }

func (e *unsentError) Error() string { return e.Err.Error() }
func (e *unsentError) Unwrap() error { return e.Err }

// send writes the HTTP answer. The header leaves with the first full chunk or at the end, whichever is earlier.
func (x *exchange) send(out *outgoing, status int) error {
	pieces := out.layout()
	head := &headWriter{w: x.w, status: status, contentType: out.contentType(""), mtom: out.mtom, length: length(pieces)}
	paced := &pacedWriter{head, x.rc.SetWriteDeadline, x.lim.ChunkTimeout}
	bw := writers.Get().(*bufio.Writer)
	bw.Reset(paced)
	defer func() { bw.Reset(nil); writers.Put(bw) }()
	err := guard(func() error { return writePieces(bw, pieces) })
	if err != nil && !head.sent {
		return &unsentError{err}
	}
	if err != nil {
		return err
	}
	if !head.sent {
		head.length = int64(bw.Buffered())
	}
	if err := bw.Flush(); err != nil {
		return err
	}
	err = paced.flush(x.rc)
	failpoint.Hit("soap.response.sent")
	return err
}

// headWriter sends the HTTP header before the first byte of the body.
type headWriter struct {
	w           http.ResponseWriter
	status      int
	contentType string
	mtom        bool
	length      int64
	sent        bool
}

func (h *headWriter) Write(b []byte) (int, error) {
	if !h.sent {
		h.sent = true
		header := h.w.Header()
		header.Set("Content-Type", h.contentType)
		if h.mtom {
			header["MIME-Version"] = []string{"1.0"} // as RFC 2045 spells it, not as net/http would
		}
		if h.length >= 0 {
			header.Set("Content-Length", strconv.FormatInt(h.length, 10))
		}
		failpoint.Hit("soap.response.before")
		h.w.WriteHeader(h.status)
		n, err := h.w.Write(b)
		failpoint.Hit("soap.response.begun")
		return n, err
	}
	return h.w.Write(b)
}
