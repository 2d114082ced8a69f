package query

import "slices"

func findDocuments(r *reader) Query {
	return FindDocuments{Patient: r.patient(entryPatientID), DocumentFilter: r.documents()}
}

func findDocumentsByReferenceID(r *reader) Query {
	return FindDocumentsByReferenceID{
		Patient: r.patient(entryPatientID), DocumentFilter: r.documents(), ReferenceIDs: r.referenceIDs(entryReferenceIDList),
	}
}

func (r *reader) documents() DocumentFilter {
	return DocumentFilter{
		ClassCode:                  r.codes(entryClassCode),
		TypeCode:                   r.codes(entryTypeCode),
		PracticeSettingCode:        r.codes(entryPracticeSettingCode),
		HealthcareFacilityTypeCode: r.codes(entryHealthcareFacilityTypeCode),
		FormatCode:                 r.codes(entryFormatCode),
		EventCodes:                 r.allCodes(entryEventCodeList),
		ConfidentialityCodes:       r.allCodes(entryConfidentialityCode),
		CreationTime:               r.times(entryCreationTime),
		ServiceStartTime:           r.times(entryServiceStartTime),
		ServiceStopTime:            r.times(entryServiceStopTime),
		AuthorPerson:               r.patterns(entryAuthorPerson),
		Status:                     r.status(entryStatus),
		Types:                      r.types(entryType),
	}
}

func findSubmissionSets(r *reader) Query {
	return FindSubmissionSets{
		Patient:        r.patient(setPatientID),
		SourceIDs:      r.texts(setSourceID),
		SubmissionTime: r.times(setSubmissionTime),
		AuthorPerson:   r.patterns(setAuthorPerson),
		ContentType:    r.codes(setContentType),
		Status:         r.status(setStatus),
	}
}

func findFolders(r *reader) Query {
	return FindFolders{
		Patient:        r.patient(folderPatientID),
		LastUpdateTime: r.times(folderLastUpdateTime),
		Codes:          r.allCodes(folderCodeList),
		Status:         r.status(folderStatus),
	}
}

func getAll(r *reader) Query {
	return GetAll{
		Patient:              r.patient(patientID),
		DocumentStatus:       r.status(entryStatus),
		SubmissionSetStatus:  r.status(setStatus),
		FolderStatus:         r.status(folderStatus),
		FormatCode:           r.codes(entryFormatCode),
		ConfidentialityCodes: r.allCodes(entryConfidentialityCode),
		Types:                r.types(entryType),
	}
}

func (r *reader) contents() ContentFilter {
	return ContentFilter{
		FormatCode:           r.codes(entryFormatCode),
		ConfidentialityCodes: r.allCodes(entryConfidentialityCode),
		Types:                r.types(entryType),
	}
}

func getRelatedDocuments(r *reader) Query {
	types := each(r, associationTypes, r.all(associationTypes), readAssociationType)
	slices.Sort(types)
	return GetRelatedDocuments{
		IDs:              r.ids(entryEntryUUID, entryUniqueID),
		AssociationTypes: slices.Compact(types),
		Types:            r.types(entryType),
	}
}
