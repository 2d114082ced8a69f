package main

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/text/unicode/norm"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// verifier compares the parts of a store with each other.
type verifier struct {
	inspection
	db         contents
	blobs      blob.Store
	repository string    // repositoryUniqueId
	local      bool      // the registry is in this database too
	print      io.Writer // findings as they come, if set
}

func newVerifier(c *Config, db contents, blobs blob.Store) *verifier {
	return &verifier{db: db, blobs: blobs, repository: c.Repository.ID, local: c.Registry.URL == "", inspection: inspection{Findings: []finding{}}}
}

func (v *verifier) damaged(part, id, format string, args ...any) {
	v.find(v.print, finding{damage, part, id, fmt.Sprintf(format, args...)})
}

func (v *verifier) left(part, id, format string, args ...any) {
	v.find(v.print, finding{leftOver, part, id, fmt.Sprintf(format, args...)})
}

func (v *verifier) database(ctx context.Context) error {
	found, err := v.db.Intact(ctx)
	for _, f := range found {
		v.damaged("database", "", "%s", f)
	}
	return err
}

func (v *verifier) rows(ctx context.Context) error {
	return v.db.EachInconsistency(ctx, v.local, func(i store.Inconsistency) error {
		v.damaged("registry", i.ID, "%s", i.Problem)
		return nil
	})
}

// bytesOfDocuments re-hashes every document that the index names.
func (v *verifier) bytesOfDocuments(ctx context.Context) error {
	return v.db.EachDocument(ctx, func(d store.Document) error {
		v.Documents++
		n, err := v.rehash(ctx, d)
		v.Bytes += n
		if err != nil && ctx.Err() == nil {
			v.damaged("document", string(d.UniqueID), "%v", err)
			return nil
		}
		return err
	})
}

func (v *verifier) rehash(ctx context.Context, d store.Document) (int64, error) {
	r, err := blob.OpenVerified(ctx, v.blobs, d.Digest.Ref, 0)
	if err != nil {
		return 0, err
	}
	h := sha1.New()
	n, err := io.Copy(h, r)
	if err := errors.Join(err, r.Close()); err != nil {
		return n, err
	}
	if [sha1.Size]byte(h.Sum(nil)) != d.Digest.SHA1 {
		return n, errors.New("SHA-1 differs from the index")
	}
	return n, nil
}

// batch is how many entries are compared with the index at a time.
const batch = 500

// objects: each can be read and found by what it says, and every DocumentEntry of this repository has its document, with the
// hash and size of the metadata.
func (v *verifier) objects(ctx context.Context) error {
	if !v.local {
		return nil
	}
	var pending []*xds.DocumentEntry
	flush := func() error {
		err := v.compare(ctx, pending)
		pending = pending[:0]
		return err
	}
	err := v.db.EachObject(ctx, func(o store.Inspected) error {
		v.Objects++
		s, err := readFragment(o.Fragment)
		if err != nil {
			v.damaged("registry", string(o.EntryUUID), "stored metadata cannot be read: %v", err)
			return nil
		}
		if missing := unindexed(&o, s); missing != "" {
			v.damaged("registry", string(o.EntryUUID), "cannot be found by %s", missing)
		}
		if o.Kind == store.DocumentEntry {
			v.Entries++
		}
		for _, e := range s.DocumentEntries {
			if e.RepositoryUniqueID == v.repository {
				pending = append(pending, e)
			}
		}
		if len(pending) == batch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return err
}

// compare looks up the documents of the entries.
func (v *verifier) compare(ctx context.Context, entries []*xds.DocumentEntry) error {
	ids := make([]xds.UniqueID, len(entries))
	for i, e := range entries {
		ids[i] = e.UniqueID
	}
	held, err := v.db.Documents(ctx, ids)
	if err != nil {
		return err
	}
	for _, e := range entries {
		d, ok := held[e.UniqueID]
		switch {
		case !ok:
			v.damaged("index", string(e.UniqueID), "the document of DocumentEntry %s is not in the index", e.EntryUUID)
		case d.Digest.SHA1Hex() != e.Hash || d.Digest.Size != e.Size:
			v.damaged("index", string(e.UniqueID), "hash or size differ from DocumentEntry %s", e.EntryUUID)
		}
	}
	return nil
}

// readFragment reads a stored DocumentEntry, SubmissionSet or Folder.
func readFragment(fragment []byte) (*xds.Submission, error) {
	text := append([]byte("<rim:RegistryObjectList"+ebrim.DeclareRim+">"), xds.AppendFragment(nil, fragment, &xds.Volatile{Status: xds.Approved, Version: 1})...)
	doc, err := xmlwire.Parse(append(text, "</rim:RegistryObjectList>"...), xmlwire.Limits{})
	if err != nil {
		return nil, err
	}
	s := xds.ReadSubmission(ebrim.DecodeRegistryObjectList(doc.Root))
	if len(s.DocumentEntries)+len(s.SubmissionSets)+len(s.Folders) != 1 {
		return nil, errors.New("expected one DocumentEntry, SubmissionSet or Folder")
	}
	return s, nil
}

// unindexed names the first attribute of which queries know another number of values than the object has.
func unindexed(o *store.Inspected, s *xds.Submission) string {
	var authors []xds.Author
	var events, confidentiality, folder []xds.Code
	var references []string
	switch {
	case o.Kind == store.DocumentEntry && len(s.DocumentEntries) == 1:
		e := s.DocumentEntries[0]
		authors, events, confidentiality, references = e.Authors, e.EventCodes, e.ConfidentialityCodes, e.ReferenceIDs
	case o.Kind == store.SubmissionSet && len(s.SubmissionSets) == 1:
		authors = s.SubmissionSets[0].Authors
	case o.Kind == store.Folder && len(s.Folders) == 1:
		folder = s.Folders[0].Codes
	default:
		return "its class: the metadata are those of another one"
	}
	persons := map[string]bool{}
	for _, a := range authors {
		if a.Person != "" {
			persons[norm.NFC.String(a.Person)] = true
		}
	}
	ids := map[string]bool{}
	for _, id := range references {
		ids[id] = true
	}
	for _, c := range []struct {
		attribute string
		has, want int
	}{
		{"author", o.Authors, len(persons)}, {"eventCodeList", o.EventCodes, distinctCodes(events)},
		{"confidentialityCode", o.ConfidentialityCodes, distinctCodes(confidentiality)},
		{"referenceIdList", o.ReferenceIDs, len(ids)}, {"codeList", o.FolderCodes, distinctCodes(folder)},
	} {
		if c.has != c.want {
			return fmt.Sprintf("%s: %d values are indexed, the metadata have %d", c.attribute, c.has, c.want)
		}
	}
	return ""
}

func distinctCodes(list []xds.Code) int {
	seen := map[[2]string]bool{}
	for _, c := range list {
		seen[[2]string{c.Scheme, c.Code}] = true
	}
	return len(seen)
}

// reservations: with the registry in this process nothing is ever reserved, so what is there was left by another
// configuration.
func (v *verifier) reservations(ctx context.Context) error {
	pending, err := v.db.Pending(ctx, time.Now().AddDate(1, 0, 0))
	for _, p := range pending {
		if v.local {
			v.left("reservation", string(p.SubmissionSet), "%d documents wait since %s for a registry elsewhere, which is not configured (registry.url)",
				len(p.Documents), p.Reserved.Format(time.RFC3339))
		} else {
			v.Open++
		}
	}
	return err
}

// stray finds blobs that no document names.
func (v *verifier) stray(ctx context.Context) error {
	var refs []blob.Ref
	flush := func() error {
		used, err := v.db.Referenced(ctx, refs)
		for _, r := range refs {
			if !used[r] {
				v.Unreferenced++
				v.left("blob", r.String(), "no document names it (%d bytes)", r.Size)
			}
		}
		refs = refs[:0]
		return err
	}
	err := v.blobs.Walk(ctx, func(ref blob.Ref, _ time.Time) error {
		v.Blobs++
		if refs = append(refs, ref); len(refs) == batch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	return err
}
