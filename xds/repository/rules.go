package repository

import "dossier/xds"

// The rules of a Document Repository. None can be turned down: they are about documents, which have to be there and be the
// right ones. The tables are never changed.

const (
	sectionProvide    = "ITI TF-2: 3.41.4.1.2"
	sectionStore      = "ITI TF-2: 3.41.4.1.3"
	sectionRetrieve   = "ITI TF-2: 3.43.4.1.2"
	sectionDeliver    = "ITI TF-2: 3.43.4.1.3"
	sectionErrorCodes = "ITI TF-3: Table 4.2.4.1-2"
)

// Rules of ITI-41 in the order in which they are judged.
var (
	provideRequest      = xds.Rule{Name: "provide-request", Cite: sectionProvide, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentContent     = xds.Rule{Name: "document-content", Cite: sectionProvide, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentOnce        = xds.Rule{Name: "document-once", Cite: sectionProvide, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentHasMetadata = xds.Rule{Name: "document-has-metadata", Cite: sectionProvide, Code: xds.XDSMissingDocumentMetadata, Fixed: true}
	entryHasDocument    = xds.Rule{Name: "entry-has-document", Cite: sectionProvide, Code: xds.XDSMissingDocument, Fixed: true}
	documentPart        = xds.Rule{Name: "document-part", Cite: sectionProvide, Code: xds.XDSMissingDocument, Fixed: true}
	documentLimit       = xds.Rule{Name: "document-limit", Cite: sectionErrorCodes, Code: xds.XDSRepositoryOutOfResources, Fixed: true}
	documentSpace       = xds.Rule{Name: "document-space", Cite: sectionErrorCodes, Code: xds.XDSRepositoryOutOfResources, Fixed: true}
	documentComplete    = xds.Rule{Name: "document-complete", Cite: sectionStore, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentSize        = xds.Rule{Name: "document-size", Cite: sectionStore, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentHash        = xds.Rule{Name: "document-hash", Cite: sectionStore, Code: xds.XDSRepositoryMetadataError, Fixed: true}
	uniqueIDOnce        = xds.Rule{Name: "document-unique-id-once", Cite: sectionErrorCodes, Code: xds.XDSRepositoryDuplicateUniqueIDInMsg, Fixed: true}
	uniqueIDSameBytes   = xds.Rule{Name: "document-same-bytes", Cite: sectionStore, Code: xds.XDSNonIdenticalHash, Fixed: true}
	uniqueIDSameLength  = xds.Rule{Name: "document-same-length", Cite: sectionStore, Code: xds.XDSNonIdenticalSize, Fixed: true}

	// With a registry elsewhere.
	submissionSetTracked = xds.Rule{Name: "submission-set-tracked", Cite: "ITI TF-3: 4.2.1", Code: xds.XDSRepositoryMetadataError, Fixed: true}
	documentTracked      = xds.Rule{Name: "document-tracked", Cite: "ITI TF-3: Table 4.2.3.2-1", Code: xds.XDSRepositoryMetadataError, Fixed: true}
	repositoryNotBusy    = xds.Rule{Name: "repository-not-busy", Cite: sectionErrorCodes, Code: xds.XDSRepositoryBusy, Fixed: true}
	registryAvailable    = xds.Rule{Name: "registry-available", Cite: sectionErrorCodes, Code: xds.XDSRegistryNotAvailable, Fixed: true}
)

// ProvideRules lists the rules of ITI-41 that a repository judges itself.
func ProvideRules() []xds.Rule {
	return []xds.Rule{
		provideRequest, documentContent, documentOnce, documentHasMetadata, entryHasDocument, documentPart, documentLimit, documentSpace,
		documentComplete, documentSize, documentHash, uniqueIDOnce, uniqueIDSameBytes, uniqueIDSameLength,
		submissionSetTracked, documentTracked, repositoryNotBusy, registryAvailable,
	}
}

// Rules of ITI-43.
var (
	retrieveRequest = xds.Rule{Name: "retrieve-request", Cite: sectionRetrieve, Code: xds.XDSRepositoryError, Fixed: true}
	requestIDs      = xds.Rule{Name: "document-request-ids", Cite: sectionRetrieve, Code: xds.XDSRepositoryError, Fixed: true}
	retrieveLimit   = xds.Rule{Name: "retrieve-limit", Cite: sectionErrorCodes, Code: xds.XDSTooManyResults, Fixed: true}
	repositoryKnown = xds.Rule{Name: "repository-known", Cite: sectionDeliver, Code: xds.XDSUnknownRepositoryID, Fixed: true}
	documentKnown   = xds.Rule{Name: "document-known", Cite: sectionDeliver, Code: xds.XDSDocumentUniqueIDError, Fixed: true}
	documentIntact  = xds.Rule{Name: "document-intact", Cite: sectionDeliver, Code: xds.XDSRepositoryError, Fixed: true}
)

// RetrieveRules lists the rules of ITI-43.
func RetrieveRules() []xds.Rule {
	return []xds.Rule{retrieveRequest, requestIDs, retrieveLimit, repositoryKnown, documentKnown, documentIntact}
}
