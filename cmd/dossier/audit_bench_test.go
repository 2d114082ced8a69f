package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/syslog"
	"dossier/hl7v2"
	"dossier/store"
	"dossier/store/sqldb"
	"dossier/xds"
)

// BenchmarkAuditCost is the throughput of 8 clients with and without the audit trail, in turns within one run:
//
//	go test ./cmd/dossier -run '^$' -bench AuditCost
func BenchmarkAuditCost(b *testing.B) {
	for _, what := range []string{"ITI-18", "ITI-42"} {
		b.Run(what, func(b *testing.B) {
			with, without := benchServer(b, true), benchServer(b, false)
			var rate, cpu [2][]float64
			used := func() float64 {
				var u syscall.Rusage
				syscall.Getrusage(0, &u)
				return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e3
			}
			for b.Loop() {
				for i, s := range []*testServer{without, with} {
					u := used()
					rate[i] = append(rate[i], s.rate(b, what, 500*time.Millisecond))
					cpu[i] = append(cpu[i], (used()-u)/(rate[i][len(rate[i])-1]/2))
				}
			}
			off, on := median(rate[0]), median(rate[1])
			b.ReportMetric(off, "without/s")
			b.ReportMetric(on, "with/s")
			b.ReportMetric(100*(1-on/off), "%cost")
			b.ReportMetric(median(cpu[0]), "us-off")
			b.ReportMetric(median(cpu[1]), "us-on")
		})
	}
}

// benchServer has one patient with ten documents.
func benchServer(b *testing.B, audit bool) *testServer {
	c := testConfig(b)
	s := &testServer{log: &syncBuffer{}}
	log := slog.New(slog.DiscardHandler)
	var err error
	if s.node, err = newNode(b.Context(), c, log, realWorld()); err != nil {
		b.Fatal(err)
	}
	if !audit {
		s.node.frame.Audit = nil
	}
	if s.listeners, err = s.node.listen(); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.node.run(ctx, s.listeners) }()
	b.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			b.Error(err)
		}
		if err := s.node.close(); err != nil {
			b.Error(err)
		}
	})
	for range 10 {
		if answer := s.ask(b, http.DefaultClient, benchRegister(b)); !successful(answer) {
			b.Fatalf("%s", answer)
		}
	}
	return s
}

func benchRegister(b *testing.B) string {
	m := registrable(demoSubmission(b, 1))
	m.SubmissionSets[0].UniqueID = xds.UniqueID("2.25." + decimal())
	e := m.DocumentEntries[0]
	e.EntryUUID, e.UniqueID = newEntryUUID(), xds.UniqueID("2.25."+decimal())
	m.Associations[0].Target = e.EntryUUID
	return envelope(actionRegister, submitRequest(m))
}

var counted atomic.Int64

func decimal() string { return fmt.Sprint(time.Now().UnixNano() + counted.Add(1)) }

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return x[len(x)/2]
}

func (s *testServer) ask(b *testing.B, client *http.Client, body string) []byte {
	resp, err := client.Post(s.registry(), "application/soap+xml", strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return answer
}

// rate is requests a second of 8 clients for a while.
func (s *testServer) rate(b *testing.B, what string, d time.Duration) float64 {
	query := envelope(actionQuery, storedQuery(findDocuments, "LeafClass", "$XDSDocumentEntryPatientId", demoPatient, "$XDSDocumentEntryStatus", statusApproved))
	var n atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(d)
	for range 8 {
		wg.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for time.Now().Before(end) {
				body := query
				if what == "ITI-42" {
					body = benchRegister(b)
				}
				if answer := s.ask(b, client, body); !successful(answer) {
					b.Errorf("%s", answer)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / d.Seconds()
}

// BenchmarkAuditForward is how many events a second go over TLS to a receiver that only counts them.
func BenchmarkAuditForward(b *testing.B) {
	w := newSecureWorld(b)
	c := w.config(b)
	s := &testServer{log: &syncBuffer{}}
	var err error
	if s.node, err = newNode(b.Context(), c, slog.New(slog.DiscardHandler), realWorld()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.node.close() })
	const events = 20_000
	for range events / 1000 {
		if err := s.node.db.Record(b.Context(), benchEvents(0, 1000)...); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.node.audit.link(b.Context()); err != nil {
		b.Fatal(err)
	}
	var got atomic.Int64
	receiver := &syslog.Server{Handler: func(context.Context, net.Addr, []byte) error { got.Add(1); return nil }}
	ln, err := tls.Listen("tcp", "127.0.0.1:0", s.node.serverTLS(nil))
	if err != nil {
		b.Fatal(err)
	}
	go receiver.Serve(ln)
	b.Cleanup(func() { receiver.Shutdown(context.Background()) })
	for b.Loop() {
		got.Store(0)
		ctx, cancel := context.WithCancel(b.Context())
		f := &syslog.Forwarder{
			Sender: s.node.sender(destination{tls: true, addr: ln.Addr().String()}), Read: s.node.toForward, Idle: linkEvery,
			Keep: func(context.Context, int64) error { return nil },
		}
		started := time.Now()
		done := make(chan error, 1)
		go func() { done <- f.Run(ctx, 0) }()
		for got.Load() < events {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(events/time.Since(started).Seconds(), "events/s")
		cancel()
		<-done
	}
}

// benchEvents are queries for n patients, from a number on, one a minute.
func benchEvents(from, n int) []store.AuditMessage {
	out := make([]store.AuditMessage, n)
	for i := range out {
		r := &atna.Record{Role: atna.Responder, Time: time.Unix(int64(from+i)*60, 0), Source: atna.AuditSource{ID: "dossier"},
			Users: []atna.User{{ID: fmt.Sprintf("dr%d", (from+i)%997)}}, Patients: []string{fmt.Sprintf("P%d^^^&2.999.1.1&ISO", (from+i)%5000)},
			Query: &atna.QueryData{ID: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", Message: bytes.Repeat([]byte("query "), 100)}}
		r.Transaction.ID, r.Transaction.Name = "ITI-18", "Registry Stored Query"
		e := r.Events()[0]
		out[i] = store.AuditMessage{Exchange: "r", Event: &e, Message: atna.Append(nil, &e)}
	}
	return out
}

// BenchmarkAuditSearch is one patient's year among 10^6 events of two years.
func BenchmarkAuditSearch(b *testing.B) {
	db, err := sqldb.OpenSQLite(b.Context(), filepath.Join(b.TempDir(), "dossier.db"), sqldb.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	const events = 1_000_000
	for from := 0; from < events; from += 5000 {
		if err := db.Record(b.Context(), benchEvents(from, 5000)...); err != nil {
			b.Fatal(err)
		}
	}
	year := store.AuditQuery{Patients: []hl7v2.PatientKey{{ID: "P42", Authority: "2.999.1.1"}}, From: time.Unix(0, 0), To: time.Unix(365*86400, 0)}
	for b.Loop() {
		found, err := db.SearchAudit(b.Context(), year)
		if err != nil || len(found) < 100 {
			b.Fatal(len(found), err)
		}
		b.ReportMetric(float64(len(found)), "found")
	}
}
