package main

import (
	"fmt"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/xds"
)

// Messages for the tests of the wire. They are text, not what our own client would send, so that each can be broken.

const (
	nsEnvelope   = "http://www.w3.org/2003/05/soap-envelope"
	nsAddressing = "http://www.w3.org/2005/08/addressing"

	actionQuery    = "urn:ihe:iti:2007:RegistryStoredQuery"
	actionRegister = "urn:ihe:iti:2007:RegisterDocumentSet-b"
	actionProvide  = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
	actionRetrieve = "urn:ihe:iti:2007:RetrieveDocumentSet"

	simpleType = "application/soap+xml; charset=UTF-8"
	mtomType   = `multipart/related; boundary="B"; type="application/xop+xml"; start="<root@test>"; start-info="application/soap+xml"`
)

// envelope wraps a body with the headers that a correct client sends.
func envelope(action, body string) string {
	return `<env:Envelope xmlns:env="` + nsEnvelope + `" xmlns:wsa="` + nsAddressing + `"><env:Header>` +
		`<wsa:Action env:mustUnderstand="1">` + action + `</wsa:Action><wsa:MessageID>urn:uuid:0d6f2c1a-4a43-4d0e-8a5c-2f6f1f5f7a10</wsa:MessageID>` +
		`<wsa:ReplyTo><wsa:Address>` + nsAddressing + `/anonymous</wsa:Address></wsa:ReplyTo></env:Header><env:Body>` + body + `</env:Body></env:Envelope>`
}

// post is a raw HTTP request; internal/golden fills in the length.
func post(path, contentType, body string, headers ...string) string {
	h := ""
	for _, x := range headers {
		h += x + "\r\n"
	}
	return "POST " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: " + contentType + "\r\n" + h + "Content-Length: auto\r\n\r\n" + body
}

// multipart joins a root part and further ones, each given as header lines, an empty line and content.
func multipartBody(root string, parts ...string) string {
	b := "--B\r\nContent-Type: application/xop+xml; charset=UTF-8; type=\"application/soap+xml\"\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <root@test>\r\n\r\n" + root
	for _, p := range parts {
		b += "\r\n--B\r\n" + p
	}
	return b + "\r\n--B--\r\n"
}

func part(id, content string) string {
	return "Content-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\nContent-ID: <" + id + ">\r\n\r\n" + content
}

// include is an xop:Include.
func include(href string) string {
	return `<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="` + href + `"/>`
}

// demoSubmission is a correct submission of n documents for a demo patient, with symbolic ids Document01, Set and as1.
func demoSubmission(t testing.TB, n int) *xds.Submission {
	t.Helper()
	p, err := hl7v2.ParseCX("DEMO-1^^^&2.999.1.1&ISO")
	if err != nil {
		t.Fatal(err)
	}
	c := xds.Code{Code: "c", Scheme: "2.999.9", Display: "Code"}
	s := &xds.Submission{SubmissionSets: []*xds.SubmissionSet{{
		EntryUUID: "Set", ContentTypeCode: c, PatientID: p, SourceID: "2.999.6", SubmissionTime: "20240102", UniqueID: "2.999.5.1000", Title: "set",
	}}}
	for i := 1; i <= n; i++ {
		id := xds.EntryUUID(fmt.Sprintf("Document%02d", i))
		s.DocumentEntries = append(s.DocumentEntries, &xds.DocumentEntry{
			Authors: []xds.Author{{Person: "^Okafor^Lena"}}, ClassCode: c, ConfidentialityCodes: []xds.Code{c}, CreationTime: "20240101", EntryUUID: id,
			FormatCode: c, HealthcareFacilityTypeCode: c, LanguageCode: "en", MimeType: "text/plain", ObjectType: xds.Stable, PatientID: p,
			PracticeSettingCode: c, SourcePatientID: p, Title: "document", TypeCode: c, UniqueID: xds.UniqueID(fmt.Sprintf("2.999.5.%d", i)), Size: -1,
		})
		s.Associations = append(s.Associations, &xds.Association{
			EntryUUID: xds.EntryUUID(fmt.Sprintf("as%d", i)), Type: xds.HasMember, Source: "Set", Target: id, SubmissionSetStatus: xds.Original,
		})
	}
	return s
}

func submitRequest(s *xds.Submission) string {
	return string(ebrim.AppendSubmitObjectsRequest(nil, s.Build()))
}

// registrable completes a submission with what ITI-42 wants and a repository adds.
func registrable(s *xds.Submission) *xds.Submission {
	for _, e := range s.DocumentEntries {
		e.Hash, e.Size, e.RepositoryUniqueID = strings.Repeat("a1", 20), 5, "2.999.1.2"
	}
	return s
}

// provide is a ProvideAndRegisterDocumentSetRequest; documents is the xds:Document elements.
func provide(s *xds.Submission, documents string) string {
	return `<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007">` + submitRequest(s) + documents + `</xds:ProvideAndRegisterDocumentSetRequest>`
}

func document(id, content string) string {
	return `<xds:Document id="` + id + `">` + content + `</xds:Document>`
}

// storedQuery is an AdhocQueryRequest; slots are name and value in turn.
func storedQuery(id, returnType string, slots ...string) string {
	q := &ebrim.AdhocQueryRequest{ReturnType: returnType, QueryID: id}
	for i := 0; i+1 < len(slots); i += 2 {
		q.Slots = append(q.Slots, ebrim.Slot{Name: slots[i], Values: []string{slots[i+1]}})
	}
	return string(ebrim.AppendAdhocQueryRequest(nil, q))
}

const (
	findDocuments = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
	getDocuments  = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"

	statusApproved = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
	demoPatient    = "'DEMO-1^^^&2.999.1.1&ISO'"
)

// retrieveRequest asks for documents, repository and uniqueId in turn.
func retrieveRequest(ids ...string) string {
	b := `<xds:RetrieveDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007">`
	for i := 0; i+1 < len(ids); i += 2 {
		b += `<xds:DocumentRequest><xds:RepositoryUniqueId>` + ids[i] + `</xds:RepositoryUniqueId><xds:DocumentUniqueId>` + ids[i+1] + `</xds:DocumentUniqueId></xds:DocumentRequest>`
	}
	return b + `</xds:RetrieveDocumentSetRequest>`
}
