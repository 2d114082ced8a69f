package pix

import (
	"context"
	"errors"

	"dossier/hl7v2"
)

// ErrUnavailable says that a patient index elsewhere gave no usable answer: whether it knows the patient stays open.
var ErrUnavailable = errors.New("pix: the patient index elsewhere gave no usable answer")

// Index is the patient index as its actors use it. Every method that finds fault with its argument returns a *Refusal or
// *MergeError and changes nothing.
type Index interface {
	// Apply makes one change in one transaction, which also makes the ids of the affinity domain known to the Document
	// Registry, or merges them there.
	Apply(ctx context.Context, f Feed) error
	// Person finds who has the id: *Refusal with UnknownID when nobody has, or the id was subsumed.
	Person(ctx context.Context, id hl7v2.PatientKey) (*Person, error)
	// Search finds people by demographics, the best matches first, at most limit: *Refusal with TooLoose when there are
	// more, and with NoCriteria when nothing narrows the search.
	Search(ctx context.Context, s Search, limit int) ([]Found, error)
}

// Worklist is for those who look after identities.
type Worklist interface {
	// Reviews lists open possible duplicates, the most alike first.
	Reviews(ctx context.Context, limit int) ([]Review, error)
	// History lists what happened to an id, the oldest first.
	History(ctx context.Context, id hl7v2.PatientKey) ([]Entry, error)
	// Merged lists the ids that are one record with an id, by merges (A40) and changes of ids (A47) before and after it: the id
	// itself, known or not, then the others in the order in which they became known. Links are not followed: they join
	// records, and may be taken back.
	Merged(ctx context.Context, id hl7v2.PatientKey) ([]hl7v2.PatientKey, error)
}

// Outbox keeps the notices that consumers have not acknowledged.
type Outbox interface {
	// NextNotice returns the oldest notice for the consumer; nil when there is none.
	NextNotice(ctx context.Context, consumer string) (*Notice, error)
	// Attempted counts a failed delivery.
	Attempted(ctx context.Context, seq int64) error
	// Settled removes a notice that was delivered, or that the consumer refused.
	Settled(ctx context.Context, seq int64) error
}

// Reader shows what a decision depends on, within the transaction that will write its Effects. Two results that mean the
// same identity are the same pointer.
type Reader interface {
	// Identities returns those of the ids that are known, subsumed ones with their Survivor.
	Identities(ctx context.Context, keys []hl7v2.PatientKey) ([]*Identity, error)
	// Group returns every identity of the people with these numbers, subsumed ones too, with all links and separations
	// that have one of them at either end.
	Group(ctx context.Context, people []int64) (*Group, error)
	// Candidates returns live identities that have one of the keys, at most limit.
	Candidates(ctx context.Context, keys []string, limit int) ([]*Identity, error)
}

// Group is some people with everything that holds them together and apart.
type Group struct {
	Members []*Identity
	Links   []Joined
	Apart   []Pair
}

// Effects are what a decision changes. New identities have Seq 0 and are stored first.
type Effects struct {
	Store   []*Identity // new, or with other Demographics, Person, Survivor; Person 0 stands for the Seq it gets
	Link    []Joined
	Unlink  []Joined
	Apart   []Pair // ends open reviews of the pair too
	Reunite []Pair // no longer apart
	// Examined are identities whose open reviews are replaced by those of Reviews.
	Examined []*Identity
	Reviews  []Review
	Known    []hl7v2.CX // ids of the affinity domain that the Document Registry must know
	Merged   []Merge    // and those that it must merge
	History  []Entry
	Notices  []Notice

	fresh [][]*Identity // people of new identities only
}

// Keys are the values by which the identity is found, by matching (Reader.Candidates) and by searches (Finder.Between);
// none when it was subsumed.
func (i *Identity) Keys() []string {
	if !i.Live() {
		return nil
	}
	return distinct(append(i.Demographics.keys().stored, clipped(i.Demographics.searchKeys())...))
}
