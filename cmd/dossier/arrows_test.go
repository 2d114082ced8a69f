package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// forbidden lists the arrows that the house does not have. A package matches a pattern when it is equal to it or lies
// below it.
var forbidden = []struct{ from, to, reason string }{
	{"dossier/iti", "dossier", "the table of transactions is a leaf"},
	{"dossier/internal/failpoint", "dossier", "fail-points stand in every layer and know none"},
	{"dossier/atna", "dossier/xds", "the audit vocabulary names ids, not objects"},
	{"dossier/atna", "dossier/store", "events do not know where they are kept"},
	{"dossier/atna", "dossier/soap", "events know no envelope"},
	{"dossier/atna", "net/http", "events know no transport"},
	{"dossier/atna/syslog", "dossier/store", "syslog carries messages, whoever keeps them"},
	{"dossier/atna/syslog", "net/http", "syslog has a transport of its own"},
	{"dossier/atna/tsp", "dossier/store", "a client knows no storage"},
	{"dossier/atna/repository", "dossier/store/sqldb", "actors know contracts, not SQL"},
	{"dossier/atna/repository", "dossier/soap", "the repository speaks syslog and FHIR"},
	{"dossier/hl7v2", "dossier/xds", "data types do not know who uses them"},
	{"dossier/internal/xmlwire", "net/http", "the reader knows no transport"},
	{"dossier/internal/xmlwire", "dossier/ebrim", "the reader knows no vocabulary"},
	{"dossier/ebrim", "dossier/xds", "ebRIM speaks OASIS, not IHE"},
	{"dossier/ebrim", "dossier/soap", "ebRIM knows no envelope"},
	{"dossier/ebrim", "net/http", "ebRIM knows no transport"},
	{"dossier/soap", "dossier/iti", "soap knows no transaction"},
	{"dossier/soap", "dossier/ebrim", "soap knows no transaction"},
	{"dossier/soap", "dossier/xds", "soap knows no transaction"},
	{"dossier/xds/validate", "dossier/store", "rules are pure"},
	{"dossier/xds/codes", "dossier/store", "code sets are pure"},
	{"dossier/xds/codes", "net/http", "code sets come from a file"},
	{"dossier/xds/query", "dossier/store", "the catalogue is pure"},
	{"dossier/xds/validate", "net/http", "rules are pure"},
	{"dossier/xds/query", "net/http", "the catalogue is pure"},
	{"dossier/pix", "net/http", "the identity domain knows no transport"},
	{"dossier/pix", "dossier/store", "the identity domain decides; storage asks it and writes"},
	{"dossier/pix", "dossier/xds", "the identity domain knows no documents"},
	{"dossier/pix", "database/sql", "the identity domain decides; storage asks it and writes"},
	{"dossier/pix/hl7v3", "dossier/soap", "messages know no envelope"},
	{"dossier/pix/hl7v3", "net/http", "messages know no transport"},
	{"dossier/pix/hl7v3", "dossier/pix", "messages do not know what identifiers mean"},
	{"dossier/pix/consumer", "dossier/pix/manager", "actors meet through contracts"},
	{"dossier/pix/consumer", "dossier/store", "a client knows no storage"},
	{"dossier/pix/consumer", "dossier/internal/actor", "who wires a client says how it is recorded"},
	{"dossier/pix/manager", "dossier/pix/consumer", "actors meet through contracts"},
	{"dossier/xds/registry", "dossier/pix/consumer", "actors meet through contracts"},
	{"dossier/store", "dossier/soap", "storage knows no wire"},
	{"dossier/store", "net/http", "storage knows no wire"},
	{"dossier/store/blob", "dossier/xds", "bytes do not know what they mean"},
	{"dossier/xds/registry", "dossier/xds/repository", "actors meet through contracts"},
	{"dossier/xds/repository", "dossier/xds/registry", "actors meet through contracts"},
	{"dossier/xds/registry", "dossier/pix/manager", "actors meet through contracts"},
	{"dossier/xds/registry", "dossier/store/sqldb", "actors know contracts, not SQL"},
	{"dossier/xds/repository", "dossier/store/sqldb", "actors know contracts, not SQL"},
	{"dossier/pix/manager", "dossier/store/sqldb", "actors know contracts, not SQL"},
	{"dossier/xds/registry", "database/sql", "actors know contracts, not SQL"},
	{"dossier/xds/repository", "database/sql", "actors know contracts, not SQL"},
	{"dossier/pix/manager", "database/sql", "actors know contracts, not SQL"},
	{"dossier/internal/actor", "dossier/store", "the frame knows no storage"},
}

// onlyHere may be imported directly by the listed packages alone.
var onlyHere = []struct {
	to, reason string
	by         []string
}{
	{"github.com/spf13/viper", "only cmd/dossier reads configuration", []string{"dossier/cmd/dossier"}},
	{"github.com/spf13/cobra", "only cmd/dossier has a command line", []string{"dossier/cmd/dossier"}},
	{"database/sql", "all SQL is in store/sqldb; the benchmarks measure it against bare SQL, and tests need databases", []string{"dossier/store/sqldb", "dossier/tools/bench", "dossier/internal/pgtest"}},
	{"dossier/internal/pgtest", "only tests start a database", nil},
	{"dossier/internal/tsatest", "only tests make time stamps", nil},
	{"dossier/store/sqldb", "only cmd/dossier wires; the benchmarks need its schema", []string{"dossier/cmd/dossier", "dossier/tools/bench"}},
}

type listed struct {
	ImportPath    string
	Imports, Deps []string
}

func TestArrows(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	// pix and store hold sub-packages that are actors or adapters; their rules are about the domain package itself.
	exact := map[string]bool{"dossier/atna": true, "dossier/pix": true}
	for _, p := range packages {
		for _, f := range forbidden {
			if p.ImportPath != f.from && (exact[f.from] || !below(p.ImportPath, f.from)) {
				continue
			}
			for _, d := range p.Deps {
				if below(d, f.to) && !below(d, f.from) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, d, f.reason)
				}
			}
		}
		for _, o := range onlyHere {
			for _, d := range p.Imports {
				if below(d, o.to) && !below(p.ImportPath, o.to) && !contains(o.by, p.ImportPath) {
					t.Errorf("%s imports %s: %s", p.ImportPath, d, o.reason)
				}
			}
		}
	}
}

// TestArrowsAreKnown keeps the rules honest: one about a package that is gone guards nothing.
func TestArrowsAreKnown(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, p := range listPackages(t) {
		known[p.ImportPath] = true
	}
	for _, f := range forbidden {
		if !known[f.from] {
			t.Errorf("rule about %s, which is no package of this module", f.from)
		}
	}
}

func listPackages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "dossier/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p listed
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func below(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}
