package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dossier/internal/golden"
	"dossier/iti"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// consumerV3 is a consumer of ITI-46 that answers as it is told and keeps what it got.
type consumerV3 struct {
	mu      sync.Mutex
	answers []string // acknowledgement/typeCode, one for each message; then CA
	got     []string
	url     string
}

func startConsumerV3(t *testing.T, answers ...string) *consumerV3 {
	t.Helper()
	c := &consumerV3{answers: answers}
	s := httptest.NewServer(c.server())
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *consumerV3) server() *soap.Server {
	return &soap.Server{Operations: []soap.Operation{{
		Action: iti.PIXV3UpdateNotification.Action, Reply: iti.PIXV3UpdateNotification.Reply, Handle: c.handle,
	}}}
}

// handle answers one notification; "-" breaks the connection instead.
func (c *consumerV3) handle(_ context.Context, req *soap.Request) (*soap.Response, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, string(req.Envelope.Bytes[req.Body.Start:req.Body.End]))
	code := hl7v3.AcceptOK
	if len(c.answers) > 0 {
		code, c.answers = c.answers[0], c.answers[1:]
	}
	if code == "-" {
		panic(http.ErrAbortHandler)
	}
	to, _ := hl7v3.Wrapper(req.Body)
	ack := &hl7v3.AcceptAck{Transmission: to, Acknowledgement: hl7v3.Acknowledgement{Type: code, Target: to.ID}}
	ack.Interaction = hl7v3.AcceptAcknowledgement
	return soap.XML(hl7v3.AppendAcceptAck(nil, ack)), nil
}

// wait returns the messages as soon as there are n, and fails when there are more.
func (c *consumerV3) wait(t *testing.T, n int) []string {
	t.Helper()
	for range 1000 {
		c.mu.Lock()
		got := slices.Clone(c.got)
		c.mu.Unlock()
		if len(got) > n {
			t.Fatalf("%d notifications, want %d", len(got), n)
		}
		if len(got) == n {
			return got
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%d notifications did not come", n)
	return nil
}

// told counts the messages that came.
func (c *consumerV3) told() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.got)
}

// messageID is counted with everything else that has an id, so that it depends on how often the outbox was looked at.
var messageID = regexp.MustCompile(`<id root="[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}"/>`)

// TestNotificationsV3 compares what consumers are told by ITI-46 with the recorded notices (ITI TF-2: 3.46.4.1.2).
func TestNotificationsV3(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct{ feed, answers []string }{
		"one-message":  {[]string{"iti44/added-two-ids"}, nil},
		"national":     {[]string{"iti44/added-national", "iti44/added-national-hospital"}, nil},
		"linked-v2":    {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, nil},
		"unlinked-v2":  {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24", "iti30/a37"}, nil},
		"refused":      {[]string{"iti44/added-two-ids"}, []string{hl7v3.AcceptError}},
		"rejected":     {[]string{"iti44/added-two-ids"}, []string{hl7v3.AcceptReject}},
		"not-answered": {[]string{"iti44/added-two-ids"}, []string{"-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startConsumerV3(t, x.answers...)
			s := startServer(t, notifyConfig(t, PIXConsumerConfig{Name: "c", Address: c.url, Device: "2.999.9.30"}), testWorld())
			replay(t, s, x.feed...)
			file := filepath.Join("..", "..", "testdata", "iti46", name, "notices.xml")
			defer s.checkTold(t, "ITI-46", filepath.Dir(file), c.told)
			if golden.Update() {
				time.Sleep(300 * time.Millisecond)
				c.mu.Lock()
				defer c.mu.Unlock()
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				text := messageID.ReplaceAllString(strings.Join(c.got, "\n"), `<id root="00000000-0000-4000-8000-000000000000"/>`)
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := readFile(t, file)
			got := strings.Join(c.wait(t, bytes.Count(want, []byte("\n"))+1), "\n")
			if got = messageID.ReplaceAllString(got, `<id root="00000000-0000-4000-8000-000000000000"/>`); got != string(want) {
				t.Errorf("told\n%s\nwant\n%s", got, want)
			}
			patientNames(t, s)
		})
	}
}

// TestNotificationsV3AreDurable: a consumer that does not answer, or rejects, is told again; one that refuses is not.
func TestNotificationsV3AreDurable(t *testing.T) {
	t.Parallel()
	c := startConsumerV3(t, "-", hl7v3.AcceptReject, hl7v3.AcceptError, "XX")
	s := startServer(t, notifyConfig(t, PIXConsumerConfig{Name: "c", Address: c.url, Device: "2.999.9.30"}), testWorld())
	replay(t, s, "iti44/added-two-ids", "iti44/added-national")
	got := c.wait(t, 5)
	about := func(n int) []string { return regexp.MustCompile(`extension="[AV][^"]*"`).FindAllString(got[n], -1) }
	if !slices.Equal(about(0), about(1)) || !slices.Equal(about(1), about(2)) || slices.Equal(about(2), about(3)) || !slices.Equal(about(3), about(4)) {
		t.Errorf("told of %v, %v, %v, %v, %v: want three times the first and twice the second", about(0), about(1), about(2), about(3), about(4))
	}
	time.Sleep(50 * time.Millisecond)
	c.wait(t, 5)
}
