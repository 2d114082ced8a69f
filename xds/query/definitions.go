package query

import "slices"

const (
	section             = "ITI TF-2: 3.18.4.1.2.3.7."
	multiPatientSection = "ITI TF-2: 3.51.4.1.2"
)

// Parts that several tables share.
var (
	level       = Parameter{Name: metadataLevel, Type: TypeNumber, Ignored: true}
	ofRelations = Parameter{Name: associationStatus, Type: TypeStatus, Multiple: true}

	ofTypes        = Parameter{Name: entryType, Type: TypeObjectType, Multiple: true}
	ofFormat       = Parameter{Name: entryFormatCode, Type: TypeCode, Multiple: true}
	ofConfidential = Parameter{Name: entryConfidentialityCode, Type: TypeCode, Multiple: true, And: true}

	ofDocuments = slices.Concat(
		[]Parameter{
			{Name: entryPatientID, Type: TypePatientID, Required: true},
			{Name: entryClassCode, Type: TypeCode, Multiple: true},
			{Name: entryTypeCode, Type: TypeCode, Multiple: true},
			{Name: entryPracticeSettingCode, Type: TypeCode, Multiple: true},
		},
		between(entryCreationTime), between(entryServiceStartTime), between(entryServiceStopTime),
		[]Parameter{
			{Name: entryHealthcareFacilityTypeCode, Type: TypeCode, Multiple: true},
			{Name: entryEventCodeList, Type: TypeCode, Multiple: true, And: true},
			ofConfidential,
			{Name: entryAuthorPerson, Type: TypePattern, Multiple: true},
			ofFormat,
			{Name: entryStatus, Type: TypeStatus, Required: true, Multiple: true},
			ofTypes,
			{Name: entryAvailability, Type: TypeAvailability, Multiple: true},
			level,
		})

	ofReferences = Parameter{Name: entryReferenceIDList, Type: TypeReferenceID, Required: true, Multiple: true, And: true}

	ofFolders = slices.Concat(
		[]Parameter{{Name: folderPatientID, Type: TypePatientID, Required: true}},
		between(folderLastUpdateTime),
		[]Parameter{
			{Name: folderCodeList, Type: TypeCode, Multiple: true, And: true},
			{Name: folderStatus, Type: TypeStatus, Required: true, Multiple: true},
			level,
		})
)

// ofPatients makes the table of a query of ITI-18 that of its relative in ITI-51: any number of patients, or none. Some
// parameter that narrows the answer must be there all the same, one of any.
func ofPatients(parameters []Parameter, any ...string) []Parameter {
	out := slices.Clone(parameters)
	for i := range out {
		if p := &out[i]; p.Type == TypePatientID {
			p.Required, p.Multiple = false, true
		}
		out[i].Any = slices.Contains(any, out[i].Name)
	}
	return out
}

func between(base string) []Parameter {
	return []Parameter{{Name: base + "From", Type: TypeTime}, {Name: base + "To", Type: TypeTime}}
}

// either is the choice between the two ids of an object.
func either(uuids, uniqueIDs string, multiple bool) []Parameter {
	return []Parameter{
		{Name: uuids, Type: TypeUUID, Choice: true, Multiple: multiple},
		{Name: uniqueIDs, Type: TypeText, Choice: true, Multiple: multiple},
	}
}

var definitions = []Definition{
	{
		Name: "FindDocuments", ID: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", Section: section + "1",
		Parameters: ofDocuments,
		read:       findDocuments,
	},
	{
		Name: "FindSubmissionSets", ID: "urn:uuid:f26abbcb-ac74-4422-8a30-edb644bbc1a9", Section: section + "2",
		Parameters: slices.Concat(
			[]Parameter{
				{Name: setPatientID, Type: TypePatientID, Required: true},
				{Name: setSourceID, Type: TypeText, Multiple: true},
			},
			between(setSubmissionTime),
			[]Parameter{
				// The Technical Framework allows one value here and several in FindDocuments; several do no harm.
				{Name: setAuthorPerson, Type: TypePattern, Multiple: true},
				{Name: setContentType, Type: TypeCode, Multiple: true},
				{Name: setStatus, Type: TypeStatus, Required: true, Multiple: true},
			}),
		read: findSubmissionSets,
	},
	{
		Name: "FindFolders", ID: "urn:uuid:958f3006-baad-4929-a4de-ff1114824431", Section: section + "3",
		Parameters: ofFolders,
		read:       findFolders,
	},
	{
		Name: "GetAll", ID: "urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3", Section: section + "4",
		Parameters: []Parameter{
			{Name: patientID, Type: TypePatientID, Required: true},
			{Name: entryStatus, Type: TypeStatus, Required: true, Multiple: true},
			{Name: setStatus, Type: TypeStatus, Required: true, Multiple: true},
			{Name: folderStatus, Type: TypeStatus, Required: true, Multiple: true},
			ofFormat, ofConfidential, ofTypes, ofRelations, level,
		},
		read: getAll,
	},
	{
		Name: "GetDocuments", ID: "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", Section: section + "5",
		Parameters: append(either(entryEntryUUID, entryUniqueID, true),
			Parameter{Name: entryLogicalID, Type: TypeUUID, Multiple: true, Ignored: true}, level),
		read: func(r *reader) Query { return GetDocuments{r.ids(entryEntryUUID, entryUniqueID)} },
	},
	{
		Name: "GetFolders", ID: "urn:uuid:5737b14c-8a1a-4539-b659-e03a34a5e1e4", Section: section + "6",
		Parameters: append(either(folderEntryUUID, folderUniqueID, true),
			Parameter{Name: folderLogicalID, Type: TypeUUID, Multiple: true, Ignored: true}, level),
		read: func(r *reader) Query { return GetFolders{r.ids(folderEntryUUID, folderUniqueID)} },
	},
	{
		Name: "GetAssociations", ID: "urn:uuid:a7ae438b-4bc2-4642-93e9-be891f7bb155", Section: section + "7",
		Parameters: []Parameter{{Name: uuid, Type: TypeUUID, Required: true, Multiple: true}, ofRelations, level},
		read:       func(r *reader) Query { return GetAssociations{r.uuids(uuid), r.associationStatus()} },
	},
	{
		Name: "GetDocumentsAndAssociations", ID: "urn:uuid:bab9529a-4a10-40b3-a01f-f68a615d247a", Section: section + "8",
		Parameters: append(either(entryEntryUUID, entryUniqueID, true), ofRelations, level),
		read: func(r *reader) Query {
			return GetDocumentsAndAssociations{r.ids(entryEntryUUID, entryUniqueID), r.associationStatus()}
		},
	},
	{
		Name: "GetSubmissionSets", ID: "urn:uuid:51224314-5390-4169-9b91-b1980040715a", Section: section + "9",
		Parameters: []Parameter{{Name: uuid, Type: TypeUUID, Required: true, Multiple: true}, level},
		read:       func(r *reader) Query { return GetSubmissionSets{r.uuids(uuid)} },
	},
	{
		Name: "GetSubmissionSetAndContents", ID: "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83", Section: section + "10",
		Parameters: append(either(setEntryUUID, setUniqueID, false), ofFormat, ofConfidential, ofTypes, level),
		read: func(r *reader) Query {
			return GetSubmissionSetAndContents{r.ids(setEntryUUID, setUniqueID), r.contents()}
		},
	},
	{
		Name: "GetFolderAndContents", ID: "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7", Section: section + "11",
		Parameters: append(either(folderEntryUUID, folderUniqueID, false), ofFormat, ofConfidential, ofTypes, ofRelations, level),
		read: func(r *reader) Query {
			return GetFolderAndContents{r.ids(folderEntryUUID, folderUniqueID), r.contents(), r.associationStatus()}
		},
	},
	{
		Name: "GetFoldersForDocument", ID: "urn:uuid:10cae35a-c7f9-4cf5-b61e-fc3278ffb578", Section: section + "12",
		Parameters: append(either(entryEntryUUID, entryUniqueID, false), ofRelations, level),
		read: func(r *reader) Query {
			return GetFoldersForDocument{r.ids(entryEntryUUID, entryUniqueID), r.associationStatus()}
		},
	},
	{
		Name: "GetRelatedDocuments", ID: "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6", Section: section + "13",
		Parameters: append(either(entryEntryUUID, entryUniqueID, false),
			Parameter{Name: associationTypes, Type: TypeAssociationType, Required: true, Multiple: true},
			ofTypes, ofRelations, level),
		read: getRelatedDocuments,
	},
	{
		Name: "FindDocumentsByReferenceId", ID: "urn:uuid:12941a89-e02e-4be5-967c-ce4bfc8fe492", Section: section + "14",
		Parameters: append(slices.Clone(ofDocuments), ofReferences),
		read:       findDocumentsByReferenceID,
	},
	{
		Name: "FindDocumentsForMultiplePatients", ID: "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f", Section: multiPatientSection, MultiPatient: true,
		Parameters: ofPatients(ofDocuments, entryPatientID, entryClassCode, entryEventCodeList, entryHealthcareFacilityTypeCode),
		read:       findDocumentsForMultiplePatients,
	},
	{
		Name: "FindFoldersForMultiplePatients", ID: "urn:uuid:50d3f5ac-39a2-11de-a1ca-b366239e58df", Section: multiPatientSection, MultiPatient: true,
		Parameters: ofPatients(ofFolders, folderPatientID, folderCodeList),
		read:       findFoldersForMultiplePatients,
	},
	{
		Name: "FindDocumentsByReferenceIdForMultiplePatients", ID: "urn:uuid:1191642d-86c4-42d8-b784-f95445f9f0d5", Section: multiPatientSection, MultiPatient: true,
		Parameters: append(ofPatients(ofDocuments), ofReferences),
		read:       findDocumentsByReferenceIDForMultiplePatients,
	},
}
