package soap

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"dossier/internal/xmlwire"
)

// Include returns the href of the xop:Include that is the content of e. ok is false unless the Include is the only
// element in e, nothing but white space is around it and href starts with "cid:": no other scheme is ever fetched.
func Include(e *xmlwire.Element) (href string, ok bool) {
	inc := e.First
	if inc == nil || inc.Next != nil || !inc.Is(NamespaceXOP, "Include") {
		return "", false
	}
	if strings.TrimSpace(e.Text()) != "" {
		return "", false
	}
	href = strings.TrimSpace(inc.Attr("href"))
	if len(href) <= 4 || !strings.EqualFold(href[:4], "cid:") {
		return "", false
	}
	return href, true
}

// InlineBase64 decodes the text of e. White space may stand anywhere; anything else that is not base64, missing padding
// included, is an error of the reader, and so is a child element. The error is a *Fault (Sender).
func InlineBase64(e *xmlwire.Element) io.Reader {
	if c := e.First; c != nil {
		return failing{SenderFault("expected base64 text in "+clip(e.Path())+", got element "+clip(display(c.Name)), nil)}
	}
	return newBase64Reader(strings.NewReader(e.Text()), e.Path)
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// base64Reader decodes and turns the errors of the encoding, not those of the source, into faults.
type base64Reader struct {
	dec   io.Reader
	where func() string
}

func newBase64Reader(src io.Reader, where func() string) io.Reader {
	return &base64Reader{base64.NewDecoder(base64.StdEncoding, &base64Text{src: src}), where}
}

func (b *base64Reader) Read(p []byte) (int, error) {
	n, err := b.dec.Read(p)
	if err == nil || err == io.EOF {
		return n, err
	}
	var bad base64.CorruptInputError
	if errors.As(err, &bad) || errors.Is(err, errPadding) || err == io.ErrUnexpectedEOF {
		err = SenderFault("the base64 text of "+clip(b.where())+" is malformed", err)
	}
	return n, err
}

var errPadding = errors.New("characters after the padding")

// base64Text removes white space and sees that nothing follows the padding: the decoder of the standard library works
// block by block and would take a second text that starts at a block.
type base64Text struct {
	src    io.Reader
	padded bool
}

func (t *base64Text) Read(p []byte) (int, error) {
	for {
		n, err := t.src.Read(p)
		kept := 0
		for _, c := range p[:n] {
			switch {
			case c == ' ' || c == '\t' || c == '\r' || c == '\n':
				continue
			case c == '=':
				t.padded = true
			case t.padded:
				return kept, fmt.Errorf("%w: %q", errPadding, c)
			}
			p[kept] = c
			kept++
		}
		if kept > 0 || err != nil {
			return kept, err
		}
	}
}
