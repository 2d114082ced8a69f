package query

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of one query. They are far above what any client sends and far below what hurts.
const (
	maxValues = 10_000   // values of all parameters together
	maxValue  = 64 << 10 // bytes of one value
	maxLists  = 16       // slots of one name that are AND: each is a condition of its own, which a database nests
)

// syntaxError says where a list of values cannot be read.
type syntaxError struct {
	at     int // characters before it
	want   string
	got    string // the text from there on
	hidden bool   // got is not told
}

func (e *syntaxError) Error() string {
	text := fmt.Sprintf("at character %d: expected %s", e.at+1, e.want)
	switch {
	case e.hidden:
		return text
	case e.got == "":
		return text + ", got the end"
	}
	return text + ", got " + quoted(e.got)
}

var errTooMany = fmt.Errorf("expected at most %d values in one query, got more", maxValues)

// tokens reads one rim:Value as a list of at most limit values (ITI TF-2: 3.18.4.1.2.3.5). Parentheses bracket the list
// and carry no other meaning, so missing, superfluous and unbalanced ones do no harm: a list may be split over several
// Value elements anywhere between its values. Strings may stand in single, double or typographic quotes, or in none, when
// they end at a comma or closing parenthesis; a quote inside is doubled. Values that are empty or blank are left out.
func tokens(value string, limit int) ([]string, error) {
	s := scanner{text: value}
	var out []string
	for {
		s.skip('(')
		if s.rest() == "" {
			return out, nil
		}
		if s.take(',') || s.take(')') {
			continue
		}
		start := s.pos
		text, err := s.value()
		if err != nil {
			return nil, err
		}
		if text, err = s.legal(text, start); err != nil {
			return nil, err
		}
		if text != "" {
			if len(out) == limit {
				return nil, errTooMany
			}
			out = append(out, text)
		}
		s.skip(')')
		if !s.take(',') && s.rest() != "" {
			return nil, s.fail(s.pos, "a comma, a closing parenthesis or the end after a quoted value (a quote inside is doubled)")
		}
	}
}

// scanner reads the text of one rim:Value.
type scanner struct {
	text string
	pos  int
}

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) peek() (rune, int) { return utf8.DecodeRuneInString(s.rest()) }

func (s *scanner) take(r rune) bool {
	if !strings.HasPrefix(s.rest(), string(r)) {
		return false
	}
	s.pos += utf8.RuneLen(r)
	return true
}

// skip passes over blanks and any number of the parenthesis.
func (s *scanner) skip(parenthesis rune) {
	s.pos = len(s.text) - len(strings.TrimLeftFunc(s.rest(), func(r rune) bool { return blank(r) || r == parenthesis }))
}

func (s *scanner) fail(at int, want string) error {
	return &syntaxError{at: utf8.RuneCountInString(s.text[:at]), want: want, got: s.text[at:]}
}

func (s *scanner) value() (string, error) {
	open, size := s.peek()
	closing := closers(open)
	if closing == "" {
		return s.bare(), nil
	}
	start := s.pos
	s.pos += size
	return s.quoted(start, closing)
}

// bare reads a value without quotes. Balanced parentheses inside belong to it.
func (s *scanner) bare() string {
	start, depth := s.pos, 0
	for ; s.pos < len(s.text); s.pos++ { // all delimiters are ASCII, which is never part of another character
		switch c := s.text[s.pos]; {
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case c == ',' && depth == 0, c == ')':
			return trim(s.text[start:s.pos])
		}
	}
	return trim(s.text[start:])
}

// quoted reads on to the closing quote; the same quote twice stands for itself.
func (s *scanner) quoted(start int, closing string) (string, error) {
	var b strings.Builder
	for {
		i := strings.IndexAny(s.rest(), closing)
		if i < 0 {
			return "", s.fail(start, "a closing quote for the value")
		}
		b.WriteString(s.rest()[:i])
		s.pos += i
		r, size := s.peek()
		s.pos += size
		if !s.take(r) {
			return b.String(), nil
		}
		b.WriteRune(r)
	}
}

// closers lists the quotes that end a value opened by r: the plain ones end themselves only, because an apostrophe of
// typography may stand inside; in what a word processor has changed any mix of its kind may occur. "" means that r is
// no quote.
func closers(r rune) string {
	switch r {
	case '\'', '"':
		return string(r)
	case '‘', '’', '‚', '‛', '‹', '›', '′', '´', '`':
		return "‘’‛‹›′´'"
	case '“', '”', '„', '‟', '«', '»', '″':
		return "“”‟«»″\""
	}
	return ""
}

// legal unfolds a value that started at byte start: white space round a line break or tab is one blank, or nothing at
// either end. It refuses what no metadata attribute can hold. A value of blanks comes back as "".
func (s *scanner) legal(text string, start int) (string, error) {
	text = unfold(text)
	switch {
	case trim(text) == "":
		return "", nil
	case len(text) > maxValue:
		return "", s.fail(start, fmt.Sprintf("a value of at most %d bytes", maxValue))
	case !utf8.ValidString(text):
		return "", s.fail(start, "UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", s.fail(start, "a value without control characters")
	}
	return text, nil
}

func unfold(s string) string {
	if !strings.ContainsFunc(s, folding) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for s != "" {
		word := strings.IndexFunc(s, blank)
		if word < 0 {
			word = len(s)
		}
		b.WriteString(s[:word])
		s = s[word:]
		next := strings.TrimLeftFunc(s, blank)
		gap := s[:len(s)-len(next)]
		if strings.ContainsFunc(gap, folding) {
			gap = " "
			if b.Len() == 0 || next == "" {
				gap = ""
			}
		}
		b.WriteString(gap)
		s = next
	}
	return b.String()
}

// folding tells the white space that pretty-printers put in.
func folding(r rune) bool { return unicode.IsSpace(r) && unicode.IsControl(r) }

// blank is white space, and the byte order mark that some editors leave behind.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\uFEFF' }

// quoted shows the beginning of what a peer sent.
func quoted(s string) string { return strconv.Quote(shorten(s)) }

// shorten keeps at most 64 characters.
func shorten(s string) string {
	n := 0
	for i := range s {
		if n == 64 {
			return s[:i] + "..."
		}
		n++
	}
	return s
}
