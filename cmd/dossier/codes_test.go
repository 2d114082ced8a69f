package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dossier/xds"
)

// listing is a file of code sets that has the one type code.
func listing(typeCode string) string {
	return "typeCode:\n  - {code: " + typeCode + ", scheme: 2.999.9, display: Code}\n"
}

// replaceFile puts content in place complete.
func replaceFile(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(name+".new", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		t.Fatal(err)
	}
}

// coded is a server with a file of code sets that the test replaces; a send to hangup is SIGHUP.
func coded(t testing.TB, content string) (s *testServer, file string, hangup chan os.Signal) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "codes.yaml")
	replaceFile(t, file, content)
	c := testConfig(t)
	c.Domain.Codes = file
	w := realWorld()
	hangup = make(chan os.Signal)
	w.hangup = hangup
	return startServer(t, c, w), file, hangup
}

// register sends three documents of the type code by ITI-42; number makes their ids.
func (s *testServer) register(t testing.TB, typeCode string, number int64) (answer string, err error) {
	sub := registrable(demoSubmission(t, 3))
	sub.SubmissionSets[0].UniqueID = xds.UniqueID(fmt.Sprintf("2.999.5.1000.%d", number))
	for i, e := range sub.DocumentEntries {
		e.UniqueID, e.TypeCode = xds.UniqueID(fmt.Sprintf("2.999.5.%d.%d", i, number)), xds.Code{Code: typeCode, Scheme: "2.999.9", Display: "Code"}
	}
	resp, err := http.Post(s.registry(), simpleType, strings.NewReader(envelope(actionRegister, submitRequest(sub))))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("HTTP %d %s %w", resp.StatusCode, b, err)
	}
	return string(b), err
}

// judged tells whether an answer is that of a set that lists the code; anything but wholly taken or wholly refused is an error.
func judged(answer string) (taken bool, err error) {
	refusals := strings.Count(answer, "code-in-affinity-domain")
	switch {
	case strings.Contains(answer, "ResponseStatusType:Success") && refusals == 0:
		return true, nil
	case strings.Contains(answer, "ResponseStatusType:Failure") && refusals == 3 && strings.Count(answer, `errorCode=`) == 3:
		return false, nil
	}
	return false, fmt.Errorf("answer by no set: %s", answer)
}

func (s *testServer) documentsOfDemo(t testing.TB) int {
	return len(queryJSON(t, "--refs", "--to", s.registry(), "FindDocuments", "$XDSDocumentEntryPatientId=DEMO-1^^^&2.999.1.1&ISO", approved))
}

// TestCodesAreRestricted: ITI-42 and ITI-41 refuse a code that is not listed, say which was meant, and leave nothing.
func TestCodesAreRestricted(t *testing.T) {
	t.Parallel()
	s, _, _ := coded(t, listing("letters"))
	answer, err := s.register(t, "letter5", 1)
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := judged(answer); err != nil || taken {
		t.Errorf("ITI-42: %v %s", err, answer)
	}
	for _, want := range []string{`errorCode="XDSRegistryMetadataError"`, `location="Document02"`,
		`typeCode: expected a value of the affinity domain (1 listed), got &quot;letter5^^2.999.9&quot;; did you mean &quot;letters^^2.999.9&quot; (Code) [code-in-affinity-domain, ITI TF-3: 4.2.3.1`} {
		if !strings.Contains(answer, want) {
			t.Errorf("ITI-42: no %s in %s", want, answer)
		}
	}
	submit := []string{"submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", documents(t)[0]}
	if _, _, err := command(t.Context(), submit...); err == nil || !strings.Contains(err.Error(), "typeCode: expected a value of the affinity domain") {
		t.Errorf("ITI-41: %v", err)
	}
	if n := s.documentsOfDemo(t); n != 0 {
		t.Errorf("%d documents after refusals", n)
	}
	if answer, err = s.register(t, "letters", 2); err != nil {
		t.Fatal(err)
	}
	if taken, err := judged(answer); err != nil || !taken || s.documentsOfDemo(t) != 3 {
		t.Errorf("a listed code: %v %s", err, answer)
	}
}

// TestBrokenCodesKeepTheServerDown: with every fault in the message, before anything is opened.
func TestBrokenCodesKeepTheServerDown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := filepath.Join(dir, "codes.yaml")
	replaceFile(t, broken, "typeCodes: []\nclassCode: []\n")
	for file, want := range map[string][]string{
		broken:                      {broken + ":1:1: expected an attribute among ", broken + ":2:12: classCode: expected at least one code"},
		filepath.Join(dir, "other"): {"no such file"},
	} {
		c := testConfig(t)
		c.Data = filepath.Join(dir, "data")
		c.Domain.Codes = file
		err := serve(t.Context(), c, io.Discard, slog.New(slog.DiscardHandler))
		var usage *usageError
		if !errors.As(err, &usage) {
			t.Errorf("%s: %v", file, err)
			continue
		}
		for _, w := range append(want, "configuration: domain.codes: ") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("got %v, want %s", err, w)
			}
		}
		if _, err := os.Stat(c.Data); err == nil {
			t.Error("the data folder was made")
		}
	}
}

// TestCodesOfARegistryElsewhere are not ours to judge: the file is not even read, and the log says so.
func TestCodesOfARegistryElsewhere(t *testing.T) {
	t.Parallel()
	c := testConfig(t)
	c.Domain.Codes, c.Registry.URL = filepath.Join(t.TempDir(), "none"), "http://127.0.0.1:1/xds/registry"
	s := startServer(t, c, realWorld())
	if s.node.codes != nil || !strings.Contains(s.log.String(), "domain.codes is not read") {
		t.Errorf("log: %s", s.log)
	}
	hangup, stop := hangups(c)
	stop()
	if hangup != nil {
		t.Error("SIGHUP is taken although there is nothing to reload")
	}
}

// TestCodesReloadUnderLoad: eight clients register without a pause while the file is replaced a hundred times, in between by
// broken ones. Every request is answered, by one set as a whole; after a reload the new set is in force, and after a broken
// file the old one; what was acknowledged is there.
func TestCodesReloadUnderLoad(t *testing.T) {
	t.Parallel()
	s, file, hangup := coded(t, listing("even"))
	var number, stored atomic.Int64
	var stop atomic.Bool
	send := func(typeCode string) (taken bool, err error) {
		answer, err := s.register(t, typeCode, number.Add(1))
		if err != nil {
			return false, err
		}
		if taken, err = judged(answer); taken {
			stored.Add(3)
		}
		return taken, err
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for !stop.Load() {
				if _, err := send("even"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	inForce := "even"
	for i := 1; i <= 100; i++ {
		content, next := listing("even"), "even"
		if i%2 == 1 {
			content, next = listing("odd"), "odd"
		}
		if i%10 == 5 {
			content, next = content+"classCode: []\n", inForce
		}
		replaceFile(t, file, content)
		hangup <- syscall.SIGHUP
		hangup <- syscall.SIGHUP // is taken when the first has been worked off
		inForce = next
		for _, code := range []string{"even", "odd"} {
			if taken, err := send(code); err != nil || taken != (code == inForce) {
				t.Errorf("swap %d: %s was taken: %t, in force is %s; %v", i, code, taken, inForce, err)
			}
		}
	}
	stop.Store(true)
	wg.Wait()
	if n := s.documentsOfDemo(t); int64(n) != stored.Load() {
		t.Errorf("%d documents, %d were acknowledged", n, stored.Load())
	}
	if log := s.log.String(); !strings.Contains(log, "code sets not reloaded, the old ones stay in force") || !strings.Contains(log, file+":3:12: classCode: expected at least one code") {
		t.Error("the log does not say where a file was broken")
	}
}

// TestHangupStops: a server without code sets ends in order when its terminal is closed, and its trail says that it was stopped.
// It is no parallel test: TestHangup sends the same signal.
func TestHangupStops(t *testing.T) {
	if signal.Ignored(syscall.SIGHUP) {
		t.Skip("SIGHUP is ignored, as under nohup: no server takes it for its end")
	}
	c := testConfig(t)
	out, log := &syncBuffer{}, &syncBuffer{}
	done := make(chan error, 1)
	go func() { done <- serve(t.Context(), c, out, slog.New(slog.NewTextHandler(log, nil))) }()
	waitFor(t, func() bool { return strings.Contains(out.String(), "Dossier is ready") })
	me, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if err := me.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the server goes on")
	}
	if !strings.Contains(log.String(), "draining") {
		t.Errorf("log: %s", log)
	}
	if found := mustCommand(t, "audit", "search", "--data", c.Data, "--type", "110121"); found == "" {
		t.Error("the stop is not recorded")
	}
}

// writerFunc is an io.Writer.
type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestStoppedWhileStarting: a stop between the banner and the first event is one in order.
func TestStoppedWhileStarting(t *testing.T) {
	t.Parallel()
	c := testConfig(t)
	c.Domain.Codes = filepath.Join(t.TempDir(), "codes.yaml") // so that this server leaves SIGHUP alone, which other tests send
	replaceFile(t, c.Domain.Codes, listing("first"))
	ctx, cancel := context.WithCancel(t.Context())
	out := writerFunc(func(p []byte) (int, error) { cancel(); return len(p), nil })
	if err := serve(ctx, c, out, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"110120", "110121"} {
		if found := mustCommand(t, "audit", "search", "--data", c.Data, "--type", kind); found == "" {
			t.Errorf("%s is not recorded", kind)
		}
	}
}

// TestHangup: the signal itself, to a server as the command starts it.
func TestHangup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "codes.yaml")
	replaceFile(t, file, listing("first"))
	c := testConfig(t)
	c.Domain.Codes = file
	out, log := &syncBuffer{}, &syncBuffer{}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, c, out, slog.New(slog.NewTextHandler(log, nil))) }()
	waitFor(t, func() bool { return strings.Contains(out.String(), "Dossier is ready") })
	replaceFile(t, file, listing("second")+listing("third"))
	me, err := os.FindProcess(os.Getpid())
	if err != nil || t.Failed() { // without its handler the signal would end the test
		t.Fatal(err)
	}
	for i, want := range []string{"typeCode: expected one list, found a second one", `msg="code sets reloaded"`} {
		if i == 1 {
			replaceFile(t, file, listing("second"))
		}
		if err := me.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return strings.Contains(log.String(), want) })
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// TestValidateWithCodes: the same judgement offline.
func TestValidateWithCodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	message, good, bad, broken := filepath.Join(dir, "m.xml"), filepath.Join(dir, "good"), filepath.Join(dir, "bad"), filepath.Join(dir, "broken")
	replaceFile(t, message, submitRequest(registrable(demoSubmission(t, 1))))
	replaceFile(t, good, listing("c"))
	replaceFile(t, bad, listing("d"))
	replaceFile(t, broken, "typeCode: c")
	if out := mustCommand(t, "validate", "--codes", good, message); !strings.Contains(out, "valid") {
		t.Errorf("listed: %s", out)
	}
	if out := mustCommand(t, "validate", message); !strings.Contains(out, "valid") {
		t.Errorf("no file: %s", out)
	}
	out, _, err := command(t.Context(), "validate", "--codes", bad, message)
	if err == nil || !strings.Contains(out, "reject XDSRegistryMetadataError  code-in-affinity-domain  ITI TF-3: 4.2.3.1\n  at   Document01\n  typeCode: expected a value") {
		t.Errorf("not listed: %v %s", err, out)
	}
	if _, _, err = command(t.Context(), "validate", "--codes", broken, message); err == nil || !strings.Contains(err.Error(), broken+`:1:11: typeCode: expected a list, got "c"`) {
		t.Errorf("broken file: %v", err)
	}
}
