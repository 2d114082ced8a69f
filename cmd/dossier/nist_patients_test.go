package main

import (
	"slices"
	"testing"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/xds"
)

// TestNIST_12361: the data of the multi-patient queries are those of both patients.
func TestNIST_12361(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.checkScene(t, patientA)
		c.checkScene(t, patientB)
	})
}

// ofPatients is ofPatient for several.
func ofPatients(base string, patients ...string) []string {
	var ids []string
	for _, p := range patients {
		ids = append(ids, patientText(p))
	}
	return []string{base + "PatientId", list(ids...), base + "Status", statusApproved}
}

// findDocumentsForMultiplePatientsProbes are those of ITI TF-2: 3.51.4.1.2: patients, codes in their place, or neither.
func findDocumentsForMultiplePatientsProbes() []probe {
	const entry = "XDSDocumentEntry"
	both, approved := ofPatients(entry, patientA, patientB), []string{entry + "Status", statusApproved}
	all := append([]string{"d10", "d11"}, approvedA...)
	return []probe{
		hit("two patients", both, all...),
		hit("one patient", ofPatients(entry, patientB), "d10", "d11"),
		hit("patients in values of their own", []string{entry + "PatientId", list(patientText(patientA)) + "\n" + list(patientText(patientB)), entry + "Status", statusApproved}, all...),
		hit("an unknown patient contributes nothing", ofPatients(entry, "NOBODY", patientB), "d10", "d11"),
		miss("only unknown patients", ofPatients(entry, "NOBODY", "NEMO")),
		hit("deprecated", []string{entry + "PatientId", list(patientText(patientA), patientText(patientB)), entry + "Status", statusDeprecated}, "d2", "d8"),
		hit("patients and classcode", with(both, entry+"ClassCode", codeList("class-1")), "d1", "d11"),
		hit("patients and creationtime", with(both, entry+"CreationTimeFrom", "2004", entry+"CreationTimeTo", "2006"), "d1", "d4", "d5"),
		hit("classcode", with(approved, entry+"ClassCode", codeList("class-1")), "d1", "d11"),
		hit("classcode of two", with(approved, entry+"ClassCode", codeList("class-1", "class-2")), "d1", "d3", "d4", "d11"),
		miss("classcode of another scheme", with(approved, entry+"ClassCode", list("class-1^^2.999.9.404"))),
		hit("classcode, deprecated too", []string{entry + "Status", bothStatus, entry + "ClassCode", codeList("class-2")}, "d2", "d3", "d4"),
		hit("eventcode", with(approved, entry+"EventCodeList", codeList("event-1", "event-2")), "d1", "d3"),
		hit("eventcode and", with(approved, entry+"EventCodeList", codeList("event-1"), entry+"EventCodeList", codeList("event-2")), "d1"),
		hit("hcftc", with(approved, entry+"HealthcareFacilityTypeCode", codeList("facility-1")), "d1"),
		hit("hcftc and practicesetting", with(approved, entry+"HealthcareFacilityTypeCode", codeList("facility-0"), entry+"PracticeSettingCode", codeList("practice-2")), "d3"),
		miss("classcode, on demand", with(approved, entry+"ClassCode", codeList("class-1"), entry+"Type", list(string(xds.OnDemand)))),
		refuses("nothing", approved, missingParam),
		refuses("nothing that narrows", with(approved, entry+"TypeCode", codeList("type-1"), entry+"FormatCode", codeList("format-1")), missingParam),
		refuses("patient empty", with(approved, entry+"PatientId", "()"), missingParam),
		refuses("status missing", both[:2], missingParam),
		refuses("status invalid", []string{entry + "PatientId", list(patientText(patientA)), entry + "Status", statusUnknown}, missingParam),
		refuses("code without scheme", with(approved, entry+"ClassCode", list("class-1")), syntaxError),
		refuses("malformed patient", with(approved, entry+"PatientId", list("NIST-A", patientText(patientB))), syntaxError),
	}
}

func TestNIST_12364(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.runBy(t, iti.MultiPatientStoredQuery, findDocumentsForMultiplePatients, findDocumentsForMultiplePatientsProbes())

		const folder = "XDSFolder"
		approved := []string{folder + "Status", statusApproved}
		c.runBy(t, iti.MultiPatientStoredQuery, findFoldersForMultiplePatients, []probe{
			hit("two patients", ofPatients(folder, patientA, patientB), "f1", "f2", "f3"),
			hit("an unknown patient contributes nothing", ofPatients(folder, patientB, "NOBODY"), "f3"),
			hit("codelist", with(approved, folder+"CodeList", codeList("fc-1")), "f1", "f3"),
			hit("codelist or", with(approved, folder+"CodeList", codeList("fc-1", "fc-2")), "f1", "f2", "f3"),
			hit("codelist and", with(approved, folder+"CodeList", codeList("fc-1"), folder+"CodeList", codeList("fc-2")), "f1"),
			hit("patient and codelist", with(ofPatients(folder, patientA), folder+"CodeList", codeList("fc-2")), "f1", "f2"),
			miss("codelist none", with(approved, folder+"CodeList", codeList("fc-9"))),
			refuses("nothing", approved, missingParam),
			refuses("times alone", with(approved, folder+"LastUpdateTimeFrom", "2004"), missingParam),
			refuses("status missing", ofPatients(folder, patientA)[:2], missingParam),
		})
		const entry = "XDSDocumentEntry"
		reference := []string{entry + "Status", statusApproved, entry + "ReferenceIdList", list(accession)}
		c.runBy(t, iti.MultiPatientStoredQuery, findDocumentsByReferenceIDForMultiplePatients, []probe{
			hit("refid", reference, "d1", "d3", "d11"),
			hit("refid of a patient", with(reference, entry+"PatientId", list(patientText(patientB))), "d11"),
			hit("refid pattern of two patients", with(ofPatients(entry, patientA, patientB), entry+"ReferenceIdList", list("ACC-%")), "d1", "d3", "d11"),
			refuses("refid pattern of nobody", []string{entry + "Status", statusApproved, entry + "ReferenceIdList", list("ACC-%")}, missingParam),
			refuses("refid missing", ofPatients(entry, patientA), missingParam),
		})
		c.otherTransaction(t)
	})
}

// otherTransaction: queries of ITI-51 are unknown to ITI-18, and the reverse.
func (c *scene) otherTransaction(t *testing.T) {
	params := slices.Concat(ofPatients("XDSDocumentEntry", patientA), ofPatients("XDSFolder", patientA), ofPatients("XDSSubmissionSet", patientA))
	of18 := []string{findDocuments, findFolders, findSubmissionSets, getAll, getDocuments}
	of51 := []string{findDocumentsForMultiplePatients, findFoldersForMultiplePatients, findDocumentsByReferenceIDForMultiplePatients}
	neither := []string{"urn:uuid:00000000-0000-4000-8000-000000000051", ""}
	for _, tx := range []iti.Transaction{iti.RegistryStoredQuery, iti.MultiPatientStoredQuery} {
		unknown := slices.Concat(of51, neither)
		if tx == iti.MultiPatientStoredQuery {
			unknown = slices.Concat(of18, neither)
		}
		for _, id := range unknown {
			for _, returnType := range []string{ebrim.ReturnLeafClass, ebrim.ReturnObjectRef} {
				r := c.askBy(t, tx, id, returnType, params...)
				wantFailure(t, r.Status, r.Errors, "XDSUnknownStoredQuery")
				if n := len(r.Objects.ExtrinsicObjects) + len(r.Objects.RegistryPackages) + len(r.Objects.ObjectRefs); n != 0 {
					t.Errorf("%s: Failure with %d objects", tx.ID, n)
				}
			}
		}
	}
}
