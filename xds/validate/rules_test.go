package validate_test

import (
	"regexp"
	"strings"
	"testing"

	"dossier/xds"
	"dossier/xds/validate"
)

const (
	class      = "41a5887f-8865-4c09-adf7-e362475b143a"
	facility   = "f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
	registered = "urn:uuid:5f1e0a3c-7d42-4b6e-9c1d-2a8b4c6d"
	hasMember  = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
	update57   = "urn:ihe:iti:2010:AssociationType:SubmitAssociation"
	original   = `<rim:Slot name="SubmissionSetStatus"><rim:ValueList><rim:Value>Original</rim:Value></rim:ValueList></rim:Slot>`
	reference  = `<rim:Slot name="SubmissionSetStatus"><rim:ValueList><rim:Value>Reference</rim:Value></rim:ValueList></rim:Slot>`
	package2   = `<rim:RegistryPackage id="Package02"><rim:Name><rim:LocalizedString value="Ward C"/></rim:Name>`
	node       = `<rim:Classification id="%" classificationNode="urn:uuid:$" classifiedObject="Package02"/>`
)

func slotOf(name, v string) string {
	return `  <rim:Slot name="` + name + `"><rim:ValueList><rim:Value>` + v + `</rim:Value></rim:ValueList></rim:Slot>`
}

func marker(id, uuid string) string {
	return strings.NewReplacer("%", id, "$", uuid).Replace(node)
}

func assoc(id, typ, source, target, content string) string {
	return `<rim:Association id="` + id + `" associationType="` + typ + `" sourceObject="` + source + `" targetObject="` + target + `">` +
		content + `</rim:Association>`
}

// broken is a message that violates one rule. name is that of the rule, with a suffix after a dot for further cases.
type broken struct {
	name              string
	base              string
	edits             []edit
	location, context string
	strict            bool // violated for a strict profile only; always so for strict rules
}

func of(edits ...edit) []edit { return edits }

var messageCases = []broken{
	{"one-submission-set", "document", of(after("</rim:RegistryPackage>",
		package2+marker("x1", "a54d6aa5-d40d-43f9-88c5-b4633d873bdd")+
			slotOf("submissionTime", "20240611082000")+contentType2+identifiers2+`</rim:RegistryPackage>`)),
		"Package02", "SubmissionSet: expected exactly 1, found 2", false},
	{"package-marker", "document", of(after("</rim:RegistryPackage>", package2+`</rim:RegistryPackage>`)),
		"Package02", "RegistryPackage: expected the classificationNode of either SubmissionSet or Folder, found neither", false},
	{"package-marker.both", "document", of(after("</rim:RegistryPackage>", package2+marker("x1", "a54d6aa5-d40d-43f9-88c5-b4633d873bdd")+
		marker("x2", "d9d542f3-6cc4-48b6-8870-ea235fbc94c2")+`</rim:RegistryPackage>`)),
		"Package02", "RegistryPackage: expected the classificationNode of either SubmissionSet or Folder, found both", false},
	{"object-id-present", "document", of(swap(`id="as01"`, ` id="as01"`, "")),
		"/SubmitObjectsRequest/RegistryObjectList/Association", "id: expected a UUID or a symbolic id, found none", false},
	{"object-id-unique", "valid", of(swap(`id="as12"`, `id="as12"`, `id="as11"`)),
		"as11", `id: expected to occur once in the message, but Association and Association both have "as11"`, false},
	{"object-id-unique.case", "valid", of(swap(`id="as11"`, `id="as11"`, `id="`+registered+`abcd"`), swap(`id="as12"`, `id="as12"`, `id="`+registered+`ABCD"`)),
		registered + "ABCD", `id: expected to occur once in the message, but Association and Association both have "` + registered + `ABCD"`, false},
	{"object-id-format", "document", of(swap(`id="as01"`, `id="as01"`, `id="urn:uuid:1234"`)),
		"urn:uuid:1234", `id: expected urn:uuid: and 8-4-4-4-12 hexadecimal digits, or a symbolic id, got "urn:uuid:1234"`, false},
	{"part-id-present", "document", of(swap(class, ` id="c02"`, "")),
		"Document01", "Classification/@id: expected a UUID or a symbolic id, found none", true},
	{"part-id-unique", "document", of(swap(class, `id="c02"`, `id="c01"`)),
		"Document01", `Classification/@id: expected to occur once in the message, but "c01" is used twice`, true},
	{"part-id-unique.object", "document", of(swap(class, `id="c02"`, `id="as01"`)),
		"Document01", `Classification/@id: expected to occur once in the message, but "as01" is used twice`, true},
	{"lid-is-id", "document", of(swap("<rim:ExtrinsicObject", " mimeType", ` lid="`+registered+`0001" mimeType`)),
		"Document01", `lid: expected none or the id of the object, got "` + registered + `0001"`, false},
	{"no-previous-version", "document", of(swap(`id="as01"`, "</rim:Association>", strings.TrimSpace(slotOf("PreviousVersion", "1"))+"</rim:Association>")),
		"as01", "PreviousVersion: expected none, found it; metadata is updated by ITI-57", false},
	{"lid-unique", "valid", of(swap(`id="Document01" mime`, " mime", ` lid="L1" mime`), swap(`id="Document02" mime`, " mime", ` lid="L1" mime`)),
		"Document02", `lid: expected to occur once in the message, but "L1" is used twice`, false},
	{"object-class", "document", of(after("</rim:RegistryPackage>", `<rim:Service id="s1"/>`)),
		"/SubmitObjectsRequest/RegistryObjectList/Service", `expected ExtrinsicObject, RegistryPackage, Association, Classification or ObjectRef, got "Service"`, false},
	{"slot-unique", "document", of(after(`"languageCode"`, slotOf("languageCode", "en-US"))),
		"Document01", `Slot: expected each name once in its object, but "languageCode" occurs twice`, false},
	{"slot-unique.unnamed", "document", of(after(`"languageCode"`, slotOf("", "x"))),
		"Document01", "Slot/@name: expected a name, found none", false},
	{"slot-value-length", "document", of(also("sourcePatientInfo", "PID-11|"+strings.Repeat("ä", 250))),
		"Document01", `Slot "sourcePatientInfo": expected values of at most 256 characters, got one of 257`, true},
	{"slot-name", "document", of(after(`"languageCode"`, slotOf("shelf", "B-12"))),
		"Document01", `Slot/@name: expected an attribute of DocumentEntry, or for extra metadata a URN outside of urn:ihe:, got "shelf"`, true},
	{"slot-name.ihe", "document", of(after(`"submissionTime"`, slotOf("urn:ihe:iti:2099:shelf", "B-12"))),
		"SubmissionSet01", `Slot/@name: expected an attribute of SubmissionSet, or for extra metadata a URN outside of urn:ihe:, got "urn:ihe:iti:2099:shelf"`, true},
	{"classification-scheme", "document", of(after(class, code2("urn:uuid:"+registered[9:]+"9999"))),
		"Document01", `classificationScheme: expected one of DocumentEntry, got "` + registered + `9999"`, true},
	{"identifier-scheme", "document", of(after(class, `<rim:ExternalIdentifier id="x1" identificationScheme="`+registered+`9999" registryObject="Document01" value="1"/>`)),
		"Document01", `identificationScheme: expected one of DocumentEntry, got "` + registered + `9999"`, true},
	{"limited-metadata", "document", of(after(class, `<rim:Classification id="x1" classificationNode="urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85" classifiedObject="Document01"/>`)),
		"Document01", "limitedMetadata: expected none in XDS, found it", true},
	{"home-community-id", "document", of(swap("<rim:ExtrinsicObject", " mimeType", ` home="2.999.1" mimeType`)),
		"Document01", `homeCommunityId: expected urn:oid: and an OID of at most 64 characters, got "2.999.1"`, false},
	{"home-community-id.oid", "document", of(swap("<rim:RegistryPackage", ">", ` home="urn:oid:2.0999">`)),
		"SubmissionSet01", `homeCommunityId: expected urn:oid: and an OID of at most 64 characters, got "urn:oid:2.0999"`, false},
}

const (
	codingScheme = `<rim:Slot name="codingScheme"><rim:ValueList><rim:Value>2.999.20.4</rim:Value></rim:ValueList></rim:Slot>`
	contentType2 = `<rim:Classification id="x2" classificationScheme="urn:uuid:aa543740-bdda-424e-8c96-df4873be8500" classifiedObject="Package02" nodeRepresentation="OBS">` +
		codingScheme + `<rim:Name><rim:LocalizedString value="Observation upload"/></rim:Name></rim:Classification>`
	identifiers2 = `<rim:ExternalIdentifier id="x3" identificationScheme="urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8" registryObject="Package02" value="2.999.31.20240611.6">` +
		`<rim:Name><rim:LocalizedString value="XDSSubmissionSet.uniqueId"/></rim:Name></rim:ExternalIdentifier>` +
		`<rim:ExternalIdentifier id="x4" identificationScheme="urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832" registryObject="Package02" value="2.999.50.9">` +
		`<rim:Name><rim:LocalizedString value="XDSSubmissionSet.sourceId"/></rim:Name></rim:ExternalIdentifier>` +
		`<rim:ExternalIdentifier id="x5" identificationScheme="urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446" registryObject="Package02" value="PAT-4711^^^&amp;2.999.10.1&amp;ISO">` +
		`<rim:Name><rim:LocalizedString value="XDSSubmissionSet.patientId"/></rim:Name></rim:ExternalIdentifier>`
)

// code2 is a further code of Document01.
func code2(scheme string) string {
	return `  <rim:Classification id="x9" classificationScheme="` + scheme + `" classifiedObject="Document01" nodeRepresentation="B">` +
		codingScheme + `<rim:Name><rim:LocalizedString value="Second"/></rim:Name></rim:Classification>`
}

func allCases() []broken {
	var out []broken
	for _, group := range [][]broken{messageCases, entryCases, packageCases, codeCases, associationCases} {
		out = append(out, group...)
	}
	return out
}

func ruleOf(fixture string) string {
	rule, _, _ := strings.Cut(fixture, ".")
	return rule
}

func TestEachFixtureBreaksItsRuleOnly(t *testing.T) {
	rules := map[string]validate.Rule{}
	for _, r := range validate.Rules() {
		rules[r.Name] = r
	}
	known := map[string]bool{}
	for _, c := range allCases() {
		known[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			rule, ok := rules[ruleOf(c.name)]
			if !ok {
				t.Fatalf("no rule %q", ruleOf(c.name))
			}
			message := fixture(t, "testdata/rules/"+c.name+".xml", c.base, c.edits)
			want := []xds.Error{{Code: rule.Code, Rule: rule.Name, Section: rule.Cite, Location: c.location, Context: c.context}}
			compare(t, "strict", judge(read(t, message), validate.Profile{Registry: true, Strict: true}), want)
			if c.strict {
				want = nil
			}
			compare(t, "lenient", judge(read(t, message), validate.Profile{Registry: true}), want)
			if rule.Strict && !c.strict {
				t.Error("the rule is strict, the case says it is not")
			}
		})
	}
	onlyFixtures(t, "testdata/rules", known)
	for name := range rules {
		if !known[name] {
			t.Errorf("rule %s has no fixture testdata/rules/%s.xml", name, name)
		}
	}
}

func compare(t *testing.T, profile string, got xds.Errors, want []xds.Error) {
	t.Helper()
	for i := 0; i < len(got) || i < len(want); i++ {
		switch {
		case i >= len(want):
			t.Errorf("%s: unexpected %+v", profile, *got[i])
		case i >= len(got):
			t.Errorf("%s: missing %+v", profile, want[i])
		case *got[i] != want[i]:
			t.Errorf("%s:\ngot  %+v\nwant %+v", profile, *got[i], want[i])
		}
	}
}

func TestRulesAreWellFormed(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	cite := regexp.MustCompile(`^(ITI TF-[23]: (Table )?[0-9]+(\.[0-9]+)+(-[0-9]+)?|ebRIM 3\.0: \w+)$`)
	seen := map[string]bool{}
	for _, r := range validate.Rules() {
		if !name.MatchString(r.Name) || len(r.Name) > 40 || seen[r.Name] {
			t.Errorf("name %q: want kebab-case, short and once", r.Name)
		}
		if !cite.MatchString(r.Cite) {
			t.Errorf("%s: cite %q", r.Name, r.Cite)
		}
		if r.Code == "" || r.Check == nil {
			t.Errorf("%s: code %q, check %v", r.Name, r.Code, r.Check != nil)
		}
		seen[r.Name] = true
	}
}

func TestRulesIsAFreshCopy(t *testing.T) {
	t.Parallel()
	first := validate.Rules()
	want := first[0].Name
	first[0] = validate.Rule{Rule: xds.Rule{Name: "changed"}}
	if got := validate.Rules()[0].Name; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
