package store

import "context"

// Inspector walks through everything there is, one item at a time, for a check of the whole store. It changes nothing,
// and it works on damaged stores: a row that lacks its partner is a finding, not an error.
type Inspector interface {
	// Intact asks the database to check itself and returns what it finds, nothing when all is well.
	Intact(ctx context.Context) ([]string, error)
	// EachDocument calls fn for every registered document of the Document Repository's index.
	EachDocument(ctx context.Context, fn func(Document) error) error
	// EachObject calls fn for every DocumentEntry, SubmissionSet and Folder, with its Fragment. It is valid during the call
	// only.
	EachObject(ctx context.Context, fn func(Inspected) error) error
	// EachInconsistency calls fn for every row that contradicts another one or misses it. registry says that this database is
	// the Document Registry of its documents, so that each of them must have a DocumentEntry.
	EachInconsistency(ctx context.Context, registry bool, fn func(Inconsistency) error) error
}

// Inspected is one registered object and how many distinct values of each multi-valued attribute queries can find it by.
type Inspected struct {
	Object
	Authors, EventCodes, ConfidentialityCodes, ReferenceIDs, FolderCodes int
}

// Inconsistency is a row that does not go with the others.
type Inconsistency struct {
	ID      string // entryUUID, uniqueId, or the number of a row that has neither; never a patient id
	Problem string // what is wrong with it
}
