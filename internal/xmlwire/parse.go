package xmlwire

import (
	"hash/maphash"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// Parse reads one well-formed, namespace-well-formed XML 1.0 document without DTD. It takes ownership of b: strings
// of the tree may alias it. A refusal is a [*SyntaxError].
func Parse(b []byte, lim Limits) (*Document, error) {
	return ParseCharset(b, "", lim)
}

// ParseCharset is [Parse] with the charset that the transport declared ("" for none). The byte order mark outranks
// the transport, the transport the XML declaration (RFC 7303 section 3); the default is UTF-8. UTF-8, UTF-16,
// ISO-8859-1 and US-ASCII are read, everything else is refused.
func ParseCharset(b []byte, charset string, lim Limits) (*Document, error) {
	lim = lim.withDefaults()
	b, enc, err := toUTF8(b, charset, lim.Bytes)
	if err != nil {
		return nil, err
	}
	p := &parser{s: alias(b), lim: lim}
	if charset == "" {
		p.actual = enc
	}
	p.ns.head, p.ns.seed = predeclared, maphash.MakeSeed()
	p.open = p.firstFrames[:0]
	if err := p.document(); err != nil {
		return nil, err
	}
	return &Document{Root: p.root, Bytes: b}, nil
}

// alias views b as a string; the owner of b promises not to change it.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// parser is the state of one run over one document.
type parser struct {
	s    string // the document
	pos  int    // next byte to read
	lim  Limits
	root *Element
	open []frame // open elements, outermost first
	ns   scopes

	elements int
	encoding string   // as declared
	actual   encoding // what the declaration must agree with; unknown when the transport overrules it

	slabs       slabs
	prefixed    []prefixedAttr // attributes of the current element that wait for its declarations
	names       [nameSlots]nameSlot
	firstFrames [32]frame
}

// frame is what the parser must know of an open element beyond its node.
type frame struct {
	el      *Element
	last    *Element // last child so far
	outer   *binding // namespaces of the parent
	nameLen int      // bytes of the qualified name
}

func (p *parser) document() error {
	err := p.xmlDecl()
	for err == nil && p.pos < len(p.s) {
		switch {
		case p.s[p.pos] == '<':
			err = p.markup()
		case len(p.open) > 0:
			err = p.characters()
		default:
			err = p.blank()
		}
	}
	switch {
	case err != nil:
		return err
	case len(p.open) > 0:
		el := p.top().el
		return p.fail(p.pos, "document ends inside element %s that began at byte %d", quote(el.Name.Local), el.Start)
	case p.root == nil:
		return p.fail(p.pos, "document has no root element")
	}
	return nil
}

func (p *parser) top() *frame { return &p.open[len(p.open)-1] }

// markup reads what begins with the '<' at pos.
func (p *parser) markup() error {
	if p.pos+1 == len(p.s) {
		return p.fail(p.pos, "document ends after '<'")
	}
	switch p.s[p.pos+1] {
	case '/':
		return p.endTag()
	case '!':
		return p.declared()
	case '?':
		return p.instruction()
	}
	return p.startTag()
}

// declared reads a comment or CDATA section and refuses every other <! construct.
func (p *parser) declared() error {
	rest := p.s[p.pos:]
	switch {
	case strings.HasPrefix(rest, "<!--"):
		return p.comment()
	case strings.HasPrefix(rest, "<![CDATA["):
		return p.cdata()
	case strings.HasPrefix(rest, "<!DOCTYPE"):
		return p.fail(p.pos, "a document type declaration is not allowed")
	}
	return p.fail(p.pos, "expected a comment or CDATA section after '<!'")
}

// blank skips white space outside the root element and refuses everything else there.
func (p *parser) blank() error {
	for p.pos < len(p.s) && class[p.s[p.pos]]&space != 0 {
		p.pos++
	}
	if p.pos < len(p.s) && p.s[p.pos] != '<' {
		return p.fail(p.pos, "only markup and white space are allowed outside the root element")
	}
	return nil
}

func (p *parser) comment() error {
	start := p.pos
	for i := start + len("<!--"); i < len(p.s); {
		switch c := p.s[i]; {
		case class[c]&rawStop == 0:
			i++
		case c != '-':
			n, err := p.char(i)
			if err != nil {
				return err
			}
			i += n
		case !strings.HasPrefix(p.s[i:], "--"):
			i++
		case strings.HasPrefix(p.s[i:], "-->"):
			p.pos = i + len("-->")
			return nil
		default:
			return p.fail(i, "'--' is not allowed inside a comment")
		}
	}
	return p.fail(start, "comment is not closed")
}

func (p *parser) cdata() error {
	start := p.pos
	if len(p.open) == 0 {
		return p.fail(start, "CDATA section outside the root element")
	}
	first := start + len("<![CDATA[")
	for i := first; i < len(p.s); {
		switch c := p.s[i]; {
		case class[c]&rawStop == 0:
			i++
		case c == ']' && strings.HasPrefix(p.s[i:], "]]>"):
			p.pos = i + len("]]>")
			p.addRun(first, i, strings.IndexByte(p.s[first:i], '\r') >= 0, true)
			return nil
		default:
			n, err := p.char(i)
			if err != nil {
				return err
			}
			i += n
		}
	}
	return p.fail(start, "CDATA section is not closed")
}

// instruction skips a processing instruction.
func (p *parser) instruction() error {
	start := p.pos
	end, err := p.target(start + len("<?"))
	if err != nil {
		return err
	}
	for i := end; i < len(p.s); {
		switch c := p.s[i]; {
		case c == '?' && strings.HasPrefix(p.s[i:], "?>"):
			p.pos = i + len("?>")
			return nil
		case i == end && class[c]&space == 0:
			return p.fail(i, "expected white space or '?>' after the target of a processing instruction")
		case class[c]&rawStop == 0:
			i++
		default:
			n, err := p.char(i)
			if err != nil {
				return err
			}
			i += n
		}
	}
	return p.fail(start, "processing instruction is not closed")
}

// target reads the target of a processing instruction, a name without colon and not xml in any case.
func (p *parser) target(i int) (end int, err error) {
	slot, end, err := p.name(i)
	switch {
	case err != nil:
		return 0, err
	case slot.prefix != "":
		return 0, p.fail(i, "the target of a processing instruction must not contain a colon")
	case strings.EqualFold(slot.qname, "xml"):
		return 0, p.fail(i, "an XML declaration is allowed only at the very start of the document")
	}
	return end, nil
}

// char checks the character at i and returns its length in bytes.
func (p *parser) char(i int) (int, error) {
	r, n := utf8.DecodeRuneInString(p.s[i:])
	if r == utf8.RuneError && n <= 1 {
		return 0, p.fail(i, "byte 0x%02X is not valid UTF-8 here", p.s[i])
	}
	if !isChar(r) {
		return 0, p.fail(i, "character U+%04X is not allowed in XML", r)
	}
	return n, nil
}
