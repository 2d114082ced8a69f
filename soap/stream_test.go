package soap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// reader gives n zeros and then err.
type reader struct {
	left int64
	err  error
}

func (r *reader) Read(b []byte) (int, error) {
	if r.left == 0 {
		return 0, r.err
	}
	n := int(min(int64(len(b)), r.left))
	clear(b[:n])
	if r.left -= int64(n); r.left == 0 {
		return n, r.err // the error may come with the last bytes
	}
	return n, nil
}

func (r *reader) Close() error { return nil }

func zeroDocument(announced, actual int64, err error) *Document {
	return &Document{Size: announced, Open: func() (io.ReadCloser, error) { return &reader{actual, err}, nil }}
}

// TestMemory: a large document goes in and out, through client and server, without being held. Not parallel: it counts
// what the whole process allocates.
func TestMemory(t *testing.T) {
	size := int64(256 << 20)
	if testing.Short() {
		size = 32 << 20
	}
	s := echoServer(t)
	s.Limits = Limits{}
	s.Operations[0].Handle = func(_ context.Context, req *Request) (*Response, error) {
		p, err := req.Parts.Next()
		if err != nil {
			return nil, err
		}
		n, err := io.Copy(io.Discard, p)
		if err != nil {
			return nil, err
		}
		return documentResponse(zeroDocument(n, n, io.EOF)), nil
	}
	url := "http://" + listen(t, s)
	c := &Client{HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	r, err := c.Call(t.Context(), url, Call{Action: "urn:test:Echo", MTOM: true, Body: documentResponse(zeroDocument(size, size, io.EOF)).Body})
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Parts.Next()
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, p)
	if err != nil || n != size {
		t.Errorf("%d bytes came back, %v; want %d", n, err, size)
	}
	r.Close()
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
		t.Errorf("%d bytes were allocated for a document of %d", got, size)
	}
}

// TestBrokenDocument: whatever goes wrong with a document after the answer has begun, the peer sees a message cut short.
// The last chunk never leaves before the reader has ended well.
func TestBrokenDocument(t *testing.T) {
	t.Parallel()
	veto := errors.New("hash does not match")
	const size = 300_000
	for _, tt := range []struct {
		name string
		body *Response
	}{
		{"veto with the last byte", documentResponse(zeroDocument(size, size, veto))},
		{"veto, length unknown", documentResponse(zeroDocument(-1, size, veto))},
		{"shorter than announced", documentResponse(zeroDocument(size, size-1, io.EOF))},
		{"longer than announced", documentResponse(zeroDocument(size, size+1, io.EOF))},
		{"panic", documentResponse(&Document{Size: size, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(&reader{size - 1, io.EOF}, panicReader{})), nil
		}})},
		{"second not opened", &Response{Body: []Segment{{XML: []byte("<d>")}, {Document: zeroDocument(size, size, io.EOF)},
			{Document: &Document{Size: 1, Open: func() (io.ReadCloser, error) { return nil, veto }}}, {XML: []byte("</d>")}}}},
		{"close fails", documentResponse(&Document{Size: size, Open: func() (io.ReadCloser, error) { return failingCloser{&reader{size, io.EOF}}, nil }})},
		{"stream fails", &Response{Body: []Segment{{XML: []byte("<d>")}, {Stream: func(w io.Writer) error {
			if _, err := w.Write(make([]byte, size)); err != nil {
				return err
			}
			return veto
		}}, {XML: []byte("</d>")}}}},
	} {
		for _, mtom := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/mtom=%v", tt.name, mtom), func(t *testing.T) {
				t.Parallel()
				s := echoServer(t)
				sent := make(chan error, 2)
				s.Operations[0].Handle = func(context.Context, *Request) (*Response, error) {
					return &Response{Body: tt.body.Body, Sent: func(err error) { sent <- err }}, nil
				}
				body, err := rawReply(t, "http://"+listen(t, s), mtom)
				if err == nil {
					t.Errorf("the answer of %d bytes looks complete", len(body))
				}
				if strings.Contains(body, "</env:Envelope>") != (mtom && tt.name != "stream fails") || strings.HasSuffix(body, "--\r\n") {
					t.Errorf("the answer ends with %q", body[max(0, len(body)-40):])
				}
				if len(body) > 2*size+2000 {
					t.Errorf("%d bytes were sent", len(body))
				}
				if err := <-sent; err == nil {
					t.Error("Sent was told of success")
				}
				if len(sent) != 0 {
					t.Error("Sent was called twice")
				}
			})
		}
	}
}

type panicReader struct{}

func (panicReader) Read([]byte) (int, error) { panic("secret") }

type failingCloser struct{ io.Reader }

func (failingCloser) Close() error { return errors.New("close failed") }

// rawReply posts a message and returns the bytes of the answer and how they ended.
func rawReply(t *testing.T, url string, mtom bool) (string, error) {
	t.Helper()
	out := &outgoing{action: "urn:test:Echo", mtom: mtom, body: []Segment{{XML: []byte("<x/>")}}}
	out.identify(counter())
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, newBody(out.layout()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", out.contentType(""))
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	b, err := io.ReadAll(resp.Body)
	return string(b), err
}

// TestVetoHoldsLastChunk: of a document that is vetoed, the last 64 KiB stay here even where the length is known.
func TestVetoHoldsLastChunk(t *testing.T) {
	t.Parallel()
	for _, size := range []int64{1, chunk - 1, chunk, chunk + 1, 3 * chunk, 5*chunk + 17} {
		var w countingWriter
		err := relay(&w, &reader{size, errors.New("veto")}, size)
		var de *DocumentError
		if !errors.As(err, &de) || w.n > size-min(size, chunk) && w.n != size-size%chunk {
			t.Errorf("size %d: %d bytes sent, %v", size, w.n, err)
		}
		if w.n >= size {
			t.Errorf("size %d: all bytes sent", size)
		}
		w.n = 0
		if err := relay(&w, &reader{size, io.EOF}, size); err != nil || w.n != size {
			t.Errorf("size %d: %d bytes sent, %v", size, w.n, err)
		}
		if err := relay(&w, &reader{size, nil}, size); !errors.Is(err, io.ErrNoProgress) {
			t.Errorf("size %d: a reader that stalls: %v", size, err)
		}
	}
}

type countingWriter struct{ n int64 }

func (c *countingWriter) Write(b []byte) (int, error) { c.n += int64(len(b)); return len(b), nil }

// TestContentLength: it is exact whenever all lengths are known, and absent when one is not.
func TestContentLength(t *testing.T) {
	t.Parallel()
	for _, mtom := range []bool{true, false} {
		for _, size := range []int64{0, 1, 2, 3, 100_000, 100_001} {
			for _, known := range []bool{true, false} {
				announced := size
				if !known {
					announced = -1
				}
				out := &outgoing{action: "urn:a", mtom: mtom, body: documentResponse(zeroDocument(announced, size, io.EOF)).Body}
				out.identify(newUUID)
				var w countingWriter
				pieces := out.layout()
				if err := writePieces(&w, pieces); err != nil {
					t.Fatal(err)
				}
				if got := length(pieces); known && got != w.n || !known && got != -1 {
					t.Errorf("mtom %v, size %d, known %v: length %d, written %d", mtom, size, known, got, w.n)
				}
			}
		}
	}
}

// TestChunkedAnswer: an answer of unknown length that does not fit the first chunk is chunked, and complete.
func TestChunkedAnswer(t *testing.T) {
	t.Parallel()
	s := echoServer(t)
	s.Operations[0].Handle = func(context.Context, *Request) (*Response, error) {
		return &Response{Body: []Segment{{XML: []byte("<d>")}, {Stream: func(w io.Writer) error {
			for range 1000 {
				if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
					return err
				}
			}
			return nil
		}}, {XML: []byte("</d>")}}}, nil
	}
	body, err := rawReply(t, "http://"+listen(t, s), false)
	if err != nil || !strings.HasSuffix(body, "x</d></env:Body></env:Envelope>") || len(body) < 1_000_000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}

// TestCleanType: metadata cannot add header lines to a part.
func TestCleanType(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": typeBinary, " ": typeBinary, "text/plain": "text/plain", "text/plain; charset=utf-8": "text/plain; charset=utf-8",
		"a/b\r\nX-Evil: 1": "a/bX-Evil: 1", "a/b\x00\x7fü": "a/b",
	} {
		if got := cleanType(in); got != want {
			t.Errorf("cleanType(%q) = %q, want %q", in, got, want)
		}
	}
}
