package pix

import (
	"context"
	"fmt"
	"slices"

	"dossier/hl7v2"
)

// Decide works out what a feed changes. It returns a *Refusal or *MergeError when the feed must not be done.
func (p *Policy) Decide(ctx context.Context, r Reader, f Feed) (*Effects, error) {
	a, err := p.admit(f)
	if err != nil {
		return nil, err
	}
	d := &decision{Context: ctx, policy: p, read: r, admitted: a, byKey: map[hl7v2.PatientKey]*Identity{}, people: map[int64]bool{}}
	switch f.Event {
	case EventCreate, EventUpdate, EventRevise:
		err = d.record()
	case EventMerge:
		err = d.merge()
	case EventChange:
		err = d.change()
	case EventLink:
		err = d.link()
	case EventUnlink:
		err = d.unlink()
	default:
		err = fmt.Errorf("pix: no event %q", f.Event)
	}
	if err != nil {
		return nil, err
	}
	d.settle()
	return &d.fx, nil
}

// maxID is the longest id in bytes. HL7 asks for 15 characters and nobody keeps to that; an index of PostgreSQL takes 2,700
// bytes, and what is longer than this is no id.
const maxID = 255

// admitted is a feed whose ids are resolved.
type admitted struct {
	Feed
	ids, other []hl7v2.PatientKey // of known domains that the sender may feed
	national   []hl7v2.PatientKey
}

// admit resolves the ids and checks that the sender may report them.
func (p *Policy) admit(f Feed) (*admitted, error) {
	a := &admitted{Feed: f}
	var err error
	if a.ids, err = p.resolve(f, f.IDs, PartID, a); err != nil {
		return nil, err
	}
	for _, c := range f.National {
		if d := p.Domains.Find(c.Authority); d != nil && d.National && len(c.ID) <= maxID && d.Check.Verify(c.ID) == nil {
			a.national = append(a.national, hl7v2.PatientKey{ID: c.ID, Authority: d.Authority.UniversalID})
		}
	}
	a.national = distinctKeys(a.national)
	switch f.Event {
	case EventMerge, EventChange, EventLink, EventUnlink:
		a.other, err = p.resolve(f, f.Other, PartOther, a)
	}
	return a, err
}

// resolve returns the ids of known domains that the sender may feed. Ids of other domains are nobody's business here, as long
// as one is left (ITI TF-2: 3.8.4.1.3).
func (p *Policy) resolve(f Feed, ids []hl7v2.CX, part Part, a *admitted) ([]hl7v2.PatientKey, error) {
	if len(ids) == 0 {
		return nil, refuse(NoID, part, 0)
	}
	var out []hl7v2.PatientKey
	forbidden := -1
	for i, c := range ids {
		d := p.Domains.Find(c.Authority)
		if d == nil {
			continue
		}
		if len(c.ID) > maxID {
			return nil, &Refusal{Reason: BadID, Part: part, Index: i, Detail: fmt.Sprintf("expected at most %d bytes, got %d", maxID, len(c.ID))}
		}
		if err := d.Check.Verify(c.ID); err != nil {
			return nil, &Refusal{Reason: BadID, Part: part, Index: i, Detail: err.Error()}
		}
		key := hl7v2.PatientKey{ID: c.ID, Authority: d.Authority.UniversalID}
		if d.National && part == PartID {
			a.national = append(a.national, key)
		}
		if !f.Origin.Trusted && !d.mayFeed(f.Origin.Source) {
			if forbidden < 0 {
				forbidden = i
			}
			continue
		}
		out = append(out, key)
	}
	switch {
	case len(out) > 0:
		return distinctKeys(out), nil
	case forbidden >= 0:
		return nil, &Refusal{Reason: NotAllowed, Part: authorityOf(part), Index: forbidden}
	}
	return nil, &Refusal{Reason: UnknownDomain, Part: authorityOf(part)}
}

// authorityOf narrows an id to its authority; the other id has no such part.
func authorityOf(p Part) Part {
	if p == PartID {
		return PartAuthority
	}
	return p
}

func distinctKeys(keys []hl7v2.PatientKey) []hl7v2.PatientKey {
	var out []hl7v2.PatientKey
	for _, k := range keys {
		if !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	return out
}

// decision is one feed in the making: the part of the index that it touches, complete people only, and the effects so far.
type decision struct {
	context.Context
	policy *Policy
	read   Reader
	*admitted
	byKey  map[hl7v2.PatientKey]*Identity
	people map[int64]bool // loaded
	graph
	fx Effects
}

// load brings everyone in the people of these ids into the graph; what is unknown stays away.
func (d *decision) load(keys []hl7v2.PatientKey) error {
	found, err := d.read.Identities(d, keys)
	if err != nil {
		return err
	}
	if err := d.include(found); err != nil {
		return err
	}
	for _, i := range found {
		d.byKey[i.Key] = i
	}
	return nil
}

// include loads the people of identities.
func (d *decision) include(identities []*Identity) error {
	var missing []int64
	for _, i := range identities {
		if !d.people[i.Person] {
			d.people[i.Person] = true
			missing = append(missing, i.Person)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	g, err := d.read.Group(d, missing)
	if err != nil {
		return err
	}
	d.graph.add(g)
	for _, i := range g.Members {
		d.byKey[i.Key] = i
	}
	return nil
}

// store notes that an identity is new or changed.
func (d *decision) store(i *Identity) {
	if !slices.Contains(d.fx.Store, i) {
		d.fx.Store = append(d.fx.Store, i)
	}
}

func (d *decision) log(e Entry) {
	e.Event, e.Origin = d.Event, d.Origin
	d.fx.History = append(d.fx.History, e)
}

func (d *decision) connect(a, b *Identity, kind LinkKind) {
	j := Joined{Pair{a, b}, kind}
	d.graph.links = append(d.graph.links, j)
	d.fx.Link = append(d.fx.Link, j)
	d.log(Entry{Identity: a, Other: b, Kind: kind})
}

func (d *decision) disconnect(j Joined) {
	d.graph.links = slices.DeleteFunc(d.graph.links, func(x Joined) bool { return x == j })
	d.fx.Unlink = append(d.fx.Unlink, j)
	d.log(Entry{Identity: j.A, Other: j.B, Kind: j.Kind})
}

func (d *decision) review(a, b *Identity, weight float64, reason ReviewReason) {
	for _, r := range d.fx.Reviews {
		if r.Pair.is(a, b) {
			return
		}
	}
	d.fx.Reviews = append(d.fx.Reviews, Review{Pair{a, b}, weight, reason})
}

// affinity tells whether the id is a patient id of the Document Registry.
func (d *decision) affinity(k hl7v2.PatientKey) bool {
	domain := d.policy.Domains.of(k.Authority)
	return domain != nil && domain.Affinity
}

// registered writes an id as XDS metadata has it, without a namespace (ITI TF-3: Table 4.2.3.1.7-2).
func registered(k hl7v2.PatientKey) hl7v2.CX {
	return hl7v2.CX{ID: k.ID, Authority: hl7v2.HD{UniversalID: k.Authority, UniversalIDType: "ISO"}}
}
