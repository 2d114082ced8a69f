package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/internal/golden"
)

// externalCases are the recorded exchanges of a server whose patient index is elsewhere, and does not answer.
func externalCases(t *testing.T) []golden.Case {
	t.Helper()
	return golden.Load(t, filepath.Join("..", "..", "testdata", "external"))
}

// external is the configuration of those: nobody listens on port 1.
func external(c *Config) *Config {
	c.MPI.Mode, c.MPI.PIX, c.MPI.Application, c.MPI.Facility = mpiExternal, "127.0.0.1:1", "MPI", "NAT"
	return withDomains(c)
}

// TestGoldenExternal plays each recorded exchange on a server of its own.
func TestGoldenExternal(t *testing.T) {
	t.Parallel()
	byName := map[string]golden.Case{}
	for _, c := range externalCases(t) {
		byName[c.Name] = c
	}
	for _, c := range externalCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, external(testConfig(t)), testWorld())
			for _, x := range c.After {
				if answer := s.send(t, byName[x.Name]); successful(answer) == x.Refused {
					t.Fatalf("%s: refused was expected to be %v:\n%s", x.Name, x.Refused, answer)
				}
			}
			before := s.auditTrail(t)
			c.Check(t, s.send(t, c))
			c.CheckAudit(t, auditLines(s.auditTrail(t)[len(before):]))
			patientNames(t, s)
		})
	}
}

// TestExternalConfig refuses what could not work together.
func TestExternalConfig(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"mpi.mode: expected embedded or external": func(c *Config) { c.MPI.Mode = "remote" },
		"mpi.protocol: expected v2 or v3":         func(c *Config) { c.MPI.Protocol = "v4" },
		"mpi.pix: expected the address":           func(c *Config) { c.MPI.PIX = "" },
		"mpi.pix: expected host:port":             func(c *Config) { c.MPI.PIX = "http://mpi.example.org/pix" },
		"mpi.pdq: expected host:port":             func(c *Config) { c.MPI.PDQ = "mpi.example.org" },
		"mpi.pix: expected a URL":                 func(c *Config) { c.MPI.Protocol, c.MPI.Device = mpiV3, "2.999.1" },
		"mpi.device: expected the OID":            func(c *Config) { c.MPI.Protocol, c.MPI.PIX = mpiV3, "http://mpi.example.org/pix" },
		"mpi: expected timeout":                   func(c *Config) { c.MPI.Timeout = 0 },
		"mpi: expected failures":                  func(c *Config) { c.MPI.Failures = 0 },
		"and entries from 1 to 1000000":           func(c *Config) { c.MPI.Entries = 2_000_000 },
		"mpi.mode: expected embedded beside":      func(c *Config) { c.Registry.URL = "http://127.0.0.1:1/xds/registry" },
		"pix.consumers: expected none":            func(c *Config) { c.PIX.Consumers = []PIXConsumerConfig{{Name: "a", Address: "a:1"}} },
		"registry.resolveLocalIds: expected pix":  func(c *Config) { c.Registry.ResolveLocalIDs, c.PIX.Domains = true, nil },
		"registry.resolveLocalIds: expected false beside registry.url": func(c *Config) {
			c.MPI.Mode, c.Registry.ResolveLocalIDs, c.Registry.URL = mpiEmbedded, true, "http://127.0.0.1:1/xds/registry"
		},
	} {
		d := defaults()
		c := external(&d)
		change(c)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	d := defaults()
	if err := external(&d).check(); err != nil {
		t.Error(err)
	}
}

// TestExternalConfigFile: keys are read as the documentation writes them.
func TestExternalConfigFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "dossier.yaml")
	text := "registry: {resolveLocalIds: true}\npix: {domains: [{oid: 2.999.2.1}]}\nmpi: {mode: external, protocol: v3, pix: 'http://m/pix', device: 2.999.1, timeout: 2s}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := loadConfig(file, newRoot().Flags(), []string{"DOSSIER_MPI_AGE=1m"})
	if err != nil || !c.Registry.ResolveLocalIDs || c.MPI.PIX != "http://m/pix" || c.MPI.Timeout != 2*time.Second {
		t.Errorf("got %+v, %v", c, err)
	}
}

// TestExternalEndpoints: the notifications' endpoint is described, and is there only where it has a use.
func TestExternalEndpoints(t *testing.T) {
	t.Parallel()
	s := startServer(t, external(testConfig(t)), realWorld())
	if code, body := get(t, "http://"+s.addr()+"/pix/consumer?wsdl"); code != 200 || !strings.Contains(body, "PIXConsumer_PRPA_IN201302UV02") {
		t.Errorf("%d %.200s", code, body)
	}
	s = startServer(t, testConfig(t), realWorld())
	if code, _ := get(t, "http://"+s.addr()+"/pix/consumer?wsdl"); code != 404 {
		t.Errorf("with an index of its own: %d", code)
	}
}
