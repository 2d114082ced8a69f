package soap

import (
	"encoding/base64"
	"io"
	"strings"

	"dossier/internal/xmlwire"
)

// outgoing is a message on its way out, in either direction.
type outgoing struct {
	action    string
	messageID string
	relatesTo string   // "" leaves the header out
	to        string   // of a request; a request also asks for an anonymous reply
	header    [][]byte // further header blocks
	body      []Segment

	mtom     bool
	boundary string
	rootID   string   // Content-ID of the root part
	docIDs   []string // Content-IDs of the documents, in order
}

// identify gives the message its ids: first the MessageID, then what MTOM needs.
func (o *outgoing) identify(newID func() string) {
	o.messageID = "urn:uuid:" + newID()
	if !o.mtom {
		return
	}
	o.boundary = "MIME-" + newID()
	o.rootID = contentID(newID())
	for _, s := range o.body {
		if s.Document != nil {
			o.docIDs = append(o.docIDs, contentID(newID()))
		}
	}
}

// contentType is the Content-Type of the HTTP message; action may be "".
func (o *outgoing) contentType(action string) string {
	var b strings.Builder
	if o.mtom {
		b.WriteString(typeRelated + "; boundary=" + quoteParam(o.boundary) + `; type="` + typeXOP +
			`"; start=` + quoteParam("<"+o.rootID+">") + `; start-info="` + typeSOAP + `"`)
	} else {
		b.WriteString(typeSOAPUTF8)
	}
	if action != "" {
		b.WriteString("; action=" + quoteParam(action))
	}
	return b.String()
}

// piece is a stretch of the HTTP body: exactly one of its first three fields is set.
type piece struct {
	text   []byte
	stream func(io.Writer) error
	doc    *Document
	base64 bool // the document as text
}

// size is the length on the wire, -1 when unknown.
func (p piece) size() int64 {
	switch {
	case p.stream != nil || p.doc != nil && p.doc.Size < 0:
		return -1
	case p.doc != nil && p.base64:
		return (p.doc.Size + 2) / 3 * 4
	case p.doc != nil:
		return p.doc.Size
	}
	return int64(len(p.text))
}

func (p piece) write(w io.Writer) error {
	switch {
	case p.stream != nil:
		return p.stream(w)
	case p.doc != nil && p.base64:
		enc := base64.NewEncoder(base64.StdEncoding, w)
		if err := p.doc.copyTo(enc); err != nil {
			return err
		}
		return enc.Close()
	case p.doc != nil:
		return p.doc.copyTo(w)
	}
	_, err := w.Write(p.text)
	return err
}

func writePieces(w io.Writer, pieces []piece) error {
	for _, p := range pieces {
		if err := p.write(w); err != nil {
			return err
		}
	}
	return nil
}

// layout cuts the HTTP body into pieces.
func (o *outgoing) layout() []piece {
	open, end := o.envelope()
	pieces := make([]piece, 0, 2*len(o.body)+3)
	add := func(text string) { pieces = append(pieces, piece{text: []byte(text)}) }
	if o.mtom {
		add(o.partHeader(typeXOP+`; charset=UTF-8; type="`+typeSOAP+`"`, o.rootID))
	}
	add(open)
	var docs []*Document
	for _, s := range o.body {
		switch {
		case s.Document != nil && o.mtom:
			add(includeOf(o.docIDs[len(docs)]))
			docs = append(docs, s.Document)
		case s.Document != nil:
			pieces = append(pieces, piece{doc: s.Document, base64: true})
		default:
			pieces = append(pieces, piece{text: s.XML, stream: s.Stream})
		}
	}
	add(end)
	for i, d := range docs {
		add("\r\n" + o.partHeader(cleanType(d.ContentType), o.docIDs[i]))
		pieces = append(pieces, piece{doc: d})
	}
	if o.mtom {
		add("\r\n--" + o.boundary + "--\r\n")
	}
	return pieces
}

// length is the sum of the pieces, -1 when one of them is of unknown length.
func length(pieces []piece) int64 {
	var sum int64
	for _, p := range pieces {
		n := p.size()
		if n < 0 {
			return -1
		}
		sum += n
	}
	return sum
}

func (o *outgoing) partHeader(contentType, id string) string {
	return "--" + o.boundary + "\r\nContent-Type: " + contentType +
		"\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <" + id + ">\r\n\r\n"
}

// cleanType keeps a MIME type that came with metadata from adding header lines.
func cleanType(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s = strings.TrimSpace(s); s == "" {
		return typeBinary
	}
	return s
}

// hrefEscapes are the characters that a Content-ID may hold and a cid: URL may not.
var hrefEscapes = strings.NewReplacer("%", "%25", " ", "%20")

// includeOf writes the reference to a part: no white space around it, the href percent-encoded where RFC 2392 asks.
func includeOf(id string) string {
	href := xmlwire.AppendAttr(nil, "cid:"+hrefEscapes.Replace(id))
	return `<xop:Include xmlns:xop="` + NamespaceXOP + `" href="` + string(href) + `"/>`
}

// envelope returns what stands before and after the body element.
func (o *outgoing) envelope() (open, end string) {
	b := []byte(`<env:Envelope xmlns:env="` + NamespaceEnvelope + `" xmlns:wsa="` + NamespaceAddressing + `"><env:Header>` +
		`<wsa:Action env:mustUnderstand="true">`)
	b = append(xmlwire.AppendText(b, o.action), "</wsa:Action><wsa:MessageID>"...)
	b = append(xmlwire.AppendText(b, o.messageID), "</wsa:MessageID>"...)
	if o.relatesTo != "" {
		b = append(xmlwire.AppendText(append(b, "<wsa:RelatesTo>"...), o.relatesTo), "</wsa:RelatesTo>"...)
	}
	if o.to != "" {
		b = append(b, "<wsa:ReplyTo><wsa:Address>"+Anonymous+"</wsa:Address></wsa:ReplyTo><wsa:To>"...)
		b = append(xmlwire.AppendText(b, o.to), "</wsa:To>"...)
	}
	for _, h := range o.header {
		b = append(b, h...)
	}
	return string(b) + "</env:Header><env:Body>", "</env:Body></env:Envelope>"
}
