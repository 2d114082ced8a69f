package main

import (
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
)

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
