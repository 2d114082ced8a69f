package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dossier/hl7v2"
	"dossier/internal/golden"
	"dossier/pix"
)

// Ways of a gate.
const (
	gatePass    = iota // to the server behind it
	gateSwallow        // takes what comes and never answers
	gateBreak          // closes connections
)

// gate stands before a server and lets messages pass or not, so that one and the same address is well, slow and gone.
type gate struct {
	ln   net.Listener
	to   string
	way  atomic.Int32
	seen atomic.Int32 // requests, as pieces that were read
}

func startGate(t *testing.T, to string) *gate {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{ln: ln, to: to}
	var conns sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			conns.Go(func() { g.serve(c) })
		}
	}()
	t.Cleanup(func() {
		ln.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		conns.Wait()
	})
	return g
}

func (g *gate) serve(c net.Conn) {
	defer c.Close()
	var back net.Conn
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			break
		}
		g.seen.Add(1)
		if g.way.Load() == gateBreak {
			break
		}
		if g.way.Load() == gateSwallow {
			continue
		}
		if back == nil {
			if back, err = net.Dial("tcp", g.to); err != nil {
				break
			}
			go func(back net.Conn) {
				answer := make([]byte, 64<<10)
				for {
					n, err := back.Read(answer)
					if err != nil {
						c.Close()
						return
					}
					c.Write(answer[:n])
				}
			}(back)
		}
		if _, err := back.Write(buf[:n]); err != nil {
			break
		}
	}
	if back != nil {
		back.Close()
	}
}

// pair is a server with a patient index, and one that asks it, through a gate.
type pair struct {
	mpi, s *testServer
	gate   *gate
	config string // file of s
}

const (
	localDomain = "2.999.2.1"
	atMPI       = "MPI-1^^^&2.999.1.1&ISO"
	atMPI2      = "MPI-2^^^&2.999.1.1&ISO"
	atNobody    = "NOBODY^^^&2.999.1.1&ISO"
	local1      = "LOC-1^^^&2.999.2.1&ISO"
)

// startPair: change may alter the configuration of the server that asks.
func startPair(t *testing.T, protocol string, change func(*Config)) *pair {
	t.Helper()
	p := &pair{}
	c := goldenConfig(t)
	c.PIX.Device = "2.999.1.30"
	p.mpi = startServer(t, c, realWorld())
	target := p.mpi.feed()
	if protocol == mpiV3 {
		target = p.mpi.addr()
	}
	p.gate = startGate(t, target)
	c = goldenConfig(t)
	c.MPI.Mode, c.MPI.Protocol = mpiExternal, protocol
	c.MPI.Application, c.MPI.Facility, c.MPI.Device = "MPI", "NAT", "2.999.1.30"
	c.MPI.PIX, c.MPI.PDQ = p.gate.ln.Addr().String(), p.gate.ln.Addr().String()
	if protocol == mpiV3 {
		c.MPI.PIX, c.MPI.PDQ = "http://"+c.MPI.PIX+"/pix/manager", "http://"+c.MPI.PDQ+"/pdq/supplier"
	}
	if change != nil {
		change(c)
	}
	if err := c.check(); err != nil {
		t.Fatal(err)
	}
	p.s = startServer(t, c, realWorld())
	b, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p.config = filepath.Join(t.TempDir(), "dossier.yaml")
	if err := os.WriteFile(p.config, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// adt sends a message and wants its acknowledgement.
func adt(t *testing.T, to *testServer, event, segments string) {
	t.Helper()
	if answer := adtAnswer(t, to, event, segments); !bytes.Contains(answer, []byte("MSA|AA|")) {
		t.Fatalf("%s: %q", event, answer)
	}
}

func adtAnswer(t *testing.T, to *testServer, event, segments string) []byte {
	t.Helper()
	msg := "\x0bMSH|^~\\&|MPI|NAT|D|D|20260102030400||ADT^" + event + "|" + controlID(realWorld().newID()) + "|P|2.5\rEVN||20260102030400\r" + segments + "\r\x1c\r"
	answer, err := golden.SendMLLP(to.feed(), []byte(msg))
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// known feeds patients to the MPI, each on his own.
func (p *pair) known(t *testing.T, ids ...string) {
	t.Helper()
	for _, id := range ids {
		adt(t, p.mpi, "A28", "PID|||"+id+"||"+id[:5]+"^Zoe\rPV1||N")
	}
}

func (p *pair) submit(t *testing.T, patient string) error {
	t.Helper()
	_, _, err := command(t.Context(), "submit", "--to", p.s.repository(), "--patient", patient, documents(t)[0])
	return err
}

func (p *pair) refused(t *testing.T, what, patient string, want ...string) {
	t.Helper()
	err := p.submit(t, patient)
	for _, w := range want {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%s: got %v, want %s", what, err, w)
		}
	}
	p.stored(t, patient, 0)
}

func (p *pair) accepted(t *testing.T, what, patient string) {
	t.Helper()
	if err := p.submit(t, patient); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func (p *pair) stored(t *testing.T, patient string, want int) {
	t.Helper()
	if found := queryJSON(t, "--to", p.s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId="+patient, approved); len(found) != want {
		t.Errorf("%s: %d documents, want %d", patient, len(found), want)
	}
}

// eachProtocol runs a test with HL7 v2 and v3.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol string)) {
	t.Parallel()
	for _, protocol := range []string{mpiV2, mpiV3} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			test(t, protocol)
		})
	}
}

// TestExternalMPI: who is known to the MPI becomes known here for good; while it is gone the known go on and others get a clear
// error, rule patient-index-available.
func TestExternalMPI(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, nil)
		p.known(t, atMPI, atMPI2)
		p.accepted(t, "known here", "DEMO-1^^^&2.999.1.1&ISO")
		if n := p.gate.seen.Load(); n != 0 {
			t.Errorf("the MPI was asked %d times for a patient who is known here", n)
		}
		p.refused(t, "known to nobody", atNobody, "XDSUnknownPatientId", "patient-known")
		p.refused(t, "of another domain", "X^^^&2.999.77&ISO", "XDSUnknownPatientId", "patient-known")
		p.refused(t, "local, not to be resolved", local1, "XDSUnknownPatientId", "patient-known")
		p.accepted(t, "known to the MPI", atMPI)
		p.stored(t, atMPI, 1)
		if out := mustCommand(t, "pix", "history", "--config", p.config, atMPI); !strings.Contains(out, "create") || !strings.Contains(out, "MPI|"+p.s.node.config.MPI.PIX) {
			t.Errorf("the history does not say who said so:\n%s", out)
		}
		if err := p.mpi.stop(); err != nil {
			t.Fatal(err)
		}
		p.accepted(t, "known by the MPI before it stopped", atMPI)
		p.stored(t, atMPI, 2)
		p.refused(t, "known to an MPI that is gone", atMPI2, "XDSRegistryError", "patient-index-available", "send again later")
		p.refused(t, "known to nobody, the MPI gone", atNobody, "XDSRegistryError", "patient-index-available")
		for _, word := range []string{"MPI-1", "MPI-2", "NOBODY"} {
			if strings.Contains(p.s.log.String(), word) {
				t.Errorf("the log names the patient %q", word)
			}
		}
	})
}

// TestExternalMPIOnEachDatabase: a transaction that is given up for the MPI and made anew is the same on both databases.
func TestExternalMPIOnEachDatabase(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		p := startPair(t, mpiV2, func(c *Config) { c.Database, c.Registry.ResolveLocalIDs = b.config(t).Database, true })
		p.known(t, atMPI)
		adt(t, p.mpi, "A28", "PID|||"+local1+"~"+affinity1+"||Thill^Luc\rPV1||N")
		p.accepted(t, "known to the MPI", atMPI)
		p.accepted(t, "linked by the MPI", local1)
		p.refused(t, "known to nobody", atNobody, "XDSUnknownPatientId")
		p.stored(t, atMPI, 1)
		p.stored(t, affinity1, 1)
		p.gate.way.Store(gateBreak)
		p.accepted(t, "known, the MPI gone", atMPI)
		p.refused(t, "unknown, the MPI gone", atNobody, "patient-index-available")
	})
}

// TestExternalMPIIsRecorded: the queries that this server sends are in its audit trail, as those of a consumer.
func TestExternalMPIIsRecorded(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, nil)
		p.known(t, atMPI)
		before := len(p.s.auditTrail(t))
		p.accepted(t, "known to the MPI", atMPI)
		p.refused(t, "known to nobody", atNobody, "XDSUnknownPatientId")
		trail := string(auditLines(p.s.auditTrail(t)[before:]))
		pixID, pdqID := "ITI-9", "ITI-21"
		if protocol == mpiV3 {
			pixID, pdqID = "ITI-45", "ITI-47"
		}
		for want, n := range map[string]int{`csd-code="` + pixID + `"`: 2, `csd-code="` + pdqID + `"`: 1} {
			var got int
			for line := range strings.Lines(trail) {
				if strings.Contains(line, want) && strings.Contains(line, `UserIsRequestor="true"`) {
					got++
				}
			}
			if got != n {
				t.Errorf("%d events with %s, want %d:\n%s", got, want, n, trail)
			}
		}
		if !strings.Contains(trail, `EventOutcomeIndicator="8"`) {
			t.Errorf("the refused query is not recorded as such:\n%s", trail)
		}
	})
}

// TestSlowMPI: a peer that takes a query and never answers holds a submission up for mpi.timeout; the breaker then spares the next
// ones, and lets one try after mpi.pause.
func TestSlowMPI(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		const timeout, pause = 300 * time.Millisecond, 700 * time.Millisecond
		p := startPair(t, protocol, func(c *Config) { c.MPI.Timeout, c.MPI.Pause, c.MPI.Failures = timeout, pause, 2 })
		p.known(t, atMPI, atMPI2)
		p.gate.way.Store(gateSwallow)
		start := time.Now()
		p.refused(t, "slow", atMPI, "XDSRegistryError", "patient-index-available")
		if took := time.Since(start); took < timeout || took > timeout+5*time.Second {
			t.Errorf("a slow MPI held a submission up for %v", took)
		}
		p.refused(t, "slow again", atMPI, "XDSRegistryError", "patient-index-available")
		opened := time.Now()
		asked := p.gate.seen.Load()
		p.refused(t, "open", atMPI, "XDSRegistryError", "patient-index-available")
		if n := p.gate.seen.Load(); n != asked && time.Since(opened) < pause {
			t.Error("the MPI was asked while the breaker was open")
		}
		for want, path := range map[string]string{"dossier_mpi_paused 1": "/metrics", `dossier_mpi_lookups_total{outcome="paused"} 1`: "/metrics"} {
			if _, body := get(t, p.s.adminURL(path)); !strings.Contains(body, want) && time.Since(opened) < pause {
				t.Errorf("metrics without %s", want)
			}
		}
		p.gate.way.Store(gatePass)
		time.Sleep(time.Until(opened.Add(pause + 50*time.Millisecond)))
		p.accepted(t, "after the pause", atMPI)
		p.accepted(t, "after the probe", atMPI2)
		if _, body := get(t, p.s.adminURL("/metrics")); !strings.Contains(body, "dossier_mpi_paused 0") {
			t.Error("the breaker is still open")
		}
	})
}

// TestMPIConnectionBreaks: an idle connection that the MPI closed is no failure.
func TestMPIConnectionBreaks(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, func(c *Config) { c.MPI.Failures = 1 })
		p.known(t, atMPI, atMPI2)
		p.accepted(t, "first", atMPI)
		p.gate.way.Store(gateBreak)
		p.refused(t, "broken", atMPI2, "patient-index-available")
		p.gate.way.Store(gatePass)
		if !p.s.node.mpi.Paused() {
			t.Error("one failure of one did not open the breaker")
		}
	})
}

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

// TestSlowMPIHoldsNobodyUp: while many submissions wait for the MPI, those for known patients go on: nobody waits with a
// transaction open.
func TestSlowMPIHoldsNobodyUp(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		const timeout = 3 * time.Second
		p := startPair(t, protocol, func(c *Config) { c.MPI.Timeout, c.MPI.Failures = timeout, 100 })
		p.gate.way.Store(gateSwallow)
		var waiting sync.WaitGroup
		for i := range 8 {
			waiting.Go(func() {
				m := localSubmission(t, "W-"+string(rune('A'+i))+"^^^&2.999.1.1&ISO")
				if answer := register(t, p.s, anyUUID, m); !strings.Contains(answer, "patient-index-available") {
					t.Errorf("%s", answer)
				}
			})
		}
		waitFor(t, func() bool { return p.gate.seen.Load() > 0 })
		start := time.Now()
		p.accepted(t, "known here", "DEMO-1^^^&2.999.1.1&ISO")
		if took := time.Since(start); took > timeout/2 {
			t.Errorf("a submission for a known patient took %v", took)
		}
		waiting.Wait()
		if took := time.Since(start); took > timeout+5*time.Second {
			t.Errorf("8 submissions waited %v for an MPI with a limit of %v each", took, timeout)
		}
	})
}

// TestRefusedAnyway: a message that is refused whatever the MPI says costs it no query, makes nobody known, and says nothing of the
// patient.
func TestRefusedAnyway(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		p := startPair(t, protocol, nil)
		p.known(t, atMPI)
		m := localSubmission(t, atMPI)
		m.DocumentEntries[0].LanguageCode = ""
		if answer := register(t, p.s, anyUUID, m); strings.Count(answer, "errorCode=") != 1 || !strings.Contains(answer, "XDSRegistryMetadataError") {
			t.Errorf("%s", answer)
		}
		if n := p.gate.seen.Load(); n != 0 {
			t.Errorf("the MPI was asked %d times", n)
		}
		if out := mustCommand(t, "pix", "history", "--config", p.config, atMPI); out != "" {
			t.Errorf("the patient of a refused message is known:\n%s", out)
		}
		m.DocumentEntries[0].LanguageCode = "en"
		if answer := register(t, p.s, anyUUID, m); !successful([]byte(answer)) {
			t.Errorf("%s", answer)
		}
	})
}

// TestSecureMPI: a Secure Node shows its certificate to the MPI and asks it by TLS; an MPI that cannot prove who it is, is not asked.
func TestSecureMPI(t *testing.T) {
	eachProtocol(t, func(t *testing.T, protocol string) {
		trusted, foreign := newSecureWorld(t), newSecureWorld(t)
		for _, w := range []*secureWorld{trusted, foreign} {
			w.issue("server", w.ca, nil)
		}
		for _, c := range []struct {
			name string
			w    *secureWorld
			ok   bool
		}{{"trusted", trusted, true}, {"foreign", foreign, false}} {
			conf := c.w.config(t)
			conf.PIX.Device = "2.999.1.30"
			conf.TLS.Trusted = trusted.path("ca.pem") // both take our certificate
			conf.TLS.Revoked = ""
			mpi := startServer(t, withDomains(conf), realWorld())
			if err := mpi.node.identities.Apply(t.Context(), pix.Feed{
				Event: pix.EventCreate, IDs: []hl7v2.CX{mustCX(t, atMPI)}, Origin: pix.Origin{At: time.Now(), Trusted: true},
			}); err != nil {
				t.Fatal(err)
			}
			conf = external(trusted.config(t))
			conf.MPI.Protocol, conf.MPI.Device, conf.MPI.PIX = protocol, "2.999.1.30", mpi.feed()
			if protocol == mpiV3 {
				conf.MPI.PIX = "https://" + mpi.addr() + "/pix/manager"
			}
			s := startServer(t, conf, realWorld())
			known, err := s.node.mpi.Known(t.Context(), mustCX(t, atMPI))
			if known != c.ok || (err == nil) != c.ok {
				t.Errorf("%s: known %v, %v", c.name, known, err)
			}
		}
	})
}

func mustCX(t *testing.T, s string) hl7v2.CX {
	t.Helper()
	id, err := hl7v2.ParseCX(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
