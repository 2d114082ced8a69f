package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestGoldenMessagesAreValid: every SOAP message among the recorded answers obeys the schemas of OASIS and IHE, where they
// are present, and SOAP 1.2 as far as we send it.
func TestGoldenMessagesAreValid(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: no xmllint on PATH")
	}
	dir := t.TempDir()
	driver := filepath.Join(dir, "driver.xsd")
	if err := os.WriteFile(driver, []byte(driverSchema(t, oracle(t), dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--noout", "--nonet", "--schema", driver}
	of := map[string]string{} // file: case
	for _, c := range append(cases(t), externalCases(t)...) {
		if c.Wire != "http" {
			continue
		}
		message := soapMessage(c.Response(t))
		if message == nil {
			t.Errorf("%s: no SOAP message in the answer", c.Name)
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("%03d.xml", len(of)))
		if err := os.WriteFile(file, message, 0o600); err != nil {
			t.Fatal(err)
		}
		of[file] = c.Name
		args = append(args, file)
	}
	var report bytes.Buffer
	lint := exec.CommandContext(t.Context(), xmllint, args...)
	lint.Stdout, lint.Stderr = &report, &report
	err = lint.Run()
	valid := 0
	for line := range strings.Lines(report.String()) {
		if file, ok := strings.CutSuffix(strings.TrimSpace(line), " validates"); ok && of[file] != "" {
			valid++
			continue
		}
		for file, name := range of {
			line = strings.ReplaceAll(line, file, name)
		}
		t.Error(strings.TrimSpace(line))
	}
	if err != nil || valid != len(of) || valid < 100 {
		t.Errorf("%d of %d messages are valid: %v", valid, len(of), err)
	}
}

// includeElement stands where an attachment is part of the message: base64 of nothing takes its place, as the schema of IHE does
// not know MTOM.
var includeElement = regexp.MustCompile(`<xop:Include [^>]*/>`)

// soapMessage cuts the envelope out of an answer, be it simple or MTOM; nil when there is none.
func soapMessage(answer []byte) []byte {
	const open, end = "<env:Envelope ", "</env:Envelope>"
	_, rest, found := bytes.Cut(answer, []byte(open))
	inner, _, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		return nil
	}
	return includeElement.ReplaceAll([]byte(open+string(inner)+end), nil)
}

// hl7v3Schema puts the answers of HL7 v3 into one schema, for a namespace can be imported once only.
func hl7v3Schema(t *testing.T, dir string, at func(...string) string) string {
	t.Helper()
	text := `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3" elementFormDefault="qualified">`
	for _, name := range []string{"MCCI_IN000002UV01", "PRPA_IN201306UV02", "PRPA_IN201310UV02"} {
		text += `<xs:include schemaLocation="` + at("hl7v3", "multicacheschemas", name+".xsd") + `"/>`
	}
	file := filepath.Join(dir, "hl7v3.xsd")
	if err := os.WriteFile(file, []byte(text+`</xs:schema>`), 0o600); err != nil {
		t.Fatal(err)
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(file)}).String()
}

// driverSchema describes the envelopes that we send: the body is one of the responses or a fault.
func driverSchema(t *testing.T, oracle, dir string) string {
	t.Helper()
	oracle, err := filepath.Abs(oracle)
	if err != nil {
		t.Fatal(err)
	}
	in := func(path ...string) string {
		return (&url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(append([]string{oracle}, path...)...))}).String()
	}
	at := func(file string) string { return in("ebxml", file) }
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="` + nsEnvelope + `" xmlns:env="` + nsEnvelope + `"
    xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
    xmlns:xds="urn:ihe:iti:xds-b:2007" xmlns:hl7="urn:hl7-org:v3" elementFormDefault="qualified">
  <xs:import namespace="urn:hl7-org:v3" schemaLocation="` + hl7v3Schema(t, dir, in) + `"/>
  <xs:import namespace="http://www.w3.org/XML/1998/namespace" schemaLocation="` + at("xml.xsd") + `"/>
  <xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0" schemaLocation="` + at("rs.xsd") + `"/>
  <xs:import namespace="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0" schemaLocation="` + at("query.xsd") + `"/>
  <xs:import namespace="urn:ihe:iti:xds-b:2007" schemaLocation="` + at("XDS.b_DocumentRepository.xsd") + `"/>
  <xs:element name="Envelope"><xs:complexType><xs:sequence>
    <xs:element name="Header"><xs:complexType><xs:sequence>
      <xs:any namespace="##any" processContents="skip" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Body"><xs:complexType><xs:choice>
      <xs:element ref="rs:RegistryResponse"/>
      <xs:element ref="query:AdhocQueryResponse"/>
      <xs:element ref="xds:RetrieveDocumentSetResponse"/>
      <xs:element ref="hl7:MCCI_IN000002UV01"/>
      <xs:element ref="hl7:PRPA_IN201306UV02"/>
      <xs:element ref="hl7:PRPA_IN201310UV02"/>
      <xs:element name="Fault" type="env:Fault"/>
    </xs:choice></xs:complexType></xs:element>
  </xs:sequence></xs:complexType></xs:element>
  <xs:complexType name="Fault"><xs:sequence>
    <xs:element name="Code" type="env:Code"/>
    <xs:element name="Reason"><xs:complexType><xs:sequence>
      <xs:element name="Text" maxOccurs="unbounded"><xs:complexType><xs:simpleContent><xs:extension base="xs:string">
        <xs:attribute ref="xml:lang" use="required"/>
      </xs:extension></xs:simpleContent></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
    <xs:element name="Detail" minOccurs="0"><xs:complexType><xs:sequence>
      <xs:any namespace="##any" processContents="skip" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType></xs:element>
  </xs:sequence></xs:complexType>
  <xs:complexType name="Code"><xs:sequence>
    <xs:element name="Value" type="xs:QName"/>
    <xs:element name="Subcode" type="env:Code" minOccurs="0"/>
  </xs:sequence></xs:complexType>
</xs:schema>
`
}
