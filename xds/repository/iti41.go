package repository

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/internal/actor"
	"dossier/soap"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// provideAndRegister is ITI-41 (ITI TF-2: 3.41.4.1.3).
func (r *Repository) provideAndRegister(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	in, err := decodeProvide(req.Body)
	if err != nil {
		return nil, err
	}
	x.Submitted(xds.ReadSubmission(in.list))
	if problems := in.match(); len(problems) > 0 {
		return nil, problems
	}
	if err := r.receive(ctx, in, req.Parts); err != nil {
		return nil, err
	}
	for _, d := range in.documents {
		x.Documents++
		x.Bytes += d.digest.Size
	}
	if problems := in.verify(); len(problems) > 0 {
		return nil, problems
	}
	x.Identify(in.list, in.digests())
	submission, docs := r.describe(in)
	if problems, err := r.unchanged(ctx, submission, docs); err != nil || len(problems) > 0 {
		return nil, either(problems, err)
	}
	warnings, err := r.Registrar.Register(ctx, x, submission, docs)
	if err != nil {
		return nil, err
	}
	return actor.RegistryResponse(x.Stamp(warnings)), nil
}

func either(problems xds.Errors, err error) error {
	if err != nil {
		return err
	}
	return problems
}

// receive streams every document into the blob store: parts in the order in which they come, then inline content. What it
// finds nothing for stays unreceived.
func (r *Repository) receive(ctx context.Context, in *provided, parts *soap.Parts) error {
	stray := false
	for {
		part, err := parts.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		targets := in.referring(part.ContentID)
		if len(targets) == 0 {
			stray = true // an attachment without xop:Include is not a document
			continue
		}
		digest, err := r.store(ctx, part)
		if err != nil {
			return storeError(err, targets[0], r.DocumentLimit)
		}
		for _, d := range targets {
			d.digest, d.received, d.unproven = digest, true, part.Unterminated()
		}
	}
	for _, d := range in.documents {
		if d.href != "" || d.received || d.blank() && (stray || !d.announced()) {
			// A blank Document is one of 0 bytes only when its size or hash says so. SOAP with Attachments leaves it
			// blank too, and a sender may have forgotten the content.
			continue
		}
		digest, err := r.store(ctx, soap.InlineBase64(d.element))
		var malformed *soap.Fault
		if errors.As(err, &malformed) {
			return documentContent.Refuse(d.id, "xds:Document: expected base64 text, got something else: "+malformed.Reason, err)
		}
		if err != nil {
			return storeError(err, d, r.DocumentLimit)
		}
		d.digest, d.received = digest, true
	}
	return nil
}

func (r *Repository) store(ctx context.Context, src io.Reader) (blob.Digest, error) {
	return blob.Receive(ctx, r.Blobs, src, r.DocumentLimit)
}

// storeError tells a sender's mistake from our own trouble.
func storeError(err error, d *document, limit int64) error {
	var source *blob.SourceError
	switch {
	case errors.Is(err, blob.ErrTooLarge):
		return documentLimit.Refuse(d.id, "xds:Document: expected at most "+strconv.FormatInt(limit, 10)+" bytes, got more", err)
	case errors.Is(err, blob.ErrNoSpace):
		return documentSpace.Refuse(d.id, "xds:Document: expected space to store it, found none; nothing was stored, send again later", err)
	case errors.As(err, &source):
		return source.Err
	}
	return err
}

// describe writes what the repository knows into the metadata: repositoryUniqueId, size and hash, nothing else
// (ITI TF-2: 3.41.4.1.3), and lists the documents for the index, one per DocumentEntry in the same order.
func (r *Repository) describe(in *provided) (*xds.Submission, []store.Document) {
	for _, d := range in.documents {
		o := &d.object.RegistryObject
		o.Slots = ebrim.SetSlot(o.Slots, xds.SlotRepositoryUniqueID, r.UniqueID)
		o.Slots = ebrim.SetSlot(o.Slots, xds.SlotSize, strconv.FormatInt(d.digest.Size, 10))
		o.Slots = ebrim.SetSlot(o.Slots, xds.SlotHash, d.digest.SHA1Hex())
	}
	digests := make(map[*ebrim.ExtrinsicObject]blob.Digest, len(in.documents))
	for _, d := range in.documents {
		digests[d.object] = d.digest
	}
	submission := xds.ReadSubmission(in.list)
	docs := make([]store.Document, len(submission.DocumentEntries))
	for i, e := range submission.DocumentEntries {
		docs[i] = store.Document{UniqueID: e.UniqueID, Digest: digests[e.Object], MimeType: e.MimeType, Patient: e.PatientID}
	}
	return submission, docs
}

// unchanged refuses other bytes under a uniqueId that this repository holds already.
func (r *Repository) unchanged(ctx context.Context, s *xds.Submission, docs []store.Document) (xds.Errors, error) {
	ids := make([]xds.UniqueID, 0, len(docs))
	seen := map[xds.UniqueID]bool{}
	var problems xds.Errors
	for i, d := range docs {
		if d.UniqueID == "" {
			continue // the registry reports what is missing
		}
		if seen[d.UniqueID] {
			problems = append(problems, uniqueIDOnce.Broken(s.DocumentEntries[i].Symbol, "uniqueId: expected one for each document, got "+quote(string(d.UniqueID))+" twice"))
		}
		seen[d.UniqueID] = true
		ids = append(ids, d.UniqueID)
	}
	held, err := r.Index.Documents(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, d := range docs {
		old, ok := held[d.UniqueID]
		if !ok || old.Digest.SHA256 == d.Digest.SHA256 {
			continue
		}
		at := s.DocumentEntries[i].Symbol
		problems = append(problems, uniqueIDSameBytes.Broken(at, "xds:Document: expected the bytes that this repository holds for uniqueId "+quote(string(d.UniqueID))+
			", which stay as they are, got others"))
		if old.Digest.Size != d.Digest.Size {
			problems = append(problems, uniqueIDSameLength.Broken(at, "xds:Document: expected as many bytes as this repository holds for uniqueId "+
				quote(string(d.UniqueID))+", got "+strconv.FormatInt(d.Digest.Size, 10)))
		}
	}
	return problems, nil
}

// quote repeats what the peer sent.
func quote(s string) string { return strconv.Quote(clip(s)) }

func clip(s string) string {
	if len(s) > 128 {
		return strings.ToValidUTF8(s[:128], "") + "..."
	}
	return s
}
