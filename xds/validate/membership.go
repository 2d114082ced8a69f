package validate

import (
	"dossier/xds"
)

// memberships collects the targets of the SubmissionSet's HasMember associations. ok is false without exactly one
// SubmissionSet: then nothing can be a member, and one error says so.
func memberships(s *xds.Submission) (members map[xds.EntryUUID][]*xds.Association, ok bool) {
	if len(s.SubmissionSets) != 1 {
		return nil, false
	}
	members = map[xds.EntryUUID][]*xds.Association{}
	for _, a := range s.Associations {
		if a.Type == xds.HasMember && a.Source == s.SubmissionSets[0].EntryUUID {
			members[a.Target] = append(members[a.Target], a)
		}
	}
	return members, true
}

// entryInSet: whatever status a membership has that is not Reference, it is meant to be Original and judged by its own
// rule.
func entryInSet(s *xds.Submission, _ Profile, report func(location, context string)) {
	members, ok := memberships(s)
	if !ok {
		return
	}
	for _, e := range s.DocumentEntries {
		if e.EntryUUID != "" && !hasOriginal(members[e.EntryUUID]) {
			report(where(&e.Object.RegistryObject), "DocumentEntry: expected to be the target of HasMember from the SubmissionSet with SubmissionSetStatus Original, found none")
		}
	}
}

func hasOriginal(members []*xds.Association) bool {
	for _, a := range members {
		if a.SubmissionSetStatus != xds.Reference {
			return true
		}
	}
	return false
}

func folderInSet(s *xds.Submission, _ Profile, report func(location, context string)) {
	members, ok := memberships(s)
	if !ok {
		return
	}
	for _, f := range s.Folders {
		if f.EntryUUID != "" && len(members[f.EntryUUID]) == 0 {
			report(where(&f.Object.RegistryObject), "Folder: expected to be the target of HasMember from the SubmissionSet, found none")
		}
	}
}

// memberInSet: the SubmissionSet owns each membership of a Folder, also of a registered one.
func memberInSet(s *xds.Submission, _ Profile, report func(location, context string)) {
	members, ok := memberships(s)
	if !ok {
		return
	}
	in := indexOf(s)
	for _, a := range s.Associations {
		source := in[string(a.Source)]
		ofFolder := a.Type == xds.HasMember && (source == folder || source == 0 && xds.IsUUID(string(a.Source)))
		if ofFolder && a.EntryUUID != "" && len(members[a.EntryUUID]) == 0 {
			report(where(&a.Object.RegistryObject), "Folder membership: expected to be the target of HasMember from the SubmissionSet, found none")
		}
	}
}

// snapshotEnds: a registry takes On-Demand entries by ITI-61 only, so the target is never in the message.
func snapshotEnds(s *xds.Submission, _ Profile, report func(location, context string)) {
	types := map[xds.EntryUUID]xds.ObjectType{}
	for _, e := range s.DocumentEntries {
		types[e.EntryUUID] = e.ObjectType
	}
	for _, a := range s.Associations {
		if a.Type != xds.IsSnapshotOf {
			continue
		}
		if t, found := types[a.Source]; found && t == xds.OnDemand {
			report(where(&a.Object.RegistryObject), "IsSnapshotOf: expected a Stable DocumentEntry as source, got an On-Demand one")
		}
		if t, found := types[a.Target]; found && t != xds.OnDemand {
			report(where(&a.Object.RegistryObject), "IsSnapshotOf: expected an On-Demand DocumentEntry as target, got "+quote(a.TargetSymbol))
		}
	}
}
