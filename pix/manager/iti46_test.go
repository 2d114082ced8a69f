package manager

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/iti"
	"dossier/pix"
	"dossier/pix/hl7v3"
	"dossier/soap"
)

func notifyingManager() *V3 {
	return &V3{
		Core:   &Core{Domains: pix.Domains{{Authority: hl7v2.HD{Namespace: "A", UniversalID: "2.999.2.1", UniversalIDType: "ISO"}}}},
		Device: "2.999.1.20", NewUUID: func() string { return "00000000-0000-4000-8000-000000000001" },
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) },
	}
}

// listen is a consumer whose answer is made from what it was told.
func listen(t *testing.T, answer func(*hl7v3.Feed) (*soap.Response, error)) ConsumerV3 {
	t.Helper()
	s := httptest.NewServer(&soap.Server{Operations: []soap.Operation{{
		Action: iti.PIXV3UpdateNotification.Action, Reply: iti.PIXV3UpdateNotification.Reply,
		Handle: func(_ context.Context, req *soap.Request) (*soap.Response, error) {
			f, ok := hl7v3.DecodeFeed(req.Body)
			if !ok || f.Interaction != hl7v3.PatientRevised {
				t.Errorf("got %s, want PRPA_IN201302UV02", req.Body.Name.Local)
			}
			return answer(f)
		},
	}}})
	t.Cleanup(s.Close)
	return ConsumerV3{SOAP: &soap.Client{HTTP: &http.Client{Timeout: 5 * time.Second}}, URL: s.URL, Device: "2.999.1.30"}
}

func acknowledge(typeCode string) func(*hl7v3.Feed) (*soap.Response, error) {
	return func(f *hl7v3.Feed) (*soap.Response, error) {
		a := &hl7v3.AcceptAck{Transmission: f.Transmission, Acknowledgement: hl7v3.Acknowledgement{Type: typeCode, Target: f.ID,
			Details: []hl7v3.Detail{{Type: "E", Code: "204", Text: "SECRET"}}}}
		a.Interaction = hl7v3.AcceptAcknowledgement
		return soap.XML(hl7v3.AppendAcceptAck(nil, a)), nil
	}
}

var notice = &pix.Notice{IDs: []hl7v2.PatientKey{{ID: "P-1", Authority: "2.999.2.1"}, {ID: "7", Authority: "2.999.3.1"}}}

// TestNotifyTells: the consumer gets all ids, none of the demographics, and a message without a fault (ITI TF-2: 3.46.4.1.2).
func TestNotifyTells(t *testing.T) {
	t.Parallel()
	var told *hl7v3.Feed
	to := listen(t, func(f *hl7v3.Feed) (*soap.Response, error) {
		told = f
		return acknowledge(hl7v3.AcceptOK)(f)
	})
	messageID, err := notifyingManager().Notify(t.Context(), to, notice)
	if err != nil {
		t.Fatal(err)
	}
	if messageID != told.ID.Root {
		t.Errorf("the message is called %q, want %q", messageID, told.ID.Root)
	}
	if p := told.Problems(); len(p) != 0 {
		t.Errorf("problems %+v, want none", p)
	}
	p := told.Subjects[0].Patient
	want := []hl7v3.II{{Root: "2.999.2.1", Extension: "P-1", AuthorityName: "A"}, {Root: "2.999.3.1", Extension: "7"}}
	if len(p.IDs) != 2 || p.IDs[0] != want[0] || p.IDs[1] != want[1] {
		t.Errorf("ids %+v, want %+v", p.IDs, want)
	}
	if len(p.Person.Names) != 1 || p.Person.Names[0].NullFlavor != "NA" {
		t.Errorf("names %+v, want a null one", p.Person.Names)
	}
	if told.Receiver.ID.Root != "2.999.1.30" || told.Sender.ID.Root != "2.999.1.20" || told.AcceptAck != "AL" {
		t.Errorf("wrapper %+v", told.Transmission)
	}
}

// TestNotifyOutcomes: what ends a notice and what keeps it.
func TestNotifyOutcomes(t *testing.T) {
	t.Parallel()
	fault := func(f *soap.Fault) func(*hl7v3.Feed) (*soap.Response, error) {
		return func(*hl7v3.Feed) (*soap.Response, error) { return nil, f }
	}
	cases := []struct {
		name          string
		answer        func(*hl7v3.Feed) (*soap.Response, error)
		done, refused bool
	}{
		{"accepted", acknowledge(hl7v3.AcceptOK), true, false},
		{"accepted on the other level", acknowledge(hl7v3.ApplyOK), true, false},
		{"error", acknowledge(hl7v3.AcceptError), false, true},
		{"error on the other level", acknowledge(hl7v3.ApplyError), false, true},
		{"rejected", acknowledge(hl7v3.AcceptReject), false, false},
		{"no code", acknowledge(""), false, false},
		{"sender's fault", fault(soap.SenderFault("bad", nil)), false, true},
		{"receiver's fault", fault(soap.ReceiverFault("busy", nil)), false, false},
		{"another message", func(*hl7v3.Feed) (*soap.Response, error) { return soap.XML([]byte("<x/>")), nil }, false, false},
	}
	for _, c := range cases {
		_, err := notifyingManager().Notify(t.Context(), listen(t, c.answer), notice)
		if (err == nil) != c.done || errors.Is(err, ErrRefused) != c.refused {
			t.Errorf("%s: got %v, want done %v, refused %v", c.name, err, c.done, c.refused)
		}
		if err != nil && strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v repeats the peer's text", c.name, err)
		}
	}
}

// TestNotifyNobody: nobody listens, the notice stays.
func TestNotifyNobody(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	to := ConsumerV3{SOAP: &soap.Client{HTTP: &http.Client{Timeout: 5 * time.Second}}, URL: "http://" + l.Addr().String(), Device: "2.999.1.30"}
	if _, err := notifyingManager().Notify(t.Context(), to, notice); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want an error that keeps the notice", err)
	}
}
