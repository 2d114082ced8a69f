package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
	"dossier/xds/query"
)

func newQuery() *cobra.Command {
	var asXML, asJSON, refs bool
	cmd := &cobra.Command{
		Use:   "query --to URL NAME ['$param=value'...]",
		Short: "Ask a registry by any stored query (ITI-18, ITI-51)",
		Long:  "Values may be plain: Approved, a code as code^^scheme, several separated by commas or by repeating the parameter (OR).\nWhere a query allows AND, each value in parentheses is a condition of its own: '$XDSDocumentEntryEventCodeList=(a^^s)'.\n\n" + catalogue(),
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := required(cmd, "to")
			if err != nil {
				return err
			}
			transaction, request, err := queryRequest(args[0], args[1:])
			if err != nil {
				return err
			}
			if request.ReturnType = ebrim.ReturnLeafClass; refs {
				request.ReturnType = ebrim.ReturnObjectRef
			}
			return runQuery(cmd, to, transaction, request, asXML, asJSON)
		},
	}
	cmd.Flags().String("to", "", "URL of the Document Registry")
	cmd.Flags().BoolVar(&asXML, "xml", false, "print the AdhocQueryResponse as it came")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the objects as JSON")
	cmd.Flags().BoolVar(&refs, "refs", false, "ask for ObjectRef instead of LeafClass")
	addClientFlags(cmd)
	return cmd
}

func catalogue() string {
	var b strings.Builder
	b.WriteString("Stored queries:\n")
	for _, d := range query.Catalogue() {
		if d.MultiPatient {
			fmt.Fprintf(&b, "  %s (ITI-51)\n", d.Name)
			continue
		}
		fmt.Fprintf(&b, "  %s\n", d.Name)
	}
	return b.String()
}

// queryRequest gives the request and the transaction that its query belongs to.
func queryRequest(name string, args []string) (iti.Transaction, *ebrim.AdhocQueryRequest, error) {
	transaction := iti.RegistryStoredQuery
	definition, ok := query.Lookup(name)
	if !ok {
		return transaction, nil, usagef("%q is not a stored query; see dossier query --help", name)
	}
	var params []query.Param
	for _, a := range args {
		key, value, ok := strings.Cut(a, "=")
		if !ok {
			return transaction, nil, usagef("expected '$parameter=value', got %q", a)
		}
		if !strings.HasPrefix(key, "$") {
			key = "$" + key
		}
		params = append(params, query.Param{Name: key, Value: value})
	}
	if definition.MultiPatient {
		transaction = iti.MultiPatientStoredQuery
	}
	request, err := query.Encode(definition, params)
	if err != nil {
		return transaction, nil, &usageError{err}
	}
	return transaction, request, nil
}

func runQuery(cmd *cobra.Command, to string, transaction iti.Transaction, request *ebrim.AdhocQueryRequest, asXML, asJSON bool) error {
	client, err := newClient(cmd)
	if err != nil {
		return err
	}
	reply, err := client.Call(cmd.Context(), to, soap.Call{
		Action: transaction.Action, Body: []soap.Segment{{XML: ebrim.AppendAdhocQueryRequest(nil, request)}},
	})
	if err != nil {
		return err
	}
	defer reply.Close()
	response, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
	if !ok {
		return fmt.Errorf("query: expected query:AdhocQueryResponse, got {%s}%s", reply.Body.Name.Space, reply.Body.Name.Local)
	}
	w := cmd.OutOrStdout()
	if asXML {
		_, err = fmt.Fprintf(w, "%s\n", reply.Envelope.Bytes[reply.Body.Start:reply.Body.End])
		if err != nil {
			return err
		}
	}
	if err := judge(cmd, "query", &ebrim.RegistryResponse{Status: response.Status, Errors: response.Errors}); err != nil {
		return err
	}
	switch {
	case asXML:
		return nil
	case asJSON:
		return printJSON(w, response.Objects)
	}
	return printTable(w, response.Objects)
}

// row is one object as people and programs want to see it.
type row struct {
	Class       string   `json:"class"`
	EntryUUID   string   `json:"entryUUID"`
	UniqueID    string   `json:"uniqueId,omitempty"`
	Status      string   `json:"status,omitempty"`
	PatientID   string   `json:"patientId,omitempty"`
	Title       string   `json:"title,omitempty"`
	ClassCode   string   `json:"classCode,omitempty"`
	TypeCode    string   `json:"typeCode,omitempty"`
	FormatCode  string   `json:"formatCode,omitempty"`
	MimeType    string   `json:"mimeType,omitempty"`
	Size        int64    `json:"size,omitempty"`
	Hash        string   `json:"hash,omitempty"`
	Repository  string   `json:"repositoryUniqueId,omitempty"`
	Time        string   `json:"time,omitempty"`
	Association string   `json:"associationType,omitempty"`
	Source      string   `json:"sourceObject,omitempty"`
	Target      string   `json:"targetObject,omitempty"`
	Codes       []string `json:"codes,omitempty"`
}

func rows(l *ebrim.RegistryObjectList) []row {
	s := xds.ReadSubmission(l)
	out := []row{}
	for _, x := range s.SubmissionSets {
		out = append(out, row{Class: "SubmissionSet", EntryUUID: string(x.EntryUUID), UniqueID: string(x.UniqueID), Status: last(string(x.AvailabilityStatus)),
			PatientID: x.Object.Identifier(xds.SchemeSubmissionSetPatientID).Value, Title: x.Title, TypeCode: x.ContentTypeCode.Code, Time: string(x.SubmissionTime)})
	}
	for _, e := range s.DocumentEntries {
		out = append(out, row{Class: "DocumentEntry", EntryUUID: string(e.EntryUUID), UniqueID: string(e.UniqueID), Status: last(string(e.AvailabilityStatus)),
			PatientID: e.PatientID.Raw, Title: e.Title, ClassCode: e.ClassCode.Code, TypeCode: e.TypeCode.Code, FormatCode: e.FormatCode.Code,
			MimeType: e.MimeType, Size: max(e.Size, 0), Hash: e.Hash, Repository: e.RepositoryUniqueID, Time: string(e.CreationTime)})
	}
	for _, f := range s.Folders {
		r := row{Class: "Folder", EntryUUID: string(f.EntryUUID), UniqueID: string(f.UniqueID), Status: last(string(f.AvailabilityStatus)),
			PatientID: f.PatientID.Raw, Title: f.Title, Time: string(f.LastUpdateTime)}
		for _, c := range f.Codes {
			r.Codes = append(r.Codes, c.Code)
		}
		out = append(out, r)
	}
	for _, a := range s.Associations {
		out = append(out, row{Class: "Association", EntryUUID: string(a.EntryUUID), Status: last(string(a.AvailabilityStatus)),
			Association: last(string(a.Type)), Source: string(a.Source), Target: string(a.Target)})
	}
	for _, r := range l.ObjectRefs {
		out = append(out, row{Class: "ObjectRef", EntryUUID: r.ID})
	}
	return out
}

func printJSON(w io.Writer, l *ebrim.RegistryObjectList) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(rows(l))
}

func printTable(w io.Writer, l *ebrim.RegistryObjectList) error {
	all := rows(l)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if len(all) > 0 {
		fmt.Fprintln(t, "CLASS\tSTATUS\tTIME\tTITLE\tTYPE\tMIME TYPE\tSIZE\tUNIQUE ID\tENTRY UUID")
	}
	for _, r := range all {
		if r.Class == "Association" {
			fmt.Fprintf(t, "%s\t%s\t\t%s\t\t\t\t%s -> %s\t%s\n", r.Class, r.Status, r.Association, r.Source, r.Target, r.EntryUUID)
			continue
		}
		size := ""
		if r.Class == "DocumentEntry" {
			size = fmt.Sprint(r.Size)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Class, r.Status, r.Time, r.Title, r.TypeCode, r.MimeType, size, r.UniqueID, r.EntryUUID)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d objects\n", len(all))
	return err
}
