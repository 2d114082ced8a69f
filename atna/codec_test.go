package atna

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hostileTexts are what log injection tries.
var hostileTexts = []string{
	"", " ", "Müller-Ångström", "a\r\nb", "a\nSep 1 host app: <85>1 forged", "]]>", `"><AuditMessage>`, "&amp;<", "\t x ", "日本 😀",
	"dr7<dr7@https://idp.example.org>", "'", "--><!--", "\u0085\u2028", "a^b|c~d\\e&f", "\x00\x01\x1b[31m", "\xff\xfe", "\ufffe", "\ufffd",
}

func text(t *rapid.T, label string) string {
	if rapid.Bool().Draw(t, "hostile") {
		return rapid.SampledFrom(hostileTexts).Draw(t, label)
	}
	return rapid.String().Draw(t, label)
}

func required(t *rapid.T, label string) string { return "x" + text(t, label) }

func code(t *rapid.T) Code {
	return Code{required(t, "csd-code"), required(t, "codeSystemName"), required(t, "originalText"), text(t, "displayName")}
}

func codes(t *rapid.T, label string) []Code {
	n := rapid.IntRange(0, 2).Draw(t, label)
	var out []Code
	for range n {
		out = append(out, code(t))
	}
	return out
}

// bytesOf is nil or has at least one byte: on the wire there is no difference between none and empty.
func bytesOf(t *rapid.T, label string) []byte {
	b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, label)
	if len(b) == 0 {
		return nil
	}
	return b
}

func anyEvent(t *rapid.T) *Event {
	e := &Event{Identification: EventIdentification{
		ID: code(t), Action: rapid.SampledFrom([]Action{"", Create, Read, Update, Delete, Execute}).Draw(t, "action"),
		Time:    time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "time")).UTC(),
		Outcome: rapid.SampledFrom([]Outcome{Success, MinorFailure, SeriousFailure, MajorFailure}).Draw(t, "outcome"),
		Types:   codes(t, "types"), OutcomeDescription: text(t, "description"), PurposeOfUse: codes(t, "purposes"),
	}}
	for range rapid.IntRange(1, 3).Draw(t, "participants") {
		e.Participants = append(e.Participants, ActiveParticipant{
			UserID: text(t, "UserID"), AlternativeUserID: text(t, "AlternativeUserID"), UserName: text(t, "UserName"),
			UserIsRequestor: rapid.Bool().Draw(t, "requestor"), Roles: codes(t, "roles"),
			NetworkAccess: NetworkAccessPoint{text(t, "access point"), NetworkAccessPointType(rapid.IntRange(0, 5).Draw(t, "access type"))},
		})
	}
	e.Source = AuditSource{text(t, "site"), required(t, "source"), codes(t, "source types")}
	for range rapid.IntRange(0, 3).Draw(t, "objects") {
		o := ParticipantObject{
			ID: text(t, "object"), Type: ObjectType(rapid.IntRange(0, 4).Draw(t, "type")), Role: ObjectRole(rapid.IntRange(0, 26).Draw(t, "role")),
			DataLifeCycle: DataLifeCycle(rapid.IntRange(0, 15).Draw(t, "life cycle")), Sensitivity: text(t, "sensitivity"), IDType: code(t),
		}
		if rapid.Bool().Draw(t, "query") {
			o.Query = bytesOf(t, "query bytes")
		} else {
			o.Name = text(t, "name")
		}
		for range rapid.IntRange(0, 2).Draw(t, "details") {
			o.Details = append(o.Details, Detail{required(t, "detail"), bytesOf(t, "value")})
		}
		e.Objects = append(e.Objects, o)
	}
	return e
}

// shown applies Visible to every string below v.
func shownDeep(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(Visible(v.String()))
	case reflect.Slice:
		for i := range v.Len() {
			shownDeep(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			shownDeep(v.Field(i))
		}
	}
}

// TestEventComesBack: whatever names and queries hold, one event is written, on one line, and the same one is read.
func TestEventComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		b := Append(nil, e)
		if bytes.ContainsAny(b, "\r\n") || bytes.Count(b, []byte("<AuditMessage>")) != 1 {
			t.Fatalf("not one message on one line: %q", b)
		}
		got, tolerated, err := Decode(bytes.Clone(b))
		if err != nil || len(tolerated) > 0 {
			t.Fatalf("Decode: %v, tolerated %q\n%s", err, tolerated, b)
		}
		shownDeep(reflect.ValueOf(e).Elem())
		if !reflect.DeepEqual(got, e) {
			t.Fatalf("got  %+v\nwant %+v\n%s", got, e, b)
		}
	})
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a\r\n\tb": "a\r\n\tb", "\x00\x1b[31m": "␀␛[31m", "a\xffb": "a\ufffdb", "é\x01": "é␁", "x\ufffe": "x\ufffd", "\ufffd": "\ufffd",
	} {
		if got := Visible(in); got != want {
			t.Errorf("Visible(%q) = %q, want %q", in, got, want)
		}
	}
}

const rfc3881Message = `<?xml version="1.0" encoding="UTF-8"?>
<AuditMessage>
  <EventIdentification EventActionCode="E" EventDateTime="2026-01-02T03:04:05" EventOutcomeIndicator="0">
    <EventID code="110112" codeSystemName="DCM" displayName="Query"/>
  </EventIdentification>
  <ActiveParticipant UserID="u" NetworkAccessPointID="192.0.2.1" NetworkAccessPointTypeCode="7"><RoleIDCode code="110153"/></ActiveParticipant>
  <AuditSourceIdentification AuditSourceID="s"/>
  <ParticipantObjectIdentification ParticipantObjectID="1^^^&amp;2.999&amp;ISO" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1">
    <ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881" originalText="Patient Number"/>
    <ParticipantObjectQuery>PEEv
      Pg==</ParticipantObjectQuery>
    <ParticipantObjectDetail type="Repository Unique ID" value="2.999 is no base64"/>
  </ParticipantObjectIdentification>
</AuditMessage>`

// TestDecodeTolerates: what senders are known to get wrong (openEHealth IPF, HIEOS, RFC 3881) is read and noted.
func TestDecodeTolerates(t *testing.T) {
	t.Parallel()
	e, notes, err := Decode([]byte("\xef\xbb\xbf" + rfc3881Message))
	if err != nil {
		t.Fatal(err)
	}
	if !e.Identification.ID.Is(Query) || e.Identification.ID.Text != "Query" {
		t.Errorf("EventID %+v", e.Identification.ID)
	}
	if got := string(e.Objects[0].Query); got != "<A/>" {
		t.Errorf("query %q", got)
	}
	if got := string(e.Objects[0].Details[0].Value); got != "2.999 is no base64" {
		t.Errorf("detail %q", got)
	}
	all := strings.Join(notes, "\n")
	for _, want := range []string{"no zone", "code instead of csd-code", "displayName without originalText", "UserIsRequestor", "not base64", "NetworkAccessPointTypeCode"} {
		if !strings.Contains(all, want) {
			t.Errorf("not noted: %s\n%s", want, all)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string][2]string{
		"another root":      {"AuditMessage", "Message"},
		"no event":          {"EventIdentification", "Identification"},
		"no EventID":        {"<EventID ", "<EventId "},
		"no participant":    {"ActiveParticipant", "Participant"},
		"no source":         {"AuditSourceIdentification", "Source"},
		"no outcome":        {"EventOutcomeIndicator", "Outcome"},
		"unknown outcome":   {`Indicator="0"`, `Indicator="1"`},
		"no time":           {"EventDateTime", "Time"},
		"a time that isn't": {"2026-01-02T03:04:05", "yesterday"},
		"a DTD":             {"<AuditMessage>\n", "<!DOCTYPE AuditMessage><AuditMessage>\n"},
		"cut short":         {"</AuditMessage>", ""},
		"not XML":           {rfc3881Message, "type=login user=u"},
	} {
		text := strings.ReplaceAll(rfc3881Message, change[0], change[1])
		if text == rfc3881Message {
			t.Errorf("%s: changes nothing", name)
		}
		if _, _, err := Decode([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(rfc3881Message))
	for _, r := range sampleRecords() {
		for _, e := range r.Events() {
			f.Add(Append(nil, &e))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, _, err := Decode(bytes.Clone(b))
		if err != nil {
			return
		}
		// What was read can be written and is then read as the same.
		e.Identification.Time = e.Identification.Time.Truncate(time.Microsecond)
		if y := e.Identification.Time.Year(); y < 0 || y > 9999 {
			return
		}
		again, _, err := Decode(Append(nil, e))
		if err != nil {
			t.Fatalf("%v\n%s", err, Append(nil, e))
		}
		for i := range e.Objects {
			if len(e.Objects[i].Query) > 0 {
				e.Objects[i].Name = ""
			}
		}
		if got, want := Append(nil, again), Append(nil, e); !bytes.Equal(got, want) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
