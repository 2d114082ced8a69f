package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// submission is what the flags of submit say about all files of one call.
type submission struct {
	class, typ, format, facility, practice, confidentiality, content string
	title, comments, language, author, institution, mimeType         string
	sourcePatient, sourceID, created, uniqueID                       string
	replace, transform, appendTo                                     string
	json                                                             bool
}

func newSubmit() *cobra.Command {
	s := &submission{}
	cmd := &cobra.Command{
		Use:   "submit --to URL --patient CX FILE...",
		Short: "Provide and Register documents (ITI-41); prints their ids",
		Long: "Submits the files as one SubmissionSet with size and hash announced.\n" +
			"Codes are given as code^display^scheme; every one has a default, so that a file and a patient are enough.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error { return s.run(cmd, files) },
	}
	f := cmd.Flags()
	f.String("to", "", "URL of the Document Repository")
	f.String("patient", "", "patient id of the affinity domain, ID^^^&OID&ISO")
	f.StringVar(&s.class, "class", "REPORT^Report^2.999.1.10", "classCode")
	f.StringVar(&s.typ, "type", "34133-9^Summary of episode note^2.16.840.1.113883.6.1", "typeCode")
	f.StringVar(&s.format, "format", "urn:ihe:iti:xds:2017:mimeTypeSufficient^mimeType Sufficient^1.3.6.1.4.1.19376.1.2.3", "formatCode")
	f.StringVar(&s.facility, "facility", "HOSP^Hospital^2.999.1.11", "healthcareFacilityTypeCode")
	f.StringVar(&s.practice, "practice", "GEN^General medicine^2.999.1.12", "practiceSettingCode")
	f.StringVar(&s.confidentiality, "confidentiality", "N^normal^2.16.840.1.113883.5.25", "confidentialityCode")
	f.StringVar(&s.content, "content-type", "SUBMIT^Submission^2.999.1.13", "contentTypeCode of the SubmissionSet")
	f.StringVar(&s.title, "title", "", "title; default is the name of the file")
	f.StringVar(&s.comments, "comments", "", "comments of the SubmissionSet")
	f.StringVar(&s.language, "language", "en", "languageCode")
	f.StringVar(&s.author, "author", "", "authorPerson as XCN, such as ^Family^Given")
	f.StringVar(&s.institution, "institution", "Dossier command line", "authorInstitution as XON")
	f.StringVar(&s.mimeType, "mime-type", "", "mimeType; default by extension and content")
	f.StringVar(&s.sourcePatient, "source-patient", "", "sourcePatientId; default is --patient")
	f.StringVar(&s.sourceID, "source-id", "2.999.1.3", "sourceId of the SubmissionSet, an OID")
	f.StringVar(&s.created, "creation-time", "", "creationTime YYYYMMDDhhmmss in UTC; default is the time of the file")
	f.StringVar(&s.uniqueID, "unique-id", "", "uniqueId of a single file; default is a new OID")
	f.StringVar(&s.replace, "replace", "", "entryUUID that a single file replaces (RPLC)")
	f.StringVar(&s.transform, "transform", "", "entryUUID that a single file is a transformation of (XFRM)")
	f.StringVar(&s.appendTo, "append", "", "entryUUID that a single file is appended to (APND)")
	f.BoolVar(&s.json, "json", false, "print the ids as JSON")
	addClientFlags(cmd)
	return cmd
}

func (s *submission) run(cmd *cobra.Command, files []string) error {
	to, err := required(cmd, "to")
	if err != nil {
		return err
	}
	text, err := cmd.Flags().GetString("patient")
	if err != nil {
		return err
	}
	patient, err := patientFlag(text)
	if err != nil {
		return err
	}
	if len(files) > 1 && s.uniqueID+s.replace+s.transform+s.appendTo != "" {
		return usagef("--unique-id, --replace, --transform and --append are for a single file")
	}
	m, err := s.metadata(patient, files)
	if err != nil {
		return err
	}
	client, err := newClient(cmd)
	if err != nil {
		return err
	}
	reply, err := client.Call(cmd.Context(), to, soap.Call{
		Action: iti.ProvideAndRegisterDocumentSet.Action, MTOM: true, Body: provideBody(m, files),
	})
	if err != nil {
		return err
	}
	defer reply.Close()
	if err := registryResponse(cmd, "submit", reply.Body); err != nil {
		return err
	}
	return s.print(cmd.OutOrStdout(), m, files)
}

// provideBody is the ProvideAndRegisterDocumentSetRequest with each file streamed from disk.
func provideBody(m *xds.Submission, files []string) []soap.Segment {
	buf := []byte(`<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="` + xds.NS + `">`)
	buf = ebrim.AppendSubmitObjectsRequest(buf, m.Build())
	var out []soap.Segment
	for i, e := range m.DocumentEntries {
		name := files[i]
		buf = append(xmlwire.AppendAttr(append(buf, `<xds:Document id="`...), string(e.EntryUUID)), `">`...)
		out = append(out, soap.Segment{XML: buf}, soap.Segment{Document: &soap.Document{
			ContentType: e.MimeType, Size: e.Size, Open: func() (io.ReadCloser, error) { return openProgress(name, e.Size) },
		}})
		buf = []byte("</xds:Document>")
	}
	return append(out, soap.Segment{XML: append(buf, "</xds:ProvideAndRegisterDocumentSetRequest>"...)})
}

type readCloser struct {
	io.Reader
	io.Closer
}

func openProgress(name string, size int64) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return readCloser{newProgress(f, filepath.Base(name), size), f}, nil
}

func (s *submission) print(w io.Writer, m *xds.Submission, files []string) error {
	type document struct {
		File      string        `json:"file"`
		EntryUUID xds.EntryUUID `json:"entryUUID"`
		UniqueID  xds.UniqueID  `json:"uniqueId"`
		MimeType  string        `json:"mimeType"`
		Size      int64         `json:"size"`
		Hash      string        `json:"hash"`
	}
	set := m.SubmissionSet()
	out := struct {
		EntryUUID xds.EntryUUID `json:"submissionSetEntryUUID"`
		UniqueID  xds.UniqueID  `json:"submissionSetUniqueId"`
		Documents []document    `json:"documents"`
	}{set.EntryUUID, set.UniqueID, nil}
	for i, e := range m.DocumentEntries {
		out.Documents = append(out.Documents, document{files[i], e.EntryUUID, e.UniqueID, e.MimeType, e.Size, e.Hash})
	}
	if s.json {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	fmt.Fprintf(w, "SubmissionSet  %s  uniqueId %s\n", out.EntryUUID, out.UniqueID)
	for _, d := range out.Documents {
		fmt.Fprintf(w, "DocumentEntry  %s  uniqueId %s  %s  %d bytes  sha1 %s  %s\n", d.EntryUUID, d.UniqueID, d.MimeType, d.Size, d.Hash, d.File)
	}
	return nil
}
