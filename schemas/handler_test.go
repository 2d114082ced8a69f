package schemas

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func serve(t *testing.T, wsdl string, r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	Handler(wsdl).ServeHTTP(w, r)
	return w
}

func TestHandlerFiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		wsdl, target string
		want         string // in the text
	}{
		{Registry, "/xds/registry?wsdl", `location="http://example.com/xds/registry"`},
		{Registry, "/xds/registry?WSDL", `location="http://example.com/xds/registry"`},
		{Registry, "/xds/registry?wsdl=", `schemaLocation="http://example.com/xds/registry?xsd=lcm.xsd"`},
		{Registry, "/xds/registry?x=1&Wsdl=1", `schemaLocation="http://example.com/xds/registry?xsd=query.xsd"`},
		{Registry, "/xds/registry?xsd=rim.xsd&wsdl", `name="DocumentRegistry"`},
		{Repository, "/a/b/repo?wsdl", `location="http://example.com/a/b/repo"`},
		{Repository, "/xds/repository?xsd=rim.xsd", `schemaLocation="http://example.com/xds/repository?xsd=xml.xsd"`},
		{Repository, "/xds/repository?XSD=rs.xsd", `targetNamespace="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"`},
		{Repository, "/xds/repository?XSD=rs.xsd&xsd=rim.xsd", `targetNamespace="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"`},
		{Repository, "/r?xsd=XDS.b_DocumentRepository.xsd", `targetNamespace="urn:ihe:iti:xds-b:2007"`},
	} {
		t.Run(c.target, func(t *testing.T) {
			t.Parallel()
			w := serve(t, c.wsdl, httptest.NewRequest("GET", c.target, nil))
			if w.Code != 200 || w.Header().Get("Content-Type") != "text/xml; charset=utf-8" {
				t.Fatalf("got %d %q, want 200 text/xml; charset=utf-8", w.Code, w.Header().Get("Content-Type"))
			}
			parse(t, w.Body.String())
			if !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("no %s in\n%s", c.want, w.Body)
			}
			if strings.Contains(w.Body.String(), "localhost") {
				t.Error("the placeholder address is still there")
			}
		})
	}
}

func TestHandlerRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, target string
		status         int
		want           string
	}{
		{"GET", "/xds/registry", 400, "/xds/registry?wsdl"},
		{"GET", "/xds/registry?", 400, "POST SOAP 1.2"},
		{"GET", "/xds/registry?wsd", 400, "ITI-42"},
		{"GET", "/%3Cb%3E", 400, "/%3Cb%3E?wsdl"},
		{"GET", "/xds/registry?xsd=", 404, "no schema"},
		{"GET", "/xds/registry?xsd=RIM.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=rmd.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=" + Registry, 404, "no schema"},
		{"GET", "/xds/registry?xsd=schemas.go", 404, "no schema"},
		{"GET", "/xds/registry?xsd=./rim.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=../schemas/rim.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=testdata%2Fx.xsd", 404, "no schema"},
		{"GET", "/xds/registry?xsd=rim.xsd%00.xsd", 404, "no schema"},
		{"POST", "/xds/registry?wsdl", 405, "GET or HEAD"},
		{"DELETE", "/xds/registry", 405, "GET or HEAD"},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			t.Parallel()
			w := serve(t, Registry, httptest.NewRequest(c.method, c.target, nil))
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
				t.Errorf("got %d %q, want %d and %q", w.Code, w.Body, c.status, c.want)
			}
			if got := w.Header().Get("Content-Type"); got != "text/plain; charset=utf-8" {
				t.Errorf("Content-Type: got %q, want plain text", got)
			}
			if got := w.Header().Get("X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("X-Content-Type-Options: got %q, want nosniff", got)
			}
			if c.status == 405 && w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("Allow: got %q, want GET, HEAD", w.Header().Get("Allow"))
			}
		})
	}
}

func TestHandlerScheme(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest("GET", "/xds/registry?wsdl", nil)
	r.TLS = new(tls.ConnectionState)
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("X-Forwarded-Proto", "gopher")
	r.Header.Set("Forwarded", "host=evil.example;proto=gopher")
	body := serve(t, Registry, r).Body.String()
	if !strings.Contains(body, `location="https://example.com/xds/registry"`) {
		t.Errorf("no https address in\n%s", body)
	}
	if strings.Contains(body, "evil") || strings.Contains(body, "gopher") {
		t.Errorf("a forwarding header was believed:\n%s", body)
	}
}

// The path is part of the address, whatever it holds.
func TestHandlerPathIsEscaped(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ path, want string }{
		{"/a&b'c", "http://example.com/a&amp;b&#39;c"},
		{"/%22%3E%3Cx/", "http://example.com/%22%3E%3Cx/"},
		{"//evil.example/x", "http://example.com//evil.example/x"},
		{"/$1$$", "http://example.com/$1$$"},
	} {
		r := httptest.NewRequest("GET", "http://example.com"+c.path+"?wsdl", nil)
		body := serve(t, Registry, r).Body.String()
		parse(t, body)
		if !strings.Contains(body, addressMark+c.want+`"`) {
			_, got, _ := strings.Cut(body, addressMark)
			t.Errorf("%s: got address %.60q, want %q", c.path, got, c.want)
		}
	}
}

var goodHosts = []string{
	"example.com", "EXAMPLE.com:443", "localhost:8080", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[2001:db8::1]:8443",
	"xds_registry:80", "a-b.c.", "[::ffff:192.0.2.1]:1",
}

var badHosts = []string{
	"", ":", ":80", "a b", `a"b`, "a'b", "a<b>", "a>", "a&b", "a/b", "a?b", "a#b", "user@host", "user:pw@host", "a:b", "a:", "a:0",
	"a:65536", "a:-1", "a:+1", "a:1:2", "a%41", "::1", "[::1", "::1]", "[a]", "[]", "[]:80", "[fe80::1%25eth0]", "[fe80::1%<b>]:80",
	"[1.2.3.4]", "[::1]x", "[::1]]:1", "x[::1]:1", "a\r\nb", "a\x00", "a\xff", "bücher.example", "a\\b", "a,b", "a;b", "{{.}}", "*",
	strings.Repeat("a", 260), "a:" + strings.Repeat("1", 300),
}

func TestHostileHosts(t *testing.T) {
	t.Parallel()
	for _, host := range badHosts {
		for _, query := range []string{"?wsdl", "?xsd=rim.xsd"} {
			r := httptest.NewRequest("GET", "/xds/registry"+query, nil)
			r.Host = host
			w := serve(t, Registry, r)
			if w.Code != 400 || !strings.Contains(w.Body.String(), "want a Host header") {
				t.Errorf("Host %q: got %d, want 400", host, w.Code)
			}
			if len(host) > 2 && strings.Contains(w.Body.String(), host) {
				t.Errorf("Host %q is reflected: %q", host, w.Body)
			}
		}
	}
	for _, host := range goodHosts {
		r := httptest.NewRequest("GET", "/xds/registry?wsdl", nil)
		r.Host = host
		if w := serve(t, Registry, r); w.Code != 200 || !strings.Contains(w.Body.String(), `"http://`+host+`/xds/registry"`) {
			t.Errorf("Host %q: got %d, want 200 and the address with it", host, w.Code)
		}
	}
}

// Over TCP: what net/http lets through of a raw request, and HEAD.
func TestHandlerOnTheWire(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(Handler(Repository))
	t.Cleanup(server.Close)
	addr := server.Listener.Addr().String()
	for _, c := range []struct {
		name, request string
		status        int
	}{
		{"quote in Host", "GET /r?wsdl HTTP/1.1\r\nHost: a\"><x\r\nConnection: close\r\n\r\n", 400},
		{"script in Host", "GET /r?wsdl HTTP/1.1\r\nHost: <script>\r\nConnection: close\r\n\r\n", 400},
		{"no Host", "GET /r?wsdl HTTP/1.0\r\n\r\n", 400},
		{"absolute form", "GET http://other.example/r?wsdl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200},
		{"HEAD", "HEAD /r?wsdl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, c.request)
			method, _, _ := strings.Cut(c.request, " ")
			resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status {
				t.Fatalf("got %d (%v), want %d", resp.StatusCode, err, c.status)
			}
			if strings.ContainsAny(string(body), "<>") && c.status != 200 {
				t.Errorf("markup is reflected: %q", body)
			}
			if method == "HEAD" && (len(body) != 0 || resp.ContentLength < 1000) {
				t.Errorf("HEAD: got %d bytes and Content-Length %d, want none and that of GET", len(body), resp.ContentLength)
			}
		})
	}
}

func TestHandlerPanicsOnUnknownWSDL(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "rim.xsd", "nothing.wsdl", "../schemas/" + Registry} {
		func() {
			defer func() {
				if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), Registry) {
					t.Errorf("Handler(%q): got panic %v, want one that names %s", name, p, Registry)
				}
			}()
			Handler(name)
		}()
	}
}

// A host and port that Go itself builds is plain; what follows from a plain one is safe to write into an attribute.
func TestPlainHostProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		host := rapid.StringMatching(`[a-z0-9]{1,10}(\.[a-z0-9-]{1,10}){0,3}`).Draw(t, "host")
		port := rapid.IntRange(1, 65535).Draw(t, "port")
		if s := net.JoinHostPort(host, fmt.Sprint(port)); !plainHost(host) || !plainHost(s) {
			t.Errorf("%q: got refused, want plain", s)
		}
		bad := rapid.SampledFrom([]string{`"`, "'", "<", ">", "&", "/", "\\", " ", "\n", "@", "?", "#", "%"}).Draw(t, "bad")
		cut := rapid.IntRange(0, len(host)).Draw(t, "cut")
		if s := host[:cut] + bad + host[cut:]; plainHost(s) {
			t.Errorf("%q: got plain, want refused", s)
		}
	})
}

func FuzzPlainHost(f *testing.F) {
	for _, s := range append(append([]string{}, goodHosts...), badHosts...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !plainHost(s) {
			return
		}
		if strings.ContainsAny(s, "\"'<>&/\\?#@% \t\r\n") {
			t.Fatalf("%q has a character that is not for a host", s)
		}
		r := httptest.NewRequest("GET", "/p?wsdl", nil)
		r.Host = s
		if base, ok := baseURL(r); !ok || base != "http://"+s+"/p" {
			t.Fatalf("base of %q: got %q, %v", s, base, ok)
		}
	})
}
