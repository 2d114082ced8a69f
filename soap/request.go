package soap

import (
	"context"
	"crypto/tls"
	"crypto/x509"

	"dossier/internal/xmlwire"
)

// Request is one message as a handler sees it: addressed, parsed and dispatched; its attachments not yet read.
type Request struct {
	Action    string // trimmed; what stood in for wsa:Action where it was missing
	MessageID string // as received, untrimmed; "" when absent
	ReplyTo   string // trimmed address, "" when absent; always anonymous or none
	FaultTo   string // the same
	To        string // trimmed, "" when absent

	Envelope *xmlwire.Document  // the offsets of all elements refer to Envelope.Bytes
	Header   []*xmlwire.Element // header blocks in document order
	Body     *xmlwire.Element   // the one child of env:Body

	MTOM  bool   // the message came as multipart/related; the answer will
	Parts *Parts // the attachments; never nil

	Peer          Peer
	URI           string // request target as sent, query included
	Host          string
	ContentLength int64 // bytes of the HTTP body, -1 when not announced
}

// Peer is who sent a request, as far as the transport knows.
type Peer struct {
	Addr string               // host:port
	TLS  *tls.ConnectionState // nil without TLS
}

// Certificate returns the client's certificate, nil when it showed none. It has been verified only if the TLS
// configuration of the listener says so.
func (p Peer) Certificate() *x509.Certificate {
	if p.TLS == nil || len(p.TLS.PeerCertificates) == 0 {
		return nil
	}
	return p.TLS.PeerCertificates[0]
}

// HandlerFunc answers one request. An error that is a *Fault is sent as it is; any other goes through Server.Fault. A nil
// Response with a nil error accepts a one-way message (202, no body).
type HandlerFunc func(ctx context.Context, req *Request) (*Response, error)

// Operation is one row of a server's table.
type Operation struct {
	Action string // of the request
	Reply  string // action of the response
	// Body names the request element that selects this operation when the message has no action at all. Rows are tried
	// from the top; the zero Name never matches, for operations that share their element with a more common one.
	Body xmlwire.Name
	// MTOM: the transaction is MTOM by specification. The server answers in the packaging of the request whatever this
	// says; it is here for those who describe the endpoint or call it.
	MTOM   bool
	Handle HandlerFunc
}
