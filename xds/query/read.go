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

func findDocumentsForMultiplePatients(r *reader) Query {
	return FindDocumentsForMultiplePatients{Patients: r.patients(entryPatientID), DocumentFilter: r.documents()}
}

func findDocumentsByReferenceIDForMultiplePatients(r *reader) Query {
	q := FindDocumentsByReferenceIDForMultiplePatients{
		Patients: r.patients(entryPatientID), DocumentFilter: r.documents(), ReferenceIDs: r.referenceIDs(entryReferenceIDList),
	}
	exact := func(list []ReferenceID) bool {
		return !slices.ContainsFunc(list, func(id ReferenceID) bool { return id.Pattern })
	}
	if len(q.Patients) == 0 && len(q.ReferenceIDs) > 0 && !r.bad[entryPatientID] && !slices.ContainsFunc(q.ReferenceIDs, exact) {
		r.refuse(&patientsOrCodes, entryPatientID, "expected a patient id beside a pattern of reference ids, got none: whole ids alone may search all patients")
	}
	return q
}

func findFoldersForMultiplePatients(r *reader) Query {
	return FindFoldersForMultiplePatients{
		Patients:       r.patients(folderPatientID),
		LastUpdateTime: r.times(folderLastUpdateTime),
		Codes:          r.allCodes(folderCodeList),
		Status:         r.status(folderStatus),
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
		Availability:               understood(r.all(entryAvailability), readAvailability),
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
		AssociationStatus:    r.associationStatus(),
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
		IDs:               r.ids(entryEntryUUID, entryUniqueID),
		AssociationTypes:  slices.Compact(types),
		Types:             r.types(entryType),
		AssociationStatus: r.associationStatus(),
	}
}
