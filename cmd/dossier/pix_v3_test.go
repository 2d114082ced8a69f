package main

import (
	"encoding/json"
	"strings"
	"testing"
)

func (s *testServer) pixManager() string  { return "http://" + s.addr() + "/pix/manager" }
func (s *testServer) pdqSupplier() string { return "http://" + s.addr() + "/pdq/supplier" }

// TestV3AtTheCommandLine feeds by HL7 v3 what HL7 v2 sees, and the other way round.
func TestV3AtTheCommandLine(t *testing.T) {
	t.Parallel()
	s := startServer(t, goldenConfig(t), realWorld())
	const a, b, hospital = "CLI-1^^^&2.999.1.1&ISO", "CLI-2^^^&2.999.1.1&ISO", "CLI-3^^^&2.999.2.1&ISO"
	feed := func(to, id, given string, more ...string) string {
		t.Helper()
		return mustCommand(t, append([]string{"feed", "--to", to, "--patient", id, "--family", "Müller", "--given", given, "--birth", "19790305", "--sex", "F"}, more...)...)
	}
	if out := feed(s.pixManager(), a, "Zoé", "--v3"); out != "PRPA_IN201301UV02 acknowledged\n" {
		t.Errorf("feed --v3 printed %q", out)
	}
	feed(s.registry(), b, "Ines")
	feed(s.feed(), hospital, "Zoé")
	feed(s.pixManager(), a, "Zoé Anne", "--event", "A08")
	mustCommand(t, "pix", "link", "--to", s.feed(), a, hospital)
	if got := mustCommand(t, "pix", "query", "--to", s.pixManager(), "--patient", a, "--domain", "2.999.2.1"); got != hospital+"\n" {
		t.Errorf("pix query printed %q, want %q", got, hospital)
	}
	if got := mustCommand(t, "pix", "query", "--to", s.pixManager(), "--patient", b); got != "" {
		t.Errorf("pix query printed %q, want nothing", got)
	}
	var found []demographics
	out := mustCommand(t, "pdq", "--to", s.pdqSupplier(), "--family", "Muller", "--birth", "1979", "--block", "1", "--json")
	if err := json.Unmarshal([]byte(out), &found); err != nil || len(found) != 2 {
		t.Fatalf("pdq found %v (%v), want two people in two answers:\n%s", found, err, out)
	}
	for _, f := range found {
		if f.Name != "Müller, Ines" && (!strings.HasPrefix(f.Name, "Müller, Zoé") || len(f.IDs) != 2) {
			t.Errorf("pdq found %+v", f)
		}
	}
	out = mustCommand(t, "pdq", "--to", s.pdqSupplier(), "--id", a, "--domain", "2.999.2.1", "--sex", "F")
	if !strings.Contains(out, hospital) || strings.Contains(out, a) {
		t.Errorf("pdq by id printed %q, want the hospital's id alone", out)
	}
	feed(s.pixManager(), a, "Zoé", "--merge", b)
	for _, refused := range []struct {
		args []string
		want []string
	}{
		{[]string{"pix", "query", "--to", s.pixManager(), "--patient", b}, []string{"AE", "204", "patientIdentifier"}},
		{[]string{"pix", "query", "--to", s.pixManager(), "--patient", a, "--domain", "2.999.77.1"}, []string{"AE", "204", "dataSource"}},
		{[]string{"pdq", "--to", s.pdqSupplier(), "--sex", "F"}, []string{"AE", "SYN105"}},
		{[]string{"pdq", "--to", s.pdqSupplier(), "--family", "x", "--domain", "2.999.77.1"}, []string{"AE", "204"}},
		{[]string{"feed", "--to", s.pixManager(), "--patient", a, "--merge", a}, []string{"CE", "SYN113"}},
		{[]string{"feed", "--to", s.pixManager(), "--patient", a, "--event", "A40"}, []string{"--event"}},
		{[]string{"feed", "--to", s.pixManager(), "--patient", a, "--device", "me"}, []string{"--device"}},
		{[]string{"feed", "--to", s.pdqSupplier(), "--patient", a}, []string{"not supported at this endpoint"}},
	} {
		_, _, err := command(t.Context(), refused.args...)
		for _, word := range refused.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("dossier %q: %v, want a refusal with %s", refused.args, err, word)
			}
		}
	}
}

// TestV3InternalError: what is broken here is told by reference, in the words of each transaction, and blames nobody.
func TestV3InternalError(t *testing.T) {
	t.Parallel()
	s := startServer(t, goldenConfig(t), testWorld())
	if err := s.node.db.Close(); err != nil {
		t.Fatal(err)
	}
	for name, typeCode := range map[string]string{"iti44/added": "CE", "iti45/all": "AE", "iti47/name": "AE"} {
		for _, c := range cases(t) {
			if c.Name != name {
				continue
			}
			answer := string(s.send(t, c))
			for _, want := range []string{"HTTP/1.1 200 OK", `<typeCode code="` + typeCode + `"/>`, `code="INTERR"`, "internal error, reference 0000"} {
				if !strings.Contains(answer, want) {
					t.Errorf("%s: no %s in\n%s", name, want, answer)
				}
			}
			if strings.Contains(answer, "sql") || strings.Contains(answer, "closed") {
				t.Errorf("%s: the cause is told to the peer:\n%s", name, answer)
			}
		}
	}
	if log := s.log.String(); !strings.Contains(log, "codes=[INTERR]") || !strings.Contains(log, "closed") {
		t.Errorf("the log has no cause:\n%s", log)
	}
	patientNames(t, s)
}

// TestV3Limits: a message that is larger than any about a patient is refused before it is read.
func TestV3Limits(t *testing.T) {
	t.Parallel()
	s := startServer(t, goldenConfig(t), testWorld())
	for _, c := range cases(t) {
		if c.Name != "iti44/added" {
			continue
		}
		for what, padding := range map[string]string{
			"bytes": "<!--" + strings.Repeat("x", identityBody) + "-->", "elements": strings.Repeat("<a/>", identityElements),
		} {
			large := c
			large.Request = []byte(strings.Replace(string(c.Request), "<patientPerson", padding+"<patientPerson", 1))
			if answer := string(s.send(t, large)); !strings.Contains(answer, "env:Sender") {
				t.Errorf("%s: %s", what, answer)
			}
		}
	}
}
