//go:build linux

package crash

import (
	"bytes"
	"testing"

	"dossier/hl7v2"
	"dossier/xds"
)

// visible is what the wire shows of one client's patients.
type visible struct {
	status  map[xds.EntryUUID]xds.Status // of all objects
	patient map[xds.EntryUUID]hl7v2.PatientKey
	members map[xds.EntryUUID]bool // DocumentEntries and Folders that are in some SubmissionSet
	sets    map[xds.EntryUUID]bool
	filed   []xds.EntryUUID // DocumentEntries and Folders
	links   []*xds.Association
}

func (v *visible) add(s *xds.Submission) {
	for _, x := range s.SubmissionSets {
		v.status[x.EntryUUID], v.patient[x.EntryUUID], v.sets[x.EntryUUID] = x.AvailabilityStatus, x.PatientID.Key(), true
	}
	for _, x := range s.DocumentEntries {
		v.status[x.EntryUUID], v.patient[x.EntryUUID] = x.AvailabilityStatus, x.PatientID.Key()
		v.filed = append(v.filed, x.EntryUUID)
	}
	for _, x := range s.Folders {
		v.status[x.EntryUUID], v.patient[x.EntryUUID] = x.AvailabilityStatus, x.PatientID.Key()
		v.filed = append(v.filed, x.EntryUUID)
	}
	for _, x := range s.Associations {
		if _, twice := v.status[x.EntryUUID]; twice {
			continue
		}
		v.status[x.EntryUUID] = x.AvailabilityStatus
		v.links = append(v.links, x)
	}
}

// inquiry compares one ledger with the wire.
type inquiry struct {
	t testing.TB
	w *wire
	c *client
	n *tally
	v *visible
}

func (q *inquiry) lost(format string, args ...any) {
	q.t.Helper()
	q.n.lost++
	q.t.Errorf("lost: "+format, args...)
}

func (q *inquiry) half(format string, args ...any) {
	q.t.Helper()
	q.n.half++
	q.t.Errorf("half-visible: "+format, args...)
}

// compare asks for everything of a client's patients and judges it. It returns the SubmissionSets that are there.
func (n *tally) compare(t testing.TB, w *wire, c *client) (there map[string]bool) {
	t.Helper()
	q := &inquiry{t, w, c, n, &visible{status: map[xds.EntryUUID]xds.Status{}, patient: map[xds.EntryUUID]hl7v2.PatientKey{},
		members: map[xds.EntryUUID]bool{}, sets: map[xds.EntryUUID]bool{}}}
	ofA, err := w.getAll(c.a)
	if err != nil {
		t.Fatalf("GetAll: %v", err)
	}
	ofB, err := w.getAll(c.b)
	if err != nil {
		t.Fatalf("GetAll: %v", err)
	}
	q.v.add(ofA)
	q.v.add(ofB)
	q.submissions()
	q.relations()
	q.merge(ofB)
	q.documents()
	there = map[string]bool{}
	for _, s := range c.sent {
		_, there[string(s.unique)] = q.v.status[s.set]
	}
	for _, id := range q.admissions() {
		there[string(id)] = true
	}
	return there
}

// submissions: each is there as a whole or not at all, and when it was acknowledged it is there.
func (q *inquiry) submissions() {
	known := map[xds.EntryUUID]bool{}
	for _, s := range q.c.sent {
		there := 0
		for _, id := range s.objects {
			known[id] = true
			if _, ok := q.v.status[id]; ok {
				there++
			}
		}
		switch {
		case there == len(s.objects):
		case s.acknowledged:
			q.lost("%d of %d objects of an acknowledged submission", len(s.objects)-there, len(s.objects))
		case there > 0:
			q.half("%d of %d objects of an unanswered submission", there, len(s.objects))
		}
	}
	for _, id := range q.v.filed {
		if !known[id] {
			q.half("%s was never sent", id)
		}
	}
	for id := range q.v.sets {
		if !known[id] {
			q.half("SubmissionSet %s was never sent", id)
		}
	}
}

// relations: Associations have both ends, everything is in a SubmissionSet, and what is replaced is Deprecated, with its
// addenda, and nothing else is.
func (q *inquiry) relations() {
	v := q.v
	deprecated := map[xds.EntryUUID]bool{}
	var addenda []*xds.Association
	for _, a := range v.links {
		for _, end := range []xds.EntryUUID{a.Source, a.Target} {
			if _, ok := v.status[end]; !ok {
				q.half("Association %s (%s) has no end %s", a.EntryUUID, a.Type, end)
			}
		}
		switch {
		case a.Type == xds.HasMember && v.sets[a.Source]:
			v.members[a.Target] = true
		case a.Type == xds.Replace:
			deprecated[a.Target] = true
		case a.Type == xds.Append:
			addenda = append(addenda, a)
		}
	}
	for range addenda { // an addendum of an addendum goes with it too
		for _, a := range addenda {
			if deprecated[a.Target] {
				deprecated[a.Source] = true
			}
		}
	}
	for _, id := range v.filed {
		if !v.members[id] {
			q.half("%s is in no SubmissionSet", id)
		}
		if got := v.status[id] == xds.Deprecated; got != deprecated[id] {
			q.half("%s is %s, replaced or addendum of what is replaced: %v", id, v.status[id], deprecated[id])
		}
	}
}

// merge: all before or all after, and after when it was acknowledged.
func (q *inquiry) merge(ofB *xds.Submission) {
	c := q.c
	if !c.mergeSent {
		return
	}
	before, after := 0, 0
	for _, s := range c.sent {
		if s.patient != c.b {
			continue
		}
		switch p, ok := q.v.patient[s.set]; {
		case ok && p == c.a.Key():
			after++
		case ok:
			before++
		}
	}
	switch {
	case before > 0 && after > 0:
		q.half("%d submissions before the merge, %d after it", before, after)
	case before > 0 && c.mergeDone:
		q.lost("an acknowledged merge")
	case after > 0 && len(ofB.SubmissionSets) > 0:
		q.half("the subsumed id still has objects")
	}
}

// documents: of each visible entry the bytes that were sent, and none of one that is not visible.
func (q *inquiry) documents() {
	var ids []xds.UniqueID
	for _, s := range q.c.sent {
		for _, e := range s.entries {
			if e.content != nil {
				ids = append(ids, e.unique)
			}
		}
	}
	got, err := q.w.retrieve(ids)
	if err != nil {
		q.half("ITI-43: %v", err)
		return
	}
	for _, s := range q.c.sent {
		_, there := q.v.status[s.set]
		for _, e := range s.entries {
			content, has := got[e.unique]
			switch {
			case e.content == nil:
			case there && !has:
				q.half("a DocumentEntry without its document")
			case !there && has:
				q.half("a document without its DocumentEntry")
			case has && !bytes.Equal(content, e.content):
				q.lost("a document came back with other bytes (%d instead of %d)", len(content), len(e.content))
			}
		}
	}
}

// admissions: a patient whose admission was acknowledged takes a submission, unless it was merged meanwhile. It returns what it
// submitted for that.
func (q *inquiry) admissions() (submitted []xds.UniqueID) {
	c := q.c
	for _, p := range []struct {
		admitted bool
		id       hl7v2.CX
	}{{c.admittedA, c.a}, {c.admittedB && !c.mergeSent, c.b}} {
		if !p.admitted || c.has(p.id) {
			continue
		}
		m, s := c.submission(p.id, 1, false)
		if err := q.w.register(m); err != nil {
			q.lost("an acknowledged admission: %v", err)
		}
		s.acknowledged = true
		submitted = append(submitted, s.unique)
	}
	return submitted
}
