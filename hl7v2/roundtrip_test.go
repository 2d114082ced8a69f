package hl7v2_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"dossier/hl7v2"

	"pgregory.net/rapid"
)

// word is text as it may stand in a component: separators and all, but no control characters or outer blanks.
func word() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		s := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune(`|^~\&"aZ 9.`)), rapid.RuneFrom(nil, unicode.L, unicode.S))).Draw(t, "word")
		return strings.TrimSpace(s)
	})
}

func oid() *rapid.Generator[string] {
	return rapid.StringMatching(`2\.999(\.(0|[1-9][0-9]{0,4})){1,5}`)
}

func TestEscape(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ plain, escaped string }{
		{"plain é", "plain é"},
		{`|^&~\`, `\F\\S\\T\\R\\E\`},
		{"a\rb\nc", `a\X0D\b\X0A\c`},
		{"\x0b\x1c\t", `\X0B\\X1C\\X09\`},
		{`\F\`, `\E\F\E\`},
	} {
		if got := hl7v2.Escape(tt.plain); got != tt.escaped {
			t.Errorf("Escape(%q) = %q, want %q", tt.plain, got, tt.escaped)
		}
		if got := hl7v2.Unescape(tt.escaped); got != tt.plain {
			t.Errorf("Unescape(%q) = %q, want %q", tt.escaped, got, tt.plain)
		}
	}
}

func TestUnescapeLenient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{`a\.br\b`, "a\nb"}, {`\X4142\`, "AB"}, {`\XC3A9\`, "é"}, {`\Xe9\`, "é"},
		{`\X00\`, `\X00\`}, {`\X4100\`, `\X4100\`}, {`\X\`, `\X\`}, {`\X4\`, `\X4\`}, {`\XGG\`, `\XGG\`},
		{`\`, `\`}, {`\\`, `\\`}, {`a\`, `a\`}, {`\F`, `\F`}, {`\f\`, `\f\`}, {`\H\bold\N\`, `\H\bold\N\`},
		{`DOM\user\F\x`, `DOM\user|x`}, {`\\F\`, `\|`}, {`\E\F\E\`, `\F\`},
	} {
		if got := hl7v2.Unescape(tt.in); got != tt.want {
			t.Errorf("Unescape(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestEscapeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := strings.ReplaceAll(rapid.String().Draw(t, "s"), "\x00", "")
		e := hl7v2.Escape(s)
		if i := strings.IndexAny(e, "|^~&\r\n\x0b\x1c"); i >= 0 {
			t.Fatalf("Escape(%q) = %q still holds %q", s, e, e[i])
		}
		if got := hl7v2.Unescape(e); got != s {
			t.Fatalf("Escape(%q) = %q, back %q", s, e, got)
		}
	})
}

func TestCXRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := word().Filter(func(s string) bool { return s != "" && s != hl7v2.Delete }).Draw(t, "id")
		c := hl7v2.CX{ID: id, Authority: hl7v2.HD{Namespace: word().Draw(t, "ns"), UniversalID: oid().Draw(t, "oid"), UniversalIDType: "ISO"}}
		got, err := hl7v2.ParseCX(c.String())
		if err != nil || !got.Equal(c) || got.String() != c.String() || got.Authority.Namespace != "" {
			t.Fatalf("%q: got %+v, %v", c, got, err)
		}
		// The form of PID-3 keeps everything.
		msg, err := hl7v2.ParseMessage(hl7v2.NewMessage(hl7v2.Header{}).Segment("PID", nil, nil, c.Value()).Bytes())
		if err != nil {
			t.Fatal(err)
		}
		back, err := msg.Field("PID", 3).Repetition(1).CX()
		back.Raw = ""
		if err != nil || back != c {
			t.Fatalf("PID-3 %q: got %+v, %v", msg.Field("PID", 3).Raw(), back, err)
		}
	})
}

func TestPersonRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := func(name string) string { return word().Draw(t, name) }
		name := word().Filter(func(s string) bool { return s != "" })
		aa := hl7v2.HD{UniversalID: oid().Draw(t, "oid"), UniversalIDType: "ISO"}

		person := hl7v2.XCN{name.Draw(t, "id"), w("family"), w("given"), w("second"), w("suffix"), w("prefix"), aa}
		if got, err := hl7v2.ParseXCN(person.String()); err != nil || got != person {
			t.Fatalf("%q: got %+v, %v, want %+v", person, got, err, person)
		}
		org := hl7v2.XON{name.Draw(t, "org"), aa, w("org id")}
		if got, err := hl7v2.ParseXON(org.String()); err != nil || got != org {
			t.Fatalf("%q: got %+v, %v, want %+v", org, got, err, org)
		}
		phone := hl7v2.XTN{Use: w("use"), Type: "PH", Country: w("country"), Area: w("area"), Number: name.Draw(t, "number"), Ext: w("ext")}
		if got, err := hl7v2.ParseXTN(phone.String()); err != nil || got != phone {
			t.Fatalf("%q: got %+v, %v, want %+v", phone, got, err, phone)
		}
		ref := hl7v2.CXi{ID: "x" + w("ref"), Authority: aa, TypeCode: name.Draw(t, "type")}
		if got, err := hl7v2.ParseCXi(ref.String()); err != nil || got != ref {
			t.Fatalf("%q: got %+v, %v, want %+v", ref, got, err, ref)
		}
	})
}

// TestNothingLeaks: patient ids and what peers sent stay out of logs.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	secret := "SECRET7"
	c := hl7v2.CX{ID: secret, Authority: hl7v2.HD{UniversalID: "2.999.1", UniversalIDType: "ISO"}, Raw: secret}
	_, bad := hl7v2.ParseXCN("^^" + secret)
	msg, err := hl7v2.ParseMessage([]byte("MSH|^~\\&|||||||ADT^A01\rPID|||" + secret))
	if bad == nil || err != nil {
		t.Fatal(bad, err)
	}
	refused := &hl7v2.Error{Code: hl7v2.CodeDataType, Segment: "PID", Sequence: 1, Field: 5, Text: secret, Err: bad}
	log.Info("x", "cx", c, "key", c.Key(), "local", hl7v2.CX{ID: secret}, "format", bad, "msg", msg, "error", refused)
	if strings.Contains(out.String(), secret) {
		t.Errorf("the log holds the secret: %s", out.String())
	}
	for _, want := range []string{"[patient id of 2.999.1]", "[patient id]", "component 1 or a family name", "ADT^A01 of 2 segments", "PID[1]-5"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %q: %s", want, out.String())
		}
	}
}

func FuzzParseCX(f *testing.F) {
	for _, s := range []string{
		"7^^^&2.999.1&ISO", "7^^^&amp;2.999.1&amp;ISO", `a\T\b^^^NS&2.999.1&iso^PI^^`, `\X41\^^^&2.999&ISO`, "^^^", `7\^^^&2.999&ISO`, `\X00\^^^&0.1&`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := hl7v2.ParseCX(s)
		if err != nil {
			return
		}
		if c.Raw != s || c.ID == "" || !c.Authority.IsOID() {
			t.Fatalf("%q gave %+v", s, c)
		}
		again, err := hl7v2.ParseCX(c.String())
		if err != nil || !again.Equal(c) || again.String() != c.String() {
			t.Fatalf("%q gave %q, which gives %q, %v", s, c, again, err)
		}
	})
}
