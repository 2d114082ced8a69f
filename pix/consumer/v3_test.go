package consumer

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/internal/xmlwire"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

// ourID is that of every message and query here.
const ourID = "00000000-0000-4000-8000-00000000000f"

// ask starts a peer that answers everything with one message, as one to ours, and returns a client of it.
func ask(t *testing.T, answer string) *V3 {
	t.Helper()
	answer = strings.NewReplacer(`root="2.999.1.30.9" extension="q-0001"`, `root="`+ourID+`"`,
		`<queryAck><queryId root="2.999.1.30.8" extension="tag-0001"/>`, `<queryAck><queryId root="`+ourID+`"/>`).Replace(answer)
	answers := func(context.Context, *soap.Request) (*soap.Response, error) { return soap.XML([]byte(answer)), nil }
	var operations []soap.Operation
	for _, i := range []string{"PRPA_IN201301UV02", "PRPA_IN201305UV02", "PRPA_IN201309UV02", "QUQI_IN000003UV01_Continue", "QUQI_IN000003UV01_Cancel"} {
		operations = append(operations, soap.Operation{Action: hl7v3.Namespace + ":" + i, Reply: "urn:reply", Handle: answers})
	}
	s := httptest.NewServer(&soap.Server{Operations: operations})
	t.Cleanup(s.Close)
	return &V3{
		SOAP: &soap.Client{HTTP: &http.Client{Timeout: 5 * time.Second}}, URL: s.URL, Device: "2.999.1.10", Receiver: "2.999.1.20",
		NewUUID: func() string { return ourID }, Now: time.Now,
	}
}

// recorded is a message of the codec's tests, with pairs of old and new text applied.
func recorded(t *testing.T, name string, pairs ...string) string {
	t.Helper()
	b, err := os.ReadFile("../hl7v3/testdata/" + name + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(pairs...).Replace(string(b))
}

var patient = hl7v2.CX{ID: "P-1", Authority: hl7v2.HD{UniversalID: "2.999.2.1", UniversalIDType: "ISO"}}

// TestCrossReferences: ids are taken from both places; what is none of a patient is left out.
func TestCrossReferences(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, answer string
		want         []string
	}{
		{"both places", recorded(t, "pix-response"), []string{"1980022900000^^^&2.999.3.1&ISO", "9^^^&2.999.3.2&ISO"}},
		{"none", recorded(t, "pix-response-none"), nil},
		{"an id without an OID", recorded(t, "pix-response", `root="2.999.3.2" extension="9"`, `root="X" extension="9"`), []string{"1980022900000^^^&2.999.3.1&ISO"}},
	} {
		ids, err := ask(t, c.answer).CrossReferences(t.Context(), patient, "2.999.3.1")
		var got []string
		for _, id := range ids {
			got = append(got, id.String())
		}
		if err != nil || strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("%s: got %v, %v, want %v", c.name, got, err, c.want)
		}
	}
}

// TestRefusals: what a peer refuses is told by its codes, whatever their system; other answers are errors of another kind.
func TestRefusals(t *testing.T) {
	t.Parallel()
	feed := func(c *V3) error { return c.Feed(t.Context(), hl7v3.PatientAdded, hl7v3.RegistrationEvent{}) }
	query := func(c *V3) error { _, err := c.CrossReferences(t.Context(), patient); return err }
	find := func(c *V3) error { _, err := c.Patients(t.Context(), Criteria{}, 1); return err }
	cancel := func(c *V3) error { return c.Cancel(t.Context(), &Found{}) }
	for _, c := range []struct {
		name, answer         string
		do                   func(*V3) error
		ok, refused, unknown bool
	}{
		{"fed", recorded(t, "ack"), feed, true, false, false},
		{"fed, on the other level", recorded(t, "ack", `"CA"`, `"AA"`), feed, true, false, false},
		{"cancelled", recorded(t, "ack"), cancel, true, false, false},
		{"feed refused", recorded(t, "ack-error"), feed, false, true, true},
		{"feed answered by another message", recorded(t, "pix-response"), feed, false, false, false},
		{"unknown patient", recorded(t, "pix-response-unknown"), query, false, true, true},
		{"unknown patient, other code system", recorded(t, "pix-response-unknown", "2.16.840.1.113883.12.357", hl7v3.SystemErrors), query, false, true, true},
		{"accepted and in error", recorded(t, "pix-response", `<queryResponseCode code="OK"/>`, `<queryResponseCode code="QE"/>`), query, false, true, false},
		{"a PIX query answered by demographics", recorded(t, "pdq-response"), query, false, false, false},
		{"demographics in error", recorded(t, "pdq-response", `<typeCode code="AA"/>`, `<typeCode code="AE"/>`), find, false, true, false},
		{"demographics answered by an acknowledgement", recorded(t, "ack"), find, false, false, false},
		{"an acknowledgement of another message", recorded(t, "ack", `extension="q-0001"`, `extension="q-0002"`), feed, false, false, false},
		{"ids for another message", recorded(t, "pix-response", `extension="q-0001"`, `extension="q-0002"`), query, false, false, false},
		{"ids for no message", recorded(t, "pix-response", `<id root="2.999.1.30.9" extension="q-0001"/>`, ""), query, false, false, false},
		{"ids for another query", recorded(t, "pix-response", `<queryAck><queryId root="2.999.1.30.8"`, `<queryAck><queryId root="2.999.1.30.7"`), query, false, false, false},
	} {
		err := c.do(ask(t, c.answer))
		var refused *Refused
		if (err == nil) != c.ok || errors.As(err, &refused) != c.refused || refused != nil && refused.Unknown() != c.unknown {
			t.Errorf("%s: got %v, want success %v, refusal %v, unknown %v", c.name, err, c.ok, c.refused, c.unknown)
		}
		if err != nil && strings.Contains(err.Error(), "the domain is not known here") {
			t.Errorf("%s: %v repeats the peer's text, which may name a patient", c.name, err)
		}
	}
}

// TestFound: what remains is what the peer says, or not known.
func TestFound(t *testing.T) {
	t.Parallel()
	f, err := ask(t, recorded(t, "pdq-response")).Patients(t.Context(), Criteria{}, 2)
	if err != nil || len(f.Patients) != 2 || f.Remaining != 21 {
		t.Fatalf("got %+v, %v, want two and 21 to come", f, err)
	}
	more, err := ask(t, recorded(t, "pdq-response", `<resultRemainingQuantity value="21"/>`, "")).Next(t.Context(), f, 2)
	if err != nil || len(more.Patients) != 2 || more.Remaining != -1 || more.seen != 4 {
		t.Errorf("got %+v, %v, want two and no word of what remains", more, err)
	}
}

// TestV3NotBelieved: what is no whole answer to this message within the limits is an error that is no refusal, and comes in time.
func TestV3NotBelieved(t *testing.T) {
	t.Parallel()
	head, body, _ := strings.Cut(recorded(t, "pix-response", `root="2.999.1.30.9" extension="q-0001"`, `root="`+ourID+`"`,
		`<queryAck><queryId root="2.999.1.30.8" extension="tag-0001"/>`, `<queryAck><queryId root="`+ourID+`"/>`), "<id ")
	message := head + "<id " + body
	envelope := func(relates, body string) string {
		return `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing"><e:Header><a:RelatesTo>` +
			relates + `</a:RelatesTo></e:Header><e:Body>` + body + `</e:Body></e:Envelope>`
	}
	const ours, soapType = "urn:uuid:" + ourID, "application/soap+xml; charset=UTF-8"
	for name, c := range map[string]struct {
		kind, body string
		declared   int // Content-Length beyond the body
		ok         bool
	}{
		"well":                      {kind: soapType, body: envelope(ours, message), ok: true},
		"relates to another":        {kind: soapType, body: envelope("urn:uuid:other", message)},
		"not well-formed":           {kind: soapType, body: envelope(ours, message[:len(message)-5])},
		"truncated":                 {kind: soapType, body: envelope(ours, message), declared: 100},
		"larger than the limit":     {kind: soapType, body: envelope(ours, strings.Replace(message, "<controlActProcess", "<!--"+strings.Repeat("x", 1<<20)+"--><controlActProcess", 1))},
		"with too many elements":    {kind: soapType, body: envelope(ours, strings.Replace(message, "<controlActProcess", strings.Repeat("<x/>", 3000)+"<controlActProcess", 1))},
		"a page":                    {kind: "text/html", body: "<html>"},
		"empty":                     {kind: soapType},
		"never":                     {kind: "never"},
		"never, after its envelope": {kind: "slow", body: envelope(ours, message)[:200]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.kind == "never" || c.kind == "slow" {
					w.Write([]byte(c.body))
					w.(http.Flusher).Flush()
					select {
					case <-r.Context().Done():
					case <-time.After(5 * time.Second):
					}
					return
				}
				w.Header().Set("Content-Type", c.kind)
				w.Header().Set("Content-Length", strconv.Itoa(len(c.body)+c.declared))
				w.Write([]byte(c.body))
			}))
			t.Cleanup(s.Close)
			client := &V3{
				SOAP: &soap.Client{
					HTTP: &http.Client{}, NewID: func() string { return ourID },
					Limits: soap.Limits{Envelope: 1 << 20, Body: 1 << 20, XML: xmlwire.Limits{Elements: 2000}},
				},
				URL: s.URL, Device: "2.999.1.10", Receiver: "2.999.1.20", NewUUID: func() string { return ourID }, Now: time.Now,
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			ids, err := client.CrossReferences(ctx, patient)
			var refused *Refused
			if (err == nil) != c.ok || (len(ids) > 0) != c.ok || errors.As(err, &refused) {
				t.Errorf("got %v, %v, want success %v", ids, err, c.ok)
			}
		})
	}
}

// TestQuiet: the words of a peer, which may name a patient, stay away from logs and from those who did not ask.
func TestQuiet(t *testing.T) {
	t.Parallel()
	refuses := func(context.Context, *soap.Request) (*soap.Response, error) {
		return nil, soap.SenderFault("P-1 is not welcome", nil)
	}
	s := httptest.NewServer(&soap.Server{Operations: []soap.Operation{{Action: hl7v3.Namespace + ":PRPA_IN201309UV02", Reply: "urn:reply", Handle: refuses}}})
	t.Cleanup(s.Close)
	m := newScene(t, linked).MPI
	m.PIX = &V3{SOAP: &soap.Client{}, URL: s.URL, NewUUID: func() string { return ourID }, Now: time.Now}
	if _, _, err := m.Affinity(t.Context(), patient); !errors.Is(err, pix.ErrUnavailable) || strings.Contains(err.Error(), "P-1") || !strings.Contains(err.Error(), "env:Sender") {
		t.Errorf("got %v", err)
	}
}
