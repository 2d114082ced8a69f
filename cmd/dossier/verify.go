package main

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/store"
	"dossier/store/blob"
	"dossier/store/sqldb"
	"dossier/xds"
)

func newVerify() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check the whole store: database, index, registry and every document's bytes",
		Long: "Reads every document and compares it with the digests it was accepted with, and the registry with the repository's\n" +
			"index. The server must not run. Finds and reports, changes nothing; exit code 1 when anything is wrong.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configOf(cmd)
			if err != nil {
				return err
			}
			return verify(cmd.Context(), c, cmd.OutOrStdout())
		},
	}
	addConfigFlags(cmd.Flags())
	return cmd
}

// contents is what verify reads.
type contents interface {
	store.Inspector
	store.Documents
}

func verify(ctx context.Context, c *Config, out io.Writer) (err error) {
	if _, err := os.Stat(filepath.Join(c.Data, "dossier.db")); err != nil {
		return usagef("--data: no store there: %w", err)
	}
	blobs, err := blob.OpenFS(filepath.Join(c.Data, "blobs"))
	if err != nil {
		return fmt.Errorf("document store: %w", err)
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	db, err := sqldb.OpenSQLite(ctx, filepath.Join(c.Data, "dossier.db"), sqldb.Options{})
	if err != nil {
		return fmt.Errorf("database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	v := &verifier{db: db, blobs: blobs, repository: c.Repository.ID, local: c.Registry.URL == "", out: out}
	return v.run(ctx)
}

// verifier collects findings.
type verifier struct {
	db         contents
	blobs      blob.Store
	repository string // repositoryUniqueId
	local      bool   // the registry is in this database too
	out        io.Writer

	findings, documents, entries, blobsSeen, unreferenced int
	bytes                                                 int64
}

func (v *verifier) find(format string, args ...any) {
	v.findings++
	fmt.Fprintf(v.out, format+"\n", args...)
}

func (v *verifier) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{v.database, v.bytesOfDocuments, v.entriesAgainstIndex, v.stray} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(v.out, "%d documents (%d bytes), %d DocumentEntries, %d blobs of which %d unreferenced (swept later), %d findings\n",
		v.documents, v.bytes, v.entries, v.blobsSeen, v.unreferenced, v.findings)
	if v.findings > 0 {
		return fmt.Errorf("verify: %d findings", v.findings)
	}
	return nil
}

func (v *verifier) database(ctx context.Context) error {
	found, err := v.db.Intact(ctx)
	for _, f := range found {
		v.find("database: %s", f)
	}
	return err
}

// bytesOfDocuments re-hashes every document that the index names.
func (v *verifier) bytesOfDocuments(ctx context.Context) error {
	return v.db.EachDocument(ctx, func(d store.Document) error {
		v.documents++
		r, err := blob.OpenVerified(ctx, v.blobs, d.Digest.Ref, 0)
		if err == nil {
			h := sha1.New()
			var n int64
			n, err = io.Copy(h, r)
			err = errors.Join(err, r.Close())
			v.bytes += n
			if err == nil && [sha1.Size]byte(h.Sum(nil)) != d.Digest.SHA1 {
				err = errors.New("SHA-1 differs from the index")
			}
		}
		if err != nil && ctx.Err() == nil {
			v.find("document %s: %v", d.UniqueID, err)
			return nil
		}
		return err
	})
}

// batch is how many entries are compared with the index at a time.
const batch = 500

// entriesAgainstIndex: every DocumentEntry of this repository has its document, with the hash and size of the metadata,
// and every document has an entry.
func (v *verifier) entriesAgainstIndex(ctx context.Context) error {
	if !v.local {
		return nil
	}
	var pending []*xds.DocumentEntry
	registered := 0
	seen := map[xds.UniqueID]bool{}
	flush := func() error {
		n, err := v.compare(ctx, pending, seen)
		registered += n
		pending = pending[:0]
		return err
	}
	err := v.db.EachEntry(ctx, func(o store.Object) error {
		v.entries++
		e, err := readFragment(o.Fragment)
		if err != nil {
			v.find("DocumentEntry %s: stored metadata cannot be read: %v", o.EntryUUID, err)
			return nil
		}
		if e.RepositoryUniqueID != v.repository {
			return nil
		}
		if pending = append(pending, e); len(pending) == batch {
			return flush()
		}
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err == nil && registered < v.documents {
		v.find("index: %d documents have no DocumentEntry", v.documents-registered)
	}
	return err
}

// compare returns how many further documents the entries account for.
func (v *verifier) compare(ctx context.Context, entries []*xds.DocumentEntry, seen map[xds.UniqueID]bool) (int, error) {
	ids := make([]xds.UniqueID, len(entries))
	for i, e := range entries {
		ids[i] = e.UniqueID
	}
	held, err := v.db.Documents(ctx, ids)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, e := range entries {
		d, ok := held[e.UniqueID]
		switch {
		case !ok:
			v.find("DocumentEntry %s: its document %s is not in the index", e.EntryUUID, e.UniqueID)
		case d.Digest.SHA1Hex() != e.Hash || d.Digest.Size != e.Size:
			v.find("DocumentEntry %s: hash or size differ from document %s", e.EntryUUID, e.UniqueID)
		}
		if ok && !seen[e.UniqueID] {
			seen[e.UniqueID] = true
			n++
		}
	}
	return n, nil
}

// readFragment reads a stored ExtrinsicObject.
func readFragment(fragment []byte) (*xds.DocumentEntry, error) {
	text := append([]byte("<rim:RegistryObjectList"+ebrim.DeclareRim+">"), xds.AppendFragment(nil, fragment, &xds.Volatile{Status: xds.Approved, Version: 1})...)
	doc, err := xmlwire.Parse(append(text, "</rim:RegistryObjectList>"...), xmlwire.Limits{})
	if err != nil {
		return nil, err
	}
	l := ebrim.DecodeRegistryObjectList(doc.Root)
	if len(l.ExtrinsicObjects) != 1 {
		return nil, errors.New("expected one rim:ExtrinsicObject")
	}
	return xds.ReadDocumentEntry(l.ExtrinsicObjects[0]), nil
}

// stray counts blobs that no document names.
func (v *verifier) stray(ctx context.Context) error {
	var refs []blob.Ref
	flush := func() error {
		used, err := v.db.Referenced(ctx, refs)
		for _, r := range refs {
			if !used[r] {
				v.unreferenced++
			}
		}
		refs = refs[:0]
		return err
	}
	err := v.blobs.Walk(ctx, func(ref blob.Ref, _ time.Time) error {
		v.blobsSeen++
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
