package manager

import (
	"context"
	"errors"
	"slices"

	"dossier/hl7v2"
	"dossier/pix"
)

// Core is the PIX Manager and Patient Demographics Supplier without a protocol. HL7 v2 and v3 turn their messages into its
// values and its values into theirs; a *pix.Refusal says which part of the request it is about, and each protocol knows where
// that part stands in its message.
type Core struct {
	Index   pix.Index
	Domains pix.Domains
	// Limit is the most people that one demographics query may find.
	Limit int
	// MPI is the patient index where that is elsewhere. Then this one is the patient table of a Document Registry: it takes the feed
	// of the affinity domain (ITI-8, ITI-44) and, as a PIX Consumer, notifications (ITI-10, ITI-46); queries and the management of
	// identities are refused. nil: the index is here.
	MPI interface {
		// Invalidate says that what was known of the ids may have changed.
		Invalidate(ids ...hl7v2.CX)
	}
	cursors cursors
}

// Feed makes a change (ITI-8, ITI-30, ITI-44). It returns a *pix.Refusal or *pix.MergeError when nothing was changed.
func (c *Core) Feed(ctx context.Context, f pix.Feed) error {
	err := c.Index.Apply(ctx, f)
	if c.MPI != nil && len(f.Other) > 0 { // a merge, whatever became of it: to ask once too often does no harm
		c.MPI.Invalidate(slices.Concat(f.IDs, f.Other)...)
	}
	return err
}

// Affinity returns the ids that the affinity domain has for a local id: none where it is not known or has none. local is false
// for ids of other domains than those with local ids, which are left alone.
func (c *Core) Affinity(ctx context.Context, id hl7v2.CX) (ids []hl7v2.CX, local bool, err error) {
	if d := c.Domains.Find(id.Authority); d == nil || d.Affinity {
		return nil, false, nil
	}
	ids, err = c.CrossReferences(ctx, CrossReference{ID: id, Domains: []hl7v2.HD{c.Domains.Affinity().Authority}})
	var refused *pix.Refusal
	if errors.As(err, &refused) && refused.Reason == pix.UnknownID {
		return nil, true, nil
	}
	return ids, true, err
}

// CrossReference is a PIX Query (ITI-9, ITI-45).
type CrossReference struct {
	ID      hl7v2.CX
	Domains []hl7v2.HD // those wanted; all when empty
}

// CrossReferences returns the other ids of the patient, each with its whole authority, ids of one domain next to each other;
// none when the patient is known and has no other in these domains (ITI TF-2: 3.9.4.2.2.6, case 2). The refusals are
// UnknownDomain at PartAuthority (case 4), UnknownID at PartID (case 3) and, joined, UnknownDomain at PartDomain for each
// domain wanted that is not known (case 5).
func (c *Core) CrossReferences(ctx context.Context, q CrossReference) ([]hl7v2.CX, error) {
	d := c.Domains.Find(q.ID.Authority)
	if d == nil {
		return nil, &pix.Refusal{Reason: pix.UnknownDomain, Part: pix.PartAuthority}
	}
	wanted, err := c.wanted(q.Domains)
	if err != nil {
		return nil, err
	}
	key := hl7v2.PatientKey{ID: q.ID.ID, Authority: d.Authority.UniversalID}
	p, err := c.Index.Person(ctx, key)
	if err != nil {
		return nil, err
	}
	var out []hl7v2.CX
	for _, k := range p.IDs(wanted...) {
		if k != key {
			out = append(out, c.Domains.CX(k))
		}
	}
	return out, nil
}

// wanted resolves the domains asked for to their OIDs; all unknown ones are refused at once.
func (c *Core) wanted(domains []hl7v2.HD) ([]string, error) {
	var out []string
	var unknown refusals
	for n, a := range domains {
		if d := c.Domains.Find(a); d != nil {
			out = append(out, d.Authority.UniversalID)
		} else {
			unknown = append(unknown, &pix.Refusal{Reason: pix.UnknownDomain, Part: pix.PartDomain, Index: n})
		}
	}
	if len(unknown) > 0 {
		return nil, unknown
	}
	return out, nil
}

// refusals are several at once; errors.As finds the first, Unwrap all.
type refusals []*pix.Refusal

func (r refusals) Error() string { return r[0].Error() }

// Unwrap returns each refusal.
func (r refusals) Unwrap() []error {
	out := make([]error, len(r))
	for i, x := range r {
		out[i] = x
	}
	return out
}

// Demographics is a Patient Demographics Query (ITI-21, ITI-47).
type Demographics struct {
	Search  pix.Search
	Domains []hl7v2.HD // ids to be returned; all when empty
	// Quantity is the most people in one answer; 0 for all.
	Quantity int
	// MinimumScore leaves out who matches less (v3: minimumDegreeMatch).
	MinimumScore int
	// Tag names the query of this asker, for its continuation and its end: query tag and sender.
	Tag Tag
	// Memo is what the protocol needs of the query for each of its blocks.
	Memo any
}

// Tag names a query: QPD-2 or queryId, and who asks.
type Tag struct{ Query, Asker string }

// Block is a part of the people that a query found.
type Block struct {
	People []Patient
	// Total were found, Remaining are still to come.
	Total, Remaining int
	// Pointer is what asks for the next block (DSC-1); empty when none is left.
	Pointer string
	Memo    any // of the query
}

// Patient is one person as answers show it.
type Patient struct {
	IDs          []hl7v2.CX
	Demographics pix.Demographics
	Score        int // 0 to 100
}

// Patients answers a demographics query with its first block. People without an id in the domains asked for are left out
// (ITI TF-2: 3.21.4.2). The refusals are UnknownDomain at PartDomain, joined, and NoCriteria or TooLoose at
// PartCriterion; an unknown domain of Search.ID finds nobody.
func (c *Core) Patients(ctx context.Context, q Demographics) (*Block, error) {
	wanted, err := c.wanted(q.Domains)
	if err != nil {
		return nil, err
	}
	found, err := c.Index.Search(ctx, q.Search, c.Limit)
	if err != nil {
		return nil, err
	}
	var people []Patient
	for _, f := range found {
		if ids := f.IDs(wanted...); len(ids) > 0 && f.Score >= q.MinimumScore {
			p := Patient{Demographics: f.Best.Demographics, Score: f.Score}
			for _, k := range ids {
				p.IDs = append(p.IDs, c.Domains.CX(k))
			}
			people = append(people, p)
		}
	}
	return c.cursors.start(q.Tag, &cursor{people: people, memo: q.Memo}, q.Quantity), nil
}

// Next returns the block that the pointer asks for, of quantity people: UnknownPointer at PartPointer when the query was
// cancelled, forgotten or never asked. An empty pointer stands for the next block whatever it is (v3).
func (c *Core) Next(tag Tag, pointer string, quantity int) (*Block, error) {
	return c.cursors.next(tag, pointer, quantity)
}

// Cancel forgets a query; one that is not known is no error, since it may have just ended.
func (c *Core) Cancel(tag Tag) { c.cursors.cancel(tag) }
