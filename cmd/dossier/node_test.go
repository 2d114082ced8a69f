package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dossier/internal/golden"
	"dossier/xds"
)

func get(t testing.TB, url string) (int, string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (s *testServer) adminURL(path string) string { return "http://" + s.admin.Addr().String() + path }

func TestAdmin(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	mustCommand(t, "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", documents(t)[0])
	for path, want := range map[string]string{
		"/healthz": "alive", "/readyz": "ready", "/buildinfo": `"go":"go1`,
		"/metrics": `dossier_exchanges_total{outcome="success",transaction="ITI-41"} 1`,
	} {
		if code, body := get(t, s.adminURL(path)); code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %.300s", path, code, body)
		}
	}
	if code, _ := get(t, s.adminURL("/xds/registry?wsdl")); code != http.StatusNotFound {
		t.Errorf("SOAP endpoint on the admin listener: %d", code)
	}
	if code, _ := get(t, "http://"+s.addr()+"/metrics"); code != http.StatusNotFound {
		t.Errorf("metrics on the SOAP listener: %d", code)
	}
	s.node.ready.Store(false)
	if code, _ := get(t, s.adminURL("/readyz")); code != http.StatusServiceUnavailable {
		t.Errorf("readyz while draining: %d", code)
	}
}

func TestWSDLIsServed(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	for _, url := range []string{s.registry(), s.repository()} {
		if code, body := get(t, url+"?wsdl"); code != http.StatusOK || !strings.Contains(body, `location="`+url+`"`) {
			t.Errorf("%s?wsdl: %d %.200s", url, code, body)
		}
	}
}

// blobFile finds the one stored document.
func blobFile(t testing.TB, s *testServer) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(s.node.config.Data, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && len(d.Name()) == 64 {
			found = append(found, path)
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("stored documents: %v %v", found, err)
	}
	return found[0]
}

func flipByte(t testing.TB, name string, at int64) {
	t.Helper()
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 1)
	if _, err := f.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// TestDamageIsNeverDelivered: a flipped byte is an error in the answer, or for a large document a broken answer, and an
// alarm; so is a missing file.
func TestDamageIsNeverDelivered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		size   int
		damage func(t testing.TB, file string)
		want   string
	}{
		"small": {1000, func(t testing.TB, f string) { flipByte(t, f, 500) }, "document-intact"},
		"large": {3 << 20, func(t testing.TB, f string) { flipByte(t, f, 10) }, "EOF"},
		"missing": {1000, func(t testing.TB, f string) {
			if err := os.Remove(f); err != nil {
				t.Fatal(err)
			}
		}, "document-intact"},
		"truncated": {3 << 20, func(t testing.TB, f string) {
			if err := os.Truncate(f, 1<<20); err != nil {
				t.Fatal(err)
			}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conf := testConfig(t)
			conf.Limits.VerifyAhead = 1 << 20
			s := startServer(t, conf, realWorld())
			file := filepath.Join(t.TempDir(), "doc.txt")
			if err := os.WriteFile(file, bytes.Repeat([]byte("0123456789abcdef"), c.size/16+1)[:c.size], 0o600); err != nil {
				t.Fatal(err)
			}
			in := submitJSON(t, "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", file)
			c.damage(t, blobFile(t, s))
			out := filepath.Join(t.TempDir(), "out")
			_, _, err := command(t.Context(), "retrieve", "--to", s.repository(), "--registry", "none", "--document", in.Documents[0].UniqueID, "-o", out)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("retrieve: %v, want %s", err, c.want)
			}
			if _, err := os.Stat(out); err == nil {
				t.Error("a file was written")
			}
			waitFor(t, func() bool {
				_, body := get(t, s.adminURL("/metrics"))
				return strings.Contains(body, "dossier_damaged_documents_total 1") && strings.Contains(s.log.String(), "ALARM")
			})
		})
	}
}

// waitFor polls for something that another goroutine is about to do.
func waitFor(t testing.TB, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("did not happen within 5 s")
}

// TestDrain: a request in work is answered after the signal to stop, new connections are not taken.
func TestDrain(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	request := golden.FillLength([]byte(post(registryPath, simpleType, envelope(actionQuery,
		storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved)))))
	conn := s.dial(t)
	half := len(request) / 2
	if _, err := conn.Write(request[:half]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { // the server has taken the connection up when a second one is answered
		code, _ := get(t, s.registry()+"?wsdl")
		return code == http.StatusOK
	})
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	waitFor(t, func() bool { return !s.node.ready.Load() })
	if _, err := conn.Write(request[half:]); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "Success") {
		t.Errorf("request in work: %d %v %.300s", resp.StatusCode, err, body)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := http.Get(s.registry() + "?wsdl"); err == nil {
		t.Error("a new connection was taken after the stop")
	}
}

// TestLimits: what is too large is refused with a limit named, and nothing is kept.
func TestLimits(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Limits.Document, conf.Limits.Envelope, conf.Limits.Objects, conf.Limits.Documents = 10_000, 100_000, 3, 2
	s := startServer(t, conf, realWorld())
	dir := t.TempDir()
	big, small := filepath.Join(dir, "big.txt"), filepath.Join(dir, "small.txt")
	for name, n := range map[string]int{big: 10_001, small: 10_000} {
		if err := os.WriteFile(name, bytes.Repeat([]byte("x"), n), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	patient := []string{"--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO"}
	if _, _, err := command(t.Context(), append(append([]string{"submit"}, patient...), big)...); err == nil || !strings.Contains(err.Error(), "XDSRepositoryOutOfResources") || !strings.Contains(err.Error(), "document-limit") {
		t.Errorf("document over the limit: %v", err)
	}
	var id string
	for range 4 {
		id = submitJSON(t, append(patient, small)...).Documents[0].UniqueID
	}
	find := []string{"query", "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-1^^^&2.999.1.1&ISO", approved}
	if _, _, err := command(t.Context(), find...); err == nil || !strings.Contains(err.Error(), "XDSTooManyResults") || !strings.Contains(err.Error(), "result-limit") {
		t.Errorf("4 objects with a limit of 3: %v", err)
	}
	if got := queryJSON(t, append([]string{"--refs"}, find[1:]...)...); len(got) != 4 {
		t.Errorf("ObjectRef: %d objects, want 4", len(got))
	}
	answer, err := golden.Send(s.addr(), []byte(post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest("2.999.1.2", id, "2.999.1.2", id, "2.999.1.2", id)))))
	if err != nil || !strings.Contains(string(answer), "XDSTooManyResults") {
		t.Errorf("3 documents with a limit of 2: %v %.300s", err, answer)
	}
	answer, err = golden.Send(s.addr(), []byte(onRegistry(envelope(actionQuery, "<a>"+strings.Repeat("x", 100_000)+"</a>"))))
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 413") {
		t.Errorf("envelope over the limit: %v %.300s", err, answer)
	}
}

// TestSecondServerIsRefused: two processes never share a data folder.
func TestSecondServerIsRefused(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	s := startServer(t, conf, realWorld())
	n, err := newNode(t.Context(), conf, s.node.log, realWorld())
	if err == nil {
		n.close()
		t.Fatal("a second server opened the same folder")
	}
	if !strings.Contains(err.Error(), "document store") {
		t.Errorf("error does not say what is in use: %v", err)
	}
}

// TestRestartKeepsEverything: what was acknowledged is there after a stop and a start.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	s := startServer(t, conf, realWorld())
	in := submitJSON(t, "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", documents(t)[0])
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = startServer(t, conf, realWorld())
	if out := mustCommand(t, "retrieve", "--to", s.repository(), "--document", in.Documents[0].UniqueID); out != string(readFile(t, documents(t)[0])) {
		t.Error("came back with other bytes")
	}
}

// TestParallelSubmissions: many clients at once, each finds its own.
func TestParallelSubmissions(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	const clients = 16
	errs := make(chan error, clients)
	for i := range clients {
		go func() {
			file := filepath.Join(t.TempDir(), fmt.Sprintf("%d.txt", i))
			if err := os.WriteFile(file, fmt.Appendf(nil, "document %d", i), 0o600); err != nil {
				errs <- err
				return
			}
			_, _, err := command(t.Context(), "submit", "--to", s.repository(), "--patient", "DEMO-3^^^&2.999.1.1&ISO", file)
			errs <- err
		}()
	}
	for range clients {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if got := queryJSON(t, "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-3^^^&2.999.1.1&ISO", approved); len(got) != clients {
		t.Errorf("found %d documents, want %d", len(got), clients)
	}
}

// leaveUnfinished begins a request and does not end it; the server has it when this returns.
func (s *testServer) leaveUnfinished(t *testing.T) net.Conn {
	t.Helper()
	conn := s.dial(t)
	if _, err := io.WriteString(conn, "POST /xds/registry HTTP/1.1\r\nHost: test\r\nContent-Type: "+simpleType+"\r\nContent-Length: 100\r\n\r\n<"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool {
		code, _ := get(t, s.registry()+"?wsdl")
		return code == http.StatusOK
	})
	return conn
}

// TestDrainEnds: a request that is never finished holds a stop up for limits.drain and no longer, and the stop is clean.
func TestDrainEnds(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Limits.Drain = 200 * time.Millisecond
	s := startServer(t, conf, realWorld())
	s.leaveUnfinished(t)
	if err := s.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	if !strings.Contains(s.log.String(), "cut off") {
		t.Error("the log does not say that a request was cut off")
	}
}

// TestDrainIsForAll: while a request of SOAP is waited for, neither of the other listeners takes anything new, and operators hear that
// the server is not ready.
func TestDrainIsForAll(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Limits.Drain = 20 * time.Second
	s := startServer(t, conf, realWorld())
	conn := s.leaveUnfinished(t)
	stopped := make(chan error, 1)
	go func() { stopped <- s.stop() }()
	waitFor(t, func() bool {
		c, err := net.Dial("tcp", s.feed())
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	if code, _ := get(t, "http://"+s.admin.Addr().String()+"/readyz"); code != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d, want 503", code)
	}
	conn.Close()
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// TestConnectionLimit: one connection more than the limit waits until another is closed.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Limits.Connections = 2
	s := startServer(t, conf, realWorld())
	for range 3 { // those of operators have places of their own, and no more of them
		c, err := net.Dial("tcp", s.admin.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if _, err := (&http.Client{Timeout: 200 * time.Millisecond}).Get("http://" + s.admin.Addr().String() + "/healthz"); err == nil {
		t.Error("a fourth connection of operators was served")
	}
	first := s.dial(t)
	s.dial(t)
	waiting := s.dial(t)
	if _, err := io.WriteString(waiting, "GET /xds/registry?wsdl HTTP/1.1\r\nHost: test\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := waiting.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Read(make([]byte, 1)); err == nil {
		t.Error("a third connection was served")
	}
	if err := errors.Join(first.Close(), waiting.SetReadDeadline(time.Now().Add(5*time.Second))); err != nil {
		t.Fatal(err)
	}
	if _, err := waiting.Read(make([]byte, 1)); err != nil {
		t.Errorf("after a slot became free: %v", err)
	}
}

// TestReplaceAChain: replacing every document of a chain of addenda deprecates each once and costs one walk of it.
func TestReplaceAChain(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	const n = 200
	chain := func(set xds.UniqueID, unique string, link xds.AssociationType, target func(i int) xds.EntryUUID) []xds.EntryUUID {
		m := registrable(demoSubmission(t, n))
		m.SubmissionSets[0].UniqueID = set
		var ids []xds.EntryUUID
		for i, e := range m.DocumentEntries {
			e.EntryUUID, e.UniqueID = newEntryUUID(), xds.UniqueID(fmt.Sprintf("2.999.6.%s.%d", unique, i))
			m.Associations[i].Target = e.EntryUUID
			ids = append(ids, e.EntryUUID)
		}
		for i := range m.DocumentEntries {
			if to := target(i); to != "" {
				m.Associations = append(m.Associations, &xds.Association{EntryUUID: newEntryUUID(), Type: link, Source: ids[i], Target: to})
			} else if i > 0 && link == xds.Append {
				m.Associations = append(m.Associations, &xds.Association{EntryUUID: newEntryUUID(), Type: link, Source: ids[i], Target: ids[i-1]})
			}
		}
		answer, err := golden.Send(s.addr(), []byte(onRegistry(envelope(actionRegister, submitRequest(m)))))
		if err != nil || !strings.Contains(string(answer), "ResponseStatusType:Success") {
			t.Fatalf("%v %.2000s", err, answer)
		}
		return ids
	}
	old := chain("2.999.6.1", "1", xds.Append, func(int) xds.EntryUUID { return "" })
	chain("2.999.6.2", "2", xds.Replace, func(i int) xds.EntryUUID { return old[i] })
	if got := queryJSON(t, "--refs", "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-1^^^&2.999.1.1&ISO", "$XDSDocumentEntryStatus=Deprecated"); len(got) != n {
		t.Errorf("%d entries are Deprecated, want %d", len(got), n)
	}
}
