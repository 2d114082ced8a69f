package repository

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"dossier/atna"
	"dossier/internal/actor"
	"dossier/iti"
	"dossier/store"
	"dossier/xds"
)

// RemoteRegistry is a Document Registry reached by ITI-42 and ITI-18.
type RemoteRegistry interface {
	// Submit sends ITI-42 and returns the registry's problems as it sent them. unknown says, beside an error, that the
	// submission may have been registered nevertheless. messageID is the same for every attempt to send one message; "" for
	// a message that cannot be known again.
	Submit(ctx context.Context, s *xds.Submission, messageID string) (problems xds.Errors, unknown bool, err error)
	// Registered returns, of those uniqueIds, the hash of the DocumentEntries that name the repository.
	Registered(ctx context.Context, repositoryUniqueID string, ids []xds.UniqueID) (map[xds.UniqueID]string, error)
}

// Reservations is what Remote asks of storage.
type Reservations interface {
	store.Documents
	store.Outcomes
}

// Remote is a Registrar for a registry elsewhere. Documents are reserved before the registry hears of them and settled
// when its outcome is known, at once or by asking it later; a document whose outcome is unknown is never deleted.
//
// A retransmission of a message that was answered gets the same outcome from here. That of one whose outcome is unknown
// goes to the registry again under the MessageID that it had there, so that a registry which knows retransmissions takes
// both for one; any other one will say that the SubmissionSet is a duplicate, and is asked whether it has the documents.
type Remote struct {
	Registry           RemoteRegistry
	Documents          Reservations
	Endpoint           string // URL of the registry, for the audit trail
	RepositoryUniqueID string
	Now                func() time.Time
	Log                *slog.Logger

	turns turns[xds.UniqueID] // one at a time for each SubmissionSet: what is done here depends on the outcome before
}

// Register forwards the submission (ITI TF-2: 3.41.4.1.3). Codes, contexts and severities come back unchanged.
func (r *Remote) Register(ctx context.Context, x *actor.Exchange, s *xds.Submission, docs []store.Document) (xds.Errors, error) {
	x.Objects = len(s.DocumentEntries) + len(s.SubmissionSets) + len(s.Folders) + len(s.Associations)
	if problems := trackable(s, docs); problems != nil {
		return nil, problems
	}
	p := store.Pending{SubmissionSet: s.SubmissionSet().UniqueID, Message: x.Message, Documents: docs}
	leave, err := r.turns.enter(ctx, p.SubmissionSet)
	if err != nil {
		return nil, err
	}
	defer leave()
	told, err := r.Documents.Outcome(ctx, p.SubmissionSet)
	if err != nil {
		return nil, err
	}
	if told.Of(p.Message) {
		x.Repeated = true
		return told.Warnings, nil
	}
	return r.forward(ctx, x, s, p)
}

// trackable: the SubmissionSet and the documents have the ids by which an outcome is found again.
func trackable(s *xds.Submission, docs []store.Document) xds.Errors {
	if set := s.SubmissionSet(); set == nil || set.UniqueID == "" {
		return submissionSetTracked.Refuse("", "SubmissionSet: expected exactly one with a uniqueId, found none; without it the documents cannot be tracked", nil)
	}
	for i, d := range docs {
		if d.UniqueID == "" {
			return documentTracked.Refuse(s.DocumentEntries[i].Symbol, "uniqueId: expected exactly 1, found 0; without it the document cannot be found again", nil)
		}
	}
	return nil
}

func (r *Remote) forward(ctx context.Context, x *actor.Exchange, s *xds.Submission, p store.Pending) (xds.Errors, error) {
	p.Reserved = r.Now()
	resumed, err := r.Documents.Reserve(ctx, p)
	switch {
	case errors.Is(err, store.ErrConflict):
		return nil, repositoryNotBusy.Refuse("", "expected no submission under the same uniqueIds in work, got one; nothing was stored, send again", err)
	case errors.Is(err, store.ErrNoSpace):
		return nil, documentSpace.Refuse("", "expected space for the index of documents, found none; nothing was stored, send again later", err)
	case err != nil:
		return nil, err
	}
	problems, unknown, err := r.Registry.Submit(ctx, s, x.ForwardID(r.RepositoryUniqueID))
	x.Outbound(iti.RegisterDocumentSet, r.Endpoint, outcome(problems, err))
	if unknown || err != nil && resumed {
		return nil, unavailable(err) // that this attempt did not arrive says nothing about the one before
	}
	// From here on the outcome is known, and writing it down must not depend on the client's patience.
	ctx = context.WithoutCancel(ctx)
	if err != nil {
		return nil, either(unavailable(err), r.Documents.Settle(ctx, p.SubmissionSet, false, nil))
	}
	if !problems.Refused() {
		told := &store.Outcome{Message: p.Message, Answered: r.Now(), Warnings: problems}
		x.Warned = len(problems) > 0
		return problems, r.Documents.Settle(x.Change(ctx), p.SubmissionSet, true, told)
	}
	if resumed {
		return r.reconcile(ctx, x, p, problems)
	}
	return nil, either(problems, r.Documents.Settle(ctx, p.SubmissionSet, false, nil))
}

// outcome of a submission to the registry.
func outcome(problems xds.Errors, err error) atna.Outcome {
	switch {
	case err != nil:
		return atna.MajorFailure
	case problems.Refused():
		return atna.SeriousFailure
	case len(problems) > 0:
		return atna.MinorFailure
	}
	return atna.Success
}

// reconcile finds out what became of an earlier attempt when the registry refuses the next one. If the SubmissionSet is
// all that it has seen before and it has every document, it is this very message that was registered. If it lacks one, the
// earlier attempt may still be on its way: the reservation stays until Resolve.
func (r *Remote) reconcile(ctx context.Context, x *actor.Exchange, p store.Pending, problems xds.Errors) (xds.Errors, error) {
	held, err := r.held(ctx, p)
	if err != nil {
		return nil, unavailable(err)
	}
	if !held {
		return nil, problems
	}
	duplicate := true
	for _, e := range problems {
		duplicate = duplicate && (e.Warning || e.Code == xds.XDSDuplicateUniqueIDInRegistry)
	}
	if !duplicate {
		return nil, either(problems, r.Documents.Settle(ctx, p.SubmissionSet, true, nil))
	}
	x.Repeated = true
	return nil, r.Documents.Settle(x.Change(ctx), p.SubmissionSet, true, &store.Outcome{Message: p.Message, Answered: r.Now()})
}

func unavailable(err error) xds.Errors {
	return registryAvailable.Refuse("", "expected an answer of the Document Registry, found none; send the submission again later", err)
}

// Resolve settles reservations older than age by asking the registry what it has. The sources were not told, so nothing is
// recorded: a retransmission asks the registry again.
func (r *Remote) Resolve(ctx context.Context, age time.Duration) error {
	pending, err := r.Documents.Pending(ctx, r.Now().Add(-age))
	if err != nil {
		return err
	}
	for _, p := range pending {
		if err := r.resolve(ctx, p.SubmissionSet, age); err != nil {
			r.Log.Warn("reservation stays open", "cause", err.Error())
		}
	}
	return nil
}

// resolve settles one reservation, unless it was settled or resumed before its turn came.
func (r *Remote) resolve(ctx context.Context, set xds.UniqueID, age time.Duration) error {
	leave, err := r.turns.enter(ctx, set)
	if err != nil {
		return err
	}
	defer leave()
	pending, err := r.Documents.Pending(ctx, r.Now().Add(-age))
	if err != nil {
		return err
	}
	for _, p := range pending {
		if p.SubmissionSet != set {
			continue
		}
		held, err := r.has(ctx, p)
		if err != nil {
			return err
		}
		return r.Documents.Settle(ctx, set, held, nil)
	}
	return nil
}

// held tells whether the registry has documents of the submission and each of them; of one without documents nobody knows.
func (r *Remote) held(ctx context.Context, p store.Pending) (bool, error) {
	if len(p.Documents) == 0 {
		return false, nil
	}
	return r.has(ctx, p)
}

// has tells whether the registry has all documents of the reservation with the same hash.
func (r *Remote) has(ctx context.Context, p store.Pending) (bool, error) {
	ids := make([]xds.UniqueID, len(p.Documents))
	for i, d := range p.Documents {
		ids[i] = d.UniqueID
	}
	found, err := r.Registry.Registered(ctx, r.RepositoryUniqueID, ids)
	if err != nil {
		return false, err
	}
	for _, d := range p.Documents {
		if found[d.UniqueID] != d.Digest.SHA1Hex() {
			return false, nil
		}
	}
	return true, nil
}
