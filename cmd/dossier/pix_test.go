package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dossier/internal/golden"
)

// TestIdentitiesAtTheCommandLine walks through the work of somebody who looks after identities.
func TestIdentitiesAtTheCommandLine(t *testing.T) {
	t.Parallel()
	c := goldenConfig(t)
	s := startServer(t, c, realWorld())
	file := filepath.Join(t.TempDir(), "dossier.yaml")
	b, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	const a, other, third = "CLI-1^^^&2.999.2.1&ISO", "CLI-2^^^&2.999.1.1&ISO", "CLI-3^^^&2.999.2.1&ISO"
	feed := func(id, family, given, birth string) {
		t.Helper()
		mustCommand(t, "feed", "--to", s.feed(), "--patient", id, "--family", family, "--given", given, "--birth", birth, "--sex", "F")
	}
	feed(a, "Müller", "Zoé", "19790305")
	feed(other, "Mueller", "ZOE", "19790305")
	feed(third, "Thill", "Luc", "19500101")

	var list []reviewed
	if err := json.Unmarshal([]byte(mustCommand(t, "pix", "worklist", "--config", file, "--json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].A.Name != "Müller, Zoé" || !strings.HasPrefix(list[0].B.ID, "CLI-2^^^DEMO&") || list[0].Reason != "alike" {
		t.Fatalf("worklist: %+v", list)
	}
	query := func(id string, more ...string) string {
		t.Helper()
		return strings.TrimSpace(mustCommand(t, append([]string{"pix", "query", "--to", s.feed(), "--patient", id}, more...)...))
	}
	if got := query(a); got != "" {
		t.Errorf("before the link: %q", got)
	}
	mustCommand(t, "pix", "link", "--to", s.feed(), a, other)
	if got := query(a, "--domain", "2.999.1.1"); got != "CLI-2^^^DEMO&2.999.1.1&ISO" {
		t.Errorf("after the link: %q", got)
	}
	if out := mustCommand(t, "pix", "worklist", "--config", file); out != "" {
		t.Errorf("worklist after the link: %s", out)
	}
	var found []demographics
	if err := json.Unmarshal([]byte(mustCommand(t, "pdq", "--to", s.feed(), "--family", "mull*", "--birth", "1979", "--json", "--block", "1")), &found); err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || len(found[0].IDs) != 2 || found[0].Birth != "19790305" || found[0].Score != "100" {
		t.Errorf("pdq: %+v", found)
	}
	mustCommand(t, "pix", "unlink", "--to", s.feed(), a, other)
	if got := query(a); got != "" {
		t.Errorf("after the unlink: %q", got)
	}
	mustCommand(t, "pix", "merge", "--to", s.feed(), a, third)
	out := mustCommand(t, "pix", "history", "--config", file, third)
	for _, want := range []string{"create", "merge", "DOSSIER|CLI"} {
		if !strings.Contains(out, want) {
			t.Errorf("the history has no %q:\n%s", want, out)
		}
	}
	for _, bad := range []struct {
		want string
		args []string
	}{
		{"expected an id that is known", []string{"pix", "query", "--to", s.feed(), "--patient", third}},
		{"the subsumed id was subsumed earlier", []string{"pix", "merge", "--to", s.feed(), a, third}},
		{"expected two different ids", []string{"pix", "link", "--to", s.feed(), a, a}},
		{"an assigning authority", []string{"pix", "link", "--to", s.feed(), "x", a}},
		{"--to is required", []string{"pix", "unlink", a, other}},
		{"at least one criterion", []string{"pdq", "--to", s.feed()}},
		{"expected a criterion that narrows", []string{"pdq", "--to", s.feed(), "--sex", "F"}},
		{"accepts 1 arg", []string{"pix", "history"}},
	} {
		if _, _, err := command(t.Context(), bad.args...); err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%q: %v, want %q", bad.args, err, bad.want)
		}
	}
	for _, name := range []string{"Müller", "Mueller", "Thill", "CLI-"} {
		if bytes.Contains([]byte(s.log.String()), []byte(name)) {
			t.Errorf("the log names the patient %q", name)
		}
	}
}

// TestRegistrySeesIdentitiesAtOnce: a feed of ITI-30 is in force for the next ITI-41 and ITI-18 (ITI TF-2: 3.8.4.1.3.1).
func TestRegistrySeesIdentitiesAtOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, goldenConfig(t), realWorld())
	adt := func(event, segments string) {
		t.Helper()
		msg := "\x0bMSH|^~\\&|MPI|NAT|D|D|20260102030400||ADT^" + event + "|" + event + "|P|2.5\rEVN||20260102030400\r" + segments + "\r\x1c\r"
		answer, err := golden.SendMLLP(s.feed(), []byte(msg))
		if err != nil || !bytes.Contains(answer, []byte("MSA|AA|")) {
			t.Fatalf("%s: %v %q", event, err, answer)
		}
	}
	const old, changed, merged = "P-1^^^&2.999.1.1&ISO", "P-2^^^&2.999.1.1&ISO", "DEMO-1^^^&2.999.1.1&ISO"
	file := documents(t)[0]
	count := func(id string, want int) {
		t.Helper()
		if found := queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+id, approved); len(found) != want {
			t.Errorf("%s: found %d documents, want %d", id, len(found), want)
		}
	}
	adt("A28", "PID|||L-1^^^HOSP-A~"+old+"||Weissgerber^Zoe\rPV1||N")
	submitJSON(t, "--to", s.repository(), "--patient", old, file)
	count(old, 1)
	adt("A47", "PID|||"+changed+"\rMRG|"+old)
	count(changed, 1)
	count(old, 0)
	if _, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", old, file); err == nil || !strings.Contains(err.Error(), "XDSUnknownPatientId") {
		t.Errorf("submission for the old id: %v", err)
	}
	submitJSON(t, "--to", s.repository(), "--patient", changed, file)
	adt("A40", "PID|||"+merged+"\rMRG|"+changed)
	count(merged, 2)
	count(changed, 0)
}

// TestPIXConfig refuses what no index could run with.
func TestPIXConfig(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*PIXConfig){
		"pix.domains[0].oid: expected an OID":     func(c *PIXConfig) { c.Domains = []PIXDomainConfig{{OID: "x"}} },
		"pix.domains[0].oid: expected each":       func(c *PIXConfig) { c.Domains = []PIXDomainConfig{{OID: demoDomain}} },
		"pix.domains[0].namespace: expected each": func(c *PIXConfig) { c.Domains = []PIXDomainConfig{{OID: "2.999.2", Namespace: "demo"}} },
		"pix.domains[0].check":                    func(c *PIXConfig) { c.Domains = []PIXDomainConfig{{OID: "2.999.2", Check: "x"}} },
		"pix.consumers[0].name":                   func(c *PIXConfig) { c.Consumers = []PIXConsumerConfig{{Address: "a:1"}} },
		"pix.consumers[0].address":                func(c *PIXConfig) { c.Consumers = []PIXConsumerConfig{{Name: "a"}} },
		"pix.consumers[0].domains": func(c *PIXConfig) {
			c.Consumers = []PIXConsumerConfig{{Name: "a", Address: "a:1", Domains: []string{"2.999.9"}}}
		},
		"pix.thresholds": func(c *PIXConfig) { c.Thresholds.Review = 99 },
		"pix: expected":  func(c *PIXConfig) { c.Patients = 0 },
	} {
		c := defaults()
		change(&c.PIX)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	c := defaults()
	if err := c.check(); err != nil {
		t.Error(err)
	}
}

// TestPIXConfigFile reads lists of domains and consumers from a file.
func TestPIXConfigFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dossier.yaml")
	text := "domain: {sources: ['ADT|H']}\npix:\n  automatic: true\n  domains:\n    - {oid: 2.999.5, namespace: N, national: true, check: luxembourg, sources: [A, 'B|C']}\n" +
		"  consumers:\n    - {name: c, address: 'h:1', application: X, domains: ['2.999.5']}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(file, newRoot().Flags(), nil)
	if err != nil {
		t.Fatal(err)
	}
	p := c.policy()
	if !p.Automatic || len(p.Domains) != 2 || !p.Domains[0].Affinity || p.Domains[0].Sources[0].Facility != "H" || !p.Domains[1].National ||
		p.Domains[1].Check.Digits != 13 || len(p.Domains[1].Sources) != 2 || len(p.Consumers) != 1 || p.Thresholds.Link == 0 {
		t.Errorf("policy: %+v", p)
	}
}
