package soap

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/quotedprintable"
	"net/http"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

const testEnvelope = `<env:Envelope xmlns:env="` + NamespaceEnvelope + `" xmlns:wsa="` + NamespaceAddressing +
	`"><env:Header><wsa:Action>urn:test:Echo</wsa:Action></env:Header><env:Body><x/></env:Body></env:Envelope>`

// receiveTest reads a message. What the spool keeps has no name, so that nothing is left in the system's directory.
func receiveTest(t testing.TB, contentType string, body io.Reader, lim Limits) (*message, error) {
	in := incoming{header: http.Header{"Content-Type": {contentType}}, length: -1, body: body, lim: lim.withDefaults()}
	m, err := in.receive()
	t.Cleanup(m.close)
	return m, err
}

type testPart struct {
	id      string
	coding  string
	content []byte
}

func (p testPart) write(b *bytes.Buffer) {
	fmt.Fprintf(b, "Content-ID: <%s>\r\nContent-Transfer-Encoding: %s\r\n\r\n", p.id, p.coding)
	switch p.coding {
	case "base64":
		b.WriteString(base64.StdEncoding.EncodeToString(p.content))
	case "quoted-printable":
		w := quotedprintable.NewWriter(b)
		w.Binary = true
		w.Write(p.content) // a bytes.Buffer takes everything
		w.Close()
	default:
		b.Write(p.content)
	}
}

// TestPartsExact: whatever the content, the coding, the place of the root part and the size of the reads, each part comes
// back byte for byte and in order.
func TestPartsExact(t *testing.T) {
	t.Parallel()
	// Pieces that make boundaries, line ends and their beginnings likely.
	piece := rapid.SampledFrom([]string{"\r\n", "\n", "\r", "--", "--B:=1", "\r\n--B:=1x", "\r\n--B:=", "-", "=", " ", "text", "\x00\xff"})
	rapid.Check(t, func(rt *rapid.T) {
		parts := make([]testPart, rapid.IntRange(0, 5).Draw(rt, "parts"))
		for i := range parts {
			var c bytes.Buffer
			for _, s := range rapid.SliceOfN(piece, 0, 12).Draw(rt, "content") {
				c.WriteString(s)
			}
			parts[i] = testPart{fmt.Sprintf("p%d@x", i), rapid.SampledFrom([]string{"binary", "base64", "quoted-printable"}).Draw(rt, "coding"), c.Bytes()}
			if parts[i].coding == "binary" && delimits(parts[i].content) {
				parts[i].coding = "base64"
			}
		}
		rootAt := rapid.IntRange(0, len(parts)).Draw(rt, "root")
		var b bytes.Buffer
		for i := 0; i <= len(parts); i++ {
			if i == rootAt {
				b.WriteString("\r\n--B:=1\r\nContent-Type: application/xop+xml\r\nContent-ID: <root@x>\r\n\r\n" + testEnvelope)
			}
			if i < len(parts) {
				b.WriteString("\r\n--B:=1\r\n")
				parts[i].write(&b)
			}
		}
		b.WriteString("\r\n--B:=1--\r\n")
		var src io.Reader = &b
		if rapid.Bool().Draw(rt, "slow") {
			src = iotest.OneByteReader(src)
		}
		m, err := receiveTest(t, `multipart/related; start="<root@x>"; boundary="B:=1"`, src, Limits{})
		if err != nil {
			rt.Fatal(err)
		}
		for _, want := range parts {
			p, err := m.parts.Next()
			if err != nil {
				rt.Fatal(err)
			}
			got, err := io.ReadAll(p)
			if err != nil || p.ContentID != want.id || !bytes.Equal(got, want.content) || p.Unterminated() {
				rt.Fatalf("part %s = %q, %v; want %s = %q", p.ContentID, got, err, want.id, want.content)
			}
		}
		if _, err := m.parts.Next(); err != io.EOF {
			rt.Fatalf("after the last part: %v, want io.EOF", err)
		}
	})
}

// delimits tells whether content holds a boundary line of the test.
func delimits(content []byte) bool {
	c := append([]byte("\r\n"), content...)
	for {
		_, after, found := bytes.Cut(c, []byte("\r\n--B:=1"))
		if !found {
			return false
		}
		if len(after) == 0 || bytes.ContainsAny(after[:1], " \t\r\n-") {
			return true
		}
		c = after
	}
}

func TestUnterminatedPart(t *testing.T) {
	t.Parallel()
	head := "--B\r\n\r\n" + testEnvelope + "\r\n--B\r\nContent-ID: <d@x>\r\n\r\n"
	for _, tt := range []struct{ tail, want string }{
		{"content", "content"},
		{"content\r\n", "content"}, // taken for the line end of the boundary
		{"content\r\n--", "content"},
		{"content\r\n\r\n", "content\r\n"},
		{"content\r\n-", "content"},
		{"", ""},
	} {
		m, err := receiveTest(t, "multipart/related; boundary=B", bytes.NewBufferString(head+tt.tail), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		p, err := m.parts.Next()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p)
		if string(got) != tt.want || err != nil || !p.Unterminated() {
			t.Errorf("tail %q: got %q, %v, unterminated %v; want %q", tt.tail, got, err, p.Unterminated(), tt.want)
		}
		if _, err := m.parts.Next(); err != io.EOF {
			t.Errorf("tail %q: next part: %v, want io.EOF", tt.tail, err)
		}
	}
}

// TestPartCutByTransport: what the transport does not call complete is never taken for complete.
func TestPartCutByTransport(t *testing.T) {
	t.Parallel()
	text := "--B\r\n\r\n" + testEnvelope + "\r\n--B\r\nContent-ID: <d@x>\r\n\r\ncontent"
	for _, cut := range []int{5, 50, len(text) - 30, len(text) - 3, len(text)} {
		src := io.MultiReader(bytes.NewBufferString(text[:cut]), iotest.ErrReader(io.ErrUnexpectedEOF))
		m, err := receiveTest(t, "multipart/related; boundary=B", src, Limits{})
		for err == nil {
			var p *Part
			if p, err = m.parts.Next(); err == nil {
				_, err = io.ReadAll(p)
			}
		}
		var f *Fault
		if !errors.As(err, &f) || f.Code != CodeSender {
			t.Errorf("cut at %d: got %v, want a Sender fault", cut, err)
		}
	}
}

func TestPartsAfterClose(t *testing.T) {
	t.Parallel()
	m, err := receiveTest(t, "multipart/related; boundary=B", bytes.NewBufferString("--B\r\n\r\n"+testEnvelope+"\r\n--B\r\n\r\nx\r\n--B--"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m.close()
	if _, err := m.parts.Next(); err == nil || err == io.EOF {
		t.Errorf("Next after the end of the message: %v, want an error", err)
	}
}

// FuzzMultipart: no input makes the reader panic, give more than it got, or fail with anything but a fault.
func FuzzMultipart(f *testing.F) {
	f.Add("B", []byte("--B\r\nContent-Type: application/xop+xml\r\n\r\n"+testEnvelope+"\r\n--B\r\nContent-ID: <a@b>\r\n\r\nx\r\n--B--\r\n"))
	f.Add("B", []byte("--B\nContent-Transfer-Encoding: base64\n\nQUJD\n--B\nContent-Transfer-Encoding: quoted-printable\n\n=41=\n\n--B--"))
	f.Add("uuid:1", []byte("--uuid:1\r\n\r\n"+testEnvelope+"\r\n--uuid:1"))
	f.Add("B", []byte("--B\r\nX: \r\n y\r\n\r\n\r\n--B-\r\n--B--"))
	f.Fuzz(func(t *testing.T, boundary string, body []byte) {
		for _, start := range []string{"", `; start="<a@b>"`} {
			m, err := receiveTest(t, "multipart/related; boundary="+quoteParam(boundary)+start, bytes.NewReader(body), Limits{Parts: 4})
			total, parts := 0, 0
			for err == nil {
				var p *Part
				if p, err = m.parts.Next(); err == nil {
					var b []byte
					b, err = io.ReadAll(p)
					total, parts = total+len(b), parts+1
				}
			}
			var fault *Fault
			if err != io.EOF && !errors.As(err, &fault) {
				t.Fatalf("got %v, want io.EOF or a fault", err)
			}
			if total > len(body) || parts > 3 {
				t.Fatalf("%d bytes in %d parts out of %d bytes", total, parts, len(body))
			}
		}
	})
}
