package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
	"dossier/internal/golden"
	"dossier/store"
)

// consumer is a Patient Identifier Cross-reference Consumer that answers as it is told and keeps what it got.
type consumer struct {
	mu      sync.Mutex
	answers []string // MSA-1, one for each message; then AA
	got     []string
	server  *mllp.Server
	ln      net.Listener
}

func startConsumer(t *testing.T, answers ...string) *consumer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startConsumerOn(t, ln, answers...)
}

func startConsumerOn(t *testing.T, ln net.Listener, answers ...string) *consumer {
	t.Helper()
	c := &consumer{answers: answers, ln: ln}
	c.server = &mllp.Server{Handler: c.handle}
	done := make(chan error, 1)
	go func() { done <- c.server.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := c.server.Shutdown(ctx); err != nil {
			t.Errorf("consumer: %v", err)
		}
		<-done
	})
	return c
}

// handle answers one notification; "-" closes the connection instead.
func (c *consumer) handle(_ context.Context, _ net.Addr, b []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, string(b))
	code := hl7v2.Accept
	if len(c.answers) > 0 {
		code, c.answers = c.answers[0], c.answers[1:]
	}
	if code == "-" {
		return nil
	}
	msg, err := hl7v2.ParseMessage(b)
	if err != nil {
		return nil
	}
	return []byte("MSH|^~\\&|C|C|DOSSIER|DOSSIER|20260102030405||ACK^A31^ACK|1|P|2.5\rMSA|" + code + "|" + msg.Field("MSH", 10).Text() + "\r")
}

// wait returns the messages as soon as there are n, and fails when there are more a little later.
func (c *consumer) wait(t *testing.T, n int) []string {
	t.Helper()
	for range 1000 {
		c.mu.Lock()
		got := append([]string(nil), c.got...)
		c.mu.Unlock()
		if len(got) >= n {
			if len(got) > n {
				t.Fatalf("%d notifications, want %d", len(got), n)
			}
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d notifications, want %d", len(c.got), n)
	return nil
}

func notifyConfig(t *testing.T, consumers ...PIXConsumerConfig) *Config {
	c := goldenConfig(t)
	c.PIX.Consumers = consumers
	c.PIX.Poll, c.PIX.Retry = 5*time.Millisecond, 5*time.Millisecond
	return c
}

func play(t *testing.T, s *testServer, names ...string) {
	t.Helper()
	for _, c := range cases(t) {
		for _, name := range names {
			if c.Name == name {
				s.send(t, c)
			}
		}
	}
}

// replay sends cases in the order given.
func replay(t *testing.T, s *testServer, names ...string) {
	t.Helper()
	for _, name := range names {
		play(t, s, name)
	}
}

// TestNotifications compares what consumers are told with the recorded notices (ITI TF-2: 3.10).
func TestNotifications(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ feed, answers []string }{
		"linked":       {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, nil},
		"unlinked":     {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24", "iti30/a37"}, nil},
		"national":     {[]string{"iti30/a28-national", "iti30/a28-second-hospital"}, nil},
		"merged":       {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24", "iti30/a40"}, nil},
		"changed":      {[]string{"iti30/a28-national", "iti30/a47"}, nil},
		"refused":      {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, []string{"AE"}},
		"rejected":     {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, []string{"AR"}},
		"not-answered": {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, []string{"-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startConsumer(t, x.answers...)
			s := startServer(t, notifyConfig(t, PIXConsumerConfig{Name: "c", Address: c.ln.Addr().String(), Application: "EMR", Facility: "HOSPITAL"}), testWorld())
			replay(t, s, x.feed...)
			file := filepath.Join("..", "..", "testdata", "iti10", name, "notices.hl7")
			defer s.checkTold(t, "ITI-10", filepath.Dir(file), c.told)
			if golden.Update() {
				time.Sleep(300 * time.Millisecond)
				c.mu.Lock()
				defer c.mu.Unlock()
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(strings.Join(c.got, "\n")), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := readFile(t, file)
			got := c.wait(t, strings.Count(string(want), "MSH|"))
			if joined := strings.Join(got, "\n"); !bytes.Equal([]byte(joined), want) {
				t.Errorf("told\n%s\nwant\n%s", joined, want)
			}
			patientNames(t, s)
		})
	}
}

// told counts the messages that came.
func (c *consumer) told() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// ours is what depends on the machine and on the moment in events of ITI-46: the port of the consumer, and the id of the message.
var ours = regexp.MustCompile(`127\.0\.0\.1:\d+|type="II" value="[^"]*"`)

// checkTold compares the events of what consumers were told with the recorded ones, one for each attempt (ITI TF-2: 3.10.5.1,
// 3.46.5.1).
func (s *testServer) checkTold(t *testing.T, transaction, dir string, told func() int) {
	t.Helper()
	var events []store.AuditMessage
	eventually(t, "an event for each message", func() bool {
		events = slices.DeleteFunc(s.auditTrail(t), func(m store.AuditMessage) bool {
			return len(m.Event.Identification.Types) == 0 || m.Event.Identification.Types[0].Value != transaction
		})
		return len(events) == told()
	})
	got := ours.ReplaceAllStringFunc(string(auditLines(events)), func(found string) string {
		if strings.HasPrefix(found, "127") {
			return "127.0.0.1:8080"
		}
		return `type="II" value="` + base64.StdEncoding.EncodeToString([]byte("00000000-0000-4000-8000-000000000000")) + `"`
	})
	file := filepath.Join(dir, "audit.xml")
	if golden.Update() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := string(readFile(t, file)); got != want {
		t.Errorf("recorded\n%s\nwant\n%s", got, want)
	}
}

// toldC is the log line of an attempt to tell the consumer c.
var toldC = regexp.MustCompile(`(?m)^.*transaction=ITI-10 .*peer=c .*$`)

// TestNotificationsAreDurable: a consumer that does not answer is told again, in order and after a restart; one that refuses is
// not; and none holds up another.
func TestNotificationsAreDurable(t *testing.T) {
	t.Parallel()
	c := startConsumer(t, "-", "AR", "AE", "XX")
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := gone.Addr().String()
	gone.Close()
	config := notifyConfig(t,
		PIXConsumerConfig{Name: "gone", Address: address},
		PIXConsumerConfig{Name: "c", Address: c.ln.Addr().String()},
		PIXConsumerConfig{Name: "elsewhere", Address: c.ln.Addr().String(), Domains: []string{"2.999.1.1"}})
	s := startServer(t, config, testWorld())
	replay(t, s, "iti30/a28-national", "iti30/a28-second-hospital")
	// no answer, AR and AR's repetition are the same message; AE ends it; the second is not understood once.
	got := c.wait(t, 5)
	id := func(n int) string { return strings.Split(got[n], "|")[9] }
	if id(0) != id(1) || id(1) != id(2) || id(2) == id(3) || id(3) != id(4) {
		t.Errorf("MSH-10: %s %s %s %s %s, want the first three and the last two the same", id(0), id(1), id(2), id(3), id(4))
	}
	// A stop in the middle of an exchange would leave its notice for later, which is not what is shown here.
	waitFor(t, func() bool { return len(toldC.FindAllString(s.log.String(), -1)) == 5 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	late := startConsumer(t)
	config.PIX.Consumers[0].Address = late.ln.Addr().String()
	again := testConfig(t)
	again.PIX, again.Data = config.PIX, config.Data
	startServer(t, again, testWorld())
	if told := late.wait(t, 2); !strings.Contains(told[0], "A-2") || strings.Contains(told[0], "B-2") || !strings.Contains(told[1], "B-2") {
		t.Errorf("after the restart the consumer was told %q", told)
	}
	c.wait(t, 5)
}

// forgetting is an audit trail that cannot store the first events.
type forgetting struct {
	actor.Recorder
	mu    sync.Mutex
	fails int
}

// Record fails first.
func (f *forgetting) Record(ctx context.Context, exchange string, events ...atna.Event) error {
	f.mu.Lock()
	f.fails--
	failing := f.fails >= 0
	f.mu.Unlock()
	if failing {
		return store.ErrUnavailable
	}
	return f.Recorder.Record(ctx, exchange, events...)
}

// toldEvents are the audit events of ITI-10.
func toldEvents(t *testing.T, s *testServer) []store.AuditMessage {
	t.Helper()
	found, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{Types: []string{"ITI-10"}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestNotificationIsRecordedOrRepeated: a notice stays until its end is in the audit trail, also one that the consumer refuses.
func TestNotificationIsRecordedOrRepeated(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"AA", "AE"} {
		c := startConsumer(t, answer, answer)
		s := startChanged(t, notifyConfig(t, PIXConsumerConfig{Name: "c", Address: c.ln.Addr().String()}), testWorld(), func(n *node) {
			frame := *n.frame
			frame.Audit = &forgetting{Recorder: n.audit, fails: 1}
			n.notifier.Frame = &frame
		})
		replay(t, s, "iti30/a28-national", "iti30/a28-second-hospital")
		waitFor(t, func() bool { return len(toldEvents(t, s)) == 2 })
		id := func(message string) string { return strings.Split(message, "|")[9] }
		if got := c.wait(t, 3); id(got[0]) != id(got[1]) || id(got[1]) == id(got[2]) {
			t.Errorf("%s: %q, want the first one twice", answer, got)
		}
	}
}

// TestNotificationCutOff: what was on its way to a consumer when the server stopped is in the audit trail, and told again.
func TestNotificationCutOff(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan struct{}, 10)
	go func() { // reads and never answers
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if n, _ := c.Read(make([]byte, 4096)); n > 0 {
				got <- struct{}{}
			}
		}
	}()
	config := notifyConfig(t, PIXConsumerConfig{Name: "c", Address: ln.Addr().String()})
	s := startServer(t, config, testWorld())
	replay(t, s, "iti30/a28-national", "iti30/a28-second-hospital")
	<-got
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	late := startConsumer(t)
	again := testConfig(t)
	again.PIX, again.Data = config.PIX, config.Data
	again.PIX.Consumers = []PIXConsumerConfig{{Name: "c", Address: late.ln.Addr().String()}}
	next := startServer(t, again, testWorld())
	late.wait(t, 2)
	waitFor(t, func() bool { return len(toldEvents(t, next)) == 3 })
}
