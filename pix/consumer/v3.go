package consumer

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"dossier/hl7v2"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// V3 is a client of ITI-44 and ITI-45 (PIX Manager) and of ITI-47 (Patient Demographics Supplier) at one URL.
type V3 struct {
	SOAP     *soap.Client
	URL      string
	Device   string // OID by which messages name this system
	Receiver string // OID of the other
	NewUUID  func() string
	Now      func() time.Time
}

// Refused is the answer of a peer that read a message and did not do it.
type Refused struct {
	Type     string // CE, CR, AE or AR
	Response string // queryResponseCode, "" where nothing was asked
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

// Feed tells of a patient (ITI-44). An error that is a *Refused means that nothing was changed.
func (c *V3) Feed(ctx context.Context, i hl7v3.Interaction, event hl7v3.RegistrationEvent) error {
	f := &hl7v3.Feed{Transmission: c.request(i), Subjects: []hl7v3.RegistrationEvent{event}}
	return c.accept(ctx, hl7v3.Namespace+":"+string(i), hl7v3.AppendFeed(nil, f))
}

// accept sends a message that an accept acknowledgement answers.
func (c *V3) accept(ctx context.Context, action string, message []byte) error {
	return c.call(ctx, action, message, func(_ *xmlwire.Document, body *xmlwire.Element) error {
		ack, ok := hl7v3.DecodeAcceptAck(body)
		if !ok {
			return unexpected(body, hl7v3.AcceptAcknowledgement)
		}
		if ack.Type != hl7v3.AcceptOK && ack.Type != hl7v3.ApplyOK { // some peers answer on the other level
			return &Refused{Type: ack.Type, Details: ack.Details}
		}
		return nil
	})
}

// CrossReferences asks for the ids of a patient in those domains, in all when none is named (ITI-45). Ids that are none of a
// patient are left out.
func (c *V3) CrossReferences(ctx context.Context, id hl7v2.CX, domains ...string) ([]hl7v2.CX, error) {
	q := &hl7v3.PIXQuery{
		Transmission: c.request(hl7v3.GetIdentifiers), QueryID: hl7v3.II{Root: c.NewUUID()},
		Status: hl7v3.StatusNew, Priority: "I", Patients: []hl7v3.Param{{II: hl7v3.IIOf(id)}},
	}
	for _, d := range domains {
		q.DataSources = append(q.DataSources, hl7v3.Param{II: hl7v3.II{Root: d}})
	}
	r, err := c.ask(ctx, iti.PIXV3Query.Action, hl7v3.AppendPIXQuery(nil, q), hl7v3.GetIdentifiersResponse)
	if err != nil {
		return nil, err
	}
	var out []hl7v2.CX
	for i := range r.Subjects {
		for _, ii := range r.Subjects[i].Patient.AllIDs() {
			if cx, err := ii.CX(); err == nil {
				out = append(out, cx)
			}
		}
	}
	return out, nil
}

// Found is a part of the patients that a demographics query found.
type Found struct {
	Patients  []hl7v3.Patient
	Remaining int // -1 where the peer does not say

	query, answer hl7v3.II
	seen          int
}

// Patients asks for patients by demographics (ITI-47), at most quantity at once; 0 leaves it to the peer.
func (c *V3) Patients(ctx context.Context, p hl7v3.ParameterList, quantity int) (*Found, error) {
	q := &hl7v3.DemographicsQuery{
		Transmission: c.request(hl7v3.FindCandidates), QueryID: hl7v3.II{Root: c.NewUUID()},
		Status: hl7v3.StatusNew, Modality: "R", Priority: "I", Parameters: p,
	}
	if quantity > 0 {
		q.InitialQuantity = strconv.Itoa(quantity)
	}
	r, err := c.ask(ctx, iti.PatientDemographicsQueryV3.Action, hl7v3.AppendDemographicsQuery(nil, q), hl7v3.FindCandidatesResponse)
	if err != nil {
		return nil, err
	}
	return found(r, q.QueryID, 0), nil
}

// Next asks for more of what a query found (ITI TF-2: 3.47.4.3).
func (c *V3) Next(ctx context.Context, f *Found, quantity int) (*Found, error) {
	m := c.continuation(hl7v3.QueryContinue, f, hl7v3.StatusWaitForMore)
	m.Start = strconv.Itoa(f.seen + 1)
	if quantity > 0 {
		m.Quantity = strconv.Itoa(quantity)
	}
	r, err := c.ask(ctx, iti.PatientDemographicsQueryV3Continue.Action, hl7v3.AppendContinuation(nil, m), hl7v3.FindCandidatesResponse)
	if err != nil {
		return nil, err
	}
	return found(r, f.query, f.seen), nil
}

// Cancel says that no more is wanted (ITI TF-2: 3.47.4.4).
func (c *V3) Cancel(ctx context.Context, f *Found) error {
	m := c.continuation(hl7v3.QueryCancel, f, hl7v3.StatusAborted)
	return c.accept(ctx, iti.PatientDemographicsQueryV3Cancel.Action, hl7v3.AppendContinuation(nil, m))
}

func (c *V3) continuation(i hl7v3.Interaction, f *Found, status string) *hl7v3.Continuation {
	return &hl7v3.Continuation{
		Transmission: c.request(i), Acknowledgement: hl7v3.Acknowledgement{Type: hl7v3.ApplyOK, Target: f.answer},
		QueryID: f.query, Status: status,
	}
}

func found(r *hl7v3.Response, query hl7v3.II, seen int) *Found {
	f := &Found{Remaining: -1, query: query, answer: r.ID, seen: seen + len(r.Subjects)}
	if n, err := strconv.Atoi(r.QueryAck.Remaining); err == nil && n >= 0 {
		f.Remaining = n
	}
	for i := range r.Subjects {
		f.Patients = append(f.Patients, r.Subjects[i].Patient)
	}
	return f
}

// ask sends a query; an answer other than data or none is a *Refused.
func (c *V3) ask(ctx context.Context, action string, message []byte, want hl7v3.Interaction) (r *hl7v3.Response, err error) {
	err = c.call(ctx, action, message, func(doc *xmlwire.Document, body *xmlwire.Element) error {
		var ok bool
		if r, ok = hl7v3.DecodeResponse(doc, body); !ok || r.Interaction != want {
			return unexpected(body, want)
		}
		if r.Type != hl7v3.ApplyOK || r.QueryAck.Response != hl7v3.ResponseOK && r.QueryAck.Response != hl7v3.ResponseNone {
			return &Refused{Type: r.Type, Response: r.QueryAck.Response, Details: r.Details}
		}
		return nil
	})
	return r, err
}

// call sends a message and hands the answer to read before its connection is given back.
func (c *V3) call(ctx context.Context, action string, message []byte, read func(*xmlwire.Document, *xmlwire.Element) error) error {
	reply, err := c.SOAP.Call(ctx, c.URL, soap.Call{Action: action, Body: []soap.Segment{{XML: message}}})
	if err != nil {
		return err
	}
	defer reply.Close()
	return read(reply.Envelope, reply.Body)
}

func (c *V3) request(i hl7v3.Interaction) hl7v3.Transmission {
	return hl7v3.Transmission{
		Interaction: i, ID: hl7v3.II{Root: c.NewUUID()}, CreationTime: string(hl7v2.FormatDTM(c.Now())) + "+0000",
		Processing: "P", ProcessingMode: "T", AcceptAck: "AL",
		Receiver: hl7v3.Device{ID: hl7v3.II{Root: c.Receiver}}, Sender: hl7v3.Device{ID: hl7v3.II{Root: c.Device}},
	}
}

func unexpected(body *xmlwire.Element, want hl7v3.Interaction) error {
	return fmt.Errorf("consumer: expected %s of namespace %s, got {%.80s}%.80s", want, hl7v3.Namespace, body.Name.Space, body.Name.Local)
}
