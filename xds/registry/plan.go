package registry

import (
	"strconv"
	"strings"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

// plan decides one resolved submission against the state of the registry: every problem that needs the store, and what
// is to be written. It is pure and leaves the submission as it is, because a transaction may run it again.
type plan struct {
	submission   *xds.Submission
	state        *store.State
	newUUID      func() string
	verdicts     verdicts  // of patients who are not in the registry's own table
	absent       errAbsent // those of whom nothing can be said yet
	registration store.Registration

	found    xds.Findings
	entries  map[xds.EntryUUID]*xds.DocumentEntry // of the message
	folders  map[xds.EntryUUID]*xds.Folder
	others   map[xds.EntryUUID]bool // its SubmissionSet and Associations
	replaced map[xds.EntryUUID]bool
	derived  map[xds.EntryUUID]bool // entries of the message that are transformations
}

// decide fills registration and returns what it found.
func (p *plan) decide() *xds.Findings {
	s := p.submission
	p.registration = store.Registration{
		SubmissionSet: s.SubmissionSet(), Entries: s.DocumentEntries, Folders: s.Folders,
		Associations: append([]*xds.Association(nil), s.Associations...),
	}
	p.index()
	p.patients()
	p.ids()
	p.uniqueIDs()
	for _, a := range s.Associations {
		p.association(a)
	}
	p.stale()
	return &p.found
}

func (p *plan) index() {
	p.entries, p.folders = map[xds.EntryUUID]*xds.DocumentEntry{}, map[xds.EntryUUID]*xds.Folder{}
	p.others, p.replaced, p.derived = map[xds.EntryUUID]bool{}, map[xds.EntryUUID]bool{}, map[xds.EntryUUID]bool{}
	for _, e := range p.submission.DocumentEntries {
		p.entries[e.EntryUUID] = e
	}
	for _, f := range p.submission.Folders {
		p.folders[f.EntryUUID] = f
	}
	for _, a := range p.submission.Associations {
		p.others[a.EntryUUID] = true
		p.derived[a.Source] = p.derived[a.Source] || a.Type == xds.Transform || a.Type == xds.TransformAndReplace
	}
	p.others[p.submission.SubmissionSet().EntryUUID] = true
}

// patients: the patient of every new object is known and not subsumed (ITI TF-2: 3.42.4.1.3.3.1). Each id is reported
// once. An id that cannot be read is the metadata rules' business.
func (p *plan) patients() {
	seen := map[hl7v2.PatientKey]bool{{}: true}
	check := func(id hl7v2.CX, location string) {
		if seen[id.Key()] {
			return
		}
		seen[id.Key()] = true
		state, known := p.state.Patients[id.Key()]
		switch {
		case !known && p.absent.has(id):
		case !known:
			rule, context := p.verdicts.of(id)
			p.found.Find(rule, location, context)
		case state.Subsumed:
			p.found.Find(&patientNotSubsumed, location, "patientId: expected the id that survived a merge, got "+quote(id.Raw)+", which was subsumed")
		}
	}
	set := p.submission.SubmissionSet()
	check(set.PatientID, set.Symbol)
	if p.found.Refusals() > 0 {
		return // one unknown patient is enough; that others differ from it is reported by package validate
	}
	for _, e := range p.submission.DocumentEntries {
		check(e.PatientID, e.Symbol)
	}
	for _, f := range p.submission.Folders {
		check(f.PatientID, f.Symbol)
	}
}

// ids: a submitted UUID is new (ITI TF-2: 3.42.4.1.3.3.2).
func (p *plan) ids() {
	check := func(id xds.EntryUUID, symbol string) {
		if o, taken := p.state.Objects[id]; taken {
			p.found.Find(&entryUUIDNew, symbol, "id: expected a new UUID or a symbolic id, got "+quote(symbol)+", which names "+kindName(o.Kind)+" of this registry")
		}
	}
	set := p.submission.SubmissionSet()
	check(set.EntryUUID, set.Symbol)
	for _, e := range p.submission.DocumentEntries {
		check(e.EntryUUID, e.Symbol)
	}
	for _, f := range p.submission.Folders {
		check(f.EntryUUID, f.Symbol)
	}
	for _, a := range p.submission.Associations {
		check(a.EntryUUID, a.Symbol)
	}
}

// uniqueIDs: those of SubmissionSets and Folders are new; that of a DocumentEntry may be used again for the same bytes only
// (ITI TF-2: 3.42.4.1.3.3.3).
func (p *plan) uniqueIDs() {
	set := p.submission.SubmissionSet()
	p.newUniqueID(set.UniqueID, set.Symbol, "SubmissionSet")
	for _, f := range p.submission.Folders {
		p.newUniqueID(f.UniqueID, f.Symbol, "Folder")
	}
	for _, e := range p.submission.DocumentEntries {
		u, used := p.state.UniqueIDs[e.UniqueID]
		switch {
		case !used:
		case u.Kind != store.DocumentEntry:
			p.newUniqueID(e.UniqueID, e.Symbol, "DocumentEntry")
		case u.ObjectType != e.ObjectType:
			p.found.Find(&uniqueIDObjectType, e.Symbol, "uniqueId: expected one that no On-Demand DocumentEntry has, got "+quote(string(e.UniqueID)))
		default:
			p.identical(e, u)
		}
	}
}

func (p *plan) identical(e *xds.DocumentEntry, u store.UniqueIDState) {
	if u.Hash != e.Hash {
		p.found.Find(&uniqueIDSameHash, e.Symbol, "hash: expected that of the registered document with uniqueId "+quote(string(e.UniqueID))+
			", which never changes, got "+quote(e.Hash))
	}
	if u.Size != e.Size {
		p.found.Find(&uniqueIDSameSize, e.Symbol, "size: expected that of the registered document with uniqueId "+quote(string(e.UniqueID))+
			", which never changes, got "+strconv.FormatInt(e.Size, 10))
	}
}

func (p *plan) newUniqueID(id xds.UniqueID, symbol, class string) {
	if u, used := p.state.UniqueIDs[id]; used {
		p.found.Find(&uniqueIDNew, symbol, "uniqueId of the "+class+": expected one that is not registered, got "+quote(string(id))+", which "+kindName(u.Kind)+" has")
	}
}

func kindName(k store.Kind) string {
	switch k {
	case store.DocumentEntry:
		return "a DocumentEntry"
	case store.SubmissionSet:
		return "a SubmissionSet"
	case store.Folder:
		return "a Folder"
	}
	return "an Association"
}

// quote repeats what the peer sent.
func quote(s string) string { return strconv.Quote(clip(s)) }

// clip bounds what is echoed to the peer.
func clip(s string) string {
	if len(s) > 128 {
		return strings.ToValidUTF8(s[:128], "") + "..."
	}
	return s
}
