package validate

import (
	"dossier/ebrim"
	"dossier/xds"
)

// setRules are the attributes of SubmissionSet in the order of ITI TF-3: Table 4.2.3.3-1.
var setRules = []Rule{
	strict("submission-set-status", "ITI TF-3: 4.2.3.3.2", each(set, submissionSetStatus)),
	metadata("submission-set-content-type-code", "ITI TF-3: 4.2.3.3.4", each(set, code("contentTypeCode", xds.SchemeContentTypeCode, 1, 1))),
	metadata("submission-set-intended-recipient", "ITI TF-3: 4.2.3.3.7", each(set, slot(xds.SlotIntendedRecipient, 0, many, recipient))),
	fixed("submission-set-patient-id", "ITI TF-3: 4.2.3.3.8", each(set, identifier("patientId", xds.SchemeSubmissionSetPatientID, cx))),
	metadata("submission-set-source-id", "ITI TF-3: 4.2.3.3.9", each(set, identifier("sourceId", xds.SchemeSubmissionSetSourceID, oid))),
	metadata("submission-set-submission-time", "ITI TF-3: 4.2.3.3.10", each(set, slot(xds.SlotSubmissionTime, 1, 1, dtm))),
	metadata("submission-set-title", "ITI TF-3: 4.2.3.3.11", each(set, title(256))),
	fixed("submission-set-unique-id", "ITI TF-3: 4.2.3.3.12", each(set, identifier("uniqueId", xds.SchemeSubmissionSetUniqueID, oid))),
}

// submissionSetStatus: the registry sets it whatever was sent.
func submissionSetStatus(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	if !approved(o.Status) {
		report("availabilityStatus: " + expected(string(xds.Approved)+" or none", o.Status))
	}
}
