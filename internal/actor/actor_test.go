package actor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

func newFrame(log *bytes.Buffer) *Frame {
	return &Frame{
		Log: slog.New(slog.NewTextHandler(log, nil)), Metrics: NewMetrics(prometheus.NewRegistry()),
		NewID: func() string { return "0a1b2c3d-4e5f-6789" }, Now: func() time.Time { return time.Unix(0, 0) },
	}
}

func TestOperationMapsErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("pq: connection to 10.0.0.1 lost")
	fault := soap.SenderFault("bad message", nil)
	for name, c := range map[string]struct {
		err       error
		panics    bool
		fault     bool
		body, log []string
		unsent    string // in the log only
	}{
		"success": {body: []string{"<ok/>"}, log: []string{"outcome=success", "transaction=ITI-42"}},
		"refusal": {
			err:  xds.Errors{{Code: xds.XDSUnknownPatientID, Context: "patient SECRET-NAME is not known", Rule: "patient-known"}},
			body: []string{`errorCode="XDSUnknownPatientId"`, "SECRET-NAME", "[patient-known, reference 0a1b2c3d-4e5f]", "Failure"},
			log:  []string{"outcome=refused", "XDSUnknownPatientId/patient-known", "reference=0a1b2c3d-4e5f"},
		},
		"wrapped refusal": {err: fmt.Errorf("while storing: %w", xds.Errors{{Code: xds.XDSRegistryBusy}}), body: []string{"XDSRegistryBusy"}},
		"fault":           {err: fault, fault: true, log: []string{"outcome=refused", "bad message"}},
		"internal": {
			err: secret, body: []string{`errorCode="XDSRegistryError"`, "internal error [reference 0a1b2c3d-4e5f]"},
			log: []string{"10.0.0.1", "level=WARN"}, unsent: "10.0.0.1",
		},
		"panic": {panics: true, body: []string{"internal error"}, log: []string{"panic: boom"}, unsent: "boom"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			op := newFrame(&log).Operation(iti.RegisterDocumentSet, Protocol{Internal: xds.XDSRegistryError, Refuse: RegistryResponse},
				func(context.Context, *Exchange, *soap.Request) (*soap.Response, error) {
					if c.panics {
						panic("boom")
					}
					if c.err != nil {
						return nil, c.err
					}
					return soap.XML([]byte("<ok/>")), nil
				})
			resp, err := op.Handle(t.Context(), &soap.Request{})
			if c.fault != (err != nil) {
				t.Fatalf("error %v, want a fault: %v", err, c.fault)
			}
			body := ""
			if resp != nil {
				body = string(resp.Body[0].XML)
			}
			for _, want := range c.body {
				if !strings.Contains(body, want) {
					t.Errorf("answer lacks %q:\n%s", want, body)
				}
			}
			for _, want := range c.log {
				if !strings.Contains(log.String(), want) {
					t.Errorf("log lacks %q:\n%s", want, log.String())
				}
			}
			if strings.Contains(log.String(), "SECRET-NAME") {
				t.Errorf("log repeats what the peer is told:\n%s", log.String())
			}
			if c.unsent != "" && strings.Contains(body, c.unsent) {
				t.Errorf("answer leaks the cause: %s", body)
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d log lines, want 1:\n%s", n, log.String())
			}
		})
	}
}

func TestBrokenAnswerIsReported(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	closed := false
	op := newFrame(&log).Operation(iti.RetrieveDocumentSet, Protocol{}, func(context.Context, *Exchange, *soap.Request) (*soap.Response, error) {
		return &soap.Response{Sent: func(error) { closed = true }}, nil
	})
	resp, err := op.Handle(t.Context(), &soap.Request{})
	if err != nil {
		t.Fatal(err)
	}
	resp.Sent(errors.New("connection reset"))
	if !closed || !strings.Contains(log.String(), "answer broken off") {
		t.Errorf("handler told: %v, log %s", closed, log.String())
	}
}

func TestRelayedErrorsStayAsTheyCame(t *testing.T) {
	t.Parallel()
	x := &Exchange{Reference: "r"}
	errs := x.Stamp(xds.Errors{{Code: "Foreign", Context: "their words", Relayed: true}, {Code: "Ours", Context: "our words"}})
	if got := errs[0].RegistryError().Context; got != "their words" {
		t.Errorf("relayed: %q", got)
	}
	if got := errs[1].RegistryError().Context; got != "our words [reference r]" {
		t.Errorf("ours: %q", got)
	}
}
