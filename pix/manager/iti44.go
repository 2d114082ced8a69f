package manager

import (
	"context"
	"errors"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// feed is ITI-44 at the PIX Manager (ITI TF-2: 3.44.4.1.3, 3.44.4.2.3).
func (m *V3) feed(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	return m.apply(ctx, x, req, func(*pix.Feed) error { return nil })
}

// registryFeed is ITI-44 at the Document Registry: ids of other domains are left out, and a revision of a patient who is not
// known is ignored, as in ITI-8.
func (m *V3) registryFeed(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	return m.apply(ctx, x, req, func(f *pix.Feed) error {
		if f.Event == pix.EventUpdate {
			f.Event = pix.EventRevise
		}
		var err error
		if f.IDs, err = m.affinity(f.IDs, pix.PartAuthority); err != nil || f.Event != pix.EventMerge {
			return err
		}
		f.Other, err = m.affinity(f.Other, pix.PartOther)
		return err
	})
}

// affinity keeps the ids of the affinity domain.
func (m *V3) affinity(ids []hl7v2.CX, part pix.Part) ([]hl7v2.CX, error) {
	var out []hl7v2.CX
	for _, id := range ids {
		if d := m.Core.Domains.Find(id.Authority); d != nil && d.Affinity {
			out = append(out, id)
		}
	}
	if len(out) == 0 {
		return nil, &pix.Refusal{Reason: pix.UnknownDomain, Part: part, Detail: "expected an id of the affinity domain"}
	}
	return out, nil
}

// apply makes the change that a feed tells, as far as narrow leaves it.
func (m *V3) apply(ctx context.Context, x *actor.Exchange, req *soap.Request, narrow func(*pix.Feed) error) (*soap.Response, error) {
	f, ok := hl7v3.DecodeFeed(req.Body)
	if err := wrapper(x, req, ok && action(f.Interaction) == x.Transaction.Action); err != nil {
		return nil, err
	}
	x.Objects = len(f.Subjects)
	problems := f.Problems()
	if err := judge(problems); err != nil {
		return nil, err
	}
	change, err := m.change(f)
	if err != nil {
		return nil, err
	}
	change.Origin.Digest = digest(&f.Transmission)
	m.Core.fed(x, change)
	if err = narrow(change); err == nil {
		m.Core.fed(x, change)
		err = m.Core.Feed(x.Change(ctx), *change)
	}
	if err != nil {
		section := "ITI TF-2: 3.44.4.1.3"
		if change.Event == pix.EventMerge {
			section = "ITI TF-2: 3.44.4.2.3"
		}
		return nil, locate(err, section, func(part pix.Part, index int) string {
			if part == pix.PartOther {
				return f.PriorPlace()
			}
			return f.IDPlace(position(f, change.IDs, index))
		})
	}
	return m.accepted(&f.Transmission, problems), nil
}

// position finds where the id that a refusal counts stands in the message: some may have been left out before it.
func position(f *hl7v3.Feed, ids []hl7v2.CX, index int) int {
	if index >= len(ids) {
		return 0
	}
	for n, id := range f.Subjects[0].Patient.IDs {
		if id.Root == ids[index].Authority.UniversalID && id.Extension == ids[index].ID {
			return n
		}
	}
	return 0
}

// change turns a valid feed into the change that it asks for.
func (m *V3) change(f *hl7v3.Feed) (*pix.Feed, error) {
	event := &f.Subjects[0]
	out := &pix.Feed{
		Event: events[f.Interaction], Demographics: demographics(&event.Patient.Person),
		Origin: pix.Origin{Source: pix.Source{Application: f.Sender.ID.Root}, Message: f.ID.Root + "^" + f.ID.Extension, At: m.Now()},
	}
	if len(out.Demographics.Phones) > 0 {
		out.Delete = []pix.Trait{pix.TraitPhones, pix.TraitWorkPhones} // telecom is one list, where HL7 v2 has two fields
	}
	var problem error
	read := func(ids []hl7v3.II) (out []hl7v2.CX) {
		for _, id := range ids {
			cx, err := id.CX()
			problem = errors.Join(problem, err)
			out = append(out, cx)
		}
		return out
	}
	out.IDs = read(event.Patient.IDs)
	for _, o := range event.Patient.Person.OtherIDs {
		for _, id := range o.IDs {
			if !id.IsZero() {
				out.National = append(out.National, read([]hl7v3.II{id})...)
			}
		}
	}
	if f.Interaction == hl7v3.PatientDuplicatesResolved {
		out.Other = read(event.Replaced[0].IDs)
	}
	return out, problem
}

var events = map[hl7v3.Interaction]pix.Event{
	hl7v3.PatientAdded:              pix.EventCreate,
	hl7v3.PatientRevised:            pix.EventUpdate,
	hl7v3.PatientDuplicatesResolved: pix.EventMerge,
}
