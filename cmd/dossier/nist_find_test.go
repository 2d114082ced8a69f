package main

import (
	"slices"
	"testing"
	"time"

	"dossier/xds"
)

const (
	statusDeprecated = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated')"
	statusUnknown    = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted')"

	missingParam = "XDSStoredQueryMissingParam"
	paramNumber  = "XDSStoredQueryParamNumber"
	syntaxError  = "XDSRegistryError"
)

// approvedA is the current documents of patient A.
var approvedA = []string{"d1", "d3", "d4", "d5", "d6", "d7", "d9", "d12"}

func except(all []string, names ...string) []string {
	return without(all, func(s string) bool { return slices.Contains(names, s) })
}

// ofPatient is the required parameters of a FindXxx.
func ofPatient(base, patient, status string) []string {
	return []string{base + "PatientId", str(patientText(patient)), base + "Status", status}
}

// findDocumentsProbes holds for FindDocuments as for FindDocumentsByReferenceId with all documents in reach.
func findDocumentsProbes() []probe {
	base := ofPatient("XDSDocumentEntry", patientA, statusApproved)
	code := func(name string) func(v string) []string {
		return func(v string) []string { return with(base, "XDSDocumentEntry"+name, v) }
	}
	class, typ, practice, facility := code("ClassCode"), code("TypeCode"), code("PracticeSettingCode"), code("HealthcareFacilityTypeCode")
	format, event, conf, author, object := code("FormatCode"), code("EventCodeList"), code("ConfidentialityCode"), code("AuthorPerson"), code("Type")
	return []probe{
		hit("approved", base, approvedA...),
		hit("deprecated", ofPatient("XDSDocumentEntry", patientA, statusDeprecated), "d2", "d8"),
		hit("both", ofPatient("XDSDocumentEntry", patientA, bothStatus), append([]string{"d2", "d8"}, approvedA...)...),
		hit("status not understood beside one that is", ofPatient("XDSDocumentEntry", patientA, "('urn:example:other','urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"), approvedA...),
		hit("other patient", ofPatient("XDSDocumentEntry", patientB, statusApproved), "d10", "d11"),
		miss("unknown patient", ofPatient("XDSDocumentEntry", "NOBODY", statusApproved)),
		hit("unknown parameter", with(base, "SomethingElse", "'x'"), approvedA...),
		hit("MetadataLevel", with(base, "MetadataLevel", "1"), approvedA...),

		hit("classcode one", class(codeList("class-1")), "d1"),
		hit("classcode two", class(codeList("class-1", "class-2")), "d1", "d3", "d4"),
		miss("no matching classcode", class(codeList("class-9"))),
		miss("classcode of another scheme", class(list("class-1^^2.999.9.404"))),
		miss("classcode in another case", class(codeList("CLASS-1"))),
		hit("classcode two in values of their own", class(codeList("class-1")+"\n"+codeList("class-2")), "d1", "d3", "d4"),
		hit("classcode with display name", class(list("class-1^Some name^"+codeScheme)), "d1"),
		refuses("old scheme", with(base, "XDSDocumentEntryClassCode", list("class-1"), "XDSDocumentEntryClassCodeScheme", list(codeScheme)), syntaxError),
		refuses("classcode scheme mismatch", class(list("class-1^^")), syntaxError),
		refuses("one code of two without scheme", class(list("class-1^^"+codeScheme, "class-2")), syntaxError),
		hit("classcode slot twice is or", with(class(codeList("class-1")), "XDSDocumentEntryClassCode", codeList("class-2")), "d1", "d3", "d4"),

		hit("typecode", typ(codeList("type-1")), "d1", "d3"),
		miss("typecode none", typ(codeList("type-9"))),
		hit("practicesetting", practice(codeList("practice-2")), "d3"),
		miss("practicesetting none", practice(list("practice-2^^2.999.9.404"))),
		hit("hcftc", facility(codeList("facility-1")), "d1"),
		miss("hcftc none", facility(codeList("facility-9"))),
		hit("formatcode", format(codeList("format-1", "format-2")), "d1", "d3"),
		miss("formatcode none", format(codeList("format-9"))),
		hit("classcode and practicesetting", with(class(codeList("class-2")), "XDSDocumentEntryPracticeSettingCode", codeList("practice-2")), "d3"),
		miss("classcode and practicesetting none", with(class(codeList("class-1")), "XDSDocumentEntryPracticeSettingCode", codeList("practice-2"))),

		hit("eventcode", event(codeList("event-1")), "d1", "d3"),
		hit("eventcode or", event(codeList("event-2", "event-0")), except(approvedA, "d3", "d7")...),
		hit("eventcode and", with(event(codeList("event-1")), "XDSDocumentEntryEventCodeList", codeList("event-2")), "d1"),
		miss("eventcode and none", with(event(codeList("event-1")), "XDSDocumentEntryEventCodeList", codeList("event-0"))),
		hit("eventcode or within and", with(event(codeList("event-1")), "XDSDocumentEntryEventCodeList", codeList("event-0", "event-2")), "d1"),
		hit("confcode", conf(codeList("conf-R")), "d3"),
		hit("confcode or", conf(codeList("conf-R", "conf-V")), "d3", "d6"),
		hit("and", with(conf(codeList("conf-N")), "XDSDocumentEntryConfidentialityCode", codeList("conf-R")), "d3"),
		miss("and none", with(conf(codeList("conf-V")), "XDSDocumentEntryConfidentialityCode", codeList("conf-R"))),
		miss("confcode none", conf(codeList("conf-X"))),

		hit("author", author(list("%Brandt%")), "d3"),
		hit("author two", author(list("%Brandt%", "%O'Brien%")), "d1", "d3"),
		hit("author second of the document", author(list("9^O'Brien^Sean")), "d1"),
		hit("author with a comma", author(list("^Brandt, MD^Eva")), "d3"),
		hit("author one character", author(list("^Brandt, M_^Eva")), "d3"),
		miss("author one character too many", author(list("^Brandt, MD_^Eva"))),
		miss("author whole value", author(list("Brandt"))),
		miss("author in another case", author(list("%brandt%"))),

		hit("stable", object(list(string(xds.Stable))), approvedA...),
		miss("on demand", object(list(string(xds.OnDemand)))),
		hit("stable and on demand", object(list(string(xds.Stable), string(xds.OnDemand))), approvedA...),

		refuses("patient missing", []string{"XDSDocumentEntryStatus", statusApproved}, missingParam),
		refuses("patient empty", []string{"XDSDocumentEntryPatientId", "", "XDSDocumentEntryStatus", statusApproved}, missingParam),
		refuses("status missing", []string{"XDSDocumentEntryPatientId", str(patientText(patientA))}, missingParam),
		refuses("status invalid", ofPatient("XDSDocumentEntry", patientA, statusUnknown), missingParam),
		refuses("two patients", []string{"XDSDocumentEntryPatientId", list(patientText(patientA), patientText(patientB)), "XDSDocumentEntryStatus", statusApproved}, paramNumber),
		refuses("open quote", class("('class-1^^"+codeScheme+")"), syntaxError),
	}
}

// findDocumentsTimes are the date cases; documents without a service time match every range of it.
func findDocumentsTimes() []probe {
	base := ofPatient("XDSDocumentEntry", patientA, statusApproved)
	between := func(name, from, to string) []string {
		p := slices.Clone(base)
		if from != "" {
			p = append(p, "XDSDocumentEntry"+name+"From", from)
		}
		if to != "" {
			p = append(p, "XDSDocumentEntry"+name+"To", to)
		}
		return p
	}
	const created, start, stop = "CreationTime", "ServiceStartTime", "ServiceStopTime"
	return []probe{
		hit("creationtime left edge", between(created, "20041224", "20041225"), "d1"),
		miss("creationtime right edge", between(created, "20041223", "20041224")),
		miss("creationtime empty range", between(created, "20041224", "20041224")),
		hit("creationtime between", between(created, "2005", "2006"), "d4", "d5"),
		hit("creationtime between long", between(created, "20050601153000", "20050601153001"), "d4"),
		miss("creationtime between long right edge", between(created, "20050601", "200506011530")),
		hit("creationtime of a year is its first second", between(created, "20050101", "20050101000001"), "d5"),
		hit("creationtime from", between(created, "2006", ""), except(approvedA, "d1", "d4", "d5")...),
		hit("creationtime to", between(created, "", "20050601153001"), "d1", "d4", "d5"),
		miss("creationtime from late", between(created, "2030", "")),
		miss("creationtime to early", between(created, "", "1999")),
		hit("creationtime quoted", between(created, "'2005'", "'2006'"), "d4", "d5"),
		hit("creationtime and practicesetting", with(between(created, "2006", "2007"), "XDSDocumentEntryPracticeSettingCode", codeList("practice-2")), "d3"),
		hit("servicestarttime", between(start, "20041223", "20041224"), "d1", "d3"),
		hit("servicestarttime left edge", between(start, "200412230800", "20041223080001"), "d1", "d3"),
		hit("servicestarttime right edge", between(start, "2004", "200412230800"), "d3"),
		hit("servicestarttime from", between(start, "2005", ""), except(approvedA, "d1")...),
		hit("servicestoptime", between(stop, "200412230801", "200412230802"), "d1", "d3"),
		hit("servicestoptime to", between(stop, "", "200412230801"), "d3"),
		hit("servicestoptime to long", between(stop, "", "20050601150001"), "d1", "d3", "d4"),
		hit("start and stop", with(between(start, "2005", "2006"), "XDSDocumentEntryServiceStopTimeFrom", "200506011500"), "d3", "d4"),
		refuses("not a time", between(created, "yesterday", ""), syntaxError),
		refuses("no such day", between(created, "20050230", ""), syntaxError),
		refuses("two bounds", between(created, "(2005,2006)", ""), paramNumber),
	}
}

func TestNIST_11897(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		c.run(t, findDocuments, findDocumentsProbes())
		c.run(t, findDocuments, findDocumentsTimes())
		// The Reference ID option: every parameter of FindDocuments, and one more.
		refs := func(params []string, lists ...string) []string {
			for _, l := range lists {
				params = append(slices.Clone(params), "XDSDocumentEntryReferenceIdList", l)
			}
			return params
		}
		base := ofPatient("XDSDocumentEntry", patientA, statusApproved)
		c.run(t, findDocumentsByReferenceID, []probe{
			hit("refid", refs(base, list(order)), "d1"),
			hit("refid of two documents", refs(base, list(accession)), "d1", "d3"),
			hit("refid or", refs(base, list(order, "X^^^&2.999.4&ISO^urn:x")), "d1"),
			hit("refid and", refs(base, list(accession), list(order)), "d1"),
			miss("refid and none", refs(base, list(accession), list("X^^^&2.999.4&ISO^urn:x"))),
			hit("refid pattern", refs(base, list("ACC-%")), "d1", "d3"),
			miss("refid underscore is no pattern", refs(base, list("ACC_1"+accession[5:]))),
			miss("refid part", refs(base, list("ACC-1"))),
			hit("refid and classcode", refs(with(base, "XDSDocumentEntryClassCode", codeList("class-2")), list(accession)), "d3"),
			hit("refid of the other patient", refs(ofPatient("XDSDocumentEntry", patientB, statusApproved), list(accession)), "d11"),
			refuses("refid missing", base, missingParam),
			refuses("refid alone", refs(nil, list(accession)), missingParam),
		})
	})
}

func TestNIST_11898(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		base := ofPatient("XDSSubmissionSet", patientA, statusApproved)
		all := []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s13"}
		rest := except(all, "s1")
		p := func(name, value string, more ...string) []string {
			return with(base, append([]string{"XDSSubmissionSet" + name, value}, more...)...)
		}
		c.run(t, findSubmissionSets, []probe{
			hit("approved", base, all...),
			hit("both", ofPatient("XDSSubmissionSet", patientA, bothStatus), all...),
			miss("deprecated", ofPatient("XDSSubmissionSet", patientA, statusDeprecated)),
			hit("other patient", ofPatient("XDSSubmissionSet", patientB, statusApproved), "s11", "s12"),
			miss("unknown patient", ofPatient("XDSSubmissionSet", "NOBODY", statusApproved)),
			hit("source", p("SourceId", list("2.999.6.7")), "s1"),
			hit("source of two", p("SourceId", list("2.999.6.7", "2.999.6.1")), all...),
			miss("source none", p("SourceId", list("2.999.6.404"))),
			hit("submissiontime", p("SubmissionTimeFrom", "2023", "XDSSubmissionSetSubmissionTimeTo", "2024"), "s1"),
			hit("submissiontime left edge", p("SubmissionTimeFrom", "20240110093000"), rest...),
			hit("submissiontime right edge", p("SubmissionTimeTo", "20240110093000"), "s1"),
			miss("submissiontime none", p("SubmissionTimeFrom", "2025")),
			hit("author", p("AuthorPerson", str("%Keller%")), rest...),
			hit("author second of the set", p("AuthorPerson", str("__^O'Neill^%")), "s1"),
			miss("author none", p("AuthorPerson", str("Young"))),
			hit("contenttype", p("ContentType", codeList("ct-lab")), "s1"),
			hit("contenttype of two", p("ContentType", codeList("ct-lab", "ct-visit")), all...),
			miss("contenttype none", p("ContentType", list("ct-lab^^2.999.9.404"))),
			miss("together none", p("ContentType", codeList("ct-lab"), "XDSSubmissionSetAuthorPerson", str("%Keller%"))),
			refuses("patient missing", []string{"XDSSubmissionSetStatus", statusApproved}, missingParam),
			refuses("status missing", []string{"XDSSubmissionSetPatientId", str(patientText(patientA))}, missingParam),
			refuses("both missing", nil, missingParam),
			refuses("status invalid", ofPatient("XDSSubmissionSet", patientA, statusUnknown), missingParam),
			refuses("contenttype without scheme", p("ContentType", list("ct-lab")), syntaxError),
			refuses("not a time", p("SubmissionTimeTo", "2023-05-01"), syntaxError),
		})
	})
}

func TestNIST_11899(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		base := ofPatient("XDSFolder", patientA, statusApproved)
		p := func(name, value string, more ...string) []string {
			return with(base, append([]string{"XDSFolder" + name, value}, more...)...)
		}
		// The third submission is the last that touches f1, the ninth the last that touches f2; they come hourly.
		at := func(n int) string {
			return siteStart.Add(time.Duration(n-1) * time.Hour).Format("20060102150405")
		}
		c.run(t, findFolders, []probe{
			hit("approved", base, "f1", "f2"),
			hit("both", ofPatient("XDSFolder", patientA, bothStatus), "f1", "f2"),
			miss("deprecated", ofPatient("XDSFolder", patientA, statusDeprecated)),
			hit("other patient", ofPatient("XDSFolder", patientB, statusApproved), "f3"),
			miss("unknown patient", ofPatient("XDSFolder", "NOBODY", statusApproved)),
			hit("codelist", p("CodeList", codeList("fc-1")), "f1"),
			hit("codelist or", p("CodeList", codeList("fc-1", "fc-2")), "f1", "f2"),
			hit("codelist and", p("CodeList", codeList("fc-1"), "XDSFolderCodeList", codeList("fc-2")), "f1"),
			miss("codelist and none", p("CodeList", codeList("fc-1"), "XDSFolderCodeList", codeList("fc-9"))),
			miss("codelist none", p("CodeList", list("fc-1^^2.999.9.404"))),
			hit("lastupdatetime left edge", p("LastUpdateTimeFrom", at(9)), "f2"),
			hit("lastupdatetime right edge", p("LastUpdateTimeTo", at(9)), "f1"),
			hit("lastupdatetime between", p("LastUpdateTimeFrom", at(3), "XDSFolderLastUpdateTimeTo", at(4)), "f1"),
			miss("lastupdatetime of the creation", p("LastUpdateTimeFrom", at(2), "XDSFolderLastUpdateTimeTo", at(3))),
			hit("lastupdatetime year", p("LastUpdateTimeFrom", siteStart.Format("2006")), "f1", "f2"),
			refuses("patient missing", []string{"XDSFolderStatus", statusApproved}, missingParam),
			refuses("status missing", []string{"XDSFolderPatientId", str(patientText(patientA))}, missingParam),
			refuses("codelist without scheme", p("CodeList", list("fc-1")), syntaxError),
			refuses("not a time", p("LastUpdateTimeFrom", "x"), syntaxError),
		})
	})
}

func TestNIST_15803(t *testing.T) {
	conform(t, func(t *testing.T, s *site) {
		c := newScene(t, s)
		all := func(patient, documents, sets, folders string, more ...string) []string {
			return append([]string{"patientId", str(patientText(patient)), "XDSDocumentEntryStatus", documents,
				"XDSSubmissionSetStatus", sets, "XDSFolderStatus", folders}, more...)
		}
		sets := []string{"s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s13"}
		// of lists objects with all Associations that touch one of them.
		of := func(objects ...[]string) []string {
			all := slices.Concat(objects...)
			return append(all, c.touching(all...)...)
		}
		folders, deprecated := []string{"f1", "f2"}, []string{"d2", "d8"}
		approved := func(more ...string) []string {
			return all(patientA, statusApproved, statusApproved, statusApproved, more...)
		}
		c.run(t, getAll, []probe{
			hit("approved", approved(), of(approvedA, sets, folders)...),
			hit("everything", all(patientA, bothStatus, bothStatus, bothStatus), of(approvedA, deprecated, sets, folders)...),
			hit("lists in values of their own", approved("XDSDocumentEntryType", list(string(xds.Stable))+"\n"+list(string(xds.OnDemand))), of(approvedA, sets, folders)...),
			hit("deprecated", all(patientA, statusDeprecated, statusDeprecated, statusDeprecated), of(deprecated)...),
			hit("deprecated documents", all(patientA, statusDeprecated, statusApproved, statusApproved), of(deprecated, sets, folders)...),
			hit("sets and folders", all(patientA, statusApproved, statusApproved, statusApproved, "XDSDocumentEntryFormatCode", codeList("format-9")), of(sets, folders)...),
			hit("other patient", all(patientB, bothStatus, bothStatus, bothStatus), of([]string{"d10", "d11", "s11", "s12", "f3"})...),
			miss("unknown patient", all("NOBODY", bothStatus, bothStatus, bothStatus)),
			hit("formatcode", approved("XDSDocumentEntryFormatCode", codeList("format-1")), of([]string{"d1"}, sets, folders)...),
			hit("confcode or", approved("XDSDocumentEntryConfidentialityCode", codeList("conf-R", "conf-V")), of([]string{"d3", "d6"}, sets, folders)...),
			hit("confcode and", approved("XDSDocumentEntryConfidentialityCode", codeList("conf-R"), "XDSDocumentEntryConfidentialityCode", codeList("conf-N")),
				of([]string{"d3"}, sets, folders)...),
			hit("stable", approved("XDSDocumentEntryType", list(string(xds.Stable))), of(approvedA, sets, folders)...),
			hit("on demand", approved("XDSDocumentEntryType", list(string(xds.OnDemand))), of(sets, folders)...),
			refuses("patient missing", all(patientA, bothStatus, bothStatus, bothStatus)[2:], missingParam),
			refuses("document status missing", slices.Delete(approved(), 2, 4), missingParam),
			refuses("set status missing", slices.Delete(approved(), 4, 6), missingParam),
			refuses("folder status missing", slices.Delete(approved(), 6, 8), missingParam),
			refuses("status invalid", all(patientA, statusUnknown, bothStatus, bothStatus), missingParam),
			refuses("formatcode without scheme", approved("XDSDocumentEntryFormatCode", list("format-1")), syntaxError),
			refuses("confcode twice without scheme", approved("XDSDocumentEntryConfidentialityCode", list("a"), "XDSDocumentEntryConfidentialityCode", list("b")), syntaxError),
		})
	})
}
