package repository

import (
	"context"
	"log/slog"

	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/store"
	"dossier/store/blob"
	"dossier/xds"
)

// Registrar is the Document Registry as a repository sees it. It registers the submission and with it makes the documents
// readable, both or neither. It returns warnings on success; an error of type xds.Errors is the registry's refusal.
type Registrar interface {
	Register(ctx context.Context, x *actor.Exchange, s *xds.Submission, docs []store.Document) (xds.Errors, error)
}

// Index finds registered documents.
type Index interface {
	Documents(ctx context.Context, ids []xds.UniqueID) (map[xds.UniqueID]store.Document, error)
}

// Repository is the Document Repository.
type Repository struct {
	Frame     *actor.Frame
	UniqueID  string // its OID, repositoryUniqueId
	Index     Index
	Blobs     blob.Store
	Registrar Registrar
	Log       *slog.Logger

	DocumentLimit int64 // bytes of one document
	// VerifyAhead is how many document bytes of one answer are checked before its first byte leaves, so that damage is an
	// error in the answer. What is beyond is checked while it streams, and damage breaks the answer off.
	VerifyAhead int64
	// MaxDocuments bounds the documents of one ITI-43 request.
	MaxDocuments int
}

// Operations is the actor's table of contents.
func (r *Repository) Operations() []soap.Operation {
	return []soap.Operation{
		r.Frame.Operation(iti.ProvideAndRegisterDocumentSet, actor.Protocol{
			Body:     xmlwire.Name{Space: xds.NS, Local: "ProvideAndRegisterDocumentSetRequest"},
			Internal: xds.XDSRepositoryError,
			Refuse:   actor.RegistryResponse,
		}, r.provideAndRegister),
		r.Frame.Operation(iti.RetrieveDocumentSet, actor.Protocol{
			Body:     xmlwire.Name{Space: xds.NS, Local: "RetrieveDocumentSetRequest"},
			Internal: xds.XDSRepositoryError,
			Refuse:   refuseRetrieve,
		}, r.retrieve),
	}
}
