package repository

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"dossier/atna"
	"dossier/ebrim"
	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/soap"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// wanted is one DocumentRequest. Identifiers are compared without blanks and echoed as they came.
type wanted struct{ home, repository, document string }

// keys are the uniqueIds that may be meant: clients put urn:oid: in front of a bare OID.
func (w wanted) keys() []xds.UniqueID {
	out := []xds.UniqueID{xds.UniqueID(w.document)}
	if bare, ok := strings.CutPrefix(w.document, "urn:oid:"); ok {
		out = append(out, xds.UniqueID(bare))
	}
	return out
}

// retrieve is ITI-43 (ITI TF-2: 3.43.4.1.3): each DocumentRequest is judged for itself, answers keep their order.
func (r *Repository) retrieve(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	wants, err := r.decodeRetrieve(req.Body)
	if err != nil {
		return nil, err
	}
	ids := make([]xds.UniqueID, 0, len(wants))
	for _, w := range wants {
		ids = append(ids, w.keys()...)
	}
	held, err := r.Index.Documents(ctx, ids)
	if err != nil {
		return nil, err
	}
	a := &answer{repository: r, ctx: ctx, x: x, budget: r.VerifyAhead}
	for _, w := range wants {
		a.add(w, held)
	}
	if len(a.documents) == 0 {
		return nil, a.problems
	}
	for _, d := range a.documents {
		x.Documents++
		x.Bytes += d.stored.Digest.Size
	}
	x.Stamp(a.problems)
	return a.response(), nil
}

func (r *Repository) decodeRetrieve(body *xmlwire.Element) ([]wanted, error) {
	if !body.Is(xds.NS, "RetrieveDocumentSetRequest") {
		return nil, retrieveRequest.Refuse(body.Path(), "expected xds:RetrieveDocumentSetRequest, got {"+clip(body.Name.Space)+"}"+clip(body.Name.Local), nil)
	}
	var out []wanted
	for e := range body.Children() {
		if !e.Is(xds.NS, "DocumentRequest") {
			continue
		}
		w := wanted{home: childText(e, "HomeCommunityId"), repository: childText(e, "RepositoryUniqueId"), document: childText(e, "DocumentUniqueId")}
		if w.repository == "" || w.document == "" {
			return nil, requestIDs.Refuse(e.Path(), "DocumentRequest: expected RepositoryUniqueId and DocumentUniqueId with a value, found "+missingOf(w), nil)
		}
		out = append(out, w)
	}
	switch {
	case len(out) == 0:
		return nil, retrieveRequest.Refuse(body.Path(), "expected at least one DocumentRequest, found none", nil)
	case len(out) > r.MaxDocuments:
		return nil, retrieveLimit.Refuse(body.Path(), "expected at most "+strconv.Itoa(r.MaxDocuments)+" DocumentRequests, found "+strconv.Itoa(len(out))+"; ask in parts", nil)
	}
	return out, nil
}

// missingOf says what a DocumentRequest lacks.
func missingOf(w wanted) string {
	switch {
	case w.repository == "" && w.document == "":
		return "neither"
	case w.repository == "":
		return "no RepositoryUniqueId"
	}
	return "no DocumentUniqueId"
}

func childText(e *xmlwire.Element, name string) string {
	c := e.Child(xds.NS, name)
	if c == nil {
		return ""
	}
	return strings.TrimSpace(c.Text())
}

// answer collects the outcome of each request.
type answer struct {
	repository *Repository
	ctx        context.Context
	x          *actor.Exchange
	budget     int64 // bytes that may still be checked before the answer starts

	documents []*found
	problems  xds.Errors
}

// found is a document on its way out.
type found struct {
	wanted
	stored store.Document
	reader io.ReadCloser // opened before the answer starts, so that what is missing is an error in it
}

func (a *answer) refuse(w wanted, r *xds.Rule, context string, cause error) {
	a.problems = append(a.problems, r.Refuse(w.document, context, cause)...)
}

// add judges one request and says in the audit what became of it.
func (a *answer) add(w wanted, held map[xds.UniqueID]store.Document) {
	n := len(a.documents)
	patient := a.find(w, held)
	a.x.Audit.Documents = append(a.x.Audit.Documents, atna.DocumentData{
		UniqueID: w.document, Repository: w.repository, Home: w.home, Patient: patient, Failed: len(a.documents) == n,
	})
}

// find opens the document. It returns the patient whose document it is, "" for one that there is not.
func (a *answer) find(w wanted, held map[xds.UniqueID]store.Document) (patient string) {
	if strings.TrimPrefix(w.repository, "urn:oid:") != a.repository.UniqueID {
		a.refuse(w, &repositoryKnown, "RepositoryUniqueId: expected "+a.repository.UniqueID+", got "+quote(w.repository), nil)
		return ""
	}
	var stored store.Document
	ok := false
	for _, k := range w.keys() {
		if stored, ok = held[k]; ok {
			break
		}
	}
	if !ok {
		a.refuse(w, &documentKnown, "DocumentUniqueId: expected that of a document of this repository, got "+quote(w.document), nil)
		return ""
	}
	if stored.Patient.ID != "" {
		patient = stored.Patient.String()
	}
	ahead := min(a.budget, stored.Digest.Size)
	reader, err := blob.OpenVerified(a.ctx, a.repository.Blobs, stored.Digest.Ref, ahead)
	if err != nil {
		a.repository.alarm(a.x, err)
		a.refuse(w, &documentIntact, "expected the document as it was accepted, found it damaged or out of reach; the operator has been alarmed", err)
		return patient
	}
	if ahead == stored.Digest.Size {
		a.budget -= ahead
	}
	a.documents = append(a.documents, &found{wanted: w, stored: stored, reader: reader})
	return patient
}

// alarm reports documents that storage no longer has as they were accepted.
func (r *Repository) alarm(x *actor.Exchange, err error) {
	if errors.Is(err, blob.ErrCorrupt) || errors.Is(err, blob.ErrNotFound) {
		r.Frame.Metrics.Damaged()
		r.Log.Error("ALARM: stored document damaged or missing; run a restore", "reference", x.Reference, "cause", err.Error())
	}
}

// open hands the reader out once and again from the store if the answer is repeated.
func (a *answer) open(f *found) (io.ReadCloser, error) {
	reader := f.reader
	if f.reader = nil; reader == nil {
		var err error
		if reader, err = blob.OpenVerified(a.ctx, a.repository.Blobs, f.stored.Digest.Ref, 0); err != nil {
			return nil, err
		}
	}
	return &watched{ReadCloser: reader, failed: func(err error) { a.repository.alarm(a.x, err) }}, nil
}

// watched raises the alarm when damage shows while a document streams.
type watched struct {
	io.ReadCloser
	failed func(error)
}

// Read passes on what the verified reader gives.
func (w *watched) Read(p []byte) (int, error) {
	n, err := w.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		w.failed(err)
	}
	return n, err
}

func (a *answer) close(error) {
	for _, d := range a.documents {
		if d.reader != nil {
			d.reader.Close()
		}
	}
}

// response renders RetrieveDocumentSetResponse in the order of the schema: mimeType before Document.
func (a *answer) response() *soap.Response {
	status := ebrim.StatusSuccess
	if a.problems.Refused() {
		status = xds.PartialSuccess
	}
	resp := &soap.Response{Sent: a.close}
	buf := appendRetrieveHead(nil, status, a.problems)
	for _, d := range a.documents {
		w := xmlwire.NewWriter(buf)
		w.Start("xds:DocumentResponse")
		if d.home != "" {
			w.Start("xds:HomeCommunityId").Text(d.home).End()
		}
		w.Start("xds:RepositoryUniqueId").Text(d.repository).End()
		w.Start("xds:DocumentUniqueId").Text(d.document).End()
		w.Start("xds:mimeType").Text(d.stored.MimeType).End()
		w.Start("xds:Document")
		document := &soap.Document{ContentType: d.stored.MimeType, Size: d.stored.Digest.Size, Open: func() (io.ReadCloser, error) { return a.open(d) }}
		resp.Body = append(resp.Body, soap.Segment{XML: w.Pending()}, soap.Segment{Document: document})
		buf = []byte("</xds:Document></xds:DocumentResponse>")
	}
	resp.Body = append(resp.Body, soap.Segment{XML: append(buf, "</xds:RetrieveDocumentSetResponse>"...)})
	return resp
}

func appendRetrieveHead(dst []byte, status string, errs xds.Errors) []byte {
	dst = append(dst, `<xds:RetrieveDocumentSetResponse xmlns:xds="`+xds.NS+`"`+ebrim.DeclareRs+`>`...)
	return ebrim.AppendNestedRegistryResponse(dst, &ebrim.RegistryResponse{Status: status, Errors: errs.RegistryErrors()})
}

func refuseRetrieve(errs xds.Errors) *soap.Response {
	return soap.XML(append(appendRetrieveHead(nil, errs.Status(), errs), "</xds:RetrieveDocumentSetResponse>"...))
}
