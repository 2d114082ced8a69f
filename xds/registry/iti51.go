package registry

import (
	"context"

	"dossier/internal/actor"
	"dossier/soap"
	"dossier/xds/query"
)

// multiPatientStoredQuery is ITI-51: ITI-18 with queries of its own, whose LeafClass answers may cover several patients
// (ITI TF-2: 3.51.4.1.3).
func (r *Registry) multiPatientStoredQuery(ctx context.Context, x *actor.Exchange, req *soap.Request) (*soap.Response, error) {
	return r.answer(ctx, x, req, query.ParseMultiPatient)
}
