package hl7v2

import (
	"fmt"
	"iter"
	"log/slog"
	"strings"
)

// Limits of one message. They lie far above what any IHE transaction needs and keep the cost of a hostile message
// below a few megabytes.
const (
	MaxMessage     = 1 << 20 // bytes as received
	MaxSegments    = 10_000
	MaxFields      = 1_000 // field separators in one segment
	MaxRepetitions = 1_000 // repetition separators in one segment
)

// Message is a parsed ER7 message: its text, cut into segments. Fields are found when asked for.
type Message struct {
	sep      Separators
	segments []Segment
}

// ParseMessage reads one message (HL7 v2.5 chapter 2.6). It takes any legal separators, segments that end with CR,
// CRLF or, if there is no CR at all, LF, and the character sets of MSH-18 that recode knows. Refused are batches,
// a second MSH, control bytes that MLLP or a database cannot hold, and messages over the limits.
//
// Every error is an *Error. If MSH itself could be read, the message is returned beside the error, with MSH as its
// only segment, so that it can be answered.
func ParseMessage(b []byte) (*Message, error) {
	if len(b) > MaxMessage {
		return nil, unreadable(fmt.Sprintf("expected at most %d bytes, got %d", MaxMessage, len(b)))
	}
	text := string(b)
	sep, err := separators(text)
	if err != nil {
		return nil, err
	}
	end := "\r"
	if !strings.Contains(text, end) {
		end = "\n"
	}
	first, _, _ := strings.Cut(text, end)
	msh := Segment{first, sep, 1}
	m := &Message{sep, []Segment{msh}}
	if text, err = recode(text, msh.Field(18).Repetition(1).Component(1)); err != nil {
		m.segments[0].raw = strings.ToValidUTF8(first, "\uFFFD")
		return m, err
	}
	if i := strings.IndexAny(text, "\x00\x0b\x1c"); i >= 0 {
		m.segments[0].raw = strings.Map(dropControl, first)
		return m, &Error{Code: CodeDataType, Text: fmt.Sprintf("byte %d is the control character 0x%02X", i, text[i])}
	}
	segments, err := split(text, end, sep)
	if err != nil {
		m.segments[0].raw, _, _ = strings.Cut(text, end)
		return m, err
	}
	m.segments = segments
	return m, nil
}

// unreadable is the answer to what has no usable MSH.
func unreadable(text string) *Error {
	return &Error{Ack: Reject, Code: CodeSegmentSequence, Segment: "MSH", Sequence: 1, Text: text}
}

func dropControl(r rune) rune {
	if r < 0x20 {
		return -1
	}
	return r
}

// separators reads MSH-1 and MSH-2. A fifth character (truncation, HL7 v2.7) is legal and means nothing here.
func separators(text string) (Separators, *Error) {
	if !strings.HasPrefix(text, "MSH") {
		return Separators{}, unreadable(fmt.Sprintf("expected a message that starts with MSH, got %q", clip(head(text, 3))))
	}
	if len(text) < 4 {
		return Separators{}, unreadable("expected the field separator after MSH")
	}
	msh2 := head(text[4:], 6)
	if i := strings.IndexAny(msh2, text[3:4]+"\r\n"); i >= 0 {
		msh2 = msh2[:i]
	}
	if len(msh2) != 4 && len(msh2) != 5 {
		return Separators{}, unreadable(fmt.Sprintf("expected four encoding characters in MSH-2, got %q", msh2))
	}
	sep := Separators{text[3], msh2[0], msh2[1], msh2[2], msh2[3]}
	used := text[3 : 4+len(msh2)]
	for i := range len(used) {
		if !isSeparator(used[i]) || strings.IndexByte(used[:i], used[i]) >= 0 {
			return Separators{}, unreadable(fmt.Sprintf("expected different punctuation characters in MSH-1 and MSH-2, got %q", used))
		}
	}
	return sep, nil
}

// isSeparator reports whether c is ASCII punctuation. Letters and digits would collide with escape sequences and
// segment names; the quote would collide with the delete value and the dot with \.br\.
func isSeparator(c byte) bool {
	return c > ' ' && c < 0x7F && !alphanumeric(string(rune(c))) && c != '"' && c != '.'
}

func head(s string, n int) string { return s[:min(n, len(s))] }

// split cuts text into segments and checks their names.
func split(text, end string, sep Separators) ([]Segment, *Error) {
	segments := make([]Segment, 0, 8)
	count := make(map[string]int, 8)
	for raw := range strings.SplitSeq(text, end) {
		raw = strings.TrimPrefix(raw, "\n")
		if raw == "" {
			continue
		}
		if len(segments) == MaxSegments {
			return nil, &Error{Code: CodeSegmentSequence, Text: fmt.Sprintf("expected at most %d segments", MaxSegments)}
		}
		if err := checkSegment(raw, len(segments), sep); err != nil {
			return nil, err
		}
		count[raw[:3]]++
		segments = append(segments, Segment{raw, sep, count[raw[:3]]})
	}
	return segments, nil
}

// checkSegment refuses what is not a segment, and segments that do not belong where they stand: i is the number of
// segments before.
func checkSegment(raw string, i int, sep Separators) *Error {
	if !isSegmentName(head(raw, 3)) || len(raw) > 3 && raw[3] != sep.Field {
		return &Error{Code: CodeSegmentSequence,
			Text: fmt.Sprintf("expected a segment name and %q as segment %d, got %q", sep.Field, i+1, head(raw, 4))}
	}
	switch name := raw[:3]; name {
	case "FHS", "FTS", "BHS", "BTS":
		return &Error{Code: CodeSegmentSequence, Text: "expected a single message, got the batch segment " + name}
	case "MSH":
		if i > 0 {
			return &Error{Code: CodeSegmentSequence, Segment: "MSH", Sequence: 2,
				Text: fmt.Sprintf("expected one MSH, got another as segment %d", i+1)}
		}
	}
	if n := strings.Count(raw, string(rune(sep.Field))); n > MaxFields {
		return &Error{Code: CodeSegmentSequence, Text: fmt.Sprintf("expected at most %d fields in segment %d, got %d", MaxFields, i+1, n)}
	}
	if n := strings.Count(raw, string(rune(sep.Repetition))); n > MaxRepetitions {
		return &Error{Code: CodeSegmentSequence, Text: fmt.Sprintf("expected at most %d repetitions in segment %d, got %d", MaxRepetitions, i+1, n)}
	}
	return nil
}

// isSegmentName reports whether s is a capital letter and two capital letters or digits.
func isSegmentName(s string) bool {
	if len(s) != 3 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	return strings.ToUpper(s) == s && alphanumeric(s)
}

// Separators returns the delimiters of the message.
func (m *Message) Separators() Separators { return m.sep }

// Segments goes through the segments in order; the first is MSH.
func (m *Message) Segments() iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for _, s := range m.segments {
			if !yield(s) {
				return
			}
		}
	}
}

// Segment returns the first segment of that name; one that does not exist when there is none.
func (m *Message) Segment(name string) Segment {
	for _, s := range m.segments {
		if s.raw[:3] == name {
			return s
		}
	}
	return Segment{sep: m.sep}
}

// Field returns a field of the first segment of that name.
func (m *Message) Field(segment string, n int) Field { return m.Segment(segment).Field(n) }

// String names the message by type and number of segments, without its content.
func (m *Message) String() string {
	msh := m.segments[0].Field(9).Repetition(1)
	return fmt.Sprintf("%.3s^%.3s of %d segments", msh.Component(1), msh.Component(2), len(m.segments))
}

// LogValue hides the content.
func (m *Message) LogValue() slog.Value { return slog.StringValue(m.String()) }
