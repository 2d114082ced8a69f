package soap

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"dossier/internal/golden"
	"dossier/internal/xmlwire"
)

// FuzzEnvelope: any text is either a message with one body element or a fault, and the fault is a message itself.
func FuzzEnvelope(f *testing.F) {
	f.Add([]byte(testEnvelope))
	cases, err := filepath.Glob("testdata/*/*/request.http")
	if err != nil || len(cases) == 0 {
		f.Fatal(err)
	}
	for _, name := range cases {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(golden.Body(b))
	}
	table := []Operation{{Action: "urn:test:Echo", Body: xmlwire.Name{Space: testSpace, Local: "Echo"}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := receiveTest(t, "application/soap+xml", bytes.NewReader(text), Limits{})
		if err == nil && m.body == nil {
			t.Fatal("a message without a body element was accepted")
		}
		if err == nil {
			if unknown := m.notUnderstood(nil); len(unknown) > 0 {
				err = MustUnderstand(unknown...)
			} else if err = m.wsa.onlyAnonymous(); err == nil {
				_, err = dispatch(table, m)
			}
		}
		if err == nil {
			return
		}
		var fault *Fault
		if !errors.As(err, &fault) {
			t.Fatalf("got %v, want a fault", err)
		}
		reply := faultMessage(t, fault, m.wsa.messageID)
		if got := reply.body.Name; got != (xmlwire.Name{Space: NamespaceEnvelope, Local: "Fault"}) {
			t.Fatalf("the fault reads as %v", got)
		}
		if remote := remoteFault(reply.body, 0); remote.Code != fault.Code || remote.Subcode != fault.Subcode || remote.Subsubcode != fault.Subsubcode {
			t.Fatalf("the fault %+v reads as %+v", fault, remote)
		}
	})
}

// faultMessage writes a fault and reads it.
func faultMessage(t *testing.T, f *Fault, messageID string) *message {
	t.Helper()
	out := &outgoing{action: f.action(), relatesTo: messageID, header: f.headerBlocks(), body: []Segment{{XML: f.body()}}}
	out.identify(counter())
	var b bytes.Buffer
	if err := writePieces(&b, out.layout()); err != nil {
		t.Fatal(err)
	}
	m, err := receiveTest(t, out.contentType(""), &b, Limits{})
	if err != nil {
		t.Fatalf("the fault is no message: %v", err)
	}
	return m
}

func element(t *testing.T, text string) *xmlwire.Element {
	t.Helper()
	doc, err := xmlwire.Parse([]byte(text), xmlwire.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return doc.Root
}

func TestInclude(t *testing.T) {
	t.Parallel()
	const xop = ` xmlns:x="` + NamespaceXOP + `"`
	for text, want := range map[string]string{
		`<d><x:Include` + xop + ` href="cid:a"/></d>`:                                     "cid:a",
		`<d> <!-- c --><x:Include` + xop + ` href=" CID:a@b "><other/></x:Include></d>`:   "CID:a@b",
		`<d><x:Include` + xop + `/></d>`:                                                  "",
		`<d><x:Include` + xop + ` href="cid:"/></d>`:                                      "",
		`<d><x:Include` + xop + ` href="http://a/"/></d>`:                                 "",
		`<d><x:Include` + xop + ` href="file:///a"/></d>`:                                 "",
		`<d><x:Include` + xop + ` href="a"/></d>`:                                         "",
		`<d><Include href="cid:a"/></d>`:                                                  "",
		`<d><x:Include` + xop + ` href="cid:a"/><x:Include` + xop + ` href="cid:b"/></d>`: "",
		`<d>QUJD<x:Include` + xop + ` href="cid:a"/></d>`:                                 "",
		`<d><in><x:Include` + xop + ` href="cid:a"/></in></d>`:                            "",
		`<d/>`: "",
	} {
		if got, ok := Include(element(t, text)); got != want || ok != (want != "") {
			t.Errorf("Include(%s) = %q, %v, want %q", text, got, ok, want)
		}
	}
}

func TestInlineBase64(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, want string
		ok         bool
	}{
		{"QUJD", "ABC", true},
		{"", "", true},
		{" \r\n\t ", "", true},
		{"QQ = =", "A", true},
		{" Q U\nJ\tD\r\n", "ABC", true},
		{"<![CDATA[QU]]><!-- c -->JD", "ABC", true},
		{"QUJ", "", false},
		{"QUJDR", "", false},
		{"QQ==QQ==", "", false},
		{"=", "", false},
		{"QUI-", "", false},
		{"QUI\u00a0", "", false},
		{"<a/>", "", false},
	} {
		got, err := io.ReadAll(InlineBase64(element(t, "<d>"+tt.text+"</d>")))
		var f *Fault
		if tt.ok && (err != nil || string(got) != tt.want) || !tt.ok && !errors.As(err, &f) {
			t.Errorf("%q = %q, %v; want %q, ok %v", tt.text, got, err, tt.want, tt.ok)
		}
	}
}

// TestInlineBase64Blocks: padding that happens to end a block of the decoder still ends the text.
func TestInlineBase64Blocks(t *testing.T) {
	t.Parallel()
	for n := 1; n < 1100; n += 7 {
		text := string(bytes.Repeat([]byte("QUJD"), n)) + "QQ=="
		if b, err := io.ReadAll(InlineBase64(element(t, "<d>"+text+"</d>"))); err != nil || len(b) != 3*n+1 {
			t.Fatalf("%d blocks: %d bytes, %v", n, len(b), err)
		}
		if _, err := io.ReadAll(InlineBase64(element(t, "<d>"+text+"QUJD</d>"))); err == nil {
			t.Fatalf("%d blocks and text behind the padding: no error", n)
		}
	}
}

func TestFaultError(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	f := SenderFault("reason", cause)
	f.Subcode, f.Subsubcode = "wsa:A", "wsa:B"
	if got, want := f.Error(), "soap fault env:Sender/wsa:A/wsa:B: reason: cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(f, cause) {
		t.Error("the cause is not unwrapped")
	}
}
