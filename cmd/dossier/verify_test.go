package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dossier/ebrim"
	"dossier/soap"
	"dossier/xds"
)

// inspected is a stopped store with every kind of row: two documents in a Folder, the first replaced by a third, one
// patient merged into another.
type inspected struct {
	data string
	blob string // file of the first document
}

func inspectedStore(t *testing.T) inspected { return inspectedStoreOn(t, testConfig(t)) }

func inspectedStoreOn(t *testing.T, conf *Config) inspected {
	t.Helper()
	s := startServer(t, conf, realWorld())
	first := demoSubmission(t, 2)
	e := first.DocumentEntries[0]
	e.EventCodes = []xds.Code{{Code: "ev", Scheme: "2.999.9", Display: "Event"}}
	e.ReferenceIDs = []string{"ACC-1^^^&2.999.7&ISO^urn:ihe:iti:xds:2013:accession"}
	first.Folders = []*xds.Folder{{EntryUUID: "Folder", UniqueID: "2.999.5.900", PatientID: e.PatientID, Title: "folder", Codes: e.EventCodes}}
	first.SubmissionSets[0].Authors = e.Authors
	first.Associations = append(first.Associations,
		&xds.Association{EntryUUID: "as-f", Type: xds.HasMember, Source: "Set", Target: "Folder"},
		&xds.Association{EntryUUID: "as-fd", Type: xds.HasMember, Source: "Folder", Target: "Document01"},
		&xds.Association{EntryUUID: "as-fdm", Type: xds.HasMember, Source: "Set", Target: "as-fd"})
	provideInline(t, s, first, "first document", "second document")
	file := blobFiles(t, conf.Data)
	found := queryJSON(t, "--to", s.registry(), "GetDocuments", "$XDSDocumentEntryUniqueId=2.999.5.1")
	mustCommand(t, "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", "--replace", found[0].EntryUUID, documents(t)[0])
	mustCommand(t, "feed", "--to", s.feed(), "--patient", "DEMO-3^^^&2.999.1.1&ISO", "--merge", "DEMO-2^^^&2.999.1.1&ISO")
	if _, _, err := command(t.Context(), "verify", "--data", conf.Data, "--database", conf.Database); err == nil {
		t.Error("verify ran beside the server")
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range file {
		if b, err := os.ReadFile(name); err == nil && string(b) == "first document" {
			rel, err := filepath.Rel(conf.Data, name)
			if err != nil {
				t.Fatal(err)
			}
			return inspected{conf.Data, rel}
		}
	}
	t.Fatal("the first document is not stored")
	return inspected{}
}

// provideInline sends ITI-41 with a content for each DocumentEntry.
func provideInline(t *testing.T, s *testServer, m *xds.Submission, contents ...string) {
	t.Helper()
	var docs strings.Builder
	for i, c := range contents {
		docs.WriteString(document(string(m.DocumentEntries[i].EntryUUID), base64.StdEncoding.EncodeToString([]byte(c))))
	}
	reply, err := plainClient().Call(t.Context(), s.repository(), soap.Call{Action: actionProvide, Body: []soap.Segment{{XML: []byte(provide(m, docs.String()))}}})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Close()
	if r, ok := ebrim.DecodeRegistryResponse(reply.Body); !ok || r.Status != ebrim.StatusSuccess {
		t.Fatalf("ITI-41: %+v", r)
	}
}

// blobFiles lists the stored documents.
func blobFiles(t *testing.T, data string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(data, "blobs", "??", "??", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// copyOf copies the store, so that each damage has its own.
func (s inspected) copyOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(s.data)); err != nil {
		t.Fatal(err)
	}
	return dir
}

const (
	firstDocument = `(SELECT seq FROM object WHERE unique_id = '2.999.5.1')`
	theFolder     = `(SELECT seq FROM object WHERE kind = 'F')`
	theSet        = `(SELECT seq FROM object WHERE unique_id = '2.999.5.1000')`
	membership    = `(SELECT seq FROM association WHERE source = ` + theSet + ` AND target = ` + firstDocument + `)`
)

// damages is what verify must find, by the statements that did it.
var damages = []struct{ name, statements, problem string }{
	{"document row", `DELETE FROM document WHERE unique_id = '2.999.5.1'`, "is not in the index"},
	{"document of no entry", `UPDATE document SET unique_id = '2.999.5.77' WHERE unique_id = '2.999.5.1'`, "the document has no DocumentEntry"},
	{"document not registered", `UPDATE document SET registered = 0 WHERE unique_id = '2.999.5.1'`, "neither registered nor reserved"},
	{"SHA-1", `UPDATE document SET sha1 = zeroblob(20) WHERE unique_id = '2.999.5.1'`, "SHA-1 differs from the index"},
	{"size", `UPDATE document SET size = size + 1 WHERE unique_id = '2.999.5.1'`, "hash or size differ"},
	{"SHA-256", `UPDATE document SET sha256 = zeroblob(32) WHERE unique_id = '2.999.5.1'`, "no such blob"},
	{"entry", `DELETE FROM document_entry WHERE seq = ` + firstDocument, "the DocumentEntry has lost its metadata"},
	{"SubmissionSet", `DELETE FROM submission_set WHERE seq = ` + theSet, "the SubmissionSet has lost its metadata"},
	{"Folder", `DELETE FROM folder`, "the Folder has lost its metadata"},
	{"Association", `DELETE FROM association WHERE seq = ` + membership, "the Association has lost its ends"},
	{"object of an entry", `DELETE FROM object WHERE unique_id = '2.999.5.1'`, "metadata of a DocumentEntry without its object"},
	{"object of a SubmissionSet", `DELETE FROM object WHERE unique_id = '2.999.5.1000'`, "metadata of a SubmissionSet without its object"},
	{"object of a Folder", `DELETE FROM object WHERE kind = 'F'`, "metadata of a Folder without its object"},
	{"object of an Association", `DELETE FROM object WHERE seq = ` + membership, "metadata of an Association without its object"},
	{"target", `DELETE FROM object WHERE unique_id = '2.999.5.1'`, "the targetObject of the Association is missing"},
	{"source", `DELETE FROM object WHERE unique_id = '2.999.5.1000'`, "the sourceObject of the Association is missing"},
	{"membership", `CREATE TEMP TABLE m AS SELECT ` + membership + ` AS seq; DELETE FROM association WHERE seq IN (SELECT seq FROM m); DELETE FROM object WHERE seq IN (SELECT seq FROM m)`, "belongs to no SubmissionSet"},
	{"half a replacement", `UPDATE object SET status = 'A'`, "is replaced, but still Approved"},
	{"unique_id", `DELETE FROM unique_id WHERE value = '2.999.5.1'`, "its uniqueId is not reserved"},
	{"unique_id of no object", `INSERT INTO unique_id VALUES ('2.999.5.78', 'D', '', 0, 'S')`, "the uniqueId is reserved and no object has it"},
	{"patient", `DELETE FROM patient WHERE identifier = 'DEMO-1'`, "its patient is missing"},
	{"survivor", `DELETE FROM patient WHERE identifier = 'DEMO-3'`, "whose surviving id is missing"},
	{"half a merge", `UPDATE patient SET merged_into = NULL`, "a merge was applied by half"},
	{"author", `DELETE FROM author WHERE object = ` + firstDocument, "author: 0 values are indexed, the metadata have 1"},
	{"author of a SubmissionSet", `DELETE FROM author WHERE object = ` + theSet, "author: 0 values are indexed"},
	{"event code", `DELETE FROM event_code`, "eventCodeList: 0 values are indexed"},
	{"confidentiality code", `DELETE FROM confidentiality_code`, "confidentialityCode: 0 values are indexed"},
	{"reference id", `DELETE FROM reference_id`, "referenceIdList: 0 values are indexed"},
	{"folder code", `DELETE FROM folder_code`, "codeList: 0 values are indexed"},
	{"fragment", `UPDATE document_entry SET fragment = x'3c' WHERE seq = ` + firstDocument, "stored metadata cannot be read"},
	{"fragment of another class", `UPDATE document_entry SET fragment = (SELECT fragment FROM folder) WHERE seq = ` + firstDocument, "cannot be found by its class"},
	{"reserved document", `INSERT INTO reservation (submission_set, reserved) VALUES ('2.999.5.79', 1); INSERT INTO reserved_document VALUES ('2.999.5.79', '2.999.5.80', '', '', '', '')`, "the reserved document is missing"},
	{"reservation", `INSERT INTO reserved_document VALUES ('2.999.5.79', '2.999.5.1', '', '', '', '')`, "the reservation of the document is missing"},
}

// TestVerify: a sound store passes; each damage of a row or of a file is found, and named.
func TestVerify(t *testing.T) {
	t.Parallel()
	s := inspectedStore(t)
	t.Run("sound", func(t *testing.T) {
		wantFindings(t, s.copyOf(t), 0)
		out := mustCommand(t, "verify", "--data", s.copyOf(t))
		size := len("first document") + len("second document") + len(readFile(t, documents(t)[0]))
		if want := fmt.Sprintf("3 documents (%d bytes), 6 registry objects of which 3 DocumentEntries, 3 blobs of which 0 unreferenced, 0 damaged, 0 left over\n", size); out != want {
			t.Errorf("got  %swant %s", out, want)
		}
	})
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			data := s.copyOf(t)
			execute(t, data, d.statements)
			wantFindings(t, data, 1, d.problem)
			if out, _, err := command(t.Context(), "sweep", "--data", data); err == nil && d.name != "SHA-1" && d.name != "SHA-256" {
				t.Errorf("sweep works on a store that contradicts itself: %s", out)
			}
		})
	}
	for name, c := range map[string]struct {
		damage  func(t *testing.T, file string)
		problem string
	}{
		"flipped byte":   {func(t *testing.T, file string) { flipByte(t, file, 3) }, "but their SHA-256 is"},
		"missing blob":   {func(t *testing.T, file string) { remove(t, file) }, "no such blob"},
		"truncated blob": {func(t *testing.T, file string) { truncate(t, file, 5) }, "ends after 5 of 14 bytes"},
		"longer blob":    {func(t *testing.T, file string) { truncate(t, file, 15) }, "goes on after 14 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := s.copyOf(t)
			c.damage(t, filepath.Join(data, s.blob))
			wantFindings(t, data, 1, c.problem)
		})
	}
}

// TestVerifyPostgres: the same on PostgreSQL, with all damage at once.
func TestVerifyPostgres(t *testing.T) {
	t.Parallel()
	conf := backends[1].config(t)
	s := inspectedStoreOn(t, conf)
	out := mustCommand(t, "verify", "--data", conf.Data, "--database", conf.Database)
	if !strings.Contains(out, " 0 damaged, 0 left over") {
		t.Errorf("verify printed %s", out)
	}
	flipByte(t, filepath.Join(s.data, s.blob), 3)
	executeOn(t, "postgres", conf.Database, `SET session_replication_role = replica; -- past the foreign keys
DELETE FROM document WHERE unique_id = '2.999.5.2'; UPDATE patient SET merged_into = NULL; DELETE FROM event_code; DELETE FROM folder;
INSERT INTO unique_id VALUES ('2.999.5.78', 'D', '', 0, 'S'); DELETE FROM submission_set WHERE seq = `+theSet)
	out, _, err := command(t.Context(), "verify", "--data", conf.Data, "--database", conf.Database)
	for _, problem := range []string{"is not in the index", "a merge was applied by half", "eventCodeList: 0 values are indexed", "the Folder has lost its metadata",
		"no object has it", "the SubmissionSet has lost its metadata", "but their SHA-256 is"} {
		if err == nil || !strings.Contains(out, problem) {
			t.Errorf("verify did not find %q: %v\n%s", problem, err, out)
		}
	}
}

// TestVerifyLeftOvers: what was never acknowledged is listed, is no damage, and sweep removes the bytes.
func TestVerifyLeftOvers(t *testing.T) {
	t.Parallel()
	s := inspectedStore(t)
	name := strings.Repeat("ab", 32)
	dir := filepath.Join(s.data, "blobs", "ab", "ab")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte("orphan"), 0o600); err != nil {
		t.Fatal(err)
	}
	execute(t, s.data, `INSERT INTO reservation (submission_set, reserved) VALUES ('2.999.5.79', 1); INSERT INTO reserved_document VALUES ('2.999.5.79', '2.999.5.1', '', '', '', '')`)
	r := wantFindings(t, s.data, 0, "no document names it (6 bytes)", "wait since 1970-01-01T00:00:00Z for a registry elsewhere")
	if r.Unreferenced != 1 || r.LeftOver != 2 || len(r.Findings) != 2 || r.Findings[1].ID != name {
		t.Errorf("report %+v", r)
	}
	if out := mustCommand(t, "sweep", "--data", s.data); out != "4 blobs: 3 named by documents, 1 removed (6 bytes), 0 kept because they are dated in the future\n" {
		t.Errorf("sweep printed %s", out)
	}
	if r := wantFindings(t, s.data, 0); r.Unreferenced != 0 || r.Blobs != 3 {
		t.Errorf("after the sweep: %+v", r)
	}
	// A repository whose registry is elsewhere has reservations in its daily work.
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.yaml")
	if err := os.WriteFile(elsewhere, []byte("registry:\n  url: http://127.0.0.1:1/xds/registry\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := mustCommand(t, "verify", "--data", s.data, "--config", elsewhere); !strings.Contains(out, "0 left over\n1 submissions wait for the registry's outcome") {
		t.Errorf("verify printed %s", out)
	}
}

// wantFindings runs verify and wants its exit code and, among its findings, these.
func wantFindings(t *testing.T, data string, code int, problems ...string) inspection {
	t.Helper()
	out, _, failed := command(t.Context(), "verify", "--data", data, "--json")
	if (failed != nil) != (code != 0) {
		t.Errorf("verify: %v, want exit code %d\n%s", failed, code, out)
	}
	var r inspection
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %v\n%s", failed, err, out)
	}
	for _, p := range problems {
		if !strings.Contains(out, p) {
			t.Errorf("verify did not find %q:\n%s", p, out)
		}
	}
	if len(problems) == 0 && code == 0 && r.Damaged > 0 || len(r.Findings) != r.Damaged+r.LeftOver {
		t.Errorf("findings: %+v", r)
	}
	return r
}

func remove(t testing.TB, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

func truncate(t testing.TB, name string, size int64) {
	t.Helper()
	if err := os.Truncate(name, size); err != nil {
		t.Fatal(err)
	}
}

// execute changes the database behind the server's back, past its foreign keys.
func execute(t testing.TB, data, statements string) {
	t.Helper()
	executeOn(t, "sqlite", filepath.Join(data, "dossier.db"), statements)
}

func executeOn(t testing.TB, driver, source, statements string) {
	t.Helper()
	db, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	conn, err := db.Conn(context.Background()) // temporary tables belong to a connection
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(t.Context(), statements); err != nil {
		t.Fatal(err)
	}
}
