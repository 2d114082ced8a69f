package repository

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
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
		"person by id":             {event("ITI-42", func(r *atna.Record) { r.Users = []atna.User{{ID: "dr7"}}; r.Outcome = atna.SeriousFailure }), "dr7", "added documents", "refused"},
		"person in UserID":         {event("ITI-42", func(r *atna.Record) { r.Users = []atna.User{{ID: "Dr. Seven<dr7@https://idp>"}} }), "Dr. Seven", "added documents", ""},
		"person without alias":     {event("ITI-42", func(r *atna.Record) { r.Users = []atna.User{{ID: "<dr7@example.org@https://idp>"}} }), "dr7@example.org", "added documents", ""},
		"person by name, no alias": {event("ITI-42", func(r *atna.Record) { r.Users = []atna.User{{ID: "<dr7@https://idp>", Name: "<dr7@https://idp>"}} }), "dr7", "added documents", ""},
		"feed":                     {event("ITI-8", func(r *atna.Record) { r.Initiator.UserID = "HOSPITAL|ADT" }), "HOSPITAL ADT", "registered you", ""},
		"update":                   {event("ITI-44", func(r *atna.Record) { r.Action = atna.Update; r.Initiator.UserID = "|ADT" }), "ADT", "changed your personal data", ""},
		"merge":                    {event("ITI-8", func(r *atna.Record) { r.Merged = "Q^^^&2.999&ISO"; r.Initiator.UserID = "H|A" }), "H A", "joined this number with another number of yours", ""},
		"unheard of":               {event("ITI-99", func(r *atna.Record) { r.Initiator.NetworkAccess = atna.NetworkAccessPoint{} }), "unknown", "used your record", ""},
		"partial":                  {event("ITI-47", func(r *atna.Record) { r.Outcome = atna.MinorFailure }), "192.0.2.20", "searched for your personal data", "in part"},
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
		"date=sa2026-01-02":                   {day(3), {}},
		"date=eb2026-01-02":                   {{}, day(2)},
		"date=2026-01-02T00:00:00.5Z":         {day(2).Add(500 * time.Millisecond), day(2).Add(600 * time.Millisecond)},
		"date=gt2026-01-02T00:00:00.123Z":     {day(2).Add(124 * time.Millisecond), {}},
		"date=le2026-01-02T00:00:00.123456Z":  {{}, day(2).Add(124 * time.Millisecond)},
		"date=lt0001":                         {{}, time.Time{}.Add(time.Millisecond)},
	} {
		q, err := parseSearch(query)
		if err != nil || !q.From.Equal(want[0]) || !q.To.Equal(want[1]) {
			t.Errorf("%s: %v, from %v to %v", query, err, q.From, q.To)
		}
	}
	q, err := parseSearch(url.Values{"patient": {"urn:oid:2.999|1,urn:oid:2.999|2"}, "outcome": {"4,8"}, "type": {"http://dicom.nema.org/resources/ontology/DCM|110112"}, "user": {"a"}}.Encode())
	if err != nil || len(q.Patients) != 2 || len(q.Outcomes) != 2 || q.EventIDs[0] != "110112" || q.Users[0] != "a" || q.Limit != defaultCount {
		t.Errorf("%v, %+v", err, q)
	}
}

// TestParseSearchRefuses what would show more than was asked for when it were left out, or taken for something else.
func TestParseSearchRefuses(t *testing.T) {
	t.Parallel()
	for _, query := range []string{
		"patient.identifier=%zz", "date=2026;patient.identifier=x", "patient.identifier=", "patient.identifier=urn:oid:2.999%7C",
		"patient=urn:oid:2.999%7C1&patient.identifier=urn:oid:2.999%7C2", "outcome=0&outcome=4", "_count=1&_count=2", "type=110112&type=110106",
		"type=http://example.org%7C", "type=110112,", "outcome=http://example.org%7C0", "action=http://example.org%7CR", "outcome:missing=true",
		"date=ne2026", "date=2026-13", "date=ge", "name=x", "_page=1", "_count=0", "_count=-1",
	} {
		if _, err := parseSearch(query); err == nil {
			t.Errorf("%s: accepted", query)
		}
	}
}

// TestTokens: a backslash takes the meaning from a separator; the UserID of HL7 v2 has one.
func TestTokens(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		`HOSPITAL\|ADT`:    {"HOSPITAL|ADT"},
		`HOSPITAL|ADT`:     {"ADT", "HOSPITAL|ADT"},
		`CN=emr\,O=Clinic`: {"CN=emr,O=Clinic"},
		`a,b`:              {"a", "b"},
		`a\\,b\x`:          {`a\`, `b\x`},
	} {
		q, err := parseSearch(url.Values{"agent.identifier": {value}}.Encode())
		if err != nil || !slices.Equal(q.Users, want) {
			t.Errorf("%s: got %q, %v, want %q", value, q.Users, err, want)
		}
	}
}

// TestMatches what no column of the store decides.
func TestMatches(t *testing.T) {
	t.Parallel()
	e := event("ITI-18", func(r *atna.Record) { r.Time = at.Add(123_456 * time.Microsecond) })
	for query, want := range map[string]bool{
		"type=110112": true, "type=http://dicom.nema.org/resources/ontology/DCM|110112": true, "type=DCM|110112": true, "type=http://example.org|110112": false, "type=|110112": false,
		"subtype=urn:ihe:event-type-code|ITI-18": true, "subtype=urn:x|ITI-18,ITI-43": false, "subtype=ITI-43,ITI-18": true,
		"address=192.0.2.": true, "address=198.51.100.1": false, "address=198.51.100.1,192.0.2.20": true,
		"entity=P^^^%262.999%26ISO": true, "entity=P": false,
		"date=2026-01-02T03:04:05.123456Z": true, "date=2026-01-02T03:04:05.123Z": true, "date=2026-01-02T03:04:05.124Z": false,
		"date=gt2026-01-02T03:04:05.123456Z": false, "date=gt2026-01-02T03:04:05.123455Z": true, "date=lt2026-01-02T03:04:05.123456Z": false, "date=lt2026-01-02T03:04:05.123457Z": true,
	} {
		q, err := parseSearch(query)
		if err != nil || q.matches(e) != want {
			t.Errorf("%s: got %v, %v", query, !want, err)
		}
	}
}

// trail is a store of events, the latest first, that filters by nothing.
type trail struct {
	store.Audit
	all []store.AuditMessage
}

func (s *trail) SearchAudit(_ context.Context, q store.AuditQuery) (found []store.AuditMessage, err error) {
	for _, m := range s.all {
		if len(found) < q.Limit && (q.Before == nil || m.ID < q.Before.ID) {
			found = append(found, m)
		}
	}
	return found, nil
}

// TestBundle: every page is full, nothing is there twice or left out, and what a library needs to go on is there.
func TestBundle(t *testing.T) {
	t.Parallel()
	s := &trail{}
	const n = 3 * maxCount
	for i := range n {
		e := event("ITI-18", func(r *atna.Record) {
			if i%3 == 0 {
				r.Initiator.NetworkAccess.ID = "198.51.100.1"
			}
		})
		if i%5 == 0 {
			e = nil // bytes
		}
		s.all = append(s.all, store.AuditMessage{ID: int64(n - i), Event: e})
	}
	search := &Search{Trail: s, Used: func(*http.Request, []string, atna.Outcome) error { return nil }}
	address, seen := "http://audit.example.org/audit/AuditEvent?_count=7&address=198.51.100.1", map[string]bool{}
	for address != "" {
		w := httptest.NewRecorder()
		search.ServeHTTP(w, httptest.NewRequest("GET", address, nil))
		var b bundle
		if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != 200 {
			t.Fatalf("status %d, %v", w.Code, err)
		}
		if b.Link[0] != (link{"self", address}) {
			t.Fatalf("self is %+v, want %s", b.Link[0], address)
		}
		address = ""
		if len(b.Link) == 2 && b.Link[1].Relation == "next" {
			address = b.Link[1].URL
		}
		if len(b.Entry) != 7 && address != "" {
			t.Fatalf("%d entries on a page that is not the last", len(b.Entry))
		}
		for _, e := range b.Entry {
			if seen[e.FullURL] || e.FullURL != "http://audit.example.org/audit/AuditEvent/"+e.Resource.ID || e.Search.Mode != "match" {
				t.Fatalf("entry %s, mode %q, seen %v", e.FullURL, e.Search.Mode, seen[e.FullURL])
			}
			seen[e.FullURL] = true
		}
	}
	if want := n / 3 * 4 / 5; len(seen) != want {
		t.Errorf("%d found, want %d", len(seen), want)
	}
}

// TestSearchIsBounded: what nothing matches does not read the whole trail at once.
func TestSearchIsBounded(t *testing.T) {
	t.Parallel()
	s := &trail{}
	for i := range 2*maxScan + 1 {
		s.all = append(s.all, store.AuditMessage{ID: int64(2*maxScan + 1 - i)})
	}
	q, err := parseSearch("_count=1000&address=x")
	if err != nil {
		t.Fatal(err)
	}
	found, next, err := (&Search{Trail: s}).find(t.Context(), q)
	if err != nil || len(found) != 0 || next == nil || next.ID != maxScan+2 {
		t.Errorf("%d found, next %+v, %v", len(found), next, err)
	}
}

// TestResourceOfTheUnusual: whatever a sender leaves out or makes up, no element is empty, null or outside a required binding.
func TestResourceOfTheUnusual(t *testing.T) {
	t.Parallel()
	e, _, err := atna.Decode([]byte(`<AuditMessage><EventIdentification EventActionCode="X" EventDateTime="2026-01-02T03:04:05Z" EventOutcomeIndicator="0"><EventID/><EventTypeCode codeSystemName="s"/></EventIdentification>` +
		`<ActiveParticipant UserID=""><RoleIDCode/></ActiveParticipant><AuditSourceIdentification><AuditSourceTypeCode/></AuditSourceIdentification>` +
		`<ParticipantObjectIdentification/><ParticipantObjectIdentification ParticipantObjectID="1"><ParticipantObjectDetail type="t" value=""/><ParticipantObjectDetail value="eA=="/></ParticipantObjectIdentification></AuditMessage>`))
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(resource(&store.AuditMessage{ID: 7, Event: e}))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{`""`, `null`, `{}`, `[]`, `"action"`} {
		if strings.Contains(string(b), wrong) {
			t.Errorf("has %s: %s", wrong, b)
		}
	}
}
