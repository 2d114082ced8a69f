package validate

import (
	"regexp"
	"strconv"
	"strings"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
)

func entryObjectType(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	switch xds.ObjectType(strings.ToLower(o.ObjectType)) {
	case xds.Stable:
	case xds.OnDemand:
		report("objectType: expected a Stable DocumentEntry, got an On-Demand one; those are registered by ITI-61")
	default:
		report("objectType: " + expected(string(xds.Stable), o.ObjectType))
	}
}

func entryMimeType(s *xds.Submission, _ Profile, report func(location, context string)) {
	for _, e := range s.DocumentEntries {
		if !mimeType.MatchString(e.Object.MimeType) {
			report(where(&e.Object.RegistryObject), "mimeType: "+expected("type/subtype", e.Object.MimeType))
		}
	}
}

// title is an optional Name of at most limit characters.
func title(limit int) judge {
	return func(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
		if len(o.Name) == 0 {
			return
		}
		if v := o.Name.First(); !atMost(v, limit) {
			report("title: " + expected("at most "+strconv.Itoa(limit)+" characters", v))
		}
		if c := o.Name[0].Charset; c != "" && !strings.EqualFold(c, "UTF-8") {
			report("title: " + expected("charset UTF-8", c))
		}
	}
}

// serviceTimes: a start of low precision begins at its first, a stop ends at its last second.
func serviceTimes(s *xds.Submission, _ Profile, report func(location, context string)) {
	for _, e := range s.DocumentEntries {
		start, stop := e.ServiceStartTime, e.ServiceStopTime
		if start != "" && stop != "" && start.Low() > stop.High() {
			report(where(&e.Object.RegistryObject), "serviceStartTime: expected not to be after serviceStopTime "+string(stop)+", got "+string(start))
		}
	}
}

var patientInfo = regexp.MustCompile(`^PID-([1-9][0-9]?)\|`)

// sourcePatientInfo is opaque to a registry; only a strict one looks into it. Its values are never repeated.
func sourcePatientInfo(o *ebrim.RegistryObject, _ Profile, report func(context string)) {
	seen := map[string]bool{}
	for i, v := range ebrim.Values(o.Slots, xds.SlotSourcePatientInfo) {
		value := "sourcePatientInfo: value " + strconv.Itoa(i+1)
		m := patientInfo.FindStringSubmatch(v)
		if m == nil {
			report(value + ": expected PID-n|value, got something else, which is not repeated")
			continue
		}
		switch n := m[1]; {
		case n == "2" || n == "4" || n == "12" || n == "19":
			report(value + ": expected fields that HL7 keeps, got PID-" + n)
		case (n == "7" || n == "8") && (seen[n] || strings.Contains(v, "~")):
			report(value + ": expected PID-" + n + " at most once, found it again")
		default:
			seen[n] = true
		}
	}
}

// entryRules are the attributes of DocumentEntry in the order of ITI TF-3: Table 4.2.3.2-1.
var entryRules = []Rule{
	metadata("entry-class-code", "ITI TF-3: 4.2.3.2.3", each(entry, code("classCode", xds.SchemeClassCode, 1, 1))),
	metadata("entry-confidentiality-code", "ITI TF-3: 4.2.3.2.5", each(entry, code("confidentialityCode", xds.SchemeConfidentialityCode, 1, many))),
	metadata("entry-creation-time", "ITI TF-3: 4.2.3.2.6", each(entry, slot(xds.SlotCreationTime, 1, 1, dtm))),
	metadata("entry-format-code", "ITI TF-3: 4.2.3.2.9", each(entry, code("formatCode", xds.SchemeFormatCode, 1, 1))),
	fixed("entry-hash", "ITI TF-3: 4.2.3.2.10", each(entry, repositorySlot(xds.SlotHash, sha1Hex))),
	metadata("entry-facility-type-code", "ITI TF-3: 4.2.3.2.11", each(entry, code("healthcareFacilityTypeCode", xds.SchemeHealthcareFacilityTypeCode, 1, 1))),
	metadata("entry-language-code", "ITI TF-3: 4.2.3.2.13", each(entry, slot(xds.SlotLanguageCode, 1, 1, language))),
	metadata("entry-legal-authenticator", "ITI TF-3: 4.2.3.2.14", each(entry, slot(xds.SlotLegalAuthenticator, 0, 1, parsed(hl7v2.ParseXCN)))),
	fixed("entry-mime-type", "ITI TF-3: 4.2.3.2.15", entryMimeType),
	fixed("entry-patient-id", "ITI TF-3: 4.2.3.2.16", each(entry, identifier("patientId", xds.SchemeEntryPatientID, cx))),
	metadata("entry-practice-setting-code", "ITI TF-3: 4.2.3.2.17", each(entry, code("practiceSettingCode", xds.SchemePracticeSettingCode, 1, 1))),
	fixed("entry-repository-unique-id", "ITI TF-3: 4.2.3.2.18", each(entry, repositorySlot(xds.SlotRepositoryUniqueID, oid))),
	metadata("entry-service-start-time", "ITI TF-3: 4.2.3.2.19", each(entry, slot(xds.SlotServiceStartTime, 0, 1, dtm))),
	metadata("entry-service-stop-time", "ITI TF-3: 4.2.3.2.20", each(entry, slot(xds.SlotServiceStopTime, 0, 1, dtm))),
	metadata("entry-service-times", "ITI TF-3: 4.2.3.2.20", serviceTimes),
	fixed("entry-size", "ITI TF-3: 4.2.3.2.21", each(entry, repositorySlot(xds.SlotSize, byteCount))),
	metadata("entry-source-patient-id", "ITI TF-3: 4.2.3.2.22", each(entry, slot(xds.SlotSourcePatientID, 1, 1, cx))),
	strict("entry-source-patient-info", "ITI TF-3: 4.2.3.2.23", each(entry, sourcePatientInfo)),
	metadata("entry-title", "ITI TF-3: 4.2.3.2.24", each(entry, title(128))),
	metadata("entry-type-code", "ITI TF-3: 4.2.3.2.25", each(entry, code("typeCode", xds.SchemeTypeCode, 1, 1))),
	fixed("entry-unique-id", "ITI TF-3: 4.2.3.2.26", each(entry, identifier("uniqueId", xds.SchemeEntryUniqueID, documentUniqueID))),
	metadata("entry-reference-id-list", "ITI TF-3: 4.2.3.2.28", each(entry, slot(xds.SlotReferenceIDList, 0, many, parsed(hl7v2.ParseCXi)))),
	fixed("entry-object-type", "ITI TF-3: 4.2.3.2.30", each(entry, entryObjectType)),
	metadata("entry-document-availability", "ITI TF-3: Table 4.2.3.2-1", each(entry, slot(xds.SlotDocumentAvailability, 0, 1, availability))),
}
