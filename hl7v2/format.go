package hl7v2

import (
	"log/slog"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FormatError says which part of a data type was wrong. Its text quotes what the peer sent (capped at 64
// characters) and is meant for that peer; in a log it shows as LogValue, without the quoted text.
type FormatError struct {
	Type  string // data type: CX, XCN, DTM ...
	Where string // "component 4.2"; empty for the value as a whole
	Want  string // what was expected
	Got   string // what came; empty means nothing came
	// Hidden: something came that is not repeated, because it may name a patient.
	Hidden bool
}

// Error gives one line such as `CX component 4.2: expected an OID, got "abc"`.
func (e *FormatError) Error() string {
	switch {
	case e.Hidden:
		return e.head() + ", got something else, which is not repeated"
	case strings.Contains(e.Want, ", found "): // says itself what came
		return e.head()
	case e.Got == "":
		return e.head() + ", found none"
	}
	return e.head() + ", got " + strconv.Quote(clip(e.Got))
}

// LogValue leaves out what came: it may be patient data.
func (e *FormatError) LogValue() slog.Value { return slog.StringValue(e.head()) }

func (e *FormatError) head() string {
	s := e.Type
	if e.Where != "" {
		s += " " + e.Where
	}
	return s + ": expected " + e.Want
}

// clip caps s at 64 characters.
func clip(s string) string {
	n := 0
	for i := range s {
		if n == 64 {
			return s[:i] + "..."
		}
		n++
	}
	return s
}

// nth returns part n (counted from 1) of s split at sep, or "" when there are fewer parts.
func nth(s string, sep byte, n int) string {
	for ; n > 1; n-- {
		i := strings.IndexByte(s, sep)
		if i < 0 {
			return ""
		}
		s = s[i+1:]
	}
	if i := strings.IndexByte(s, sep); i >= 0 {
		return s[:i]
	}
	return s
}

// printable reports whether s is valid UTF-8 without control characters.
func printable(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

// IsOID reports whether s is an OID as IHE writes it: first arc 0, 1 or 2, at least two arcs, no leading zeros,
// at most 64 characters (ITI TF-3: Table 4.2.3.1.7-2, and the limit of DICOM PS3.5 9.1).
func IsOID(s string) bool {
	if len(s) < 3 || len(s) > 64 || s[0] < '0' || s[0] > '2' || s[1] != '.' {
		return false
	}
	for arc := range strings.SplitSeq(s[2:], ".") {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || !digits(arc) {
			return false
		}
	}
	return true
}

// digits reports whether s holds decimal digits only.
func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
