package main

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/ebrim"
	"dossier/iti"
	"dossier/soap"
)

// allowedStatements is how many statements a transaction may send to the database at most, BEGIN and COMMIT included. It does not
// depend on the number of objects but for the pieces in which rows are inserted: one for each power of two in their number,
// or 64 rows. The audit trail is 4 to 5 statements of a change, and with BEGIN and COMMIT 6 of anything else; where it is linked
// later, linking comes in between.
var allowedStatements = []struct {
	what    string
	allowed int
	do      func(t *testing.T, s *site)
}{
	{"ITI-42 of 1 document", 20, func(t *testing.T, s *site) { submitMany(t, s, 1) }},
	{"ITI-42 of 50 documents", 33, func(t *testing.T, s *site) { submitMany(t, s, 50) }},
	{"ITI-42 of 64 documents", 22, func(t *testing.T, s *site) { submitMany(t, s, 64) }},
	{"ITI-41 of 1 document", 24, func(t *testing.T, s *site) { provideMany(t, s, 1) }},
	{"ITI-41 of 50 documents", 39, func(t *testing.T, s *site) { provideMany(t, s, 50) }},
	{"ITI-18 of 10 results", 9, func(t *testing.T, s *site) { findMany(t, s, "DEMO-2", 10) }},
	{"ITI-18 of 100 results", 9, func(t *testing.T, s *site) { findMany(t, s, "DEMO-3", 100) }},
	{"ITI-43 of 1 document", 9, func(t *testing.T, s *site) { retrieveMany(t, s, 1) }},
	{"ITI-43 of 50 documents", 9, func(t *testing.T, s *site) { retrieveMany(t, s, 50) }},
	{"ITI-8, with the patient index", 19, func(t *testing.T, s *site) { s.admit(t, "NEW-1") }},
}

// linking is how many statements link the audit trail, at most once in linkEvery; countingUnlinked is how many count what
// waits for it, for the metrics before and after: either may come before or behind the counter itself.
const (
	linking          = 6
	countingUnlinked = 3 + 3
)

func TestStatements(t *testing.T) {
	onEach(t, func(t *testing.T, b backend) {
		s := newSite(t, b)
		s.registerText(t, manyFor("DEMO-2", "2.999.51.", t, 10))
		s.registerText(t, manyFor("DEMO-3", "2.999.52.", t, 100))
		for _, x := range allowedStatements {
			before, began := s.statements(t), time.Now()
			x.do(t, s)
			allowed := x.allowed
			if b.name == "postgres" {
				allowed += countingUnlinked + linking*(1+int(time.Since(began)/linkEvery))
			}
			if n := s.statements(t) - before; n > allowed {
				t.Errorf("%s: %d statements, allowed are %d", x.what, n, allowed)
			}
		}
	})
}

var statementCount = regexp.MustCompile(`(?m)^dossier_database_statements_total (\d+)$`)

func (s *site) statements(t *testing.T) int {
	t.Helper()
	code, body := get(t, s.adminURL("/metrics"))
	m := statementCount.FindStringSubmatch(body)
	if code != http.StatusOK || m == nil {
		t.Fatalf("no count of statements in the metrics (HTTP %d)", code)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// manyFor is the request of a submission of n documents for a demo patient, with uniqueIds below an arc of its own.
func manyFor(patient, arc string, t testing.TB, n int) []byte {
	text := submitRequest(registrable(demoSubmission(t, n)))
	return []byte(strings.ReplaceAll(strings.ReplaceAll(text, "2.999.5.", arc), "DEMO-1", patient))
}

func submitMany(t *testing.T, s *site, n int) {
	r := s.registerText(t, manyFor("DEMO-1", fmt.Sprintf("2.999.53.%d.", n), t, n))
	wantSuccess(t, r.Status, r.Errors)
}

// provideMany is ITI-41 of n documents whose uniqueIds retrieveMany knows.
func provideMany(t *testing.T, s *site, n int) {
	documents := ""
	for i := 1; i <= n; i++ {
		documents += document(fmt.Sprintf("Document%02d", i), "SGVsbG8=")
	}
	text := strings.ReplaceAll(provide(demoSubmission(t, n), documents), "2.999.5.", fmt.Sprintf("2.999.54.%d.", n))
	r := registryAnswer(t, call(t, s.repository(), iti.ProvideAndRegisterDocumentSet, soap.Segment{XML: []byte(text)}))
	wantSuccess(t, r.Status, r.Errors)
}

func retrieveMany(t *testing.T, s *site, n int) {
	var ids []string
	for i := 1; i <= n; i++ {
		ids = append(ids, "2.999.1.2", fmt.Sprintf("2.999.54.%d.%d", n, i))
	}
	if _, got := s.retrieve(t, ids...); len(got) != n {
		t.Errorf("retrieved %d documents, want %d", len(got), n)
	}
}

func findMany(t *testing.T, s *site, patient string, n int) {
	r := s.ask(t, findDocuments, ebrim.ReturnLeafClass, "XDSDocumentEntryPatientId", "'"+patientText(patient)+"'", "XDSDocumentEntryStatus", statusApproved)
	if got := len(r.Objects.ExtrinsicObjects); got != n {
		t.Errorf("found %d, want %d", got, n)
	}
}
