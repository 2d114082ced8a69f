package registry

import "dossier/xds"

// The rules that need the registry's content, or are about the request as such. Those of the metadata alone are in package
// validate. The tables are never changed.

const (
	sectionPatients   = "ITI TF-2: 3.42.4.1.3.3.1"
	sectionUniqueIDs  = "ITI TF-2: 3.42.4.1.3.3.3"
	sectionMembers    = "ITI TF-3: 4.2.2.1"
	sectionRelations  = "ITI TF-3: 4.2.2.2"
	sectionErrorCodes = "ITI TF-3: Table 4.2.4.1-2"
)

// Rules of ITI-42 in the order in which they are judged.
var (
	submitRequest = xds.Rule{Name: "submit-objects-request", Cite: "ITI TF-2: 3.42.4.1.2", Code: xds.XDSRegistryMetadataError, Fixed: true}

	patientKnown       = xds.Rule{Name: "patient-known", Cite: sectionPatients, Code: xds.XDSUnknownPatientID, Fixed: true}
	patientNotSubsumed = xds.Rule{Name: "patient-not-subsumed", Cite: "ITI TF-2: 3.8.4.2", Code: xds.XDSUnknownPatientID, Fixed: true}
	// XDSUnknownPatientId would be a claim that nobody could check, so the code is the general one.
	patientIndexAvailable = xds.Rule{Name: "patient-index-available", Cite: sectionErrorCodes, Code: xds.XDSRegistryError, Fixed: true}
	localIDResolved       = xds.Rule{Name: "local-id-resolved", Cite: sectionPatients, Code: xds.XDSUnknownPatientID, Fixed: true}
	localIDSingle         = xds.Rule{Name: "local-id-single", Cite: "ITI TF-2: 3.9.4.2.2.6", Code: xds.XDSRegistryMetadataError, Fixed: true}
	entryUUIDNew          = xds.Rule{Name: "entry-uuid-new", Cite: "ITI TF-3: 4.1.12.3", Code: xds.XDSRegistryMetadataError, Fixed: true}
	uniqueIDNew           = xds.Rule{Name: "unique-id-new", Cite: sectionUniqueIDs, Code: xds.XDSDuplicateUniqueIDInRegistry, Fixed: true}
	uniqueIDObjectType    = xds.Rule{Name: "unique-id-object-type", Cite: sectionUniqueIDs, Code: xds.XDSRegistryMetadataError, Fixed: true}
	uniqueIDSameHash      = xds.Rule{Name: "unique-id-same-hash", Cite: sectionUniqueIDs, Code: xds.XDSNonIdenticalHash, Fixed: true}
	uniqueIDSameSize      = xds.Rule{Name: "unique-id-same-size", Cite: sectionUniqueIDs, Code: xds.XDSNonIdenticalSize, Fixed: true}

	referenceResolved   = xds.Rule{Name: "reference-resolved", Cite: "ITI TF-2: 3.42.4.1.3.3", Code: xds.UnresolvedReferenceException, Fixed: true}
	submissionSetClosed = xds.Rule{Name: "submission-set-closed", Cite: sectionMembers, Code: xds.XDSRegistryMetadataError, Fixed: true}
	referenceStatus     = xds.Rule{Name: "reference-status", Cite: sectionMembers, Code: xds.XDSRegistryMetadataError}
	registeredEnds      = xds.Rule{Name: "registered-member-ends", Cite: sectionMembers, Code: xds.XDSRegistryMetadataError, Fixed: true}
	folderApproved      = xds.Rule{Name: "folder-approved", Cite: sectionMembers, Code: xds.XDSRegistryMetadataError, Fixed: true}
	memberApproved      = xds.Rule{Name: "member-approved", Cite: sectionMembers, Code: xds.XDSRegistryDeprecatedDocumentError}
	folderPatient       = xds.Rule{Name: "folder-patient", Cite: sectionMembers, Code: xds.XDSPatientIDDoesNotMatch, Fixed: true}

	relationshipSource   = xds.Rule{Name: "relationship-source", Cite: sectionRelations, Code: xds.UnresolvedReferenceException, Fixed: true}
	relationshipTarget   = xds.Rule{Name: "relationship-target", Cite: sectionRelations, Code: xds.XDSRegistryMetadataError, Fixed: true}
	replacedRegistered   = xds.Rule{Name: "replaced-registered", Cite: sectionRelations, Code: xds.UnresolvedReferenceException, Fixed: true}
	targetApproved       = xds.Rule{Name: "relationship-target-approved", Cite: sectionRelations, Code: xds.XDSRegistryDeprecatedDocumentError, Fixed: true}
	relationshipPatient  = xds.Rule{Name: "relationship-patient", Cite: sectionRelations, Code: xds.XDSPatientIDDoesNotMatch, Fixed: true}
	appendTransformation = xds.Rule{Name: "append-to-transformation", Cite: sectionRelations, Code: xds.XDSRegistryMetadataError}
	snapshotOnDemand     = xds.Rule{Name: "snapshot-of-on-demand", Cite: sectionRelations, Code: xds.XDSRegistryMetadataError}
	replacedOnce         = xds.Rule{Name: "replaced-once", Cite: sectionRelations, Code: xds.XDSRegistryMetadataError, Fixed: true}
	replacementFolder    = xds.Rule{Name: "replacement-folder-patient", Cite: sectionRelations, Code: xds.XDSPatientIDDoesNotMatch, Fixed: true}

	registryNotBusy = xds.Rule{Name: "registry-not-busy", Cite: sectionErrorCodes, Code: xds.XDSRegistryBusy, Fixed: true}
	registrySpace   = xds.Rule{Name: "registry-space", Cite: sectionErrorCodes, Code: xds.XDSRegistryOutOfResources, Fixed: true}
)

// RegisterRules lists the rules of ITI-42 that this package judges. An ITI-41 is told of them by its repository.
func RegisterRules() []xds.Rule {
	return []xds.Rule{
		submitRequest, patientKnown, patientNotSubsumed, patientIndexAvailable, localIDResolved, localIDSingle, entryUUIDNew, uniqueIDNew, uniqueIDObjectType, uniqueIDSameHash, uniqueIDSameSize,
		referenceResolved, submissionSetClosed, referenceStatus, registeredEnds, folderApproved, memberApproved, folderPatient,
		relationshipSource, relationshipTarget, replacedRegistered, targetApproved, relationshipPatient, appendTransformation, snapshotOnDemand,
		replacedOnce, replacementFolder, registryNotBusy, registrySpace,
	}
}

// Rules of ITI-18 beside those of package query.
var (
	queryRequest        = xds.Rule{Name: "adhoc-query-request", Cite: "ITI TF-2: 3.18.4.1.2", Code: xds.XDSRegistryError, Fixed: true}
	resultLimit         = xds.Rule{Name: "result-limit", Cite: sectionErrorCodes, Code: xds.XDSTooManyResults, Fixed: true}
	resultSinglePatient = xds.Rule{Name: "result-single-patient", Cite: "ITI TF-2: 3.18.4.1.2.3.8.1", Code: xds.XDSResultNotSinglePatient, Fixed: true}
)

// QueryRules lists the rules of ITI-18 and ITI-51 that this package judges.
func QueryRules() []xds.Rule { return []xds.Rule{queryRequest, resultLimit} }

// SinglePatientRules lists those of ITI-18 alone.
func SinglePatientRules() []xds.Rule { return []xds.Rule{resultSinglePatient} }

// failureNamed is about the answer of a registry elsewhere (ITI-41 with a remote registry).
var failureNamed = xds.Rule{Name: "failure-named", Cite: "ITI TF-3: 4.2.4", Code: xds.XDSRegistryError, Fixed: true}

// RelayRules lists the rules that a registry elsewhere is held to by the client of this package.
func RelayRules() []xds.Rule { return []xds.Rule{failureNamed} }
