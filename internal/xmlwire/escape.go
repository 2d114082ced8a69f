package xmlwire

import "unicode/utf8"

// AppendText appends s as character data: & < > and CR as references, characters that XML does not allow and bytes
// that are not UTF-8 as U+FFFD.
func AppendText(dst []byte, s string) []byte { return appendEscaped(dst, s, escapeText) }

// AppendAttr appends s as the inside of a double-quoted attribute value: as [AppendText], and " TAB LF as references,
// so that a reader's normalisation gives s back.
func AppendAttr(dst []byte, s string) []byte { return appendEscaped(dst, s, escapeText|escapeAttr) }

const (
	escapeText = 1 << iota
	escapeAttr
)

var escapes = escapeClasses()

func escapeClasses() (t [256]uint8) {
	for c := range t {
		switch {
		case c == '"' || c == '\t' || c == '\n':
			t[c] = escapeAttr
		case c < 0x20 || c >= 0x80 || c == '&' || c == '<' || c == '>':
			t[c] = escapeText
		}
	}
	return t
}

func appendEscaped(dst []byte, s string, which uint8) []byte {
	done := 0
	for i := 0; i < len(s); {
		if escapes[s[i]]&which == 0 {
			i++
			continue
		}
		text, n := escape(s[i:])
		if text != "" {
			dst = append(dst, s[done:i]...)
			dst = append(dst, text...)
			done = i + n
		}
		i += n
	}
	return append(dst, s[done:]...)
}

// escape returns what is written for the first character of s, "" if the character itself, and its length.
func escape(s string) (string, int) {
	switch s[0] {
	case '&':
		return "&amp;", 1
	case '<':
		return "&lt;", 1
	case '>':
		return "&gt;", 1
	case '"':
		return "&quot;", 1
	case '\t':
		return "&#9;", 1
	case '\n':
		return "&#10;", 1
	case '\r':
		return "&#13;", 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 || !isChar(r) {
		return "\uFFFD", n
	}
	return "", n
}
