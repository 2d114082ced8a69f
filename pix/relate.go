package pix

import (
	"slices"

	"dossier/hl7v2"
)

// merge makes one id an alias of another for good (ITI TF-2: 3.8.4.2).
func (d *decision) merge() error {
	survivor, subsumed, err := d.pair()
	if err != nil {
		return err
	}
	if survivor == subsumed {
		return &MergeError{Reason: MergeSame}
	}
	if err := d.load([]hl7v2.PatientKey{survivor, subsumed}); err != nil {
		return err
	}
	to, from := d.byKey[survivor], d.byKey[subsumed]
	switch {
	case to == nil:
		return &MergeError{Reason: MergeSurvivorUnknown}
	case from == nil:
		return &MergeError{Reason: MergeSubsumedUnknown}
	case d.repeated(to, from):
		return nil
	case !to.Live():
		return &MergeError{Reason: MergeSurvivorSubsumed}
	case !from.Live():
		return &MergeError{Reason: MergeSubsumedTwice}
	}
	d.subsume(to, from)
	return d.rematch([]*Identity{to})
}

// pair returns the two ids of one domain that a merge or change names.
func (d *decision) pair() (id, other hl7v2.PatientKey, err error) {
	if len(d.other) != 1 {
		return id, other, refuse(SeveralIDs, PartOther, 0)
	}
	other = d.other[0]
	ids := slices.DeleteFunc(slices.Clone(d.ids), func(k hl7v2.PatientKey) bool { return k.Authority != other.Authority })
	switch len(ids) {
	case 0:
		return id, other, refuse(OtherDomain, PartOther, 0)
	case 1:
		return ids[0], other, nil
	}
	return id, other, refuse(SeveralIDs, PartID, 0)
}

// repeated tells that this very merge took effect by the same message, whose acknowledgement must have been lost.
func (d *decision) repeated(to, from *Identity) bool {
	return from.Survivor == to && d.Origin.Digest != [32]byte{} && from.MergedBy == d.Origin.Digest
}

// subsume turns one identity into an alias of another and hands over what joined it to others or kept it apart from them.
func (d *decision) subsume(to, from *Identity) {
	var handed []Joined
	for _, l := range slices.Clone(d.links) {
		if !l.has(from) {
			continue
		}
		d.links = slices.DeleteFunc(d.links, func(x Joined) bool { return x == l })
		d.fx.Unlink = append(d.fx.Unlink, l)
		if o := l.other(from); o != to {
			handed = append(handed, Joined{Pair{to, o}, l.Kind})
		}
	}
	for _, p := range slices.Clone(d.apart) {
		if p.has(from) {
			d.reunite(p)
			if o := p.other(from); o != to && !d.isApart(to, o) {
				d.separate(Pair{to, o})
			}
		}
	}
	from.Survivor, from.MergedBy = to, d.Origin.Digest
	d.store(from)
	d.fx.Examined = append(d.fx.Examined, from)
	d.log(Entry{Identity: to, Other: from, Before: d.inherit(to, from)})
	for _, l := range handed {
		d.hand(l)
	}
	for _, p := range slices.Clone(d.apart) {
		if p.has(to) && d.together(p.A, p.B) {
			d.reunite(p)
			d.review(p.A, p.B, 0, ReviewMerge)
		}
	}
	if d.affinity(to.Key) {
		d.fx.Merged = append(d.fx.Merged, Merge{Survivor: registered(to.Key), Subsumed: registered(from.Key), Message: d.Origin.Digest})
	}
}

// inherit gives the survivor the national ids of the subsumed identity, of domains in which it has none: they are what refers to
// other records of the person, and a merge replaces references (ITI TF-2: 3.8.4.2.3). It returns what was said of the survivor
// before, nil when nothing changes.
func (d *decision) inherit(to, from *Identity) *Demographics {
	before, has := to.Demographics, map[string]bool{to.Key.Authority: true}
	for _, k := range before.National {
		has[k.Authority] = true
	}
	for _, k := range from.Demographics.National {
		if !has[k.Authority] {
			to.Demographics.National = append(slices.Clip(to.Demographics.National), k)
		}
	}
	if len(to.Demographics.National) == len(before.National) {
		return nil
	}
	d.store(to)
	return &before
}

// hand gives a link of a subsumed identity to its survivor, unless that joins what was taken apart.
func (d *decision) hand(l Joined) {
	if slices.ContainsFunc(d.links, func(x Joined) bool { return x.Kind == l.Kind && x.Pair.is(l.A, l.B) }) {
		return
	}
	if !d.together(l.A, l.B) && d.kept(l.A, l.B) {
		d.review(l.A, l.B, 0, ReviewMerge)
		return
	}
	d.links = append(d.links, l)
	d.fx.Link = append(d.fx.Link, l)
}

func (d *decision) separate(p Pair) {
	d.apart = append(d.apart, p)
	d.fx.Apart = append(d.fx.Apart, p)
}

func (d *decision) reunite(p Pair) {
	d.apart = slices.DeleteFunc(d.apart, func(x Pair) bool { return x.is(p.A, p.B) })
	d.fx.Reunite = append(d.fx.Reunite, p)
}

// change gives a patient a new id; the old one is an alias from then on (ITI TF-2: 3.30, A47).
func (d *decision) change() error {
	id, old, err := d.pair()
	if err != nil {
		return err
	}
	if id == old {
		return refuse(SameID, PartOther, 0)
	}
	if err := d.load([]hl7v2.PatientKey{id, old}); err != nil {
		return err
	}
	to, from := d.byKey[id], d.byKey[old]
	switch {
	case from == nil:
		return refuse(UnknownID, PartOther, 0)
	case to != nil && d.repeated(to, from):
		return nil
	case !from.Live():
		return refuse(SubsumedID, PartOther, 0)
	case to != nil:
		return refuse(TakenID, PartID, 0)
	}
	to = &Identity{Key: id, Demographics: from.Demographics}
	to.Demographics.National = slices.DeleteFunc(slices.Clone(from.Demographics.National), func(k hl7v2.PatientKey) bool { return k == old })
	if d.policy.Domains.of(id.Authority).National {
		to.Demographics.National = append(to.Demographics.National, id)
	}
	d.members, d.byKey[id] = append(d.members, to), to
	d.store(to)
	if d.affinity(id) {
		d.fx.Known = append(d.fx.Known, registered(id))
	}
	d.subsume(to, from)
	return d.rematch([]*Identity{to})
}

// link says that two identities are one person, whatever matching says (ITI TF-2: 3.30, A24).
func (d *decision) link() error {
	a, b, err := d.ends()
	if err != nil {
		return err
	}
	if p := (Pair{a, b}); d.isApart(a, b) {
		d.reunite(p)
	}
	if slices.ContainsFunc(d.links, func(l Joined) bool { return l.Kind == LinkExplicit && l.Pair.is(a, b) }) {
		return nil
	}
	if !d.together(a, b) && d.kept(a, b) {
		return refuse(KeptApart, PartOther, 0)
	}
	d.connect(a, b, LinkExplicit)
	return nil
}

// unlink says that two identities are two people, for good until somebody links them again (ITI TF-2: 3.30, A37). The second
// leaves with those that only it holds to the first.
func (d *decision) unlink() error {
	a, b, err := d.ends()
	if err != nil {
		return err
	}
	if d.together(a, b) {
		stay := d.reach(a, b)
		for _, l := range slices.Clone(d.links) {
			if l.has(b) && stay[l.other(b)] {
				d.disconnect(l)
			}
		}
	}
	if !d.isApart(a, b) {
		d.separate(Pair{a, b})
		d.log(Entry{Identity: a, Other: b})
	}
	return nil
}

// ends returns the two identities that a link or unlink is about. A message may list several ids of each patient, if the
// index knows them as one person; the first stands for them.
func (d *decision) ends() (a, b *Identity, err error) {
	if err := d.load(append(slices.Clone(d.ids), d.other...)); err != nil {
		return nil, nil, err
	}
	if a, err = d.end(d.ids, PartID); err != nil {
		return nil, nil, err
	}
	if b, err = d.end(d.other, PartOther); err != nil {
		return nil, nil, err
	}
	if a == b {
		return nil, nil, refuse(SameID, PartOther, 0)
	}
	return a, b, nil
}

func (d *decision) end(keys []hl7v2.PatientKey, part Part) (*Identity, error) {
	var first *Identity
	for n, k := range keys {
		i := d.byKey[k]
		switch {
		case i == nil:
			return nil, refuse(UnknownID, part, n)
		case !i.Live():
			return nil, refuse(SubsumedID, part, n)
		case first == nil:
			first = i
		case !d.together(first, i):
			return nil, refuse(SeveralIDs, part, n)
		}
	}
	return first, nil
}
