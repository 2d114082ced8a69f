package soap

import (
	"bytes"
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/internal/xmlwire"
)

const testSpace = "urn:dossier:test"

// echoServer answers with what it understood, and has operations that fail in each way there is.
func echoServer(t *testing.T) *Server {
	fail := func(name string, h HandlerFunc) Operation {
		return Operation{Action: "urn:test:" + name, Reply: "urn:test:" + name + "Response", Handle: h}
	}
	return &Server{
		Operations: []Operation{
			{Action: "urn:test:Echo", Reply: "urn:test:EchoResponse", Body: xmlwire.Name{Space: testSpace, Local: "Echo"}, MTOM: true, Handle: echo},
			{Action: "urn:test:Other", Reply: "urn:test:OtherResponse", Handle: echo},
			fail("Error", func(context.Context, *Request) (*Response, error) { return nil, errors.New("secret cause") }),
			fail("Panic", func(context.Context, *Request) (*Response, error) { panic("secret value") }),
			fail("Fault", func(context.Context, *Request) (*Response, error) {
				return nil, fmt.Errorf("wrapped: %w", &Fault{Code: CodeSender, Subcode: "wsse:FailedAuthentication",
					Reason: "who <are> you?", HTTPStatus: http.StatusForbidden, Err: errors.New("secret cause")})
			}),
			fail("Relay", func(context.Context, *Request) (*Response, error) {
				return nil, &Fault{Code: CodeSender, Reason: "secret words of another server", Remote: true}
			}),
			fail("OneWay", func(context.Context, *Request) (*Response, error) { return nil, nil }),
			fail("NoDocument", func(context.Context, *Request) (*Response, error) {
				return documentResponse(&Document{Size: 5, Open: func() (io.ReadCloser, error) { return nil, errors.New("secret path") }}), nil
			}),
			fail("UnknownLength", func(context.Context, *Request) (*Response, error) {
				r := documentResponse(&Document{Size: -1, Open: opener(strings.Repeat("0123456789abcdef", 4))})
				r.Body = append(r.Body[:1:1], append([]Segment{{Stream: func(w io.Writer) error {
					_, err := io.WriteString(w, "<t:Note>made on the way</t:Note>")
					return err
				}}}, r.Body[1:]...)...)
				return r, nil
			}),
		},
		Limits: Limits{Envelope: 64 << 10, Body: 256 << 10, Parts: 8, PartHeaders: 12, PartHeaderBytes: 2 << 10,
			ChunkTimeout: 10 * time.Second},
		SpoolDir:    t.TempDir(),
		NewID:       counter(),
		Understands: []xmlwire.Name{{Space: "urn:test:known", Local: "Session"}},
	}
}

// counter gives ids that are the same in each run.
func counter() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n.Add(1)) }
}

func opener(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func documentResponse(d *Document) *Response {
	return &Response{Body: []Segment{
		{XML: []byte(`<t:DocumentResponse xmlns:t="` + testSpace + `"><t:Document>`)},
		{Document: d},
		{XML: []byte(`</t:Document></t:DocumentResponse>`)},
	}}
}

// echo sends each t:Document back, with its size and hash, beside what it read from the headers. An attachment that no
// xop:Include names is refused, as IHE's MTOM transactions have it.
func echo(_ context.Context, req *Request) (*Response, error) {
	parts := map[string][]byte{}
	types := map[string]string{}
	for {
		p, err := req.Parts.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if parts[p.ContentID], err = io.ReadAll(p); err != nil {
			return nil, err
		}
		types[p.ContentID] = p.ContentType
	}
	w := xmlwire.NewWriter(nil)
	w.Start("t:EchoResponse").Attr("xmlns:t", testSpace).Attr("action", req.Action).Attr("messageID", req.MessageID).
		Attr("to", req.To).Attr("body", req.Body.Name.Local)
	resp := &Response{}
	for d := range req.Body.Children() {
		if !d.Is(testSpace, "Document") {
			continue
		}
		content, ct, err := contentOf(d, parts, types)
		if err != nil {
			return nil, err
		}
		w.Start("t:Document").Attr("size", fmt.Sprint(len(content))).Attr("sha1", fmt.Sprintf("%x", sha1.Sum(content)))
		resp.Body = append(resp.Body, Segment{XML: bytes.Clone(w.Pending())},
			Segment{Document: &Document{ContentType: ct, Size: int64(len(content)), Open: opener(string(content))}})
		w = xmlwire.NewWriter(nil).Raw([]byte("</t:Document>"))
	}
	if len(parts) > 0 {
		return nil, SenderFault(fmt.Sprintf("%d parts without xop:Include", len(parts)), nil)
	}
	if len(resp.Body) == 0 {
		return XML(w.End().Bytes()), nil
	}
	resp.Body = append(resp.Body, Segment{XML: append(w.Bytes(), "</t:EchoResponse>"...)})
	return resp, nil
}

// contentOf takes the part that an element refers to out of the map, or decodes inline text.
func contentOf(d *xmlwire.Element, parts map[string][]byte, types map[string]string) ([]byte, string, error) {
	href, ok := Include(d)
	if !ok {
		b, err := io.ReadAll(InlineBase64(d))
		return b, "", err
	}
	for id, b := range parts {
		if MatchContentID(href, id) {
			delete(parts, id)
			return b, types[id], nil
		}
	}
	return nil, "", SenderFault("no part for "+href, nil)
}

// listen runs a server on a real TCP connection.
func listen(t testing.TB, h http.Handler) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(ln) // always ErrServerClosed
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return ln.Addr().String()
}
