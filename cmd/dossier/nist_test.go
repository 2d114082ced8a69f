package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Conformance by the numbers of the NIST XDS toolkit's test kit. Each number is a test of that name with messages of our
// own making, sent to a whole server over TCP. What a number shows and which codes it expects is the test kit's; what is in
// the messages is not. `make conformance` prints the table.

// actorUnderTest is a set of the test kit.
type actorUnderTest string

const (
	documentRegistry   actorUnderTest = "reg"
	documentRepository actorUnderTest = "rep"

	multiPatientRegistry actorUnderTest = "reg_mpq" // the Document Registry of the Multi-Patient Queries profile
)

// numbered is one number of the test kit.
type numbered struct {
	number string
	actor  actorUnderTest
	title  string
}

// testKit lists the numbers in the order in which they are printed. Those of options that Dossier does not have are absent.
var testKit = []numbered{
	{"11990", documentRegistry, "register one DocumentEntry"},
	{"11991", documentRegistry, "register two DocumentEntries"},
	{"11992", documentRegistry, "replace a document"},
	{"11993", documentRegistry, "replace a document that has an addendum"},
	{"11994", documentRegistry, "replace a document that has a transformation"},
	{"11995", documentRegistry, "transform and replace a document"},
	{"11996", documentRegistry, "unknown patient"},
	{"11997", documentRegistry, "patient of document and SubmissionSet differ"},
	{"11998", documentRegistry, "replace a document of another patient"},
	{"11998a", documentRegistry, "required attribute missing"},
	{"11999", documentRegistry, "create a Folder"},
	{"12000", documentRegistry, "create a Folder with a document"},
	{"12000.1a", documentRegistry, "create a Folder with a document, then GetDocuments finds the document alone"},
	{"12001", documentRegistry, "add a new document to a registered Folder"},
	{"12002", documentRegistry, "add a document to a Folder of another patient"},
	{"12004", documentRegistry, "resubmission with the same and with another hash"},
	{"12022", documentRegistry, "lifecycle: append, transform, replace, and what hangs on the replaced document"},
	{"12084", documentRegistry, "all of a submission or nothing"},
	{"12323", documentRegistry, "Folder lastUpdateTime"},
	{"12326", documentRegistry, "add a registered document to a registered Folder"},
	{"12327", documentRegistry, "a replacement joins the Folder of what it replaces"},
	{"12370", documentRegistry, "documentation Classification of Associations"},
	{"12379", documentRegistry, "extra metadata"},
	{"15806", documentRegistry, "entryUUID that is registered already"},
	{"12346", documentRegistry, "stored query data, first patient: everything comes back as registered"},
	{"12374", documentRegistry, "stored query data, second patient: everything comes back as registered"},
	{"11897", documentRegistry, "FindDocuments"},
	{"11898", documentRegistry, "FindSubmissionSets"},
	{"11899", documentRegistry, "FindFolders"},
	{"11901", documentRegistry, "GetDocuments"},
	{"11902", documentRegistry, "GetFolders"},
	{"11903", documentRegistry, "GetAssociations"},
	{"11904", documentRegistry, "GetDocumentsAndAssociations"},
	{"11905", documentRegistry, "GetSubmissionSets"},
	{"11906", documentRegistry, "GetSubmissionSetAndContents"},
	{"11907", documentRegistry, "GetFolderAndContents"},
	{"11908", documentRegistry, "GetFoldersForDocument"},
	{"11909", documentRegistry, "GetRelatedDocuments"},
	{"12368", documentRegistry, "LeafClass of two patients"},
	{"15803", documentRegistry, "GetAll"},
	{"12361", multiPatientRegistry, "multi-patient query data: everything comes back as registered"},
	{"12364", multiPatientRegistry, "FindDocumentsForMultiplePatients, FindFoldersForMultiplePatients"},
	{"11966", documentRepository, "provide one document"},
	{"11979", documentRepository, "provide two documents"},
	{"11981", documentRepository, "size and hash supplied by the source"},
	{"11983", documentRepository, "document without metadata, metadata without document"},
	{"11986", documentRepository, "errors of the registry are relayed"},
	{"12021", documentRepository, "retrieve two documents"},
	{"12029", documentRepository, "retrieve one document"},
	{"12360", documentRepository, "mimeType survives"},
	{"12369", documentRepository, "wrong size or hash"},
	{"15816", documentRepository, "retrieve: unknown document, unknown repository, partial success"},
}

// conform runs the number that the calling test is named after on every backend, each time with a server of its own: as it
// is configured by default, and then those of the Document Registry with strict validation, those of the Document
// Repository with the registry in another process.
func conform(t *testing.T, run func(t *testing.T, s *site)) {
	t.Parallel()
	number := strings.ReplaceAll(strings.TrimPrefix(t.Name(), "TestNIST_"), "_", ".")
	i := slices.IndexFunc(testKit, func(n numbered) bool { return n.number == number })
	if i < 0 {
		t.Fatalf("%s is not in the table", number)
	}
	n := testKit[i]
	t.Attr("nist", fmt.Sprintf("%02d %s %s %s", i, n.actor, n.number, n.title)) // read by tools/conformance.sh
	variant, other := "-strict", newStrictSite
	if n.actor == documentRepository {
		variant, other = "-apart", newApartSite
	}
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			run(t, newSite(t, b))
		})
		t.Run(b.name+variant, func(t *testing.T) {
			t.Parallel()
			run(t, other(t, b))
		})
	}
}

// TestKitIsComplete compares the table with the tests that there are.
func TestKitIsComplete(t *testing.T) {
	t.Parallel()
	written := map[string]bool{}
	files, err := filepath.Glob("nist_*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "TestNIST_") {
				written[strings.ReplaceAll(f.Name.Name[len("TestNIST_"):], "_", ".")] = true
			}
		}
	}
	for _, n := range testKit {
		if !written[n.number] {
			t.Errorf("%s is in the table and has no test", n.number)
		}
		delete(written, n.number)
	}
	for number := range written {
		t.Errorf("TestNIST_%s is not in the table", number)
	}
}
