package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/ebrim"
	"dossier/internal/pgtest"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// perSubmission is how many documents each submission of the restart test has.
const perSubmission = 2

// TestDatabaseRestart: the database is restarted again and again, in order and as by a crash, while sources submit. What was
// acknowledged is there, what was not is there as a whole or not at all, nobody has to touch the server, and what a source is
// told in between is an error of the infrastructure, never one of its metadata or patient.
func TestDatabaseRestart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: takes half a minute")
	}
	cluster := pgtest.New(t)
	s := newConfiguredSite(t, backend{"postgres", func(t testing.TB, c *Config) { c.Database = cluster.URL(t) }}, func(*Config) {})
	l := &ledger{outcome: map[string]string{}}
	stop := make(chan struct{})
	var sources sync.WaitGroup
	for source := range 8 {
		sources.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
					l.submit(t, s, fmt.Sprintf("2.999.6%d.%d", source, i))
				}
			}
		})
	}
	for round := range 6 {
		time.Sleep(time.Second)
		mode := []string{pgtest.Fast, pgtest.Immediate}[round%2]
		if err := cluster.Restart(mode); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		l.awaitSuccess(t, 10*time.Second)
		t.Logf("%s restart: first success %v after it", mode, time.Since(start).Round(time.Millisecond))
	}
	close(stop)
	sources.Wait()
	if code, body := get(t, s.adminURL("/readyz")); code != 200 {
		t.Errorf("not ready afterwards: %s", body)
	}
	l.compare(t, s)
	if strings.Contains(s.log.String(), cluster.Password()) {
		t.Error("the log shows the password of the database")
	}
	c := s.node.config
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := verify(t.Context(), c, &out, false); err != nil {
		t.Errorf("verify: %v\n%s", err, out.String())
	}
}

// ledger is what the sources were told, by the uniqueId of the SubmissionSet: "" for Success, else the error codes.
type ledger struct {
	mu        sync.Mutex
	outcome   map[string]string
	successes int
}

func (l *ledger) submit(t *testing.T, s *site, arc string) {
	documents := ""
	for i := 1; i <= perSubmission; i++ {
		documents += document(fmt.Sprintf("Document%02d", i), "SGVsbG8=")
	}
	text := strings.ReplaceAll(provide(demoSubmission(t, perSubmission), documents), "2.999.5.", arc+".")
	reply, err := plainClient().Call(t.Context(), s.repository(), soap.Call{
		Action: iti.ProvideAndRegisterDocumentSet.Action, MTOM: true, Body: []soap.Segment{{XML: []byte(text)}},
	})
	if err != nil {
		t.Errorf("%s: %v", arc, err)
		return
	}
	defer reply.Close()
	r, ok := ebrim.DecodeRegistryResponse(reply.Body)
	if !ok {
		t.Errorf("%s: no RegistryResponse", arc)
		return
	}
	codes := ""
	for _, e := range r.Errors {
		codes += " " + e.Code
		if !slices.Contains([]string{"XDSRegistryError", "XDSRegistryBusy", "XDSRepositoryError"}, e.Code) {
			t.Errorf("%s: refused with %s %q", arc, e.Code, e.Context)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcome[arc] = codes
	if codes == "" {
		l.successes++
	}
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.successes
}

// awaitSuccess waits for submissions that succeed after now.
func (l *ledger) awaitSuccess(t *testing.T, limit time.Duration) {
	t.Helper()
	before := l.count()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if l.count() > before+10 {
			return
		}
	}
	t.Errorf("no success within %v of a restart", limit)
}

// compare looks for every submission of the ledger.
func (l *ledger) compare(t *testing.T, s *site) {
	t.Helper()
	lost, half, unacknowledged := 0, 0, 0
	for arc, codes := range l.outcome {
		r := s.ask(t, "urn:uuid:e8e3cb2c-e39c-46b9-99e4-c12f57260b83", ebrim.ReturnLeafClass, "XDSSubmissionSetUniqueId", "'"+arc+".1000'")
		in := xds.ReadSubmission(r.Objects)
		n := len(in.SubmissionSets) + len(in.DocumentEntries) + len(in.Associations)
		switch {
		case n == 0 && codes == "":
			lost++
		case n != 0 && n != 1+2*perSubmission:
			half++
		case n != 0 && codes != "":
			unacknowledged++
		}
		if n > 0 {
			if _, got := s.retrieve(t, "2.999.1.2", arc+".1", "2.999.1.2", arc+".2"); len(got) != perSubmission {
				half++
			}
		}
	}
	t.Logf("%d submissions, %d acknowledged, %d stored without", len(l.outcome), l.successes, unacknowledged)
	if lost+half > 0 || l.successes == 0 {
		t.Errorf("%d acknowledged ones lost, %d half there", lost, half)
	}
}
