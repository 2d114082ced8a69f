package soap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// testClient has connections of its own, closed with the test.
func testClient(t *testing.T) *Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &Client{HTTP: &http.Client{Transport: tr}}
}

func echoCall(mtom bool, contents ...string) Call {
	c := Call{Action: "urn:test:Echo", MTOM: mtom, Body: []Segment{{XML: []byte(`<t:Echo xmlns:t="` + testSpace + `">`)}}}
	for _, s := range contents {
		c.Body = append(c.Body, Segment{XML: []byte("<t:Document>")},
			Segment{Document: &Document{ContentType: "text/plain", Size: int64(len(s)), Open: opener(s)}}, Segment{XML: []byte("</t:Document>")})
	}
	c.Body = append(c.Body, Segment{XML: []byte("</t:Echo>")})
	return c
}

// TestRoundTrip sends documents to the echo server and gets them back, in both packagings.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	url := "http://" + listen(t, echoServer(t))
	for _, mtom := range []bool{true, false} {
		for _, contents := range [][]string{nil, {""}, {"one"}, {"first\r\n", strings.Repeat("0123456789", 1000), "\r\n--"}} {
			t.Run(fmt.Sprintf("mtom=%v/%d", mtom, len(contents)), func(t *testing.T) {
				t.Parallel()
				r, err := testClient(t).Call(t.Context(), url, echoCall(mtom, contents...))
				if err != nil {
					t.Fatal(err)
				}
				defer r.Close()
				if r.MTOM != mtom || r.Action != "urn:test:EchoResponse" || r.Body.Attr("to") != url || !strings.HasPrefix(r.MessageID, "urn:uuid:") {
					t.Errorf("got action %s, MTOM %v, to %s, id %s", r.Action, r.MTOM, r.Body.Attr("to"), r.MessageID)
				}
				i := 0
				for d := range r.Body.Children() {
					var src io.Reader = InlineBase64(d)
					if href, ok := Include(d); ok {
						p, err := r.Parts.Next()
						if err != nil {
							t.Fatal(err)
						}
						if src = p; !MatchContentID(href, p.ContentID) || p.ContentType != "text/plain" {
							t.Errorf("part %s of type %s for %s", p.ContentID, p.ContentType, href)
						}
					}
					if b, err := io.ReadAll(src); err != nil || string(b) != contents[i] {
						t.Errorf("document %d = %q, %v; want %q", i, b, err, contents[i])
					}
					i++
				}
				if _, err := r.Parts.Next(); i != len(contents) || err != io.EOF {
					t.Errorf("%d documents for %d, then %v", i, len(contents), err)
				}
			})
		}
	}
}

func TestClientHeader(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	seen := make(chan *Request, 1)
	s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
		seen <- req
		return XML([]byte("<x/>")), nil
	}
	addr := listen(t, s)
	call := echoCall(false)
	call.Header = [][]byte{[]byte(`<wsse:Security xmlns:wsse="` + NamespaceSecurity + `" env:mustUnderstand="1"/>`)}
	c := testClient(t)
	c.NewID = counter()
	r, err := c.Call(t.Context(), "http://"+addr+"/x?y=1", call)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	req := <-seen
	security := req.Header[len(req.Header)-1]
	if !security.Is(NamespaceSecurity, "Security") || req.ReplyTo != Anonymous || req.To != "http://"+addr+"/x?y=1" ||
		req.MessageID != "urn:uuid:00000000-0000-4000-8000-000000000001" || req.URI != "/x?y=1" || req.Host != addr ||
		req.ContentLength != int64(len(req.Envelope.Bytes)) || req.Peer.Addr == "" || req.Peer.Certificate() != nil {
		t.Errorf("got %+v", req)
	}
}

// TestRemoteFault: what the server refuses arrives as the fault it was, marked as the peer's.
func TestRemoteFault(t *testing.T) {
	t.Parallel()
	url := "http://" + listen(t, echoServer(t))
	for action, want := range map[string]Fault{
		"urn:test:Fault":   {Code: CodeSender, Subcode: "wsse:FailedAuthentication", Reason: "who <are> you?", HTTPStatus: 403},
		"urn:test:Error":   {Code: CodeReceiver, Reason: "internal error", HTTPStatus: 500},
		"urn:test:Unheard": {Code: CodeSender, Subcode: "wsa:ActionNotSupported", Reason: "the action urn:test:Unheard is not supported at this endpoint", HTTPStatus: 400},
	} {
		for _, mtom := range []bool{true, false} {
			_, err := testClient(t).Call(t.Context(), url, Call{Action: action, MTOM: mtom, Body: []Segment{{XML: []byte("<x/>")}}})
			var f *Fault
			if !errors.As(err, &f) {
				t.Fatalf("%s: got %v, want a fault", action, err)
			}
			if f.Code != want.Code || f.Subcode != want.Subcode || f.Reason != want.Reason || f.HTTPStatus != want.HTTPStatus || !f.Remote {
				t.Errorf("%s: got %+v, want %+v", action, f, want)
			}
		}
	}
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func replyText(header, body string) string {
	return `<e:Envelope xmlns:e="` + NamespaceEnvelope + `" xmlns:a="` + NamespaceAddressing + `"><e:Header>` + header + `</e:Header><e:Body>` + body + `</e:Body></e:Envelope>`
}

const firstID = "urn:uuid:00000000-0000-4000-8000-000000000001"

// TestReplies: answers of other servers, taken or refused. What is refused is never a fault, because nobody sent one.
func TestReplies(t *testing.T) {
	t.Parallel()
	soap11 := strings.ReplaceAll(replyText("", "<e:Fault><faultcode>e:Client</faultcode></e:Fault>"), NamespaceEnvelope, namespaceEnvelope11)
	fault := "<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code><e:Reason><e:Text xml:lang='de'>nein</e:Text><e:Text xml:lang='en-GB'>no</e:Text></e:Reason></e:Fault>"
	for _, tt := range []struct {
		name, ct, body string
		status         int
		want           string // part of the error, "" for none
		fault          bool
	}{
		{"related", typeSOAP, replyText("<a:RelatesTo> "+firstID+"\n</a:RelatesTo>", "<x/>"), 200, "", false},
		{"unrelated to anything", typeSOAP, replyText("", "<x/>"), 200, "", false},
		{"related to several", typeSOAP, replyText("<a:RelatesTo>urn:other</a:RelatesTo><a:RelatesTo>"+firstID+"</a:RelatesTo>", "<x/>"), 200, "", false},
		{"related to another", typeSOAP, replyText("<a:RelatesTo>urn:other</a:RelatesTo>", "<x/>"), 200, "names another message", false},
		{"status 202 with a message", typeSOAP, replyText("", "<x/>"), 202, "", false},
		{"empty 202", "", "", 202, "Content-Type", false},
		{"empty 200", typeSOAP, "", 200, "not well-formed", false},
		{"html", "text/html", "<html/>", 502, `(HTTP 502): the Content-Type "text/html"`, false},
		{"html 200", "text/html", "<html/>", 200, "Content-Type", false},
		{"redirect", "text/html", "", 307, "(HTTP 307)", false},
		{"no fault but 500", typeSOAP, replyText("", "<x/>"), 500, "no fault", false},
		{"fault", typeSOAP, replyText("", fault), 500, "env:Receiver: no", true},
		{"fault with 200", typeSOAP, replyText("", fault), 200, "env:Receiver: no", true},
		{"fault in a package", "multipart/related; boundary=B", "--B\r\n\r\n" + replyText("", fault) + "\r\n--B--", 500, "env:Receiver: no", true},
		{"fault without anything", typeSOAP, replyText("", "<e:Fault/>"), 500, "soap fault", true},
		{"fault related to another", typeSOAP, replyText("<a:RelatesTo>urn:other</a:RelatesTo>", fault), 500, "names another message", false},
		{"soap 1.1", "text/xml", soap11, 500, "expected Envelope in namespace", false},
		{"cut", typeSOAP, replyText("", "<x/>")[:100], 200, "not well-formed", false},
		{"too large", typeSOAP, replyText("", "<x>"+strings.Repeat(" ", 20_000)+"</x>"), 200, "larger than", false},
		{"no root", `multipart/related; boundary=B; start="<x>"`, "--B\r\nContent-ID: <y>\r\n\r\nz\r\n--B--", 200, "that start names", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testClient(t)
			c.NewID = counter()
			c.Limits.Envelope = 16 << 10
			r, err := c.Call(t.Context(), "http://"+listen(t, answer(tt.status, tt.ct, tt.body)), echoCall(false))
			if err == nil {
				r.Close()
			}
			var f *Fault
			if isFault := errors.As(err, &f); isFault != tt.fault || isFault && !f.Remote {
				t.Errorf("got %v, want a fault: %v", err, tt.fault)
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// TestReplyPartCut: an attachment that the connection loses is an error of the reader, and not a fault.
func TestReplyPartCut(t *testing.T) {
	t.Parallel()
	addr := listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "multipart/related; boundary=B")
		_, _ = io.WriteString(w, "--B\r\n\r\n"+replyText("", "<x/>")+"\r\n--B\r\nContent-ID: <d>\r\n\r\nhalf")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	r, err := testClient(t).Call(t.Context(), "http://"+addr, echoCall(true))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := r.Parts.Next()
	if err == nil {
		_, err = io.ReadAll(p)
	}
	var re *ReplyError
	var f *Fault
	if !errors.As(err, &re) || errors.As(err, &f) || re.Status != 200 {
		t.Errorf("got %v, want a ReplyError", err)
	}
}

// TestSlowPeer: a server that stops in the middle of its answer, or of taking the request, is given up.
func TestSlowPeer(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	stall := func(part string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "multipart/related; boundary=B")
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
			<-release
		}
	}
	for name, h := range map[string]http.HandlerFunc{
		"in the envelope":  stall("--B\r\n\r\n<e:Env"),
		"in an attachment": stall("--B\r\n\r\n" + replyText("", "<x/>") + "\r\n--B\r\n\r\nhalf"),
		"reads no request": func(http.ResponseWriter, *http.Request) { <-release },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testClient(t)
			c.Limits.ChunkTimeout = 100 * time.Millisecond
			call := echoCall(true, "x")
			call.Body[2].Document = zeroDocument(64<<20, 64<<20, io.EOF)
			if name != "reads no request" {
				call = echoCall(true, "x")
			}
			r, err := c.Call(t.Context(), "http://"+listen(t, h), call)
			if err == nil {
				defer r.Close()
				var p *Part
				if p, err = r.Parts.Next(); err == nil {
					_, err = io.ReadAll(p)
				}
			}
			if !errors.Is(err, errSlow) {
				t.Errorf("got %v, want %v", err, errSlow)
			}
		})
	}
}

// TestThinkingPeer: the time a server takes between request and answer is not limited by ChunkTimeout.
func TestThinkingPeer(t *testing.T) {
	t.Parallel()
	c := testClient(t)
	c.Limits.ChunkTimeout = 300 * time.Millisecond
	r, err := c.Call(t.Context(), "http://"+listen(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		select {
		case <-r.Context().Done():
		case <-time.After(500 * time.Millisecond):
		}
		answer(200, typeSOAP, replyText("", "<x/>"))(w, r)
	})), echoCall(true, "document"))
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}

// TestRequestDocumentFails: a request whose document cannot be sent whole reaches no handler as a whole.
func TestRequestDocumentFails(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]*Document{
		"not opened":     {Size: 1, Open: func() (io.ReadCloser, error) { return nil, os.ErrNotExist }},
		"no Open":        {Size: 1},
		"read fails":     zeroDocument(300_000, 300_000, os.ErrNotExist),
		"too short":      zeroDocument(300_000, 299_999, io.EOF),
		"unknown, fails": zeroDocument(-1, 300_000, os.ErrNotExist),
	} {
		for _, mtom := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", name, mtom), func(t *testing.T) {
				t.Parallel()
				s := echoServer(t)
				s.Limits = Limits{}
				handled := make(chan error, 1)
				s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
					p, err := req.Parts.Next()
					if err == nil {
						_, err = io.Copy(io.Discard, p)
					}
					handled <- err
					return nil, err
				}
				call := echoCall(mtom, "x")
				call.Body[2].Document = d
				_, err := testClient(t).Call(t.Context(), "http://"+listen(t, s), call)
				var de *DocumentError
				if !errors.As(err, &de) {
					t.Errorf("got %v, want a DocumentError", err)
				}
				select {
				case err := <-handled:
					if err == nil {
						t.Error("the handler got a complete document")
					}
				default:
				}
			})
		}
	}
}

// TestStaleConnection: a kept connection that the server has closed meanwhile costs no call; the body is made anew.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	addr := listen(t, echoServer(t))
	c := testClient(t)
	var conns []net.Conn
	var mu sync.Mutex
	c.HTTP.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, conn)
		return conn, err
	}
	for i := range 5 {
		for _, mtom := range []bool{true, false} {
			r, err := c.Call(t.Context(), "http://"+addr, echoCall(mtom, "document"))
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				_, err = r.Parts.Next()
			}
			r.Close()
		}
		mu.Lock()
		if len(conns) != i+1 {
			t.Fatalf("%d connections were made, want %d: they are not kept", len(conns), i+1)
		}
		conns[i].Close()
		mu.Unlock()
	}
}

func TestCallErrors(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	var op *net.OpError
	if _, err := testClient(t).Call(t.Context(), "http://"+ln.Addr().String(), echoCall(true, "x")); !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("nobody listens: %v, want the error of the dial", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := testClient(t).Call(ctx, "http://"+ln.Addr().String(), echoCall(true, "x")); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := testClient(t).Call(t.Context(), "http://a b/", echoCall(true)); err == nil {
		t.Error("a URL with a space was taken")
	}
}
