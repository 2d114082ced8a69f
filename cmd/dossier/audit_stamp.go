package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna/tsp"
)

// openStamps reads whom time stamps are believed; nil where audit.tsatrusted is "".
func (c *Config) openStamps() (*tsp.Authorities, error) {
	if c.Audit.TSATrusted == "" {
		return nil, nil
	}
	b, err := os.ReadFile(c.Audit.TSATrusted)
	if err != nil {
		return nil, usagef("configuration: audit.tsatrusted: %w", err)
	}
	a, err := tsp.ParseAuthorities(b, c.Audit.TSAPolicy)
	if err != nil {
		return nil, usagef("configuration: audit.tsatrusted: %w", err)
	}
	return a, nil
}

// checkTSA finds what no time stamps could be had with.
func (c *Config) checkTSA() (errs []error) {
	a := c.Audit
	if a.TSATimeout <= 0 || a.TSARetry <= 0 {
		errs = append(errs, fmt.Errorf("audit: expected tsatimeout and tsaretry above 0, got %v and %v", a.TSATimeout, a.TSARetry))
	}
	if a.TSA == "" {
		return errs
	}
	if u, err := url.Parse(a.TSA); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		errs = append(errs, fmt.Errorf("audit.tsa: expected the http or https URL of a time-stamp authority, got %q", a.TSA))
	}
	if a.Key == "" || a.TSATrusted == "" {
		errs = append(errs, fmt.Errorf("audit.tsa: expected audit.key and audit.tsatrusted beside it: what is stamped is a signed checkpoint, and only a stamp that verifies is kept"))
	}
	return errs
}

// stampBatch is how many checkpoints are read at a time.
const stampBatch = 100

// maxStampRetry bounds the pause between two attempts, which doubles from audit.tsaretry on.
const maxStampRetry = time.Hour

// openStamper prepares time stamps of checkpoints, if there is an authority.
func (n *node) openStamper() error {
	authorities, err := n.config.openStamps()
	if err != nil || n.config.Audit.TSA == "" {
		return err
	}
	n.signed = make(chan struct{}, 1)
	n.stamps = &tsp.Client{URL: n.config.Audit.TSA, Authorities: authorities, Now: n.now, HTTP: &http.Client{
		Timeout:       n.config.Audit.TSATimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	n.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_audit_unstamped_checkpoints", Help: "Checkpoints of the audit chain without a time stamp; -1 when the database does not say.",
	}, n.unstamped))
	return nil
}

func (n *node) unstamped() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_, count, err := n.db.Unstamped(ctx, 0)
	if err != nil {
		return -1
	}
	return float64(count)
}

// stamp asks for time stamps until ctx ends: when a checkpoint was signed, and after a failure again, later and later. The
// checkpoints themselves never wait for it.
func (n *node) stamp(ctx context.Context) error {
	pause, failing := n.config.Audit.TSARetry, false
	for {
		err := n.stampAll(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && !failing:
			n.log.Warn("checkpoints of the audit trail wait for their time stamps", "unstamped", n.unstamped(), "cause", err.Error())
		case err == nil && failing:
			n.log.Info("checkpoints of the audit trail are stamped again")
		}
		wake, wait := n.signed, maxStampRetry // signed by another process: looked for now and then
		if failing = err != nil; failing {
			wake, wait = nil, pause
			pause = min(2*pause, maxStampRetry)
		} else {
			pause = n.config.Audit.TSARetry
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-time.After(wait):
		}
	}
}

// stampAll stamps every checkpoint that has no time stamp, the latest first: it vouches for all before it.
func (n *node) stampAll(ctx context.Context) error {
	for {
		waiting, _, err := n.db.Unstamped(ctx, stampBatch)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, c := range waiting {
			token, s, err := n.stamps.Stamp(ctx, c.Digest())
			if err != nil {
				return err
			}
			if err := n.db.Stamp(ctx, c.Number, token); err != nil {
				return err
			}
			n.log.Debug("checkpoint stamped", "number", c.Number, "authority", s.Authority, "time", s.Time)
		}
	}
}

// justSigned wakes the worker; a signal that waits already is enough.
func (n *node) justSigned() {
	select {
	case n.signed <- struct{}{}:
	default:
	}
}
