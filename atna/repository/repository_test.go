package repository

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/iti"
	"dossier/store"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func event(id string, change func(*atna.Record)) *atna.Event {
	r := &atna.Record{
		Transaction: iti.Transaction{ID: id, Name: "Name"}, Role: atna.Responder, Time: at, Source: atna.AuditSource{ID: "dossier", Types: []atna.Code{atna.ApplicationServer}},
		Initiator: atna.Party{UserID: "http://www.w3.org/2005/08/addressing/anonymous", NetworkAccess: atna.NetworkAccessPoint{ID: "192.0.2.20", Type: atna.IPAddress}},
		Responder: atna.Party{UserID: "https://xds.example.org/x", AlternativeUserID: "4711"}, Patients: []string{"P^^^&2.999&ISO"},
	}
	if change != nil {
		change(r)
	}
	return &r.Events()[0]
}

// TestExplain: a person before a system, a system before an address; words before codes, in every language.
func TestExplain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		event         *atna.Event
		who, what, at string
	}{
		"address":     {event("ITI-18", nil), "192.0.2.20", "looked up what your record holds", ""},
		"certificate": {event("ITI-18", func(r *atna.Record) { r.Initiator.AlternativeUserID = "CN=emr,O=Clinic" }), "emr", "looked up what your record holds", ""},
		"person": {event("ITI-43", func(r *atna.Record) {
			r.Users = []atna.User{{ID: "dr7", Name: "Dr. Seven<dr7@https://idp>"}}
			r.Documents = []atna.DocumentData{{UniqueID: "1"}, {UniqueID: "2"}}
		}), "Dr. Seven", "opened documents (2)", ""},
		"person by id": {event("ITI-42", func(r *atna.Record) { r.Users = []atna.User{{ID: "dr7"}}; r.Outcome = atna.SeriousFailure }), "dr7", "added documents", "refused"},
		"feed":         {event("ITI-8", func(r *atna.Record) { r.Initiator.UserID = "HOSPITAL|ADT" }), "HOSPITAL ADT", "registered you", ""},
		"update":       {event("ITI-44", func(r *atna.Record) { r.Action = atna.Update; r.Initiator.UserID = "|ADT" }), "ADT", "changed your personal data", ""},
		"merge":        {event("ITI-8", func(r *atna.Record) { r.Merged = "Q^^^&2.999&ISO"; r.Initiator.UserID = "H|A" }), "H A", "joined this number with another number of yours", ""},
		"unheard of":   {event("ITI-99", func(r *atna.Record) { r.Initiator.NetworkAccess = atna.NetworkAccessPoint{} }), "unknown", "used your record", ""},
		"partial":      {event("ITI-47", func(r *atna.Record) { r.Outcome = atna.MinorFailure }), "192.0.2.20", "searched for your personal data", "in part"},
	} {
		if a := Explain(c.event, "en"); a.Who != c.who || a.What != c.what || a.Outcome != c.at || !a.Time.Equal(at) {
			t.Errorf("%s: got %+v", name, a)
		}
	}
	for kind, words := range what {
		for _, l := range Languages() {
			if words[l] == "" {
				t.Errorf("%s has no words in %s", kind, l)
			}
		}
	}
}

// TestResource: nothing that the DICOM message says gets lost on the way to FHIR.
func TestResource(t *testing.T) {
	t.Parallel()
	e := event("ITI-18", func(r *atna.Record) {
		r.Query = &atna.QueryData{ID: "urn:uuid:1", Message: []byte("<q/>")}
		r.Users = []atna.User{{ID: "dr7", Name: "n", Roles: []atna.Code{{Value: "MED", System: "2.999.6", Text: "Physician"}}}}
		r.PurposeOfUse = []atna.Code{{Value: "TREAT", System: "s", Text: "t"}}
		r.Outcome, r.Description = atna.SeriousFailure, "XDSRegistryError"
	})
	b, err := json.Marshal(resource(&store.AuditMessage{ID: 7, Event: e}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"resourceType":"AuditEvent","id":"7"`, `"type":{"system":"http://dicom.nema.org/resources/ontology/DCM","code":"110112","display":"Query"}`,
		`"subtype":[{"system":"urn:ihe:event-type-code","code":"ITI-18","display":"Name"}]`, `"action":"E"`, `"recorded":"2026-01-02T03:04:05Z"`,
		`"outcome":"8","outcomeDesc":"XDSRegistryError"`, `"purposeOfEvent":[{"coding":[{"system":"s","code":"TREAT","display":"t"}]}]`,
		`"network":{"address":"192.0.2.20","type":"2"}`, `"who":{"identifier":{"value":"dr7"}}`, `"requestor":true`, `"altId":"4711"`,
		`"observer":{"identifier":{"value":"dossier"}}`, `"code":"4"`, `"what":{"identifier":{"value":"P^^^\u0026amp;2.999`, `"query":"PHEvPg=="`,
		`"detail":[{"type":"QueryEncoding","valueBase64Binary":"VVRGLTg="}]`,
	} {
		want = strings.Replace(want, `\u0026amp;`, `\u0026`, 1)
		if !strings.Contains(string(b), want) {
			t.Errorf("lacks %s:\n%s", want, b)
		}
	}
}

func TestParseSearch(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for query, want := range map[string][2]time.Time{
		"date=2026-01-02":                     {day(2), day(3)},
		"date=ge2026-01-02&date=lt2026-01-05": {day(2), day(5)},
		"date=gt2026-01-02&date=le2026-01-04": {day(3), day(5)},
		"date=2026-01":                        {day(1), day(32)},
		"date=ge2026-01-02T00:00:00%2B01:00":  {day(2).Add(-time.Hour), {}},
		"_count=5":                            {},
	} {
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		q, err := parseSearch(values)
		if err != nil || !q.From.Equal(want[0]) || !q.To.Equal(want[1]) {
			t.Errorf("%s: %v, from %v to %v", query, err, q.From, q.To)
		}
	}
	q, err := parseSearch(url.Values{"patient": {"urn:oid:2.999|1,urn:oid:2.999|2"}, "outcome": {"4,8"}, "type": {"http://dicom.nema.org/resources/ontology/DCM|110112"}, "user": {"a"}})
	if err != nil || len(q.Patients) != 2 || len(q.Outcomes) != 2 || q.EventIDs[0] != "110112" || q.Users[0] != "a" || q.Limit != defaultCount {
		t.Errorf("%v, %+v", err, q)
	}
}
