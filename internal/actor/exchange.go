package actor

import (
	"time"

	"dossier/atna"
	"dossier/iti"
	"dossier/xds"
)

// Exchange is the record of one request. The frame opens it, the handler adds what it learns, the frame emits it.
type Exchange struct {
	Transaction iti.Transaction
	Reference   string // stands in the refusal and in the log line
	Peer        string // host:port
	MessageID   string // wsa:MessageID or MSH-10
	Started     time.Time

	// Message is what a submission is known by when it is sent again (see Identify); zero when it cannot be known.
	Message  [32]byte
	Repeated bool // it was answered before: the answer is the stored outcome, and nothing was changed

	Query     string // name of the stored query
	Objects   int    // registry objects submitted or found
	Documents int    // documents received or sent
	Bytes     int64  // their size

	// Noted is what rules in mode log found in a submission: names and numbers, nothing of the objects.
	Noted []xds.Note

	// Audit is what the audit trail says of the exchange, filled by the handler: patients, query, SubmissionSet, documents.
	Audit  atna.Record
	Warned bool // the change that is about to be committed is answered with warnings

	audited  bool
	stored   bool // the events, with the change
	broke    bool // it was not the peer's fault
	outbound []atna.Record

	trace   string
	sender  string
	retry   Retry
	errors  xds.Errors
	refused []string // codes of a protocol other than ebRS
	notes   []error
}

// Note keeps a cause for the log; it is never sent.
func (x *Exchange) Note(err error) {
	if err != nil {
		x.notes = append(x.notes, err)
	}
}

// Stamp records the problems as part of the outcome and marks those of our own with the reference, so that the peer
// can name the log line. Problems relayed from another registry stay as they are (ITI TF-2: 3.41.4.2.2), and a stored
// warning keeps the reference of the exchange in which it arose.
func (x *Exchange) Stamp(errs xds.Errors) xds.Errors {
	for _, e := range errs {
		if !e.Relayed && e.Reference == "" {
			e.Reference = x.Reference
		}
		x.Note(e.Err)
	}
	x.errors = append(x.errors, errs...)
	return errs
}

// Refuse records the codes of a refusal in a protocol other than ebRS.
func (x *Exchange) Refuse(codes ...string) { x.refused = append(x.refused, codes...) }

// Broke says that what failed was not the peer's fault; Frame.Operation knows it of ebRS by itself.
func (x *Exchange) Broke() { x.broke = true }

// outcome is the word for log and metrics: success, partial is for the handler's own errors beside results, repeated for a
// success that was one before.
func (x *Exchange) outcome(err error) string {
	switch {
	case err != nil:
		return "refused"
	case x.errors.Refused():
		return "partial"
	case x.Repeated:
		return "repeated"
	}
	return "success"
}

// codes lists the distinct error codes in order.
func (x *Exchange) codes() []string {
	var out []string
	seen := map[string]bool{}
	add := func(label string) {
		if !seen[label] {
			seen[label] = true
			out = append(out, label)
		}
	}
	for _, e := range x.errors {
		label := string(e.Code)
		if e.Rule != "" {
			label += "/" + e.Rule
		}
		add(label)
	}
	for _, code := range x.refused {
		add(code)
	}
	return out
}
