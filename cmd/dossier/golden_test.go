package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dossier/internal/golden"
)

// cases are the recorded exchanges of all transactions.
func cases(t *testing.T) []golden.Case {
	t.Helper()
	return golden.Load(t, filepath.Join("..", "..", "testdata"))
}

// send plays the request of a case.
func (s *testServer) send(t *testing.T, c golden.Case) []byte {
	t.Helper()
	addr, send := s.addr(), golden.Send
	if c.Wire == "hl7" {
		addr, send = s.feed(), golden.SendMLLP
	}
	answer, err := send(addr, c.Request)
	if err != nil {
		t.Fatalf("%s: %v", c.Name, err)
	}
	return answer
}

// TestGolden plays each recorded exchange on a server of its own for each database, after the cases that it names. Ids are counted and the
// clock stands still, so every byte of the answer is known.
func TestGolden(t *testing.T) {
	t.Parallel()
	all := cases(t)
	byName := map[string]golden.Case{}
	for _, c := range all {
		byName[c.Name] = c
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			onEach(t, func(t *testing.T, b backend) {
				if golden.Update() && b.name != backends[0].name {
					t.Skip("skipped: the first database alone records answers")
				}
				s := startServer(t, withDomains(b.config(t)), testWorld())
				for _, x := range c.After {
					before, ok := byName[x.Name]
					if !ok {
						t.Fatalf("after: there is no case %s", x.Name)
					}
					if answer := s.send(t, before); successful(answer) == x.Refused {
						t.Fatalf("%s, which comes before this case: refused was expected to be %v:\n%s", x.Name, x.Refused, answer)
					}
				}
				before := s.auditTrail(t)
				c.Check(t, s.send(t, c))
				c.CheckAudit(t, auditLines(s.auditTrail(t)[len(before):]))
				patientNames(t, s)
			})
		})
	}
}

// description of a case: its title, and what it shows with the citation.
var description = regexp.MustCompile(`(?s)^[^\n]+\n\n.+\((ITI\s+TF-[23]|ebRS\s+3\.0|SOAP\s+1\.2|RFC\s+\d+)`)

// TestGoldenCasesAreDescribed: whoever meets a case knows what it shows and where that stands; and a folder holds nothing
// that no test reads.
func TestGoldenCasesAreDescribed(t *testing.T) {
	t.Parallel()
	for _, c := range append(cases(t), externalCases(t)...) {
		if text := readFile(t, filepath.Join(c.Dir, "case.md")); !description.Match(text) {
			t.Errorf("%s: case.md is not a title, an empty line and a text with a citation:\n%s", c.Name, text)
		}
		files, err := os.ReadDir(c.Dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !slices.Contains([]string{"case.md", "after", "request." + c.Wire, "response." + c.Wire, "audit.xml"}, f.Name()) {
				t.Errorf("%s: %s belongs to no case", c.Name, f.Name())
			}
		}
	}
}

// successful tells whether an answer is neither a refusal nor a fault.
func successful(answer []byte) bool {
	return bytes.Contains(answer, []byte(`status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"`)) ||
		bytes.Contains(answer, []byte("\rMSA|AA|")) ||
		bytes.Contains(answer, []byte(`<acknowledgement><typeCode code="AA"/>`)) ||
		bytes.Contains(answer, []byte(`<acknowledgement><typeCode code="CA"/>`))
}

// TestGoldenRefusals: every transaction has cases of success and as many of refusal; all together have more.
func TestGoldenRefusals(t *testing.T) {
	t.Parallel()
	type count struct{ yes, no int }
	sum, of := count{}, map[string]*count{}
	for _, c := range cases(t) {
		transaction, _, _ := strings.Cut(c.Name, "/")
		if of[transaction] == nil {
			of[transaction] = &count{}
		}
		if successful(c.Response(t)) {
			of[transaction].yes++
			sum.yes++
		} else {
			of[transaction].no++
			sum.no++
		}
	}
	for _, transaction := range []string{
		"iti8", "iti9", "iti18", "iti21", "iti30", "iti41", "iti42", "iti43", "iti44", "iti45", "iti47", "iti51",
	} {
		if n := of[transaction]; n == nil || n.yes < 4 || n.no < 4 {
			t.Errorf("%s: %+v cases, want some of either kind", transaction, n)
		}
	}
	if sum.no < sum.yes {
		t.Errorf("%d cases of refusal for %d of success", sum.no, sum.yes)
	}
}

// patientWords are names and ids of the patients in the cases beside those that patientID finds.
var patientWords = []string{"Moreau", "Ines", "19790305", "Rue Neuve", "Weissgerber", "Zoe", "DEMO-1", "DEMO-2", "DEMO-3"}

// patientID finds the id in a CX, as XML or HL7 v2 has it.
var patientID = regexp.MustCompile(`([^\s"'|~^<>(,]+)\^\^\^[A-Z-]*&(?:amp;|#38;)?2\.999\.(?:1\.1|2\.[12]|3\.1)&`)

// patientNames fails the test when the log names a patient of the cases.
func patientNames(t *testing.T, s *testServer) {
	t.Helper()
	log := s.log.String()
	for _, word := range patientWords {
		if strings.Contains(log, word) {
			t.Errorf("the log names the patient %q:\n%s", word, log)
		}
	}
}

// TestNoPatientInLog plays all cases, well and ill, one after the other on one server; its log never says whose data
// they are. Each word that is looked for occurs in some request, so that the search can find something.
func TestNoPatientInLog(t *testing.T) { onEach(t, noPatientInLog) }

func noPatientInLog(t *testing.T, b backend) {
	s := startServer(t, withDomains(b.config(t)), testWorld())
	var requests []byte
	for _, c := range cases(t) {
		s.send(t, c)
		requests = append(requests, c.Request...)
	}
	log := s.log.String()
	if !strings.Contains(log, "XDSUnknownPatientId") {
		t.Error("the log holds no outcome of an exchange")
	}
	for _, word := range patientWords {
		if !bytes.Contains(requests, []byte(word)) {
			t.Errorf("no request names %q: the search for it is pointless", word)
		}
	}
	patientNames(t, s)
	ids := patientID.FindAllSubmatch(requests, -1)
	if len(ids) < 100 {
		t.Errorf("found %d patient ids in the requests, expected far more", len(ids))
	}
	for _, id := range ids {
		if strings.Contains(log, string(id[1])) {
			t.Errorf("the log names the patient id %q", id[1])
		}
	}
}
