package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
	"dossier/atna/syslog"
)

// destination is an audit repository that this server forwards to (ITI-20).
type destination struct {
	url  string // its name, too
	tls  bool
	addr string
}

// destinationOf reads tls://host:port or udp://host:port.
func destinationOf(url string) (destination, error) {
	scheme, addr, ok := strings.Cut(url, "://")
	host, port, err := net.SplitHostPort(addr)
	if !ok || scheme != "tls" && scheme != "udp" || err != nil || host == "" || port == "" {
		return destination{}, fmt.Errorf("expected tls://host:port or udp://host:port, got %q", url)
	}
	return destination{url: url, tls: scheme == "tls", addr: addr}, nil
}

// forward runs one destination until ctx ends.
func (n *node) forward(ctx context.Context, d destination) error {
	after, err := n.db.Cursor(ctx, d.url)
	if err == nil {
		err = n.db.SetCursor(ctx, d.url, after) // at once: what this destination does not have must not expire
	}
	switch {
	case ctx.Err() != nil:
		return nil // an ordered stop is no failure, also right after the start
	case err != nil:
		return fmt.Errorf("audit.forward %s: %w", d.url, err)
	}
	f := &syslog.Forwarder{
		Sender: n.sender(d), Read: n.toForward, Report: n.forwardReport(d), Idle: linkEvery,
		Keep: func(ctx context.Context, number int64) error {
			n.audit.forwarded.WithLabelValues(d.url).Set(float64(number))
			return n.db.SetCursor(ctx, d.url, number)
		},
	}
	return f.Run(ctx, after)
}

func (n *node) sender(d destination) syslog.Sender {
	if !d.tls {
		return &syslog.Datagrams{Addr: d.addr}
	}
	return &syslog.Client{Addr: d.addr, Config: func() *tls.Config { return n.secure.Client("") }}
}

// toForward reads the chain and puts each message into syslog. A link without message, which Verify reports, is passed over.
func (n *node) toForward(ctx context.Context, after int64, limit int) (messages [][]byte, last int64, err error) {
	links, err := n.db.Links(ctx, after, limit)
	for _, l := range links {
		last = l.Number
		if len(l.Message) == 0 {
			continue
		}
		m := syslog.Message{
			Priority: syslog.AuditPriority, Time: l.Stored, Hostname: n.audit.node.Host.ID, AppName: n.config.Audit.Source, ProcID: n.pid,
			MsgID: syslog.AuditMsgID, Text: l.Message,
		}
		messages = append(messages, m.Append(nil))
	}
	return messages, last, err
}

// forwardReport says once that a destination fails and once that it goes on; the cause names no patient.
func (n *node) forwardReport(d destination) func(error) {
	failing := false
	return func(err error) {
		switch {
		case err != nil && !failing:
			n.log.Warn("audit events wait for their destination", "destination", d.url, "cause", err.Error())
		case err == nil:
			n.log.Info("audit events are forwarded again", "destination", d.url)
		}
		failing = err != nil
	}
}

// sign signs the head of the chain now and then; lastCheckpoint does at the end.
func (n *node) sign(ctx context.Context) error {
	tick := time.NewTicker(n.config.Audit.Checkpoint)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := n.checkpoint(ctx); err != nil && ctx.Err() == nil {
				n.log.Error("the audit chain could not be signed", "cause", err.Error())
			}
			n.expireAudit(ctx)
		}
	}
}

// lastCheckpoint signs what was recorded up to the stop.
func (n *node) lastCheckpoint(ctx context.Context) {
	if n.signingKey == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	if err := n.checkpoint(ctx); err != nil {
		n.log.Error("the audit chain could not be signed", "cause", err.Error())
	}
}

// checkpoint signs the head of the chain unless it is signed already.
func (n *node) checkpoint(ctx context.Context) error {
	head, _, err := n.db.Link(ctx, linkBatch)
	if err != nil || head.Number == 0 {
		return err
	}
	last, err := n.db.LastCheckpoint(ctx)
	if err != nil || last >= head.Number {
		return err
	}
	c, err := n.signingKey.Sign(head, n.now())
	if err != nil {
		return err
	}
	if err := n.db.AddCheckpoint(ctx, c); err != nil {
		return err
	}
	n.justSigned()
	return nil
}

// expireAudit removes what is older than audit.keep.
func (n *node) expireAudit(ctx context.Context) {
	if n.config.Audit.Keep == 0 {
		return
	}
	removed, err := n.db.Expire(ctx, n.now().Add(-n.config.Audit.Keep))
	if err != nil && ctx.Err() == nil {
		n.log.Warn("old audit events could not be removed", "cause", err.Error())
	}
	if removed > 0 {
		n.log.Info("audit events older than audit.keep are removed", "events", removed)
	}
}

func newForwardedGauge() *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "dossier_audit_forwarded_number", Help: "Number in the chain up to which a destination certainly has the audit events.",
	}, []string{"destination"})
}

// auditReceived counts what other systems send.
func auditReceived(r *prometheus.CounterVec) func(parsed bool, tolerated []string) {
	return func(parsed bool, tolerated []string) {
		switch {
		case !parsed:
			r.WithLabelValues("unparsed").Inc()
		case len(tolerated) > 0:
			r.WithLabelValues("tolerated").Inc()
		default:
			r.WithLabelValues("valid").Inc()
		}
	}
}

// logUsed records that somebody read the trail. A peer that goes away before it is answered is recorded too, and is no failure of
// the trail, as which a context that ends would be counted.
func (a *auditTrail) logUsed(ctx context.Context, user atna.Party, uri string, patients []string, outcome atna.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return a.Record(ctx, "", a.node.LogUsed(a.now(), user, uri, patients, outcome))
}
