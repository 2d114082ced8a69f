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
			p.refuse(xds.UnresolvedReferenceException, a.Symbol, "reference-resolved", "ITI TF-2: 3.42.4.1.3.3",
				e.name+" "+e.sent+" is neither in this submission nor in the registry")
		}
	}
}

// membership: HasMember with a registered end (ITI TF-3: 4.2.2.1).
func (p *plan) membership(a *xds.Association, source, target end) {
	const section = "ITI TF-3: 4.2.2.1"
	switch {
	case source.kind == store.SubmissionSet && !source.inMessage:
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "submission-set-closed", section,
			"the source is a SubmissionSet of an earlier submission; expected the one of this submission")
	case source.kind == store.SubmissionSet && target.kind == store.DocumentEntry:
		if a.SubmissionSetStatus == "" { // Original is refused by package validate: it says that the target is in the message
			p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "submission-set-status", section,
				"SubmissionSetStatus: expected Reference for a DocumentEntry that is registered already, found none")
		}
	case source.kind == store.SubmissionSet && target.kind == store.Association:
	case source.kind == store.Folder && target.kind == store.DocumentEntry:
		p.folderMember(a, source, target, section)
	default:
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "has-member-ends", section,
			"HasMember from "+kindName(source.kind)+" to "+kindName(target.kind)+" is not defined with registered objects")
	}
}

func (p *plan) folderMember(a *xds.Association, folder, entry end, section string) {
	switch {
	case folder.status != xds.Approved:
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "folder-approved", section, "the Folder is not Approved")
	case entry.status != xds.Approved:
		p.refuse(xds.XDSRegistryDeprecatedDocumentError, a.Symbol, "member-approved", section, "the DocumentEntry is Deprecated and cannot be added to a Folder")
	case folder.patient != entry.patient:
		p.refuse(xds.XDSPatientIDDoesNotMatch, a.Symbol, "folder-patient", section, "Folder and DocumentEntry belong to different patients")
	case !folder.inMessage:
		p.touch(folder.id)
	}
}

// relationship: RPLC, XFRM, APND, XFRM_RPLC, signs, IsSnapshotOf (ITI TF-3: 4.2.2.2).
func (p *plan) relationship(a *xds.Association, source, target end) {
	const section = "ITI TF-3: 4.2.2.2"
	before := len(p.problems)
	if source.kind != store.DocumentEntry || !source.inMessage {
		p.refuse(xds.UnresolvedReferenceException, a.Symbol, "relationship-source", section,
			"sourceObject "+clip(a.SourceSymbol)+" is not a DocumentEntry of this submission")
	}
	switch {
	case target.kind != store.DocumentEntry:
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "relationship-target", section,
			"targetObject "+clip(a.TargetSymbol)+" is "+kindName(target.kind)+"; expected a DocumentEntry")
		return
	case target.inMessage && a.Type == xds.IsSnapshotOf:
		return // no message holds an On-Demand entry beside Stable ones: package validate refuses it
	case target.inMessage && a.Type.Replaces():
		p.refuse(xds.UnresolvedReferenceException, a.Symbol, "relationship-target", section,
			"targetObject "+clip(a.TargetSymbol)+" is part of this submission; expected a registered DocumentEntry")
		return
	case target.status != xds.Approved:
		p.refuse(xds.XDSRegistryDeprecatedDocumentError, a.Symbol, "relationship-target-approved", section,
			"targetObject "+clip(a.TargetSymbol)+" is Deprecated; only the current version can be replaced, transformed, appended or signed")
	}
	if source.kind == store.DocumentEntry && source.patient != target.patient && !(source.inMessage && target.inMessage) {
		p.refuse(xds.XDSPatientIDDoesNotMatch, a.Symbol, "relationship-patient", section, "the two DocumentEntries belong to different patients")
	}
	if a.Type == xds.Append && target.transforms {
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "append-to-transformation", section, "a transformation cannot be appended to")
	}
	if a.Type == xds.IsSnapshotOf && target.objectType != xds.OnDemand {
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "snapshot-of-on-demand", section, "IsSnapshotOf expects an On-Demand DocumentEntry as target")
	}
	if a.Type.Replaces() && len(p.problems) == before {
		p.replace(a, section)
	}
}

// replace deprecates the target with its transformations and addenda, and puts the new DocumentEntry into the Folders that
// hold the old one (ITI TF-2: 3.42.4.1.3.3.4; ITI TF-3: 4.2.2.2.3).
func (p *plan) replace(a *xds.Association, section string) {
	if p.replaced[a.Target] {
		p.refuse(xds.XDSRegistryMetadataError, a.Symbol, "replaced-once", section,
			"targetObject "+a.TargetSymbol+" is replaced twice by this submission")
		return
	}
	p.replaced[a.Target] = true
	p.registration.Deprecate = append(p.registration.Deprecate, a.Target)
	p.registration.DeprecateAlso = p.state.Dependents // of all that the message replaces
	for _, f := range p.state.Folders[a.Target] {
		if f.Patient != p.entries[a.Source].PatientID.Key() {
			p.refuse(xds.XDSPatientIDDoesNotMatch, a.Symbol, "folder-patient", section,
				"the replaced DocumentEntry is in a Folder of another patient than that of the new one")
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
			p.refuse(xds.XDSRegistryDeprecatedDocumentError, a.Symbol, "relationship-target-approved", "ITI TF-3: 4.2.2.2",
				"targetObject "+clip(a.TargetSymbol)+" is replaced by this submission, or falls with what it replaces")
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
