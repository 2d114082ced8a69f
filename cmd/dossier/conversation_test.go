package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// documents are the files that the conversations submit.
func documents(t testing.TB) []string {
	t.Helper()
	var out []string
	for _, pattern := range []string{"*.xml", "*.pdf", "*.dcm"} {
		names, err := filepath.Glob(filepath.Join("..", "..", "testdata", "documents", pattern))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, names...)
	}
	if len(out) < 4 {
		t.Fatalf("found %d documents, want 4", len(out))
	}
	return out
}

type submitted struct {
	SubmissionSet string `json:"submissionSetUniqueId"`
	Documents     []struct{ File, EntryUUID, UniqueID, MimeType, Hash string }
}

func submitJSON(t testing.TB, args ...string) submitted {
	t.Helper()
	var s submitted
	if err := json.Unmarshal([]byte(mustCommand(t, append([]string{"submit", "--json"}, args...)...)), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func queryJSON(t testing.TB, args ...string) []row {
	t.Helper()
	var out []row
	if err := json.Unmarshal([]byte(mustCommand(t, append([]string{"query", "--json"}, args...)...)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

const approved = "$XDSDocumentEntryStatus=Approved"

// TestConversation is the main path as a user walks it: a patient becomes known, documents go in, are found, and come
// back with equal bytes.
func TestConversation(t *testing.T) { onEach(t, conversation) }

func conversation(t *testing.T, b backend) {
	s := startServer(t, b.config(t), realWorld())
	const patient = "NEW-1^^^&2.999.1.1&ISO"
	files := documents(t)

	_, _, err := command(t.Context(), append([]string{"submit", "--to", s.repository(), "--patient", patient}, files...)...)
	if err == nil || !strings.Contains(err.Error(), "XDSUnknownPatientId") {
		t.Fatalf("before the feed: %v, want XDSUnknownPatientId", err)
	}
	if got := strings.TrimSpace(mustCommand(t, "feed", "--to", s.feed(), "--patient", patient, "--family", "Weissgerber", "--given", "Zoe")); got != "AA" {
		t.Fatalf("feed answered %q", got)
	}
	in := submitJSON(t, append([]string{"--to", s.repository(), "--patient", patient}, files...)...)
	found := queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+patient, approved)
	if len(found) != len(files) {
		t.Fatalf("FindDocuments found %d objects, want %d", len(found), len(files))
	}
	for i, d := range in.Documents {
		if found[i].EntryUUID != d.EntryUUID || found[i].UniqueID != d.UniqueID || found[i].Hash != d.Hash || found[i].Status != "Approved" || found[i].PatientID != patient {
			t.Errorf("found %+v\nsubmitted %+v", found[i], d)
		}
		out := filepath.Join(t.TempDir(), "out")
		mustCommand(t, "retrieve", "--to", s.repository(), "--repository", found[i].Repository, "--document", d.UniqueID, "-o", out)
		if !bytes.Equal(readFile(t, out), readFile(t, files[i])) {
			t.Errorf("%s came back with other bytes", files[i])
		}
	}
	for _, name := range []string{"Weissgerber", "NEW-1"} {
		if strings.Contains(s.log.String(), name) {
			t.Errorf("the log names the patient %q", name)
		}
	}
}

// TestOracleSamples does the same with the sample documents of another team, where they are present.
func TestOracleSamples(t *testing.T) { onEach(t, oracleSamples) }

func oracleSamples(t *testing.T, b backend) {
	dir := filepath.Join(oracle(t), "samples")
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		t.Skipf("no sample documents in %s", dir)
	}
	s := startServer(t, b.config(t), realWorld())
	for _, name := range names {
		in := submitJSON(t, "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", name)
		out := mustCommand(t, "retrieve", "--to", s.repository(), "--document", in.Documents[0].UniqueID)
		if out != string(readFile(t, name)) {
			t.Errorf("%s came back with other bytes", filepath.Base(name))
		}
	}
}

// TestReplaceAndMerge: the new version is found, the old one is not, and after a merge the survivor has it all.
func TestReplaceAndMerge(t *testing.T) { onEach(t, replaceAndMerge) }

func replaceAndMerge(t *testing.T, b backend) {
	s := startServer(t, b.config(t), realWorld())
	file := documents(t)[0]
	const old, survivor = "DEMO-1^^^&2.999.1.1&ISO", "DEMO-2^^^&2.999.1.1&ISO"
	first := submitJSON(t, "--to", s.repository(), "--patient", old, file)
	second := submitJSON(t, "--to", s.repository(), "--patient", old, "--replace", first.Documents[0].EntryUUID, file)
	found := queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+old, approved)
	if len(found) != 1 || found[0].EntryUUID != second.Documents[0].EntryUUID {
		t.Fatalf("after RPLC: %+v", found)
	}
	_, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", old, "--replace", first.Documents[0].EntryUUID, file)
	if err == nil || !strings.Contains(err.Error(), "XDSRegistryDeprecatedDocumentError") {
		t.Errorf("RPLC of a deprecated entry: %v", err)
	}
	mustCommand(t, "feed", "--to", s.feed(), "--patient", survivor, "--merge", old)
	if _, _, err := command(t.Context(), "feed", "--to", s.feed(), "--patient", survivor, "--merge", old); err == nil {
		t.Error("the same merge twice was accepted")
	}
	found = queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+survivor, approved)
	if len(found) != 1 || found[0].PatientID != survivor {
		t.Errorf("survivor: %+v", found)
	}
	if found = queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+old, approved); len(found) != 0 {
		t.Errorf("subsumed: %+v", found)
	}
	if _, _, err = command(t.Context(), "submit", "--to", s.repository(), "--patient", old, file); err == nil || !strings.Contains(err.Error(), "XDSUnknownPatientId") {
		t.Errorf("submit for the subsumed id: %v", err)
	}
}

// TestRefusedMeansNothing: a submission that the registry refuses leaves no document behind.
func TestRefusedMeansNothing(t *testing.T) { onEach(t, refusedMeansNothing) }

func refusedMeansNothing(t *testing.T, b backend) {
	s := startServer(t, b.config(t), realWorld())
	file := documents(t)[0]
	id := "2.25." + strings.Map(func(r rune) rune {
		if r == '-' {
			return -1
		}
		return '0' + r%10
	}, uuid.NewString())
	_, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", "NOBODY^^^&2.999.1.1&ISO", "--unique-id", id, file)
	if err == nil {
		t.Fatal("accepted")
	}
	_, _, err = command(t.Context(), "retrieve", "--to", s.repository(), "--registry", "none", "--document", id)
	if err == nil || !strings.Contains(err.Error(), "XDSDocumentUniqueIdError") {
		t.Errorf("retrieve: %v", err)
	}
	mustCommand(t, "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", "--unique-id", id, file)
	if _, _, err = command(t.Context(), "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", "--unique-id", id, documents(t)[1]); err == nil || !strings.Contains(err.Error(), "XDSNonIdenticalHash") {
		t.Errorf("other bytes under the same uniqueId: %v", err)
	}
	if out := mustCommand(t, "retrieve", "--to", s.repository(), "--document", id); out != string(readFile(t, file)) {
		t.Error("the first document was changed")
	}
}

// TestRemoteRegistry: the repository forwards by ITI-42 and hands back what the registry says.
func TestRemoteRegistry(t *testing.T) { onEach(t, remoteRegistry) }

func remoteRegistry(t *testing.T, b backend) {
	central := startServer(t, b.config(t), realWorld())
	c := b.config(t)
	c.Registry.URL = central.registry()
	c.Repository.ID = "2.999.1.77"
	s := startServer(t, c, realWorld())
	file := documents(t)[0]
	in := submitJSON(t, "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", file)
	found := queryJSON(t, "--to", central.registry(), "GetDocuments", "$XDSDocumentEntryUniqueId="+in.Documents[0].UniqueID)
	if len(found) != 1 || found[0].Repository != "2.999.1.77" {
		t.Fatalf("registered: %+v", found)
	}
	out := mustCommand(t, "retrieve", "--to", s.repository(), "--registry", central.registry(), "--repository", "2.999.1.77", "--document", in.Documents[0].UniqueID)
	if out != string(readFile(t, file)) {
		t.Error("came back with other bytes")
	}
	_, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", "NOBODY^^^&2.999.1.1&ISO", file)
	if err == nil || !strings.Contains(err.Error(), "XDSUnknownPatientId") {
		t.Errorf("relayed: %v", err)
	}
	if err := central.stop(); err != nil {
		t.Fatal(err)
	}
	_, _, err = command(t.Context(), "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", file)
	if err == nil || !strings.Contains(err.Error(), "XDSRegistryNotAvailable") {
		t.Errorf("registry gone: %v", err)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// oracle finds the folder of schemas and samples that lies beside the project on some machines.
func oracle(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("DOSSIER_ORACLE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "oracle")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skip("skipped: no oracle (set DOSSIER_ORACLE to its folder)")
	}
	return dir
}
