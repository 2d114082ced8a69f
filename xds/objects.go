package xds

import (
	"dossier/ebrim"
	"dossier/hl7v2"
)

// Code is a coded value. Two codes are equal when Code and Scheme are; the display name never counts.
type Code struct{ Code, Scheme, Display string }

// Author is one author of a document or a SubmissionSet; the values are HL7 v2 data types in their text form.
type Author struct {
	Person       string // XCN
	Institutions []string
	Roles        []string
	Specialties  []string
	Telecoms     []string
}

// DocumentEntry is the metadata of one document, in the order of ITI TF-3: Table 4.2.3.2-1.
type DocumentEntry struct {
	Authors                    []Author
	AvailabilityStatus         Status
	ClassCode                  Code
	Comments                   string
	ConfidentialityCodes       []Code
	CreationTime               hl7v2.DTM
	EntryUUID                  EntryUUID
	EventCodes                 []Code
	FormatCode                 Code
	Hash                       string // SHA-1, 40 lower-case hexadecimal digits
	HealthcareFacilityTypeCode Code
	HomeCommunityID            HomeCommunityID
	LanguageCode               string
	LegalAuthenticator         string
	LogicalID                  EntryUUID
	MimeType                   string
	ObjectType                 ObjectType
	PatientID                  hl7v2.CX
	PracticeSettingCode        Code
	ReferenceIDs               []string
	RepositoryUniqueID         string
	ServiceStartTime           hl7v2.DTM
	ServiceStopTime            hl7v2.DTM
	Size                       int64 // bytes; -1 when absent or unreadable
	SourcePatientID            hl7v2.CX
	SourcePatientInfo          []string
	Title                      string
	TypeCode                   Code
	UniqueID                   UniqueID
	URI                        string
	Version                    int

	Symbol string                 // the id as the sender wrote it
	Object *ebrim.ExtrinsicObject // what it was read from; nil for one that is being built
}

// SubmissionSet is the metadata of one submission (ITI TF-3: Table 4.2.3.3-1).
type SubmissionSet struct {
	Authors            []Author
	AvailabilityStatus Status
	Comments           string
	ContentTypeCode    Code
	EntryUUID          EntryUUID
	HomeCommunityID    HomeCommunityID
	IntendedRecipients []string
	PatientID          hl7v2.CX
	SourceID           string
	SubmissionTime     hl7v2.DTM
	Title              string
	UniqueID           UniqueID

	Symbol string
	Object *ebrim.RegistryPackage
}

// Folder is the metadata of one Folder (ITI TF-3: Table 4.2.3.4-1).
type Folder struct {
	AvailabilityStatus Status
	Codes              []Code
	Comments           string
	EntryUUID          EntryUUID
	HomeCommunityID    HomeCommunityID
	LastUpdateTime     hl7v2.DTM
	LogicalID          EntryUUID
	PatientID          hl7v2.CX
	Title              string
	UniqueID           UniqueID
	Version            int

	Symbol string
	Object *ebrim.RegistryPackage
}

// Values of the Slot SubmissionSetStatus.
const (
	Original  = "Original"
	Reference = "Reference"
)

// Association links two objects (ITI TF-3: 4.2.2).
type Association struct {
	AvailabilityStatus  Status
	EntryUUID           EntryUUID
	Source, Target      EntryUUID
	SubmissionSetStatus string // Original, Reference or ""
	Type                AssociationType

	Symbol                     string
	SourceSymbol, TargetSymbol string // as the sender wrote them
	Object                     *ebrim.Association
}

// Submission is the content of one ITI-41 or ITI-42 message. A correct one has exactly one SubmissionSet.
type Submission struct {
	SubmissionSets  []*SubmissionSet
	DocumentEntries []*DocumentEntry
	Folders         []*Folder
	Associations    []*Association

	Ambiguous []*ebrim.RegistryPackage // RegistryPackages marked neither or both as SubmissionSet and Folder
	List      *ebrim.RegistryObjectList
}

// SubmissionSet returns the first SubmissionSet, or nil.
func (s *Submission) SubmissionSet() *SubmissionSet {
	if len(s.SubmissionSets) == 0 {
		return nil
	}
	return s.SubmissionSets[0]
}
