package validate

import (
	"dossier/hl7v2"
	"dossier/xds"
)

// patientRules: one submission is about one patient. That the ends of an Association within the message belong to one
// patient follows from the two rules, since each end equals the SubmissionSet. An id that cannot be read has been
// reported by the rule of its attribute.
var patientRules = []Rule{
	coded(xds.XDSPatientIDDoesNotMatch, "entry-patient-match", "ITI TF-2: 3.42.4.1.3.3.1", entryPatient),
	coded(xds.XDSPatientIDDoesNotMatch, "folder-patient-match", "ITI TF-2: 3.42.4.1.3.3.1", folderPatient),
}

func entryPatient(s *xds.Submission, _ Profile, report func(location, context string)) {
	members, ok := memberships(s)
	if !ok {
		return
	}
	for _, e := range s.DocumentEntries {
		if m := members[e.EntryUUID]; len(m) > 0 && !hasOriginal(m) {
			continue // by Reference: may belong to another patient
		}
		samePatient(s.SubmissionSets[0].PatientID, e.PatientID, func(context string) { report(where(&e.Object.RegistryObject), context) })
	}
}

func folderPatient(s *xds.Submission, _ Profile, report func(location, context string)) {
	if len(s.SubmissionSets) != 1 {
		return
	}
	for _, f := range s.Folders {
		samePatient(s.SubmissionSets[0].PatientID, f.PatientID, func(context string) { report(where(&f.Object.RegistryObject), context) })
	}
}

func samePatient(want, got hl7v2.CX, report func(context string)) {
	if want.ID != "" && got.ID != "" && !want.Equal(got) {
		report("patientId: expected that of the SubmissionSet, " + quote(want.Raw) + ", got " + quote(got.Raw))
	}
}

// uniqueIDUnique: SubmissionSet, DocumentEntries and Folders share one space of uniqueIds.
func uniqueIDUnique(s *xds.Submission, _ Profile, report func(location, context string)) {
	seen := map[xds.UniqueID]kind{}
	use := func(id xds.UniqueID, k kind, location string) {
		if id == "" {
			return
		}
		if first := seen[id]; first != 0 {
			report(location, "uniqueId: expected to occur once in the message, but "+k.name()+" and "+first.name()+" both have "+quote(string(id)))
			return
		}
		seen[id] = k
	}
	for _, e := range s.SubmissionSets {
		use(e.UniqueID, set, where(&e.Object.RegistryObject))
	}
	for _, e := range s.DocumentEntries {
		use(e.UniqueID, entry, where(&e.Object.RegistryObject))
	}
	for _, f := range s.Folders {
		use(f.UniqueID, folder, where(&f.Object.RegistryObject))
	}
}
