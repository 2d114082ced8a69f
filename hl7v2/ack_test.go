package hl7v2_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"

	"pgregory.net/rapid"
)

func acknowledger() hl7v2.Acknowledger {
	return hl7v2.Acknowledger{
		Now:         func() time.Time { return time.Date(2024, 2, 29, 12, 0, 0, 0, time.FixedZone("", 3600)) },
		NewID:       func() string { return "R1" },
		Application: hl7v2.HD{Namespace: "DOSSIER"}, Facility: hl7v2.HD{Namespace: "CENTRE"},
	}
}

func TestReply(t *testing.T) {
	t.Parallel()
	v231 := func(extra string) string {
		return "MSH|^~\\&|PIX|HOSP|ADT^2.999.10^ISO|WARD|20240229110000+0000||ACK^A04|R1|P|2.3.1\r" + extra
	}
	v25 := func(extra string) string {
		return "MSH|^~\\&|DOSSIER|CENTRE|Q|X|20240229110000+0000||ACK^A31^ACK|R1|T|2.5\r" + extra
	}
	const m25 = "MSH|^~\\&|Q|X|||20240229||ADT^A31^ADT_A05|M&2|T|2.5\r"
	unknown := &hl7v2.Error{Code: hl7v2.CodeUnknownKey, Segment: "PID", Sequence: 1, Field: 3, Repetition: 1, Component: 4,
		Text: "expected a known authority,\rgot A|B", Err: errors.New("cause")}
	event := &hl7v2.Error{Code: hl7v2.CodeEvent, Segment: "MSH", Sequence: 1, Field: 9, Repetition: 1, Component: 2}
	for _, tt := range []struct {
		name, req string
		err       error
		want      string
	}{
		{"accept 2.3.1", feed, nil, v231("MSA|AA|M1\r")},
		{"accept 2.5", m25, nil, v25("MSA|AA|M&2\r")},
		{"refuse 2.3.1", feed, fmt.Errorf("feed: %w", unknown),
			v231("MSA|AE|M1\rERR|PID^1^3^204&expected a known authority,\\X0D\\got A\\F\\B&HL70357\r")},
		{"refuse 2.5", m25, unknown,
			v25("MSA|AE|M&2\rERR||PID^1^3^1^4|204^Unknown key identifier^HL70357|E||||expected a known authority,\\X0D\\got A\\F\\B\r")},
		{"reject by code 2.3.1", feed, event, v231("MSA|AR|M1\rERR|MSH^1^9^201&Unsupported event code&HL70357\r")},
		{"reject by code 2.5", m25, event, v25("MSA|AR|M&2\rERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E\r")},
		{"two errors 2.3.1", feed, errors.Join(unknown, event),
			v231("MSA|AR|M1\rERR|PID^1^3^204&expected a known authority,\\X0D\\got A\\F\\B&HL70357~MSH^1^9^201&Unsupported event code&HL70357\r")},
		{"two errors 2.5", m25, errors.Join(event, &hl7v2.Error{Code: hl7v2.CodeLocked}),
			v25("MSA|AR|M&2\rERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E\rERR|||206^Application record locked^HL70357|E\r")},
		{"untyped error", m25, errors.New("disk of patient Muster full"),
			v25("MSA|AR|M&2\rERR|||207^Application internal error^HL70357|E||||internal error\r")},
		{"untyped beside typed", m25, errors.Join(unknown, errors.New("secret")),
			v25("MSA|AR|M&2\rERR||PID^1^3^1^4|204^Unknown key identifier^HL70357|E||||expected a known authority,\\X0D\\got A\\F\\B\r" +
				"ERR|||207^Application internal error^HL70357|E||||internal error\r")},
		{"other separators", "MSH#!*?+#A+B!C?T?#W#P!Q##2024##ADT!A04#X|1#P#2.3.1\r", nil,
			"MSH|^~\\&|P^Q|CENTRE|A+B^C+|W|20240229110000+0000||ACK^A04|R1|P|2.3.1\rMSA|AA|X\\F\\1\r"},
		{"not ASCII", "MSH|^~\\&|Ärzte||||||ADT^A04|M1|P|2.3.1\r", nil,
			"MSH|^~\\&|DOSSIER|CENTRE|Ärzte||20240229110000+0000||ACK^A04|R1|P|2.3.1||||||UNICODE UTF-8\rMSA|AA|M1\r"},
		{"empty MSH", "MSH|^~\\&|\r", event,
			"MSH|^~\\&|DOSSIER|CENTRE|||20240229110000+0000||ACK|R1|P|2.5\rMSA|AR\rERR||MSH^1^9^1^2|201^Unsupported event code^HL70357|E\r"},
		{"unsupported version", "MSH|^~\\&|||||||ADT^A04|M1|P|2.8\r", nil,
			"MSH|^~\\&|DOSSIER|CENTRE|||20240229110000+0000||ACK^A04^ACK|R1|P|2.5\rMSA|AA|M1\r"},
	} {
		got := string(acknowledger().Reply(parse(t, tt.req), tt.err))
		if got != tt.want {
			t.Errorf("%s:\n got %q\nwant %q", tt.name, got, tt.want)
		}
	}
}

func TestReplyWithoutMessage(t *testing.T) {
	t.Parallel()
	m, err := hl7v2.ParseMessage([]byte("hello"))
	a := acknowledger()
	a.Version = "2.3.1"
	got := string(a.Reply(m, err))
	want := "MSH|^~\\&|DOSSIER|CENTRE|||20240229110000+0000||ACK|R1|P|2.3.1\rMSA|AR\r" +
		"ERR|MSH^1^^100&expected a message that starts with MSH, got \"hel\"&HL70357\r"
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
}

func TestReplyBoundsErrors(t *testing.T) {
	t.Parallel()
	var all []error
	for range 50 {
		all = append(all, &hl7v2.Error{Code: hl7v2.CodeDataType})
	}
	got := string(acknowledger().Reply(parse(t, "MSH|^~\\&|||||||ADT^A31|M1|P|2.5\r"), errors.Join(all...)))
	if n := strings.Count(got, "\rERR|"); n != 20 {
		t.Errorf("got %d ERR, want 20", n)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	e := &hl7v2.Error{Code: hl7v2.CodeUnknownKey, Segment: "PID", Sequence: 1, Field: 3, Repetition: 2, Component: 4, Text: "secret", Err: cause}
	if got, want := e.Error(), "hl7v2: AE 204 Unknown key identifier at PID[1]-3[2].4: cause"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
	long := strings.Repeat("ä", 100)
	_, err := hl7v2.ParseDTM(long)
	if got, want := err.Error(), `got "`+strings.Repeat("ä", 64)+`..."`; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}

func TestBuilder(t *testing.T) {
	t.Parallel()
	got := string(hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "A|B"}, Time: "20240229", Type: "RSP", Trigger: "K23", Structure: "RSP_K23",
		ControlID: "1", ProcessingID: "P", Version: "2.5", Profile: "x",
	}).
		Segment("QAK", hl7v2.Text("tag\rPID|9"), hl7v2.Text("OK"), nil, hl7v2.Text("")).
		Segment("PID", nil, nil, hl7v2.CX{ID: "7", Authority: hl7v2.HD{Namespace: "C&D", UniversalID: "2.999", UniversalIDType: "ISO"}}.Value(), nil,
			hl7v2.Repeat(hl7v2.Repetition{}, hl7v2.Composite("", "", "", "", "", "", "S")),
			hl7v2.Text(hl7v2.Delete), hl7v2.Text("bad\xffnul\x00")).
		Segment("ZZZ").Bytes())
	want := "MSH|^~\\&|A\\F\\B||||20240229||RSP^K23^RSP_K23|1|P|2.5||||||UNICODE UTF-8|||x\r" +
		"QAK|tag\\X0D\\PID\\F\\9|OK\r" +
		"PID|||7^^^C\\T\\D&2.999&ISO||~^^^^^^S|\"\"|bad\uFFFDnul\uFFFD\r" +
		"ZZZ\r"
	if got != want {
		t.Errorf("\n got %q\nwant %q", got, want)
	}
	for _, name := range []string{"", "PI", "PIDX", "pid", "1AB", "P|D", "PI\r", "MSH", "PÄ"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("segment name %q: no panic", name)
				}
			}()
			hl7v2.NewMessage(hl7v2.Header{}).Segment(name)
		}()
	}
}

// TestNoInjection: whatever text goes in, the message has the segments and fields that were asked for.
func TestNoInjection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hostile := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{
			"x\rPID|||9", "x\\X0D\\PID", "\x1c\r\x0bMSH|", "a~b^c&d|e", "\\", "\\\rMSH", "\n", "\u0085", "\\.br\\",
		}), rapid.StringOf(rapid.RuneFrom([]rune("|^~\\&\r\n\x0b\x1cX0D"))))
		texts := rapid.SliceOfN(hostile, 4, 4).Draw(t, "texts")
		h := hl7v2.Header{SendingApplication: hl7v2.HD{Namespace: texts[0]}, Type: "RSP", Trigger: texts[1], ControlID: texts[2]}
		out := hl7v2.NewMessage(h).
			Segment("QAK", hl7v2.Text(texts[0]), hl7v2.Text("second")).
			Segment("PID", hl7v2.Composite(texts[1], texts[2]), hl7v2.Nested([]string{texts[3], "sub"}, []string{"end"}),
				hl7v2.Repeat(hl7v2.Text(texts[0]), hl7v2.Text("last"))).Bytes()
		m, err := hl7v2.ParseMessage(out)
		if err != nil {
			t.Fatalf("%q: %v", out, err)
		}
		names := ""
		for s := range m.Segments() {
			names += s.Name()
		}
		pid := m.Segment("PID")
		if names != "MSHQAKPID" || m.Field("QAK", 2).Text() != "second" || pid.Field(2).Repetition(1).Subcomponent(1, 2) != "sub" ||
			pid.Field(2).Component(2) != "end" || pid.Field(3).Repetition(2).Text() != "last" || m.Field("MSH", 9).Component(1) != "RSP" {
			t.Fatalf("%q: segments %s", out, names)
		}
		clean := strings.ReplaceAll(strings.ToValidUTF8(texts[3], "\uFFFD"), "\x00", "\uFFFD")
		if got := pid.Field(2).Repetition(1).Subcomponent(1, 1); got != clean {
			t.Fatalf("got %q, want %q", got, clean)
		}
	})
}

// checkReply parses the answer to m and checks that nothing of m became structure of it.
func checkReply(t *testing.T, m *hl7v2.Message, err error) {
	t.Helper()
	reply := acknowledger().Reply(m, err)
	if len(reply) > hl7v2.MaxMessage {
		return // MSH-10 may be as long as the message
	}
	out, perr := hl7v2.ParseMessage(reply)
	if perr != nil {
		t.Fatalf("reply %q: %v", reply, perr)
	}
	names := ""
	for s := range out.Segments() {
		names += s.Name()
	}
	want := "MSHMSA"
	if err != nil {
		want += "ERR"
	}
	if names != want || out.Field("MSH", 10).Text() != "R1" {
		t.Fatalf("reply %q has segments %s, want %s", reply, names, want)
	}
	if m != nil {
		if got, want := out.Field("MSA", 2).Repetition(1).Subcomponent(1, 1), m.Field("MSH", 10).Repetition(1).Subcomponent(1, 1); got != want {
			t.Fatalf("MSA-2.1 = %q, want MSH-10.1 %q", got, want)
		}
	}
}
