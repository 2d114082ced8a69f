package manager

import (
	"errors"

	"dossier/internal/actor"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// refused is the refusal of a v3 message.
type refused struct {
	details  []hl7v3.Detail
	response string // queryResponseCode
	err      error
}

func (r *refused) Error() string {
	s := "hl7v3: refused"
	for _, d := range r.details {
		s += " " + d.Code
	}
	return s
}

func (r *refused) Unwrap() error { return r.err }

// judge refuses a message with problems that are errors; warnings are left for the answer. A query is then in error itself
// (QE), not what it asks for (AE).
func judge(problems []hl7v3.Detail) error {
	if hl7v3.Refused(problems) {
		return &refused{details: problems, response: hl7v3.ResponseParameterError}
	}
	return nil
}

// locate words refusals of the core for a message: section is where its expected actions are, place says where a part of it
// stands. Other errors stay as they are.
func locate(err error, section string, place func(part pix.Part, index int) string) error {
	var merge *pix.MergeError
	if errors.As(err, &merge) {
		part := pix.PartOther
		if merge.Reason == pix.MergeSurvivorUnknown || merge.Reason == pix.MergeSurvivorSubsumed {
			part = pix.PartID
		}
		d := hl7v3.Unknown(place(part, 0), string(merge.Reason)+" ("+section+")")
		if merge.Reason == pix.MergeSame {
			d.Code, d.System = hl7v3.ConstraintViolated, hl7v3.SystemErrors
		}
		return &refused{details: []hl7v3.Detail{d}, response: hl7v3.ResponseError, err: err}
	}
	var details []hl7v3.Detail
	for _, r := range each(err) {
		details = append(details, detail(r, section, place(r.Part, r.Index)))
	}
	if details == nil {
		return err
	}
	response := hl7v3.ResponseError
	if details[0].Code != hl7v3.UnknownKey {
		response = hl7v3.ResponseParameterError
	}
	return &refused{details: details, response: response, err: err}
}

// each lists the refusals that an error holds.
func each(err error) []*pix.Refusal {
	var several refusals
	if errors.As(err, &several) {
		return several
	}
	var one *pix.Refusal
	if errors.As(err, &one) {
		return []*pix.Refusal{one}
	}
	return nil
}

// codes of the reasons that are not an unknown key (ITI TF-2: 3.45.4.2.3 has a code for unknown keys alone).
var codes = map[pix.Reason]string{
	pix.NoID:        hl7v3.RequiredMissing,
	pix.NoCriteria:  hl7v3.RequiredMissing,
	pix.BadID:       hl7v3.DataTypeError,
	pix.NotAllowed:  hl7v3.ConstraintViolated,
	pix.SeveralIDs:  hl7v3.ConstraintViolated,
	pix.OtherDomain: hl7v3.ConstraintViolated,
	pix.SameID:      hl7v3.ConstraintViolated,
	pix.TakenID:     hl7v3.ConstraintViolated,
	pix.KeptApart:   hl7v3.ConstraintViolated,
	pix.TooLoose:    hl7v3.ConstraintViolated,
}

func detail(r *pix.Refusal, section, location string) hl7v3.Detail {
	d := hl7v3.Unknown(location, r.Text()+" ("+section+")")
	if code, ok := codes[r.Reason]; ok {
		d.Code, d.System = code, hl7v3.SystemErrors
	}
	return d
}

// answer words an error in the protocol: feeds and cancellations are refused on the accept level (CE), queries on the
// application level (AE) with their queryAck and echo (ITI TF-2: 3.44.4.1.3, 3.45.4.2.3, 3.47.4.2.3).
func (m *V3) answer(x *actor.Exchange, req *soap.Request, err error) *soap.Response {
	details, response := m.wording(x, err)
	to, _ := hl7v3.Wrapper(req.Body)
	ack := hl7v3.Acknowledgement{Type: hl7v3.ApplyError, Target: to.ID, Details: details}
	if x.Transaction.Reply == action(hl7v3.AcceptAcknowledgement) {
		ack.Type = hl7v3.AcceptError
		return soap.XML(hl7v3.AppendAcceptAck(nil, &hl7v3.AcceptAck{Transmission: m.reply(&to, hl7v3.AcceptAcknowledgement), Acknowledgement: ack}))
	}
	query := queryOf(req)
	if response == hl7v3.ResponseParameterError {
		query.echo = nil // what is not a query cannot stand where one belongs, and the schema does not ask for it
	}
	return soap.XML(hl7v3.AppendResponse(nil, &hl7v3.Response{
		Transmission: m.reply(&to, query.answer), Acknowledgement: ack, Echo: query.echo,
		QueryAck: hl7v3.QueryAck{QueryID: query.id, Status: hl7v3.StatusAborted, Response: response},
	}))
}

// wording gives the details that a peer is told, each error with the reference, and notes the outcome.
func (m *V3) wording(x *actor.Exchange, err error) (details []hl7v3.Detail, response string) {
	var r *refused
	if !errors.As(err, &r) {
		x.Note(err)
		x.Broke()
		x.Refuse(hl7v3.InternalError)
		return []hl7v3.Detail{{Type: "E", Code: hl7v3.InternalError, System: hl7v3.SystemErrors,
			Text: "internal error, reference " + x.Reference}}, hl7v3.ResponseError
	}
	for _, d := range r.details {
		if d.Type == "E" {
			x.Refuse(d.Code)
			d.Text += ", reference " + x.Reference
		}
		details = append(details, d)
	}
	return details, r.response
}

// asked is what the answer to a query repeats of it.
type asked struct {
	id     hl7v3.II
	echo   hl7v3.Echo
	answer hl7v3.Interaction
}

// queryOf reads what a refusal repeats of a query or a continuation.
func queryOf(req *soap.Request) asked {
	if q, ok := hl7v3.DecodePIXQuery(req.Envelope, req.Body); ok {
		return asked{q.QueryID, q.Echo, hl7v3.GetIdentifiersResponse}
	}
	if q, ok := hl7v3.DecodeDemographicsQuery(req.Envelope, req.Body); ok {
		return asked{q.QueryID, q.Echo, hl7v3.FindCandidatesResponse}
	}
	out := asked{answer: hl7v3.FindCandidatesResponse}
	if c, ok := hl7v3.DecodeContinuation(req.Body); ok {
		out.id = c.QueryID
	}
	return out
}
