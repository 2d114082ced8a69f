package repository

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"dossier/internal/actor"
	"dossier/store"
	"dossier/xds"
)

// RemoteRegistry is a Document Registry reached by ITI-42 and ITI-18.
type RemoteRegistry interface {
	// Submit sends ITI-42 and returns the registry's problems as it sent them. unknown says, beside an error, that the
	// submission may have been registered nevertheless.
	Submit(ctx context.Context, s *xds.Submission) (problems xds.Errors, unknown bool, err error)
	// Registered returns, of those uniqueIds, the hash of the DocumentEntries that name the repository.
	Registered(ctx context.Context, repositoryUniqueID string, ids []xds.UniqueID) (map[xds.UniqueID]string, error)
}

// Remote is a Registrar for a registry elsewhere. Documents are reserved before the registry hears of them and settled
// when its outcome is known, at once or by asking it later; a document whose outcome is unknown is never deleted.
type Remote struct {
	Registry           RemoteRegistry
	Documents          store.Documents
	RepositoryUniqueID string
	Now                func() time.Time
	Log                *slog.Logger
}

// Register forwards the submission (ITI TF-2: 3.41.4.1.3). Codes, contexts and severities come back unchanged.
func (r *Remote) Register(ctx context.Context, x *actor.Exchange, s *xds.Submission, docs []store.Document) (xds.Errors, error) {
	x.Objects = len(s.DocumentEntries) + len(s.SubmissionSets) + len(s.Folders) + len(s.Associations)
	set := s.SubmissionSet()
	if set == nil || set.UniqueID == "" {
		return nil, submissionSetTracked.Refuse("", "SubmissionSet: expected exactly one with a uniqueId, found none; without it the documents cannot be tracked", nil)
	}
	for i, d := range docs {
		if d.UniqueID == "" {
			return nil, documentTracked.Refuse(s.DocumentEntries[i].Symbol, "uniqueId: expected exactly 1, found 0; without it the document cannot be found again", nil)
		}
	}
	if err := r.Documents.Reserve(ctx, store.Pending{SubmissionSet: set.UniqueID, Reserved: r.Now(), Documents: docs}); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return nil, repositoryNotBusy.Refuse("", "expected no submission under the same uniqueIds in work, got one; nothing was stored, send again", err)
		}
		if errors.Is(err, store.ErrNoSpace) {
			return nil, documentSpace.Refuse("", "expected space for the index of documents, found none; nothing was stored, send again later", err)
		}
		return nil, err
	}
	problems, unknown, err := r.Registry.Submit(ctx, s)
	if unknown {
		return nil, unavailable(err)
	}
	// From here on the outcome is known, and writing it down must not depend on the client's patience.
	ctx = context.WithoutCancel(ctx)
	registered := err == nil && !problems.Refused()
	if settled := r.Documents.Settle(ctx, set.UniqueID, registered); settled != nil {
		return nil, settled
	}
	switch {
	case err != nil:
		return nil, unavailable(err)
	case !registered:
		return nil, problems
	}
	return problems, nil
}

func unavailable(err error) error {
	return registryAvailable.Refuse("", "expected an answer of the Document Registry, found none; send the submission again later", err)
}

// Resolve settles reservations older than age by asking the registry what it has.
func (r *Remote) Resolve(ctx context.Context, age time.Duration) error {
	pending, err := r.Documents.Pending(ctx, r.Now().Add(-age))
	if err != nil {
		return err
	}
	for _, p := range pending {
		if err := r.resolve(ctx, p); err != nil {
			r.Log.Warn("reservation stays open", "cause", err.Error())
		}
	}
	return nil
}

func (r *Remote) resolve(ctx context.Context, p store.Pending) error {
	ids := make([]xds.UniqueID, len(p.Documents))
	for i, d := range p.Documents {
		ids[i] = d.UniqueID
	}
	held, err := r.Registry.Registered(ctx, r.RepositoryUniqueID, ids)
	if err != nil {
		return err
	}
	registered := true
	for _, d := range p.Documents {
		registered = registered && held[d.UniqueID] == d.Digest.SHA1Hex()
	}
	return r.Documents.Settle(ctx, p.SubmissionSet, registered)
}
