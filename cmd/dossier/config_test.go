package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"dossier/store/sqldb"
)

func load(t *testing.T, file string, args, environ []string) (*Config, error) {
	t.Helper()
	name := ""
	if file != "" {
		name = filepath.Join(t.TempDir(), "dossier.yaml")
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f := pflag.NewFlagSet("test", pflag.ContinueOnError)
	addConfigFlags(f)
	if err := f.Parse(args); err != nil {
		t.Fatal(err)
	}
	return loadConfig(name, f, environ)
}

func TestConfigPrecedence(t *testing.T) {
	// Variables are read from the environment of the process, so this test is not parallel.
	t.Setenv("DOSSIER_HTTP", "127.0.0.1:2")
	t.Setenv("DOSSIER_LIMITS_DOCUMENT", "123")
	t.Setenv("DOSSIER_DOMAIN_OID", "2.999.77")
	c, err := load(t, "http: 127.0.0.1:1\nadmin: 127.0.0.1:4\nmllp: 127.0.0.1:5\nlimits:\n  chunk: 45s\n  document: 9\nrepository:\n  id: 1.2.3.4\n", []string{"--admin", "127.0.0.1:3"}, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	for what, x := range map[string][2]any{
		"variable over file": {c.HTTP, "127.0.0.1:2"}, "flag over file": {c.Admin, "127.0.0.1:3"}, "file over default": {c.MLLP, "127.0.0.1:5"},
		"default": {c.Data, "./data"}, "duration": {c.Limits.Chunk, 45 * time.Second}, "nested variable": {c.Limits.Document, int64(123)},
		"oid of file": {c.Repository.ID, "1.2.3.4"}, "oid of variable": {c.Domain.OID, "2.999.77"},
	} {
		if x[0] != x[1] {
			t.Errorf("%s: got %v, want %v", what, x[0], x[1])
		}
	}
	if ids := c.patients(); len(ids) != 0 {
		t.Errorf("another domain must not know the demo patients: %v", ids)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file    string
		environ []string
		want    string
	}{
		"unknown key":           {"htpp: x\n", nil, "no key htpp; did you mean http?"},
		"unknown nested key":    {"limits:\n  documnet: 1\n", nil, "no key limits.documnet; did you mean limits.document?"},
		"unknown variable":      {"", []string{"DOSSIER_HTPP=x"}, "DOSSIER_HTPP is not a configuration key; did you mean DOSSIER_HTTP?"},
		"not yaml":              {"a: [\n", nil, "configuration"},
		"wrong type":            {"limits:\n  document: many\n", nil, "document"},
		"domain that is no oid": {"domain:\n  oid: hospital\n", nil, "domain.oid"},
		"repository id":         {"repository:\n  id: urn:oid:1.2\n", nil, "repository.id"},
		"validation":            {"registry:\n  validation: sometimes\n", nil, "lenient or strict"},
		"retry":                 {"registry:\n  retry: always\n", nil, "message or content"},
		"short memory":          {"retry:\n  keep: 1s\n", nil, "retry.keep"},
		"negative limit":        {"limits:\n  parts: -1\n", nil, "limits.parts"},
		"room for no envelope":  {"limits:\n  buffered: 65536\n", nil, "limits.buffered"},
		"room for no message":   {"limits:\n  mllpbuffered: 65536\n", nil, "limits.mllpbuffered"},
		"no time for a frame":   {"limits:\n  mllpframe: 0s\n", nil, "limits.mllpframe"},
		"short grace":           {"sweep:\n  grace: 1s\n", nil, "sweep"},
		"database":              {"database: oracle://x\n", nil, "database"},
		"duration without unit": {"limits:\n  chunk: 30\n", nil, "limits.chunk"},
		"unit that is none":     {"limits:\n  chunk: 30 parsecs\n", nil, "limits.chunk"},
		"half a part":           {"limits:\n  parts: 1.5\n", nil, "limits.parts"},
		"a truth of parts":      {"limits:\n  parts: true\n", nil, "limits.parts"},
		"one for true":          {"tls:\n  plain: 1\n", nil, "tls.plain"},
		"key twice":             {"http: localhost:1\nhttp: localhost:2\n", nil, "http"},
		"key twice but case":    {"limits:\n  parts: 1\n  Parts: 2\n", nil, "line 3: key Parts is already in line 2"},
		"two documents":         {"http: localhost:1\n---\nhttp: localhost:2\n", nil, "one YAML document"},
		"no http":               {"http: \"\"\n", nil, "http: expected host:port"},
		"no mllp":               {"mllp: \"\"\n", nil, "mllp: expected host:port"},
		"no admin":              {"admin: \"\"\n", nil, "admin: expected host:port"},
		"several at once":       {"domain:\n  oid: x\nlog:\n  level: loud\n", nil, "log.level"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, c.file, nil, c.environ)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
	if _, err := load(t, "domain:\n  oid: x\nlog:\n  level: loud\n", nil, nil); err == nil || !strings.Contains(err.Error(), "domain.oid") {
		t.Errorf("all mistakes at once: %v", err)
	}
}

// TestConfigPrintsAValidFile: what dossier config prints can be given back to it and changes nothing.
func TestConfigPrintsAValidFile(t *testing.T) {
	t.Parallel()
	first := mustCommand(t, "config")
	if !strings.Contains(first, "oid: 2.999.1.1") {
		t.Errorf("the affinity domain is missing:\n%s", first)
	}
	name := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(name, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	if second := mustCommand(t, "config", "--config", name); second != first {
		t.Errorf("got\n%s\nwant\n%s", second, first)
	}
}

// TestPasswordStaysInside: what is shown of the database's address has no password, well-formed or not.
func TestPasswordStaysInside(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://u:Secret@h/db?sslmode=require":          "postgres://u:xxxxx@h/db?sslmode=require",
		"postgres://u:Secret@h1:1,h2:2/db":                  "postgres://u:xxxxx@h1:1,h2:2/db",
		"postgresql://h/db?password=Secret&sslmode=require": "password=xxxxx",
		"postgres://u:Secret%zz@h/db":                       "not a URL",
	} {
		if out := mustCommand(t, "config", "--database", address); !strings.Contains(out, want) || strings.Contains(out, "Secret") {
			t.Errorf("%s: want %q and no password in\n%s", address, want, out)
		}
	}
	for _, address := range []string{"oracle://u:Secret@h/db", "postgres://u:Secret%zz@h/db", "postgres://u:Secret@h/db?sslmode=Secret"} {
		if _, _, err := command(t.Context(), "verify", "--data", t.TempDir(), "--database", address); err == nil || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: got %v, want an error without the password", address, err)
		}
		_, err := openDatabase(t.Context(), &Config{Data: t.TempDir(), Database: address}, nil, sqldb.Options{})
		if err == nil || strings.Contains(err.Error(), "Secret") {
			t.Errorf("%s: got %v, want an error without the password", address, err)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
	}{
		"version":         {[]string{"version"}, 0},
		"help":            {[]string{"--help"}, 0},
		"unknown flag":    {[]string{"serve", "--no-such-flag"}, 2},
		"unknown command": {[]string{"swim"}, 2},
		"unknown part":    {[]string{"audit", "swim"}, 2},
		"group alone":     {[]string{"audit"}, 0},
		"one too many":    {[]string{"serve", "now"}, 2},
		"one too few":     {[]string{"pki", "demo"}, 2},
		"missing flag":    {[]string{"query", "FindDocuments"}, 2},
		"unknown query":   {[]string{"query", "--to", "http://127.0.0.1:1/", "FindNothing"}, 2},
		"bad parameter":   {[]string{"query", "--to", "http://127.0.0.1:1/", "FindDocuments", "nonsense"}, 2},
		"nobody there":    {[]string{"query", "--to", "http://127.0.0.1:1/", "FindDocuments", "$XDSDocumentEntryPatientId=1^^^&2.999&ISO", approved}, 1},
		"bad patient":     {[]string{"submit", "--to", "http://127.0.0.1:1/", "--patient", "x", "README.md"}, 2},
		"bad code":        {[]string{"submit", "--to", "http://127.0.0.1:1/", "--patient", "1^^^&2.999&ISO", "--class", "x", "main.go"}, 2},
		"no file":         {[]string{"submit", "--to", "http://127.0.0.1:1/", "--patient", "1^^^&2.999&ISO", "no-such-file"}, 1},
		"no store":        {[]string{"verify", "--data", "no-such-folder"}, 2},
		"nothing to hash": {[]string{"retrieve", "--to", "http://127.0.0.1:1/elsewhere", "--document", "1"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := run(t.Context(), c.args); got != c.code {
				t.Errorf("exit code %d, want %d", got, c.code)
			}
		})
	}
}

func TestValidateCommand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.xml", envelope(actionProvide, provide(demoSubmission(t, 1), "")))
	if out := mustCommand(t, "validate", good); !strings.Contains(out, "rules hold") {
		t.Errorf("ITI-41 without hash and size: %s", out)
	}
	bare := write("bare.xml", submitRequest(demoSubmission(t, 1)))
	out, _, err := command(t.Context(), "validate", bare)
	if err == nil || !strings.Contains(out, "XDSRegistryMetadataError") || !strings.Contains(out, "at   Document01") || !strings.Contains(out, "ITI TF-3") {
		t.Errorf("ITI-42 without hash and size: %v\n%s", err, out)
	}
	for name, text := range map[string]string{"other.xml": "<a/>", "broken.xml": "<a>", "dtd.xml": "<!DOCTYPE a><a/>"} {
		if _, _, err := command(t.Context(), "validate", write(name, text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestRegisterCommand(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	file := filepath.Join(t.TempDir(), "submission.xml")
	if err := os.WriteFile(file, []byte(submitRequest(registrable(demoSubmission(t, 2)))), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := mustCommand(t, "register", "--to", s.registry(), file); strings.TrimSpace(out) != "Success" {
		t.Errorf("register printed %q", out)
	}
	if _, _, err := command(t.Context(), "register", "--to", s.registry(), file); err == nil || !strings.Contains(err.Error(), "XDSDuplicateUniqueIdInRegistry") {
		t.Errorf("the same again: %v", err)
	}
	xml := mustCommand(t, "query", "--xml", "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-1^^^&2.999.1.1&ISO", approved)
	if strings.Count(xml, "<rim:ExtrinsicObject") != 2 {
		t.Errorf("--xml: %s", xml)
	}
	table := mustCommand(t, "query", "--to", s.registry(), "GetAll", "$patientId=DEMO-1^^^&2.999.1.1&ISO", approved, "$XDSSubmissionSetStatus=Approved", "$XDSFolderStatus=Approved")
	if !strings.Contains(table, "5 objects") || !strings.Contains(table, "HasMember") {
		t.Errorf("table: %s", table)
	}
}
