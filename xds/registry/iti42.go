package registry

import (
	"context"
	"errors"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/soap"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/validate"
)

// registerDocumentSet is ITI-42 (ITI TF-2: 3.42.4.1.3).
func (r *Registry) registerDocumentSet(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	list, ok := ebrim.DecodeSubmitObjectsRequest(req.Body)
	if !ok {
		return nil, submitRequest.Refuse(req.Body.Path(), unexpected(req.Body, ebrim.NSLcm, "SubmitObjectsRequest", "rim:RegistryObjectList"), nil)
	}
	x.Identify(list, nil)
	warnings, err := r.Register(ctx, x, xds.ReadSubmission(list), nil)
	if err != nil {
		return nil, err
	}
	return actor.RegistryResponse(x.Stamp(warnings)), nil
}

// Register validates and stores a submission, with the documents that the repository in this process holds for it, in one
// transaction. It returns warnings on success; an error of type xds.Errors is a refusal that left nothing behind. The
// retransmission of a message whose submission is registered gets the outcome that was recorded then, before anything of
// it is judged anew: rules, codes and patients may have changed since, what was accepted has not.
func (r *Registry) Register(ctx context.Context, x *actor.Exchange, s *xds.Submission, docs []store.Document) (xds.Errors, error) {
	x.Objects = len(s.DocumentEntries) + len(s.SubmissionSets) + len(s.Folders) + len(s.Associations)
	asked := verdicts{}
	docs, err := r.resolveLocal(ctx, x, s, docs, asked)
	if err != nil {
		return nil, err
	}
	x.Submitted(s)
	found := validate.Submission(s, r.Profile)
	if r.Codes != nil {
		found.Take(r.Codes.Problems(s))
	}
	x.Noted = found.Notes()
	if len(s.SubmissionSets) != 1 {
		return nil, found.Problems // without its SubmissionSet nothing else can be judged
	}
	s.Resolve(r.NewUUID)
	d := &decision{Registry: r, x: x, submission: s, documents: docs, found: found, asked: asked}
	for {
		told, err := d.try(ctx)
		var unknown errAbsent
		if !errors.As(err, &unknown) {
			return told, err
		}
		if err := r.admit(ctx, x, unknown, asked); err != nil {
			return nil, storeError(err)
		}
	}
}

// decision is one submission on its way into the store.
type decision struct {
	*Registry
	x          *actor.Exchange
	submission *xds.Submission
	documents  []store.Document
	found      *xds.Findings // in the message alone
	asked      verdicts
}

// try judges the submission against the state of the registry and stores it, in one transaction. An errAbsent says whom the MPI
// is to be asked for first.
func (d *decision) try(ctx context.Context) (xds.Errors, error) {
	x, s := d.x, d.submission
	told := &store.Outcome{Message: x.Message, Answered: d.Now()}
	var before *store.Outcome
	err := d.Store.Update(x.Change(ctx), func(tx store.RegistryTx) error {
		before = nil
		state, err := tx.State(ctx, refs(s))
		if err != nil {
			return err
		}
		if state.Outcome.Of(x.Message) {
			before = state.Outcome
			x.Warned = len(before.Warnings) > 0
			return nil
		}
		unknown := d.absent(s, state, d.asked)
		p := &plan{submission: s, state: state, newUUID: d.NewUUID, verdicts: d.asked, absent: unknown, found: xds.Findings{Policy: d.Profile.Policy()}}
		all := xds.Findings{}
		all.Merge(d.found)
		all.Merge(p.decide())
		x.Noted = all.Notes()
		switch {
		case all.Refusals() > 0: // whatever the MPI says, so that it is not asked and nobody becomes known
			return all.Problems
		case len(unknown) > 0:
			return unknown
		}
		told.Warnings = referring(all.Problems, x.Reference)
		x.Warned = len(told.Warnings) > 0
		reg := p.registration
		reg.Documents, reg.Outcome = d.documents, told
		reg.Now = hl7v2.FormatDTM(d.Now())
		return tx.Register(ctx, &reg)
	})
	if err != nil {
		return nil, storeError(err)
	}
	if before != nil {
		x.Repeated = true
		return before.Warnings, nil
	}
	return told.Warnings, nil // nothing else is left of what was found
}

// referring copies warnings with the reference of the exchange in which they arose.
func referring(found xds.Errors, reference string) xds.Errors {
	var out xds.Errors
	for _, e := range found {
		w := *e
		w.Reference = reference
		out = append(out, &w)
	}
	return out
}

// refs collects what the store must tell about.
func refs(s *xds.Submission) store.Refs {
	var out store.Refs
	set := s.SubmissionSet()
	out.Patients = append(out.Patients, set.PatientID.Key())
	out.EntryUUIDs = append(out.EntryUUIDs, set.EntryUUID)
	out.UniqueIDs = append(out.UniqueIDs, set.UniqueID)
	out.SubmissionSet = set.UniqueID
	for _, e := range s.DocumentEntries {
		out.Patients = append(out.Patients, e.PatientID.Key())
		out.EntryUUIDs = append(out.EntryUUIDs, e.EntryUUID)
		out.UniqueIDs = append(out.UniqueIDs, e.UniqueID)
	}
	for _, f := range s.Folders {
		out.Patients = append(out.Patients, f.PatientID.Key())
		out.EntryUUIDs = append(out.EntryUUIDs, f.EntryUUID)
		out.UniqueIDs = append(out.UniqueIDs, f.UniqueID)
	}
	for _, a := range s.Associations {
		out.EntryUUIDs = append(out.EntryUUIDs, a.EntryUUID, a.Source, a.Target)
		if a.Type.Replaces() {
			out.Replaced = append(out.Replaced, a.Target)
		}
	}
	return out
}
