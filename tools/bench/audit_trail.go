package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
	"dossier/atna/syslog"
	"dossier/store"
	"dossier/store/sqldb"
)

// year is what is searched: one of the two over which events are spread.
const year = 365 * 24 * time.Hour

// eventsEach is how many events there are about each patient, half of them in the year that is searched.
const eventsEach = 200

// events are queries about patients, one after the other, from a number on, spread evenly over two years.
func events(from, n, of int) []store.AuditMessage {
	out := make([]store.AuditMessage, n)
	for i := range out {
		number := from + i
		r := &atna.Record{
			Role: atna.Responder, Time: time.Unix(0, 0).Add(time.Duration(float64(2*year) * float64(number) / float64(of))), Source: atna.AuditSource{ID: "dossier"},
			Users: []atna.User{{ID: fmt.Sprintf("dr%d", number%997)}}, Patients: []string{auditPatient(number % max(1, of/eventsEach))},
			Query: &atna.QueryData{ID: "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", Message: bytes.Repeat([]byte("query "), 100)},
		}
		r.Transaction.ID, r.Transaction.Name = "ITI-18", "Registry Stored Query"
		e := r.Events()[0]
		out[i] = store.AuditMessage{Exchange: "bench", Event: &e, Message: atna.Append(nil, &e)}
	}
	return out
}

func auditPatient(n int) string { return fmt.Sprintf("A-%d^^^&%s&ISO", n, authority) }

// record makes a database with so many events.
func record(ctx context.Context, data string, n int) (err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	db, err := sqldb.OpenSQLite(ctx, filepath.Join(data, "dossier.db"), sqldb.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for from := 0; from < n; from += 5000 {
		if err := db.Record(ctx, events(from, min(5000, n-from), n)...); err != nil {
			return err
		}
	}
	return nil
}

// auditSearch asks for one patient's year (ITI-81) beside the SELECT of the same messages.
func (b *bench) auditSearch(ctx context.Context) (err error) {
	data := filepath.Join(b.dir, "searched")
	started := time.Now()
	if err := record(ctx, data, b.events); err != nil {
		return err
	}
	b.table.note("%s audit events stored in %.1f s", count(b.events), time.Since(started).Seconds())
	s, err := b.startAs(ctx, data, setup{binary: b.binary, configuration: "audit:\n  search: loopback\n"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	db, err := open(ctx, filepath.Join(data, "dossier.db"), readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	p := &population{bench: b}
	anyone := func() int { return rand.IntN(b.events / eventsEach) }
	bare := p.bareSelect(db, "SELECT e.message FROM audit_patient p JOIN audit_event e ON e.id = p.event WHERE p.patient = $1 AND p.event_time >= $2 AND p.event_time < $3 ORDER BY p.event_time DESC",
		func() []any {
			return []any{fmt.Sprintf("A-%d^^^&%s", anyone(), authority), int64(0), year.Milliseconds()}
		})
	result, err := abreast(ctx, b.plan, []operation{func(ctx context.Context) (time.Duration, error) { return s.searchAudit(ctx, anyone()) }}, []operation{bare})
	if err != nil {
		return err
	}
	b.table.addRates(fmt.Sprintf("ITI-81, a patient's year, %d among %s events", eventsEach/2, count(b.events)), "SELECT of the same messages", result, 0)
	return nil
}

// searchAudit is ITI-81.
func (s *server) searchAudit(ctx context.Context, patient int) (time.Duration, error) {
	q := url.Values{
		"patient.identifier": {fmt.Sprintf("urn:oid:%s|A-%d", authority, patient)}, "_count": {"1000"},
		"date": {"ge1970-01-01T00:00:00Z", "lt1971-01-01T00:00:00Z"},
	}
	start := time.Now()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.admin+"/audit/AuditEvent?"+q.Encode(), nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	took := time.Since(start)
	if err == nil && bytes.Count(body, []byte(`"resourceType":"AuditEvent"`)) != eventsEach/2 {
		err = fmt.Errorf("ITI-81: expected %d events, got %s %.500s", eventsEach/2, resp.Status, body)
	}
	return took, err
}

// auditForward measures how fast stored events reach a receiver over TLS, beside the same messages written to it as fast as
// it takes them. Each round is a new server and a new receiver: a destination that has never been heard of gets everything.
func (b *bench) auditForward(ctx context.Context) error {
	data := filepath.Join(b.dir, "forwarded")
	if err := record(ctx, data, b.forwarded); err != nil {
		return err
	}
	secure, err := newSecrets(b.dir)
	if err != nil {
		return err
	}
	c := &comparison{}
	const rounds = 3
	for range rounds {
		server, err := b.forwardOnce(ctx, data, secure)
		if err != nil {
			return err
		}
		bare, err := b.sendOnce(ctx, secure)
		if err != nil {
			return err
		}
		c.rates, c.limitRates, c.ratios = append(c.rates, server), append(c.limitRates, bare), append(c.ratios, server/bare)
	}
	for _, v := range [][]float64{c.rates, c.limitRates, c.ratios} {
		slices.Sort(v)
	}
	b.table.rows = append(b.table.rows, row{
		figure: fmt.Sprintf("audit events forwarded over TLS, %s", count(b.forwarded)), n: fmt.Sprint(rounds), rate: perSecondText(median(c.rates)),
		limit: "one connection, the same receiver (" + perSecondText(median(c.limitRates)) + ")", ratio: fmt.Sprintf("%.2f", c.ratio()),
		spread: fmt.Sprintf("%.2f..%.2f", c.ratios[0], c.ratios[len(c.ratios)-1]), goal: perSecondText(goalForward),
		judgement: judge(median(c.rates) >= goalForward || c.ratio() >= 0.9),
	})
	return nil
}

// secrets are the certificates of server and receiver.
type secrets struct {
	dir    string
	config *tls.Config // of the receiver, and of bare senders
}

func newSecrets(dir string) (*secrets, error) {
	now := time.Now()
	ca, err := pki.NewAuthority("CA", now)
	if err != nil {
		return nil, err
	}
	p, err := ca.Issue(pki.Request{Name: "bench", Hosts: []string{"127.0.0.1"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour)})
	if err != nil {
		return nil, err
	}
	key, err := pki.KeyPEM(p.Key)
	if err != nil {
		return nil, err
	}
	certificate := pki.CertificatePEM(p.Certificate)
	for name, content := range map[string][]byte{"ca.pem": pki.CertificatePEM(ca.Certificate), "bench.pem": certificate, "bench-key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(certificate, key)
	pool := x509.NewCertPool()
	pool.AddCert(ca.Certificate)
	return &secrets{dir, &tls.Config{
		Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	}}, err
}

// receiver counts messages.
type receiver struct {
	*syslog.Server
	address     string
	want        int64
	got         atomic.Int64
	first, last atomic.Int64 // nanoseconds
	all         chan struct{}
}

func (s *secrets) receive(want int) (*receiver, error) {
	ln, err := tls.Listen("tcp", "127.0.0.1:0", s.config)
	if err != nil {
		return nil, err
	}
	r := &receiver{address: ln.Addr().String(), want: int64(want), all: make(chan struct{})}
	r.Server = &syslog.Server{Handler: func(context.Context, net.Addr, []byte) error {
		switch n := r.got.Add(1); n {
		case 1:
			r.first.Store(time.Now().UnixNano())
		case r.want:
			r.last.Store(time.Now().UnixNano())
			close(r.all)
		}
		return nil
	}}
	go func() { _ = r.Serve(ln) }() // ends with Shutdown
	return r, nil
}

// rate waits for all messages.
func (r *receiver) rate(ctx context.Context) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	select {
	case <-r.all:
	case <-ctx.Done():
		return 0, fmt.Errorf("%d of %d messages came: %w", r.got.Load(), r.want, ctx.Err())
	}
	return float64(r.want-1) / (float64(r.last.Load()-r.first.Load()) / 1e9), nil
}

func (b *bench) forwardOnce(ctx context.Context, data string, x *secrets) (rate float64, err error) {
	r, err := x.receive(b.forwarded)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Shutdown(ctx)) }()
	in := func(name string) string { return strconv.Quote(filepath.Join(x.dir, name)) }
	configuration := fmt.Sprintf("tls: {certificate: %s, key: %s, trusted: %s}\naudit: {forward: [%q]}\n", in("bench.pem"), in("bench-key.pem"), in("ca.pem"), "tls://"+r.address)
	s, err := b.startAs(ctx, data, setup{binary: b.binary, configuration: configuration})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return r.rate(ctx)
}

// sendOnce writes messages of the same size to a receiver.
func (b *bench) sendOnce(ctx context.Context, x *secrets) (rate float64, err error) {
	r, err := x.receive(b.forwarded)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Shutdown(ctx)) }()
	var out []byte
	for _, e := range events(0, b.forwarded, b.forwarded) {
		m := syslog.Message{Priority: syslog.AuditPriority, Time: time.Unix(0, 0), Hostname: "bench", AppName: "bench", ProcID: "1", MsgID: syslog.AuditMsgID, Text: e.Message}
		out = syslog.AppendFrame(out, m.Append(nil))
	}
	conn, err := tls.Dial("tcp", r.address, x.config)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if _, err := conn.Write(out); err != nil {
		return 0, err
	}
	return r.rate(ctx)
}
