package validate

import (
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/xds"
)

// associationRules hold as far as the message alone tells; ends that are registered objects are the registry's business.
var associationRules = []Rule{
	fixed("association-type", "ITI TF-3: 4.2.2", eachAssociation(associationType)),
	metadata("association-type-defined", "ITI TF-3: 4.2.2", eachAssociation(typeDefined)),
	fixed("association-ends-present", "ITI TF-3: 4.2.2", eachAssociation(endsPresent)),
	coded(xds.UnresolvedReferenceException, "reference-defined", "ITI TF-3: Table 4.2.4.1-2", eachAssociation(referenceDefined)),
	fixed("association-ends-differ", "ITI TF-3: 4.2.2", eachAssociation(endsDiffer)),
	fixed("submission-set-not-target", "ITI TF-3: 4.2.2", eachAssociation(setNotTarget)),
	fixed("entry-in-submission-set", "ITI TF-3: 4.2.2.1", entryInSet),
	fixed("folder-in-submission-set", "ITI TF-3: 4.2.2.1", folderInSet),
	metadata("folder-member-in-submission-set", "ITI TF-3: 4.2.2.1", memberInSet),
	metadata("association-submission-set-status", "ITI TF-3: 4.2.2.1", eachAssociation(statusSlot)),
	fixed("original-in-message", "ITI TF-3: 4.2.2.1", eachAssociation(originalInMessage)),
	fixed("reference-registered", "ITI TF-3: 4.2.2.1", eachAssociation(referenceRegistered)),
	fixed("has-member-ends", "ITI TF-3: 4.2.2.1", eachAssociation(hasMemberEnds)),
	metadata("association-documentation", "ITI TF-3: 4.2.2.2", eachAssociation(documentation)),
	fixed("snapshot-ends", "ITI TF-3: 4.2.2.2", snapshotEnds),
	fixed("association-update-type", "ITI TF-3: 4.2.2", eachAssociation(updateType)),
}

type associationJudge func(a *xds.Association, in index, report func(context string))

func eachAssociation(j associationJudge) check {
	return func(s *xds.Submission, _ Profile, report func(location, context string)) {
		in := indexOf(s)
		for _, a := range s.Associations {
			j(a, in, func(context string) { report(where(&a.Object.RegistryObject), context) })
		}
	}
}

func associationType(a *xds.Association, _ index, report func(context string)) {
	if !strings.HasPrefix(string(a.Type), "urn:") {
		report("associationType: " + expected("the URN of a type", string(a.Type)))
	}
}

// typeDefined: communities have types of their own, which an operator may let in; they relate objects and do nothing else.
func typeDefined(a *xds.Association, _ index, report func(context string)) {
	if strings.HasPrefix(string(a.Type), "urn:") && a.Type != xds.HasMember && !a.Type.IsRelationship() && !isUpdate(a.Type) {
		report("associationType: " + expected("a type that IHE defines", string(a.Type)))
	}
}

func isUpdate(t xds.AssociationType) bool {
	return t == xds.UpdateAvailabilityStatus || t == xds.SubmitAssociation
}

func updateType(a *xds.Association, _ index, report func(context string)) {
	if isUpdate(a.Type) {
		report("associationType: expected one of a submission; updates are made by ITI-57, got " + quote(string(a.Type)))
	}
}

func endsPresent(a *xds.Association, _ index, report func(context string)) {
	if a.Source == "" {
		report("sourceObject: expected an id, found none")
	}
	if a.Target == "" {
		report("targetObject: expected an id, found none")
	}
}

// referenceDefined: a symbol is defined in the message; a UUID may be registered.
func referenceDefined(a *xds.Association, in index, report func(context string)) {
	undefined := func(name string, id xds.EntryUUID) {
		if id != "" && !xds.IsUUID(string(id)) && in[string(id)] == 0 {
			report(name + ": " + expected("the id of an object of this message, or a UUID", string(id)))
		}
	}
	undefined("sourceObject", a.Source)
	undefined("targetObject", a.Target)
}

func endsDiffer(a *xds.Association, _ index, report func(context string)) {
	if a.Source != "" && a.Source == a.Target {
		report("targetObject: expected another object than sourceObject, got " + quote(string(a.Target)) + " for both")
	}
}

func setNotTarget(a *xds.Association, in index, report func(context string)) {
	if in[string(a.Target)] == set {
		report("targetObject: expected anything but a SubmissionSet, got " + quote(string(a.Target)))
	}
}

// fromSet tells the SubmissionSet's memberships.
func fromSet(a *xds.Association, in index) bool {
	return a.Type == xds.HasMember && in[string(a.Source)] == set
}

// statusSlot: SubmissionSetStatus belongs to memberships of documents. A target outside of the message may be a
// registered DocumentEntry, which needs the Slot, or an Association, which must not have it.
func statusSlot(a *xds.Association, in index, report func(context string)) {
	values := ebrim.Values(a.Object.Slots, xds.SlotSubmissionSetStatus)
	target := in[string(a.Target)]
	switch {
	case in[string(a.Source)] == unmarked: // may be meant as the SubmissionSet
	case !fromSet(a, in) || target != entry && target != 0:
		if len(values) > 0 {
			report("SubmissionSetStatus: expected only where a SubmissionSet has a DocumentEntry as member, got " + quote(values[0]))
		}
	case len(values) != 1:
		if target == entry || len(values) > 1 {
			report("SubmissionSetStatus: " + count(1, 1, len(values)))
		}
	case values[0] != xds.Original && values[0] != xds.Reference:
		report("SubmissionSetStatus: " + expected("Original or Reference", values[0]))
	}
}

func originalInMessage(a *xds.Association, in index, report func(context string)) {
	if fromSet(a, in) && a.SubmissionSetStatus == xds.Original && in[string(a.Target)] == 0 && xds.IsUUID(string(a.Target)) {
		report("SubmissionSetStatus: expected Original only for a DocumentEntry of this message, got it for " + quote(a.TargetSymbol))
	}
}

func referenceRegistered(a *xds.Association, in index, report func(context string)) {
	if fromSet(a, in) && a.SubmissionSetStatus == xds.Reference && in[string(a.Target)] == entry {
		report("SubmissionSetStatus: expected Reference only for a registered DocumentEntry, got it for " + quote(a.TargetSymbol) + " of this message")
	}
}

func hasMemberEnds(a *xds.Association, in index, report func(context string)) {
	source, target := in[string(a.Source)], in[string(a.Target)]
	if a.Type != xds.HasMember || source == 0 || target == 0 || (source|target)&unmarked != 0 || target == set {
		return
	}
	if source == set || source == folder && target == entry || a.Source == a.Target {
		return
	}
	report("HasMember: expected SubmissionSet to DocumentEntry, Folder or Association, or Folder to DocumentEntry, got " +
		source.name() + " to " + target.name())
}

func documentation(a *xds.Association, _ index, report func(context string)) {
	n := len(a.Object.Classified(xds.SchemeAssociationDocumentation))
	switch a.Type {
	case xds.Replace, xds.Transform, xds.Append, xds.TransformAndReplace:
		if n > 1 {
			report("documentation: " + count(0, 1, n))
		}
	default:
		if n > 0 {
			report("documentation: expected only on RPLC, XFRM, APND and XFRM_RPLC, found " + strconv.Itoa(n) + " on " + quote(string(a.Type)))
		}
	}
}
