package hl7v3_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"dossier/pix/hl7v3"
)

// judged is a message that knows what is wrong with it.
type judged interface{ Problems() []hl7v3.Detail }

const root = "//hl7:%s/hl7:controlActProcess/hl7:"

// TestProblems: each mistake has the code and the place that the transaction asks for, and nothing else is found. Warnings have
// the code with a w before it.
func TestProblems(t *testing.T) {
	t.Parallel()
	const (
		eventAt   = "subject/hl7:registrationEvent"
		patientAt = eventAt + "/hl7:subject1/hl7:patient"
		personAt  = patientAt + "/hl7:patientPerson"
		queryAt   = "queryByParameter"
		listAt    = queryAt + "/hl7:parameterList"
		goOnAt    = "queryContinuation"
		subject   = `<subject typeCode="SUBJ" contextConductionInd="false">`
		prior     = `<id root="2.999.2.1" extension="P-1002"/>`
		name      = `<name>`
	)
	long := strings.Repeat("x", 1001)
	cases := []struct {
		name, file string
		edits      []string
		want       []string // code and place below controlActProcess
	}{
		{"nothing", "added", nil, nil},
		{"nothing in a revision", "revised", nil, nil},
		{"nothing in a merge", "duplicates-resolved", nil, nil},
		{"nothing in a query", "pix-query", nil, nil},
		{"nothing in a demographics query", "pdq-query", nil, nil},
		{"nothing in a continuation", "pdq-continue", nil, nil},
		{"nothing in a cancellation", "pdq-cancel", nil, nil},
		{"device with extension", "added", []string{`<id root="2.999.1.10"/><asAgent`, `<id root="2.999.1.10" extension="x"/><asAgent`}, nil},
		{"status in capitals", "added", []string{`<statusCode code="active"/>`, `<statusCode code="ACTIVE"/>`}, nil},
		{"no processing codes", "added", []string{`<processingCode code="T"/><processingModeCode code="T"/>`, ""}, nil},

		{"processing code", "added", []string{`<processingCode code="T"/>`, `<processingCode code="X"/>`}, []string{"NS202 processingCode"}},
		{"processing mode", "pix-query", []string{`<processingModeCode code="T"/>`, `<processingModeCode code="A"/>`}, []string{"NS250 processingModeCode"}},
		{"no subject", "added", []string{"subject typeCode", "object typeCode", "</subject>", "</object>"}, []string{"SYN105 " + eventAt}},
		{"two subjects", "added", []string{"<controlActProcess", "<x", "</controlActProcess>", "</x>", "</PRPA", `<controlActProcess>` + subject + `<registrationEvent/></subject>` + subject + `<registrationEvent/></subject></controlActProcess></PRPA`},
			[]string{"SYN113 subject[2]"}},
		{"record not active", "added", []string{`<statusCode code="active"/><subject1`, `<statusCode code="nullified"/><subject1`}, []string{"SYN103 " + eventAt + "/hl7:statusCode"}},
		{"patient not active", "added", []string{`<statusCode code="active"/><conf`, `<statusCode code="terminated"/><conf`}, []string{"SYN103 " + patientAt + "/hl7:statusCode"}},
		{"no id", "added", []string{`<id root="2.999.2.1" extension="P-1001"/><id root="2.999.2.1" extension="P-1001b"/>`, ""},
			[]string{"SYN105 " + patientAt + "/hl7:id", "wSYN105 " + patientAt + "/hl7:providerOrganization/hl7:id"}},
		{"id without extension", "added", []string{`<id root="2.999.2.1" extension="P-1001b"/>`, `<id root="2.999.2.1"/>`}, []string{"SYN105 " + patientAt + "/hl7:id[2]"}},
		{"id without root", "added", []string{`<id root="2.999.2.1" extension="P-1001b"/>`, `<id extension="P-1001b"/>`}, []string{"SYN105 " + patientAt + "/hl7:id[2]"}},
		{"null id", "added", []string{`<id root="2.999.2.1" extension="P-1001b"/>`, `<id nullFlavor="UNK"/>`}, []string{"SYN105 " + patientAt + "/hl7:id[2]"}},
		{"root no OID", "added", []string{`<id root="2.999.2.1" extension="P-1001b"/>`, `<id root="HOSPITAL" extension="P-1001b"/>`}, []string{"SYN102 " + patientAt + "/hl7:id[2]"}},
		{"extension too long", "added", []string{`extension="P-1001b"`, `extension="` + long + `"`}, []string{"SYN102 " + patientAt + "/hl7:id[2]"}},
		{"too many ids", "added", []string{`<id root="2.999.2.1" extension="P-1001b"/>`, strings.Repeat(`<id root="2.999.2.1" extension="P-1001b"/>`, 200)}, []string{"SYN113 " + patientAt + "/hl7:id"}},
		{"other id no OID", "added", []string{`root="2.999.3.1" extension="1980022900000"`, `root="x" extension="1"`}, []string{"SYN102 " + personAt + "/hl7:asOtherIDs[1]/hl7:id"}},
		{"no name", "added", []string{"<name ", "<nom ", "<name>", "<nom>", "</name>", "</nom>"}, []string{"SYN105 " + personAt + "/hl7:name"}},
		{"gender", "added", []string{`code="F"`, `code="X"`}, []string{"SYN103 " + personAt + "/hl7:administrativeGenderCode"}},
		{"gender as in v2", "added", []string{`code="F"`, `code="O"`}, nil},
		{"birth time", "added", []string{`"19800229"`, `"19810229"`}, []string{"SYN102 " + personAt + "/hl7:birthTime"}},
		{"time of death", "added", []string{`"20240101"`, `"now"`}, []string{"SYN102 " + personAt + "/hl7:deceasedTime"}},
		{"no provider", "added", []string{"providerOrganization", "provider"}, []string{"wSYN105 " + patientAt + "/hl7:providerOrganization/hl7:id"}},
		{"no custodian", "added", []string{"custodian", "janitor"}, []string{"wSYN105 " + eventAt + "/hl7:custodian/hl7:assignedEntity/hl7:id"}},
		{"too many names", "added", []string{`<name use="A">`, strings.Repeat(`<name>x</name>`, 50) + `<name use="A">`}, []string{"SYN113 " + personAt + "/hl7:name"}},
		{"name too long", "added", []string{`<given>Anna</given>`, `<given>` + long + `</given>`}, []string{"SYN113 " + personAt + "/hl7:name"}},
		{"address too long", "added", []string{`<city>Esch</city>`, `<city>` + long + `</city>`}, []string{"SYN113 " + personAt + "/hl7:addr"}},
		{"telecom too long", "added", []string{`tel:+352000000`, long}, []string{"SYN113 " + personAt + "/hl7:telecom"}},
		{"merge in a creation", "added", []string{`</registrationEvent>`, `<replacementOf><priorRegistration/></replacementOf></registrationEvent>`}, []string{"SYN113 " + eventAt + "/hl7:replacementOf"}},
		{"merge in a revision", "revised", []string{`</registrationEvent>`, `<replacementOf/></registrationEvent>`}, []string{"SYN113 " + eventAt + "/hl7:replacementOf"}},
		{"merge of nothing", "duplicates-resolved", []string{"replacementOf", "replacement"}, []string{"SYN105 " + eventAt + "/hl7:replacementOf"}},
		{"two merges", "duplicates-resolved", []string{`</registrationEvent>`, `<replacementOf/></registrationEvent>`}, []string{"SYN113 " + eventAt + "/hl7:replacementOf[2]"}},
		{"two subsumed ids", "duplicates-resolved", []string{prior, prior + prior}, []string{"SYN113 " + eventAt + "/hl7:replacementOf/hl7:priorRegistration/hl7:subject1/hl7:priorRegisteredRole/hl7:id"}},
		{"subsumed id without extension", "duplicates-resolved", []string{prior, `<id root="2.999.2.1"/>`}, []string{"SYN105 " + eventAt + "/hl7:replacementOf/hl7:priorRegistration/hl7:subject1/hl7:priorRegisteredRole/hl7:id"}},

		{"no queryId", "pix-query", []string{`<queryId root="2.999.1.30.8" extension="tag-0001"/>`, ""}, []string{"SYN105 " + queryAt + "/hl7:queryId"}},
		{"status", "pix-query", []string{`<statusCode code="new"/>`, `<statusCode code="old"/>`}, []string{"SYN103 " + queryAt + "/hl7:statusCode"}},
		{"deferred", "pix-query", []string{`code="I"`, `code="D"`}, []string{"SYN103 " + queryAt + "/hl7:responsePriorityCode"}},
		{"no patientIdentifier", "pix-query", []string{"patientIdentifier", "patient"}, []string{"SYN105 " + listAt + "/hl7:patientIdentifier"}},
		{"two patientIdentifiers", "pix-query", []string{"<patientIdentifier>", `<patientIdentifier><value root="2.999.2.1" extension="2"/></patientIdentifier><patientIdentifier>`}, []string{"SYN113 " + listAt + "/hl7:patientIdentifier"}},
		{"two values", "pix-query", []string{"<patientIdentifier>", `<patientIdentifier><value root="2.999.2.1" extension="2"/>`}, []string{"SYN113 " + listAt + "/hl7:patientIdentifier"}},
		{"patientIdentifier without extension", "pix-query", []string{` extension="P-1001"`, ""}, []string{"SYN105 " + listAt + "/hl7:patientIdentifier/hl7:value"}},
		{"dataSource without root", "pix-query", []string{`<value root="2.999.3.2"/>`, "<value/>"}, []string{"SYN105 " + listAt + "/hl7:dataSource[2]/hl7:value"}},
		{"dataSource no OID", "pix-query", []string{`<value root="2.999.3.2"/>`, `<value root="HOSPITAL"/>`}, []string{"SYN102 " + listAt + "/hl7:dataSource[2]/hl7:value"}},
		{"too many dataSources", "pix-query", []string{`<value root="2.999.3.2"/>`, strings.Repeat(`<value root="2.999.3.2"/>`, 200)}, []string{"SYN113 " + listAt + "/hl7:dataSource"}},

		{"initialQuantity", "pdq-query", []string{`<initialQuantity value="10"/>`, `<initialQuantity value="0"/>`}, []string{"SYN102 " + queryAt + "/hl7:initialQuantity"}},
		{"minimumDegreeMatch", "pdq-query", []string{`value="75"`, `value="101"`}, []string{"SYN102 " + queryAt + "/hl7:matchCriterionList/hl7:minimumDegreeMatch/hl7:value"}},
		{"no parameter", "pdq-query", []string{"livingSubject", "dead", "mothersMaidenName", "x", "patientAddress", "y", "patientTelecom", "z"}, []string{"SYN105 " + listAt}},
		{"gender asked", "pdq-query", []string{`code="F"`, `code="female"`}, []string{"SYN103 " + listAt + "/hl7:livingSubjectAdministrativeGender/hl7:value"}},
		{"birth time asked", "pdq-query", []string{`value="19800229"`, `value="29.02.1980"`}, []string{"SYN102 " + listAt + "/hl7:livingSubjectBirthTime/hl7:value"}},
		{"no birth time asked", "pdq-query", []string{`<value value="19800229"/>`, `<value/>`}, []string{"SYN105 " + listAt + "/hl7:livingSubjectBirthTime/hl7:value"}},
		{"empty name asked", "pdq-query", []string{`<given>ANNA</given><family>WEB</family>`, ""}, []string{"SYN105 " + listAt}},
		{"two names asked", "pdq-query", []string{"<livingSubjectName>", `<livingSubjectName><value>x</value></livingSubjectName><livingSubjectName>`}, []string{"SYN113 " + listAt + "/hl7:livingSubjectName"}},
		{"id asked without extension", "pdq-query", []string{` extension="P-1001"`, ""}, []string{"SYN105 " + listAt + "/hl7:livingSubjectId/hl7:value"}},
		{"id asked no OID", "pdq-query", []string{`root="2.999.2.1" extension="P-1001"`, `root="x" extension="P-1001"`}, []string{"SYN102 " + listAt + "/hl7:livingSubjectId/hl7:value"}},
		{"scope no OID", "pdq-query", []string{`root="2.999.3.1"`, `root="x"`}, []string{"SYN102 " + listAt + "/hl7:otherIDsScopingOrganization/hl7:value"}},
		{"parameter not looked at", "pdq-query", []string{"</parameterList>", "<patientStatusCode/></parameterList>"}, []string{"wSYN105 " + listAt + "/hl7:patientStatusCode"}},

		{"continuation without queryId", "pdq-continue", []string{"queryId", "id"}, []string{"SYN105 " + goOnAt + "/hl7:queryId"}},
		{"continuation status", "pdq-continue", []string{"waitContinuedQueryResponse", "new"}, []string{"SYN103 " + goOnAt + "/hl7:statusCode"}},
		{"start", "pdq-continue", []string{`"11"`, `"0"`}, []string{"SYN102 " + goOnAt + "/hl7:startResultNumber"}},
		{"quantity", "pdq-continue", []string{`<continuationQuantity value="10"/>`, `<continuationQuantity value="-1"/>`}, []string{"SYN102 " + goOnAt + "/hl7:continuationQuantity"}},
	}
	for _, c := range cases {
		doc := parse(t, []byte(edit(t, recorded(t, c.file), c.edits...)))
		var got []string
		for _, d := range decode(doc).(judged).Problems() {
			place := strings.TrimPrefix(d.Locations[0], fmt.Sprintf(root, doc.Root.Name.Local))
			place = strings.TrimPrefix(place, fmt.Sprintf("//hl7:%s/hl7:", doc.Root.Name.Local))
			if d.Type == "W" {
				d.Code = "w" + d.Code
			}
			got = append(got, d.Code+" "+place)
			if !strings.Contains(d.Text, "ITI TF-2: ") || d.System != hl7v3.SystemErrors || len(d.Text) > 300 {
				t.Errorf("%s: detail %+v has no section", c.name, d)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
}

// TestWrapper: without an id to refer to and a sender to answer to, no message can answer.
func TestWrapper(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		edits []string
		ok    bool
	}{
		{"as it is", nil, true},
		{"no receiver", []string{"receiver", "listener"}, true},
		{"no id", []string{`<id root="2.999.1.9" extension="msg-0001"/>`, ""}, false},
		{"id without root", []string{`root="2.999.1.9" extension`, "extension"}, false},
		{"no sender", []string{"sender", "author"}, false},
		{"no device", []string{"device", "machine"}, false},
		{"other namespace", []string{"urn:hl7-org:v3", "urn:hl7-org:v2"}, false},
	}
	for _, c := range cases {
		if _, ok := hl7v3.Wrapper(parse(t, []byte(edit(t, recorded(t, "added"), c.edits...))).Root); ok != c.ok {
			t.Errorf("%s: enough is %v, want %v", c.name, ok, c.ok)
		}
	}
}

// TestNoPatientInProblems: what is told about a bad message does not repeat whose it is.
func TestNoPatientInProblems(t *testing.T) {
	t.Parallel()
	m := edit(t, recorded(t, "added"), `root="2.999.2.1" extension="P-1001"`, `root="Secret Root" extension="Secret Id"`, `"19800229"`, `"Secret Date"`)
	for _, d := range decode(parse(t, []byte(m))).(judged).Problems() {
		if strings.Contains(d.Text, "Secret") {
			t.Errorf("%q repeats the patient", d.Text)
		}
	}
}
