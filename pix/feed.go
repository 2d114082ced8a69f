package pix

import (
	"time"

	"dossier/hl7v2"
)

// Event is what a feed does.
type Event string

// The events, with the messages that carry them.
const (
	EventCreate Event = "create"    // A01 A04 A05 A28, PRPA_IN201301UV02
	EventUpdate Event = "update"    // A31, PRPA_IN201302UV02
	EventRevise Event = "revise"    // A08: an update that ignores unknown patients (ITI TF-2: 3.8.4.1.3)
	EventMerge  Event = "merge"     // A40, PRPA_IN201304UV02
	EventChange Event = "change id" // A47
	EventLink   Event = "link"      // A24
	EventUnlink Event = "unlink"    // A37
)

// Feed is one change as a source reports it, whatever the protocol. The ids are as received; Domains.admit resolves them.
type Feed struct {
	Event Event
	// IDs are the patient's ids (PID-3, patient/id): those that the source may feed become identities. For a merge
	// they hold the surviving id, for a change the new one, for a link one of the two.
	IDs []hl7v2.CX
	// Other is the subsumed id of EventMerge, the old one of EventChange, the second of EventLink and EventUnlink.
	Other []hl7v2.CX
	// National are further ids that may be of a national domain (PID-19, asOtherIDs): never identities, but traits.
	National     []hl7v2.CX
	Demographics Demographics
	Delete       []Trait // what an update asks to forget
	Origin       Origin
}

// Origin says where a change comes from. It stays with every change.
type Origin struct {
	Source  Source
	Message string // MSH-10 or the id of the v3 message
	// Digest tells a retransmission: who sent the message and its id; zero when nobody will send it again.
	Digest [32]byte
	At     time.Time
	// Trusted: not bound to the sources of a domain, an operator or the configuration itself.
	Trusted bool
}

// Reason says why a feed or query is refused.
type Reason string

// The reasons to refuse; those of merges are MergeReason.
const (
	NoID           Reason = "expected an identifier, found none"
	UnknownDomain  Reason = "expected an id of a domain that is configured here"
	NotAllowed     Reason = "expected an id of a domain that this sender may feed"
	BadID          Reason = "expected an id that its domain can have assigned"
	UnknownID      Reason = "expected an id that is known"
	SubsumedID     Reason = "expected a live id, this one was subsumed earlier"
	SeveralIDs     Reason = "expected exactly one id of a domain that is configured here"
	OtherDomain    Reason = "expected two ids of one domain"
	SameID         Reason = "expected two different ids"
	TakenID        Reason = "expected a new id, this one is in use"
	KeptApart      Reason = "expected ids that were never taken apart"
	TooLoose       Reason = "expected criteria that fewer patients match"
	NoCriteria     Reason = "expected a criterion that narrows the search"
	UnknownPointer Reason = "expected a continuation that was handed out here and has not expired"
)

// Part is the part of a feed or query that a refusal is about.
type Part string

// The parts.
const (
	PartID        Part = "id"        // Feed.IDs, or the id of a query
	PartAuthority Part = "authority" // the domain of one of them
	PartOther     Part = "other"     // Feed.Other
	PartDomain    Part = "domain"    // one of the domains asked for
	PartCriterion Part = "criterion" // a search criterion
	PartPointer   Part = "pointer"   // the continuation
)

// Refusal says why nothing was done. Detail never holds an id or a name.
type Refusal struct {
	Reason Reason
	Part   Part
	Index  int // which one of the part, counted from 0
	Detail string
}

// Error gives part and reason.
func (r *Refusal) Error() string {
	return "pix: refused at " + string(r.Part) + ": " + r.Text()
}

// Text is what a sender may be told.
func (r *Refusal) Text() string {
	if r.Detail != "" {
		return string(r.Reason) + ": " + r.Detail
	}
	return string(r.Reason)
}

func refuse(reason Reason, part Part, index int) error {
	return &Refusal{Reason: reason, Part: part, Index: index}
}
