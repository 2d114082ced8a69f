package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/internal/golden"
	"dossier/pix"
	"dossier/xds"
)

// hostileV2 is one malformed or malicious message of HL7 v2. Each is about a patient of its own, in place of {id} and {other}.
type hostileV2 struct {
	name     string
	segments string // joined by CR; without an MSH in front it stands as it is, and without 0x0B it is framed
	ack      string // MSA-1; "" is no answer, and the connection is closed
	code     string // of the first ERR
}

const (
	adtV2  = "MSH|^~\\&|A|F|D|N|20260102030405||ADT^A04|{id}|P|2.3.1\rEVN|A04|20260102030405\r"
	adt25  = "MSH|^~\\&|A|F|D|N|20260102030405||ADT^A28^ADT_A05|{id}|P|2.5\rEVN||20260102030405\r"
	goodV2 = "PID|||{id}^^^&2.999.1.1&ISO||Hostile^Hugo||19700101|M\rPV1||O\r"
)

func hostileV2Messages() []hostileV2 {
	long := strings.Repeat("x", 1<<20-400)
	pid := func(field5 string) string { return "PID|||{id}^^^&2.999.1.1&ISO||" + field5 + "\rPV1||O\r" }
	return []hostileV2{
		// design/reliability.md I3
		{"CR in a name", adtV2 + pid("Hos\rtile^Hugo"), "AE", "100"},
		{"CR and a letter in a name", adtV2 + pid("Hos\rX^Hugo"), "AE", "100"},
		{"CR and a second PID", adtV2 + pid("Hos\rPID|||{other}^^^&2.999.1.1&ISO||Other"), "AE", "100"},
		{"\\X0D\\ and an MRG in the id", adtV2 + "PID|||{id}\\X0D\\MRG\\F\\DEMO-1^^^&2.999.1.1&ISO||Hostile\r", "AE", "102"},
		{"\\X0D\\ in the authority", adtV2 + "PID|||{id}^^^&2.999\\X0D\\.1.1&ISO||Hostile\r", "AE", ""},
		{"delimiters in an id", adt25 + "PID|||{id}\\S\\\\F\\\\X0B\\z^^^&2.999.1.1&ISO||Hostile\r", "AE", "102"},
		{"repeated MSH", adtV2 + goodV2 + adtV2 + "PID|||{other}^^^&2.999.1.1&ISO||Other\r", "AE", "100"},
		{"MSH in the middle", adtV2 + "MSH|^~\\&|A\r" + goodV2, "AE", "100"},
		{"segment of 1 MB", adtV2 + "PID|||{id}^^^&2.999.1.1&ISO||" + long + "\rPV1||O\r", "AE", "102"},
		{"id of 1 MB", adtV2 + "PID|||{id}" + long + "^^^&2.999.1.1&ISO||Hostile\r", "AE", "102"},
		{"address of 1 MB", adtV2 + "PID|||{id}^^^&2.999.1.1&ISO||Hostile||||||" + long + "\r", "AE", "102"},
		{"birth date of 1 MB", adtV2 + "PID|||{id}^^^&2.999.1.1&ISO||Hostile||" + long + "\r", "AE", "102"},
		{"51 names", adtV2 + pid(strings.Repeat("Hostile^Hugo~", 51)+"x"), "AE", "102"},
		{"10,001 segments", adtV2 + goodV2 + strings.Repeat("NTE|x\r", 10_001), "AE", "100"},
		{"1,100 fields", adtV2 + goodV2 + "ZZZ" + strings.Repeat("|", 1100) + "\r", "AE", "100"},
		{"1,100 ids", adtV2 + "PID|||" + strings.Repeat("{id}^^^&2.999.1.1&ISO~", 1100) + "\r", "AE", "100"},
		{"batch", "FHS|^~\\&|A\rBHS|^~\\&|A\r" + adtV2 + goodV2 + "BTS|1\rFTS|1\r", "AR", "100"},
		{"batch of one", "BHS|^~\\&|A\r" + adtV2 + goodV2 + "BTS|1\r", "AR", "100"},
		{"FTS at the end", adtV2 + goodV2 + "FTS|1\r", "AE", "100"},
		{"Latin-1 called UTF-8", strings.Replace(adtV2, "2.3.1\r", "2.3.1||||||UNICODE UTF-8\r", 1) + pid("Hostil\xe9"), "AE", "102"},
		{"overlong UTF-8", strings.Replace(adtV2, "2.3.1\r", "2.3.1||||||UNICODE UTF-8\r", 1) + pid("Hos\xc0\xaf"), "AE", "102"},
		{"surrogate in UTF-8", strings.Replace(adtV2, "2.3.1\r", "2.3.1||||||UNICODE UTF-8\r", 1) + pid("Hos\xed\xa0\x80"), "AE", "102"},
		{"UTF-16", strings.Replace(adtV2, "2.3.1\r", "2.3.1||||||UNICODE UTF-16\r", 1) + goodV2, "AE", "103"},
		{"EBCDIC", "\xd4\xe2\xc8\x4f", "AR", "100"},
		{"NUL in a name", adtV2 + pid("Hos\x00tile"), "AE", "102"},
		{"PIX field stuffing", "MSH|^~\\&|A|F|D|N|2026||QBP^Q23^QBP_Q21|{id}|P|2.5\rQPD|X|T|{id}^^^&2.999.1.1&ISO~" + strings.Repeat("a^^^&2.999.1.1&ISO~", 900) + "\rRCP|I\r", "AE", "204"},
		{"PIX domains stuffing", "MSH|^~\\&|A|F|D|N|2026||QBP^Q23^QBP_Q21|{id}|P|2.5\rQPD|X|T|{id}^^^&2.999.1.1&ISO|" + strings.Repeat("^^^&2.999.404&ISO~", 900) + "\rRCP|I\r", "AE", "204"},
		{"PDQ field stuffing", "MSH|^~\\&|A|F|D|N|2026||QBP^Q22^QBP_Q21|{id}|P|2.5\rQPD|X|T|" + strings.Repeat("@ZZZ.1^a~", 900) + "\rRCP|I\r", "AE", "103"},
		{"PDQ parameters stuffing", "MSH|^~\\&|A|F|D|N|2026||QBP^Q22^QBP_Q21|{id}|P|2.5\rQPD|X|T|" + strings.Repeat("@PID.8^F~", 1100) + "\rRCP|I\r", "AE", "100"},
		{"PDQ wildcard", "MSH|^~\\&|A|F|D|N|2026||QBP^Q22^QBP_Q21|{id}|P|2.5\rQPD|X|T|@PID.5.1.1^*\rRCP|I\r", "AE", "207"},
		// HL7 itself
		{"nothing but MSH", "MSH|^~\\&|A|F|D|N|20260102030405||ADT^A04|{id}|P|2.3.1\r", "AE", "101"},
		{"MSH alone", "MSH\r", "AR", "100"},
		{"MSH cut", "MSH|^~", "AR", "100"},
		{"delimiters that are letters", strings.Replace(adtV2, "|^~\\&", "aaaaa", 1) + goodV2, "AR", "100"},
		{"XML", "<ADT_A01 xmlns=\"urn:hl7-org:v2xml\"/>", "AR", "100"},
		{"segment without a name", adtV2 + "|||\r" + goodV2, "AE", "100"},
		{"lower-case segment", adtV2 + "pid|||{id}^^^&2.999.1.1&ISO\r", "AE", "100"},
		{"no control id", strings.Replace(adtV2, "{id}", "", 1) + goodV2, "AR", "101"},
		{"control id of 200 characters", strings.Replace(adtV2, "{id}", strings.Repeat("c", 200), 1) + goodV2, "AR", "102"},
		{"processing id", strings.Replace(adtV2, "|P|", "|Q|", 1) + goodV2, "AR", "202"},
		{"version", strings.Replace(adtV2, "2.3.1", "2.9.9", 1) + goodV2, "AR", "203"},
		{"SQL in an id", adtV2 + "PID|||{id}'); DROP TABLE identity; --^^^&2.999.404&ISO||Hostile\r", "AE", "204"},
		{"delete value as name of an update", strings.Replace(adt25, "A28", "A31", 1) + pid(`""`), "AE", ""},
		// design/reliability.md R2: what is no frame has no answer
		{"no 0x0B", "\x00" + adtV2 + goodV2 + "\x1c\r", "", ""},
		{"no 0x1C", "\x0b" + adtV2 + goodV2 + "\r\x0b" + adtV2 + goodV2 + "\x1c\r", "", ""},
		{"no 0x0D", "\x0b" + adtV2 + goodV2 + "\x1cMSH", "", ""},
		{"line feed for 0x0D", "\x0b" + adtV2 + goodV2 + "\x1c\n", "", ""},
		{"nested frames", "\x0b" + adtV2 + "\x0b" + goodV2 + "\x1c\r\x1c\r", "", ""},
		{"0x1C in a name", "\x0b" + adtV2 + pid("Hos\x1ctile") + "\x1c\r", "", ""},
		{"two 0x0B", "\x0b\x0b" + adtV2 + goodV2 + "\x1c\r", "", ""},
		{"empty frame", "\x0b\x1c\r", "", ""},
		{"never-ending frame", "\x0b" + adtV2 + strings.Repeat("ZZZ|x\r", 200_000), "", ""},
		{"cut off", "\x0b" + adtV2 + goodV2, "", ""},
		{"garbage", strings.Repeat("GET / HTTP/1.1\r\n", 1000), "", ""},
	}
}

// raw is the message as it goes over the connection.
func (h hostileV2) raw(id string) []byte {
	text := strings.NewReplacer("{id}", id, "{other}", id+"-O").Replace(h.segments)
	if strings.HasPrefix(text, "\x00") { // a frame without its start
		return []byte(text[1:])
	}
	if h.ack == "" {
		return []byte(text)
	}
	return []byte("\x0b" + text + "\x1c\r")
}

// TestHostileV2: every malformed message of HL7 v2 gets the acknowledgement that it deserves or, where it cannot be told from
// the next, none; nothing of it is stored, neither in the index nor among the patients of the registry, no segment of it is in an
// answer, and afterwards the server works.
func TestHostileV2(t *testing.T) { onEach(t, hostileSetV2) }

func hostileSetV2(t *testing.T, b backend) {
	s := startServer(t, withDomains(b.config(t)), realWorld())
	for i, c := range hostileV2Messages() {
		id := fmt.Sprintf("HV-%d", i)
		answer, took := exchangeV2(t, s.feed(), c.raw(id))
		if took > time.Second {
			t.Errorf("%s: took %v", c.name, took)
		}
		if c.ack == "" {
			if len(answer) > 0 {
				t.Errorf("%s: answered %q", c.name, answer)
			}
		} else {
			checkRefusal(t, c, answer)
		}
		for _, id := range []string{id, id + "-O"} {
			s.unknown(t, c.name, id)
		}
	}
	if answer, _ := exchangeV2(t, s.feed(), hostileV2{segments: adtV2 + goodV2, ack: "AA"}.raw("HV-GOOD")); !strings.Contains(answer, "MSA|AA|HV-GOOD\r") {
		t.Errorf("afterwards a good message is answered %q", answer)
	}
	if _, err := s.node.identities.Person(t.Context(), hl7v2.PatientKey{ID: "HV-GOOD", Authority: demoDomain}); err != nil {
		t.Errorf("afterwards a good message is not stored: %v", err)
	}
	if log := s.log.String(); strings.Contains(log, "Hostile") || strings.Contains(log, "Hugo") {
		t.Error("the log names a patient")
	}
}

// exchangeV2 sends bytes, ends its side and reads what comes.
func exchangeV2(t *testing.T, addr string, raw []byte) (string, time.Duration) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	began := time.Now()
	conn.Write(raw) // a server that refuses early closes before it has read all
	conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	return string(answer), time.Since(began)
}

// checkRefusal looks at an acknowledgement: its codes, and that it has no segment but its own.
func checkRefusal(t *testing.T, c hostileV2, answer string) {
	t.Helper()
	text, ok := strings.CutPrefix(answer, "\x0b")
	text, end := strings.CutSuffix(text, "\x1c\r")
	if !ok || !end || strings.ContainsAny(text, "\x0b\x1c\n\x00") {
		t.Errorf("%s: answered %.200q, want one frame", c.name, answer)
		return
	}
	msg, err := hl7v2.ParseMessage([]byte(text))
	if err != nil {
		t.Errorf("%s: the answer cannot be read: %v", c.name, err)
		return
	}
	for seg := range msg.Segments() {
		if !strings.Contains("MSH MSA ERR QAK QPD", seg.Name()) {
			t.Errorf("%s: the answer has a segment %s", c.name, seg.Name())
		}
	}
	code := msg.Field("ERR", 3).Component(1)
	if old := msg.Field("ERR", 1).Repetition(1); code == "" {
		code = old.Subcomponent(4, 1)
	}
	if got := msg.Field("MSA", 1).Text(); got != c.ack || c.code != "" && code != c.code {
		t.Errorf("%s: answered %s %s, want %s %s\n%.300s", c.name, got, code, c.ack, c.code, strings.ReplaceAll(text, "\r", "\n"))
	}
}

// unknown fails the test when the index or the registry knows a patient.
func (s *testServer) unknown(t *testing.T, name, id string) {
	t.Helper()
	var refused *pix.Refusal
	if _, err := s.node.identities.Person(t.Context(), hl7v2.PatientKey{ID: id, Authority: demoDomain}); !errors.As(err, &refused) || refused.Reason != pix.UnknownID {
		t.Errorf("%s: the index knows %s: %v", name, id, err)
	}
	request := register42(func(x *xds.Submission) {
		x.SubmissionSets[0].PatientID.ID, x.DocumentEntries[0].PatientID.ID = id, id
	}, t)
	answer, err := golden.Send(s.addr(), []byte(request))
	if err != nil || !strings.Contains(string(answer), "XDSUnknownPatientId") {
		t.Errorf("%s: the registry takes documents of %s: %v\n%.300s", name, id, err, answer)
	}
}
