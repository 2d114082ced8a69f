package store

import "context"

// Inspector walks through everything there is, one item at a time, for a check of the whole store.
type Inspector interface {
	// Intact asks the database to check itself and returns what it finds, nothing when all is well.
	Intact(ctx context.Context) ([]string, error)
	// EachDocument calls fn for every registered document of the Document Repository's index.
	EachDocument(ctx context.Context, fn func(Document) error) error
	// EachEntry calls fn for every DocumentEntry, with its Fragment. The Object is valid during the call only.
	EachEntry(ctx context.Context, fn func(Object) error) error
}
