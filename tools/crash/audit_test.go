//go:build linux

package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"dossier/hl7v2"
)

// audited compares a ledger with the audit trail (ITI-81): an acknowledged submission has its event, and an event that says
// success tells of a submission that is there. Both were committed together or neither was.
func (n *tally) audited(t testing.TB, s *server, c *client, there map[string]bool) {
	t.Helper()
	events := map[string]bool{}
	for _, patient := range []hl7v2.CX{c.a, c.b} {
		for _, e := range eventsOf(t, s, patient, "ITI-41,ITI-42", "0,4") {
			for _, o := range e.Entity {
				events[o.What.Identifier.Value] = true
			}
		}
	}
	for _, x := range c.sent {
		id := string(x.unique)
		switch {
		case x.acknowledged && !events[id]:
			n.unrecorded++
			t.Errorf("lost: an acknowledged submission has no audit event")
		case events[id] && !there[id]:
			n.half++
			t.Errorf("half-visible: an audit event tells of the submission %s of %s, which is not there (acknowledged %v, %d objects)", id, x.patient, x.acknowledged, len(x.objects))
		case there[id] && !events[id]:
			n.unrecorded++
			t.Errorf("lost: a submission that is there has no audit event")
		}
	}
}

// answered compares what else a client was answered with the audit trail: admissions, the merge, queries and refusals. The answer
// came after the event was stored, so that no kill can separate them.
func (n *tally) answered(t testing.TB, s *server, c *client) {
	t.Helper()
	missing := func(what string, is bool) {
		if is {
			n.unrecorded++
			t.Errorf("lost: %s of %s was answered and has no audit event", what, c.a)
		}
	}
	fed := func(patient hl7v2.CX, action string) bool {
		return slices.ContainsFunc(eventsOf(t, s, patient, "ITI-8", "0"), func(e auditEvent) bool { return e.Action == action })
	}
	missing("an admission", c.admittedA && !fed(c.a, "C"))
	missing("an admission", c.admittedB && !fed(c.b, "C"))
	missing("a merge", c.mergeDone && !(fed(c.b, "D") && fed(c.a, "U")))
	n.compareMarks(t, "a query", c.asked, eventsOf(t, s, c.a, "ITI-18", "0"))
	n.compareMarks(t, "a refusal", c.turnedDown, eventsOf(t, s, c.stranger, "ITI-42", "8"))
}

// compareMarks looks for an event for each mark, which is the id of an object or part of a query.
func (n *tally) compareMarks(t testing.TB, what string, marks []string, events []auditEvent) {
	t.Helper()
	for _, mark := range marks {
		found := slices.ContainsFunc(events, func(e auditEvent) bool {
			return slices.ContainsFunc(e.Entity, func(o auditEntity) bool {
				return o.What.Identifier.Value == mark || bytes.Contains(o.Query, []byte(mark+"^^"))
			})
		})
		if !found {
			n.unrecorded++
			t.Errorf("lost: %s was answered and has no audit event", what)
		}
	}
}

// auditEvent is the part of AuditEvent that is compared.
type auditEvent struct {
	Action string
	Entity []auditEntity
}

type auditEntity struct {
	What  struct{ Identifier struct{ Value string } }
	Query []byte
}

// eventsOf are the events of transactions about a patient, by the audit trail.
func eventsOf(t testing.TB, s *server, patient hl7v2.CX, transactions, outcomes string) (out []auditEvent) {
	t.Helper()
	next := s.adminURL + "/audit/AuditEvent?" + url.Values{
		"patient.identifier": {"urn:oid:" + domain + "|" + patient.ID}, "subtype": {transactions}, "outcome": {outcomes}, "_count": {"1000"},
	}.Encode()
	for next != "" {
		var page struct {
			Link  []struct{ Relation, URL string }
			Entry []struct{ Resource auditEvent }
		}
		if err := getJSON(next, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entry {
			out = append(out, e.Resource)
		}
		next = ""
		for _, l := range page.Link {
			if l.Relation == "next" {
				next = l.URL
			}
		}
	}
	return out
}

func getJSON(url string, into any) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/fhir+json") {
		return fmt.Errorf("audit search: %s", resp.Status)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
