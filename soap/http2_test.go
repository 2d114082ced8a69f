package soap

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestHTTP2: the same messages over TLS and HTTP/2, whose deadlines are timers of the stream.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Limits = Limits{ChunkTimeout: 300 * time.Millisecond}
	s.Operations = append(s.Operations, Operation{Action: "urn:test:Slow", Reply: "urn:test:SlowResponse",
		Handle: func(ctx context.Context, req *Request) (*Response, error) {
			select { // longer than a chunk may take, with the body not yet read
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(450 * time.Millisecond):
			}
			return echo(ctx, req)
		}},
		Operation{Action: "urn:test:Broken", Handle: func(context.Context, *Request) (*Response, error) {
			return documentResponse(zeroDocument(300_000, 300_000, errors.New("veto"))), nil
		}})
	versions := make(chan string, 10)
	ts := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		versions <- r.Proto
		s.ServeHTTP(w, r)
	}))
	ts.EnableHTTP2 = true
	ts.StartTLS()
	t.Cleanup(ts.Close)
	c := &Client{HTTP: ts.Client()}
	content := strings.Repeat("0123456789", 20_000)
	for _, action := range []string{"urn:test:Echo", "urn:test:Slow"} {
		call := echoCall(true, content)
		call.Action = action
		r, err := c.Call(t.Context(), ts.URL, call)
		if err != nil {
			t.Fatalf("%s: %v", action, err)
		}
		p, err := r.Parts.Next()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(p); err != nil || string(b) != content {
			t.Errorf("%s: %d bytes, %v", action, len(b), err)
		}
		r.Close()
	}
	call := echoCall(true)
	call.Action = "urn:test:Broken"
	r, err := c.Call(t.Context(), ts.URL, call)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := r.Parts.Next()
	if err == nil {
		_, err = io.Copy(io.Discard, p)
	}
	var re *ReplyError
	if !errors.As(err, &re) {
		t.Errorf("a broken answer: %v, want a ReplyError", err)
	}
	if v := <-versions; v != "HTTP/2.0" {
		t.Errorf("the test ran over %s", v)
	}
}
