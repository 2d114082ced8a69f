package validate

import (
	"slices"

	"dossier/xds"
)

// MaxProblems bounds how many problems of one submission are listed.
const MaxProblems = xds.MaxProblems

// Profile says how a submission is judged.
type Profile struct {
	Registry bool // ITI-42: hash, size and repositoryUniqueId are required, which in ITI-41 the repository adds
	Strict   bool // by the letter, without the liberal readings
	Modes    map[string]xds.Mode
}

// Policy is the part of the profile that rules elsewhere are judged by too.
func (p Profile) Policy() xds.Policy { return xds.Policy{Strict: p.Strict, Modes: p.Modes} }

// Rule is one rule of the metadata.
type Rule struct {
	xds.Rule

	// Check reports each violation: the id of the object as sent, else its path in the message, and what was expected
	// and what came.
	Check func(s *xds.Submission, p Profile, report func(location, context string))
}

// Rules returns all rules in the order in which they are judged: message structure, attributes, associations, patient,
// uniqueIds.
func Rules() []Rule { return slices.Clone(rules) }

// Submission judges a submission that xds.ReadSubmission made and nobody resolved yet. It finds every problem at once, in
// the order of Rules, up to MaxProblems in each mode; a last entry without a rule tells when there are more.
func Submission(s *xds.Submission, p Profile) *xds.Findings {
	found := &xds.Findings{Policy: p.Policy()}
	for i := range rules {
		r := &rules[i]
		if found.Mode(&r.Rule) == xds.ModeOff {
			continue
		}
		r.Check(s, p, func(location, context string) { found.Find(&r.Rule, location, context) })
		if found.Full() {
			break
		}
	}
	return found
}
