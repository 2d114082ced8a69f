package consumer

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dossier/hl7v2"
	"dossier/iti"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// Manager is a PIX Manager elsewhere.
type Manager interface {
	// CrossReferences asks for the other ids of a patient in those domains (OIDs), in all when none is named (ITI-9, ITI-45). None
	// and no error says that the patient is known and has no other id there. A *Refused with UnknownPatient says that the id is
	// not known. Every other error leaves that open.
	CrossReferences(ctx context.Context, id hl7v2.CX, domains ...string) ([]hl7v2.CX, error)
}

// Supplier is a Patient Demographics Supplier elsewhere.
type Supplier interface {
	// Patients asks for patients by demographics (ITI-21, ITI-47), at most quantity at once; 0 leaves it to the peer.
	Patients(ctx context.Context, c Criteria, quantity int) (*Found, error)
	// Next asks for more of what a query found.
	Next(ctx context.Context, f *Found, quantity int) (*Found, error)
	// Cancel says that no more is wanted.
	Cancel(ctx context.Context, f *Found) error
}

// Criteria of a demographics query: all that are set must hold. What * stands for is the peer's choice.
type Criteria struct {
	ID                           hl7v2.CX
	Family, Given, MothersFamily string
	Birth                        string // YYYY[MM[DD]]
	Sex                          string // HL7 table 0001
	City, Postcode, Phone        string
	Domains                      []string // OIDs of those whose ids are wanted; all when empty
}

// Patient is one that a query found.
type Patient struct {
	IDs                    []hl7v2.CX
	Family, Given          string
	Birth, Sex             string
	Street, Postcode, City string
	Score                  string // 0 to 100 or nothing
}

// Found is a part of the patients that a query found.
type Found struct {
	Patients  []Patient
	Remaining int  // -1 where the peer does not say
	More      bool // Next has something to ask for

	query, answer hl7v3.II // of HL7 v3
	seen          int
	criteria      Criteria // of HL7 v2, whose continuation repeats the query
	tag, pointer  string
}

// Query is a query as it is sent, for who records it.
type Query struct {
	Transaction      iti.Transaction
	Peer             string // host:port or URL
	Sender, Receiver string // facility|application; "" in HL7 v3, where the URL names the receiver
	MessageID        string
	Patients         []hl7v2.CX // whose ids were given
	Message          []byte     // the message, or its queryByParameter
}

// Begin notes a query before it is sent. What it returns is called once with the outcome, before anybody hears of it; its error
// takes the place of the outcome, as a *NotRecorded. nil notes nothing.
type Begin func(ctx context.Context, q *Query) func(error) error

// NotRecorded says that a query could not be recorded, so that its answer must not be used.
type NotRecorded struct {
	Err     error
	Outcome error // of the query
}

// Error gives the cause.
func (e *NotRecorded) Error() string {
	return "consumer: the query could not be recorded: " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *NotRecorded) Unwrap() error { return e.Err }

func (b Begin) begin(ctx context.Context, q *Query) func(error) error {
	if b == nil {
		return func(err error) error { return err }
	}
	end := b(ctx, q)
	return func(err error) error {
		if lost := end(err); lost != nil {
			return &NotRecorded{Err: lost, Outcome: err}
		}
		return err
	}
}

// Refused is the answer of a peer that read a message and did not do it. Details of HL7 v2 are its ERR segments.
type Refused struct {
	Type     string // CE, CR, AE or AR
	Response string // queryResponseCode or QAK-2; "" where nothing was asked
	Details  []hl7v3.Detail
}

// Error lists the codes; texts are for the user that asked, not for a log.
func (r *Refused) Error() string {
	var codes []string
	for _, d := range r.Details {
		codes = append(codes, fmt.Sprintf("%.20q", d.Code))
	}
	return fmt.Sprintf("consumer: the peer answered %.20q %.20q with %s", r.Type, r.Response, strings.Join(codes, ", "))
}

// Unknown reports whether the patient or a domain is not known there. Only the code tells: its system differs from peer to peer.
func (r *Refused) Unknown() bool {
	for _, d := range r.Details {
		if d.Code == hl7v3.UnknownKey {
			return true
		}
	}
	return false
}

// UnknownPatient reports whether it is the patient who is not known, as far as the peer says so: an error that points at a
// domain is no answer to who the patient is (ITI TF-2: 3.9.4.2.2.6, cases 3 to 5; 3.45.4.2.3). HL7 v3 gives domain and id of the
// patient one place, so that the two cannot be told apart there.
func (r *Refused) UnknownPatient() bool {
	for _, d := range r.Details {
		for _, at := range d.Locations {
			if strings.HasPrefix(at, "QPD^1^4") || at == "QPD^1^3^1^4" || strings.Contains(at, "dataSource") {
				return false
			}
		}
	}
	return r.Unknown()
}

// Quiet is an error without the words of a peer, which may name patients: for logs and for those who did not ask.
func Quiet(err error) error {
	var fault *soap.Fault
	if errors.As(err, &fault) && fault.Remote {
		return fmt.Errorf("consumer: the peer answered with the fault %.20q %.60q", fault.Code, fault.Subcode)
	}
	return err
}
