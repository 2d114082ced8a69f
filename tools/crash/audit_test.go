//go:build linux

package crash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
		for id := range submissionsAudited(t, s, patient) {
			events[id] = true
		}
	}
	for _, x := range c.sent {
		id := string(x.unique)
		switch {
		case x.acknowledged && !events[id]:
			n.lost++
			t.Errorf("lost: an acknowledged submission has no audit event")
		case events[id] && !there[id]:
			n.half++
			t.Errorf("half-visible: an audit event tells of the submission %s of %s, which is not there (acknowledged %v, %d objects)", id, x.patient, x.acknowledged, len(x.objects))
		case there[id] && !events[id]:
			n.lost++
			t.Errorf("lost: a submission that is there has no audit event")
		}
	}
}

// submissionsAudited are the uniqueIds of the SubmissionSets that were registered for a patient, by the audit trail.
func submissionsAudited(t testing.TB, s *server, patient hl7v2.CX) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	next := "/audit/AuditEvent?" + url.Values{
		"patient.identifier": {"urn:oid:" + domain + "|" + patient.ID}, "subtype": {"ITI-41,ITI-42"}, "outcome": {"0,4"}, "_count": {"1000"},
	}.Encode()
	for next != "" {
		var page struct {
			Link  []struct{ Relation, URL string }
			Entry []struct {
				Resource struct {
					Entity []struct {
						What struct{ Identifier struct{ Value string } }
					}
				}
			}
		}
		if err := getJSON(s.adminURL+next, &page); err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Entry {
			for _, o := range e.Resource.Entity {
				out[o.What.Identifier.Value] = true
			}
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
