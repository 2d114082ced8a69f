package pix

import (
	"reflect"
	"slices"

	"dossier/hl7v2"
)

// record stores what a source says about a patient, and looks for the same person among the others.
func (d *decision) record() error {
	if err := d.load(d.ids); err != nil {
		return err
	}
	targets, done, err := d.targets()
	if done || err != nil {
		return err
	}
	main := targets[0]
	var changed []*Identity
	for _, i := range targets {
		if i != main && i.Seq != 0 && !d.together(main, i) && d.policy.Weigh(&main.Demographics, &i.Demographics) < d.policy.Thresholds.Contradict {
			d.review(main, i, d.policy.Weigh(&main.Demographics, &i.Demographics), ReviewContradict)
			continue // what was said of somebody else does not change this one
		}
		if d.update(i) {
			changed = append(changed, i)
		}
		d.state(main, i)
	}
	return d.rematch(changed)
}

// targets lists the identities that the feed is about, the main one first; done tells that there is nothing to do.
func (d *decision) targets() (targets []*Identity, done bool, err error) {
	known := 0
	var fresh []*Identity
	for _, k := range d.ids {
		i := d.byKey[k]
		switch {
		case i == nil:
			i = &Identity{Key: k}
			fresh = append(fresh, i)
		case !i.Live():
			continue
		default:
			known++
		}
		targets = append(targets, i)
	}
	switch {
	case d.Event == EventRevise && known == 0:
		return nil, true, nil // a registry ignores it (ITI TF-2: 3.8.4.1.3)
	case d.Event == EventUpdate && known == 0 && len(targets) > 0:
		return nil, true, refuse(UnknownID, PartID, 0)
	case len(targets) == 0 && d.Event == EventUpdate:
		return nil, true, refuse(SubsumedID, PartID, 0)
	case len(targets) == 0:
		return nil, true, nil // an admission under a subsumed id changes nothing
	}
	for _, i := range fresh {
		d.members = append(d.members, i)
		d.byKey[i.Key] = i
		if d.affinity(i.Key) {
			d.fx.Known = append(d.fx.Known, registered(i.Key))
		}
	}
	// The national id is many sources' word for the person; the source's own id is what this message is about.
	slices.SortStableFunc(targets, func(a, b *Identity) int { return d.national01(a) - d.national01(b) })
	return targets, false, nil
}

func (d *decision) national01(i *Identity) int {
	if d.policy.Domains.of(i.Key.Authority).National {
		return 1
	}
	return 0
}

// update takes over the demographics and tells whether that makes a difference.
func (d *decision) update(i *Identity) bool {
	before := i.Demographics
	said := d.Demographics
	said.National = d.Feed.Demographics.National
	said.National = append(slices.Clone(said.National), d.national...)
	after := before.updated(said, d.Delete)
	if d.national01(i) == 1 && !slices.Contains(after.National, i.Key) {
		after.National = append([]hl7v2.PatientKey{i.Key}, after.National...)
	}
	after.National = distinctKeys(after.National)
	if i.Seq != 0 && reflect.DeepEqual(before, after) {
		return false
	}
	i.Demographics = after
	d.store(i)
	e := Entry{Identity: i}
	if i.Seq != 0 {
		e.Before = &before
	}
	d.log(e)
	return true
}

// state links two ids that one message lists.
func (d *decision) state(main, i *Identity) {
	switch {
	case i == main || d.together(main, i):
	case d.kept(main, i):
		d.review(main, i, 0, ReviewApart)
	default:
		d.connect(main, i, LinkStated)
	}
}

// rematch looks for the same person anew after demographics changed.
func (d *decision) rematch(changed []*Identity) error {
	for _, i := range changed {
		d.forget(i)
	}
	for _, i := range changed {
		if err := d.nationals(i); err != nil {
			return err
		}
	}
	for _, i := range changed {
		if err := d.match(i); err != nil {
			return err
		}
	}
	return nil
}

// forget drops links by a national id that is no longer the same.
func (d *decision) forget(i *Identity) {
	for _, l := range slices.Clone(d.links) {
		if l.Kind == LinkNational && l.has(i) && !d.shareNational(l.A, l.B) {
			d.disconnect(l)
		}
	}
}

func (d *decision) shareNational(a, b *Identity) bool {
	return slices.ContainsFunc(a.Demographics.National, func(k hl7v2.PatientKey) bool {
		return slices.ContainsFunc(b.Demographics.National, func(l hl7v2.PatientKey) bool { return d.living(k) == d.living(l) })
	})
}

// living gives the id that an id was merged into, as far as it is in the graph: the national id that a record still has names the
// person whose id it became.
func (d *decision) living(k hl7v2.PatientKey) hl7v2.PatientKey {
	i := d.byKey[k]
	for i != nil && i.Survivor != nil {
		i = i.Survivor
	}
	if i == nil {
		return k
	}
	return i.Key
}

// nationals links the identity with those that have the same national id, unless the rest of them says that it is another
// person, or a person took them apart.
func (d *decision) nationals(i *Identity) error {
	if len(i.Demographics.National) == 0 {
		return nil
	}
	if err := d.load(i.Demographics.National); err != nil {
		return err
	}
	var keys []string
	for _, n := range i.Demographics.National {
		keys = append(keys, nationalKey(n), nationalKey(d.living(n)))
	}
	found, err := d.candidates(i, distinct(keys))
	if err != nil {
		return err
	}
	for _, c := range found {
		if d.together(i, c) {
			continue
		}
		switch w := d.policy.Weigh(&i.Demographics, &c.Demographics); {
		case w < d.policy.Thresholds.Contradict:
			d.review(i, c, w, ReviewContradict)
		case d.isApart(i, c):
		case d.kept(i, c):
			d.review(i, c, w, ReviewApart)
		default:
			d.connect(i, c, LinkNational)
		}
	}
	return nil
}

// match compares the identity with those that could be the same person: one entry on the worklist for each person that is
// alike, or a link where the policy says so.
func (d *decision) match(i *Identity) error {
	d.fx.Examined = append(d.fx.Examined, i)
	keys := i.Demographics.keys().sought
	if len(keys) == 0 {
		return nil
	}
	found, err := d.candidates(i, keys)
	if err != nil {
		return err
	}
	r := fromDemographics(&i.Demographics)
	best := map[int64]Review{}
	for _, c := range found {
		how := compare(r, fromDemographics(&c.Demographics))
		w := d.policy.Weights.sum(how)
		switch {
		case w < d.policy.Thresholds.Review, d.isApart(i, c), d.together(i, c):
		case d.automatic(i, c, how, w):
			d.connect(i, c, LinkLikely)
		case w > best[c.Person].Weight || best[c.Person].A == nil:
			best[c.Person] = Review{Pair{i, c}, w, ReviewAlike}
		}
	}
	for _, c := range found { // in the order of the storage, not of a map
		if b := best[c.Person]; b.B == c && !d.together(i, c) {
			d.review(b.A, b.B, b.Weight, b.Reason)
		}
	}
	return nil
}

// automatic tells whether matching may link the two. Two ids of one domain are two people in the eyes of its source, and only
// a person may say otherwise.
func (d *decision) automatic(a, b *Identity, how comparison, w float64) bool {
	return d.policy.Automatic && w >= d.policy.Thresholds.Link && how.certain() && a.Key.Authority != b.Key.Authority && !d.kept(a, b)
}

// candidates returns live identities with one of the keys, i left out, with their people in the graph.
func (d *decision) candidates(i *Identity, keys []string) ([]*Identity, error) {
	found, err := d.read.Candidates(d, keys, maxCandidates)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(c *Identity) bool { return c == i || !c.Live() })
	return found, d.include(found)
}
