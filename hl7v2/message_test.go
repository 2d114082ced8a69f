package hl7v2_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"dossier/hl7v2"
)

// feed is an ITI-8 message; lines end with CR.
const feed = "MSH|^~\\&|ADT^2.999.10^ISO|WARD|PIX|HOSP|20240229120000+0100||ADT^A04^ADT_A01|M1|P|2.3.1\r" +
	"EVN||20240229120000\r" +
	"PID|||7^^^CITY&2.999.1&ISO~8^^^TOWN||Muster&van^Anna^^^^^L~Alt^Anna^^^^^M||19800203|F|||Weg 1\\T\\2^^Stadt||\"\"|\r" +
	"PV1||I\r"

func parse(t *testing.T, s string) *hl7v2.Message {
	t.Helper()
	m, err := hl7v2.ParseMessage([]byte(s))
	if err != nil {
		t.Fatalf("%.80q: %v", s, err)
	}
	return m
}

func TestAccess(t *testing.T) {
	t.Parallel()
	m := parse(t, feed)
	pid := m.Segment("PID")
	for _, tt := range []struct{ name, got, want string }{
		{"MSH-1", m.Field("MSH", 1).Raw(), "|"},
		{"MSH-2", m.Field("MSH", 2).Raw(), `^~\&`},
		{"MSH-3.2", m.Field("MSH", 3).Component(2), "2.999.10"},
		{"MSH-12", m.Field("MSH", 12).Text(), "2.3.1"},
		{"MSH-18", m.Field("MSH", 18).Text(), ""},
		{"EVN-2", m.Field("EVN", 2).Text(), "20240229120000"},
		{"PID-3", pid.Field(3).Raw(), "7^^^CITY&2.999.1&ISO~8^^^TOWN"},
		{"PID-3[2].1", pid.Field(3).Repetition(2).Component(1), "8"},
		{"PID-3[3].1", pid.Field(3).Repetition(3).Component(1), ""},
		{"PID-3[1].4.2", pid.Field(3).Repetition(1).Subcomponent(4, 2), "2.999.1"},
		{"PID-3[1].4.9", pid.Field(3).Repetition(1).Subcomponent(4, 9), ""},
		{"PID-5.1.1", pid.Field(5).Repetition(1).Subcomponent(1, 1), "Muster"},
		{"PID-5.1", pid.Field(5).Component(1), "Muster&van"},
		{"PID-11.1 unescaped after splitting", pid.Field(11).Component(1), "Weg 1&2"},
		{"PID-11.1.1", pid.Field(11).Repetition(1).Subcomponent(1, 1), "Weg 1&2"},
		{"PID-99", pid.Field(99).Text(), ""},
		{"PID-0", pid.Field(0).Text(), ""},
		{"no segment", m.Field("ZZZ", 1).Text(), ""},
		{"name of no segment", m.Segment("ZZZ").Name(), ""},
		{"name", pid.Name(), "PID"},
		{"message", m.String(), "ADT^A04 of 4 segments"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	if pid.Field(4).IsDelete() || !pid.Field(4).IsEmpty() {
		t.Error("PID-4 is empty, not to be deleted")
	}
	if f := pid.Field(13); !f.IsDelete() || f.IsEmpty() || !f.Repetition(1).IsDelete() {
		t.Error("PID-13 is to be deleted, not empty")
	}
	if m.Segment("ZZZ").Exists() || !m.Segment("PV1").Exists() {
		t.Error("PV1 exists, ZZZ does not")
	}
}

func TestRepetitions(t *testing.T) {
	t.Parallel()
	m := parse(t, "MSH|^~\\&\rPID|||~2~~|^~ |\rNK1|1\rNK1|2\r")
	var got []string
	for r := range m.Field("PID", 3).Repetitions() {
		got = append(got, r.Raw())
	}
	if want := []string{"", "2", "", ""}; !slices.Equal(got, want) {
		t.Errorf("PID-3: got %q, want %q", got, want)
	}
	for r := range m.Field("PID", 1).Repetitions() {
		t.Errorf("PID-1 is empty, but has %q", r.Raw())
	}
	if !m.Field("PID", 4).IsEmpty() || m.Field("PID", 3).IsEmpty() {
		t.Error("PID-4 holds separators and a blank only, PID-3 holds 2")
	}
	got = nil
	for s := range m.Segments() {
		got = append(got, s.Name()+string(rune('0'+s.Sequence())))
	}
	if want := []string{"MSH1", "PID1", "NK11", "NK12"}; !slices.Equal(got, want) {
		t.Errorf("segments: got %q, want %q", got, want)
	}
}

func TestSeparatorsAndSegmentEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, in, pid5, pid6 string }{
		{"CR", "MSH|^~\\&\rPID|||||A|B\r", "A", "B"},
		{"no CR at the end", "MSH|^~\\&\rPID|||||A|B", "A", "B"},
		{"CRLF", "MSH|^~\\&\r\nPID|||||A|B\r\n", "A", "B"},
		{"LF", "MSH|^~\\&\nPID|||||A|B\n", "A", "B"},
		{"blank lines", "MSH|^~\\&\r\r\nPID|||||A|B\r\r", "A", "B"},
		{"LF is text where CR ends segments", "MSH|^~\\&\rPID|||||A\nPID|B\r", "A\nPID", "B"},
		{"other separators", "MSH#!*?+\rPID#####A!1#B?T?*C\r", "A!1", "B+"},
		{"fifth encoding character", "MSH|^~\\&#|\rPID|||||A|B\r", "A", "B"},
		{"escaped CR", "MSH|^~\\&\rPID|||||A\\X0D\\PID|B\r", "A\rPID", "B"},
	} {
		m := parse(t, tt.in)
		if got := m.Field("PID", 5).Text(); got != tt.pid5 {
			t.Errorf("%s: PID-5 = %q, want %q", tt.name, got, tt.pid5)
		}
		if got := m.Field("PID", 6).Text(); got != tt.pid6 {
			t.Errorf("%s: PID-6 = %q, want %q", tt.name, got, tt.pid6)
		}
	}
}

func TestCharset(t *testing.T) {
	t.Parallel()
	msg := func(charset, name string) string {
		return "MSH|^~\\&||||||||||||||||" + charset + "\rPID|||||" + name + "\r"
	}
	for _, tt := range []struct{ charset, name, want string }{
		{"", "M\xc3\xbcller", "Müller"},
		{"", "M\xfcller", "Müller"},
		{"ASCII", "M\xfcller", "Müller"},
		{"UNICODE UTF-8", "M\xc3\xbcller", "Müller"},
		{"utf-8", "M\xc3\xbcller", "Müller"},
		{"8859/1", "M\xfcller", "Müller"},
		{"8859/1", "M\xc3\xbcller", "MÃ¼ller"},
		{"8859/1~UNICODE UTF-8", "M\xfcller", "Müller"},
	} {
		m := parse(t, msg(tt.charset, tt.name))
		if got := m.Field("PID", 5).Text(); got != tt.want {
			t.Errorf("%q %q: got %q, want %q", tt.charset, tt.name, got, tt.want)
		}
	}
	for _, tt := range []struct {
		charset, name string
		code          int
	}{
		{"UNICODE UTF-8", "M\xfcller", hl7v2.CodeDataType},
		{"UNICODE", "M", hl7v2.CodeTableValue},
		{"ISO IR87", "M", hl7v2.CodeTableValue},
		{"8859/15", "M", hl7v2.CodeTableValue},
	} {
		m, err := hl7v2.ParseMessage([]byte(msg(tt.charset, tt.name)))
		var e *hl7v2.Error
		if !errors.As(err, &e) || e.Code != tt.code || e.Segment != "MSH" || e.Field != 18 {
			t.Errorf("%q: got %v, want code %d at MSH-18", tt.charset, err, tt.code)
		}
		if m == nil || m.Segment("PID").Exists() {
			t.Errorf("%q: want a message with MSH only beside the error", tt.charset)
		}
	}
}

func TestParseMessageRefuses(t *testing.T) {
	t.Parallel()
	msh := "MSH|^~\\&|A|B|C|D|20240229||ADT^A01|M1|P|2.3.1\r"
	for _, tt := range []struct {
		name, in, text string
		header         bool // MSH can be answered
	}{
		{"nothing", "", "starts with MSH", false},
		{"no MSH", "PID|1\r", `starts with MSH, got "PID"`, false},
		{"bytes before MSH", "\r" + msh, "starts with MSH", false},
		{"byte order mark", "\ufeff" + msh, "starts with MSH", false},
		{"batch", "FHS|^~\\&\r" + msh, `got "FHS"`, false},
		{"MSH alone", "MSH", "field separator", false},
		{"three encoding characters", "MSH|^~\\|", "four encoding characters", false},
		{"six encoding characters", "MSH|^~\\&#!|", "four encoding characters", false},
		{"no encoding characters", "MSH||", "four encoding characters", false},
		{"equal separators", "MSH|^^\\&|", "different punctuation", false},
		{"field separator again", "MSH|^~|&|", "four encoding characters", false},
		{"letter as separator", "MSHA^~\\&A", "different punctuation", false},
		{"quote as separator", "MSH\"^~\\&\"", "different punctuation", false},
		{"blank as separator", "MSH ^~\\& ", "different punctuation", false},
		{"control character as separator", "MSH|^\x01\\&|", "different punctuation", false},
		{"high byte as separator", "MSH\xa6^~\\&\xa6", "different punctuation", false},
		{"too large", msh + strings.Repeat("x", hl7v2.MaxMessage), "at most 1048576 bytes", false},
		{"second MSH", msh + "PID|1\r" + msh, "another as segment 3", true},
		{"batch trailer", msh + "BTS|1\r", "batch segment BTS", true},
		{"lower case segment", msh + "pid|1\r", `segment 2, got "pid|"`, true},
		{"segment name too long", msh + "PIDX|1\r", "segment 2", true},
		{"segment name too short", msh + "PI\r", "segment 2", true},
		{"digit first", msh + "1ID|\r", "segment 2", true},
		{"component after the name", msh + "PID^1\r", "segment 2", true},
		{"text line", msh + "hello\r", "segment 2", true},
		{"long MSH name", "MSH|^~\\&\rMSHX\r", "segment 2", true},
		{"NUL", msh + "PID|||||a\x00b\r", "0x00", true},
		{"frame start", msh + "PID|||||a\x0bb\r", "0x0B", true},
		{"frame end", msh + "PID|||||a\x1cb\r", "0x1C", true},
		{"too many segments", msh + strings.Repeat("ZZZ\r", hl7v2.MaxSegments), "at most 10000 segments", true},
		{"too many fields", msh + "PID" + strings.Repeat("|", hl7v2.MaxFields+1), "at most 1000 fields", true},
		{"too many repetitions", msh + "PID|" + strings.Repeat("~", hl7v2.MaxRepetitions+1), "at most 1000 repetitions", true},
	} {
		m, err := hl7v2.ParseMessage([]byte(tt.in))
		var e *hl7v2.Error
		if !errors.As(err, &e) || !strings.Contains(e.Text, tt.text) {
			t.Errorf("%s: got %+v, want an error with %q", tt.name, err, tt.text)
			continue
		}
		if (m != nil) != tt.header {
			t.Errorf("%s: got message %v, want one: %v", tt.name, m, tt.header)
		}
		if !tt.header && e.Ack != hl7v2.Reject {
			t.Errorf("%s: got %q, want AR when MSH is unusable", tt.name, e.Ack)
		}
		if m != nil && strings.HasPrefix(tt.in, msh) && m.Field("MSH", 10).Text() != "M1" {
			t.Errorf("%s: MSH-10 = %q, want M1", tt.name, m.Field("MSH", 10).Text())
		}
	}
	// At the limits all is well.
	parse(t, msh+strings.Repeat("ZZZ\r", hl7v2.MaxSegments-1))
	parse(t, msh+"PID"+strings.Repeat("|", hl7v2.MaxFields)+"\rPID|"+strings.Repeat("~", hl7v2.MaxRepetitions))
	parse(t, msh+"NTE|"+strings.Repeat("x", hl7v2.MaxMessage-len(msh)-4))
}

func TestHeader(t *testing.T) {
	t.Parallel()
	got, err := parse(t, feed).Header()
	want := hl7v2.Header{
		SendingApplication: hl7v2.HD{Namespace: "ADT", UniversalID: "2.999.10", UniversalIDType: "ISO"},
		SendingFacility:    hl7v2.HD{Namespace: "WARD"}, ReceivingApplication: hl7v2.HD{Namespace: "PIX"},
		ReceivingFacility: hl7v2.HD{Namespace: "HOSP"}, Time: "20240229120000+0100",
		Type: "ADT", Trigger: "A04", Structure: "ADT_A01", ControlID: "M1", ProcessingID: "P", Version: "2.3.1",
	}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, tt := range []struct {
		rest  string // from MSH-9
		field int
		code  int
	}{
		{"|M1|P|2.5", 9, hl7v2.CodeRequiredFieldMissing},
		{"^A01|M1|P|2.5", 9, hl7v2.CodeRequiredFieldMissing},
		{"ADT^A01||P|2.5", 10, hl7v2.CodeRequiredFieldMissing},
		{"ADT^A01|M1||2.5", 11, hl7v2.CodeRequiredFieldMissing},
		{"ADT^A01|M1|P", 12, hl7v2.CodeRequiredFieldMissing},
		{"ADT^A01|" + strings.Repeat("1", 200) + "|P|2.5", 10, hl7v2.CodeDataType},
	} {
		_, err := parse(t, "MSH|^~\\&|||||||"+tt.rest+"\r").Header()
		var e *hl7v2.Error
		if !errors.As(err, &e) || e.Code != tt.code || e.Field != tt.field || e.Ack != hl7v2.Reject {
			t.Errorf("%.40q: got %v, want AR %d at MSH-%d", tt.rest, err, tt.code, tt.field)
		}
	}
}

func TestRepetitionCX(t *testing.T) {
	t.Parallel()
	m := parse(t, "MSH#!*?+\rPID###7!!!CITY+2.999.1+iso!PI*8!!!TOWN*9*A?T?B^!!!+2.999.1*!!!TOWN*7!!!+x+ISO*\"\"\r")
	var got []string
	for r := range m.Field("PID", 3).Repetitions() {
		c, err := r.CX()
		if err != nil {
			got = append(got, "refused")
			continue
		}
		got = append(got, c.ID+" of "+c.Authority.String())
	}
	want := []string{"7 of CITY&2.999.1&ISO", "8 of TOWN", "9 of ", "A+B^ of &2.999.1&ISO", "refused", "refused", "refused"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzParseMessage(f *testing.F) {
	for _, s := range []string{
		feed, "MSH#!*?+\rPID###7!!!C+2.999+ISO*8\r", "MSH|^~\\&\nPID|\"\"\n", "MSH|^~\\&||||||||||||||||8859/1\rPID|||||\xe9\r",
		"MSH|^~\\&#|\r\nZZZ\r\n", "MSH|^~\\&\rPID|||||A\nB\\X0D\\\r", "FHS|^~\\&\r", "MSH$|~\\&$\\$|$\rPID$\\F\\$|a~^\r",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := hl7v2.ParseMessage(b)
		if err != nil {
			var e *hl7v2.Error
			if !errors.As(err, &e) {
				t.Fatalf("not an *Error: %v", err)
			}
			checkReply(t, m, err)
			return
		}
		checkReply(t, m, nil)
		checkCopy(t, m)
	})
}

// checkCopy writes all fields of m into a new message and reads them again: same segments, same values.
func checkCopy(t *testing.T, m *hl7v2.Message) {
	t.Helper()
	b := hl7v2.NewMessage(hl7v2.Header{Type: "ADT"})
	var from []hl7v2.Segment
	for s := range m.Segments() {
		if s.Name() == "MSH" {
			continue
		}
		from = append(from, s)
		var fields []hl7v2.Value
		for n := range strings.Count(s.Raw(), string(rune(m.Separators().Field))) {
			fields = append(fields, s.Field(n+1))
		}
		b.Segment(s.Name(), fields...)
	}
	out, err := hl7v2.ParseMessage(b.Bytes())
	if err != nil {
		if len(b.Bytes()) > hl7v2.MaxMessage {
			return // escapes made it longer
		}
		t.Fatalf("copy %q: %v", b.Bytes(), err)
	}
	i := -1
	for s := range out.Segments() {
		if i++; i == 0 {
			continue
		}
		if s.Name() != from[i-1].Name() {
			t.Fatalf("segment %d: got %q, want %q", i, s.Raw(), from[i-1].Raw())
		}
		for n := 1; n < 8; n++ {
			for c := 1; c < 4; c++ {
				got, want := s.Field(n).Repetition(1).Subcomponent(c, 1), from[i-1].Field(n).Repetition(1).Subcomponent(c, 1)
				if got != want {
					t.Fatalf("%s-%d.%d: got %q, want %q", s.Name(), n, c, got, want)
				}
			}
		}
	}
	if i != len(from) {
		t.Fatalf("got %d segments, want %d", i, len(from))
	}
}
