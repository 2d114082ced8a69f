package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"database/sql"
)

// TestVerify: a sound store passes; a flipped byte, a missing blob and a missing row are each found.
func TestVerify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(t *testing.T, data, file string)
		want   string
	}{
		"sound":        {func(*testing.T, string, string) {}, "1 documents (620 bytes), 1 DocumentEntries, 1 blobs of which 0 unreferenced (swept later), 0 findings"},
		"flipped byte": {func(t *testing.T, _, file string) { flipByte(t, file, 100) }, "damaged"},
		"missing blob": {func(t *testing.T, _, file string) { remove(t, file) }, "no such blob"},
		"missing index row": {func(t *testing.T, data, _ string) { execute(t, data, "DELETE FROM document") },
			"is not in the index"},
		"missing entry": {func(t *testing.T, data, _ string) {
			execute(t, data, "DELETE FROM association; DELETE FROM confidentiality_code; DELETE FROM author; DELETE FROM document_entry")
		}, "1 documents have no DocumentEntry"},
		"other hash": {func(t *testing.T, data, _ string) { execute(t, data, "UPDATE document SET sha1 = zeroblob(20)") },
			"SHA-1 differs from the index"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := testConfig(t)
			s := startServer(t, conf, realWorld())
			mustCommand(t, "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", filepath.Join("..", "..", "testdata", "documents", "report.pdf"))
			file := blobFile(t, s)
			if _, _, err := command(t.Context(), "verify", "--data", conf.Data); err == nil {
				t.Error("verify ran beside the server")
			}
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			c.damage(t, conf.Data, file)
			out, _, err := command(t.Context(), "verify", "--data", conf.Data)
			if !strings.Contains(out, c.want) {
				t.Errorf("verify printed\n%s\nwant %q", out, c.want)
			}
			if sound := name == "sound"; sound != (err == nil) {
				t.Errorf("verify: %v\n%s", err, out)
			}
		})
	}
}

func remove(t testing.TB, name string) {
	t.Helper()
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
}

// execute changes the database behind the server's back.
func execute(t testing.TB, data, statements string) {
	t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(data, "dossier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statements); err != nil {
		t.Fatal(err)
	}
}
