package manager

import (
	"context"
	"strconv"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// demographicsQuery is ITI-47. Its answers are the cases of ITI TF-2: 3.47.4.2.3: matches with all their ids (1), with those of
// the domains asked for (2), a domain not known (3), no match.
func (m *V3) demographicsQuery(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	q, ok := hl7v3.DecodeDemographicsQuery(req.Envelope, req.Body)
	if err := wrapper(x, req, ok); err != nil {
		return nil, err
	}
	askedV3(x, req)
	problems := q.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	s, err := search(&q.Parameters)
	if err != nil {
		return nil, err
	}
	block, err := m.Core.Patients(ctx, Demographics{
		Search: s, Domains: domains(q.Parameters.ScopingOrganizations), Quantity: q.Initial(), MinimumScore: q.Degree(),
		Tag: tag(q.QueryID, &q.Transmission), Memo: memo{q.Echo, q.Parameters.ScopingOrganizations},
	})
	if err != nil {
		return nil, locate(err, "ITI TF-2: 3.47.4.2.3", func(part pix.Part, index int) string {
			if part == pix.PartDomain {
				return q.Place(q.Parameters.ScopingOrganizations[index])
			}
			return q.ListPlace()
		})
	}
	out := m.found(x, &q.Transmission, q.QueryID, block)
	out.Details = problems
	return soap.XML(hl7v3.AppendResponse(nil, out)), nil
}

// continueQuery is the continuation of ITI-47 (ITI TF-2: 3.47.4.3). A client that has no operation for it cancels here too.
func (m *V3) continueQuery(_ context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	c, ok := hl7v3.DecodeContinuation(req.Body)
	if err := wrapper(x, req, ok); err != nil {
		return nil, err
	}
	askedV3(x, req)
	problems := c.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	if c.Cancels() {
		m.Core.Cancel(tag(c.QueryID, &c.Transmission))
		return soap.XML(hl7v3.AppendResponse(nil, m.ended(c))), nil
	}
	pointer := ""
	if n := c.From(); n > 0 {
		pointer = strconv.Itoa(n - 1)
	}
	block, err := m.Core.Next(tag(c.QueryID, &c.Transmission), pointer, c.Count())
	if err != nil {
		return nil, locate(err, "ITI TF-2: 3.47.4.3.3", func(pix.Part, int) string { return c.QueryPlace() })
	}
	out := m.found(x, &c.Transmission, c.QueryID, block)
	out.Details = problems
	return soap.XML(hl7v3.AppendResponse(nil, out)), nil
}

// cancelQuery forgets a query (ITI TF-2: 3.47.4.4).
func (m *V3) cancelQuery(_ context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	c, ok := hl7v3.DecodeContinuation(req.Body)
	if err := wrapper(x, req, ok); err != nil {
		return nil, err
	}
	problems := c.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	m.Core.Cancel(tag(c.QueryID, &c.Transmission))
	return m.accepted(&c.Transmission, problems), nil
}

// ended answers a cancellation that came as a continuation.
func (m *V3) ended(c *hl7v3.Continuation) *hl7v3.Response {
	return &hl7v3.Response{
		Transmission:    m.reply(&c.Transmission, hl7v3.FindCandidatesResponse),
		Acknowledgement: hl7v3.Acknowledgement{Type: hl7v3.ApplyOK, Target: c.ID},
		QueryAck:        hl7v3.QueryAck{QueryID: c.QueryID, Status: hl7v3.StatusAborted, Response: hl7v3.ResponseOK},
	}
}

// memo is what each block of matches repeats of its query, or looks at.
type memo struct {
	echo   hl7v3.Echo
	wanted []hl7v3.Param
}

// found words a block of matches.
func (m *V3) found(x *actor.Exchange, to *hl7v3.Transmission, queryID hl7v3.II, b *Block) *hl7v3.Response {
	x.Objects = len(b.People)
	m.Core.found(x, b.People)
	asked, _ := b.Memo.(memo)
	out := &hl7v3.Response{
		Echo:            asked.echo,
		Transmission:    m.reply(to, hl7v3.FindCandidatesResponse),
		Acknowledgement: hl7v3.Acknowledgement{Type: hl7v3.ApplyOK, Target: to.ID},
		QueryAck: hl7v3.QueryAck{
			QueryID: queryID, Status: hl7v3.StatusDelivered, Response: hl7v3.ResponseOK,
			Total: strconv.Itoa(b.Total), Current: strconv.Itoa(len(b.People)), Remaining: strconv.Itoa(b.Remaining),
		},
	}
	if len(b.People) == 0 {
		out.QueryAck.Response = hl7v3.ResponseNone
	}
	for i := range b.People {
		p := &b.People[i]
		match := hl7v3.Patient{
			IDs: idsOf(p.IDs), Person: person(&p.Demographics), MatchDegree: strconv.Itoa(p.Score),
			Provider: hl7v3.Organization{IDs: []hl7v3.II{{Root: p.IDs[0].Authority.UniversalID}}},
		}
		match.Person.OtherIDs = absent(asked.wanted, match.IDs)
		out.Subjects = append(out.Subjects, m.event(match))
	}
	return out
}

// absent says of each domain asked for where the patient has no id that there is none (case 2).
func absent(wanted []hl7v3.Param, ids []hl7v3.II) []hl7v3.OtherIDs {
	has := map[string]bool{}
	for _, id := range ids {
		has[id.Root] = true
	}
	var out []hl7v3.OtherIDs
	for _, w := range wanted {
		if !has[w.Root] {
			has[w.Root] = true
			out = append(out, hl7v3.OtherIDs{Class: "PAT", IDs: []hl7v3.II{{NullFlavor: "NA"}}, Scope: []hl7v3.II{{Root: w.Root}}})
		}
	}
	return out
}

// tag names a query of one asker: nobody goes on with another's.
func tag(id hl7v3.II, t *hl7v3.Transmission) Tag {
	return Tag{Query: id.Root + "^" + id.Extension, Asker: t.Sender.ID.Root + "^" + t.Sender.ID.Extension}
}

// search turns the parameters of a valid query into a search.
func search(l *hl7v3.ParameterList) (pix.Search, error) {
	var s pix.Search
	var err error
	for _, id := range l.IDs {
		if s.ID, err = id.CX(); err != nil {
			return s, err
		}
	}
	for _, n := range l.Names {
		name := plainName(&n)
		s.Family, s.Given, s.Fuzzy = name.Family, givens(name), n.Fuzzy()
	}
	for _, n := range l.MothersMaidenNames {
		s.MothersFamily = plainName(&n).Family
	}
	for _, b := range l.BirthTimes {
		s.Birth = pix.Dates{From: day(b.Low), To: day(b.High)}
		if b.Value != "" {
			s.Birth = pix.Dates{From: day(b.Value), To: day(b.Value)}
		}
	}
	for _, g := range l.Genders {
		s.Sex = sex(g)
	}
	for _, a := range l.Addresses {
		s.Address = plainAddress(&a)
		s.Address.Type = ""
	}
	for _, t := range l.Telecoms {
		s.Phone = plainPhone(&t).Number
	}
	return s, nil
}

// day cuts a time that Problems has found good to a date.
func day(s string) hl7v2.DTM {
	if s == "" {
		return ""
	}
	d, err := pix.ParseBirthDate(s)
	if err != nil {
		return ""
	}
	return d[:min(len(d), 8)]
}
