package registry

import (
	"testing"

	"dossier/ebrim"
	"dossier/store"
	"dossier/xds"
)

// TestPlanRulesOffTheWire: rules that no message to this server can break, because what they need gets into a registry by
// options that it does not have yet: On-Demand entries, Folders of another status, changed patients.
func TestPlanRulesOffTheWire(t *testing.T) {
	t.Parallel()
	for name, breaks := range map[string]func(s *xds.Submission, st *store.State){
		"unique-id-object-type": func(_ *xds.Submission, st *store.State) {
			st.UniqueIDs["doc"] = store.UniqueIDState{Kind: store.DocumentEntry, ObjectType: xds.OnDemand}
		},
		"folder-approved": func(s *xds.Submission, st *store.State) {
			change(st, oldFolder, func(o *store.ObjectState) { o.Status = xds.Deprecated })
			s.Associations = append(s.Associations, link(xds.HasMember, oldFolder, newEntry))
		},
		"replacement-folder-patient": func(s *xds.Submission, st *store.State) {
			st.Folders[oldEntry] = []store.FolderState{{EntryUUID: oldFolder, Patient: cx("Q").Key()}}
			s.Associations = append(s.Associations, link(xds.Replace, newEntry, oldEntry))
		},
	} {
		s, state := scene()
		breaks(s, state)
		if _, problems := decide(s, state); len(problems) != 1 || problems[0].Rule != name {
			t.Errorf("%s: got %v", name, problems)
		}
	}
}

// TestPlanModes: what is not fixed can be turned down, and the effects of the submission are those that it would have
// without the problem.
func TestPlanModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []xds.Mode{xds.ModeOff, xds.ModeLog, xds.ModeWarn, xds.ModeReject} {
		s, state := scene()
		change(state, oldEntry, func(o *store.ObjectState) { o.Status = xds.Deprecated })
		s.Associations = append(s.Associations, link(xds.HasMember, oldFolder, oldEntry))
		p := &plan{submission: s, state: state, newUUID: func() string { return "own" }}
		p.found.Modes = map[string]xds.Mode{"member-approved": mode, "patient-known": mode}
		found := p.decide()
		refused, warned, noted := found.Refusals(), len(found.Problems)-found.Refusals(), len(found.Notes())
		want := map[xds.Mode][3]int{xds.ModeOff: {}, xds.ModeLog: {0, 0, 1}, xds.ModeWarn: {0, 1, 0}, xds.ModeReject: {1, 0, 0}}[mode]
		if got := [3]int{refused, warned, noted}; got != want {
			t.Errorf("%s: %v refusals, warnings and notes, want %v", mode, got, want)
		}
		if len(p.registration.Touch) != 1 {
			t.Errorf("%s: the Folder gets no new lastUpdateTime", mode)
		}
	}
	s, state := scene()
	s.SubmissionSets[0].PatientID = cx("X")
	p := &plan{submission: s, state: state}
	p.found.Modes = map[string]xds.Mode{"patient-known": xds.ModeOff}
	if found := p.decide(); found.Refusals() != 1 {
		t.Errorf("a fixed rule was turned off: %v", found.Problems)
	}
}

// TestRelayedFailureIsNamed: a registry that fails without saying why is a problem with a rule too.
func TestRelayedFailureIsNamed(t *testing.T) {
	t.Parallel()
	got, err := Relayed(&ebrim.RegistryResponse{Status: ebrim.StatusFailure})
	if err != nil || len(got) != 1 || got[0].Rule != "failure-named" || got[0].Relayed {
		t.Errorf("got %v, %v", got, err)
	}
}
