package store

import (
	"context"
	"time"

	"dossier/hl7v2"
	"dossier/store/blob"
	"dossier/xds"
)

// Document is one document of the Document Repository: where its bytes are and as what it was registered.
type Document struct {
	UniqueID xds.UniqueID
	Digest   blob.Digest
	MimeType string
	Patient  hl7v2.CX // for the decision who may see it
}

// Documents is the index of the Document Repository.
//
// With the registry in the same process, documents enter it by Registration.Documents in the registry's own
// transaction. With a remote registry they are reserved first and settled when its outcome is known.
type Documents interface {
	// Documents returns those of the ids that are registered, in one go.
	Documents(ctx context.Context, ids []xds.UniqueID) (map[xds.UniqueID]Document, error)
	// Reserve notes documents of a submission whose outcome is not known yet: their bytes are kept, nobody can read them.
	// ErrConflict: one of the ids is taken by other bytes, or the SubmissionSet is reserved by another message. That of the
	// same message is resumed: it counts as made now, and what became of the earlier attempt is still unknown.
	Reserve(ctx context.Context, p Pending) (resumed bool, err error)
	// Settle makes reserved documents readable (registered) or forgets them, and records what the source is told about it
	// unless told is nil.
	Settle(ctx context.Context, submissionSet xds.UniqueID, registered bool, told *Outcome) error
	// Pending lists reservations older than that time.
	Pending(ctx context.Context, before time.Time) ([]Pending, error)
	// Referenced tells which of the blobs some document or reservation needs.
	Referenced(ctx context.Context, refs []blob.Ref) (map[blob.Ref]bool, error)
}

// Pending is a reservation.
type Pending struct {
	SubmissionSet xds.UniqueID
	Reserved      time.Time
	Message       Message
	Documents     []Document
}
