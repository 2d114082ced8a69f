package manager

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"dossier/iti"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// ErrRefused says that a consumer has read a notice and does not take it: sending it again is of no use.
var ErrRefused = errors.New("manager: the consumer refused the notice")

// ConsumerV3 is a PIX Consumer that is told of changes by ITI-46.
type ConsumerV3 struct {
	SOAP   *soap.Client
	URL    string
	Device string // OID by which messages name the consumer
}

// Notify tells a consumer the ids that a patient now has in the consumer's domains (ITI TF-2: 3.46.4.1) and returns the id of the
// message. nil means that the consumer has it, ErrRefused that it will never take it; after any other error it may or may not have it, and the notice is
// sent again: it says how things are, so that twice is as good as once.
func (m *V3) Notify(ctx context.Context, to ConsumerV3, n *pix.Notice) (messageID string, err error) {
	f := &hl7v3.Feed{Transmission: m.request(hl7v3.PatientRevised)}
	f.Receiver.ID.Root = to.Device
	p := hl7v3.Patient{Person: hl7v3.Person{Names: []hl7v3.Name{{NullFlavor: "NA"}}}}
	for _, k := range n.IDs {
		p.IDs = append(p.IDs, hl7v3.IIOf(m.Core.Domains.CX(k)))
	}
	if len(p.IDs) > 0 {
		p.Provider.IDs = []hl7v3.II{{Root: p.IDs[0].Root}}
	}
	f.Subjects = []hl7v3.RegistrationEvent{m.event(p)}
	messageID = instance(&f.Transmission)
	reply, err := to.SOAP.Call(ctx, to.URL, soap.Call{
		Action: iti.PIXV3UpdateNotification.Action, Body: []soap.Segment{{XML: hl7v3.AppendFeed(nil, f)}},
	})
	if err != nil {
		return messageID, refusedBySender(err)
	}
	defer reply.Close()
	ack, ok := hl7v3.DecodeAcceptAck(reply.Body)
	if !ok {
		return messageID, fmt.Errorf("manager: ITI-46: expected MCCI_IN000002UV01, got %.80q", reply.Body.Name.Local)
	}
	return messageID, taken(&ack.Acknowledgement)
}

// refusedBySender: a fault that calls the message bad stays one.
func refusedBySender(err error) error {
	var fault *soap.Fault
	if errors.As(err, &fault) && fault.Remote && fault.Code == soap.CodeSender {
		return errors.Join(ErrRefused, err)
	}
	return err
}

// taken reads the type: acknowledgements of the application level are met where those of the accept level belong. A
// reject may pass, an error does not (ITI TF-2: O.1.1).
func taken(a *hl7v3.Acknowledgement) error {
	codes := make([]string, 0, len(a.Details))
	for _, d := range a.Details {
		codes = append(codes, fmt.Sprintf("%.20q", d.Code))
	}
	switch a.Type {
	case hl7v3.AcceptOK, hl7v3.ApplyOK:
		return nil
	case hl7v3.AcceptError, hl7v3.ApplyError:
		return fmt.Errorf("%w: %s %s", ErrRefused, a.Type, strings.Join(codes, " "))
	}
	return fmt.Errorf("manager: ITI-46: the consumer answered %.20q %s", a.Type, strings.Join(codes, " "))
}
