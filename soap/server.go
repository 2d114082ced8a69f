package soap

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"

	"dossier/internal/xmlwire"
)

// Server answers SOAP requests over HTTP. Its fields are set before the first request and not changed afterwards.
type Server struct {
	Operations []Operation
	Limits     Limits
	Budget     *Budget       // memory for envelopes, which several servers may share; nil knows no bound but that of each message
	SpoolDir   string        // for attachments that come before the root part; "" is the system's directory
	NewID      func() string // UUIDs for MessageID, boundary and Content-ID; nil means random ones

	// Understands names header blocks that handlers process, beside those of WS-Addressing and wsse:Security.
	Understands []xmlwire.Name

	// Fault words an error of a handler that is not a *Fault, or is one that a peer sent us. The error is a *PanicError
	// when the handler panicked. nil, the function or its result, means Receiver, "internal error".
	Fault func(ctx context.Context, req *Request, err error) *Fault

	// Refused, if set, is called for each fault sent before a handler saw the message, with what is known of it: at
	// least the peer, the URI and the host. Handlers answer for all others.
	Refused func(ctx context.Context, req *Request, f *Fault)
}

// PanicError is a panic of a handler or of a Segment's Stream.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// guard turns a panic into an error.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// ServeHTTP answers one request. It panics with http.ErrAbortHandler when an answer breaks after its first bytes left:
// the connection is cut so that the peer cannot take what it has for the whole.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := newExchange(s, w, r)
	if r.Method != http.MethodPost {
		x.settle(false)
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "SOAP requests are sent with POST", http.StatusMethodNotAllowed)
		return
	}
	defer x.close()
	if err := guard(x.take); err != nil {
		f := x.fault(err)
		if s.Refused != nil {
			s.Refused(r.Context(), &x.req, f)
		}
		x.sendFault(f)
		return
	}
	var resp *Response
	err := guard(func() (err error) {
		resp, err = x.op.Handle(r.Context(), &x.req)
		return err
	})
	switch {
	case err != nil:
		x.sendFault(x.fault(err))
	case resp == nil:
		x.settle(true)
		w.WriteHeader(http.StatusAccepted)
	default:
		x.sendResponse(resp)
	}
}

func (s *Server) newID() string {
	if s.NewID == nil {
		return newUUID()
	}
	return s.NewID()
}
