package repository

import (
	"bytes"
	"context"
	"net"

	"dossier/atna"
	"dossier/atna/syslog"
	"dossier/store"
)

// Repository receives audit messages.
type Repository struct {
	Trail store.Audit
	// Received, if set, is told of each message: whether it could be parsed, and what the sender did not do as the schema
	// wants it.
	Received func(parsed bool, tolerated []string)
}

// Receive stores one message as it came; it is the handler of a syslog.Server. After an error the sender sends it again.
func (r *Repository) Receive(ctx context.Context, peer net.Addr, message []byte) error {
	m := store.AuditMessage{Peer: host(peer)}
	payload := syslog.Payload(message)
	event, tolerated, err := atna.Decode(bytes.Clone(payload))
	if err == nil {
		m.Event, m.Message = event, payload
	} else {
		m.Message = message // the whole of it: nobody knows which part matters
	}
	if err := r.Trail.Record(ctx, m); err != nil {
		return err
	}
	if r.Received != nil {
		r.Received(m.Event != nil, tolerated)
	}
	return nil
}

func host(peer net.Addr) string {
	h, _, err := net.SplitHostPort(peer.String())
	if err != nil {
		return peer.String()
	}
	return h
}
