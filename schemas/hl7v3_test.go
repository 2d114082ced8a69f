package schemas_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The messages that pix/hl7v3 has recorded; its own tests hold them against the schemas of HL7.
const recorded = "../pix/hl7v3/testdata"

func TestHL7v3MessagesAreValid(t *testing.T) {
	t.Parallel()
	lint := xmllint(t)
	files, err := filepath.Glob(filepath.Join(recorded, "*.xml"))
	if err != nil || len(files) < 15 {
		t.Fatalf("%d messages (%v), want 15 and more", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if ok, why := valid(t, lint, "hl7v3.xsd", b); !ok {
			t.Errorf("%s: got invalid, want valid\n%s", f, why)
		}
	}
}

// One change that makes a message invalid; narrower where HL7 takes it and the transaction does not.
var hl7v3Breakages = []struct {
	name, file, old, new string
	narrower             bool
}{
	{name: "no id", file: "added", old: `<id root="2.999.1.9" extension="msg-0001"/>`},
	{name: "root no OID", file: "added", old: `<id root="2.999.1.9"`, new: `<id root="urn:oid:2.999.1.9"`},
	{name: "no version", file: "added", old: ` ITSVersion="XML_1.0"`},
	{name: "no sender", file: "pix-query", old: "sender", new: "author"},
	{name: "mood of a request", file: "pix-query", old: `classCode="CACT" moodCode="EVN"`, new: `classCode="CACT" moodCode="RQO"`},
	{name: "time", file: "added", old: `"19800229"`, new: `"29.02.1980"`},
	{name: "no subject", file: "added", old: `<subject typeCode="SUBJ" contextConductionInd="false">`, new: `<subject>`},
	{name: "no name", file: "added", old: `name`, new: `nom`},
	{name: "patient without id", file: "update-notification", old: `<id root="2.999.2.1" extension="P-1001"/><id root="2.999.3.1" extension="7"/>`},
	{name: "other ids of nobody", file: "added", old: `scopingOrganization`, new: `scope`},
	{name: "merge without event", file: "duplicates-resolved", old: `priorRegistration`, new: `registration`},
	{name: "merge in a creation", file: "added", old: `</registrationEvent>`,
		new: `<replacementOf typeCode="RPLC"><priorRegistration classCode="REG" moodCode="EVN"/></replacementOf></registrationEvent>`, narrower: true},
	{name: "detail before message", file: "ack-error", old: `<targetMessage><id root="2.999.1.30.9" extension="q-0001"/></targetMessage>`},
	{name: "patient before domains", file: "pix-query", old: `<dataSource><value root="2.999.3.2"/><semanticsText>DataSource.id</semanticsText></dataSource><patientIdentifier>`,
		new: `<patientIdentifier><value/><semanticsText/></patientIdentifier><dataSource><value/><semanticsText/></dataSource><patientIdentifier>`},
	{name: "no semanticsText", file: "pdq-query", old: `<semanticsText>LivingSubject.name</semanticsText>`},
	{name: "answer without queryAck", file: "pix-response", old: `queryAck`, new: `ack`},
	{name: "match without degree", file: "pdq-response", old: `subjectOf1`, new: `subjectOf`},
	{name: "continuation without status", file: "pdq-continue", old: `<statusCode code="waitContinuedQueryResponse"/>`},
}

func TestBrokenHL7v3MessagesAreRefused(t *testing.T) {
	t.Parallel()
	lint := xmllint(t)
	published := ""
	if dir := oracle(t); dir != "" {
		published = filepath.Join(filepath.Dir(dir), "hl7v3", "multicacheschemas")
	}
	for _, b := range hl7v3Breakages {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			whole, err := os.ReadFile(filepath.Join(recorded, b.file+".xml"))
			if err != nil {
				t.Fatal(err)
			}
			message := bytes.ReplaceAll(whole, []byte(b.old), []byte(b.new))
			if bytes.Equal(message, whole) {
				t.Fatalf("%s does not contain %q", b.file, b.old)
			}
			if ok, _ := valid(t, lint, "hl7v3.xsd", message); ok {
				t.Errorf("ours: got valid, want refused")
			}
			if published == "" {
				return
			}
			name, _, _ := bytes.Cut(whole[1:], []byte(" "))
			if ok, why := valid(t, lint, filepath.Join(published, string(name)+".xsd"), message); ok != b.narrower {
				t.Errorf("published: got valid %v, want %v\n%s", ok, b.narrower, why)
			}
		})
	}
}
