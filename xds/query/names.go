package query

// Parameter names (ITI TF-2: 3.18.4.1.2.3.7). They are case-sensitive.
const (
	entryPatientID                  = "$XDSDocumentEntryPatientId"
	entryClassCode                  = "$XDSDocumentEntryClassCode"
	entryTypeCode                   = "$XDSDocumentEntryTypeCode"
	entryPracticeSettingCode        = "$XDSDocumentEntryPracticeSettingCode"
	entryHealthcareFacilityTypeCode = "$XDSDocumentEntryHealthcareFacilityTypeCode"
	entryFormatCode                 = "$XDSDocumentEntryFormatCode"
	entryEventCodeList              = "$XDSDocumentEntryEventCodeList"
	entryConfidentialityCode        = "$XDSDocumentEntryConfidentialityCode"
	entryCreationTime               = "$XDSDocumentEntryCreationTime" // the names of times end with From or To
	entryServiceStartTime           = "$XDSDocumentEntryServiceStartTime"
	entryServiceStopTime            = "$XDSDocumentEntryServiceStopTime"
	entryAuthorPerson               = "$XDSDocumentEntryAuthorPerson"
	entryStatus                     = "$XDSDocumentEntryStatus"
	entryType                       = "$XDSDocumentEntryType"
	entryReferenceIDList            = "$XDSDocumentEntryReferenceIdList"
	entryEntryUUID                  = "$XDSDocumentEntryEntryUUID"
	entryUniqueID                   = "$XDSDocumentEntryUniqueId"
	entryLogicalID                  = "$XDSDocumentEntryLogicalID"
	entryAvailability               = "$XDSDocumentEntryDocumentAvailability"

	setPatientID      = "$XDSSubmissionSetPatientId"
	setSourceID       = "$XDSSubmissionSetSourceId"
	setSubmissionTime = "$XDSSubmissionSetSubmissionTime"
	setAuthorPerson   = "$XDSSubmissionSetAuthorPerson"
	setContentType    = "$XDSSubmissionSetContentType"
	setStatus         = "$XDSSubmissionSetStatus"
	setEntryUUID      = "$XDSSubmissionSetEntryUUID"
	setUniqueID       = "$XDSSubmissionSetUniqueId"

	folderPatientID      = "$XDSFolderPatientId"
	folderLastUpdateTime = "$XDSFolderLastUpdateTime"
	folderCodeList       = "$XDSFolderCodeList"
	folderStatus         = "$XDSFolderStatus"
	folderEntryUUID      = "$XDSFolderEntryUUID"
	folderUniqueID       = "$XDSFolderUniqueId"
	folderLogicalID      = "$XDSFolderLogicalID"

	patientID         = "$patientId"
	uuid              = "$uuid"
	associationTypes  = "$AssociationTypes"
	associationStatus = "$XDSAssociationStatus"
	metadataLevel     = "$MetadataLevel"

	// homeCommunityID is what the tables call AdhocQuery/@home; it is not a slot.
	homeCommunityID = "$homeCommunityId"
)
