//go:build linux

package crash

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
	"dossier/xds/query"
)

const (
	domain       = "2.999.1.77"
	repositoryID = "2.999.1.2"
	otherID      = "2.999.1.99" // the repository of entries that come by ITI-42
)

// wire is a peer of one server process.
type wire struct {
	server *server
	soap   *soap.Client
	mllp   *mllp.Client
}

func connect(s *server) *wire {
	return &wire{server: s, soap: &soap.Client{HTTP: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}}
}

func (w *wire) close() {
	w.soap.HTTP.CloseIdleConnections()
	if w.mllp != nil {
		w.mllp.Close()
	}
}

// refused is an answer other than Success; whatever else comes as an error is an outcome that nobody knows.
type refused struct{ text string }

func (r *refused) Error() string { return r.text }

func refusal(status string, errs []ebrim.RegistryError) error {
	if status == ebrim.StatusSuccess {
		return nil
	}
	text := status
	for _, e := range errs {
		text += "\n" + e.Code + ": " + e.Context
	}
	return &refused{text}
}

func isRefusal(err error) bool {
	var r *refused
	return errors.As(err, &r)
}

func (w *wire) call(path string, c soap.Call) (*soap.Reply, error) {
	return w.soap.Call(context.Background(), "http://"+w.server.http+path, c)
}

func (w *wire) registryResponse(path string, c soap.Call) error {
	reply, err := w.call(path, c)
	if err != nil {
		return err
	}
	defer reply.Close()
	r, ok := ebrim.DecodeRegistryResponse(reply.Body)
	if !ok {
		return fmt.Errorf("no RegistryResponse: %s", reply.Body.Path())
	}
	return refusal(r.Status, r.Errors)
}

// provide is ITI-41.
func (w *wire) provide(m *xds.Submission, contents [][]byte) error {
	buf := []byte(`<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="` + xds.NS + `">`)
	buf = ebrim.AppendSubmitObjectsRequest(buf, m.Build())
	var body []soap.Segment
	for i, e := range m.DocumentEntries {
		buf = append(append(append(buf, `<xds:Document id="`...), e.EntryUUID...), `">`...)
		body = append(body, soap.Segment{XML: buf}, soap.Segment{Document: &soap.Document{
			ContentType: e.MimeType, Size: int64(len(contents[i])),
			Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(contents[i])), nil },
		}})
		buf = []byte("</xds:Document>")
	}
	body = append(body, soap.Segment{XML: append(buf, "</xds:ProvideAndRegisterDocumentSetRequest>"...)})
	return w.registryResponse("/xds/repository", soap.Call{Action: iti.ProvideAndRegisterDocumentSet.Action, MTOM: true, Body: body})
}

// register is ITI-42.
func (w *wire) register(m *xds.Submission) error {
	return w.registryResponse("/xds/registry", soap.Call{Action: iti.RegisterDocumentSet.Action,
		Body: []soap.Segment{{XML: ebrim.AppendSubmitObjectsRequest(nil, m.Build())}}})
}

// find is ITI-18 FindDocuments for documents of a type that nothing has.
func (w *wire) find(patient hl7v2.CX, mark string) error {
	def, _ := query.Lookup("FindDocuments")
	request, err := query.Encode(def, []query.Param{
		{Name: "$XDSDocumentEntryPatientId", Value: patient.String()}, {Name: "$XDSDocumentEntryStatus", Value: "Approved"},
		{Name: "$XDSDocumentEntryTypeCode", Value: mark + "^^2.999.9"},
	})
	if err != nil {
		return err
	}
	reply, err := w.call("/xds/registry", soap.Call{Action: iti.RegistryStoredQuery.Action,
		Body: []soap.Segment{{XML: ebrim.AppendAdhocQueryRequest(nil, request)}}})
	if err != nil {
		return err
	}
	defer reply.Close()
	r, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
	if !ok {
		return fmt.Errorf("no AdhocQueryResponse: %s", reply.Body.Path())
	}
	return refusal(r.Status, r.Errors)
}

// getAll is ITI-18 GetAll for everything of a patient.
func (w *wire) getAll(patient hl7v2.CX) (*xds.Submission, error) {
	def, _ := query.Lookup("GetAll")
	params := []query.Param{{Name: "$patientId", Value: patient.String()}}
	for _, class := range []string{"DocumentEntry", "SubmissionSet", "Folder"} {
		params = append(params, query.Param{Name: "$XDS" + class + "Status", Value: "Approved,Deprecated"})
	}
	request, err := query.Encode(def, params)
	if err != nil {
		return nil, err
	}
	reply, err := w.call("/xds/registry", soap.Call{Action: iti.RegistryStoredQuery.Action,
		Body: []soap.Segment{{XML: ebrim.AppendAdhocQueryRequest(nil, request)}}})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	r, ok := ebrim.DecodeAdhocQueryResponse(reply.Body)
	if !ok {
		return nil, fmt.Errorf("no AdhocQueryResponse: %s", reply.Body.Path())
	}
	return xds.ReadSubmission(r.Objects), refusal(r.Status, r.Errors)
}

// retrieve is ITI-43 for several documents; what the repository does not have is missing in the map. An answer that
// breaks off is an error.
func (w *wire) retrieve(ids []xds.UniqueID) (map[xds.UniqueID][]byte, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	x := xmlwire.NewWriter(nil)
	x.Start("xds:RetrieveDocumentSetRequest").Attr("xmlns:xds", xds.NS)
	for _, id := range ids {
		x.Start("xds:DocumentRequest").Start("xds:RepositoryUniqueId").Text(repositoryID).End().Start("xds:DocumentUniqueId").Text(string(id)).End().End()
	}
	reply, err := w.call("/xds/repository", soap.Call{Action: iti.RetrieveDocumentSet.Action, MTOM: true, Body: []soap.Segment{{XML: x.End().Bytes()}}})
	if err != nil {
		return nil, err
	}
	defer reply.Close()
	hrefs := map[string]xds.UniqueID{}
	for e := range reply.Body.Children() {
		if !e.Is(xds.NS, "DocumentResponse") {
			continue
		}
		href, ok := soap.Include(e.Child(xds.NS, "Document"))
		if !ok {
			return nil, errors.New("a document without xop:Include")
		}
		hrefs[href] = xds.UniqueID(e.Child(xds.NS, "DocumentUniqueId").Text())
	}
	out := map[xds.UniqueID][]byte{}
	for {
		part, err := reply.Parts.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		for href, id := range hrefs {
			if soap.MatchContentID(href, part.ContentID) {
				out[id] = content
			}
		}
	}
	if len(out) != len(hrefs) {
		return nil, fmt.Errorf("%d documents in the answer, %d parts", len(hrefs), len(out))
	}
	return out, nil
}

// admit is ITI-8 A04.
func (w *wire) admit(patient hl7v2.CX) error { return w.feed("A04", "ADT_A01", patient, nil) }

// merge is ITI-8 A40.
func (w *wire) merge(survivor, subsumed hl7v2.CX) error {
	return w.feed("A40", "ADT_A39", survivor, &subsumed)
}

func (w *wire) feed(event, structure string, patient hl7v2.CX, subsumed *hl7v2.CX) (err error) {
	if w.mllp == nil {
		if w.mllp, err = mllp.Dial(context.Background(), w.server.mllp, nil); err != nil {
			return err
		}
	}
	b := hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "CRASH"}, SendingFacility: hl7v2.HD{Namespace: "TEST"},
		ReceivingApplication: hl7v2.HD{Namespace: "DOSSIER"}, ReceivingFacility: hl7v2.HD{Namespace: "DOSSIER"},
		Time: "20260101000000", Type: "ADT", Trigger: event, Structure: structure, ControlID: uuid.NewString()[16:], ProcessingID: "P", Version: "2.3.1",
	})
	b.Segment("EVN", hl7v2.Text(event), hl7v2.Text("20260101000000"))
	b.Segment("PID", nil, nil, patient.Value())
	if subsumed != nil {
		b.Segment("MRG", subsumed.Value())
	} else {
		b.Segment("PV1", nil, hl7v2.Text("O"))
	}
	answer, err := w.mllp.Send(context.Background(), b.Bytes())
	if err != nil {
		return err
	}
	ack, err := hl7v2.ParseMessage(answer)
	if err != nil {
		return err
	}
	if code := ack.Field("MSA", 1).Text(); code != hl7v2.Accept {
		return &refused{fmt.Sprintf("%s: %q", event, answer)}
	}
	return nil
}

// ready asks /readyz.
func (s *server) ready() (status int, text string, err error) {
	resp, err := http.Get(s.adminURL + "/readyz")
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func patientID(name string) hl7v2.CX {
	return hl7v2.CX{ID: name, Authority: hl7v2.HD{UniversalID: domain, UniversalIDType: "ISO"}}
}

func newUUID() xds.EntryUUID { return xds.EntryUUID("urn:uuid:" + uuid.NewString()) }

func hashOf(content []byte) string {
	sum := sha1.Sum(content)
	return hex.EncodeToString(sum[:])
}
