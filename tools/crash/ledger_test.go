//go:build linux

package crash

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"dossier/hl7v2"
	"dossier/xds"
)

// entry is a DocumentEntry as it was sent.
type entry struct {
	id      xds.EntryUUID
	unique  xds.UniqueID
	content []byte // nil when it came by ITI-42
}

// sent is one submission: everything in it is there, or nothing.
type sent struct {
	acknowledged bool
	patient      hl7v2.CX
	set          xds.EntryUUID
	unique       xds.UniqueID // of the SubmissionSet
	entries      []entry
	objects      []xds.EntryUUID // all of them, Associations included
}

// client has two patients, submits for both, merges the second into the first at some time, and stops at the first answer
// that does not come. It writes down what it sends before it sends it.
type client struct {
	rng         *rand.Rand
	ids         int64
	arc         string // of its uniqueIds
	a, b        hl7v2.CX
	admittedA   bool
	admittedB   bool
	sent        []*sent
	mergeSent   bool
	mergeDone   bool
	deprecated  map[xds.EntryUUID]bool // what it has replaced, or tried to
	addenda     map[xds.EntryUUID][]xds.EntryUUID
	stranger    hl7v2.CX // is never admitted
	asked       []string // marks of queries that were answered
	turnedDown  []string // uniqueIds of SubmissionSets for the stranger whose refusal came
	refusals    []error  // a correct message that was refused is a defect
	unanswered  int      // admissions, merges and submissions
	acknowledge int
}

func newClient(name string, rng *rand.Rand) *client {
	return &client{rng: rng, arc: fmt.Sprintf("2.999.5.%d", rng.Uint32()), a: patientID(name + "-A"), b: patientID(name + "-B"), stranger: patientID(name + "-X"), deprecated: map[xds.EntryUUID]bool{}, addenda: map[xds.EntryUUID][]xds.EntryUUID{}}
}

func (c *client) unique() xds.UniqueID {
	c.ids++
	return xds.UniqueID(fmt.Sprintf("%s.%d", c.arc, c.ids))
}

// outcome notes an answer and tells whether to go on.
func (c *client) outcome(err error) bool {
	switch {
	case err == nil:
		c.acknowledge++
		return true
	case isRefusal(err):
		c.refusals = append(c.refusals, err)
	default:
		c.unanswered++
	}
	return false
}

// begin makes both patients known.
func (c *client) begin(w *wire) bool {
	if !c.outcome(w.admit(c.a)) {
		return false
	}
	c.admittedA = true
	c.admittedB = c.outcome(w.admit(c.b))
	return c.admittedB
}

// work runs until an answer does not come.
func (c *client) work(w *wire) {
	defer w.close()
	for ok := c.begin(w); ok; {
		patient := c.a
		if !c.mergeSent && c.rng.IntN(3) == 0 {
			patient = c.b
		}
		switch n := c.rng.IntN(15); {
		case n == 0 && !c.mergeSent && c.has(c.b):
			ok = c.merge(w)
		case n < 4:
			ok = c.register(w, patient, 1+c.rng.IntN(2))
		case n > 13:
			ok = c.offend(w)
		case n > 11:
			ok = c.ask(w)
		default:
			ok = c.provide(w, patient, 1+c.rng.IntN(3))
		}
	}
}

// has tells whether a submission of that patient was acknowledged.
func (c *client) has(patient hl7v2.CX) bool {
	for _, s := range c.sent {
		if s.acknowledged && s.patient == patient {
			return true
		}
	}
	return false
}

func (c *client) merge(w *wire) bool {
	c.mergeSent = true
	c.mergeDone = c.outcome(w.merge(c.a, c.b))
	return c.mergeDone
}

// ask sends a query that no other is like.
func (c *client) ask(w *wire) bool {
	mark := string(c.unique())
	err := w.find(c.a, mark)
	if err != nil {
		return c.outcome(err)
	}
	c.asked = append(c.asked, mark)
	return true
}

// offend sends a submission that must be refused.
func (c *client) offend(w *wire) bool {
	m, s := c.submission(c.stranger, 1, false)
	c.sent = c.sent[:len(c.sent)-1]
	err := w.register(m)
	switch {
	case err == nil:
		c.refusals = append(c.refusals, errors.New("a submission for an unknown patient was accepted"))
		return false
	case !isRefusal(err):
		c.unanswered++
		return false
	}
	c.turnedDown = append(c.turnedDown, string(s.unique))
	return true
}

// earlier picks an acknowledged entry of the patient that nothing has replaced, or "".
func (c *client) earlier(patient hl7v2.CX) xds.EntryUUID {
	var all []xds.EntryUUID
	for _, s := range c.sent {
		for _, e := range s.entries {
			if s.acknowledged && !c.deprecated[e.id] && (s.patient == patient || c.mergeDone) {
				all = append(all, e.id)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[c.rng.IntN(len(all))]
}

// provide sends ITI-41 with n documents, and sometimes a Folder, a replacement or an addendum.
func (c *client) provide(w *wire, patient hl7v2.CX, n int) bool {
	m, s := c.submission(patient, n, true)
	switch target := c.earlier(patient); c.rng.IntN(4) {
	case 0:
		c.fileInFolder(m, s, patient)
	case 1:
		if target != "" {
			c.relate(m, s, xds.Replace, target)
			c.forget(target)
		}
	case 2:
		if target != "" {
			c.relate(m, s, xds.Append, target)
			c.addenda[target] = append(c.addenda[target], s.entries[0].id)
		}
	}
	contents := make([][]byte, n)
	for i := range s.entries {
		contents[i] = s.entries[i].content
	}
	s.acknowledged = c.outcome(w.provide(m, contents))
	return s.acknowledged
}

// forget keeps what a replacement deprecates from being related to: the entry, and its addenda go with it.
func (c *client) forget(id xds.EntryUUID) {
	c.deprecated[id] = true
	for _, addendum := range c.addenda[id] {
		c.forget(addendum)
	}
}

// register sends ITI-42 with n entries of documents elsewhere.
func (c *client) register(w *wire, patient hl7v2.CX, n int) bool {
	m, s := c.submission(patient, n, false)
	s.acknowledged = c.outcome(w.register(m))
	return s.acknowledged
}

var someCode = xds.Code{Code: "c", Scheme: "2.999.9", Display: "Code"}

// submission makes a SubmissionSet of n entries and writes it into the ledger.
func (c *client) submission(patient hl7v2.CX, n int, documents bool) (*xds.Submission, *sent) {
	set := &xds.SubmissionSet{EntryUUID: newUUID(), ContentTypeCode: someCode, PatientID: patient, SourceID: "2.999.6",
		SubmissionTime: "20260101", UniqueID: c.unique(), Title: "crash", Authors: []xds.Author{{Person: "^Okafor^Lena"}}}
	m := &xds.Submission{SubmissionSets: []*xds.SubmissionSet{set}}
	s := &sent{patient: patient, set: set.EntryUUID, unique: set.UniqueID, objects: []xds.EntryUUID{set.EntryUUID}}
	for range n {
		e := &xds.DocumentEntry{
			Authors: set.Authors, ClassCode: someCode, ConfidentialityCodes: []xds.Code{someCode}, EventCodes: []xds.Code{someCode}, CreationTime: "20260101",
			EntryUUID: newUUID(), FormatCode: someCode, HealthcareFacilityTypeCode: someCode, LanguageCode: "en", MimeType: "text/plain",
			ObjectType: xds.Stable, PatientID: patient, PracticeSettingCode: someCode, SourcePatientID: patient, Title: "document", TypeCode: someCode,
			UniqueID: c.unique(), Size: -1,
		}
		sentEntry := entry{id: e.EntryUUID, unique: e.UniqueID}
		if documents {
			sentEntry.content = c.content()
			e.Size, e.Hash = int64(len(sentEntry.content)), hashOf(sentEntry.content)
		} else {
			e.Size, e.Hash, e.RepositoryUniqueID = 5, hashOf([]byte(e.UniqueID)), otherID
		}
		m.DocumentEntries = append(m.DocumentEntries, e)
		s.entries = append(s.entries, sentEntry)
		s.objects = append(s.objects, e.EntryUUID)
		link(m, s, xds.HasMember, set.EntryUUID, e.EntryUUID)
	}
	c.sent = append(c.sent, s)
	return m, s
}

// content is mostly small, now and then more than one piece of the blob store, and sometimes what was sent before.
func (c *client) content() []byte {
	switch c.rng.IntN(8) {
	case 0:
		return bytes.Repeat([]byte{byte(c.rng.IntN(4))}, 700)
	case 1:
		return randomBytes(c.rng, 300_000)
	}
	return randomBytes(c.rng, 1+c.rng.IntN(4000))
}

func randomBytes(rng *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

func link(m *xds.Submission, s *sent, typ xds.AssociationType, source, target xds.EntryUUID) xds.EntryUUID {
	a := &xds.Association{EntryUUID: newUUID(), Type: typ, Source: source, Target: target}
	if typ == xds.HasMember && source == s.set && slices.ContainsFunc(s.entries, func(e entry) bool { return e.id == target }) {
		a.SubmissionSetStatus = xds.Original
	}
	m.Associations = append(m.Associations, a)
	s.objects = append(s.objects, a.EntryUUID)
	return a.EntryUUID
}

func (c *client) fileInFolder(m *xds.Submission, s *sent, patient hl7v2.CX) {
	f := &xds.Folder{EntryUUID: newUUID(), UniqueID: c.unique(), PatientID: patient, Title: "folder", Codes: []xds.Code{someCode}}
	m.Folders = append(m.Folders, f)
	s.objects = append(s.objects, f.EntryUUID)
	link(m, s, xds.HasMember, s.set, f.EntryUUID)
	for _, e := range s.entries {
		link(m, s, xds.HasMember, s.set, link(m, s, xds.HasMember, f.EntryUUID, e.id))
	}
}

// relate makes the first entry of the submission a version or an addendum of an earlier one.
func (c *client) relate(m *xds.Submission, s *sent, typ xds.AssociationType, target xds.EntryUUID) {
	link(m, s, typ, s.entries[0].id, target)
}

// tally is what a run has seen.
type tally struct {
	kills, acknowledged, unanswered, lost, half, orphans, findings, swept int
	asked, turnedDown, unrecorded                                         int // queries and refusals that were answered; what lacks its audit event
}

func (n *tally) String() string {
	return fmt.Sprintf("%d kills, %d acknowledged changes, %d queries and %d refusals answered, %d unanswered; %d lost, %d without an audit event, %d half-visible, "+
		"%d orphans after the sweep (%d swept), %d findings of verify",
		n.kills, n.acknowledged, n.asked, n.turnedDown, n.unanswered, n.lost, n.unrecorded, n.half, n.orphans, n.swept, n.findings)
}

// count adds a client's ledger.
func (n *tally) count(t testing.TB, c *client) {
	n.acknowledged += c.acknowledge
	n.unanswered += c.unanswered
	n.asked += len(c.asked)
	n.turnedDown += len(c.turnedDown)
	for _, err := range c.refusals {
		t.Errorf("a correct message was refused: %v", err)
	}
}
