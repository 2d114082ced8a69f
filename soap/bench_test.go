package soap

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"dossier/internal/xmlwire"
)

// BenchmarkSimple is a simple message of 12 KB in and 1 KB out over one kept connection, client included.
func BenchmarkSimple(b *testing.B) {
	s := &Server{Operations: []Operation{{Action: "urn:a", Handle: func(context.Context, *Request) (*Response, error) {
		return XML([]byte("<r>" + strings.Repeat("x", 1000) + "</r>")), nil
	}}}}
	c := &Client{}
	url := "http://" + listen(b, s)
	body := []Segment{{XML: []byte("<q>" + strings.Repeat("<v a='b'>some text</v>", 560) + "</q>")}}
	b.ReportAllocs()
	for b.Loop() {
		r, err := c.Call(b.Context(), url, Call{Action: "urn:a", Body: body})
		if err != nil {
			b.Fatal(err)
		}
		r.Close()
	}
}

// BenchmarkReceive reads the envelope of the same message without a network; the limit is the XML reader alone.
func BenchmarkReceive(b *testing.B) {
	text := replyText("<a:Action>urn:a</a:Action>", "<q>"+strings.Repeat("<v a='b'>some text</v>", 560)+"</q>")
	b.Run("receive", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		b.ReportAllocs()
		for b.Loop() {
			in := incoming{header: http.Header{"Content-Type": {typeSOAPUTF8}}, length: int64(len(text)),
				body: strings.NewReader(text), lim: Limits{}.withDefaults()}
			m, err := in.receive()
			if err != nil {
				b.Fatal(err)
			}
			m.close()
		}
	})
	b.Run("limit", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := xmlwire.Parse([]byte(text), xmlwire.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDocument sends 64 MB each way; the limit is the same bytes through net/http alone.
func BenchmarkDocument(b *testing.B) {
	const size = 64 << 20
	handle := func(_ context.Context, req *Request) (*Response, error) {
		p, err := req.Parts.Next()
		if err == io.EOF {
			return documentResponse(zeroDocument(size, size, io.EOF)), nil
		}
		if err == nil {
			_, err = io.Copy(io.Discard, p)
		}
		return XML([]byte("<x/>")), err
	}
	url := "http://" + listen(b, &Server{Operations: []Operation{{Action: "urn:a", Handle: handle}}})
	c := &Client{}
	call := func(b *testing.B, body []Segment) {
		b.SetBytes(size)
		for b.Loop() {
			r, err := c.Call(b.Context(), url, Call{Action: "urn:a", MTOM: true, Body: body})
			for err == nil {
				var p *Part
				if p, err = r.Parts.Next(); err == nil {
					_, err = io.Copy(io.Discard, p)
				}
			}
			if err != io.EOF {
				b.Fatal(err)
			}
			r.Close()
		}
	}
	b.Run("in", func(b *testing.B) { call(b, documentResponse(zeroDocument(size, size, io.EOF)).Body) })
	b.Run("out", func(b *testing.B) { call(b, []Segment{{XML: []byte("<x/>")}}) })
	b.Run("limit", func(b *testing.B) {
		plain := "http://" + listen(b, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
		b.SetBytes(size)
		for b.Loop() {
			resp, err := http.Post(plain, "text/plain", io.LimitReader(zeros{}, size))
			if err != nil {
				b.Fatal(err)
			}
			resp.Body.Close()
		}
	})
}

// BenchmarkPackage splits a package of 20 MB in memory.
func BenchmarkPackage(b *testing.B) {
	text := append([]byte("--B\r\n\r\n"+testEnvelope+"\r\n--B\r\n\r\n"), bytes.Repeat([]byte("0123456789\r\n--"), 20<<20/14)...)
	text = append(text, "\r\n--B--\r\n"...)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		in := incoming{header: http.Header{"Content-Type": {"multipart/related; boundary=B"}}, length: -1, body: bytes.NewReader(text), lim: Limits{}.withDefaults()}
		m, err := in.receive()
		if err != nil {
			b.Fatal(err)
		}
		p, err := m.parts.Next()
		if err == nil {
			_, err = io.Copy(io.Discard, p)
		}
		if err != nil {
			b.Fatal(err)
		}
		m.close()
	}
}
