package atna

import (
	"fmt"
	"slices"
)

// FindingKind says what was done to a stored chain.
type FindingKind string

// What a Verifier finds.
const (
	Deleted   FindingKind = "deleted"   // the events Number to Last are gone
	Inserted  FindingKind = "inserted"  // the event at Number was never recorded
	Moved     FindingKind = "moved"     // the event at Number was recorded as number Last
	Edited    FindingKind = "edited"    // the event at Number is not what was recorded, or its time or hash is not
	Rewritten FindingKind = "rewritten" // somewhere from Number to Last the chain was made anew: a checkpoint contradicts it
)

// Finding is one deviation. Number is as stored, but for Deleted and Rewritten the number at recording.
type Finding struct {
	Kind         FindingKind
	Number, Last int64
}

func (f Finding) String() string {
	switch {
	case f.Kind == Moved:
		return fmt.Sprintf("event %d was moved: it was recorded as number %d", f.Number, f.Last)
	case f.Kind == Rewritten:
		return fmt.Sprintf("events %d to %d were rewritten: the checkpoint at %d contradicts them", f.Number, f.Last, f.Last)
	case f.Kind == Deleted && f.Last > f.Number:
		return fmt.Sprintf("events %d to %d were deleted", f.Number, f.Last)
	}
	return fmt.Sprintf("event %d was %s", f.Number, f.Kind)
}

// Verifier walks a chain in its stored order. It finds the number at which a message was recorded by its hash, so that
// renumbering what follows a deletion or an insertion hides neither.
type Verifier struct {
	checkpoints []Checkpoint // those ahead
	from        int64        // first number that the next checkpoint speaks for
	number      int64        // of the last sound link
	rivals      []seen       // the links that claim this number
	pending     []seen       // unsound ones after it
	missing     ranges
	rewritten   []Finding
	findings    []Finding
	count       int64
}

// seen is a link without its message.
type seen struct {
	stored     int64 // 0 is the anchor
	prev, hash Hash
}

// NewVerifier starts after anchor: the zero Chain, or that of the checkpoint at which a retention cut the chain off.
// The checkpoints are in order of their numbers; their signatures are the caller's business.
func NewVerifier(anchor Chain, checkpoints []Checkpoint) *Verifier {
	v := &Verifier{number: anchor.Number, from: anchor.Number + 1, rivals: []seen{{hash: anchor.Hash}}}
	for _, c := range checkpoints {
		if c.Number > anchor.Number {
			v.checkpoints = append(v.checkpoints, c)
		}
	}
	return v
}

// Count is how many links were added.
func (v *Verifier) Count() int64 { return v.count }

// Add takes the next link.
func (v *Verifier) Add(l Link) {
	v.count++
	s := seen{l.Number, l.Prev, l.Hash}
	switch n := v.recorded(&l); {
	case n == 0:
		v.pending = append(v.pending, s)
	case n > v.number:
		v.follow(n, s)
	case n == v.number && v.rivals[0].stored != 0:
		v.rivals = append(v.rivals, s)
	case v.missing.take(n):
		v.find(Moved, s.stored, n)
	default:
		v.find(Inserted, s.stored, 0)
	}
}

// window is how far from its place a message is looked for.
const window = 64

// recorded finds the number at which the link was made, 0 when there is none: it was changed since.
func (v *Verifier) recorded(l *Link) int64 {
	for _, n := range [...]int64{v.number + 1 + int64(len(v.pending)), l.Number, v.number + 1, v.number} {
		if n > 0 && l.sum(n) == l.Hash {
			return n
		}
	}
	for d := int64(1); d <= window; d++ {
		for _, n := range [...]int64{l.Number - d, l.Number + d} {
			if n > 0 && l.sum(n) == l.Hash {
				return n
			}
		}
	}
	return 0
}

// follow takes a sound link with a number above the last one.
func (v *Verifier) follow(n int64, s seen) {
	if gap := n - v.number - 1; gap > 0 {
		v.settle(nil)
		v.replaced(n)
	} else {
		for _, p := range v.pending {
			v.find(Inserted, p.stored, 0) // between two that follow each other
		}
		v.settle(&s)
	}
	v.number, v.rivals, v.pending = n, []seen{s}, nil
}

// replaced takes the unsound links for edited ones and notes which numbers below n nothing stands for.
func (v *Verifier) replaced(n int64) {
	var taken []int64
	for _, p := range v.pending {
		v.find(Edited, p.stored, 0)
		if p.stored > v.number && p.stored < n {
			taken = append(taken, p.stored)
		}
	}
	slices.Sort(taken)
	taken = slices.Compact(taken)
	homeless := int64(len(v.pending) - len(taken)) // they stand for the first numbers that are free
	from := v.number + 1
	for _, end := range append(taken, n) { // by gaps: numbers of a forger may be far apart
		free := min(homeless, end-from)
		homeless -= free
		if from += free; from < end {
			v.missing.add(from, end-1)
		}
		from = end + 1
	}
}

// settle decides among the links that claim the last number: by a checkpoint there, then by what next follows.
func (v *Verifier) settle(next *seen) {
	rivals := v.rivals
	keep := func(hash Hash) bool {
		i := slices.IndexFunc(rivals, func(r seen) bool { return r.hash == hash })
		if i < 0 {
			return false
		}
		for j, r := range rivals {
			if j != i && r.stored != 0 {
				v.find(Inserted, r.stored, 0)
			}
		}
		rivals = rivals[i : i+1]
		return true
	}
	for len(v.checkpoints) > 0 && v.checkpoints[0].Number <= v.number {
		c := v.checkpoints[0]
		if c.Number == v.number && !keep(c.Hash) {
			v.rewritten = append(v.rewritten, Finding{Rewritten, v.from, c.Number})
		}
		v.checkpoints, v.from = v.checkpoints[1:], c.Number+1
	}
	switch {
	case next != nil && keep(next.prev):
	case next != nil && rivals[0].stored == 0:
		v.find(Inserted, next.stored, 0) // sound in itself, but not what the chain began with
	case next != nil:
		v.find(Edited, rivals[len(rivals)-1].stored, 0) // with a new hash: what follows knows the old one
	default:
		for _, r := range rivals[1:] {
			v.find(Inserted, r.stored, 0)
		}
	}
}

func (v *Verifier) find(kind FindingKind, number, last int64) {
	v.findings = append(v.findings, Finding{kind, number, last})
}

// Finish ends the walk and lists what was found, by number.
func (v *Verifier) Finish() []Finding {
	v.settle(nil)
	end := v.number
	for _, c := range v.checkpoints {
		end = max(end, c.Number) // there were as many
	}
	v.replaced(max(end, v.number+int64(len(v.pending))) + 1)
	for _, r := range v.missing {
		v.find(Deleted, r.from, r.to)
	}
	for _, w := range v.rewritten {
		if !slices.ContainsFunc(v.findings, func(f Finding) bool { return f.Number <= w.Last && max(f.Number, f.Last) >= w.Number }) {
			v.findings = append(v.findings, w)
		}
	}
	slices.SortStableFunc(v.findings, func(a, b Finding) int { return int(a.Number - b.Number) })
	return slices.Compact(v.findings)
}

// ranges is a set of numbers.
type ranges []struct{ from, to int64 }

func (r *ranges) add(from, to int64) {
	if n := len(*r); n > 0 && (*r)[n-1].to == from-1 {
		(*r)[n-1].to = to
		return
	}
	*r = append(*r, struct{ from, to int64 }{from, to})
}

// take removes n and tells whether it was there.
func (r *ranges) take(n int64) bool {
	for i, x := range *r {
		if n < x.from || n > x.to {
			continue
		}
		rest := slices.Delete(slices.Clone(*r), i, i+1)
		if n < x.to {
			rest = slices.Insert(rest, i, struct{ from, to int64 }{n + 1, x.to})
		}
		if x.from < n {
			rest = slices.Insert(rest, i, struct{ from, to int64 }{x.from, n - 1})
		}
		*r = rest
		return true
	}
	return false
}
