package registry

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/soap"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// storedQuery is ITI-18 (ITI TF-2: 3.18.4.1.3).
func (r *Registry) storedQuery(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	return r.answer(ctx, x, req, query.Parse)
}

func (r *Registry) answer(ctx context.Context, x *actor.Exchange, req *soap.Request, parse func(*ebrim.AdhocQueryRequest) (query.Query, error)) (*soap.Response, error) {
	request, ok := ebrim.DecodeAdhocQueryRequest(req.Body)
	if !ok {
		return nil, queryRequest.Refuse(req.Body.Path(), unexpected(req.Body, ebrim.NSQuery, "AdhocQueryRequest", "rim:AdhocQuery"), nil)
	}
	if d, ok := query.Lookup(request.QueryID); ok {
		x.Query = d.Name
	}
	x.Asked(request.QueryID, request.Home, req.Envelope.Bytes[req.Body.Start:req.Body.End])
	q, err := parse(request)
	if err != nil {
		return nil, err
	}
	x.Audit.Patients = asked(q)
	leaf, err := query.LeafClass(request.ReturnType)
	if err != nil {
		return nil, err
	}
	objects, err := r.find(ctx, q, leaf)
	if err != nil {
		return nil, err
	}
	x.Objects = len(objects)
	if len(x.Audit.Patients) == 0 {
		x.Audit.Patients = shown(objects)
	}
	return r.answerQuery(ctx, objects, leaf)
}

// asked lists the patients that a query names.
func asked(q query.Query) []string {
	var ids []hl7v2.CX
	switch q := q.(type) {
	case query.FindDocuments:
		ids = []hl7v2.CX{q.Patient}
	case query.FindDocumentsByReferenceID:
		ids = []hl7v2.CX{q.Patient}
	case query.FindSubmissionSets:
		ids = []hl7v2.CX{q.Patient}
	case query.FindFolders:
		ids = []hl7v2.CX{q.Patient}
	case query.GetAll:
		ids = []hl7v2.CX{q.Patient}
	case query.FindDocumentsForMultiplePatients:
		ids = q.Patients
	case query.FindDocumentsByReferenceIDForMultiplePatients:
		ids = q.Patients
	case query.FindFoldersForMultiplePatients:
		ids = q.Patients
	}
	var out []string
	for _, cx := range ids {
		if cx.ID != "" {
			out = append(out, cx.String())
		}
	}
	return out
}

// shown is whose objects a query by id found: it is their record that was looked into.
func shown(objects []store.Object) []string {
	var out []string
	var last hl7v2.PatientKey
	for _, o := range objects {
		if o.Patient == last || o.Patient == (hl7v2.PatientKey{}) {
			continue
		}
		last = o.Patient
		cx := hl7v2.CX{ID: last.ID, Authority: hl7v2.HD{UniversalID: last.Authority, UniversalIDType: "ISO"}}.String()
		if !slices.Contains(out, cx) {
			out = append(out, cx)
		}
	}
	return out
}

func (r *Registry) find(ctx context.Context, q query.Query, leaf bool) ([]store.Object, error) {
	limit := r.MaxObjects
	if !leaf {
		limit *= 10
	}
	var objects []store.Object
	err := r.Store.View(ctx, func(tx store.RegistryReader) error {
		var err error
		objects, err = tx.Find(ctx, q, leaf, limit)
		return err
	})
	if errors.Is(err, store.ErrTooMany) {
		advice := "narrow the query"
		if leaf {
			advice = "ask for ObjectRef and fetch them in parts, or " + advice
		}
		return nil, resultLimit.Refuse("", "expected a query that at most "+strconv.Itoa(limit)+" objects match, got more; "+advice, nil)
	}
	if err != nil {
		return nil, err
	}
	if leaf && singlePatient(q) && !samePatient(objects) {
		return nil, resultSinglePatient.Refuse("", "returnType LeafClass: expected objects of one patient, got those of several; ask for ObjectRef", nil)
	}
	return objects, nil
}

// singlePatient lists the queries whose LeafClass answer must stay within one patient (ITI TF-2: 3.18.4.1.2.3.8.1).
func singlePatient(q query.Query) bool {
	switch q.(type) {
	case query.GetDocuments, query.GetFolders, query.GetDocumentsAndAssociations, query.GetSubmissionSets,
		query.GetSubmissionSetAndContents, query.GetFolderAndContents, query.GetFoldersForDocument, query.GetRelatedDocuments:
		return true
	}
	return false
}

func samePatient(objects []store.Object) bool {
	var first hl7v2.PatientKey
	for _, o := range objects {
		switch {
		case o.Patient == (hl7v2.PatientKey{}):
		case first == (hl7v2.PatientKey{}):
			first = o.Patient
		case first != o.Patient:
			return false
		}
	}
	return true
}

// refuseQuery answers a failed query: the schema wants the empty list of objects after the errors.
func refuseQuery(errs xds.Errors) *soap.Response {
	body := ebrim.AppendAdhocQueryResponseHead(nil, errs.Status(), errs.RegistryErrors())
	return soap.XML(append(body, ebrim.AdhocQueryResponseTail...))
}
