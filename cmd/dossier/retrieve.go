package main

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
	"dossier/xds/registry"
)

// retrieval is the flags of retrieve.
type retrieval struct {
	to, repository, document, output string
	registry, hash                   string
	size                             int64
}

func newRetrieve() *cobra.Command {
	r := &retrieval{}
	cmd := &cobra.Command{
		Use:   "retrieve --to URL --repository OID --document ID [-o FILE]",
		Short: "Retrieve a document (ITI-43) and check its size and hash",
		Long: "Size and hash are compared with --size and --hash, or else with the metadata in the registry at --registry.\n" +
			"Without --registry it is looked for beside a repository whose URL ends in /xds/repository. A document that differs is not written.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	f := cmd.Flags()
	f.StringVar(&r.to, "to", "", "URL of the Document Repository")
	f.StringVar(&r.repository, "repository", "2.999.1.2", "repositoryUniqueId")
	f.StringVar(&r.document, "document", "", "uniqueId of the document")
	f.StringVarP(&r.output, "output", "o", "", "file to write; default is standard output")
	f.StringVar(&r.registry, "registry", "", "URL of the Document Registry to compare with; none to compare with nothing")
	f.StringVar(&r.hash, "hash", "", "expected SHA-1 in hexadecimal")
	f.Int64Var(&r.size, "size", -1, "expected size in bytes")
	addClientFlags(cmd)
	return cmd
}

func (r *retrieval) run(cmd *cobra.Command) error {
	for _, name := range []string{"to", "document"} {
		if _, err := required(cmd, name); err != nil {
			return err
		}
	}
	if err := r.expect(cmd); err != nil {
		return err
	}
	w := xmlwire.NewWriter(nil)
	w.Start("xds:RetrieveDocumentSetRequest").Attr("xmlns:xds", xds.NS).Start("xds:DocumentRequest")
	w.Start("xds:RepositoryUniqueId").Text(r.repository).End().Start("xds:DocumentUniqueId").Text(r.document).End()
	client, err := newClient(cmd)
	if err != nil {
		return err
	}
	reply, err := client.Call(cmd.Context(), r.to, soap.Call{
		Action: iti.RetrieveDocumentSet.Action, MTOM: true, Body: []soap.Segment{{XML: w.End().End().Bytes()}},
	})
	if err != nil {
		return err
	}
	defer reply.Close()
	content, err := r.content(cmd, reply)
	if err != nil {
		return err
	}
	return r.write(cmd, content)
}

// expect fills size and hash from the registry where the flags do not give them.
func (r *retrieval) expect(cmd *cobra.Command) error {
	if r.hash != "" || r.registry == "none" {
		return nil
	}
	url := r.registry
	if url == "" {
		base, ok := strings.CutSuffix(r.to, "/xds/repository")
		if !ok {
			return usagef("nothing to check the document against: give --hash, or --registry URL, or --registry none")
		}
		url = base + "/xds/registry"
	}
	client, err := newClient(cmd)
	if err != nil {
		return err
	}
	entries, err := (&registry.Client{SOAP: client, URL: url}).Entries(cmd.Context(), []xds.UniqueID{xds.UniqueID(r.document)})
	if err != nil {
		return fmt.Errorf("metadata to check against: %w (--registry none retrieves unchecked)", err)
	}
	for _, e := range entries {
		if e.RepositoryUniqueID == r.repository {
			r.hash = e.Hash
			if r.size < 0 {
				r.size = e.Size
			}
		}
	}
	return nil
}

// content finds the document in the answer: a part of the message or inline.
func (r *retrieval) content(cmd *cobra.Command, reply *soap.Reply) (io.Reader, error) {
	head := reply.Body.Child(ebrim.NSRs, "RegistryResponse")
	if !reply.Body.Is(xds.NS, "RetrieveDocumentSetResponse") || head == nil {
		return nil, fmt.Errorf("retrieve: expected xds:RetrieveDocumentSetResponse with rs:RegistryResponse, got {%s}%s", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	response, ok := ebrim.DecodeRegistryResponse(head)
	if !ok {
		return nil, errors.New("retrieve: the answer has no status")
	}
	if err := judge(cmd, "retrieve", response); err != nil {
		return nil, err
	}
	answer := reply.Body.Child(xds.NS, "DocumentResponse")
	if answer == nil || answer.Child(xds.NS, "Document") == nil {
		return nil, errors.New("retrieve: Success without a document")
	}
	element := answer.Child(xds.NS, "Document")
	href, ok := soap.Include(element)
	if !ok {
		return soap.InlineBase64(element), nil
	}
	for {
		part, err := reply.Parts.Next()
		if err != nil {
			return nil, fmt.Errorf("retrieve: no MIME part for %s: %w", href, err)
		}
		if soap.MatchContentID(href, part.ContentID) {
			return part, nil
		}
	}
}

// write checks while it copies; a file appears under its name only when the content is right.
func (r *retrieval) write(cmd *cobra.Command, content io.Reader) (err error) {
	out := cmd.OutOrStdout()
	commit := func() error { return nil }
	if r.output != "" {
		f, err := os.CreateTemp(filepath.Dir(r.output), ".dossier-*")
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		defer f.Close()
		out = f
		commit = func() error {
			return errors.Join(f.Chmod(0o644), f.Sync(), f.Close(), os.Rename(f.Name(), r.output))
		}
	}
	h := sha1.New()
	n, err := io.Copy(io.MultiWriter(out, h), newProgress(content, r.document, r.size))
	if err != nil {
		return fmt.Errorf("retrieve: %w", err)
	}
	got := hex.EncodeToString(h.Sum(nil))
	switch {
	case r.hash != "" && !strings.EqualFold(r.hash, got):
		return fmt.Errorf("retrieve: hash is %s, expected %s", got, r.hash)
	case r.size >= 0 && r.size != n:
		return fmt.Errorf("retrieve: size is %d bytes, expected %d", n, r.size)
	}
	checked := "size and hash checked"
	if r.hash == "" {
		checked = "not checked: nothing to compare with"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s  %d bytes  sha1 %s  %s\n", r.document, n, got, checked)
	return commit()
}
