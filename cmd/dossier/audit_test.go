package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"dossier/atna"
	"dossier/store"
)

// auditTrail is everything that the server has recorded, in the order of storing.
func (s *testServer) auditTrail(t testing.TB) []store.AuditMessage {
	t.Helper()
	all, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b store.AuditMessage) int { return int(a.ID - b.ID) })
	return all
}

// lastAudit is the id of what was recorded last. The clock stands still, so that ids follow each other.
func (s *testServer) lastAudit(t testing.TB) int64 {
	t.Helper()
	last, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{Limit: 1})
	if err != nil || len(last) != 1 {
		t.Fatal(len(last), err)
	}
	return last[0].ID
}

// auditAfter is what was recorded since, in the order of storing; at most 50.
func (s *testServer) auditAfter(t testing.TB, id int64) []store.AuditMessage {
	t.Helper()
	found, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	found = slices.DeleteFunc(found, func(m store.AuditMessage) bool { return m.ID <= id })
	slices.Reverse(found)
	return found
}

// auditLines is one message on each line.
func auditLines(messages []store.AuditMessage) []byte {
	var out []byte
	for _, m := range messages {
		out = append(append(out, m.Message...), '\n')
	}
	return out
}

// TestEveryRequestIsAudited plays all cases on one server: each request that is answered has its event, whatever became of
// it, and its outcome is the real one.
func TestEveryRequestIsAudited(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), testWorld())
	answered := 0
	for _, c := range cases(t) {
		last := s.lastAudit(t)
		answer := s.send(t, c)
		events := s.auditAfter(t, last)
		requests := 1
		if c.Wire == "hl7" {
			requests = bytes.Count(answer, []byte("\rMSA|"))
		}
		answered += requests
		if requests == 0 && len(events) < 2 {
			continue // a broken frame: an event of its own, or one with others of the same minute (TestBrokenFramesAreAudited)
		}
		if got := exchangesOf(events); got != requests {
			t.Errorf("%s: %d requests answered, %d audited:\n%s", c.Name, requests, got, auditLines(events))
			continue
		}
		if c.Wire != "hl7" {
			checkOutcome(t, c.Name, answer, events)
		}
	}
	if answered < 200 {
		t.Errorf("only %d requests", answered)
	}
}

// exchangesOf counts requests: the events of one exchange share its reference, each alert is one by itself.
func exchangesOf(events []store.AuditMessage) int {
	n, last := 0, ""
	for _, e := range events {
		if e.Exchange == "" || e.Exchange != last {
			n++
		}
		last = e.Exchange
	}
	return n
}

// checkOutcome compares what the peer was told with what the events say.
func checkOutcome(t *testing.T, name string, answer []byte, events []store.AuditMessage) {
	t.Helper()
	worst := atna.Success
	for _, e := range events {
		worst = max(worst, e.Event.Identification.Outcome)
	}
	warned := bytes.Contains(answer, []byte("ErrorSeverityType:Warning"))
	partial := bytes.Contains(answer, []byte("ResponseStatusType:PartialSuccess"))
	switch success := successful(answer); {
	case success && warned:
		if worst != atna.MinorFailure {
			t.Errorf("%s: success with warnings is recorded with outcome %d", name, worst)
		}
	case success:
		if worst != atna.Success {
			t.Errorf("%s: success is recorded with outcome %d", name, worst)
		}
	case partial:
		if worst < atna.MinorFailure {
			t.Errorf("%s: a partial success is recorded with outcome %d", name, worst)
		}
	case worst < atna.SeriousFailure:
		t.Errorf("%s: a refusal is recorded with outcome %d", name, worst)
	}
}

// TestGoldenAuditIsValid: every recorded audit message obeys the schema of DICOM PS3.15 and reads back to what was written.
func TestGoldenAuditIsValid(t *testing.T) {
	t.Parallel()
	lint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: no xmllint on PATH")
	}
	schema := filepath.Join(oracle(t), "audit", "dicom2017c.xsd")
	dir, args := t.TempDir(), []string{"--noout", "--nonet", "--schema", schema}
	var recorded []string
	for _, at := range [][]string{{"*", "*"}, {"external", "*", "*"}} {
		found, err := filepath.Glob(filepath.Join(append(append([]string{"..", "..", "testdata"}, at...), "audit.xml")...))
		if err != nil {
			t.Fatal(err)
		}
		recorded = append(recorded, found...)
	}
	if n := len(cases(t)) + len(externalCases(t)) + 10; len(recorded) < n {
		t.Errorf("%d files of recorded events, want at least %d: those of all cases, and of notices", len(recorded), n)
	}
	for _, name := range recorded {
		for line := range bytes.Lines(readFile(t, name)) {
			line = bytes.TrimSuffix(line, []byte("\n"))
			file := filepath.Join(dir, strconv.Itoa(len(args))+".xml")
			if err := os.WriteFile(file, line, 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, file)
			e, tolerated, err := atna.Decode(bytes.Clone(line))
			if err != nil || len(tolerated) > 0 {
				t.Errorf("%s: %v, tolerated %q", name, err, tolerated)
			} else if !bytes.Equal(atna.Append(nil, e), line) {
				t.Errorf("%s: reads back to another message", name)
			}
		}
	}
	out, err := exec.CommandContext(t.Context(), lint, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if n := strings.Count(string(out), " validates\n"); n != len(args)-4 {
		t.Errorf("%d of %d messages are valid", n, len(args)-4)
	}
}
