package main

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/internal/golden"
	"dossier/xds"
)

// hostile is one malformed or malicious request and the answer it must get.
type hostile struct {
	name    string
	request string
	status  string   // HTTP status code
	want    []string // in the answer's body
}

const (
	registryPath   = "/xds/registry"
	repositoryPath = "/xds/repository"
)

// onRegistry is a well-framed simple SOAP request with any text as its message.
func onRegistry(text string) string { return post(registryPath, simpleType, text) }

func query18(body string) string { return onRegistry(envelope(actionQuery, body)) }

// sender is the answer to a message that is at fault as a message.
var sender = []string{"env:Sender"}

func hostileMessages(t testing.TB) []hostile {
	good := envelope(actionQuery, storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved))
	deep := strings.Repeat("<a>", 100000) + strings.Repeat("</a>", 100000)
	insert := func(text string) string { return onRegistry(strings.Replace(good, "<env:Body>", "<env:Body>"+text, 1)) }
	return []hostile{
		{"empty body", onRegistry(""), "400", sender},
		{"not xml", onRegistry("hello"), "400", sender},
		{"truncated xml", onRegistry(good[:len(good)/2]), "400", sender},
		{"two roots", onRegistry(good + "<a/>"), "400", sender},
		{"text after the root", onRegistry(good + "x"), "400", sender},
		{"doctype", onRegistry(`<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + good), "400", sender},
		{"doctype inside", insert(`<!DOCTYPE a>`), "400", sender},
		{"entity bomb", onRegistry(`<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>` + strings.Replace(good, "LeafClass", "&b;", 1)), "400", sender},
		{"undefined entity", insert("&nbsp;"), "400", sender},
		{"null character reference", insert("&#0;"), "400", sender},
		{"surrogate reference", insert("&#xD800;"), "400", sender},
		{"control character", insert("\x01"), "400", sender},
		{"invalid utf-8", insert("\xc0\xaf"), "400", sender},
		{"duplicate attribute", insert(`<a b="1" b="2"/>`), "400", sender},
		{"duplicate attribute by namespace", insert(`<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`), "400", sender},
		{"undeclared prefix", insert(`<nope:a/>`), "400", sender},
		{"rebound xml prefix", insert(`<a xmlns:xml="urn:x"/>`), "400", sender},
		{"depth 100000", insert(deep), "400", sender},
		{"10000 attributes", insert("<a" + manyAttributes(10000) + "/>"), "400", sender},
		{"long name", insert("<" + strings.Repeat("n", 10000) + "/>"), "400", sender},
		{"long attribute", insert(`<a b="` + strings.Repeat("v", 1<<20) + `"/>`), "400", sender},
		{"unknown encoding", post(registryPath, "application/soap+xml", `<?xml version="1.0" encoding="EBCDIC-CP-US"?>`+good), "400", sender},
		{"xml 1.1", onRegistry(`<?xml version="1.1"?>` + good), "400", sender},
		{"soap 1.1", onRegistry(strings.ReplaceAll(good, nsEnvelope, "http://schemas.xmlsoap.org/soap/envelope/")), "500", []string{"env:VersionMismatch"}},
		{"no envelope", onRegistry(storedQuery(findDocuments, "LeafClass")), "500", []string{"env:VersionMismatch"}},
		{"no body", onRegistry(`<env:Envelope xmlns:env="` + nsEnvelope + `"/>`), "400", sender},
		{"empty soap body", onRegistry(envelope(actionQuery, "")), "400", sender},
		{"two body children", onRegistry(envelope(actionQuery, "<a/><b/>")), "400", sender},
		{"unknown action", onRegistry(envelope("urn:nothing", "<a/>")), "400", []string{"wsa:ActionNotSupported"}},
		{"action of the other endpoint", onRegistry(envelope(actionRetrieve, retrieveRequest("2.999.1.2", "1"))), "400", []string{"wsa:ActionNotSupported"}},
		{"unknown mandatory header", onRegistry(strings.Replace(good, "<env:Header>", `<env:Header><x:h xmlns:x="urn:x" env:mustUnderstand="true"/>`, 1)), "500", []string{"env:MustUnderstand"}},
		{"reply to elsewhere", onRegistry(strings.Replace(good, nsAddressing+"/anonymous", "http://127.0.0.1:1/steal", 1)), "400", []string{"wsa:OnlyAnonymousAddressSupported"}},
		{"wrong content type", post(registryPath, "application/json", good), "415", sender},
		{"unknown content coding", post(registryPath, simpleType, good, "Content-Encoding: br"), "415", nil},
		{"gzip that is none", post(registryPath, simpleType, good, "Content-Encoding: gzip"), "400", sender},
		{"gzip bomb", post(registryPath, simpleType, bomb(t), "Content-Encoding: gzip"), "413", sender},
		{"body of another transaction", query18(submitRequest(demoSubmission(t, 1))), "200", []string{"XDSRegistryError", "AdhocQueryResponse"}},
		{"query of the other action", onRegistry(envelope(actionRegister, storedQuery(findDocuments, "LeafClass"))), "200", []string{"XDSRegistryMetadataError"}},
		{"unknown stored query", query18(storedQuery("urn:uuid:00000000-0000-0000-0000-000000000000", "LeafClass")), "200", []string{"XDSUnknownStoredQuery"}},
		{"unknown return type", query18(storedQuery(findDocuments, "Everything", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved)), "200", []string{"XDSRegistryError"}},
		{"missing parameters", query18(storedQuery(findDocuments, "LeafClass")), "200", []string{"XDSStoredQueryMissingParam", "$XDSDocumentEntryPatientId", "$XDSDocumentEntryStatus"}},
		{"two patients for one", query18(storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", "('A^^^&2.999.1.1&ISO','B^^^&2.999.1.1&ISO')", "$XDSDocumentEntryStatus", statusApproved)), "200", []string{"XDSStoredQueryParamNumber"}},
		{"both of a pair", query18(storedQuery(getDocuments, "LeafClass", "$XDSDocumentEntryEntryUUID", "('urn:uuid:1')", "$XDSDocumentEntryUniqueId", "('1')")), "200", []string{"XDSStoredQueryParamNumber"}},
		{"none of a pair", query18(storedQuery(getDocuments, "LeafClass")), "200", []string{"XDSStoredQueryMissingParam"}},
		{"code without scheme", query18(storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved, "$XDSDocumentEntryClassCode", "('a')")), "200", []string{"XDSRegistryError"}},
		{"bad time", query18(storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved, "$XDSDocumentEntryCreationTimeFrom", "yesterday")), "200", []string{"XDSRegistryError"}},
		{"open quote", query18(storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", "'DEMO", "$XDSDocumentEntryStatus", statusApproved)), "200", []string{"Failure"}},
		{"sql in a patient id", query18(storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", "'x'' OR 1=1 --^^^&2.999.1.1&ISO'", "$XDSDocumentEntryStatus", statusApproved)), "200", []string{"Success"}},
		{"empty submission", onRegistry(envelope(actionRegister, `<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"/>`)), "200", []string{"XDSRegistryMetadataError"}},
		{"submission without a set", register42(func(s *xds.Submission) { s.SubmissionSets = nil }, t), "200", []string{"XDSRegistryMetadataError"}},
		{"unknown patient", register42(func(s *xds.Submission) {
			s.SubmissionSets[0].PatientID.ID, s.DocumentEntries[0].PatientID.ID = "NO", "NO"
		}, t), "200", []string{"XDSUnknownPatientId"}},
		{"other patient", register42(func(s *xds.Submission) { s.DocumentEntries[0].PatientID.ID = "DEMO-2" }, t), "200", []string{"XDSPatientIdDoesNotMatch"}},
		{"missing attribute", register42(func(s *xds.Submission) { s.DocumentEntries[0].LanguageCode = "" }, t), "200", []string{"XDSRegistryMetadataError", "languageCode"}},
		{"unknown reference", register42(func(s *xds.Submission) { s.Associations[0].Target = "urn:uuid:00000000-0000-4000-8000-000000000000" }, t), "200", []string{"UnresolvedReferenceException"}},
		{"unknown symbol", register42(func(s *xds.Submission) { s.Associations[0].Target = "nobody" }, t), "200", []string{"UnresolvedReferenceException"}},
		{"same uniqueId twice", register42(func(s *xds.Submission) { s.DocumentEntries[0].UniqueID = s.SubmissionSets[0].UniqueID }, t), "200", []string{"XDSRegistryDuplicateUniqueIdInMessage"}},
		{"replace nothing", register42(func(s *xds.Submission) {
			s.Associations = append(s.Associations, &xds.Association{EntryUUID: "r", Type: xds.Replace, Source: "Document01", Target: "urn:uuid:00000000-0000-4000-8000-000000000000"})
		}, t), "200", []string{"UnresolvedReferenceException"}},
		{"mime without boundary", post(repositoryPath, "multipart/related", "x"), "400", sender},
		{"mime that never starts", post(repositoryPath, mtomType, "nothing here"), "400", sender},
		{"start that names nothing", post(repositoryPath, strings.Replace(mtomType, "root@test", "other@test", 1), multipartBody(envelope(actionRetrieve, retrieveRequest("1", "2")))), "400", sender},
		{"1000 parts", post(repositoryPath, mtomType, multipartBody(envelope(actionProvide, provide(demoSubmission(t, 1), document("Document01", include("cid:999@test")))), manyParts(1000)...)), "", sender},
		{"huge part header", post(repositoryPath, mtomType, multipartBody(envelope(actionRetrieve, retrieveRequest("1", "2")), "X: "+strings.Repeat("y", 1<<20)+"\r\n\r\n")), "", nil},
		{"document without metadata", provide41(t, document("Document01", "aGVsbG8=")+document("Other", "aGVsbG8=")), "200", []string{"XDSMissingDocumentMetadata"}},
		{"metadata without document", provide41(t, ""), "200", []string{"XDSMissingDocument"}},
		{"document twice", provide41(t, document("Document01", "aGVsbG8=")+document("Document01", "aGVsbG8=")), "200", []string{"XDSRepositoryMetadataError"}},
		{"include of nothing", provide41(t, document("Document01", include("cid:nothing@test"))), "200", []string{"XDSMissingDocument"}},
		{"include of a url", provide41(t, document("Document01", include("http://127.0.0.1:1/x"))), "200", []string{"XDSRepositoryMetadataError", "never fetched"}},
		{"include of a file", provide41(t, document("Document01", include("file:///etc/passwd"))), "200", []string{"XDSRepositoryMetadataError"}},
		{"bad base64", provide41(t, document("Document01", "@@@@")), "200", []string{"XDSRepositoryMetadataError", "base64"}},
		{"forgotten content", provide41(t, document("Document01", "")), "200", []string{"XDSMissingDocument"}},
		{"no set in a provide", post(repositoryPath, simpleType, envelope(actionProvide, `<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"/>`)), "200", []string{"XDSRepositoryMetadataError"}},
		{"retrieve of nothing", post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest())), "200", []string{"XDSRepositoryError"}},
		{"retrieve without ids", post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest("", ""))), "200", []string{"XDSRepositoryError"}},
		{"retrieve of another repository", post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest("2.999.404", "1"))), "200", []string{"XDSUnknownRepositoryId"}},
		{"retrieve of a path", post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest("2.999.1.2", "../../../etc/passwd"))), "200", []string{"XDSDocumentUniqueIdError"}},
		{"put", "PUT /xds/registry HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", "405", nil},
		{"unknown path", post("/xds/other", simpleType, good), "404", nil},
		{"huge http header", post(registryPath, simpleType, good, "X-Large: "+strings.Repeat("x", 80<<10)), "431", nil},
		{"both lengths", "POST /xds/registry HTTP/1.1\r\nHost: test\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello", "501", nil},
		{"negative length", "POST /xds/registry HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: -1\r\n\r\n", "400", nil},
		{"announced too large", "POST /xds/registry HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Type: " + simpleType + "\r\nContent-Length: 99999999999\r\n\r\n", "413", sender},
	}
}

func register42(change func(*xds.Submission), t testing.TB) string {
	s := registrable(demoSubmission(t, 1))
	change(s)
	return onRegistry(envelope(actionRegister, submitRequest(s)))
}

func provide41(t testing.TB, documents string) string {
	return post(repositoryPath, simpleType, envelope(actionProvide, provide(demoSubmission(t, 1), documents)))
}

func manyAttributes(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(" a")
		b.WriteString(strings.Repeat("b", 1+i/26))
		b.WriteByte(byte('a' + i%26))
		b.WriteString(`=""`)
		if b.Len() > 1<<20 {
			break
		}
	}
	return b.String()
}

func manyParts(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = part("x@test", "x")
	}
	return out
}

// bomb inflates to 64 MiB.
func bomb(t testing.TB) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(bytes.Repeat([]byte(" "), 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestHostile sends each to one server: every answer is the one that the message deserves, and after all of them the
// server still works and holds nothing.
func TestHostile(t *testing.T) { onEach(t, hostileSet) }

func hostileSet(t *testing.T, b backend) {
	s := startServer(t, b.config(t), realWorld())
	cases := hostileMessages(t)
	if len(cases) < 60 {
		t.Fatalf("%d cases, want at least 60", len(cases))
	}
	slow := 0
	for _, c := range cases {
		start := time.Now()
		answer, err := golden.Send(s.addr(), []byte(c.request))
		took := time.Since(start)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if took > 50*time.Millisecond {
			slow++
			t.Logf("%s took %v", c.name, took)
		}
		if status := strings.Fields(string(answer))[1]; c.status != "" && status != c.status {
			t.Errorf("%s: HTTP %s, want %s\n%.600s", c.name, status, c.status, answer)
		}
		for _, w := range c.want {
			if !strings.Contains(string(answer), w) {
				t.Errorf("%s: answer lacks %q\n%.900s", c.name, w, answer)
			}
		}
		for _, leak := range []string{"goroutine", ".go:", "SELECT", "sqlite", "pq:", s.node.config.Data} {
			if strings.Contains(string(golden.Body(answer)), leak) {
				t.Errorf("%s: answer shows %q", c.name, leak)
			}
		}
	}
	// The machine may be busy: single slow answers are shown, many are a defect.
	if slow > len(cases)/4 {
		t.Errorf("%d of %d answers took more than 50 ms", slow, len(cases))
	}
	for _, find := range []string{"FindDocuments $XDSDocumentEntryPatientId $XDSDocumentEntryStatus=Approved,Deprecated", "FindSubmissionSets $XDSSubmissionSetPatientId $XDSSubmissionSetStatus=Approved"} {
		args := strings.Fields(find)
		if got := queryJSON(t, "--to", s.registry(), args[0], args[1]+"=DEMO-1^^^&2.999.1.1&ISO", args[2]); len(got) != 0 {
			t.Errorf("%s: something was stored: %+v", args[0], got)
		}
	}
	if left, err := filepath.Glob(filepath.Join(s.node.config.Data, "blobs", "tmp", "*")); err != nil || len(left) != 0 {
		t.Errorf("temporary files left: %v %v", left, err)
	}
	if entries, err := os.ReadDir(s.node.config.Data); err != nil || len(entries) > 5 {
		t.Errorf("unexpected files in the data folder: %v %v", entries, err)
	}
}
