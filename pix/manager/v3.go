package manager

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// V3 is the skin of HL7 v3 over SOAP: PIX Manager (ITI-44, ITI-45), Patient Demographics Supplier (ITI-47), the feed of a
// Document Registry (ITI-44), and what a PIX Consumer is told (ITI-46).
type V3 struct {
	Frame   *actor.Frame
	Core    *Core
	Device  string // OID by which messages name this system
	NewUUID func() string
	Now     func() time.Time
}

// ManagerOperations is the table of contents of the PIX Manager.
func (m *V3) ManagerOperations() []soap.Operation {
	feed, query := actor.Handler(m.feed), actor.Handler(m.pixQuery)
	if m.Core.MPI != nil {
		feed, query = askElsewhereV3, askElsewhereV3
	}
	return append(m.feedOperations(feed), m.operation(iti.PIXV3Query, hl7v3.GetIdentifiers, query))
}

// ConsumerOperations is the table of contents of a PIX Consumer.
func (m *V3) ConsumerOperations() []soap.Operation {
	return []soap.Operation{m.operation(iti.PIXV3UpdateNotification, hl7v3.PatientRevised, m.updateNotification)}
}

// askElsewhereV3 refuses what only a PIX Manager or a Patient Demographics Supplier does.
func askElsewhereV3(context.Context, *actor.Exchange, *soap.Request) (*soap.Response, error) {
	return nil, soap.SenderFault(textElsewhere+"; the feed (ITI-44) goes to /xds/registry", nil)
}

// RegistryOperations is what a Document Registry takes of the feed: only ids of the affinity domain count
// (ITI TF-2: 3.44.4.1.3).
func (m *V3) RegistryOperations() []soap.Operation { return m.feedOperations(m.registryFeed) }

// SupplierOperations is the table of contents of the Patient Demographics Supplier. The cancellation comes before the
// continuation: without an action, its element tells it apart.
func (m *V3) SupplierOperations() []soap.Operation {
	query, cancel, next := actor.Handler(m.demographicsQuery), actor.Handler(m.cancelQuery), actor.Handler(m.continueQuery)
	if m.Core.MPI != nil {
		query, cancel, next = askElsewhereV3, askElsewhereV3, askElsewhereV3
	}
	return []soap.Operation{
		m.operation(iti.PatientDemographicsQueryV3, hl7v3.FindCandidates, query),
		m.operation(iti.PatientDemographicsQueryV3Cancel, hl7v3.QueryCancel, cancel),
		m.operation(iti.PatientDemographicsQueryV3Continue, hl7v3.QueryContinue, next),
	}
}

func (m *V3) feedOperations(h actor.Handler) []soap.Operation {
	return []soap.Operation{
		m.operation(iti.PatientAddedFeed, hl7v3.PatientAdded, h),
		m.operation(iti.PatientRevisedFeed, hl7v3.PatientRevised, h),
		m.operation(iti.PatientDuplicatesResolvedFeed, hl7v3.PatientDuplicatesResolved, h),
	}
}

func (m *V3) operation(t iti.Transaction, body hl7v3.Interaction, h actor.Handler) soap.Operation {
	return m.Frame.Operation(t, actor.Protocol{Body: xmlwire.Name{Space: hl7v3.Namespace, Local: string(body)}, Answer: m.answer}, h)
}

// action names the interaction as WS-Addressing does (ITI TF-2: Appendix O).
func action(i hl7v3.Interaction) string { return hl7v3.Namespace + ":" + string(i) }

// wrapper takes note of a message, or refuses one that no message could answer. The table of fault and acknowledgement is that of
// the house: what is not the message that the action names, or has no id or sender, is a fault (ITI TF-2: O.1.1).
func wrapper(x *actor.Exchange, req *soap.Request, ok bool) error {
	t, enough := hl7v3.Wrapper(req.Body)
	switch {
	case !ok:
		want := x.Transaction.Action[len(hl7v3.Namespace)+1:]
		return soap.SenderFault(fmt.Sprintf("expected %s of namespace %s for the action %s, got {%.80s}%.80s",
			want, hl7v3.Namespace, x.Transaction.Action, req.Body.Name.Space, req.Body.Name.Local), nil)
	case !enough:
		return soap.SenderFault("expected "+string(t.Interaction)+" with id and sender/device/id, each with a root (ITI TF-2: O.1.1)", nil)
	}
	x.Query = string(t.Interaction)
	x.Audit.MessageID = instance(&t)
	return nil
}

// reply addresses an answer to the sender of a message.
func (m *V3) reply(to *hl7v3.Transmission, i hl7v3.Interaction) hl7v3.Transmission {
	out := m.request(i)
	out.AcceptAck, out.Receiver = "NE", to.Sender
	if to.Processing != "" {
		out.Processing = to.Processing
	}
	return out
}

// request fills the wrapper of a message of ours.
func (m *V3) request(i hl7v3.Interaction) hl7v3.Transmission {
	return hl7v3.Transmission{
		Interaction: i, ID: hl7v3.II{Root: m.NewUUID()}, CreationTime: string(hl7v2.FormatDTM(m.Now())) + "+0000",
		Processing: "P", ProcessingMode: "T", AcceptAck: "AL", Sender: hl7v3.Device{ID: hl7v3.II{Root: m.Device}},
	}
}

// instance is the id of a message as events have it.
func instance(t *hl7v3.Transmission) string {
	return strings.TrimSuffix(t.ID.Root+"^"+t.ID.Extension, "^")
}

// accepted acknowledges on the accept level.
func (m *V3) accepted(to *hl7v3.Transmission, warnings []hl7v3.Detail) *soap.Response {
	return soap.XML(hl7v3.AppendAcceptAck(nil, &hl7v3.AcceptAck{
		Transmission:    m.reply(to, hl7v3.AcceptAcknowledgement),
		Acknowledgement: hl7v3.Acknowledgement{Type: hl7v3.AcceptOK, Target: to.ID, Details: warnings},
	}))
}

// digest knows a message by when it comes again: same sender, same id. Times and demographics may differ: engines stamp what they
// send again.
func digest(t *hl7v3.Transmission) [32]byte {
	h := sha256.New()
	for _, part := range []string{t.Sender.ID.Root, t.Sender.ID.Extension, t.ID.Root, t.ID.Extension} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return [32]byte(h.Sum(nil))
}
