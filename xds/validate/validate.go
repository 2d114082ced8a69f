package validate

import (
	"slices"
	"strconv"

	"dossier/xds"
)

// MaxProblems bounds how many problems of one submission are listed; a hostile message could otherwise ask for an answer
// many times its own size.
const MaxProblems = 500

// Profile says how a submission is judged.
type Profile struct {
	Registry bool // ITI-42: hash, size and repositoryUniqueId are required, which in ITI-41 the repository adds
	Strict   bool // by the letter, without the liberal readings
}

// Rule is one rule of the metadata with its citation.
type Rule struct {
	Name   string // stable kebab-case word
	Cite   string // such as "ITI TF-3: 4.2.3.2.3"
	Code   xds.ErrorCode
	Strict bool // judged by a strict profile only

	// Check reports each violation: the id of the object as sent, else its path in the message, and what was expected
	// and what came.
	Check func(s *xds.Submission, p Profile, report func(location, context string))
}

// Rules returns all rules in the order in which they are judged: message structure, attributes, associations, patient,
// uniqueIds.
func Rules() []Rule { return slices.Clone(rules) }

// Submission judges a submission that xds.ReadSubmission made and nobody resolved yet. It returns every problem at once,
// in the order of Rules, up to MaxProblems; a last entry without a rule tells when there are more.
func Submission(s *xds.Submission, p Profile) xds.Errors {
	var out xds.Errors
	for i := range rules {
		r := &rules[i]
		if r.Strict && !p.Strict {
			continue
		}
		r.Check(s, p, func(location, context string) {
			if len(out) <= MaxProblems {
				out = append(out, &xds.Error{Code: r.Code, Context: context, Location: location, Rule: r.Name, Section: r.Cite})
			}
		})
		if len(out) > MaxProblems {
			out[MaxProblems] = &xds.Error{Code: r.Code, Context: "more than " + strconv.Itoa(MaxProblems) + " problems; the rest is not listed"}
			break
		}
	}
	return out
}
