package syslog

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)

func TestAppend(t *testing.T) {
	t.Parallel()
	m := Message{Priority: AuditPriority, Time: at, Hostname: "xds.example.org", AppName: "dossier", ProcID: "4711", MsgID: AuditMsgID, Text: []byte("<AuditMessage/>")}
	if got, want := string(m.Append(nil)), "<85>1 2026-01-02T03:04:05.678Z xds.example.org dossier 4711 IHE+RFC-3881 - \ufeff<AuditMessage/>"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	hostile := Message{Priority: AuditPriority, Hostname: "a b\r\n<85>1", AppName: strings.Repeat("x", 60), ProcID: "é"}
	if got, want := string(hostile.Append(nil)), "<85>1 - a_b__<85>1 "+strings.Repeat("x", 48)+" __ - -"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestParse: the examples of RFC 5424 section 6.5 and what stacks of IHE send.
func TestParse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Message{
		"<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \xef\xbb\xbf'su root' failed": {Priority: 34, Time: time.Date(2003, 10, 11, 22, 14, 15, 3e6, time.UTC),
			Hostname: "mymachine.example.com", AppName: "su", MsgID: "ID47", Text: []byte("'su root' failed")},
		"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - %% It's time": {Priority: 165, Time: time.Date(2003, 8, 24, 12, 14, 15, 3e3, time.UTC),
			Hostname: "192.0.2.1", AppName: "myproc", ProcID: "8710", Text: []byte("%% It's time")},
		`<165>1 - - - - - [a@1 k="v \] \" x"][b@1]`: {Priority: 165, Data: `[a@1 k="v \] \" x"][b@1]`},
		"<85>1 - h a p IHE+RFC-3881 - <A>\n</A>":    {Priority: 85, Hostname: "h", AppName: "a", ProcID: "p", MsgID: AuditMsgID, Text: []byte("<A>\n</A>")},
	} {
		got, err := Parse([]byte(in))
		if err != nil || !got.Time.Equal(want.Time) {
			t.Errorf("%q: %v, time %v", in, err, got.Time)
		}
		got.Time, want.Time = time.Time{}, time.Time{}
		if string(got.Text) != string(want.Text) {
			t.Errorf("%q: text %q", in, got.Text)
		}
		got.Text, want.Text = nil, nil
		if got.Priority != want.Priority || got.Hostname != want.Hostname || got.AppName != want.AppName || got.ProcID != want.ProcID || got.MsgID != want.MsgID || got.Data != want.Data {
			t.Errorf("%q:\ngot  %+v\nwant %+v", in, got, want)
		}
	}
	for _, in := range []string{
		"", "<", "<85", "<85>", "<85>1", "<85>1 ", "<192>1 - - - - - -", "<>1 - - - - - -", "<x>1 - - - - - -", "<85>2 - - - - - -", "<85>1 yesterday - - - - -",
		"<85>1 - - - - - ", "<85>1 - - - - - [a", `<85>1 - - - - - [a k="v]`, `<85>1 - - - - - [a k="v\`, "<85>1 - - - - - -x", "<85>1 -  - - - -", "<85>1 - - - - - x",
		"<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
	} {
		if m, err := Parse([]byte(in)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%q: %v, %+v", in, err, m)
		}
	}
}

func TestPayload(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<85>1 - h a p - - \ufeff<AuditMessage/>\n":                          "<AuditMessage/>",
		"<85>Oct 11 22:14:15 host tag: <?xml version='1.0'?><AuditMessage/>": "<?xml version='1.0'?><AuditMessage/>",
		"<85>1 2026-99-99 h a p - - <AuditMessage/>":                         "<AuditMessage/>",
		"<85>Oct 11 22:14:15 host su: failed":                                "",
		"<85>1 - h a p - - just text":                                        "just text",
	} {
		if got := string(Payload([]byte(in))); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestMessageComesBack(t *testing.T) {
	t.Parallel()
	field := rapid.StringMatching(`[!-,.-~][!-~]{0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		m := Message{Priority: rapid.IntRange(0, 191).Draw(t, "priority"), Time: at, Hostname: field.Draw(t, "host"), AppName: field.Draw(t, "app"),
			ProcID: field.Draw(t, "proc"), MsgID: field.Draw(t, "msgid"), Text: []byte("x" + rapid.String().Draw(t, "text"))}
		got, err := Parse(m.Append(nil))
		if err != nil || string(got.Text) != string(m.Text) || got.Hostname != m.Hostname || got.AppName != m.AppName || got.ProcID != m.ProcID || !got.Time.Equal(m.Time) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, got, m)
		}
	})
}

func TestFrames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 5000)
	in := "5 <1>ab" + "<2>line\n" + "\r\n" + string(AppendFrame(nil, []byte(long))) + "<3>to the end"
	r := bufio.NewReader(strings.NewReader(in))
	for _, want := range []string{"<1>ab", "<2>line", long, "<3>to the end"} {
		got, err := readFrame(r, 20000, nil)
		if err != nil || string(got) != want {
			t.Fatalf("%v: %.40q, want %.40q", err, got, want)
		}
	}
	if _, err := readFrame(r, 20000, nil); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
	for in, want := range map[string]error{
		"0 x": ErrFrame, "hello": ErrFrame, "\x16\x03\x01": ErrFrame, "5x<1>ab": ErrFrame, "5 <1>": io.ErrUnexpectedEOF, "5": io.ErrUnexpectedEOF,
		"101 ": ErrTooLarge, "99999999999999999999999 ": ErrTooLarge, "<" + strings.Repeat("x", 200) + "\n": ErrTooLarge, "<" + strings.Repeat("x", 200): ErrTooLarge,
	} {
		if got, err := readFrame(bufio.NewReaderSize(strings.NewReader(in), 16), 100, nil); !errors.Is(err, want) {
			t.Errorf("%.30q: %v, got %.30q", in, err, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("<85>1 2026-01-02T03:04:05.678Z h a p IHE+RFC-3881 - \ufeff<AuditMessage/>"))
	f.Add([]byte(`<165>1 - - - - - [a@1 k="v \] \" x"][b@1] text`))
	f.Add([]byte("12 <85>1 - - - <85>Oct 11 22:14:15 host tag: <AuditMessage/>\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Parse(b); err == nil {
			if m.Priority < 0 || m.Priority > 191 {
				t.Fatalf("priority %d", m.Priority)
			}
			if again, err := Parse(m.Append(nil)); err != nil || !bytes.Equal(again.Text, m.Text) {
				t.Fatalf("%v: %q, then %q", err, m.Text, again.Text)
			}
		}
		Payload(b)
		r := bufio.NewReader(bytes.NewReader(b))
		for {
			frame, err := readFrame(r, 1000, nil)
			if err != nil {
				return
			}
			if len(frame) > 1001 {
				t.Fatalf("a frame of %d bytes", len(frame))
			}
		}
	})
}
