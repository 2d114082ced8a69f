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

// Bounds of what broken frames add to the audit trail: two events an interval for each address and cause, and at most
// 2 x (maxFrameSources + number of causes) whatever comes in.
const (
	frameInterval   = time.Minute
	maxFrameSources = 100
)

// refusedFrames records messages of HL7 v2 that nobody could read, as those of SOAP that no handler saw are recorded. The first
// of an address is an event at once, those that follow in the same interval are one at its end: whoever sends garbage without
// pause does not fill the trail, and still none is left out of the count.
type refusedFrames struct {
	// record stores one event for n messages; address is "" for several addresses.
	record func(ctx context.Context, address, cause string, n int)

	mu   sync.Mutex
	more map[frameSource]int // since the first of the interval
}

type frameSource struct{ address, cause string }

// frameCause words why a connection was closed; "" where no message was refused by it. Nothing of the message is in it.
func frameCause(err error) string {
	for _, is := range []error{mllp.ErrMalformed, mllp.ErrTooLarge, mllp.ErrBusy, mllp.ErrIncomplete} {
		if errors.Is(err, is) {
			return is.Error()
		}
	}
	return ""
}

func (r *refusedFrames) add(ctx context.Context, address, cause string) {
	if r.first(&address, cause) {
		r.record(ctx, address, cause, 1)
	}
}

// first counts a message and tells whether it is to be recorded at once. With too many addresses new ones count as one, "".
func (r *refusedFrames) first(address *string, cause string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.more == nil {
		r.more = map[frameSource]int{}
	}
	if _, known := r.more[frameSource{*address, cause}]; !known && len(r.more) >= maxFrameSources {
		*address = ""
	}
	key := frameSource{*address, cause}
	if _, known := r.more[key]; known {
		r.more[key]++
		return false
	}
	r.more[key] = 0
	return true
}

// flush ends an interval.
func (r *refusedFrames) flush(ctx context.Context) {
	r.mu.Lock()
	more := r.more
	r.more = nil
	r.mu.Unlock()
	for key, n := range more {
		if n > 0 {
			r.record(ctx, key.address, key.cause, n)
		}
	}
}

// run ends an interval after the other until ctx ends; the last one ends with the server.
func (r *refusedFrames) run(ctx context.Context, interval time.Duration) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			r.flush(ctx)
		}
	}
}

// alertFrames records messages that were refused before any transaction saw them.
func (n *node) alertFrames(ctx context.Context, address, cause string, count int) {
	description := cause
	if count > 1 || address == "" {
		description = fmt.Sprintf("%s: %d messages within %v", cause, count, frameInterval)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	alert := atna.Alert{
		Type: atna.MessageRefused, Time: n.now(), Outcome: atna.SeriousFailure,
		Peer: atna.Party{NetworkAccess: actor.Access(address)}, Description: description,
	}
	if err := n.audit.Record(ctx, "", n.audit.node.Alert(alert)); err != nil {
		n.log.Error("a refused message could not be recorded", "cause", err.Error())
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
