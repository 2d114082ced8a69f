package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
	"dossier/internal/actor"
	"dossier/store"
	"dossier/store/sqldb"
)

// auditTrail puts the audit trail of this server together: what actors record goes into the database, is linked to the
// chain a moment later, and signed now and then.
type auditTrail struct {
	db     *sqldb.DB
	log    *slog.Logger
	now    func() time.Time
	node   atna.Node
	broken atomic.Bool // the last message could not be stored
	failed prometheus.Counter
	events *prometheus.CounterVec

	forwarded *prometheus.GaugeVec

	stopLinking func()
	linked      chan struct{}
}

func newAuditTrail(n *node) *auditTrail {
	a := &auditTrail{
		db: n.db, log: n.log, now: n.now, node: auditNode(n.config, n.pid),
		failed: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dossier_audit_failures_total", Help: "Audit events that could not be stored; their requests were refused.",
		}),
		events: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dossier_audit_events_total", Help: "Audit events stored by themselves, beside those stored with a change, by event and outcome.",
		}, []string{"event", "outcome"}),
	}
	a.forwarded = newForwardedGauge()
	n.metrics.MustRegister(a.failed, a.events, a.forwarded, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_audit_unlinked_events", Help: "Audit events that are stored and not yet in the hash chain.",
	}, a.unlinked))
	return a
}

// auditNode is this server as its events name it.
func auditNode(c *Config, pid string) atna.Node {
	n := atna.Node{
		Source:  atna.AuditSource{ID: c.Audit.Source, EnterpriseSiteID: c.Audit.Site, Types: []atna.Code{atna.ApplicationServer}},
		Process: pid, Account: "unknown", Host: actor.Access(c.Audit.Host),
	}
	if u, err := user.Current(); err == nil {
		n.Account = u.Username
	}
	if c.Audit.Host == "" {
		if host, err := os.Hostname(); err == nil {
			n.Host = actor.Access(host)
		}
	}
	return n
}

func (a *auditTrail) unlinked() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	n, err := a.db.Unlinked(ctx)
	if err != nil {
		return -1
	}
	return float64(n)
}

// Record implements actor.Recorder. The first event after a failure has Audit Recording Started before it, so that the trail
// says where it has a gap.
func (a *auditTrail) Record(ctx context.Context, exchange string, events ...atna.Event) error {
	resumes := a.broken.Load()
	if resumes {
		events = append([]atna.Event{a.node.Recording(a.now(), atna.AuditRecordingStarted)}, events...)
	}
	messages := make([]store.AuditMessage, len(events))
	for i := range events {
		messages[i] = store.AuditMessage{Exchange: exchange, Event: &events[i], Message: atna.Append(nil, &events[i])}
	}
	if resumes {
		messages[0].Exchange = ""
	}
	if err := a.db.Record(ctx, messages...); err != nil {
		a.failed.Inc()
		a.broken.Store(true)
		return err
	}
	if resumes {
		a.broken.Store(false)
	}
	for _, e := range events {
		a.events.WithLabelValues(e.Identification.ID.Value, e.Identification.Outcome.String()).Inc()
	}
	return nil
}

// usable tells whether events can be stored. After a failure it tries: only a stored event shows that they can again.
func (a *auditTrail) usable(ctx context.Context) error {
	if !a.broken.Load() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return a.Record(ctx, "")
}

const (
	linkEvery = 200 * time.Millisecond
	linkBatch = 500
	// linkOthers is after how many turns without a message of ours those of other processes are looked for.
	linkOthers = 300
)

// started records the start of the node, without which it does not serve, and begins to link. Who is stopped meanwhile has started
// all the same: that is no failure, and the stop is recorded after it.
func (a *auditTrail) started(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	if err := a.Record(ctx, "", a.node.Started(a.now())); err != nil {
		return fmt.Errorf("audit: the start cannot be recorded: %w", err)
	}
	ctx, a.stopLinking = context.WithCancel(ctx)
	a.linked = make(chan struct{})
	go func() {
		defer close(a.linked)
		a.run(ctx)
	}()
	return nil
}

// stopped records the stop, after the last request, and links what is left. cause is nil for an ordered stop. A stop cannot be
// refused: one that is not recorded is in the log.
func (a *auditTrail) stopped(ctx context.Context, cause error) {
	outcome := atna.Success
	if cause != nil {
		outcome = atna.MajorFailure
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := a.Record(ctx, "", a.node.Stopped(a.now(), outcome)); err != nil {
		a.log.Error("the stop cannot be recorded", "cause", err.Error())
	}
	a.stopLinking()
	<-a.linked
}

// run links what is stored until ctx ends, and what is left then.
func (a *auditTrail) run(ctx context.Context) {
	tick := time.NewTicker(linkEvery)
	defer tick.Stop()
	failing := false
	a.report(a.link(ctx), &failing) // what a crash left
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			a.report(a.link(last), &failing)
			return
		case <-tick.C:
			if !a.db.LinkWaits() && n%linkOthers != 0 {
				continue
			}
			if err := a.link(ctx); ctx.Err() == nil {
				a.report(err, &failing)
			}
		}
	}
}

// link appends everything that waits to the chain.
func (a *auditTrail) link(ctx context.Context) error {
	for {
		_, n, err := a.db.Link(ctx, linkBatch)
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return err // after a conflict another server has linked them, or will
		}
		if n < linkBatch {
			return nil
		}
	}
}

// report says once that linking fails, and once that it goes on.
func (a *auditTrail) report(err error, failing *bool) {
	switch {
	case err != nil && !*failing:
		a.log.Error("audit events cannot be linked to the chain; they are stored and wait", "cause", err.Error())
	case err == nil && *failing:
		a.log.Info("audit events are linked to the chain again")
	}
	*failing = err != nil
}
