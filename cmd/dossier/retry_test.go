package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/ebrim"
	"dossier/internal/golden"
	"dossier/xds"
)

// provideAs is a raw ITI-41 of the submission with one document for each entry, as MTOM, under that MessageID; "" leaves it
// out.
func provideAs(messageID string, m *xds.Submission, contents ...string) string {
	var docs string
	var parts []string
	for i, c := range contents {
		docs += document(fmt.Sprintf("Document%02d", i+1), include(fmt.Sprintf("cid:d%d@x", i)))
		parts = append(parts, part(fmt.Sprintf("d%d@x", i), c))
	}
	return post(repositoryPath, mtomType, multipartBody(identified(messageID, envelope(actionProvide, provide(m, docs))), parts...))
}

// identified gives a message of the tests its own MessageID.
func identified(messageID, message string) string {
	const constant = "<wsa:MessageID>urn:uuid:0d6f2c1a-4a43-4d0e-8a5c-2f6f1f5f7a10</wsa:MessageID>"
	if messageID == "" {
		return strings.Replace(message, constant, "", 1)
	}
	return strings.Replace(message, constant, "<wsa:MessageID>"+messageID+"</wsa:MessageID>", 1)
}

// answered sends a raw request and checks the codes of the answer; none are Success.
func (s *site) answered(t testing.TB, what, request string, codes ...string) {
	t.Helper()
	answer, err := golden.Send(s.storage.addr(), []byte(request))
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	var got []string
	for _, m := range bytes.Split(answer, []byte(`errorCode="`))[1:] {
		code, _, _ := bytes.Cut(m, []byte(`"`))
		got = append(got, string(code))
	}
	if fmt.Sprint(got) != fmt.Sprint(codes) || successful(answer) != (len(codes) == 0) {
		t.Errorf("%s: got %v, want %v\n%.1500s", what, got, codes, answer)
	}
}

// snapshot is everything that a patient and these documents look like from outside.
func (s *site) snapshot(t testing.TB, repositoryID string, documents ...xds.UniqueID) string {
	t.Helper()
	r := s.ask(t, getAll, ebrim.ReturnLeafClass, "patientId", str(patientText("DEMO-1")),
		"XDSDocumentEntryStatus", statusApproved, "XDSSubmissionSetStatus", statusApproved, "XDSFolderStatus", statusApproved)
	wantSuccess(t, r.Status, r.Errors)
	out := string(ebrim.AppendRegistryObjectList(nil, r.Objects))
	for _, id := range documents {
		_, got := s.retrieve(t, repositoryID, string(id))
		if len(got) != 1 {
			t.Fatalf("%d documents for %s", len(got), id)
		}
		out += "\n" + string(got[0].content)
	}
	return out
}

// lostAt are the moments at which the connection of a source breaks: how much of the request is sent, and what of the
// answer is read.
var lostAt = map[string]func(t testing.TB, s *site, conn net.Conn, request []byte){
	"within the request": func(t testing.TB, s *site, conn net.Conn, request []byte) { write(t, conn, request[:len(request)-40]) },
	"after the request":  func(t testing.TB, s *site, conn net.Conn, request []byte) { write(t, conn, request) },
	"before the answer is read": func(t testing.TB, s *site, conn net.Conn, request []byte) {
		write(t, conn, request)
		waitFor(t, func() bool {
			_, body := get(t, s.storage.adminURL("/metrics"))
			return strings.Contains(body, `dossier_exchanges_total{outcome="success",transaction="ITI-41"} 1`)
		})
	},
	"within the answer": func(t testing.TB, s *site, conn net.Conn, request []byte) {
		write(t, conn, request)
		if _, err := io.ReadFull(conn, make([]byte, 12)); err != nil {
			t.Error(err)
		}
	},
	"after the answer": func(t testing.TB, s *site, conn net.Conn, request []byte) {
		write(t, conn, request)
		if _, err := io.ReadAll(bufio.NewReader(conn)); err != nil {
			t.Error(err)
		}
	},
}

func write(t testing.TB, conn net.Conn, b []byte) {
	t.Helper()
	if _, err := conn.Write(b); err != nil {
		t.Error(err)
	}
}

// TestLostAnswer: whenever the connection breaks, the same message sent again is Success and there is one entry; what was
// altered is refused, and what was registered stays bit for bit. With the registry here and elsewhere.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		for where, open := range map[string]func(testing.TB, backend) *site{"here": newSite, "apart": newApartSite} {
			for when, cut := range lostAt {
				t.Run(b.name+"/"+where+"/"+strings.ReplaceAll(when, " ", "-"), func(t *testing.T) {
					t.Parallel()
					lostAnswer(t, open(t, b), cut)
				})
			}
		}
	}
}

func lostAnswer(t *testing.T, s *site, cut func(testing.TB, *site, net.Conn, []byte)) {
	const id = "urn:uuid:6d1f6f70-93a7-4b9c-9f0e-000000000001"
	original := provideAs(id, demoSubmission(t, 2), "first content", "second content")
	conn, err := net.Dial("tcp", s.storage.addr())
	if err != nil {
		t.Fatal(err)
	}
	cut(t, s, conn, golden.FillLength([]byte(original)))
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil { // closing resets: the server cannot finish in peace
		t.Fatal(err)
	}
	conn.Close()
	s.answered(t, "the same message", original)
	before := s.snapshot(t, "2.999.1.2", "2.999.5.1", "2.999.5.2")
	if n := strings.Count(before, "<rim:ExtrinsicObject "); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
	s.answered(t, "once more", original)
	for what, c := range map[string]struct {
		message string
		codes   []string
	}{
		"another document of the same size": {provideAs(id, demoSubmission(t, 2), "first c0ntent", "second content"), []string{"XDSNonIdenticalHash"}},
		"another document":                  {provideAs(id, demoSubmission(t, 2), "first content", "2nd content"), []string{"XDSNonIdenticalHash", "XDSNonIdenticalSize"}},
		"another title": {provideAs(id, altered(t, func(m *xds.Submission) { m.DocumentEntries[1].Title = "other" }), "first content", "second content"),
			[]string{"XDSDuplicateUniqueIdInRegistry"}},
		"another comment of the set": {provideAs(id, altered(t, func(m *xds.Submission) { m.SubmissionSets[0].Comments = "other" }), "first content", "second content"),
			[]string{"XDSDuplicateUniqueIdInRegistry"}},
		"one document less": {provideAs(id, demoSubmission(t, 1), "first content"), []string{"XDSDuplicateUniqueIdInRegistry"}},
		"another MessageID": {provideAs("urn:uuid:2", demoSubmission(t, 2), "first content", "second content"), []string{"XDSDuplicateUniqueIdInRegistry"}},
		"no MessageID":      {provideAs("", demoSubmission(t, 2), "first content", "second content"), []string{"XDSDuplicateUniqueIdInRegistry"}},
	} {
		s.answered(t, what, c.message, c.codes...)
	}
	s.answered(t, "the first again after all that", original)
	if after := s.snapshot(t, "2.999.1.2", "2.999.5.1", "2.999.5.2"); after != before {
		t.Errorf("changed from\n%s\nto\n%s", before, after)
	}
}

func altered(t testing.TB, change func(*xds.Submission)) *xds.Submission {
	m := demoSubmission(t, 2)
	change(m)
	return m
}

// TestRetryByContent: with registry.retry content a message that was built anew is a retransmission too, if its symbols are
// all that is new; and its answer survives a restart.
func TestRetryByContent(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			s := newConfiguredSite(t, b, func(c *Config) { c.Registry.Retry = "content" })
			entry := newEntryUUID()
			build := func(change func(*xds.Submission)) *xds.Submission {
				m := demoSubmission(t, 1)
				m.DocumentEntries[0].EntryUUID, m.Associations[0].Target = entry, entry
				if change != nil {
					change(m)
				}
				return m
			}
			send := func(what, messageID string, m *xds.Submission, content string, codes ...string) {
				t.Helper()
				text := provideAs(messageID, m, content)
				s.answered(t, what, strings.Replace(text, `<xds:Document id="Document01"`, `<xds:Document id="`+string(m.DocumentEntries[0].EntryUUID)+`"`, 1), codes...)
			}
			send("first", "urn:uuid:1", build(nil), "content")
			before := s.snapshot(t, "2.999.1.2", "2.999.5.1")
			send("another MessageID", "urn:uuid:2", build(nil), "content")
			send("no MessageID", "", build(nil), "content")
			symbols := func(m *xds.Submission) {
				m.SubmissionSets[0].EntryUUID, m.Associations[0].Source, m.Associations[0].EntryUUID = "s", "s", "a"
			}
			send("other symbols", "urn:uuid:3", build(symbols), "content")
			const duplicate, taken = "XDSDuplicateUniqueIdInRegistry", "XDSRegistryMetadataError" // taken: the entryUUID
			send("another title", "urn:uuid:4", build(func(m *xds.Submission) { m.DocumentEntries[0].Title = "x" }), "content", taken, duplicate)
			send("another submissionTime", "urn:uuid:5", build(func(m *xds.Submission) { m.SubmissionSets[0].SubmissionTime = "20250101" }), "content", taken, duplicate)
			send("another entryUUID", "urn:uuid:6", build(func(m *xds.Submission) {
				m.DocumentEntries[0].EntryUUID = newEntryUUID()
				m.Associations[0].Target = m.DocumentEntries[0].EntryUUID
			}), "content", duplicate)
			send("another document", "urn:uuid:7", build(nil), "c0ntent", "XDSNonIdenticalHash")
			if after := s.snapshot(t, "2.999.1.2", "2.999.5.1"); after != before {
				t.Errorf("changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

// TestRetryAfterRestart: the outcome is as durable as the submission, whatever rules and patients are now; and it is
// forgotten in time.
func TestRetryAfterRestart(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	s := startServer(t, conf, realWorld())
	request := []byte(provideAs("urn:x:1", demoSubmission(t, 1), "content"))
	send := func(what string, want bool) {
		t.Helper()
		answer, err := golden.Send(s.addr(), request)
		if err != nil || successful(answer) != want {
			t.Errorf("%s: %v, want Success %v\n%s", what, err, want, answer)
		}
	}
	send("first", true)
	mustCommand(t, "feed", "--to", s.feed(), "--patient", patientText("DEMO-2"), "--merge", patientText("DEMO-1"))
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	conf.Registry.Validation = "strict"
	s = startServer(t, conf, realWorld())
	send("after a restart, a merge and with other rules", true)
	if _, body := get(t, s.adminURL("/metrics")); !strings.Contains(body, `dossier_exchanges_total{outcome="repeated",transaction="ITI-41"} 1`) {
		t.Errorf("the metrics do not tell of the retransmission:\n%s", body)
	}
	if n, err := s.node.db.ForgetOutcomes(t.Context(), time.Now().Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("forgot %d outcomes: %v", n, err)
	}
	send("when the answer is forgotten", false)
}

// TestSweepForgetsAnswers: the background does it after retry.keep.
func TestSweepForgetsAnswers(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Sweep.Interval, conf.Retry.Keep = 10*time.Millisecond, time.Hour
	var later atomic.Int64
	w := realWorld()
	w.now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	s := startServer(t, conf, w)
	if answer, err := golden.Send(s.addr(), []byte(provideAs("urn:x:1", demoSubmission(t, 1), "content"))); err != nil || !successful(answer) {
		t.Fatal(err, string(answer))
	}
	told := func() bool {
		o, err := s.node.db.Outcome(t.Context(), "2.999.5.1000")
		if err != nil {
			t.Error(err)
		}
		return o != nil
	}
	time.Sleep(50 * time.Millisecond)
	if !told() {
		t.Error("forgotten before its time")
	}
	later.Store(int64(2 * time.Hour))
	waitFor(t, func() bool { return !told() })
}

// interrupter forwards connections to the registry elsewhere and, while cut is set, drops what comes back.
type interrupter struct {
	net.Listener
	cut   atomic.Bool
	drops atomic.Int64
}

func interrupt(t testing.TB, to string) *interrupter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &interrupter{Listener: l}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			go func() { io.Copy(out, in); out.Close() }()
			go p.back(in, out)
		}
	}()
	return p
}

// back copies answers, or waits for one and breaks the connection off.
func (p *interrupter) back(in, out net.Conn) {
	defer in.Close()
	buf := make([]byte, 64<<10)
	for {
		n, err := out.Read(buf)
		if err != nil {
			return
		}
		if p.cut.Load() {
			p.drops.Add(1)
			out.Close()
			return
		}
		if _, err := in.Write(buf[:n]); err != nil {
			return
		}
	}
}

// TestLostAnswerOfRegistry: the registry elsewhere registers and its answer is lost. The source is told that it was not
// reached and sends again, with the same outcome whether that registry knows retransmissions or not.
func TestLostAnswerOfRegistry(t *testing.T) {
	t.Parallel()
	for _, b := range backends {
		for name, forgetful := range map[string]bool{"knows": false, "knows-not": true} {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, b)
				proxy := interrupt(t, s.addr())
				s.storage = s.start(t, b, func(c *Config) {
					c.Registry.URL = "http://" + proxy.Addr().String() + registryPath
				})
				original := provideAs("urn:x:1", demoSubmission(t, 1), "content")
				proxy.cut.Store(true)
				s.answered(t, "answer lost", original, "XDSRegistryNotAvailable")
				s.answered(t, "answer lost again", original, "XDSRegistryNotAvailable")
				if n := proxy.drops.Load(); n < 2 {
					t.Fatalf("%d answers were dropped, want 2", n)
				}
				s.answered(t, "another message meanwhile", provideAs("urn:x:2", demoSubmission(t, 1), "content"), "XDSRepositoryBusy")
				proxy.cut.Store(false)
				if forgetful {
					if _, err := s.node.db.ForgetOutcomes(t.Context(), time.Now().Add(1e6*time.Hour)); err != nil {
						t.Fatal(err)
					}
				}
				s.answered(t, "sent again", original)
				before := s.snapshot(t, "2.999.1.2", "2.999.5.1")
				s.answered(t, "and again", original)
				s.answered(t, "altered", provideAs("urn:x:1", demoSubmission(t, 1), "c0ntent"), "XDSNonIdenticalHash")
				if after := s.snapshot(t, "2.999.1.2", "2.999.5.1"); after != before || strings.Count(after, "<rim:ExtrinsicObject ") != 1 {
					t.Errorf("changed from\n%s\nto\n%s", before, after)
				}
			})
		}
	}
}
