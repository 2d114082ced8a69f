package xmlwire

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says why a document was refused and where. Its message may quote up to 40 bytes of markup that the
// sender wrote, names and reserved words only: never character data or attribute values.
type SyntaxError struct {
	Offset  int    // byte offset in the UTF-8 text, byte order mark not counted
	Line    int    // 1-based; CR LF, CR and LF each end a line
	Column  int    // 1-based, in characters
	Message string // what was expected and what came
	Limit   bool   // a limit, not the syntax, stopped it
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("xml: line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// newError locates off in text. It is the only place that counts lines, so that good documents pay nothing for it.
func newError(text string, off int, limit bool, format string, args ...any) *SyntaxError {
	off = min(off, len(text))
	line, start := 1, 0
	for i := 0; i < off; i++ {
		c := text[i]
		if c == '\n' || c == '\r' && (i+1 == len(text) || text[i+1] != '\n') {
			line, start = line+1, i+1
		}
	}
	col := 1 + utf8.RuneCountInString(text[start:off])
	return &SyntaxError{Offset: off, Line: line, Column: col, Message: fmt.Sprintf(format, args...), Limit: limit}
}

func (p *parser) fail(off int, format string, args ...any) error {
	return newError(p.s, off, false, format, args...)
}

func (p *parser) over(off int, format string, args ...any) error {
	return newError(p.s, off, true, format, args...)
}

// quote caps a name for an error message.
func quote(s string) string {
	const most = 40
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return fmt.Sprintf("%q", s)
}
