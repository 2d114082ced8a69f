package registry

import (
	"errors"
	"time"

	"dossier/ebrim"
	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/validate"
)

// Registry is the Document Registry.
type Registry struct {
	Frame   *actor.Frame
	Store   store.Registry
	Profile validate.Profile
	// Codes holds the code sets of the affinity domain; nil takes every code.
	Codes interface {
		Problems(*xds.Submission) xds.Errors
	}
	// MPI is asked for patients who are not known here; nil where those that were fed are all.
	MPI MPI
	// LocalIDs resolves ids of other domains; nil leaves them to be refused.
	LocalIDs LocalIDs
	NewUUID  func() string
	Now      func() time.Time
	// MaxObjects bounds a LeafClass answer; more is XDSTooManyResults. ObjectRef answers have ten times as many.
	MaxObjects int
}

// Operations is the actor's table of contents.
func (r *Registry) Operations() []soap.Operation {
	return []soap.Operation{
		r.Frame.Operation(iti.RegistryStoredQuery, actor.Protocol{
			Body:     xmlwire.Name{Space: ebrim.NSQuery, Local: "AdhocQueryRequest"},
			Internal: xds.XDSRegistryError,
			Refuse:   refuseQuery,
		}, r.storedQuery),
		// Without Body: an AdhocQueryRequest that comes without an action is ITI-18.
		r.Frame.Operation(iti.MultiPatientStoredQuery, actor.Protocol{
			Internal: xds.XDSRegistryError,
			Refuse:   refuseQuery,
		}, r.multiPatientStoredQuery),
		r.Frame.Operation(iti.RegisterDocumentSet, actor.Protocol{
			Body:     xmlwire.Name{Space: ebrim.NSLcm, Local: "SubmitObjectsRequest"},
			Internal: xds.XDSRegistryError,
			Refuse:   actor.RegistryResponse,
		}, r.registerDocumentSet),
	}
}

// storeError gives errors of the store that the peer may know their code.
func storeError(err error) error {
	switch {
	case errors.Is(err, store.ErrNoSpace):
		return registrySpace.Refuse("", "expected space to store metadata, found none; nothing was stored, send again later", err)
	case errors.Is(err, store.ErrConflict):
		// Update has tried again several times already: too many changes of the same objects at once.
		return registryNotBusy.Refuse("", "expected no other change of the same objects meanwhile, got too many; nothing was stored, send again", err)
	}
	return err
}

// unexpected words a request that cannot be read: another element, or the right one without the child that matters.
func unexpected(body *xmlwire.Element, space, local, child string) string {
	if body.Is(space, local) {
		return "expected " + child + " in " + local + ", found none"
	}
	return "expected " + local + " of namespace " + space + ", got {" + clip(body.Name.Space) + "}" + clip(body.Name.Local)
}
