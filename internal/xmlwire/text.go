package xmlwire

import (
	"strings"
	"unicode/utf8"
)

// How a run of text is normalised.
type textKind uint8

const (
	charData  textKind = iota // references replaced, line ends become LF
	attrText                  // references replaced, white space characters become blanks
	cdataText                 // line ends become LF
)

// characters reads character data inside an element up to the next '<'.
func (p *parser) characters() error {
	s, first, i := p.s, p.pos, p.pos
	clean := true
	for i < len(s) {
		c := s[i]
		if class[c]&textStop == 0 {
			i++
			continue
		}
		if c == '<' {
			break
		}
		var err error
		switch {
		case c == '&':
			i, err = p.reference(i)
			clean = false
		case c == '\r':
			i++
			clean = false
		case c == ']' && strings.HasPrefix(s[i:], "]]>"):
			return p.fail(i, "']]>' is not allowed in character data")
		default:
			var n int
			n, err = p.char(i)
			i += n
		}
		if err != nil {
			return err
		}
	}
	p.pos = i
	p.addRun(first, i, !clean, false)
	return nil
}

// addRun gives the open element a run of text. From the second run on the text is put together when it is asked for.
func (p *parser) addRun(first, end int, unclean, cdata bool) {
	el := p.top().el
	switch {
	case first == end || el.mixed:
	case el.text != "":
		el.mixed = true
	case !unclean:
		el.text = p.s[first:end]
	case cdata:
		el.text = p.slabs.unescape(p.s[first:end], cdataText)
	default:
		el.text = p.slabs.unescape(p.s[first:end], charData)
	}
}

// reference checks the reference at i and returns the offset behind it.
func (p *parser) reference(i int) (int, error) {
	r, n := decodeReference(p.s[i:])
	switch {
	case n == 0:
		return 0, p.fail(i, "'&' does not begin a character reference or one of &amp; &lt; &gt; &quot; &apos;")
	case !isChar(r):
		return 0, p.fail(i, "character reference to a character that is not allowed in XML")
	}
	return i + n, nil
}

// decodeReference returns the character that the reference at the start of s stands for and the reference's length,
// 0 if it is not one. The character may be illegal.
func decodeReference(s string) (rune, int) {
	switch {
	case strings.HasPrefix(s, "&amp;"):
		return '&', len("&amp;")
	case strings.HasPrefix(s, "&lt;"):
		return '<', len("&lt;")
	case strings.HasPrefix(s, "&gt;"):
		return '>', len("&gt;")
	case strings.HasPrefix(s, "&quot;"):
		return '"', len("&quot;")
	case strings.HasPrefix(s, "&apos;"):
		return '\'', len("&apos;")
	case strings.HasPrefix(s, "&#x"):
		return decodeDigits(s, len("&#x"), 16)
	case strings.HasPrefix(s, "&#"):
		return decodeDigits(s, len("&#"), 10)
	}
	return 0, 0
}

func decodeDigits(s string, first int, base rune) (rune, int) {
	var r rune
	for i := first; i < len(s); i++ {
		d := digit(s[i])
		if d < 0 || d >= base {
			if s[i] == ';' && i > first {
				return r, i + 1
			}
			return 0, 0
		}
		r = min(r*base+d, utf8.MaxRune+1) // leading zeros may go on for ever, the value may not
	}
	return 0, 0
}

func digit(c byte) rune {
	switch {
	case c >= '0' && c <= '9':
		return rune(c - '0')
	case c >= 'a' && c <= 'f':
		return rune(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return rune(c-'A') + 10
	}
	return -1
}

// appendNormal appends checked text with references replaced and white space normalised as kind says.
func appendNormal(dst []byte, s string, kind textKind) []byte {
	done := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c != '&' && c != '\r' && (kind != attrText || class[c]&space == 0) || c == '&' && kind == cdataText {
			i++
			continue
		}
		dst = append(dst, s[done:i]...)
		if c == '&' {
			r, n := decodeReference(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		} else {
			if c == '\r' && strings.HasPrefix(s[i:], "\r\n") {
				i++
			}
			i++
			if kind == attrText {
				dst = append(dst, ' ')
			} else {
				dst = append(dst, '\n')
			}
		}
		done = i
	}
	return append(dst, s[done:]...)
}

// mixedText puts together the runs of an element whose content was found well-formed.
func (e *Element) mixedText() string {
	raw, child := e.text, e.First
	var out []byte
	for i := 0; i < len(raw); {
		rest := raw[i:]
		switch {
		case rest[0] != '<':
			n := strings.IndexByte(rest, '<')
			if n < 0 {
				n = len(rest)
			}
			out = appendNormal(out, rest[:n], charData)
			i += n
		case strings.HasPrefix(rest, "<!--"):
			i += len("<!--") + past(rest[len("<!--"):], "-->")
		case strings.HasPrefix(rest, "<![CDATA["):
			first := len("<![CDATA[")
			n := past(rest[first:], "]]>")
			out = appendNormal(out, rest[first:first+n-len("]]>")], cdataText)
			i += first + n
		case strings.HasPrefix(rest, "<?"):
			i += past(rest, "?>")
		default:
			i = child.End - e.ContentStart
			child = child.Next
		}
	}
	return alias(out)
}

// past returns the offset behind the first mark in s; the parser has seen that there is one.
func past(s, mark string) int { return strings.Index(s, mark) + len(mark) }
