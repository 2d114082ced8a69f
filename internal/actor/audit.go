package actor

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"dossier/atna"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// Recorder keeps audit events. When Record returns nil they are durable.
type Recorder interface {
	Record(ctx context.Context, exchange string, events ...atna.Event) error
}

const (
	// recordTime bounds the wait for the audit trail. It does not depend on the peer's patience: what was done is recorded.
	recordTime = 30 * time.Second
	// maxQuery is how many bytes of a query an event holds. Queries of people are a few kilobytes; what is longer is cut.
	maxQuery = 64 << 10
)

// anonymous is the address of a client of web services that gives none (WS-Addressing 1.0 - Core section 2.1).
const anonymous = "http://www.w3.org/2005/08/addressing/anonymous"

// parties says who talks to whom, from a SOAP request (ITI TF-2: 3.41.7.1 and alike).
func (f *Frame) parties(x *Exchange, req *soap.Request) {
	x.Audit.Initiator = initiator(req)
	x.Audit.Responder = f.responder(req)
}

// initiator is known by its reply address, which is anonymous, by its network address and by its certificate.
func initiator(req *soap.Request) atna.Party {
	p := atna.Party{UserID: req.ReplyTo, NetworkAccess: Access(req.Peer.Addr)}
	if p.UserID == "" {
		p.UserID = anonymous
	}
	if c := req.Peer.Certificate(); c != nil {
		p.AlternativeUserID = c.Subject.String()
	}
	return p
}

// responder is this server by the address that the client used.
func (f *Frame) responder(req *soap.Request) atna.Party {
	scheme := "http"
	if req.Peer.TLS != nil {
		scheme = "https"
	}
	return atna.Party{UserID: scheme + "://" + req.Host + req.URI, AlternativeUserID: f.Node.Process, NetworkAccess: Access(req.Host)}
}

// Access is the network access point of host:port or of a host alone.
func Access(address string) atna.NetworkAccessPoint {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	switch host = strings.Trim(host, "[]"); {
	case host == "":
		return atna.NetworkAccessPoint{}
	case net.ParseIP(host) != nil:
		return atna.NetworkAccessPoint{ID: host, Type: atna.IPAddress}
	}
	return atna.NetworkAccessPoint{ID: host, Type: atna.MachineName}
}

// Asked notes a query with the element as it came.
func (x *Exchange) Asked(id, home string, message []byte) {
	x.Audit.Query = &atna.QueryData{ID: id, Home: home, Message: message[:min(len(message), maxQuery)]}
}

// Submitted says whom and which SubmissionSet a submission is about (ITI TF-2: 3.41.7.1, 3.42.7.1).
func (x *Exchange) Submitted(s *xds.Submission) {
	set := s.SubmissionSet()
	if set == nil {
		return
	}
	x.Audit.SubmissionSet = string(set.UniqueID)
	if set.PatientID.ID != "" {
		x.Audit.Patients = []string{set.PatientID.String()}
	}
}

// Outbound notes a transaction that this exchange made as a client; it is recorded with it.
func (x *Exchange) Outbound(t iti.Transaction, endpoint string, outcome atna.Outcome) {
	r := x.Audit
	r.Transaction, r.Role, r.Outcome, r.Description = t, atna.Initiator, outcome, ""
	r.Initiator = atna.Party{UserID: anonymous, AlternativeUserID: x.Audit.Responder.AlternativeUserID, NetworkAccess: x.Audit.Responder.NetworkAccess}
	r.Responder = atna.Party{UserID: endpoint, NetworkAccess: Access(hostOf(endpoint))}
	x.outbound = append(x.outbound, r)
}

// hostOf takes the host out of a URL.
func hostOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// Change returns the context for the one call that makes the change of this exchange: the store commits its events with the
// change. The handler has filled Audit before; Warned may be set up to the end of the transaction.
func (x *Exchange) Change(ctx context.Context) context.Context {
	if !x.audited {
		return ctx
	}
	return atna.Attach(ctx, &atna.Attachment{
		Exchange: x.Reference,
		Events: func() []atna.Event {
			if x.stored {
				return nil // with the first of several changes
			}
			outcome := atna.Success
			if x.Warned {
				outcome = atna.MinorFailure
			}
			return x.events(outcome, "")
		},
		Stored: func() { x.stored = true },
	})
}

// events puts the exchange into audit messages.
func (x *Exchange) events(outcome atna.Outcome, description string) []atna.Event {
	r := x.Audit
	r.Transaction, r.Time, r.Outcome = x.Transaction, x.Started, outcome
	if description != "" {
		r.Description = description
	}
	if r.MessageID == "" && x.Transaction.Action == "" { // HL7 v2; a message of HL7 v3 has an id of its own
		r.MessageID = x.MessageID
	}
	out := r.Events()
	for _, o := range x.outbound {
		o.Time, o.Source = x.Started, r.Source
		out = append(out, o.Events()...)
	}
	return out
}

// Record stores the events of the exchange, unless they were stored with its change. After an error nothing may leave: what
// is not refused already is refused now. The log has the cause.
func (f *Frame) Record(ctx context.Context, x *Exchange, err error) error {
	if !x.audited || x.stored && err == nil {
		return nil
	}
	outcome := x.auditOutcome(err)
	description := strings.Join(x.codes(), " ")
	lost := f.record(ctx, x.Reference, x.events(outcome, description)...)
	if err != nil {
		x.Note(lost) // otherwise it becomes the cause of the refusal
	}
	return lost
}

func (f *Frame) record(ctx context.Context, exchange string, events ...atna.Event) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordTime)
	defer cancel()
	if err := f.Audit.Record(ctx, exchange, events...); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// auditOutcome: refused is a serious failure, what we broke a major one, results with errors or warnings a minor one.
func (x *Exchange) auditOutcome(err error) atna.Outcome {
	switch {
	case x.broke:
		return atna.MajorFailure
	case err != nil:
		return atna.SeriousFailure
	case len(x.errors) > 0:
		return atna.MinorFailure
	}
	return atna.Success
}

// alert records that a message was refused before any transaction saw it.
func (f *Frame) alert(ctx context.Context, req *soap.Request, fault *soap.Fault) error {
	if f.Audit == nil {
		return nil
	}
	description := strings.TrimSpace(fault.Code + " " + fault.Subcode)
	return f.record(ctx, "", f.Node.Alert(atna.Alert{
		Type: atna.MessageRefused, Time: f.Now(), Outcome: atna.SeriousFailure, Peer: initiator(req), Description: description, Object: f.responder(req).UserID,
	}))
}
