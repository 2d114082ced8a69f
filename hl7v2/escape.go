package hl7v2

import (
	"encoding/hex"
	"strings"
	"unicode/utf8"
)

// Separators are the five delimiters of a message: MSH-1 and the four characters of MSH-2.
type Separators struct{ Field, Component, Repetition, Escape, Subcomponent byte }

// StandardSeparators returns the delimiters that everybody uses and that this package always writes: |^~\&.
func StandardSeparators() Separators { return Separators{'|', '^', '~', '\\', '&'} }

// Escape makes s safe as one subcomponent between the standard separators. Control characters below 0x20 become
// \Xhh\, so neither a segment end nor an MLLP frame byte survives.
func Escape(s string) string { return StandardSeparators().escape(s) }

// Unescape resolves \F\ \S\ \T\ \R\ \E\ \Xhh..\ and \.br\ (a line feed). Any other use of the backslash is kept
// as it stands. Hexadecimal bytes that are not UTF-8 are read as Latin-1. \X00\ is kept as text: no database or
// XML document downstream can hold a NUL.
func Unescape(s string) string { return StandardSeparators().unescape(s) }

func (sep Separators) escape(s string) string {
	if !sep.needsEscape(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := range len(s) {
		c := s[i]
		if letter := sep.letter(c); letter != 0 {
			b.Write([]byte{sep.Escape, letter, sep.Escape})
		} else if c < 0x20 {
			const digit = "0123456789ABCDEF"
			b.Write([]byte{sep.Escape, 'X', digit[c>>4], digit[c&15], sep.Escape})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (sep Separators) needsEscape(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || sep.letter(s[i]) != 0 {
			return true
		}
	}
	return false
}

// letter names the escape sequence of a delimiter, 0 for any other byte.
func (sep Separators) letter(c byte) byte {
	switch c {
	case sep.Field:
		return 'F'
	case sep.Component:
		return 'S'
	case sep.Subcomponent:
		return 'T'
	case sep.Repetition:
		return 'R'
	case sep.Escape:
		return 'E'
	}
	return 0
}

func (sep Separators) unescape(s string) string {
	i := strings.IndexByte(s, sep.Escape)
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		s = s[i+1:]
		end := strings.IndexByte(s, sep.Escape)
		if text, ok := sep.sequence(s, end); ok {
			b.WriteString(text)
			s = s[end+1:]
		} else {
			b.WriteByte(sep.Escape)
		}
		i = strings.IndexByte(s, sep.Escape)
	}
	b.WriteString(s)
	return b.String()
}

// sequence resolves the escape sequence s[:end], written without its escape characters.
func (sep Separators) sequence(s string, end int) (string, bool) {
	if end < 1 {
		return "", false
	}
	switch name := s[:end]; {
	case name == "F":
		return string(rune(sep.Field)), true
	case name == "S":
		return string(rune(sep.Component)), true
	case name == "T":
		return string(rune(sep.Subcomponent)), true
	case name == "R":
		return string(rune(sep.Repetition)), true
	case name == "E":
		return string(rune(sep.Escape)), true
	case name == ".br":
		return "\n", true
	case name[0] == 'X' && len(name) > 1:
		return hexText(name[1:])
	}
	return "", false
}

// hexText decodes the digits of a \X..\ sequence.
func hexText(digits string) (string, bool) {
	b, err := hex.DecodeString(digits)
	if err != nil {
		return "", false
	}
	text := string(b)
	if strings.IndexByte(text, 0) >= 0 {
		return "", false
	}
	if !utf8.ValidString(text) {
		text = latin1(text)
	}
	return text, true
}

// latin1 reads every byte of s as the Unicode character of that number.
func latin1(s string) string {
	var b strings.Builder
	b.Grow(len(s) + len(s)/4)
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}
