package manager

import (
	"context"
	"errors"
	"net"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/iti"
	"dossier/pix"
)

// Index keeps patient ids. MergePatient returns a *pix.MergeError when the rules of ITI TF-2: 3.8.4.2 forbid the merge, and
// nil when the same message ordered it before.
type Index interface {
	AddPatient(ctx context.Context, id hl7v2.CX) error
	MergePatient(ctx context.Context, m pix.Merge) error
}

// Manager is the receiver of the Patient Identity Feed.
type Manager struct {
	Frame       *actor.Frame
	Index       Index
	Domain      hl7v2.HD // assigning authority of the affinity domain: namespace and OID
	Acknowledge hl7v2.Acknowledger
}

// Handle answers one message; it is the handler of an mllp.Server.
func (m *Manager) Handle(ctx context.Context, peer net.Addr, b []byte) []byte {
	msg, err := hl7v2.ParseMessage(b)
	var header hl7v2.Header
	if msg != nil {
		var headerErr error
		if header, headerErr = msg.Header(); err == nil {
			err = headerErr
		}
	}
	x := m.Frame.Begin(iti.PatientIdentityFeed, peer.String(), header.ControlID)
	if err == nil {
		err = m.feed(ctx, x, header, msg)
	}
	err = m.refusal(x, err)
	x.Note(err)
	m.Frame.End(x, err)
	return m.Acknowledge.Reply(msg, err)
}

// refusal leaves typed refusals as they are and turns everything else into one fixed text with the reference.
func (m *Manager) refusal(x *actor.Exchange, err error) error {
	var refused *hl7v2.Error
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return &hl7v2.Error{Ack: hl7v2.Reject, Code: hl7v2.CodeInternal, Text: "internal error, reference " + x.Reference, Err: err}
}

// feed dispatches by trigger event (ITI TF-2: 3.8.4.1.2).
func (m *Manager) feed(ctx context.Context, x *actor.Exchange, h hl7v2.Header, msg *hl7v2.Message) error {
	if h.Type != "ADT" {
		return &hl7v2.Error{Code: hl7v2.CodeMessageType, Segment: "MSH", Sequence: 1, Field: 9, Repetition: 1, Component: 1, Text: "expected ADT"}
	}
	if h.Version != "2.3.1" && h.Version != "2.5" {
		return &hl7v2.Error{Code: hl7v2.CodeVersion, Segment: "MSH", Sequence: 1, Field: 12, Text: "expected 2.3.1"}
	}
	x.Query = h.Trigger
	switch h.Trigger {
	case "A01", "A04", "A05":
		return m.admit(ctx, msg)
	case "A08":
		_, err := m.identifiers(msg.Field("PID", 3), "PID", 3)
		return err
	case "A40":
		return m.merge(ctx, h, msg)
	}
	return &hl7v2.Error{Code: hl7v2.CodeEvent, Segment: "MSH", Sequence: 1, Field: 9, Repetition: 1, Component: 2, Text: "expected A01, A04, A05, A08 or A40"}
}
