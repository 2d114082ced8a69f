package soap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"dossier/internal/xmlwire"
)

// Reply is the answer to a call. It must be closed.
type Reply struct {
	Action    string // trimmed, "" when absent; to be compared by the caller, who knows which spellings are in use
	MessageID string
	Envelope  *xmlwire.Document
	Header    []*xmlwire.Element
	Body      *xmlwire.Element // the one child of env:Body
	MTOM      bool
	Parts     *Parts // never nil

	msg  *message
	resp *http.Response
	dog  *watchdog
}

// Close ends the reply; its attachments cannot be read any more.
func (r *Reply) Close() error {
	// A short rest is read so that the connection can serve the next call.
	_ = r.dog.arm(time.Now().Add(min(drainTime, r.dog.limit)))
	_, _ = io.CopyN(io.Discard, r.resp.Body, chunk)
	r.msg.close()
	err := r.resp.Body.Close()
	r.dog.end()
	return err
}

// ReplyError says that an answer came that cannot be taken as one. What the peer did with the request is unknown.
type ReplyError struct {
	Status int    // of HTTP; 0 when no answer came
	Reason string // what was expected and what came
	Err    error  // nil or the cause
}

func (e *ReplyError) Error() string {
	s := "soap reply: " + e.Reason
	if e.Status != 0 {
		s = fmt.Sprintf("soap reply (HTTP %d): %s", e.Status, e.Reason)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *ReplyError) Unwrap() error { return e.Err }

var errSlow = errors.New("no chunk within the time limit")

// replyError words an error of reading as the client's: the faults of this side are no faults of the peer.
func replyError(ctx context.Context, status int, err error) error {
	re := &ReplyError{Status: status, Reason: "the reply could not be read", Err: err}
	var f *Fault
	if errors.As(err, &f) {
		re.Reason, re.Err = f.Reason, f.Err
	}
	if cause := context.Cause(ctx); cause != nil {
		re.Err = cause
	}
	return re
}

// readReply takes over the response and the watchdog.
func readReply(ctx context.Context, dog *watchdog, resp *http.Response, lim Limits, messageID string) (*Reply, error) {
	body := newPacedReader(resp.Body, lim.ChunkTimeout, dog.arm)
	r := &Reply{resp: resp, dog: dog}
	var err error
	r.msg, err = incoming{header: resp.Header, length: resp.ContentLength, body: body, lim: lim}.receive()
	if err == nil {
		err = r.check(messageID)
	}
	if err != nil {
		var f *Fault
		if !errors.As(err, &f) || !f.Remote {
			err = replyError(ctx, resp.StatusCode, err)
		}
		r.Close()
		return nil, err
	}
	m := r.msg
	m.parts.mend = func(err error) error { return replyError(ctx, resp.StatusCode, err) }
	r.Action, r.MessageID, r.Envelope, r.Header = m.wsa.action, m.wsa.messageID, m.doc, m.header
	r.Body, r.MTOM, r.Parts = m.body, m.mtom, m.parts
	return r, nil
}

// check correlates the reply and finds the fault in it.
func (r *Reply) check(messageID string) error {
	related, seen := false, false
	for _, b := range r.msg.header {
		if isAddressing(b.Name.Space) && b.Name.Local == "RelatesTo" {
			seen = true
			related = related || trimmedText(b) == messageID
		}
	}
	if seen && !related {
		return fmt.Errorf("wsa:RelatesTo names another message than %s", messageID)
	}
	if r.msg.body.Is(NamespaceEnvelope, "Fault") {
		return remoteFault(r.msg.body, r.resp.StatusCode)
	}
	if r.resp.StatusCode/100 != 2 {
		return errors.New("a message that is no fault with an HTTP status that is no success")
	}
	return nil
}

// remoteFault reads an env:Fault; what is missing stays empty.
func remoteFault(e *xmlwire.Element, status int) *Fault {
	f := &Fault{HTTPStatus: status, Remote: true}
	if code := e.Child(NamespaceEnvelope, "Code"); code != nil {
		f.Code = faultCode(code)
		if sub := code.Child(NamespaceEnvelope, "Subcode"); sub != nil {
			f.Subcode = faultCode(sub)
			if subsub := sub.Child(NamespaceEnvelope, "Subcode"); subsub != nil {
				f.Subsubcode = faultCode(subsub)
			}
		}
	}
	reason := e.Child(NamespaceEnvelope, "Reason")
	if reason == nil {
		return f
	}
	for text := range reason.Children() {
		lang, _ := text.LookupAttr("http://www.w3.org/XML/1998/namespace", "lang")
		if english := strings.HasPrefix(strings.ToLower(lang), "en"); english || f.Reason == "" {
			f.Reason = clip(trimmedText(text))
			if english {
				break
			}
		}
	}
	return f
}

// faultCode resolves the name in env:Value and writes it with our prefixes.
func faultCode(e *xmlwire.Element) string {
	v := e.Child(NamespaceEnvelope, "Value")
	if v == nil {
		return ""
	}
	text := clip(trimmedText(v))
	prefix, local, found := strings.Cut(text, ":")
	if !found {
		prefix, local = "", text
	}
	switch space, _ := v.NamespaceOf(prefix); space {
	case NamespaceEnvelope:
		return "env:" + local
	case NamespaceAddressing, namespaceAddressing2004:
		return "wsa:" + local
	case NamespaceSecurity:
		return "wsse:" + local
	}
	return text
}
