package hl7v2

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// recode turns the bytes of a message into UTF-8 by MSH-18 (HL7 table 0211). Many senders leave MSH-18 empty, or
// say ASCII, and send other bytes all the same: those are read as UTF-8 if they are that, else as Latin-1. A
// sender that names UTF-8 and sends something else is refused, as any guess would falsify names.
func recode(text, charset string) (string, *Error) {
	bad := func(code int, want string) (string, *Error) {
		return "", &Error{Code: code, Segment: "MSH", Sequence: 1, Field: 18, Text: want}
	}
	switch strings.ToUpper(strings.TrimSpace(charset)) {
	case "UNICODE UTF-8", "UTF-8", "UTF8":
		if !utf8.ValidString(text) {
			return bad(CodeDataType, fmt.Sprintf("MSH-18 names UTF-8, but byte %d is not UTF-8", invalidAt(text)))
		}
		return text, nil
	case "8859/1", "ISO-8859-1":
		return latin1(text), nil
	case "", "ASCII":
		if !utf8.ValidString(text) {
			return latin1(text), nil
		}
		return text, nil
	}
	return bad(CodeTableValue, "expected ASCII, 8859/1 or UNICODE UTF-8 in MSH-18, got "+clip(charset))
}

// invalidAt returns the offset of the first byte that is not UTF-8.
func invalidAt(s string) int {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return i
			}
		}
	}
	return len(s)
}
