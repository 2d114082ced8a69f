package xds

import (
	"strconv"
	"testing"
)

// TestFindingsAreCapped: a flood of remarks is cut, and never hides the refusal that comes after it.
func TestFindingsAreCapped(t *testing.T) {
	t.Parallel()
	remark, note := Rule{Name: "remark", Code: XDSRegistryMetadataError}, Rule{Name: "note", Code: XDSRegistryMetadataError}
	refusal := Rule{Name: "refusal", Code: XDSRegistryMetadataError, Fixed: true}
	f := &Findings{Policy: Policy{Modes: map[string]Mode{"remark": ModeWarn, "note": ModeLog, "refusal": ModeOff}}}
	for i := range 3 * MaxProblems {
		f.Find(&remark, strconv.Itoa(i), "c")
		f.Find(&note, strconv.Itoa(i/2), "c")
	}
	if f.Full() || f.Problems.Refused() {
		t.Error("remarks refuse or end the judgement")
	}
	f.Find(&refusal, "here", "c")
	all := &Findings{}
	all.Merge(f)
	for name, f := range map[string]*Findings{"found": f, "merged": all} {
		if n := len(f.Problems); n != MaxProblems+2 || f.Problems[n-1].Rule != "refusal" || !f.Problems.Refused() || f.Refusals() != 1 {
			t.Errorf("%s: %d problems, %d refusals", name, n, f.Refusals())
		}
		if last := f.Problems[MaxProblems]; last.Rule != "" || !last.Warning {
			t.Errorf("%s: the cut is not told: %+v", name, last)
		}
		if n := f.Notes(); len(n) != 1 || n[0].Rule != "note" || n[0].Objects != 3*MaxProblems/2 || len(f.Noted) != MaxProblems+1 {
			t.Errorf("%s: notes %+v, %d listed", name, n, len(f.Noted))
		}
	}
	for i := range 2 * MaxProblems {
		f.Find(&refusal, strconv.Itoa(i), "c")
	}
	if !f.Full() {
		t.Error("too many refusals do not end the judgement")
	}
}

// TestPolicy: the letter's rules are off for a lenient registry, an operator's choice comes first, and fixed rules reject.
func TestPolicy(t *testing.T) {
	t.Parallel()
	plain, strict, fixed := Rule{Name: "plain"}, Rule{Name: "strict", Strict: true}, Rule{Name: "fixed", Fixed: true}
	chosen := map[string]Mode{"plain": ModeLog, "strict": ModeWarn, "fixed": ModeOff}
	for _, c := range []struct {
		policy Policy
		rule   Rule
		want   Mode
	}{
		{Policy{}, plain, ModeReject}, {Policy{}, strict, ModeOff}, {Policy{Strict: true}, strict, ModeReject}, {Policy{}, fixed, ModeReject},
		{Policy{Modes: chosen}, plain, ModeLog}, {Policy{Modes: chosen}, strict, ModeWarn}, {Policy{Modes: chosen}, fixed, ModeReject},
	} {
		if got := c.policy.Mode(&c.rule); got != c.want {
			t.Errorf("%+v, %s: got %s, want %s", c.policy, c.rule.Name, got, c.want)
		}
	}
}
