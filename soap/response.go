package soap

import "io"

// Response is the one child of env:Body, in pieces that are sent in order.
type Response struct {
	Body []Segment
	// Sent, if set, is called exactly once: after the last byte was handed to the connection (nil), or when the answer
	// could not be sent completely. An answer can break after its first half has left: that is the one place to learn it.
	Sent func(error)
}

// Segment is a piece of XML. Exactly one field is set. Together the segments are one element that declares all its
// namespaces but env and wsa.
type Segment struct {
	XML    []byte                // XML that is ready
	Stream func(io.Writer) error // XML of unknown length, written while it is made; the answer is chunked
	// Document is the base64Binary content of an element: the tags around it are in the neighbouring segments.
	Document *Document
}

// Document is binary content. In a multipart message it becomes an xop:Include and a part of its own; in a simple
// message its bytes are streamed as base64 where it stands.
type Document struct {
	ContentType string // of the MIME part; "" means application/octet-stream
	Size        int64  // exact length in bytes; -1 when unknown, and then the answer is chunked
	// Open is called when the document's turn comes, or again when a request is repeated. Its last 64 KiB leave only after
	// the reader has returned io.EOF, so a reader that verifies what it reads can refuse until the end; an error, or a
	// length other than Size, breaks the connection: the peer never sees a complete message with a wrong document in it.
	Open func() (io.ReadCloser, error)
}

// XML returns a response of one ready element.
func XML(b []byte) *Response { return &Response{Body: []Segment{{XML: b}}} }
