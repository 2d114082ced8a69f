package xds

// EntryUUID identifies a registry object: "urn:uuid:" and 36 lower-case characters. Before resolution it may also hold
// a submission's symbolic id.
type EntryUUID string

// UniqueID is the globally unique identifier that the source gave to a document, SubmissionSet or Folder.
type UniqueID string

// HomeCommunityID is "urn:oid:" and an OID.
type HomeCommunityID string

// Status is an availabilityStatus.
type Status string

// Values of availabilityStatus (ITI TF-3: 4.2.3.2.2).
const (
	Approved   Status = "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved"
	Deprecated Status = "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"
)

// Availability is a documentAvailability of the Metadata Update option; a DocumentEntry without one is Online.
type Availability string

// Values of documentAvailability.
const (
	Online  Availability = "urn:ihe:iti:2010:DocumentAvailability:Online"
	Offline Availability = "urn:ihe:iti:2010:DocumentAvailability:Offline"
)

// PartialSuccess is IHE's addition to the ebRS response status values.
const PartialSuccess = "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"

// NS is the namespace of the XDS.b Document Repository schema.
const NS = "urn:ihe:iti:xds-b:2007"

// ObjectType tells the kinds of DocumentEntry apart.
type ObjectType string

// Values of DocumentEntry.objectType (ITI TF-3: 4.2.3.2.30).
const (
	Stable   ObjectType = "urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1"
	OnDemand ObjectType = "urn:uuid:34268e47-fdf5-41a6-ba33-82133c465248"
)

// Classification schemes and nodes (ITI TF-3: 4.2.5).
const (
	SchemeEntryAuthor                = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
	SchemeClassCode                  = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
	SchemeConfidentialityCode        = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
	SchemeEventCodeList              = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
	SchemeFormatCode                 = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
	SchemeHealthcareFacilityTypeCode = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
	SchemePracticeSettingCode        = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
	SchemeTypeCode                   = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
	NodeEntryLimitedMetadata         = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"

	NodeSubmissionSet                = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
	SchemeSubmissionSetAuthor        = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
	SchemeContentTypeCode            = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
	NodeSubmissionSetLimitedMetadata = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707"

	NodeFolder                = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
	SchemeFolderCodeList      = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5"
	NodeFolderLimitedMetadata = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03"

	SchemeAssociationDocumentation = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"
)

// ExternalIdentifier schemes (ITI TF-3: 4.2.5.2).
const (
	SchemeEntryPatientID         = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
	SchemeEntryUniqueID          = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
	SchemeSubmissionSetPatientID = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
	SchemeSubmissionSetSourceID  = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
	SchemeSubmissionSetUniqueID  = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
	SchemeFolderPatientID        = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a"
	SchemeFolderUniqueID         = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"
)

// IdentifierNames gives the fixed Name that each ExternalIdentifier scheme carries.
var IdentifierNames = map[string]string{
	SchemeEntryPatientID:         "XDSDocumentEntry.patientId",
	SchemeEntryUniqueID:          "XDSDocumentEntry.uniqueId",
	SchemeSubmissionSetPatientID: "XDSSubmissionSet.patientId",
	SchemeSubmissionSetSourceID:  "XDSSubmissionSet.sourceId",
	SchemeSubmissionSetUniqueID:  "XDSSubmissionSet.uniqueId",
	SchemeFolderPatientID:        "XDSFolder.patientId",
	SchemeFolderUniqueID:         "XDSFolder.uniqueId",
}

// Slot names.
const (
	SlotAuthorPerson            = "authorPerson"
	SlotAuthorInstitution       = "authorInstitution"
	SlotAuthorRole              = "authorRole"
	SlotAuthorSpecialty         = "authorSpecialty"
	SlotAuthorTelecommunication = "authorTelecommunication"
	SlotCodingScheme            = "codingScheme"
	SlotCreationTime            = "creationTime"
	SlotDocumentAvailability    = "documentAvailability"
	SlotHash                    = "hash"
	SlotIntendedRecipient       = "intendedRecipient"
	SlotLanguageCode            = "languageCode"
	SlotLastUpdateTime          = "lastUpdateTime"
	SlotLegalAuthenticator      = "legalAuthenticator"
	SlotRepositoryUniqueID      = "repositoryUniqueId"
	SlotServiceStartTime        = "serviceStartTime"
	SlotServiceStopTime         = "serviceStopTime"
	SlotSize                    = "size"
	SlotSourcePatientID         = "sourcePatientId"
	SlotSourcePatientInfo       = "sourcePatientInfo"
	SlotSubmissionTime          = "submissionTime"
	SlotURI                     = "URI"
	SlotReferenceIDList         = "urn:ihe:iti:xds:2013:referenceIdList"

	SlotSubmissionSetStatus    = "SubmissionSetStatus"
	SlotPreviousVersion        = "PreviousVersion"
	SlotAssociationPropagation = "AssociationPropagation"
	SlotOriginalStatus         = "OriginalStatus"
	SlotNewStatus              = "NewStatus"
)

// AssociationType is the URN of an Association's type.
type AssociationType string

// Association types (ITI TF-3: 4.2.2.2).
const (
	HasMember                AssociationType = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
	Replace                  AssociationType = "urn:ihe:iti:2007:AssociationType:RPLC"
	Transform                AssociationType = "urn:ihe:iti:2007:AssociationType:XFRM"
	Append                   AssociationType = "urn:ihe:iti:2007:AssociationType:APND"
	TransformAndReplace      AssociationType = "urn:ihe:iti:2007:AssociationType:XFRM_RPLC"
	Signs                    AssociationType = "urn:ihe:iti:2007:AssociationType:signs"
	IsSnapshotOf             AssociationType = "urn:ihe:iti:2010:AssociationType:IsSnapshotOf"
	UpdateAvailabilityStatus AssociationType = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
	SubmitAssociation        AssociationType = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"
)

// IsRelationship tells whether the type relates two DocumentEntries (ITI TF-3: 4.2.2.2).
func (t AssociationType) IsRelationship() bool {
	switch t {
	case Replace, Transform, Append, TransformAndReplace, Signs, IsSnapshotOf:
		return true
	}
	return false
}

// Replaces tells whether the type deprecates its target.
func (t AssociationType) Replaces() bool { return t == Replace || t == TransformAndReplace }
