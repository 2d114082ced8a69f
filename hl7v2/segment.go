package hl7v2

import (
	"iter"
	"strings"
)

// Segment is one line of a message. The zero Segment stands for one that is not there; its fields are empty.
type Segment struct {
	raw      string
	sep      Separators
	sequence int
}

// Name returns the three characters of the segment id, "" for a segment that is not there.
func (s Segment) Name() string {
	if len(s.raw) < 3 {
		return ""
	}
	return s.raw[:3]
}

// Exists reports whether the segment is there.
func (s Segment) Exists() bool { return s.raw != "" }

// Sequence returns which of the segments of its name this is, counted from 1: the second part of an ERL.
func (s Segment) Sequence() int { return s.sequence }

// Raw returns the segment as it stood in the message, recoded to UTF-8.
func (s Segment) Raw() string { return s.raw }

// Field returns field n, counted from 1 as HL7 does. In MSH, field 1 is the field separator itself.
func (s Segment) Field(n int) Field {
	if s.raw == "" || n < 1 {
		return Field{sep: s.sep}
	}
	if s.Name() != "MSH" {
		return Field{nth(s.raw, s.sep.Field, n+1), s.sep}
	}
	if n == 1 {
		return Field{string(rune(s.sep.Field)), s.sep}
	}
	return Field{nth(s.raw, s.sep.Field, n), s.sep}
}

// Field is a field of a segment with its repetitions. The zero Field is empty.
type Field struct {
	raw string
	sep Separators
}

// Raw returns the text as it stood in the message.
func (f Field) Raw() string { return f.raw }

// IsEmpty reports whether there is nothing but separators and blanks.
func (f Field) IsEmpty() bool {
	for r := range f.Repetitions() {
		if !r.IsEmpty() {
			return false
		}
	}
	return true
}

// IsDelete reports whether the field asks for deletion.
func (f Field) IsDelete() bool { return f.raw == Delete }

// Repetition returns repetition n, counted from 1; an empty one when there are fewer.
func (f Field) Repetition(n int) Repetition {
	if f.raw == "" || n < 1 {
		return Repetition{sep: f.sep}
	}
	return Repetition{nth(f.raw, f.sep.Repetition, n), f.sep}
}

// Repetitions goes through all repetitions, empty ones too, in order; none for an empty field.
func (f Field) Repetitions() iter.Seq[Repetition] {
	return func(yield func(Repetition) bool) {
		if f.raw == "" {
			return
		}
		for part := range strings.SplitSeq(f.raw, string(rune(f.sep.Repetition))) {
			if !yield(Repetition{part, f.sep}) {
				return
			}
		}
	}
}

// Component returns component n of the first repetition, unescaped.
func (f Field) Component(n int) string { return f.Repetition(1).Component(n) }

// Text returns the first repetition unescaped.
func (f Field) Text() string { return f.Repetition(1).Text() }
