package pix

import (
	"time"

	"dossier/hl7v2"
)

// Identity is one id of one domain with what its source said last.
type Identity struct {
	Seq int64 // the storage's number, 0 before it is stored
	Key hl7v2.PatientKey
	// Person numbers the set of identities that are one person: the smallest Seq among them, subsumed ones included.
	Person       int64
	Demographics Demographics
	// Survivor is the identity that this one was merged into; nil while it is live.
	Survivor *Identity
	// MergedBy is the Digest of the message that did it.
	MergedBy [32]byte
}

// Live tells that the id was not subsumed.
func (i *Identity) Live() bool { return i.Survivor == nil }

// LinkKind says why two identities are one person.
type LinkKind string

// The kinds of links.
const (
	LinkStated   LinkKind = "stated"   // one message listed both ids
	LinkNational LinkKind = "national" // both have the same national id
	LinkExplicit LinkKind = "explicit" // A24, or an operator
	LinkLikely   LinkKind = "likely"   // matching, where Policy.Automatic allows it
)

// Pair is two different identities, in no order.
type Pair struct{ A, B *Identity }

// Joined is a link.
type Joined struct {
	Pair
	Kind LinkKind
}

// Review is a possible duplicate on the worklist.
type Review struct {
	Pair
	Weight float64 // of Policy.Weights; more is more alike
	Reason ReviewReason
}

// ReviewReason says why a pair is on the worklist.
type ReviewReason string

// The reasons for review.
const (
	ReviewAlike      ReviewReason = "alike"                           // the demographics match
	ReviewContradict ReviewReason = "same national id, other person"  // the id matches, the demographics do not
	ReviewApart      ReviewReason = "same national id, but unlinked"  // somebody took them apart before
	ReviewMerge      ReviewReason = "unlinked, but joined by a merge" // a merge brought them together
)

// Entry is one line of the history of an identity.
type Entry struct {
	Identity *Identity
	Other    *Identity // of merges, links and unlinks; nil otherwise
	Event    Event
	Kind     LinkKind      // of links
	Before   *Demographics // of updates, and of merges that handed national ids over
	Origin   Origin
}

// Notice is what a consumer is to be told (ITI-10, ITI-46): the live ids of a person in the consumer's domains.
type Notice struct {
	Seq      int64
	Consumer string
	IDs      []hl7v2.PatientKey
	At       time.Time
	Attempts int
}

// Consumer is a Patient Identifier Cross-reference Consumer that wants to be told (ITI TF-2: 3.10).
type Consumer struct {
	Name    string
	Domains []string // OIDs of its domains of interest; all when empty
}

// Person is the live identities of one person, grouped by domain in the order of Domains (ITI TF-2: 3.9.4.2.2.5: ids of one
// domain stand next to each other).
type Person struct{ Identities []*Identity }

// IDs lists the ids of the domains; of all when none is given.
func (p *Person) IDs(domains ...string) []hl7v2.PatientKey {
	var out []hl7v2.PatientKey
	for _, i := range p.Identities {
		if wanted(domains, i.Key.Authority) {
			out = append(out, i.Key)
		}
	}
	return out
}

func wanted(domains []string, authority string) bool {
	for _, d := range domains {
		if d == authority {
			return true
		}
	}
	return len(domains) == 0
}
