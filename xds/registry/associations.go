package registry

import (
	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

// end is one end of an Association, wherever it is.
type end struct {
	id         xds.EntryUUID
	kind       store.Kind
	patient    hl7v2.PatientKey
	status     xds.Status
	objectType xds.ObjectType
	inMessage  bool
	transforms bool // a transformation of another document
}

// find looks an id up in the message, then in the registry.
func (p *plan) find(id xds.EntryUUID) (end, bool) {
	switch e, f := p.entries[id], p.folders[id]; {
	case e != nil:
		return end{id: id, kind: store.DocumentEntry, patient: e.PatientID.Key(), status: xds.Approved, objectType: e.ObjectType, inMessage: true, transforms: p.derived[id]}, true
	case f != nil:
		return end{id: id, kind: store.Folder, patient: f.PatientID.Key(), status: xds.Approved, inMessage: true}, true
	case id == p.submission.SubmissionSet().EntryUUID:
		return end{id: id, kind: store.SubmissionSet, patient: p.submission.SubmissionSet().PatientID.Key(), status: xds.Approved, inMessage: true}, true
	case p.others[id]:
		return end{id: id, kind: store.Association, status: xds.Approved, inMessage: true}, true
	}
	o, ok := p.state.Objects[id]
	return end{id: id, kind: o.Kind, patient: o.Patient, status: o.Status, objectType: o.ObjectType, transforms: o.Transforms}, ok
}

// association judges an Association that touches the registry; one between two objects of the message is judged by
// package validate. Effects of correct ones go into the registration.
func (p *plan) association(a *xds.Association) {
	source, okSource := p.find(a.Source)
	target, okTarget := p.find(a.Target)
	if !okSource || !okTarget {
		p.unresolved(a, okSource, okTarget)
		return
	}
	if source.id == target.id || target.inMessage && target.kind == store.SubmissionSet {
		return // refused by package validate whatever else they are
	}
	if a.Type.IsRelationship() {
		p.relationship(a, source, target)
		return
	}
	if a.Type == xds.HasMember && !(source.inMessage && target.inMessage) {
		p.membership(a, source, target)
	}
}

// unresolved: an id that is neither in the message nor registered. Symbols are reported by package validate.
func (p *plan) unresolved(a *xds.Association, okSource, okTarget bool) {
	for _, e := range []struct {
		ok         bool
		name, sent string
	}{{okSource, "sourceObject", a.SourceSymbol}, {okTarget, "targetObject", a.TargetSymbol}} {
		if !e.ok && xds.IsUUID(e.sent) {
			p.found.Find(&referenceResolved, a.Symbol, e.name+": expected the id of an object of this submission or of the registry, got "+quote(e.sent))
		}
	}
}

// membership: HasMember with a registered end (ITI TF-3: 4.2.2.1).
func (p *plan) membership(a *xds.Association, source, target end) {
	switch {
	case source.kind == store.SubmissionSet && !source.inMessage:
		p.found.Find(&submissionSetClosed, a.Symbol, "sourceObject: expected the SubmissionSet of this submission, got one of an earlier submission")
	case source.kind == store.SubmissionSet && target.kind == store.DocumentEntry:
		if a.SubmissionSetStatus == "" { // Original is refused by package validate: it says that the target is in the message
			p.found.Find(&referenceStatus, a.Symbol, "SubmissionSetStatus: expected Reference for a DocumentEntry that is registered already, found none")
		}
	case source.kind == store.SubmissionSet && target.kind == store.Association:
	case source.kind == store.Folder && target.kind == store.DocumentEntry:
		p.folderMember(a, source, target)
	default:
		p.found.Find(&registeredEnds, a.Symbol, "HasMember: expected SubmissionSet to DocumentEntry or Association, or Folder to DocumentEntry, got "+
			kindName(source.kind)+" to "+kindName(target.kind))
	}
}

func (p *plan) folderMember(a *xds.Association, folder, entry end) {
	if folder.status != xds.Approved {
		p.found.Find(&folderApproved, a.Symbol, "sourceObject: expected an Approved Folder, got a Deprecated one")
		return
	}
	if entry.status != xds.Approved {
		p.found.Find(&memberApproved, a.Symbol, "targetObject: expected an Approved DocumentEntry, got a Deprecated one")
	} else if folder.patient != entry.patient {
		p.found.Find(&folderPatient, a.Symbol, "HasMember: expected Folder and DocumentEntry of one patient, got two")
		return
	}
	if !folder.inMessage {
		p.touch(folder.id)
	}
}

// relationship: RPLC, XFRM, APND, XFRM_RPLC, signs, IsSnapshotOf (ITI TF-3: 4.2.2.2).
func (p *plan) relationship(a *xds.Association, source, target end) {
	before := p.found.Refusals()
	if source.kind != store.DocumentEntry || !source.inMessage {
		p.found.Find(&relationshipSource, a.Symbol, "sourceObject: expected a DocumentEntry of this submission, got "+quote(a.SourceSymbol))
	}
	switch {
	case target.kind != store.DocumentEntry:
		p.found.Find(&relationshipTarget, a.Symbol, "targetObject: expected a DocumentEntry, got "+kindName(target.kind)+", "+quote(a.TargetSymbol))
		return
	case target.inMessage && a.Type == xds.IsSnapshotOf:
		return // no message holds an On-Demand entry beside Stable ones: package validate refuses it
	case target.inMessage && a.Type.Replaces():
		p.found.Find(&replacedRegistered, a.Symbol, "targetObject: expected a registered DocumentEntry, got "+quote(a.TargetSymbol)+" of this submission")
		return
	case target.status != xds.Approved:
		p.found.Find(&targetApproved, a.Symbol, "targetObject: expected an Approved DocumentEntry, the current version, got a Deprecated one, "+quote(a.TargetSymbol))
	}
	if source.kind == store.DocumentEntry && source.patient != target.patient && !(source.inMessage && target.inMessage) {
		p.found.Find(&relationshipPatient, a.Symbol, "associationType "+quote(string(a.Type))+": expected two DocumentEntries of one patient, got those of two")
	}
	if a.Type == xds.Append && target.transforms {
		p.found.Find(&appendTransformation, a.Symbol, "targetObject: expected a document that is no transformation, got one, "+quote(a.TargetSymbol))
	}
	if a.Type == xds.IsSnapshotOf && target.objectType != xds.OnDemand {
		p.found.Find(&snapshotOnDemand, a.Symbol, "targetObject: expected an On-Demand DocumentEntry, got a Stable one, "+quote(a.TargetSymbol))
	}
	if a.Type.Replaces() && p.found.Refusals() == before {
		p.replace(a)
	}
}

// replace deprecates the target with its transformations and addenda, and puts the new DocumentEntry into the Folders that
// hold the old one (ITI TF-2: 3.42.4.1.3.3.4; ITI TF-3: 4.2.2.2.3).
func (p *plan) replace(a *xds.Association) {
	if p.replaced[a.Target] {
		p.found.Find(&replacedOnce, a.Symbol, "targetObject: expected to be replaced once by this submission, got a second replacement of "+quote(a.TargetSymbol))
		return
	}
	p.replaced[a.Target] = true
	p.registration.Deprecate = append(p.registration.Deprecate, a.Target)
	p.registration.DeprecateAlso = p.state.Dependents // of all that the message replaces
	for _, f := range p.state.Folders[a.Target] {
		if f.Patient != p.entries[a.Source].PatientID.Key() {
			p.found.Find(&replacementFolder, a.Symbol, "sourceObject: expected the patient of the Folder that holds the replaced DocumentEntry, got another one")
			continue
		}
		if !p.submitted(f.EntryUUID, a.Source) {
			member := p.hasMember(f.EntryUUID, a.Source)
			p.registration.Associations = append(p.registration.Associations,
				member, p.hasMember(p.submission.SubmissionSet().EntryUUID, member.EntryUUID))
		}
		p.touch(f.EntryUUID)
	}
}

// stale: what the message replaces, and what falls with it, is Deprecated when the message is done, so nothing of the message
// can hang on it. Replacing an addendum together with its document is fine.
func (p *plan) stale() {
	gone := map[xds.EntryUUID]bool{}
	for _, id := range append(append([]xds.EntryUUID(nil), p.registration.Deprecate...), p.registration.DeprecateAlso...) {
		gone[id] = true
	}
	for _, a := range p.submission.Associations {
		if a.Type.IsRelationship() && !a.Type.Replaces() && gone[a.Target] {
			p.found.Find(&targetApproved, a.Symbol, "targetObject: expected an Approved DocumentEntry, got "+quote(a.TargetSymbol)+
				", which is replaced by this submission or falls with what it replaces")
		}
	}
}

// submitted tells whether the message itself, or an earlier replacement of it, puts the entry into the folder.
func (p *plan) submitted(folder, entry xds.EntryUUID) bool {
	for _, a := range p.registration.Associations {
		if a.Type == xds.HasMember && a.Source == folder && a.Target == entry {
			return true
		}
	}
	return false
}

// hasMember makes an Association of the registry's own.
func (p *plan) hasMember(source, target xds.EntryUUID) *xds.Association {
	id := xds.EntryUUID("urn:uuid:" + p.newUUID())
	return &xds.Association{
		AvailabilityStatus: xds.Approved, EntryUUID: id, Source: source, Target: target, Type: xds.HasMember,
		Object: &ebrim.Association{
			RegistryObject: ebrim.RegistryObject{ID: string(id), LID: string(id)},
			Type:           string(xds.HasMember), Source: string(source), Target: string(target),
		},
	}
}

func (p *plan) touch(folder xds.EntryUUID) {
	for _, f := range p.registration.Touch {
		if f == folder {
			return
		}
	}
	p.registration.Touch = append(p.registration.Touch, folder)
}
