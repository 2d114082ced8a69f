package manager

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
	"dossier/iti"
)

// Manager is the skin of HL7 v2: PIX Manager and Patient Demographics Supplier over MLLP.
type Manager struct {
	Frame       *actor.Frame
	Core        *Core
	Acknowledge hl7v2.Acknowledger
	Now         func() time.Time
}

// request is one message with what is known of it.
type request struct {
	header hl7v2.Header
	msg    *hl7v2.Message
	x      *actor.Exchange
	ack    hl7v2.Acknowledger
}

// operation is one row of the table of contents.
type operation struct {
	transaction iti.Transaction
	message     string // MSH-9 type
	events      []string
	versions    []string
	handle      func(*Manager, context.Context, *request) ([]byte, error)
}

// operations is the table of contents. The version tells the merge of ITI-8 from that of ITI-30. A handler returns its answer, or nothing for a plain acknowledgement, and beside it
// the refusal that the record needs to have.
func operations() []operation {
	return []operation{
		{iti.PatientIdentityFeed, "ADT", []string{"A01", "A04", "A05", "A08"}, []string{"2.3.1", "2.5"}, (*Manager).feed},
		{iti.PatientIdentityFeed, "ADT", []string{"A40"}, []string{"2.3.1"}, (*Manager).feed},
		{iti.PatientIdentityManagement, "ADT", []string{"A40", "A28", "A31", "A47", "A24", "A37"}, []string{"2.5"}, (*Manager).feed},
		{iti.PIXQuery, "QBP", []string{"Q23"}, []string{"2.5"}, (*Manager).pixQuery},
		{iti.PatientDemographicsQuery, "QBP", []string{"Q22"}, []string{"2.5"}, (*Manager).demographicsQuery},
		{iti.PatientDemographicsQuery, "QCN", []string{"J01"}, []string{"2.5"}, (*Manager).cancelQuery},
	}
}

// elsewhere is the table of contents where the index is elsewhere. What only a PIX Manager does has rows too, so that its refusal
// is recorded as what it was.
func elsewhere() []operation {
	return []operation{
		{iti.PatientIdentityFeed, "ADT", []string{"A01", "A04", "A05", "A08"}, []string{"2.3.1", "2.5"}, (*Manager).feed},
		{iti.PatientIdentityFeed, "ADT", []string{"A40"}, []string{"2.3.1", "2.5"}, (*Manager).feed},
		{iti.PIXUpdateNotification, "ADT", []string{"A31"}, []string{"2.5"}, (*Manager).updateNotification},
		{iti.PatientIdentityManagement, "ADT", []string{"A28", "A47", "A24", "A37"}, []string{"2.5"}, (*Manager).askElsewhere},
		{iti.PIXQuery, "QBP", []string{"Q23"}, []string{"2.5"}, (*Manager).askElsewhere},
		{iti.PatientDemographicsQuery, "QBP", []string{"Q22"}, []string{"2.5"}, (*Manager).askElsewhere},
		{iti.PatientDemographicsQuery, "QCN", []string{"J01"}, []string{"2.5"}, (*Manager).askElsewhere},
	}
}

func (m *Manager) operations() []operation {
	if m.Core.MPI != nil {
		return elsewhere()
	}
	return operations()
}

// textElsewhere is for who takes this server for a PIX Manager.
const textElsewhere = "the patient index is elsewhere; this server takes the feed of its registry and notifications only, ask the index itself"

// askElsewhere refuses what only a PIX Manager or a Patient Demographics Supplier does.
func (m *Manager) askElsewhere(_ context.Context, r *request) ([]byte, error) {
	err := &hl7v2.Error{Ack: hl7v2.Reject, Code: hl7v2.CodeMessageType, Segment: "MSH", Sequence: 1, Field: 9, Repetition: 1, Component: 1, Text: textElsewhere}
	if r.header.Type == "ADT" {
		err.Code, err.Component = hl7v2.CodeEvent, 2
	}
	return nil, err
}

// Handle answers one message; it is the handler of an mllp.Server.
func (m *Manager) Handle(ctx context.Context, peer net.Addr, b []byte) []byte {
	msg, err := hl7v2.ParseMessage(b)
	r := &request{msg: msg, ack: m.Acknowledge}
	if msg != nil {
		var headerErr error
		if r.header, headerErr = msg.Header(); err == nil {
			err = headerErr
		}
	}
	op, unknown := m.find(r.header)
	if err == nil {
		err = unknown
	}
	if err == nil {
		err = processing(r.header)
	}
	if r.header.Version == "2.5" {
		r.ack.Version = "2.5"
	}
	r.x = m.Frame.Begin(op.transaction, peer.String(), r.header.ControlID)
	r.x.Query = op.event(r.header)
	m.parties(ctx, r, peer)
	if op.message == "QBP" {
		r.x.Asked("", "", b)
	}
	var answer []byte
	if err == nil {
		answer, err = m.protect(ctx, op, r)
	}
	err = m.refusal(r.x, err)
	r.x.Audit.Description = described(err)
	if lost := m.Frame.Record(ctx, r.x, err); lost != nil && err == nil {
		answer, err = nil, m.refusal(r.x, lost)
	}
	r.x.Note(err)
	m.Frame.End(r.x, err)
	if answer == nil {
		answer = r.ack.Reply(msg, err)
	}
	return answer
}

// protect turns a panic into an error with its stack as cause.
func (m *Manager) protect(ctx context.Context, op operation, r *request) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return op.handle(m, ctx, r)
}

// described is what the audit trail says of a refusal: the code, nothing of the message.
func described(err error) string {
	var refused *hl7v2.Error
	if !errors.As(err, &refused) {
		return ""
	}
	return "HL7-" + strconv.Itoa(refused.Code)
}

// parties says who talks to whom: facility|application of either side (ITI TF-2: 3.8.5.1).
func (m *Manager) parties(ctx context.Context, r *request, peer net.Addr) {
	name := func(facility, application hl7v2.HD) string { return facility.String() + "|" + application.String() }
	h, a := r.header, &r.x.Audit
	a.Initiator = atna.Party{UserID: name(h.SendingFacility, h.SendingApplication), NetworkAccess: actor.Access(peer.String())}
	if state, ok := mllp.ConnectionState(ctx); ok && len(state.PeerCertificates) > 0 {
		a.Initiator.AlternativeUserID = state.PeerCertificates[0].Subject.String()
	}
	a.Responder = atna.Party{UserID: name(h.ReceivingFacility, h.ReceivingApplication), AlternativeUserID: m.Frame.Node.Process, NetworkAccess: m.Frame.Node.Host}
}

// event is the trigger for the record; nothing that is not in the table, as it may be anything.
func (o operation) event(h hl7v2.Header) string {
	if slices.Contains(o.events, h.Trigger) {
		return h.Trigger
	}
	return ""
}

// find picks the operation for a message. What is not in the table counts as a feed.
func (m *Manager) find(h hl7v2.Header) (operation, error) {
	all := m.operations()
	var types, events, versions []string
	found := all[0]
	for _, op := range all {
		types = append(types, op.message)
		if op.message != h.Type {
			continue
		}
		events = append(events, op.events...)
		if !slices.Contains(op.events, h.Trigger) {
			continue
		}
		if slices.Contains(op.versions, h.Version) {
			return op, nil
		}
		if len(versions) == 0 {
			found = op
		}
		versions = append(versions, op.versions...)
	}
	if len(versions) > 0 {
		return found, &hl7v2.Error{Code: hl7v2.CodeVersion, Segment: "MSH", Sequence: 1, Field: 12, Text: "expected " + either(versions)}
	}
	at := &hl7v2.Error{Code: hl7v2.CodeMessageType, Segment: "MSH", Sequence: 1, Field: 9, Repetition: 1, Component: 1, Text: "expected " + either(types)}
	if len(events) > 0 {
		at.Code, at.Component, at.Text = hl7v2.CodeEvent, 2, "expected "+either(events)
	}
	return found, at
}

// processing refuses a processing id that is none (HL7 table 0103). Training and debugging messages are treated as those of
// production: which sender may feed what is the business of sources.
func processing(h hl7v2.Header) error {
	if slices.Contains([]string{"P", "T", "D"}, h.ProcessingID) {
		return nil
	}
	return &hl7v2.Error{Code: hl7v2.CodeProcessingID, Segment: "MSH", Sequence: 1, Field: 11, Repetition: 1, Component: 1, Text: "expected P, T or D"}
}

// either lists alternatives, each once.
func either(all []string) string {
	var list []string
	for _, x := range all {
		if !slices.Contains(list, x) {
			list = append(list, x)
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}

// refusal leaves typed refusals as they are and turns everything else into one fixed text with the reference.
func (m *Manager) refusal(x *actor.Exchange, err error) error {
	var refused *hl7v2.Error
	if err == nil {
		return nil
	}
	if errors.As(err, &refused) {
		return err
	}
	x.Broke()
	return &hl7v2.Error{Ack: hl7v2.Reject, Code: hl7v2.CodeInternal, Text: "internal error, reference " + x.Reference, Err: err}
}
