package soap

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"dossier/internal/xmlwire"
)

// message is what came, in either direction: the envelope parsed, the attachments still on the wire.
type message struct {
	envelope
	mtom   bool
	action string // from the MIME headers, for messages without wsa:Action
	parts  *Parts
	buf    *bufio.Reader
	claim  claim // on memory for the envelope
}

// close ends the use of the message and gives its buffers back.
func (m *message) close() {
	m.claim.release()
	if m.parts != nil {
		m.parts.close()
	}
	if m.buf != nil {
		m.buf.Reset(nil)
		readers.Put(m.buf)
		m.buf = nil
	}
}

// incoming is an HTTP message whose body has not been read.
type incoming struct {
	header   http.Header
	length   int64 // -1 when not announced
	body     io.Reader
	lim      Limits
	spoolDir string
	budget   *Budget
}

// receive reads a message up to the end of its envelope. Its errors are *Fault. The message is never nil and must be
// closed; after an error it holds what was understood before.
func (in incoming) receive() (*message, error) {
	m := &message{parts: &Parts{}, buf: readers.Get().(*bufio.Reader), claim: claim{budget: in.budget}}
	m.buf.Reset(in.body)
	ct := parseContentType(in.header.Get("Content-Type"))
	m.action = firstOf(ct.Action(), strings.Trim(strings.TrimSpace(in.header.Get("Soapaction")), `"`))
	switch ct.Type {
	case typeSOAP, typeXOP, typeXML, typeRelated:
	default:
		return m, unsupported(fmt.Sprintf("the Content-Type %q is not supported, expected %s or %s",
			clip(ct.Type), typeSOAP, typeRelated))
	}
	if in.length > in.lim.Body {
		return m, tooLarge("the HTTP body", in.lim.Body)
	}
	if ct.Type != typeRelated && in.length > in.lim.Envelope {
		return m, tooLarge("the envelope", in.lim.Envelope)
	}
	plain, err := inflate(in.header.Get("Content-Encoding"), m.buf, in.lim)
	if err != nil {
		return m, err
	}
	if ct.Type == typeRelated {
		return m, m.openPackage(faulty{plain}, ct, in.lim, in.spoolDir)
	}
	return m, m.readEnvelope(faulty{plain}, ct, in.lim, in.length)
}

// readEnvelope reads r to its end and parses it. length is what r is likely to give, -1 if nobody knows.
func (m *message) readEnvelope(r io.Reader, ct mediaType, lim Limits, length int64) error {
	text, err := readCapped(claiming{r, &m.claim}, lim.Envelope, length)
	if err != nil {
		return err
	}
	m.doc, err = xmlwire.ParseCharset(text, ct.Param("charset"), lim.XML)
	var syntax *xmlwire.SyntaxError
	switch {
	case errors.As(err, &syntax) && syntax.Limit:
		return SenderFault("the envelope exceeds a limit: "+syntax.Error(), err)
	case err != nil:
		return SenderFault("the envelope is not well-formed: "+clip(err.Error()), err)
	}
	return m.envelope.open()
}

func readCapped(r io.Reader, limit, likely int64) ([]byte, error) {
	const most = 2 * chunk // an announcement alone reserves no more
	if likely < 0 {
		likely = 16 << 10
	}
	limited := &capped{r: r, left: limit, over: func() error { return tooLarge("the envelope", limit) }}
	buf := bytes.NewBuffer(make([]byte, 0, min(likely, most)+bytes.MinRead))
	_, err := buf.ReadFrom(limited)
	return buf.Bytes(), err
}

// openPackage finds the root part, parses it and leaves the reader behind it. Parts before it go to the spool.
func (m *message) openPackage(r io.Reader, ct mediaType, lim Limits, spoolDir string) error {
	pkg, err := newPackageReader(r, ct.Param("boundary"), lim)
	if err != nil {
		return err
	}
	m.mtom = true
	m.parts.pkg, m.parts.spool = pkg, &spool{dir: spoolDir}
	start := bareID(ct.Param("start"))
	for {
		part, err := pkg.next()
		if err == io.EOF {
			return SenderFault("no part has the Content-ID "+clip(start)+" that start names", nil)
		}
		if err != nil {
			return err
		}
		if part.isRoot(start, pkg.count == 1) {
			return m.readRoot(part, lim)
		}
		kept, err := m.parts.spool.keep(part)
		if err != nil {
			return err
		}
		m.parts.waiting = append(m.parts.waiting, kept)
	}
}

// isRoot tells whether this is the part that start names. Without start it is the first (RFC 2387 section 3.2); a first
// part that holds an envelope and lacks the Content-ID can be no other.
func (r *rawPart) isRoot(start string, first bool) bool {
	if start == "" {
		return first
	}
	if first && r.id == "" {
		t := parseContentType(r.ct).Type
		return t == typeXOP || t == typeSOAP
	}
	return MatchContentID(start, r.id)
}

func (m *message) readRoot(part *rawPart, lim Limits) error {
	ct := parseContentType(part.ct)
	switch ct.Type {
	case "", typeXOP, typeSOAP, typeXML:
	default:
		return SenderFault("expected the root part to be "+typeXOP+", got "+clip(ct.Type), nil)
	}
	m.action = firstOf(m.action, ct.Action())
	err := m.readEnvelope(part, ct, lim, -1)
	if err != nil && part.unterminated && m.doc == nil {
		return SenderFault("the message ends inside its root part", err)
	}
	return err
}

func firstOf(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}
