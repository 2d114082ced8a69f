package query

import (
	"dossier/hl7v2"
	"dossier/xds"
)

// Query is one stored query with its parameters. The set of implementations is closed.
type Query interface{ query() }

// Times is a half-open range From <= t < To of 14-digit times; an empty bound is open (ITI TF-2: 3.18.4.1.2.3.7.1).
type Times struct{ From, To hl7v2.DTM }

// AnyOf matches when one of the codes does; the display name is ignored.
type AnyOf []xds.Code

// AllOf matches when each of its AnyOf lists does: the same parameter given in several slots.
type AllOf []AnyOf

// DocumentFilter holds the parameters that FindDocuments and its relatives share. An empty list filters nothing.
type DocumentFilter struct {
	ClassCode                  AnyOf
	TypeCode                   AnyOf
	PracticeSettingCode        AnyOf
	HealthcareFacilityTypeCode AnyOf
	FormatCode                 AnyOf
	EventCodes                 AllOf
	ConfidentialityCodes       AllOf
	CreationTime               Times // never applied to On-Demand entries
	ServiceStartTime           Times // not applied to entries without the attribute
	ServiceStopTime            Times
	AuthorPerson               []string // LIKE patterns, one of them on any value of any author
	Status                     []xds.Status
	Types                      []xds.ObjectType // never empty after Parse: Stable by default
	Availability               []xds.Availability
}

// FindDocuments returns the DocumentEntries of one patient.
type FindDocuments struct {
	Patient hl7v2.CX
	DocumentFilter
}

// ReferenceID is one value of $XDSDocumentEntryReferenceIdList; with Pattern set '%' stands for any characters.
type ReferenceID struct {
	Value   string
	Pattern bool
}

// FindDocumentsByReferenceID is FindDocuments with referenceIdList: AND of ORs.
type FindDocumentsByReferenceID struct {
	Patient hl7v2.CX
	DocumentFilter
	ReferenceIDs [][]ReferenceID
}

// FindSubmissionSets returns the SubmissionSets of one patient.
type FindSubmissionSets struct {
	Patient        hl7v2.CX
	SourceIDs      []string
	SubmissionTime Times
	AuthorPerson   []string // LIKE patterns
	ContentType    AnyOf
	Status         []xds.Status
}

// FindFolders returns the Folders of one patient.
type FindFolders struct {
	Patient        hl7v2.CX
	LastUpdateTime Times
	Codes          AllOf
	Status         []xds.Status
}

// FindDocumentsForMultiplePatients returns DocumentEntries of several patients, or without Patients of all. Then one of
// ClassCode, EventCodes and HealthcareFacilityTypeCode is there (ITI TF-2: 3.51.4.1.2).
type FindDocumentsForMultiplePatients struct {
	Patients []hl7v2.CX
	DocumentFilter
}

// FindDocumentsByReferenceIDForMultiplePatients is the same with referenceIdList. Without Patients one of the lists has no
// pattern.
type FindDocumentsByReferenceIDForMultiplePatients struct {
	Patients []hl7v2.CX
	DocumentFilter
	ReferenceIDs [][]ReferenceID
}

// FindFoldersForMultiplePatients returns Folders of several patients, or without Patients of all. Then there are Codes.
type FindFoldersForMultiplePatients struct {
	Patients       []hl7v2.CX
	LastUpdateTime Times
	Codes          AllOf
	Status         []xds.Status
}

// GetAll returns everything of one patient and every Association that touches it.
type GetAll struct {
	Patient              hl7v2.CX
	DocumentStatus       []xds.Status
	SubmissionSetStatus  []xds.Status
	FolderStatus         []xds.Status
	FormatCode           AnyOf
	ConfidentialityCodes AllOf
	Types                []xds.ObjectType
	AssociationStatus    []xds.Status
}

// IDs selects objects of one class: exactly one of the two lists is filled.
type IDs struct {
	EntryUUIDs []xds.EntryUUID
	UniqueIDs  []xds.UniqueID
}

// GetDocuments returns DocumentEntries of any status and type.
type GetDocuments struct{ IDs }

// GetFolders returns Folders.
type GetFolders struct{ IDs }

// GetAssociations returns the Associations whose source or target is one of the objects.
type GetAssociations struct {
	EntryUUIDs        []xds.EntryUUID
	AssociationStatus []xds.Status
}

// GetDocumentsAndAssociations returns DocumentEntries and every Association that touches them.
type GetDocumentsAndAssociations struct {
	IDs
	AssociationStatus []xds.Status
}

// GetSubmissionSets returns the SubmissionSets that have one of the DocumentEntries or Folders as member, and the
// HasMember Associations that say so.
type GetSubmissionSets struct{ EntryUUIDs []xds.EntryUUID }

// ContentFilter holds the parameters that filter the DocumentEntries of a SubmissionSet or Folder.
type ContentFilter struct {
	FormatCode           AnyOf
	ConfidentialityCodes AllOf
	Types                []xds.ObjectType
}

// GetSubmissionSetAndContents returns one SubmissionSet with its contents; an Association only with both its ends.
type GetSubmissionSetAndContents struct {
	IDs
	ContentFilter
}

// GetFolderAndContents returns one Folder, its DocumentEntries and the HasMember Associations between them. One that lacks the
// status makes no member.
type GetFolderAndContents struct {
	IDs
	ContentFilter
	AssociationStatus []xds.Status
}

// GetFoldersForDocument returns the Folders that contain a DocumentEntry by an Association of the status.
type GetFoldersForDocument struct {
	IDs
	AssociationStatus []xds.Status
}

// GetRelatedDocuments returns the Associations of the given types between the DocumentEntry and others, and both their
// ends.
type GetRelatedDocuments struct {
	IDs
	AssociationTypes  []xds.AssociationType
	Types             []xds.ObjectType
	AssociationStatus []xds.Status
}

func (FindDocuments) query()                                 {}
func (FindDocumentsByReferenceID) query()                    {}
func (FindSubmissionSets) query()                            {}
func (FindFolders) query()                                   {}
func (GetAll) query()                                        {}
func (GetDocuments) query()                                  {}
func (GetFolders) query()                                    {}
func (GetAssociations) query()                               {}
func (GetDocumentsAndAssociations) query()                   {}
func (GetSubmissionSets) query()                             {}
func (GetSubmissionSetAndContents) query()                   {}
func (GetFolderAndContents) query()                          {}
func (GetFoldersForDocument) query()                         {}
func (GetRelatedDocuments) query()                           {}
func (FindDocumentsForMultiplePatients) query()              {}
func (FindDocumentsByReferenceIDForMultiplePatients) query() {}
func (FindFoldersForMultiplePatients) query()                {}
