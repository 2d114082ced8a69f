package hl7v2

import "strings"

// Delete is the field value that asks the receiver to delete what it holds. An empty field, by contrast, says
// nothing (HL7 v2.5 chapter 2.5.3).
const Delete = `""`

// Repetition is one occurrence of a field: text with components and subcomponents, not yet unescaped. The zero
// Repetition is an empty field.
type Repetition struct {
	raw string
	sep Separators
}

// Raw returns the text as it stood in the message.
func (r Repetition) Raw() string { return r.raw }

// IsEmpty reports whether nothing but separators and blanks is there.
func (r Repetition) IsEmpty() bool {
	for i := range len(r.raw) {
		if c := r.raw[i]; c != ' ' && c != r.sep.Component && c != r.sep.Subcomponent {
			return false
		}
	}
	return true
}

// IsDelete reports whether the field asks for deletion.
func (r Repetition) IsDelete() bool { return r.raw == Delete }

// Text returns the whole repetition unescaped, for fields without components.
func (r Repetition) Text() string { return r.sep.unescape(r.raw) }

// Component returns component n, counted from 1, unescaped; separators of subcomponents stay in it. It is "" when
// there is no such component.
func (r Repetition) Component(n int) string { return r.sep.unescape(r.component(n)) }

// Subcomponent returns subcomponent m of component n, both counted from 1, unescaped.
func (r Repetition) Subcomponent(n, m int) string {
	return r.sep.unescape(nth(r.component(n), r.sep.Subcomponent, m))
}

func (r Repetition) component(n int) string { return nth(r.raw, r.sep.Component, n) }

// trimmed is Component without blanks at either end.
func (r Repetition) trimmed(n int) string {
	return strings.TrimSpace(r.sep.unescape(strings.TrimSpace(r.component(n))))
}

// hd reads component n as an HD whose parts are subcomponents.
func (r Repetition) hd(typ string, n int) (HD, error) {
	c := r.component(n)
	var part [4]string
	for i := range part {
		part[i] = strings.TrimSpace(r.sep.unescape(nth(c, r.sep.Subcomponent, i+1)))
	}
	return newHD(typ, n, part)
}
