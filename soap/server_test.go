package soap

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

func post(t *testing.T, s *Server, contentType, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://server.example.org/echo", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	w := httptest.NewRecorder() // has no deadlines: the server works all the same
	s.ServeHTTP(w, r)
	return w
}

// TestRefusedHook: every message that no handler sees is reported once, with what is known of it.
func TestRefusedHook(t *testing.T) {
	t.Parallel()
	var got []string
	s := echoServer(t)
	s.Refused = func(_ context.Context, req *Request, f *Fault) {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s", f.Code, f.Subcode, req.Action, req.MessageID, req.URI))
	}
	header := func(more string) string {
		return replyText("<a:Action>urn:test:Echo</a:Action><a:MessageID>m1</a:MessageID>"+more, "<x/>")
	}
	post(t, s, "image/png", "")
	post(t, s, typeSOAP, "no XML")
	post(t, s, typeSOAP, header("<y e:mustUnderstand='1'/>"))
	post(t, s, typeSOAP, header("<a:ReplyTo><a:Address>http://x/</a:Address></a:ReplyTo>"))
	post(t, s, typeSOAP, strings.ReplaceAll(header(""), "Echo", "None"))
	post(t, s, typeSOAP, strings.ReplaceAll(header(""), "Echo", "Error")) // the handler's own
	post(t, s, typeSOAP, header(""))
	const uri = "http://server.example.org/echo"
	want := []string{
		"env:Sender||||" + uri,
		"env:Sender||||" + uri,
		"env:MustUnderstand||urn:test:Echo|m1|" + uri,
		"env:Sender|wsa:InvalidAddressingHeader|urn:test:Echo|m1|" + uri,
		"env:Sender|wsa:ActionNotSupported|urn:test:None|m1|" + uri,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestFaultHook words the errors of handlers; faults of our own it never sees.
func TestFaultHook(t *testing.T) {
	t.Parallel()
	for action, want := range map[string]string{
		"Error": "reference 7", "Panic": "reference 7", "Relay": "reference 7", "NoDocument": "reference 7", "Fault": "who &lt;are&gt; you?",
	} {
		s := echoServer(t)
		var seen error
		s.Fault = func(_ context.Context, req *Request, err error) *Fault {
			seen = err
			return ReceiverFault("reference 7", err)
		}
		w := post(t, s, typeSOAP, replyText("<a:Action>urn:test:"+action+"</a:Action>", "<x/>"))
		if !strings.Contains(w.Body.String(), want) || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: got %s, want %q", action, w.Body, want)
		}
		var p *PanicError
		if errors.As(seen, &p) != (action == "Panic") {
			t.Errorf("%s: the hook saw %v", action, seen)
		}
		if p != nil && (p.Value != "secret value" || !bytes.Contains(p.Stack, []byte("echo_test.go"))) {
			t.Errorf("panic %v without value or stack", p)
		}
	}
}

func TestFaultHookWithoutOpinion(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Fault = func(context.Context, *Request, error) *Fault { return nil }
	w := post(t, s, typeSOAP, replyText("<a:Action>urn:test:Error</a:Action>", "<x/>"))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), ">internal error<") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

// TestSentHook: success is told once and after the answer.
func TestSentHook(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	var told []error
	s.Operations[0].Handle = func(context.Context, *Request) (*Response, error) {
		r := XML([]byte("<x/>"))
		r.Sent = func(err error) { told = append(told, err) }
		return r, nil
	}
	post(t, s, typeSOAP, testEnvelope)
	if len(told) != 1 || told[0] != nil {
		t.Errorf("Sent was told %v", told)
	}
}

func TestPeerCertificate(t *testing.T) {
	t.Parallel()
	cert := &x509.Certificate{Raw: []byte("x")}
	p := Peer{TLS: &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert, {}}}}
	if p.Certificate() != cert || (Peer{TLS: &tls.ConnectionState{}}).Certificate() != nil {
		t.Error("want the first certificate, or none")
	}
}

// TestKeptConnection: a connection serves one message after the other, refusals of short messages included, and no
// deadline of one request is left for the next.
func TestKeptConnection(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits.ChunkTimeout = 300 * time.Millisecond
	addr := listen(t, s)
	conn := dial(t, addr)
	for i, text := range []string{testEnvelope, "no XML", testEnvelope, strings.ReplaceAll(testEnvelope, "Echo", "Error"), testEnvelope} {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		status, body := rawAnswer(t, conn)
		if (status == http.StatusOK) != (text == testEnvelope) {
			t.Fatalf("message %d: got %d %s", i, status, body)
		}
		// Longer than a chunk may take: what is measured must be the chunk, not the silence between two messages.
		timer := time.NewTimer(350 * time.Millisecond)
		<-timer.C
	}
}

// TestEarlyAnswer: a sender that does not listen before it has sent everything still gets the reason of a refusal.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits = Limits{}
	conn := dial(t, listen(t, s))
	text := "--B\r\n\r\nno XML\r\n--B\r\n\r\n" + strings.Repeat("x", 3<<20) + "\r\n--B--"
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/related; boundary=B\r\nContent-Length: %d\r\n\r\n", len(text))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatalf("the server closed while we were sending: %v", err)
	}
	if status, body := rawAnswer(t, conn); status != http.StatusBadRequest {
		t.Errorf("got %d %s", status, body)
	}
}

func TestNewUUID(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		id := newUUID()
		if !form.MatchString(id) || seen[id] {
			t.Fatalf("got %s", id)
		}
		seen[id] = true
	}
	if (&Server{}).newID() == (&Server{}).newID() {
		t.Error("two ids are the same")
	}
}
