package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/internal/golden"
)

// raw sends bytes to an address and returns the status of the answer.
func raw(t *testing.T, addr, request string) int {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%.60q: %v", request, err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// posting is a POST of a body.
func posting(path, contentType, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: dossier.example.org\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", path, contentType, len(body), body)
}

// TestEveryRefusalIsAudited: what is refused before any transaction sees it has one event each, too, whoever refuses it. What
// carries no message has none. TestEveryRequestIsAudited has the others, by all recorded exchanges.
func TestEveryRefusalIsAudited(t *testing.T) { onEach(t, everyRefusalIsAudited) }

func everyRefusalIsAudited(t *testing.T, b backend) {
	c := b.config(t)
	c.Limits.Envelope, c.Limits.Body, c.Limits.MLLPMessage = 2000, 4000, 2000
	c.Audit.Search = searchLoopback
	s := startServer(t, c, testWorld())
	const soap = "application/soap+xml"
	bare := func(line string) string { return line + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" }
	search := "GET /audit/AuditEvent?"
	for _, x := range []struct {
		name, addr, request string
		status              int
		kind                atna.Code
		outcome             atna.Outcome
		events              int
	}{
		{"no SOAP", s.addr(), posting("/xds/registry", "text/plain", "x"), 415, atna.MessageRefused, 8, 1},
		{"no XML", s.addr(), posting("/xds/registry", soap, "x"), 400, atna.MessageRefused, 8, 1},
		{"no envelope", s.addr(), posting("/xds/repository", soap, "<a/>"), 500, atna.MessageRefused, 8, 1}, // VersionMismatch
		{"no action", s.addr(), posting("/pix/manager", soap, `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>`), 400, atna.MessageRefused, 8, 1},
		{"a document type", s.addr(), posting("/pdq/supplier", soap, `<!DOCTYPE a><a/>`), 400, atna.MessageRefused, 8, 1},
		{"large envelope", s.addr(), posting("/xds/registry", soap, strings.Repeat(" ", 3000)), 413, atna.MessageRefused, 8, 1},
		{"large body", s.addr(), posting("/xds/registry", soap, strings.Repeat(" ", 9000)), 413, atna.MessageRefused, 8, 1},
		{"broken MIME", s.addr(), posting("/xds/repository", `multipart/related; type="application/xop+xml"; boundary=b`, "x"), 400, atna.MessageRefused, 8, 1},
		{"no endpoint", s.addr(), posting("/nowhere", soap, "x"), 404, atna.MessageRefused, 8, 1},
		{"path to be cleaned", s.addr(), posting("//xds/registry", soap, "x"), 404, atna.MessageRefused, 8, 1},
		{"below an endpoint", s.addr(), posting("/xds/registry/x", soap, "x"), 404, atna.MessageRefused, 8, 1},
		{"PUT", s.addr(), strings.Replace(posting("/xds/registry", soap, "x"), "POST", "PUT", 1), 405, atna.MessageRefused, 8, 1},
		{"DELETE", s.addr(), bare("DELETE /xds/registry"), 405, atna.MessageRefused, 8, 1},
		{"description", s.addr(), bare("GET /xds/registry?wsdl"), 200, atna.Code{}, 0, 0},
		{"description that is none", s.addr(), bare("GET /xds/registry"), 400, atna.Code{}, 0, 0},
		{"load balancer", s.addr(), bare("GET /"), 404, atna.Code{}, 0, 0},
		{"search", s.admin.Addr().String(), bare(search + "type=110112"), 403, atna.AuditLogUsed, 8, 1}, // by the name "a"
		{"search by loopback", s.admin.Addr().String(), strings.Replace(bare(search+"type=110112"), "Host: a", "Host: localhost", 1), 200, atna.AuditLogUsed, 0, 1},
		{"search that is none", s.admin.Addr().String(), strings.Replace(bare(search+"type="), "Host: a", "Host: localhost", 1), 400, atna.AuditLogUsed, 8, 1},
		{"metrics", s.admin.Addr().String(), bare("GET /metrics"), 200, atna.Code{}, 0, 0},
	} {
		last := s.lastAudit(t)
		if got := raw(t, x.addr, x.request); got != x.status {
			t.Errorf("%s: status %d, want %d", x.name, got, x.status)
		}
		events := s.auditAfter(t, last)
		if len(events) != x.events {
			t.Errorf("%s: %d events, want %d:\n%s", x.name, len(events), x.events, auditLines(events))
			continue
		}
		for _, m := range events {
			id := m.Event.Identification
			if kind := append(id.Types, id.ID)[0]; !kind.Is(x.kind) || id.Outcome != x.outcome {
				t.Errorf("%s: %s with outcome %d, want %s with %d", x.name, kind.Text, id.Outcome, x.kind.Text, x.outcome)
			}
		}
	}
}

// TestPanicIsAudited: what breaks in a handler is one event with outcome 12, and the answer names nothing of it.
func TestPanicIsAudited(t *testing.T) { onEach(t, panicIsAudited) }

func panicIsAudited(t *testing.T, b backend) {
	s := startChanged(t, withDomains(b.config(t)), testWorld(), func(n *node) {
		n.registry.Store, n.repository.Index, n.manager.Core.Index = nil, nil, nil // V3 has the same Core
	})
	for _, name := range []string{"iti18/find-documents-and", "iti42/single", "iti43/one", "iti8/a08", "iti9/found", "iti21/name", "iti44/added", "iti45/all", "iti47/name", "iti51/documents-leaf"} {
		last := s.lastAudit(t)
		answer := s.send(t, oneCase(t, name))
		events := s.auditAfter(t, last)
		if successful(answer) || strings.Contains(string(answer), "nil pointer") {
			t.Errorf("%s: got\n%s", name, answer)
		}
		if len(events) != 1 || events[0].Event.Identification.Outcome != atna.MajorFailure {
			t.Errorf("%s: %d events:\n%s", name, len(events), auditLines(events))
		}
	}
}

// TestSameCount: over a run of everything that can be sent, there are as many events as answers.
func TestSameCount(t *testing.T) {
	t.Parallel()
	s := startServer(t, withDomains(testConfig(t)), testWorld())
	answers, broken := 0, 0 // broken frames have an event, some of them one together (TestBrokenFramesAreAudited)
	for _, c := range cases(t) {
		answer := s.send(t, c)
		switch n := strings.Count(string(answer), "\rMSA|"); {
		case c.Wire != "hl7":
			answers++
		case n > 0:
			answers += n
		default:
			broken++
		}
	}
	refused := []string{posting("/nowhere", "text/xml", "x"), posting("/xds/registry", "text/plain", "x"), posting("/xds/repository", "application/soap+xml", "<")}
	for _, r := range refused {
		raw(t, s.addr(), r)
		answers++
	}
	for range 3 {
		resp, err := http.Get("http://" + s.admin.Addr().String() + "/audit/AuditEvent")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		answers++
	}
	if _, err := golden.SendMLLP(s.feed(), []byte("\x0bMSH|^~\\&|A\r\x1c\r")); err != nil {
		t.Fatal(err)
	}
	answers++
	events := exchangesOf(s.auditTrail(t)[1:]) // the first is the start of the node
	t.Logf("%d answers and %d broken frames, %d events", answers, broken, events)
	if events <= answers || events > answers+broken {
		t.Errorf("%d answers and %d broken frames, %d requests in the audit trail", answers, broken, events)
	}
}
