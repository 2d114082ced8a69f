package hl7v2

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Value is the content of a field to be written: a Repetition or a Field, made here or taken from a received
// message. There is no other way to write, so that every text has been escaped.
type Value interface{ er7() (string, Separators) }

func (r Repetition) er7() (string, Separators) { return r.raw, r.sep }
func (f Field) er7() (string, Separators)      { return f.raw, f.sep }

// Text makes a field of one text, which may hold anything: separators and control characters are escaped. NUL,
// which no receiver can hold, and bytes that are not UTF-8 become U+FFFD.
func Text(s string) Repetition { return Repetition{encode(s), StandardSeparators()} }

// Composite makes a field of components without subcomponents.
func Composite(components ...string) Repetition {
	parts := make([]string, len(components))
	for i, c := range components {
		parts[i] = encode(c)
	}
	return Repetition{joinTrim(parts, "^"), StandardSeparators()}
}

// Nested makes a field of components that have subcomponents.
func Nested(components ...[]string) Repetition {
	parts := make([]string, len(components))
	for i, c := range components {
		sub := make([]string, len(c))
		for j, s := range c {
			sub[j] = encode(s)
		}
		parts[i] = joinTrim(sub, "&")
	}
	return Repetition{joinTrim(parts, "^"), StandardSeparators()}
}

// Repeat makes a field of repetitions. Empty ones are kept: a first empty repetition has a meaning in PID-5 of
// a PIX response.
func Repeat(values ...Repetition) Field {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = standard(v)
	}
	return Field{strings.Join(parts, "~"), StandardSeparators()}
}

// Value gives the authority as components, the form of MSH-3 to MSH-6.
func (h HD) Value() Repetition { return Composite(h.Namespace, h.UniversalID, h.UniversalIDType) }

// Value gives the identifier with the whole authority, the form of PID-3: unlike XDS metadata, PIX responses must
// name the authority by namespace and universal id (ITI TF-2: Appendix E).
func (c CX) Value() Repetition {
	return Nested([]string{c.ID}, []string{c.CheckDigit}, []string{c.CheckScheme}, c.Authority.parts(),
		[]string{c.TypeCode}, c.Facility.parts())
}

func (h HD) parts() []string { return []string{h.Namespace, h.UniversalID, h.UniversalIDType} }

func encode(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	}
	return Escape(s)
}

func joinTrim(parts []string, sep string) string {
	return strings.TrimRight(strings.Join(parts, sep), sep)
}

// standard gives the text of v between standard separators. A value that was received may have other separators,
// and may hold line feeds.
func standard(v Value) string {
	if v == nil {
		return ""
	}
	raw, sep := v.er7()
	if to := StandardSeparators(); raw != "" && sep != to {
		raw = sep.convert(raw, to)
	}
	return escapeControl(raw)
}

// convert rewrites raw, whose structure sep describes, with other separators. Each text between separators is
// unescaped and escaped anew: \F\ stands for whatever the field separator of its message is.
func (sep Separators) convert(raw string, to Separators) string {
	var b strings.Builder
	b.Grow(len(raw))
	start := 0
	for i := range len(raw) {
		if c := sep.counterpart(raw[i], to); c != 0 {
			b.WriteString(to.escape(sep.unescape(raw[start:i])))
			b.WriteByte(c)
			start = i + 1
		}
	}
	b.WriteString(to.escape(sep.unescape(raw[start:])))
	return b.String()
}

// counterpart returns the separator of to with the role that c has inside a field; 0 when c separates nothing.
func (sep Separators) counterpart(c byte, to Separators) byte {
	switch c {
	case sep.Component:
		return to.Component
	case sep.Repetition:
		return to.Repetition
	case sep.Subcomponent:
		return to.Subcomponent
	}
	return 0
}

// escapeControl escapes control characters and leaves separators alone.
func escapeControl(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r < 0x20 }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if r < 0x20 {
			fmt.Fprintf(&b, `\X%02X\`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Builder writes a message, segment by segment, with standard separators, CR and UTF-8.
type Builder struct {
	header Header
	body   strings.Builder
}

// NewMessage starts a message with its MSH.
func NewMessage(h Header) *Builder { return &Builder{header: h} }

// Segment adds a segment. A nil Value is an empty field; empty fields at the end are left out. The name is part of
// the program, not data: Segment panics when it is not a segment name.
func (b *Builder) Segment(name string, fields ...Value) *Builder {
	if !isSegmentName(name) || name == "MSH" {
		panic("hl7v2: not the name of a segment to add: " + name)
	}
	parts := make([]string, 0, len(fields)+1)
	parts = append(parts, name)
	for _, f := range fields {
		parts = append(parts, standard(f))
	}
	b.body.WriteString(joinTrim(parts, "|"))
	b.body.WriteByte('\r')
	return b
}

// Bytes returns the message. MSH-18 is set if, and only if, the message is not ASCII (ITI TF-2: C.2.2).
func (b *Builder) Bytes() []byte {
	h := b.header
	fields := []string{`MSH|^~\&`}
	for _, v := range []Value{
		h.SendingApplication.Value(), h.SendingFacility.Value(), h.ReceivingApplication.Value(), h.ReceivingFacility.Value(),
		Text(h.Time), nil, Composite(h.Type, h.Trigger, h.Structure), Text(h.ControlID), Text(h.ProcessingID), Text(h.Version),
		nil, nil, nil, nil, nil, nil, nil, nil, Text(h.Profile),
	} {
		fields = append(fields, standard(v))
	}
	// fields[0] holds MSH-1 and MSH-2, so MSH-n is fields[n-2].
	if !ascii(b.body.String()) || !ascii(strings.Join(fields, "")) {
		fields[18-2] = "UNICODE UTF-8"
	}
	return []byte(joinTrim(fields, "|") + "\r" + b.body.String())
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
