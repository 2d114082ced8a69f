package consumer

import (
	"bytes"
	"context"
	"errors"
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
	Begin    Begin // of queries
}

// Feed tells of a patient (ITI-44). An error that is a *Refused means that nothing was changed.
func (c *V3) Feed(ctx context.Context, i hl7v3.Interaction, event hl7v3.RegistrationEvent) error {
	f := &hl7v3.Feed{Transmission: c.request(i), Subjects: []hl7v3.RegistrationEvent{event}}
	return c.accept(ctx, hl7v3.Namespace+":"+string(i), f.ID, hl7v3.AppendFeed(nil, f))
}

// accept sends a message that an accept acknowledgement answers.
func (c *V3) accept(ctx context.Context, action string, id hl7v3.II, message []byte) error {
	return c.call(ctx, action, message, func(_ *xmlwire.Document, body *xmlwire.Element) error {
		ack, ok := hl7v3.DecodeAcceptAck(body)
		if !ok {
			return unexpected(body, hl7v3.AcceptAcknowledgement)
		}
		if !same(ack.Target, id) {
			return errOther
		}
		if ack.Type != hl7v3.AcceptOK && ack.Type != hl7v3.ApplyOK { // some peers answer on the other level
			return &Refused{Type: ack.Type, Details: ack.Details}
		}
		return nil
	})
}

// CrossReferences implements Manager. Ids that are none of a patient are left out.
func (c *V3) CrossReferences(ctx context.Context, id hl7v2.CX, domains ...string) ([]hl7v2.CX, error) {
	q := &hl7v3.PIXQuery{
		Transmission: c.request(hl7v3.GetIdentifiers), QueryID: hl7v3.II{Root: c.NewUUID()},
		Status: hl7v3.StatusNew, Priority: "I", Patients: []hl7v3.Param{{II: hl7v3.IIOf(id)}},
	}
	for _, d := range domains {
		q.DataSources = append(q.DataSources, hl7v3.Param{II: hl7v3.II{Root: d}})
	}
	r, err := c.ask(ctx, query{iti.PIXV3Query, q.ID, q.QueryID, hl7v3.GetIdentifiersResponse, []hl7v2.CX{id}}, hl7v3.AppendPIXQuery(nil, q))
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

// Patients implements Supplier.
func (c *V3) Patients(ctx context.Context, criteria Criteria, quantity int) (*Found, error) {
	q := &hl7v3.DemographicsQuery{
		Transmission: c.request(hl7v3.FindCandidates), QueryID: hl7v3.II{Root: c.NewUUID()},
		Status: hl7v3.StatusNew, Modality: "R", Priority: "I", Parameters: criteria.v3(),
	}
	if quantity > 0 {
		q.InitialQuantity = strconv.Itoa(quantity)
	}
	to := query{iti.PatientDemographicsQueryV3, q.ID, q.QueryID, hl7v3.FindCandidatesResponse, nil}
	if criteria.ID.ID != "" {
		to.patients = []hl7v2.CX{criteria.ID}
	}
	r, err := c.ask(ctx, to, hl7v3.AppendDemographicsQuery(nil, q))
	if err != nil {
		return nil, err
	}
	return found(r, q.QueryID, 0), nil
}

// Next implements Supplier (ITI TF-2: 3.47.4.3).
func (c *V3) Next(ctx context.Context, f *Found, quantity int) (*Found, error) {
	m := c.continuation(hl7v3.QueryContinue, f, hl7v3.StatusWaitForMore)
	m.Start = strconv.Itoa(f.seen + 1)
	if quantity > 0 {
		m.Quantity = strconv.Itoa(quantity)
	}
	to := query{iti.PatientDemographicsQueryV3Continue, m.ID, f.query, hl7v3.FindCandidatesResponse, nil}
	r, err := c.ask(ctx, to, hl7v3.AppendContinuation(nil, m))
	if err != nil {
		return nil, err
	}
	return found(r, f.query, f.seen), nil
}

// Cancel implements Supplier (ITI TF-2: 3.47.4.4).
func (c *V3) Cancel(ctx context.Context, f *Found) error {
	m := c.continuation(hl7v3.QueryCancel, f, hl7v3.StatusAborted)
	return c.accept(ctx, iti.PatientDemographicsQueryV3Cancel.Action, m.ID, hl7v3.AppendContinuation(nil, m))
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
	f.More = f.Remaining > 0 && len(r.Subjects) > 0
	for i := range r.Subjects {
		f.Patients = append(f.Patients, patientV3(&r.Subjects[i].Patient))
	}
	return f
}

// query is what is asked and what the answer must be.
type query struct {
	transaction iti.Transaction
	message, id hl7v3.II
	want        hl7v3.Interaction
	patients    []hl7v2.CX
}

// ask sends a query; an answer other than data or none is a *Refused, one to another message or query an error.
func (c *V3) ask(ctx context.Context, q query, message []byte) (r *hl7v3.Response, err error) {
	end := c.Begin.begin(ctx, &Query{
		Transaction: q.transaction, Peer: c.URL, MessageID: q.message.Root, Patients: q.patients, Message: parameters(message),
	})
	err = c.call(ctx, q.transaction.Action, message, func(doc *xmlwire.Document, body *xmlwire.Element) error {
		var ok bool
		if r, ok = hl7v3.DecodeResponse(doc, body); !ok || r.Interaction != q.want {
			return unexpected(body, q.want)
		}
		if !same(r.Target, q.message) || !r.QueryAck.QueryID.IsZero() && !same(r.QueryAck.QueryID, q.id) {
			return errOther
		}
		if r.Type != hl7v3.ApplyOK || r.QueryAck.Response != hl7v3.ResponseOK && r.QueryAck.Response != hl7v3.ResponseNone {
			return &Refused{Type: r.Type, Response: r.QueryAck.Response, Details: r.Details}
		}
		return nil
	})
	if err = end(err); err != nil {
		return nil, err
	}
	return r, nil
}

// errOther refuses an answer that names another message: whose answer it is, nobody knows.
var errOther = errors.New("consumer: the answer is to another message")

// same compares ids of messages, which are UUIDs in either case.
func same(a, b hl7v3.II) bool { return strings.EqualFold(a.Root, b.Root) && a.Extension == b.Extension }

// parameters cuts queryByParameter out of a message of ours, which is what is recorded of a query (ITI TF-2: 3.45.5.1); what has
// none is recorded as a whole.
func parameters(message []byte) []byte {
	const open, end = "<queryByParameter>", "</queryByParameter>"
	from, to := bytes.Index(message, []byte(open)), bytes.LastIndex(message, []byte(end))
	if from < 0 || to < from {
		return message
	}
	return message[from : to+len(end)]
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
