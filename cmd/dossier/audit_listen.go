package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"dossier/atna"
	"dossier/atna/repository"
	"dossier/atna/syslog"
	"dossier/internal/actor"
)

// auditServer is the receiving side of the Audit Record Repository.
type auditServer struct {
	*syslog.Server
	tcp net.Listener   // nil where audit.listen is ""
	udp net.PacketConn // nil where audit.listenudp is ""
}

// listenAudit opens the listeners of the Audit Record Repository.
func (n *node) listenAudit() (s *auditServer, err error) {
	c := n.config.Audit
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dossier_audit_received_total", Help: "Audit messages received: valid, tolerated (read although the schema is not met), unparsed (kept as bytes).",
	}, []string{"kind"})
	n.metrics.MustRegister(counter)
	r := &repository.Repository{Trail: n.db, Received: auditReceived(counter)}
	s = &auditServer{Server: &syslog.Server{Handler: r.Receive, Report: n.reportAudit}}
	if c.Listen != "" {
		if s.tcp, err = net.Listen("tcp", c.Listen); err != nil {
			return nil, fmt.Errorf("listener audit: %w", err)
		}
	}
	if c.ListenUDP != "" {
		if s.udp, err = net.ListenPacket("udp", c.ListenUDP); err != nil {
			s.close()
			return nil, fmt.Errorf("listener audit (UDP): %w", err)
		}
	}
	return s, nil
}

func (s *auditServer) close() {
	if s.tcp != nil {
		s.tcp.Close()
	}
	if s.udp != nil {
		s.udp.Close()
	}
}

// serve receives until it is shut down.
func (s *auditServer) serve(g *errgroup.Group, n *node) {
	if s.tcp != nil {
		g.Go(func() error { return ended(s.Serve(n.secured(s.tcp, n.config.TLS.Allow.Audit))) })
	}
	if s.udp != nil {
		g.Go(func() error { return ended(s.ServePacket(s.udp)) })
	}
}

func (n *node) reportAudit(peer net.Addr, err error) {
	var handshake *syslog.HandshakeError
	if errors.As(err, &handshake) {
		n.refusedPeer(peer, err)
		return
	}
	n.log.Info("audit connection closed", "peer", peer.String(), "cause", err.Error())
}

// runAudit signs, forwards and receives until ctx ends.
func (n *node) runAudit(ctx context.Context, g *errgroup.Group, s *auditServer) {
	if n.config.Audit.Keep > 0 {
		n.leftBehind(ctx)
	}
	s.serve(g, n)
	if n.signingKey != nil {
		g.Go(func() error { return n.sign(ctx) })
	}
	if n.stamps != nil {
		g.Go(func() error { return n.stamp(ctx) })
	}
	for _, url := range n.config.Audit.Forward {
		d, err := destinationOf(url) // checked with the configuration
		if err == nil {
			g.Go(func() error { return n.forward(ctx, d) })
		}
	}
}

// Who may search the audit trail by ITI-81, by audit.search.
const (
	searchOff         = "off"         // nobody
	searchLoopback    = "loopback"    // whoever is on this machine, too
	searchCertificate = "certificate" // whom tls.allow.admin names
)

// maySearch refuses everybody who has not proved to be meant: the trail says who is whose patient.
func (n *node) maySearch(r *http.Request) error {
	switch c := n.config; {
	case c.Audit.Search == searchOff:
		return errors.New("the audit trail is not searched here: audit.search is off")
	case r.TLS != nil && len(r.TLS.PeerCertificates) > 0 && atna.Named(r.TLS.PeerCertificates[0], c.TLS.Allow.Admin):
		return nil
	case c.Audit.Search == searchLoopback && loopback(c.Admin) && loopback(r.RemoteAddr) && (loopback(r.Host) || loopback(r.Host+":80")):
		return nil // a page of another host in this machine's browser has that host's name in r.Host
	case c.Audit.Search == searchLoopback:
		return errors.New("the audit trail is searched from this machine on a loopback address, or with a certificate that tls.allow.admin names")
	}
	return errors.New("the audit trail is searched with a certificate that tls.allow.admin names, over TLS, which the admin listener has unless it is loopback; " +
		"audit.search: loopback lets everybody on this machine search")
}

// auditSearch answers ITI-81 on the admin listener.
func (n *node) auditSearch() http.Handler {
	return &repository.Search{Trail: n.db, May: n.maySearch, Used: func(r *http.Request, patients []string, outcome atna.Outcome) error {
		user := atna.Party{UserID: "unknown", NetworkAccess: actor.Access(r.RemoteAddr)}
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 {
			user.UserID = r.TLS.PeerCertificates[0].Subject.String()
		}
		return n.audit.logUsed(r.Context(), user, "/audit/AuditEvent", patients, outcome)
	}}
}
