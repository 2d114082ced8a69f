package xmlwire

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

type encoding uint8

const (
	unknown encoding = iota
	utf8Text
	utf16Text // byte order not said
	utf16BE
	utf16LE
	latin1
	ascii
)

// encodingOf maps the names of IANA's list, in any case, that this reader knows.
func encodingOf(name string) encoding {
	switch strings.ToUpper(name) {
	case "UTF-8", "UTF8":
		return utf8Text
	case "UTF-16":
		return utf16Text
	case "UTF-16BE":
		return utf16BE
	case "UTF-16LE":
		return utf16LE
	case "ISO-8859-1", "ISO_8859-1", "LATIN1":
		return latin1
	case "US-ASCII", "ASCII":
		return ascii
	}
	return unknown
}

// toUTF8 returns the document in UTF-8 without byte order mark, b itself where that needs no recoding, and the
// encoding it was in.
func toUTF8(b []byte, charset string, limit int64) ([]byte, encoding, error) {
	enc, mark, err := detect(b, charset)
	if err != nil {
		return nil, 0, err
	}
	b = b[mark:]
	// Two bytes of UTF-16 are at least one of UTF-8: what is over the limit by this count need not be recoded.
	least := int64(len(b))
	if enc == utf16BE || enc == utf16LE {
		least /= 2
	}
	if least > limit {
		return nil, 0, tooLong(limit)
	}
	switch enc {
	case utf16BE, utf16LE:
		b, err = fromUTF16(b, enc == utf16BE, limit)
	case latin1:
		b, err = fromLatin1(b, limit)
	case ascii:
		err = checkASCII(b)
	}
	return b, enc, err
}

func tooLong(limit int64) error {
	return &SyntaxError{Line: 1, Column: 1, Message: fmt.Sprintf("document longer than %d bytes", limit), Limit: true}
}

// detect applies byte order mark > transport > XML declaration > UTF-8 and returns the length of the mark.
func detect(b []byte, charset string) (enc encoding, mark int, err error) {
	head := alias(b[:min(len(b), 1024)])
	switch {
	case strings.HasPrefix(head, "\xEF\xBB\xBF"):
		return utf8Text, 3, nil
	case strings.HasPrefix(head, "\xFF\xFE\x00\x00") || strings.HasPrefix(head, "\x00\x00\xFE\xFF"):
		return 0, 0, newError(head, 0, false, "encoding UTF-32 is not supported")
	case strings.HasPrefix(head, "\xFE\xFF"):
		return utf16BE, 2, nil
	case strings.HasPrefix(head, "\xFF\xFE"):
		return utf16LE, 2, nil
	case charset != "":
		enc, err = transported(head, charset)
	default:
		enc, err = announced(head)
	}
	return enc, 0, err
}

// transported is the encoding that the transport named.
func transported(head, charset string) (encoding, error) {
	enc := encodingOf(charset)
	if enc == utf16Text {
		enc = byteOrder(head)
	}
	if enc == unknown {
		return 0, newError(head, 0, false, "charset %s of the transport is not supported or not that of the document", quote(charset))
	}
	return enc, nil
}

// announced is the encoding that the XML declaration shows (XML 1.0 appendix F.1).
func announced(head string) (encoding, error) {
	if strings.HasPrefix(head, "\x00<\x00?") || strings.HasPrefix(head, "<\x00?\x00") {
		return byteOrder(head), nil
	}
	name := declaredEncoding(head)
	if name == "" {
		return utf8Text, nil
	}
	switch enc := encodingOf(name); enc {
	case utf8Text, latin1, ascii:
		return enc, nil
	case utf16Text, utf16BE, utf16LE: // what can be read byte by byte is not UTF-16
		return 0, newError(head, 0, false, "declared encoding %s is not that of the document", quote(name))
	}
	return 0, newError(head, 0, false, "encoding %s is not supported", quote(name))
}

// byteOrder recognises UTF-16 without mark by the '<' that every document begins with.
func byteOrder(head string) encoding {
	switch {
	case strings.HasPrefix(head, "\x00<"):
		return utf16BE
	case strings.HasPrefix(head, "<\x00"):
		return utf16LE
	}
	return unknown
}

// agrees reports whether a document in enc may declare the encoding name (XML 1.0 4.3.3).
func (enc encoding) agrees(name string) bool {
	declared := encodingOf(name)
	return declared == enc || declared == utf16Text && (enc == utf16BE || enc == utf16LE)
}

// declaredEncoding reads the XML declaration for its encoding only; its faults are found when the document is read.
func declaredEncoding(head string) string {
	p := parser{s: head}
	if p.xmlDecl() != nil {
		return ""
	}
	return p.encoding
}

func fromUTF16(b []byte, bigEndian bool, limit int64) ([]byte, error) {
	if len(b)%2 != 0 {
		return nil, newError("", 0, false, "UTF-16 document has an odd number of bytes")
	}
	unit := func(i int) rune {
		if bigEndian {
			return rune(b[i])<<8 | rune(b[i+1])
		}
		return rune(b[i+1])<<8 | rune(b[i])
	}
	out := make([]byte, 0, len(b)/2+len(b)/16)
	for i := 0; i < len(b); i += 2 {
		r := unit(i)
		if utf16.IsSurrogate(r) {
			if i+3 < len(b) {
				r = utf16.DecodeRune(r, unit(i+2))
			}
			if i += 2; !utf8.ValidRune(r) || r == utf8.RuneError {
				return nil, newError(alias(out), len(out), false, "unpaired surrogate in UTF-16")
			}
		}
		if out = utf8.AppendRune(out, r); int64(len(out)) > limit {
			return nil, tooLong(limit)
		}
	}
	return out, nil
}

func fromLatin1(b []byte, limit int64) ([]byte, error) {
	n := len(b)
	for _, c := range b {
		n += int(c >> 7)
	}
	if int64(n) > limit {
		return nil, tooLong(limit)
	}
	out := make([]byte, 0, n)
	for _, c := range b {
		out = utf8.AppendRune(out, rune(c))
	}
	return out, nil
}

func checkASCII(b []byte) error {
	for i, c := range b {
		if c >= 0x80 {
			return newError(alias(b), i, false, "byte 0x%02X is not US-ASCII", c)
		}
	}
	return nil
}
