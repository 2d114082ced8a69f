package codes

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFaults bounds how many faults of one file are listed.
const maxFaults = 100

// Fault is one thing that is wrong with a file.
type Fault struct {
	Line, Column int // 1-based, in characters; 0 when unknown
	Message      string
}

// FileError lists everything that is wrong with a file, up to 100 faults in the order in which they were found.
type FileError struct {
	Name   string
	Faults []Fault
	More   int // faults that are not listed
}

// Error gives one line per fault: name, line, column, message, in the form that editors jump to.
func (e *FileError) Error() string {
	var lines []string
	for _, f := range e.Faults {
		where := e.Name
		if f.Line > 0 {
			where += ":" + strconv.Itoa(f.Line)
			if f.Column > 0 {
				where += ":" + strconv.Itoa(f.Column)
			}
		}
		lines = append(lines, where+": "+f.Message)
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: %d more faults", e.Name, e.More))
	}
	return strings.Join(lines, "\n")
}

// faults collects what is wrong.
type faults struct {
	list []Fault
	more int
}

func (f *faults) add(line, column int, format string, args ...any) {
	if f.full() {
		f.more++
		return
	}
	f.list = append(f.list, Fault{line, column, fmt.Sprintf(format, args...)})
}

func (f *faults) full() bool { return len(f.list) == maxFaults }

func (f *faults) err(name string) error {
	if len(f.list) == 0 {
		return nil
	}
	return &FileError{Name: name, Faults: f.list, More: f.more}
}

// locate turns a byte offset into line and column.
func locate(text []byte, offset int) (line, column int) {
	line, start := 1, 0
	for i, c := range text[:offset] {
		if c == '\n' || c == '\r' && text[i+1] != '\n' { // an offset is that of markup: there is a next byte
			line, start = line+1, i+1
		}
	}
	return line, 1 + utf8.RuneCount(text[start:offset])
}

// quote repeats a value: at most 64 characters, control characters escaped.
func quote(s string) string { return strconv.Quote(clip(s, 64)) }

// clip caps s at n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i] + "..."
		}
		n--
	}
	return s
}

// unusable tells what keeps a value from ever being equal to one of a message, "" if nothing does: the reader of messages
// takes white space off both ends, and XML has no control characters.
func unusable(value string) string {
	switch {
	case value == "":
		return "is empty"
	case strings.TrimSpace(value) != value:
		return "begins or ends with white space"
	case strings.ContainsFunc(value, unicode.IsControl):
		return "holds a control character"
	case !utf8.ValidString(value):
		return "is not UTF-8"
	}
	return ""
}
