package schemas_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Schemas by the prefix that their names have in messages.
var fileOf = map[string]string{
	"lcm": "lcm.xsd", "query": "query.xsd", "rs": "rs.xsd", "xds": "XDS.b_DocumentRepository.xsd",
}

// The samples of testdata: each valid.
var samples = []struct{ file, schema string }{
	{"submission.xml", "lcm"},
	{"submission_folder.xml", "lcm"},
	{"provide.xml", "xds"},
	{"query.xml", "query"},
	{"queryresponse_leafclass.xml", "query"},
	{"queryresponse_objectref.xml", "query"},
	{"queryresponse_failure.xml", "query"},
	{"registryresponse.xml", "rs"},
	{"registryresponse_failure.xml", "rs"},
	{"retrieve.xml", "xds"},
	{"retrieveresponse.xml", "xds"},
}

// One change to a sample that makes it invalid. Where narrower is set the published schemas take the message and ours
// does not, because XDS does not.
var breakages = []struct {
	name, file, old, new string
	narrower             bool
}{
	{name: "wrong root", file: "registryresponse.xml", old: "RegistryResponse", new: "Response"},
	{name: "ebRIM 2 namespace", file: "submission.xml", old: "xsd:rim:3.0", new: "xsd:rim:2.1"},
	{name: "no object list", file: "registryresponse.xml", old: "rs:RegistryResponse", new: "rs:RegistryErrorList"},
	{name: "object without id", file: "submission.xml", old: ` id="doc"`},
	{name: "package without id", file: "submission.xml", old: `RegistryPackage id="set"`, new: "RegistryPackage"},
	{name: "classification without id", file: "submission.xml", old: ` id="doc.class"`},
	{name: "classification of nothing", file: "submission.xml",
		old: `classifiedObject="set" classificationNode`, new: "classificationNode"},
	{name: "identifier without scheme", file: "submission.xml",
		old: ` identificationScheme="urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"`},
	{name: "identifier without object", file: "submission.xml", old: ` id="doc.uid" identificationScheme`,
		new: ` id="x" home="y" registryObjects="doc" identificationScheme`},
	{name: "identifier without value", file: "submission.xml", old: ` value="2.999.1.2.1"`},
	{name: "association without type", file: "submission.xml",
		old: ` associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"`},
	{name: "association without source", file: "submission.xml", old: ` sourceObject="set"`},
	{name: "association without target", file: "submission.xml", old: ` targetObject="doc"`},
	{name: "slot without name", file: "submission.xml", old: ` name="creationTime"`},
	{name: "slot without list", file: "submission.xml",
		old: "<rim:ValueList><rim:Value>20260102030405</rim:Value></rim:ValueList>"},
	{name: "slot value too long", file: "submission.xml", old: "20260102030405", new: strings.Repeat("9", 257)},
	{name: "title too long", file: "submission.xml", old: `charset="UTF-8" value="Note"`,
		new: `charset="UTF-8" value="` + strings.Repeat("n", 1025) + `"`},
	{name: "identifier too long", file: "submission.xml", old: `"2.999.1.2.1"`, new: `"` + strings.Repeat("9", 257) + `"`},
	{name: "version too long", file: "queryresponse_leafclass.xml", old: `versionName="1"`, new: `versionName="12345678901234567"`},
	{name: "name without value", file: "submission.xml", old: `charset="UTF-8" value="Note"`, new: `charset="UTF-8"`},
	{name: "description before name", file: "submission.xml",
		old: `<rim:Name><rim:LocalizedString xml:lang="en"`, new: `<rim:Description/><rim:Name><rim:LocalizedString xml:lang="en"`},
	{name: "unknown attribute", file: "submission.xml", old: ` id="m1"`, new: ` id="m1" assocType="x"`},
	{name: "isOpaque not a boolean", file: "queryresponse_leafclass.xml", old: `isOpaque="false"`, new: `isOpaque="no"`},
	{name: "foreign object", file: "submission_folder.xml", old: "<rim:ObjectRef ", new: "<rim:Thing "},
	{name: "request slots after objects", file: "submission_folder.xml", old: "rs:RequestSlotList", new: "rs:ResponseSlotList"},
	{name: "document without id", file: "provide.xml", old: ` id="doc">QSB`, new: ">QSB"},
	{name: "document not base64", file: "provide.xml", old: "QSBub3RlLgo=", new: "A note."},
	{name: "document before metadata", file: "provide.xml", old: "\n  <lcm:SubmitObjectsRequest",
		new: `<xds:Document id="x"/><lcm:SubmitObjectsRequest`},
	{name: "query without option", file: "query.xml",
		old: `<query:ResponseOption returnType="LeafClass" returnComposedObjects="true"/>`},
	{name: "query without id", file: "query.xml", old: ` id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"`},
	{name: "unknown returnType", file: "query.xml", old: `"LeafClass"`, new: `"Leaf"`},
	{name: "returnType of base ebRS", file: "query.xml", old: `"LeafClass"`, new: `"RegistryObject"`, narrower: true},
	{name: "no returnType", file: "query.xml", old: ` returnType="LeafClass"`, narrower: true},
	{name: "query expression", file: "query.xml", old: "</rim:AdhocQuery>",
		new: `<rim:QueryExpression queryLanguage="urn:x">SELECT</rim:QueryExpression></rim:AdhocQuery>`, narrower: true},
	{name: "package inside a package", file: "submission.xml", old: "</rim:RegistryPackage>",
		new: "<rim:RegistryObjectList/></rim:RegistryPackage>", narrower: true},
	{name: "class that XDS lacks", file: "submission_folder.xml", old: "<rim:ObjectRef ", new: `<rim:ClassificationNode `, narrower: true},
	{name: "answer without status", file: "registryresponse.xml",
		old: `status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"`},
	{name: "query answer without list", file: "queryresponse_failure.xml", old: "<rim:RegistryObjectList/>"},
	{name: "objects before errors", file: "queryresponse_failure.xml", old: "<rs:RegistryErrorList",
		new: "<rim:RegistryObjectList/><rs:RegistryErrorList"},
	{name: "error without code", file: "registryresponse_failure.xml", old: ` errorCode="XDSRegistryMetadataError"`},
	{name: "error without context", file: "registryresponse_failure.xml", old: ` codeContext="want one SubmissionSet, got 0"`},
	{name: "retrieve without document", file: "retrieve.xml", old: "<xds:DocumentUniqueId>2.999.1.2.1</xds:DocumentUniqueId>"},
	{name: "retrieve without repository", file: "retrieve.xml",
		old: "<xds:RepositoryUniqueId>2.999.1.2</xds:RepositoryUniqueId>\n    <xds:DocumentUniqueId>2.999.1.2.1<",
		new: "<xds:DocumentUniqueId>2.999.1.2.1<"},
	{name: "home after repository", file: "retrieve.xml",
		old: "<xds:DocumentUniqueId>2.999.1.2.1<", new: "<xds:HomeCommunityId>urn:oid:2.999</xds:HomeCommunityId><xds:DocumentUniqueId>2<"},
	{name: "retrieved without mimeType", file: "retrieveresponse.xml", old: "<xds:mimeType>text/plain</xds:mimeType>"},
	{name: "mimeType after document", file: "retrieveresponse.xml",
		old: "<xds:mimeType>text/plain</xds:mimeType>\n    <xds:Document>QSBub3RlLgo=</xds:Document>",
		new: "<xds:Document>QSBub3RlLgo=</xds:Document>\n    <xds:mimeType>text/plain</xds:mimeType>"},
	{name: "retrieved without answer", file: "retrieveresponse.xml", old: "rs:RegistryResponse", new: "rs:RegistryErrorList"},
}

// xmllint is the validator; without it nothing here can be judged.
func xmllint(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("no xmllint on PATH: schemas are not compiled and samples not validated")
	}
	return path
}

// oracle returns the folder of the published schemas, or "".
func oracle(t *testing.T) string {
	t.Helper()
	root := os.Getenv("DOSSIER_ORACLE")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "oracle")
	}
	dir := filepath.Join(root, "ebxml")
	if _, err := os.Stat(dir); err != nil {
		t.Logf("no published schemas (DOSSIER_ORACLE): judged by our own alone")
		return ""
	}
	return dir
}

// valid runs xmllint: 0 is valid, 3 and 4 are invalid; anything else is a schema that does not compile or a broken XML.
func valid(t *testing.T, lint, schema string, message []byte) (bool, string) {
	t.Helper()
	cmd := exec.Command(lint, "--nonet", "--noout", "--schema", schema, "-")
	cmd.Stdin = bytes.NewReader(message)
	out, err := cmd.CombinedOutput()
	switch code := cmd.ProcessState.ExitCode(); code {
	case 0:
		return true, string(out)
	case 3, 4:
		return false, string(out)
	default:
		t.Fatalf("xmllint with %s: exit %d, %v\n%s", schema, code, err, out)
		return false, ""
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSamplesAreValid(t *testing.T) {
	t.Parallel()
	lint, published := xmllint(t), oracle(t)
	for _, s := range samples {
		t.Run(s.file, func(t *testing.T) {
			t.Parallel()
			message := read(t, s.file)
			if ok, why := valid(t, lint, fileOf[s.schema], message); !ok {
				t.Errorf("ours: got invalid, want valid\n%s", why)
			}
			if published == "" {
				return
			}
			if ok, why := valid(t, lint, filepath.Join(published, fileOf[s.schema]), message); !ok {
				t.Errorf("published: got invalid, want valid\n%s", why)
			}
		})
	}
}

func TestBrokenSamplesAreRefused(t *testing.T) {
	t.Parallel()
	lint, published := xmllint(t), oracle(t)
	schemaOf := map[string]string{}
	for _, s := range samples {
		schemaOf[s.file] = fileOf[s.schema]
	}
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			whole := read(t, b.file)
			if !bytes.Contains(whole, []byte(b.old)) {
				t.Fatalf("%s does not contain %q", b.file, b.old)
			}
			message := bytes.ReplaceAll(whole, []byte(b.old), []byte(b.new))
			if ok, _ := valid(t, lint, schemaOf[b.file], message); ok {
				t.Errorf("ours: got valid, want refused")
			}
			if published == "" {
				return
			}
			if ok, why := valid(t, lint, filepath.Join(published, schemaOf[b.file]), message); ok != b.narrower {
				t.Errorf("published: got valid %v, want %v\n%s", ok, b.narrower, why)
			}
		})
	}
}

// Each schema compiles alone, as a tool kit that starts from any of them needs it.
func TestSchemasCompile(t *testing.T) {
	t.Parallel()
	lint := xmllint(t)
	names, err := filepath.Glob("*.xsd")
	if err != nil || len(names) != 7 {
		t.Fatalf("got %d schemas (%v), want 7", len(names), err)
	}
	for _, name := range names {
		if ok, _ := valid(t, lint, name, []byte("<none-of-these/>")); ok {
			t.Errorf("%s: got an unknown element valid, want refused", name)
		}
	}
}
