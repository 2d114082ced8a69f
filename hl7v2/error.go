package hl7v2

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
)

// Acknowledgement codes of MSA-1 in original mode (HL7 table 0008).
const (
	Accept = "AA" // done
	Refuse = "AE" // application error: do not send again uncorrected
	Reject = "AR" // not processed: may be sent again
)

// Codes of HL7 table 0357, for ERR.
const (
	CodeAccepted             = 0
	CodeSegmentSequence      = 100
	CodeRequiredFieldMissing = 101
	CodeDataType             = 102
	CodeTableValue           = 103
	CodeMessageType          = 200
	CodeEvent                = 201
	CodeProcessingID         = 202
	CodeVersion              = 203
	CodeUnknownKey           = 204
	CodeDuplicateKey         = 205
	CodeLocked               = 206
	CodeInternal             = 207
)

// meaning gives the text that HL7 table 0357 has for a code.
func meaning(code int) string {
	switch code {
	case CodeAccepted:
		return "Message accepted"
	case CodeSegmentSequence:
		return "Segment sequence error"
	case CodeRequiredFieldMissing:
		return "Required field missing"
	case CodeDataType:
		return "Data type error"
	case CodeTableValue:
		return "Table value not found"
	case CodeMessageType:
		return "Unsupported message type"
	case CodeEvent:
		return "Unsupported event code"
	case CodeProcessingID:
		return "Unsupported processing id"
	case CodeVersion:
		return "Unsupported version id"
	case CodeUnknownKey:
		return "Unknown key identifier"
	case CodeDuplicateKey:
		return "Duplicate key identifier"
	case CodeLocked:
		return "Application record locked"
	}
	return "Application internal error"
}

// Error is a refusal of a message: what an acknowledgement says in MSA and ERR. Positions count from 1; 0 means
// "not stated".
type Error struct {
	Ack                   string // Refuse or Reject; when empty, 200 to 203 reject and all other codes refuse
	Code                  int    // HL7 table 0357
	Segment               string
	Sequence              int // which of the segments of that name
	Field                 int
	Repetition, Component int
	Text                  string // what was expected and what came; sent to the peer
	Err                   error  // cause, never sent
}

// Error gives the place, the table text and the cause, without Text, which may repeat what the peer sent.
func (e *Error) Error() string {
	s := "hl7v2: " + e.ack() + " " + strconv.Itoa(e.Code) + " " + meaning(e.Code)
	if e.Segment != "" {
		s += " at " + e.place()
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// LogValue leaves out Text, and cause texts that may hold patient data.
func (e *Error) LogValue() slog.Value {
	s := e.ack() + " " + strconv.Itoa(e.Code)
	if e.Segment != "" {
		s += " " + e.place()
	}
	var format *FormatError
	if errors.As(e.Err, &format) {
		s += ": " + format.head()
	} else if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return slog.StringValue(s)
}

func (e *Error) ack() string {
	switch {
	case e.Ack != "":
		return e.Ack
	case e.Code >= CodeMessageType && e.Code <= CodeVersion:
		return Reject
	}
	return Refuse
}

// place gives the position as people write it: PID[1]-3[1].4.
func (e *Error) place() string {
	s := e.Segment
	if e.Sequence > 0 {
		s += fmt.Sprintf("[%d]", e.Sequence)
	}
	if e.Field > 0 {
		s += fmt.Sprintf("-%d", e.Field)
	}
	if e.Repetition > 0 {
		s += fmt.Sprintf("[%d]", e.Repetition)
	}
	if e.Component > 0 {
		s += fmt.Sprintf(".%d", e.Component)
	}
	return s
}

// location gives the parts of an ERL (v2.5 ERR-2): segment, sequence, field, repetition, component. It ends at the
// first part that is not stated, because an empty one in the middle points at nothing.
func (e *Error) location() []string {
	if e.Segment == "" {
		return nil
	}
	parts := []string{e.Segment}
	for _, n := range []int{e.Sequence, e.Field, e.Repetition, e.Component} {
		if n == 0 {
			break
		}
		parts = append(parts, strconv.Itoa(n))
	}
	return parts
}
