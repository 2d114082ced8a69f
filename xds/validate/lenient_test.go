package validate_test

import (
	"strings"
	"testing"

	"dossier/xds/validate"
)

// accepted is a message that real sources send: a lenient profile finds nothing, a strict one the rules listed.
type accepted struct {
	name   string
	base   string
	edits  []edit
	strict string // rules, separated by blanks
}

const (
	setMarker = `<rim:Classification id="x1" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd" classifiedObject="SubmissionSet01"/>`
	uuid      = "urn:uuid:9A0B1C2D-3E4F-4A5B-8C6D-7E8F90A1B2C3"
)

var lenientCases = []accepted{
	// Structure.
	{"marker-at-top-level", "document", of(drop("a54d6aa5"), after("</rim:RegistryPackage>", setMarker)), ""},
	{"object-type-of-fixed-class", "document", of(swap("<rim:RegistryPackage", ">", ` objectType="Urn:oasis:names:tc:ebXML-regrep:ObjectType:RegistryObject:RegistryPackage">`),
		swap(class, ` id=`, ` objectType="Classification" id=`)), ""},
	{"object-type-upper-case", "document", of(swap("<rim:ExtrinsicObject", "7edca82f", "7EDCA82F")), ""},
	{"classification-id-missing", "document", of(swap(class, ` id="c02"`, "")), "part-id-present"},
	{"identifier-id-missing", "document", of(swap("2e82c1f6", ` id="c10"`, "")), "part-id-present"},
	{"classification-id-twice", "document", of(swap(class, `id="c02"`, `id="c03"`)), "part-id-unique"},
	{"identifier-name-missing", "document", of(swap("2e82c1f6", `<rim:Name><rim:LocalizedString value="XDSDocumentEntry.uniqueId"/></rim:Name>`, "")), "identifier-name"},
	{"code-display-name-missing", "document", of(swap(class, `<rim:Name><rim:LocalizedString value="Reports"/></rim:Name>`, "")), "code-display-name"},
	{"version-info", "document", of(after(`value="Vital signs"`, `  <rim:VersionInfo versionName="1.1"/>`),
		after(`value="Vitals upload"`, `  <rim:VersionInfo versionName="-1"/>`)), ""},
	{"lid-equal", "document", of(swap("<rim:ExtrinsicObject", " mimeType", ` lid="Document01" mimeType`)), ""},
	{"lid-symbolic", "document", of(swap("<rim:ExtrinsicObject", " mimeType", ` lid="Logical01" mimeType`)), ""},
	{"lid-uuid-equal", "document", of(swap(`id="as01"`, `id="as01"`, `id="`+uuid+`" lid="`+strings.ToLower(uuid)+`"`)), ""},
	{"object-ref", "document", of(after("<rim:RegistryObjectList>", `<rim:ObjectRef id="urn:uuid:`+class+`"/>`)), ""},
	{"uuid-upper-case", "document", of(swap(`id="as01"`, `id="as01"`, `id="`+uuid+`"`)), ""},
	{"reference-other-case", "valid", of(swap(`id="as10"`, `id="as10"`, `id="`+uuid+`"`), swap(uuid, `classifiedObject="as10"`, `classifiedObject="`+strings.ToLower(uuid)+`"`),
		swap(`id="as06"`, `targetObject="as05"`, `targetObject="as05"/>`+"\n"+`<rim:Association id="as20" associationType="`+hasMember+`" sourceObject="SubmissionSet01" targetObject="`+strings.ToLower(uuid)+`"`)), ""},
	{"foreign-elements", "document", of(after("<rim:RegistryObjectList>", `<x:note xmlns:x="urn:example:note" x:lang="en">for the archive</x:note>`)), ""},
	{"home-community-id", "document", of(swap("<rim:ExtrinsicObject", " mimeType", ` home="urn:oid:2.999.60" mimeType`)), ""},
	{"status", "valid", of(swap(`"Document01" mime`, " mime", ` status="urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted" mime`),
		swap(`id="SubmissionSet01"`, ">", ` status="urn:oasis:names:tc:ebxml-regrep:StatusType:Submitted">`),
		swap(`id="as05"`, "/>", ` status="urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"/>`)), "submission-set-status"},
	{"status-approved", "document", of(swap("<rim:RegistryPackage", ">", ` status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved">`)), ""},
	// Slots, schemes and what IHE does not define.
	{"slot-value-long", "document", of(also("sourcePatientInfo", "PID-11|"+strings.Repeat("ä", 4089))), "slot-value-length"},
	{"slot-name-plain", "document", of(after(`"languageCode"`, slotOf("shelf", "B-12"))), "slot-name"},
	{"slot-name-ihe", "document", of(after(`"languageCode"`, slotOf("urn:ihe:iti:2099:shelf", "B-12"))), "slot-name"},
	{"slot-author-of-2005", "document", of(after(`"languageCode"`, slotOf("authorPerson", "8842^Okafor"))), "slot-name"},
	{"slot-empty", "document", of(value("legalAuthenticator", ""), swap("serviceStartTime", "<rim:Value>202406110800</rim:Value>", ""),
		swap("serviceStopTime", "<rim:ValueList><rim:Value>202406110810</rim:Value></rim:ValueList>", "")), ""},
	{"name-and-description-empty", "document", of(swap(`value="Vital signs"`, `<rim:LocalizedString xml:lang="en" charset="UTF-8" value="Vital signs"/>`, ""),
		after("<rim:Name></rim:Name>", "  <rim:Description/>")), ""},
	{"classification-scheme-unknown", "document", of(after(class, code2(registered+"9999"))), "classification-scheme"},
	{"identifier-scheme-unknown", "document", of(after(class, `<rim:ExternalIdentifier id="x1" identificationScheme="`+registered+`9999" registryObject="Document01" value="1"/>`)), "identifier-scheme"},
	{"limited-metadata", "valid", of(after(class, `<rim:Classification id="x1" classificationNode="urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85" classifiedObject="Document01"/>`),
		after("a54d6aa5", `<rim:Classification id="x2" classificationNode="urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707" classifiedObject="SubmissionSet01"/>`),
		after("d9d542f3", `<rim:Classification id="x3" classificationNode="urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03" classifiedObject="Folder01"/>`)),
		"limited-metadata limited-metadata limited-metadata"},
	{"author-node-representation-absent", "document", of(swap("93606bcf", ` nodeRepresentation=""`, "")), ""},
	{"author-coded-string", "document", of(swap("93606bcf", "Nursing", "NUR^Nursing")), "author-coded-string"},
	{"source-patient-info-opaque", "document", of(value("sourcePatientInfo", "N-9001"), also("sourcePatientInfo", "PID-19|0")), "entry-source-patient-info entry-source-patient-info"},
	// Data types.
	{"dtm-fraction", "document", of(value("creationTime", "20240611081500.123")), "entry-creation-time"},
	{"dtm-zone", "document", of(value("submissionTime", "20240611102000+0200")), "submission-set-submission-time"},
	{"dtm-blanks", "document", of(value("creationTime", " 20240611081500 ")), ""},
	{"dtm-year", "document", of(value("submissionTime", "2024")), ""},
	{"folder-time-fraction", "valid", of(value("lastUpdateTime", "20240611082000.5")), "folder-last-update-time"},
	{"folder-time-of-low-precision", "valid", of(value("lastUpdateTime", "20240611")), "folder-last-update-time"},
	{"service-times-of-low-precision", "document", of(value("serviceStopTime", "20240611")), ""},
	{"hash-upper-case", "document", of(value("hash", "9DDEE7CD9C4A4563B4273F322FB8AB1B899E681B")), ""},
	{"size-zero", "document", of(value("size", "0"), value("hash", "da39a3ee5e6b4b0d3255bfef95601890afd80709")), ""},
	{"cx-trailing-caret", "document", of(value("sourcePatientId", "N-9001^^^&amp;2.999.11.6&amp;ISO^")), "entry-source-patient-id"},
	{"cx-namespace", "document", of(swap("58a6f841", "^^^&amp;", "^^^NORTH&amp;")), "entry-patient-id"},
	{"cx-escaped-twice", "document", of(value("sourcePatientId", "N-9001^^^&amp;amp;2.999.11.6&amp;amp;ISO")), "entry-source-patient-id"},
	{"language-lower-case", "document", of(value("languageCode", "EN-gb")), ""},
	{"language-underscore", "document", of(value("languageCode", "en_GB")), "entry-language-code"},
	{"unique-id-with-extension", "document", of(swap("2e82c1f6", "20240611.17", "20240611.17^A-1")), ""},
	{"unique-id-uri", "document", of(swap("2e82c1f6", "2.999.30.20240611.17", "urn:uuid:0d6f2c1a-4a43-4d0e-8a5c-2f6f1f5f7a10")), ""},
	{"uri-in-parts", "document", of(after(`"languageCode"`, strings.Replace(slotOf("URI", "1|http://doc.example/a/"), "</rim:Value>", "</rim:Value><rim:Value>2|b.txt</rim:Value>", 1))), ""},
	{"recipient-person-only", "document", of(value("intendedRecipient", "|77^Berg"), also("intendedRecipient", "||^^Internet^a@b.example")), ""},
	// XML.
	{"xml-comment-and-cdata", "document", of(value("languageCode", "en<!-- British -->-GB"), value("creationTime", "<![CDATA[20240611]]>")), ""},
	{"xml-nil", "document", of(swap("legalAuthenticator", "<rim:Value>8842^Okafor^Lena^^^Dr^^^&amp;2.999.4.7&amp;ISO</rim:Value>",
		`<rim:Value xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>`)), ""},
	{"xml-schema-location", "document", of(swap("<lcm:SubmitObjectsRequest", " xmlns:rim", ` xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x x.xsd" xmlns:rim`)), ""},
}

func TestRealSourcesAreUnderstood(t *testing.T) {
	known := map[string]bool{}
	for _, c := range lenientCases {
		known[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			message := fixture(t, "testdata/lenient/"+c.name+".xml", c.base, c.edits)
			compare(t, "lenient", judge(read(t, message), validate.Profile{Registry: true}), nil)
			var got []string
			for _, e := range judge(read(t, message), validate.Profile{Registry: true, Strict: true}) {
				got = append(got, e.Rule)
			}
			if g := strings.Join(got, " "); g != c.strict {
				t.Errorf("strict: got %q, want %q", g, c.strict)
			}
		})
	}
	onlyFixtures(t, "testdata/lenient", known)
}
