package hl7v2

import (
	"errors"
	"strconv"
	"time"
)

// Acknowledger answers messages (ITI TF-2: Appendix C) in original mode. All fields but Now and NewID may be zero.
type Acknowledger struct {
	Now   func() time.Time
	NewID func() string // for MSH-10: unique, at most 20 characters
	// Application and Facility name the answering side when the request leaves MSH-5 or MSH-6 empty.
	Application, Facility HD
	// Version is 2.3.1 or 2.5. When empty, it is the version of the request if that is one of the two, else 2.5.
	Version string
}

// maxErrors bounds the errors in one acknowledgement.
const maxErrors = 20

// Reply answers req. A nil err accepts. Every *Error in err (one, or several joined) becomes an ERR; MSA-1 is the
// worst of the first 20. Any other error rejects as an internal error, and its text is not sent. req may be nil, for a
// message whose MSH could not be read.
func (a Acknowledger) Reply(req *Message, err error) []byte {
	if req == nil {
		req = &Message{StandardSeparators(), []Segment{{"MSH|^~\\&|", StandardSeparators(), 1}}}
	}
	return a.Begin(req, a.Header(req), err).Bytes()
}

// Begin starts an answer with MSH, MSA and ERR, to which the segments of a query response can be added. Set type,
// event and structure in a header from Header first.
func (a Acknowledger) Begin(req *Message, h Header, err error) *Builder {
	found := refusals(err)
	ack := Accept
	for _, e := range found {
		if ack != Reject {
			ack = e.ack()
		}
	}
	b := NewMessage(h)
	// MSA-2 repeats MSH-10 verbatim, whatever it was.
	b.Segment("MSA", Text(ack), req.segments[0].Field(10))
	if h.Version == "2.3.1" {
		err231(b, found)
	} else {
		err25(b, found)
	}
	return b
}

// Header answers the MSH of req: 3 and 4 swapped with 5 and 6, a new time and a new MSH-10, the same processing id.
// Type, Trigger and Structure are those of an ACK; a response message sets its own.
func (a Acknowledger) Header(req *Message) Header {
	in, _ := req.Header() // an incomplete MSH is answered as far as it goes
	h := Header{
		SendingApplication: in.ReceivingApplication, SendingFacility: in.ReceivingFacility,
		ReceivingApplication: in.SendingApplication, ReceivingFacility: in.SendingFacility,
		Time: string(FormatDTM(a.Now())) + "+0000", Type: "ACK", Trigger: in.Trigger,
		ControlID: a.NewID(), ProcessingID: in.ProcessingID, Version: a.Version,
	}
	if h.SendingApplication.IsZero() {
		h.SendingApplication = a.Application
	}
	if h.SendingFacility.IsZero() {
		h.SendingFacility = a.Facility
	}
	if h.ProcessingID == "" {
		h.ProcessingID = "P"
	}
	if h.Version == "" {
		h.Version = "2.5"
		if in.Version == "2.3.1" {
			h.Version = in.Version
		}
	}
	if h.Version != "2.3.1" && h.Trigger != "" {
		h.Structure = "ACK"
	}
	return h
}

// refusals lists the *Error in err, in order.
func refusals(err error) []*Error {
	if err == nil {
		return nil
	}
	var found []*Error
	collect(err, &found)
	return found[:min(len(found), maxErrors)]
}

func collect(err error, found *[]*Error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			collect(e, found)
		}
		return
	}
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Ack: Reject, Code: CodeInternal, Text: "internal error"}
	}
	*found = append(*found, e)
}

// err231 writes the v2.3.1 form: one ERR whose field 1 repeats, segment^sequence^field^code&text&HL70357.
func err231(b *Builder, found []*Error) {
	if len(found) == 0 {
		return
	}
	var all []Repetition
	for _, e := range found {
		place := [4][]string{}
		for i, part := range e.location() {
			if i < 3 {
				place[i] = []string{part}
			}
		}
		text := e.Text
		if text == "" {
			text = meaning(e.Code)
		}
		place[3] = []string{strconv.Itoa(e.Code), text, "HL70357"}
		all = append(all, Nested(place[:]...))
	}
	b.Segment("ERR", Repeat(all...))
}

// err25 writes the v2.5 form: one ERR per error with its place in 2, code in 3, severity in 4 and text in 8.
func err25(b *Builder, found []*Error) {
	for _, e := range found {
		b.Segment("ERR", nil, Composite(e.location()...), Composite(strconv.Itoa(e.Code), meaning(e.Code), "HL70357"),
			Text("E"), nil, nil, nil, Text(e.Text))
	}
}
