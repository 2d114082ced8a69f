package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
	"dossier/xds/query"
)

// Client speaks ITI-42 and ITI-18 to a Document Registry.
type Client struct {
	SOAP *soap.Client
	URL  string
}

// Submit registers the objects as they are. The problems are the registry's own words; what it calls a success may carry
// warnings. Beside an error, unknown says that the registry may have registered nevertheless: the request was under way
// and no answer of the registry's came back. A messageID other than "" is that of every attempt to send this message.
func (c *Client) Submit(ctx context.Context, s *xds.Submission, messageID string) (problems xds.Errors, unknown bool, err error) {
	body := ebrim.AppendSubmitObjectsRequest(nil, s.List)
	reply, err := c.SOAP.Call(ctx, c.URL, soap.Call{
		Action: iti.RegisterDocumentSet.Action, MessageID: messageID, Body: []soap.Segment{{XML: body}},
	})
	if err != nil {
		return nil, !neverArrived(err), err
	}
	defer reply.Close()
	response, ok := ebrim.DecodeRegistryResponse(reply.Body)
	if !ok || !reply.Body.Is(ebrim.NSRs, "RegistryResponse") {
		return nil, true, fmt.Errorf("expected rs:RegistryResponse, got %s", reply.Body.Path())
	}
	problems, err = Relayed(response)
	return problems, err != nil, err
}

// neverArrived: the connection could not be made, or the registry refused the message as such.
func neverArrived(err error) bool {
	var fault *soap.Fault
	var dial *net.OpError
	return errors.As(err, &fault) && fault.Code == soap.CodeSender || errors.As(err, &dial) && dial.Op == "dial"
}

// Relayed takes over the errors of a response with codes, contexts and severities unchanged (ITI TF-2: 3.41.4.2.2).
// A Failure without a single error is one all the same.
func Relayed(r *ebrim.RegistryResponse) (xds.Errors, error) {
	var out xds.Errors
	for _, e := range r.Errors {
		warning := strings.HasSuffix(e.Severity, "Warning")
		out = append(out, &xds.Error{Code: xds.ErrorCode(e.Code), Warning: warning, Context: e.Context, Location: e.Location, Relayed: true})
	}
	switch strings.TrimSpace(r.Status) {
	case ebrim.StatusSuccess, "Success": // the bare word is in old samples
		return out, nil
	case ebrim.StatusFailure, "Failure":
		if !out.Refused() {
			out = append(out, failureNamed.Broken("", "expected an error in the registry's answer Failure, found none"))
		}
		return out, nil
	}
	return nil, fmt.Errorf("response status %.80q is none of ebRS", r.Status)
}

// Registered returns, of those uniqueIds, the hash of the DocumentEntries that name the repository.
func (c *Client) Registered(ctx context.Context, repositoryUniqueID string, ids []xds.UniqueID) (map[xds.UniqueID]string, error) {
	out := map[xds.UniqueID]string{}
	for _, id := range ids {
		// One at a time: documents of several patients in one LeafClass answer would be XDSResultNotSinglePatient.
		entries, err := c.Entries(ctx, []xds.UniqueID{id})
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.RepositoryUniqueID == repositoryUniqueID {
				out[e.UniqueID] = e.Hash
			}
		}
	}
	return out, nil
}

// Entries asks by GetDocuments for the DocumentEntries with those uniqueIds.
func (c *Client) Entries(ctx context.Context, ids []xds.UniqueID) ([]*xds.DocumentEntry, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	definition, _ := query.Lookup("GetDocuments")
	var params []query.Param
	for _, id := range ids {
		params = append(params, query.Param{Name: "$XDSDocumentEntryUniqueId", Value: string(id)})
	}
	request, err := query.Encode(definition, params)
	if err != nil {
		return nil, err
	}
	request.ReturnType = ebrim.ReturnLeafClass
	reply, err := c.SOAP.Call(ctx, c.URL, soap.Call{Action: iti.RegistryStoredQuery.Action, Body: []soap.Segment{{XML: ebrim.AppendAdhocQueryRequest(nil, request)}}})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	response, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
	if !ok {
		return nil, fmt.Errorf("GetDocuments: expected query:AdhocQueryResponse, got %s", reply.Body.Path())
	}
	if response.Status != ebrim.StatusSuccess {
		code := "no error code"
		if len(response.Errors) > 0 {
			code = response.Errors[0].Code
		}
		return nil, fmt.Errorf("GetDocuments: the registry refused with %s", code)
	}
	var out []*xds.DocumentEntry
	for _, o := range response.Objects.ExtrinsicObjects {
		out = append(out, xds.ReadDocumentEntry(o))
	}
	return out, nil
}
