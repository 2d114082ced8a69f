package consumer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"syscall"
	"time"

	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/iti"
	"dossier/pix/hl7v3"
)

// V2 is a client of ITI-9 (PIX Manager) and ITI-21 (Patient Demographics Supplier) at one MLLP listener. It may be used from many
// goroutines; queries go one after the other on its one connection, which is opened anew when it broke.
type V2 struct {
	Line                  *mllp.Client
	Peer                  string   // host:port, for Begin
	Application, Facility hl7v2.HD // MSH-3, MSH-4
	// ReceivingApplication and ReceivingFacility are MSH-5 and MSH-6; the former selects a source in ITI-21.
	ReceivingApplication, ReceivingFacility hl7v2.HD
	NewID                                   func() string // MSH-10 and query tags, at most 20 characters
	Now                                     func() time.Time
	Begin                                   Begin
}

// CrossReferences implements Manager. Ids that are none of a patient are left out.
func (c *V2) CrossReferences(ctx context.Context, id hl7v2.CX, domains ...string) ([]hl7v2.CX, error) {
	q := c.query("Q23", hl7v2.Text("IHE PIX Query"), c.NewID())
	q.about(id)
	q.segment(id.Value(), authorities(domains))
	answer, err := c.ask(ctx, iti.PIXQuery, q)
	if err != nil {
		return nil, err
	}
	return idsOf(answer.Field("PID", 3)), nil
}

// Patients implements Supplier.
func (c *V2) Patients(ctx context.Context, criteria Criteria, quantity int) (*Found, error) {
	return c.block(ctx, criteria, c.NewID(), "", quantity)
}

// Next implements Supplier: the same query and tag in a new message with the pointer (ITI TF-2: 3.21.4.1.2).
func (c *V2) Next(ctx context.Context, f *Found, quantity int) (*Found, error) {
	return c.block(ctx, f.criteria, f.tag, f.pointer, quantity)
}

// Cancel implements Supplier.
func (c *V2) Cancel(ctx context.Context, f *Found) error {
	q := &queryV2{control: c.NewID(), want: "ACK"}
	q.Builder = hl7v2.NewMessage(c.header("QCN", "J01", "QCN_J01", q.control))
	q.Segment("QID", hl7v2.Text(f.tag), hl7v2.Text("IHE PDQ Query"))
	_, err := c.ask(ctx, iti.PatientDemographicsQuery, q)
	return err
}

func (c *V2) block(ctx context.Context, criteria Criteria, tag, pointer string, quantity int) (*Found, error) {
	q := c.query("Q22", hl7v2.Text("IHE PDQ Query"), tag)
	if criteria.ID.ID != "" {
		q.about(criteria.ID)
	}
	q.quantity = quantity
	q.segment(criteria.v2(), nil, nil, nil, nil, authorities(criteria.Domains))
	if pointer != "" {
		q.Segment("DSC", hl7v2.Text(pointer), hl7v2.Text("I"))
	}
	answer, err := c.ask(ctx, iti.PatientDemographicsQuery, q)
	if err != nil {
		return nil, err
	}
	f := &Found{Patients: patientsV2(answer), Remaining: -1, criteria: criteria, tag: tag, pointer: answer.Field("DSC", 1).Text()}
	if n, err := strconv.Atoi(answer.Field("QAK", 6).Text()); err == nil && n >= 0 {
		f.Remaining = n
	}
	f.More = f.pointer != "" && f.pointer != pointer
	return f, nil
}

// queryV2 is a query in the making.
type queryV2 struct {
	*hl7v2.Builder
	name         hl7v2.Value
	control, tag string
	want         string // MSH-9 type of the answer
	quantity     int
	patients     []hl7v2.CX
}

func (c *V2) query(trigger string, name hl7v2.Value, tag string) *queryV2 {
	q := &queryV2{name: name, control: c.NewID(), tag: tag, want: "RSP"}
	q.Builder = hl7v2.NewMessage(c.header("QBP", trigger, "QBP_Q21", q.control))
	return q
}

func (c *V2) header(typ, trigger, structure, control string) hl7v2.Header {
	return hl7v2.Header{
		SendingApplication: c.Application, SendingFacility: c.Facility,
		ReceivingApplication: c.ReceivingApplication, ReceivingFacility: c.ReceivingFacility,
		Time: string(hl7v2.FormatDTM(c.Now())) + "+0000", Type: typ, Trigger: trigger, Structure: structure,
		ControlID: control, ProcessingID: "P", Version: "2.5",
	}
}

func (q *queryV2) about(id hl7v2.CX) { q.patients = append(q.patients, id) }

// segment adds QPD from its third field on, and RCP.
func (q *queryV2) segment(fields ...hl7v2.Value) {
	q.Segment("QPD", append([]hl7v2.Value{q.name, hl7v2.Text(q.tag)}, fields...)...)
	rcp := []hl7v2.Value{hl7v2.Text("I")}
	if q.quantity > 0 {
		rcp = append(rcp, hl7v2.Composite(strconv.Itoa(q.quantity), "RD"))
	}
	q.Segment("RCP", rcp...)
}

// authorities writes domains as QPD-4 and QPD-8 have them.
func authorities(oids []string) hl7v2.Value {
	var out []hl7v2.Repetition
	for _, oid := range oids {
		out = append(out, hl7v2.Nested(nil, nil, nil, []string{"", oid, "ISO"}))
	}
	return hl7v2.Repeat(out...)
}

// ask sends a query; an answer other than data or none is a *Refused, one to another message an error.
func (c *V2) ask(ctx context.Context, t iti.Transaction, q *queryV2) (*hl7v2.Message, error) {
	name := func(facility, application hl7v2.HD) string { return facility.String() + "|" + application.String() }
	msg := q.Bytes()
	end := c.Begin.begin(ctx, &Query{
		Transaction: t, Peer: c.Peer, Sender: name(c.Facility, c.Application), Receiver: name(c.ReceivingFacility, c.ReceivingApplication),
		MessageID: q.control, Patients: q.patients, Message: msg,
	})
	answer, err := c.exchange(ctx, q, msg)
	return answer, end(err)
}

func (c *V2) exchange(ctx context.Context, q *queryV2, msg []byte) (*hl7v2.Message, error) {
	b, err := c.Line.Send(ctx, msg)
	if stale(err) && ctx.Err() == nil {
		// Receivers close idle connections. A query changes nothing, so that asking twice does no harm.
		b, err = c.Line.Send(ctx, msg)
	}
	if err != nil {
		return nil, err
	}
	answer, err := q.read(b)
	if errors.Is(err, errOther) {
		c.Line.Reset()
	}
	return answer, err
}

// read takes an answer apart and judges it.
func (q *queryV2) read(b []byte) (*hl7v2.Message, error) {
	answer, err := hl7v2.ParseMessage(b)
	if err != nil {
		return nil, errors.New("consumer: the answer is no message of HL7 v2") // the cause may repeat what it holds
	}
	if answer.Field("MSA", 2).Text() != q.control {
		return nil, errOther
	}
	if err := q.judge(answer); err != nil {
		return nil, err
	}
	return answer, nil
}

// stale says that the connection was gone when it was used.
func stale(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// judge tells an answer with data or none from a refusal. MSA-3 and the presence of ERR count for nothing: peers differ.
func (q *queryV2) judge(answer *hl7v2.Message) error {
	code, status := answer.Field("MSA", 1).Text(), answer.Field("QAK", 2).Text()
	switch {
	case code != hl7v2.Accept && code != hl7v2.Refuse && code != hl7v2.Reject && code != hl7v3.AcceptError && code != hl7v3.AcceptReject:
		return errors.New("consumer: expected AA, AE or AR in MSA-1 of the answer")
	case code != hl7v2.Accept:
		return &Refused{Type: code, Response: status, Details: errorsOf(answer)}
	}
	if typ := answer.Field("MSH", 9).Component(1); typ != q.want {
		return fmt.Errorf("consumer: expected %s in MSH-9 of the answer, got %.20q", q.want, typ)
	}
	if q.want == "ACK" {
		return nil
	}
	if tag := answer.Field("QAK", 1).Text(); tag != q.tag {
		return errOther
	}
	switch status {
	case "OK":
		if answer.Field("PID", 3).Repetition(1).IsEmpty() {
			return errors.New("consumer: expected ids in PID-3 beside OK in QAK-2, found none")
		}
	case "NF":
	case hl7v2.Refuse, hl7v2.Reject:
		return &Refused{Type: code, Response: status, Details: errorsOf(answer)}
	default:
		return fmt.Errorf("consumer: expected OK, NF, AE or AR in QAK-2, got %.20q", status)
	}
	return nil
}

// maxErrors bounds what is read of a refusal.
const maxErrors = 20

// errorsOf reads ERR in the form of v2.5, or that of v2.3.1 where there is no ERR-3.
func errorsOf(msg *hl7v2.Message) []hl7v3.Detail {
	var out []hl7v3.Detail
	for s := range msg.Segments() {
		if s.Name() != "ERR" {
			continue
		}
		if code := s.Field(3).Component(1); code != "" {
			d := hl7v3.Detail{Type: "E", Code: code, Text: s.Field(8).Text()}
			for r := range s.Field(2).Repetitions() {
				d.Locations = append(d.Locations, r.Raw())
			}
			out = append(out, d)
			continue
		}
		for r := range s.Field(1).Repetitions() {
			at := strings.TrimRight(strings.Join([]string{r.Component(1), r.Component(2), r.Component(3)}, "^"), "^")
			out = append(out, hl7v3.Detail{Type: "E", Code: r.Subcomponent(4, 1), Text: r.Subcomponent(4, 2), Locations: []string{at}})
		}
	}
	return out[:min(len(out), maxErrors)]
}

func idsOf(f hl7v2.Field) []hl7v2.CX {
	var out []hl7v2.CX
	for r := range f.Repetitions() {
		if id, err := r.CX(); err == nil && !id.Authority.IsZero() {
			out = append(out, id)
		}
	}
	return out
}

// v2 writes QPD-3.
func (c *Criteria) v2() hl7v2.Value {
	var out []hl7v2.Repetition
	add := func(name, value string) {
		if value != "" {
			out = append(out, hl7v2.Composite("@"+name, value))
		}
	}
	if c.ID.ID != "" {
		add("PID.3.1", c.ID.ID)
		add("PID.3.4.1", c.ID.Authority.Namespace)
		add("PID.3.4.2", c.ID.Authority.UniversalID)
		if c.ID.Authority.UniversalID != "" {
			add("PID.3.4.3", "ISO")
		}
	}
	add("PID.5.1.1", c.Family)
	add("PID.5.2", c.Given)
	add("PID.6.1.1", c.MothersFamily)
	add("PID.7", c.Birth)
	add("PID.8", c.Sex)
	add("PID.11.3", c.City)
	add("PID.11.5", c.Postcode)
	add("PID.13.1", c.Phone)
	return hl7v2.Repeat(out...)
}

// patientsV2 reads PID and QRI.
func patientsV2(msg *hl7v2.Message) []Patient {
	var out []Patient
	for s := range msg.Segments() {
		switch s.Name() {
		case "PID":
			name, address := s.Field(5).Repetition(1), s.Field(11).Repetition(1)
			out = append(out, Patient{
				IDs: idsOf(s.Field(3)), Family: name.Subcomponent(1, 1), Given: name.Component(2), Birth: s.Field(7).Text(), Sex: s.Field(8).Text(),
				Street: address.Subcomponent(1, 1), Postcode: address.Component(5), City: address.Component(3),
			})
		case "QRI":
			if len(out) > 0 {
				out[len(out)-1].Score = s.Field(1).Text()
			}
		}
	}
	return out
}
