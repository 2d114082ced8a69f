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
	registration store.Registration

	problems xds.Errors
	entries  map[xds.EntryUUID]*xds.DocumentEntry // of the message
	folders  map[xds.EntryUUID]*xds.Folder
	others   map[xds.EntryUUID]bool // its SubmissionSet and Associations
	replaced map[xds.EntryUUID]bool
	derived  map[xds.EntryUUID]bool // entries of the message that are transformations
}

// decide fills registration and returns the problems.
func (p *plan) decide() xds.Errors {
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
	return p.problems
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

func (p *plan) refuse(code xds.ErrorCode, location, rule, section, context string) {
	p.problems = append(p.problems, &xds.Error{Code: code, Context: context, Location: location, Rule: rule, Section: section})
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
		case !known:
			p.refuse(xds.XDSUnknownPatientID, location, "patient-known", "ITI TF-2: 3.42.4.1.3.3.1",
				"patient "+clip(id.Raw)+" is not known to this registry; feed it by ITI-8 first")
		case state.Subsumed:
			p.refuse(xds.XDSUnknownPatientID, location, "patient-known", "ITI TF-2: 3.8.4.2",
				"patient "+clip(id.Raw)+" was merged into another one; submit for the surviving id")
		}
	}
	set := p.submission.SubmissionSet()
	check(set.PatientID, set.Symbol)
	if len(p.problems) > 0 {
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
			p.refuse(xds.XDSRegistryMetadataError, symbol, "entry-uuid-new", "ITI TF-3: 4.1.12.3",
				"id "+clip(symbol)+" already names "+kindName(o.Kind)+" of this registry; expected a new UUID or a symbolic id")
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
	const section = "ITI TF-2: 3.42.4.1.3.3.3"
	set := p.submission.SubmissionSet()
	p.newUniqueID(set.UniqueID, set.Symbol, "SubmissionSet", section)
	for _, f := range p.submission.Folders {
		p.newUniqueID(f.UniqueID, f.Symbol, "Folder", section)
	}
	for _, e := range p.submission.DocumentEntries {
		u, used := p.state.UniqueIDs[e.UniqueID]
		switch {
		case !used:
		case u.Kind != store.DocumentEntry:
			p.refuse(xds.XDSDuplicateUniqueIDInRegistry, e.Symbol, "unique-id-new", section,
				"uniqueId "+clip(string(e.UniqueID))+" of the DocumentEntry is registered as that of "+kindName(u.Kind))
		case u.ObjectType != e.ObjectType:
			p.refuse(xds.XDSRegistryMetadataError, e.Symbol, "unique-id-object-type", section,
				"uniqueId "+clip(string(e.UniqueID))+" is registered with the other objectType (Stable and On-Demand never share one)")
		default:
			p.identical(e, u, section)
		}
	}
}

func (p *plan) identical(e *xds.DocumentEntry, u store.UniqueIDState, section string) {
	if u.Hash != e.Hash {
		p.refuse(xds.XDSNonIdenticalHash, e.Symbol, "unique-id-same-hash", section,
			"uniqueId "+clip(string(e.UniqueID))+" is registered with another hash; a document never changes under its uniqueId")
	}
	if u.Size != e.Size {
		p.refuse(xds.XDSNonIdenticalSize, e.Symbol, "unique-id-same-size", section,
			"uniqueId "+clip(string(e.UniqueID))+" is registered with another size, got "+strconv.FormatInt(e.Size, 10))
	}
}

func (p *plan) newUniqueID(id xds.UniqueID, symbol, class, section string) {
	if u, used := p.state.UniqueIDs[id]; used {
		p.refuse(xds.XDSDuplicateUniqueIDInRegistry, symbol, "unique-id-new", section,
			"uniqueId "+clip(string(id))+" of the "+class+" is registered already, as that of "+kindName(u.Kind))
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

// clip bounds what is echoed to the peer.
func clip(s string) string {
	if len(s) > 128 {
		return strings.ToValidUTF8(s[:128], "") + "..."
	}
	return s
}
