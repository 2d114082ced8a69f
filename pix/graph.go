package pix

import (
	"slices"

	"dossier/hl7v2"
)

// graph is some identities with what joins them and what keeps them apart.
type graph struct {
	members []*Identity
	links   []Joined
	apart   []Pair
	before  map[int64][]*Identity // live members of each person as loaded
}

func (p Pair) is(a, b *Identity) bool { return p.A == a && p.B == b || p.A == b && p.B == a }

func (p Pair) has(i *Identity) bool { return p.A == i || p.B == i }

// other is the end of the pair that i is not.
func (p Pair) other(i *Identity) *Identity {
	if p.A == i {
		return p.B
	}
	return p.A
}

func (g *graph) add(o *Group) {
	if g.before == nil {
		g.before = map[int64][]*Identity{}
	}
	g.members = append(g.members, o.Members...)
	for _, l := range o.Links {
		if !slices.Contains(g.links, l) {
			g.links = append(g.links, l)
		}
	}
	for _, a := range o.Apart {
		if !slices.Contains(g.apart, a) {
			g.apart = append(g.apart, a)
		}
	}
	for person, live := range o.people() {
		g.before[person] = live
	}
}

// people groups the live members by person.
func (o *Group) people() map[int64][]*Identity {
	out := map[int64][]*Identity{}
	for _, i := range o.live() {
		out[i.Person] = append(out[i.Person], i)
	}
	return out
}

func (o *Group) live() []*Identity {
	var out []*Identity
	for _, i := range o.Members {
		if i.Live() {
			out = append(out, i)
		}
	}
	return out
}

// reach returns all members that i is joined with, itself included, on ways that avoid one; a merge joins too.
func (g *graph) reach(i, avoid *Identity) map[*Identity]bool {
	seen := map[*Identity]bool{i: true}
	for queue := []*Identity{i}; len(queue) > 0; {
		x := queue[0]
		queue = queue[1:]
		visit := func(y *Identity) {
			if y != avoid && !seen[y] {
				seen[y] = true
				queue = append(queue, y)
			}
		}
		for _, l := range g.links {
			if l.has(x) {
				visit(l.other(x))
			}
		}
		for _, m := range g.members {
			if m.Survivor == x {
				visit(m)
			}
		}
		if x.Survivor != nil {
			visit(x.Survivor)
		}
	}
	return seen
}

func (g *graph) together(a, b *Identity) bool { return g.reach(a, nil)[b] }

func (g *graph) isApart(a, b *Identity) bool {
	return slices.ContainsFunc(g.apart, func(p Pair) bool { return p.is(a, b) })
}

// kept tells whether joining a and b would bring together what was taken apart.
func (g *graph) kept(a, b *Identity) bool {
	left, right := g.reach(a, nil), g.reach(b, nil)
	return slices.ContainsFunc(g.apart, func(p Pair) bool {
		return left[p.A] && right[p.B] || left[p.B] && right[p.A]
	})
}

// settle numbers people anew, and writes notices for those that changed.
func (d *decision) settle() {
	for _, i := range d.fx.Store {
		if !slices.Contains(d.members, i) {
			d.members = append(d.members, i)
		}
	}
	done := map[*Identity]bool{}
	for _, i := range d.members {
		if done[i] {
			continue
		}
		part := d.reach(i, nil)
		number := int64(0)
		for m := range part {
			done[m] = true
			if m.Seq != 0 && (number == 0 || m.Seq < number) {
				number = m.Seq
			}
		}
		d.number(part, number)
	}
	d.announce()
}

func (d *decision) number(part map[*Identity]bool, person int64) {
	var fresh []*Identity
	for _, m := range d.members {
		if !part[m] {
			continue
		}
		if m.Person != person {
			m.Person = person
			d.store(m)
		}
		if person == 0 {
			fresh = append(fresh, m)
		}
	}
	if len(fresh) > 0 {
		d.fx.fresh = append(d.fx.fresh, fresh)
	}
}

// Number gives the new identities the numbers from next on, in the order of Store, and their people those of the first.
func (fx *Effects) Number(next int64) {
	for _, i := range fx.Store {
		if i.Seq == 0 {
			i.Seq = next
			next++
		}
	}
	for _, person := range fx.fresh {
		number := person[0].Seq
		for _, i := range person {
			number = min(number, i.Seq)
		}
		for _, i := range person {
			i.Person = number
		}
	}
}

// announce compares people before and after and tells consumers whose domains of interest see a difference (ITI TF-2:
// 3.10.4.1.2).
func (d *decision) announce() {
	if len(d.policy.Consumers) == 0 {
		return
	}
	var before [][]hl7v2.PatientKey
	for _, live := range d.before {
		before = append(before, keysOf(d.policy.sorted(live)))
	}
	done := map[*Identity]bool{}
	for _, i := range d.members {
		if done[i] {
			continue
		}
		var live []*Identity
		part := d.reach(i, nil)
		for _, m := range d.members {
			if part[m] {
				done[m] = true
				if m.Live() {
					live = append(live, m)
				}
			}
		}
		d.announcePerson(&Person{d.policy.sorted(live)}, before)
	}
}

func (d *decision) announcePerson(p *Person, before [][]hl7v2.PatientKey) {
	for _, c := range d.policy.Consumers {
		ids := p.IDs(c.Domains...)
		changed, cross := true, len(ids) > 1
		for _, b := range before {
			b = inDomains(b, c.Domains)
			if slices.Equal(b, ids) {
				changed = false
			}
			if len(b) > 1 && slices.ContainsFunc(b, func(k hl7v2.PatientKey) bool { return slices.Contains(ids, k) }) {
				cross = true // one id is left of several
			}
		}
		if changed && cross && len(ids) > 0 {
			d.fx.Notices = append(d.fx.Notices, Notice{Consumer: c.Name, IDs: ids, At: d.Origin.At})
		}
	}
}

func inDomains(keys []hl7v2.PatientKey, domains []string) []hl7v2.PatientKey {
	var out []hl7v2.PatientKey
	for _, k := range keys {
		if wanted(domains, k.Authority) {
			out = append(out, k)
		}
	}
	return out
}

func keysOf(identities []*Identity) []hl7v2.PatientKey {
	var out []hl7v2.PatientKey
	for _, i := range identities {
		out = append(out, i.Key)
	}
	return out
}

// sorted orders identities by domain, in the order of the configuration, and within one by age.
func (p *Policy) sorted(identities []*Identity) []*Identity {
	rank := func(i *Identity) int {
		return slices.IndexFunc(p.Domains, func(d Domain) bool { return d.Authority.UniversalID == i.Key.Authority })
	}
	age := func(i *Identity) int64 {
		if i.Seq == 0 {
			return 1<<63 - 1
		}
		return i.Seq
	}
	out := slices.Clone(identities)
	slices.SortStableFunc(out, func(a, b *Identity) int {
		if x, y := rank(a), rank(b); x != y {
			return x - y
		}
		switch x, y := age(a), age(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return out
}

// NewPerson returns the policy's view of a person for a storage that read its live identities.
func (p *Policy) NewPerson(live []*Identity) *Person { return &Person{p.sorted(live)} }

// ranked lists what was found, the best first.
func ranked(found map[int64]*Found, order []int64) []Found {
	out := make([]Found, 0, len(order))
	for _, person := range order {
		out = append(out, *found[person])
	}
	slices.SortStableFunc(out, func(a, b Found) int { return b.Score - a.Score })
	return out
}
