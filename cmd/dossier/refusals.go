package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"dossier/atna"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
)

// Bounds of what refused peers add to the audit trail: burst + 1 events an interval for each address and cause, of which there are
// maxRefusalSources, and one for each cause that stands for all other addresses.
const (
	refusalInterval   = time.Minute
	maxRefusalSources = 100
	frameBurst        = 1  // broken frames; all are alike
	handshakeBurst    = 10 // failed handshakes, each of which may be another certificate
)

// refusals bounds events about peers that come too often. The first of an address are events of their own, those that follow in
// the same interval are one at its end: whoever sends garbage without pause does not fill the trail, and still none is left
// out of the count.
type refusals struct {
	burst int // events of their own
	// record stores one event for n refusals; address is "" for several addresses.
	record func(ctx context.Context, address, cause string, n int)

	mu    sync.Mutex
	since map[refusalSource]int // the beginning of the interval
}

type refusalSource struct{ address, cause string }

// frameCause words why a connection was closed; "" where no message was refused by it. Nothing of the message is in it.
func frameCause(err error) string {
	for _, is := range []error{mllp.ErrMalformed, mllp.ErrTooLarge, mllp.ErrBusy, mllp.ErrIncomplete} {
		if errors.Is(err, is) {
			return is.Error()
		}
	}
	return ""
}

func (r *refusals) add(ctx context.Context, address, cause string) {
	if r.own(&address, cause) {
		r.record(ctx, address, cause, 1)
	}
}

// own counts a refusal and tells whether it is an event of its own. With too many addresses new ones count as one, "".
func (r *refusals) own(address *string, cause string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.since == nil {
		r.since = map[refusalSource]int{}
	}
	if _, known := r.since[refusalSource{*address, cause}]; !known && len(r.since) >= maxRefusalSources {
		*address = ""
	}
	key := refusalSource{*address, cause}
	r.since[key]++
	return r.since[key] <= r.burst
}

// flush ends an interval.
func (r *refusals) flush(ctx context.Context) {
	r.mu.Lock()
	since := r.since
	r.since = nil
	r.mu.Unlock()
	for key, n := range since {
		if n > r.burst {
			r.record(ctx, key.address, key.cause, n-r.burst)
		}
	}
}

// countRefusals ends an interval after the other until ctx ends; the last one ends with the server.
func (n *node) countRefusals(ctx context.Context) error {
	tick := time.NewTicker(refusalInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			n.flushRefusals(ctx)
		}
	}
}

func (n *node) flushRefusals(ctx context.Context) {
	n.frames.flush(ctx)
	n.turnedAway.flush(ctx)
}

// alertFrames records messages of HL7 v2 that were refused before any transaction saw them, as those of SOAP are.
func (n *node) alertFrames(ctx context.Context, address, cause string, count int) {
	if count > 1 || address == "" {
		cause = fmt.Sprintf("%s: %d messages within %v", cause, count, refusalInterval)
	}
	n.alert(ctx, atna.MessageRefused, address, cause)
}

// alertPeers records more peers that could not prove who they are, or that may not do what they wanted.
func (n *node) alertPeers(ctx context.Context, address, kind string, count int) {
	code := atna.NodeAuthentication
	if kind == atna.RestrictedFunction.Value {
		code = atna.RestrictedFunction
	}
	n.alert(ctx, code, address, fmt.Sprintf("%d more connections within %v", count, refusalInterval))
}

// refusedPeer records a peer that could not prove who it is (DICOM PS3.15 A.5.3.11, Node Authentication).
func (n *node) refusedPeer(peer net.Addr, cause error) {
	n.log.Info("connection refused", "peer", peer.String(), "cause", cause.Error())
	kind := atna.NodeAuthentication
	if errors.Is(cause, errNotAllowed) {
		kind = atna.RestrictedFunction
	}
	host, _, _ := net.SplitHostPort(peer.String())
	if n.turnedAway.own(&host, kind.Value) {
		n.alert(context.Background(), kind, host, cause.Error())
	}
}

// alert records a Security Alert about a peer.
func (n *node) alert(ctx context.Context, kind atna.Code, address, description string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	alert := atna.Alert{
		Type: kind, Time: n.now(), Outcome: atna.SeriousFailure,
		Peer: atna.Party{NetworkAccess: actor.Access(address)}, Description: description,
	}
	if err := n.audit.Record(ctx, "", n.audit.node.Alert(alert)); err != nil {
		n.log.Error("a refused peer could not be recorded", "cause", err.Error())
	}
}

// reportFeed notes MLLP connections that were closed for a reason; the error says which and names no patient.
func (n *node) reportFeed(peer net.Addr, err error) {
	var handshake *mllp.HandshakeError
	if errors.As(err, &handshake) {
		n.refusedPeer(peer, err)
		return
	}
	n.log.Info("MLLP connection closed", "peer", peer.String(), "cause", err.Error())
	if cause := frameCause(err); cause != "" {
		host, _, _ := net.SplitHostPort(peer.String())
		n.frames.add(context.Background(), host, cause)
	}
}
