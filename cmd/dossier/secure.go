package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
)

// openSecure reads certificate, key, trusted certificates and revocation lists, if this is a Secure Node (ITI-19).
func (n *node) openSecure() error {
	c := n.config.TLS
	if c.Certificate == "" {
		return nil
	}
	var err error
	n.secure, err = atna.NewSecure(atna.Files{Certificate: c.Certificate, Key: c.Key, Trusted: c.Trusted, Revoked: c.Revoked}, n.now)
	if err != nil {
		return usagef("configuration: tls: %w", err)
	}
	n.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_certificate_expiry_timestamp_seconds", Help: "When this server's certificate ends, seconds since 1970.",
	}, func() float64 { return float64(n.secure.Expires().Unix()) }))
	n.metrics.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_revocation_list_expiry_timestamp_seconds", Help: "When the first revocation list ends, seconds since 1970; 0 without any.",
	}, func() float64 {
		if at := n.secure.ListsExpire(); !at.IsZero() {
			return float64(at.Unix())
		}
		return 0
	}))
	return nil
}

// How long before its end a certificate is worth a warning, and a revocation list, which lives for days; once a day each.
const (
	expiryWarning     = 30 * 24 * time.Hour
	revocationWarning = 48 * time.Hour
)

// expiry says once a day that something ends soon, and at once when it has ended.
type expiry struct {
	within time.Duration
	warn   func(left time.Duration)
	warned time.Time
	over   bool
}

func (e *expiry) look(ends, now time.Time) {
	left := ends.Sub(now)
	over := !ends.IsZero() && left <= 0
	if !ends.IsZero() && left < e.within && (over && !e.over || now.Sub(e.warned) >= 24*time.Hour) {
		e.warned = now
		e.warn(left)
	}
	e.over = over
}

// renewSecure takes up changed files until ctx ends.
func (n *node) renewSecure(ctx context.Context) error {
	tick := time.NewTicker(n.config.TLS.Reload)
	defer tick.Stop()
	certificate := expiry{within: expiryWarning, warn: func(left time.Duration) {
		if left <= 0 {
			n.log.Error("the certificate of this server has ended; peers refuse it", "ended", n.secure.Expires())
			return
		}
		n.log.Warn("the certificate of this server ends soon", "ends", n.secure.Expires(), "left", left.Round(time.Minute))
	}}
	lists := expiry{within: revocationWarning, warn: func(left time.Duration) {
		if left <= 0 {
			n.log.Error("a revocation list has ended; every certificate of its issuer is refused", "ended", n.secure.ListsExpire())
			return
		}
		n.log.Warn("a revocation list ends soon; then every certificate of its issuer is refused", "ends", n.secure.ListsExpire(), "left", left.Round(time.Minute))
	}}
	for {
		certificate.look(n.secure.Expires(), n.now())
		lists.look(n.secure.ListsExpire(), n.now())
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		changed, err := n.secure.Reload()
		if err != nil {
			n.log.Error("TLS files not reloaded, the former ones stay in force", "cause", err.Error())
		}
		if changed {
			n.log.Info("TLS files reloaded", "certificate ends", n.secure.Expires())
			alert := atna.Alert{Type: atna.SecurityConfiguration, Time: n.now(), Peer: atna.Party{UserID: n.audit.node.Account}, Description: "TLS files reloaded"}
			if err := n.audit.Record(ctx, "", n.audit.node.Alert(alert)); err != nil {
				n.log.Error("the reload could not be recorded", "cause", err.Error())
			}
			n.peers.cut(n.secure.Judge, func(peer net.Addr, cause error) {
				n.refusedPeer(peer, fmt.Errorf("connection cut off: %w", cause))
			})
		}
	}
}

// secured puts TLS on a listener where this is a Secure Node. allowed names the certificates that may connect at all; none
// names every trusted one.
func (n *node) secured(l net.Listener, allowed []string) net.Listener {
	if n.secure == nil {
		return l
	}
	return tls.NewListener(n.peers.listener(l), n.serverTLS(allowed))
}

// serverTLS lets in whom it should, and notes who is in.
func (n *node) serverTLS(allowed []string) *tls.Config {
	config := n.secure.Server()
	perConnection, verify := config.GetConfigForClient, config.VerifyConnection
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		current, err := perConnection(hello)
		if err == nil {
			current.VerifyConnection = func(state tls.ConnectionState) error {
				if err := verify(state); err != nil {
					return err
				}
				if len(allowed) > 0 && !atna.Named(state.PeerCertificates[0], allowed) {
					return errNotAllowed
				}
				n.peers.know(hello.Conn, state)
				return nil
			}
		}
		return current, err
	}
	return config
}

var errNotAllowed = errors.New("the certificate may not call this endpoint")

// allowedOnly refuses certificates that may not call an endpoint, before anything of the message is read.
func (n *node) allowedOnly(allowed []string, next http.Handler) http.Handler {
	if n.secure == nil || len(allowed) == 0 {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && len(r.TLS.PeerCertificates) > 0 && atna.Named(r.TLS.PeerCertificates[0], allowed) {
			next.ServeHTTP(w, r)
			return
		}
		if addr, err := net.ResolveTCPAddr("tcp", r.RemoteAddr); err == nil {
			n.refusedPeer(addr, errNotAllowed)
		}
		http.Error(w, "your certificate may not call this endpoint", http.StatusForbidden)
	})
}

// handshakes does the TLS handshake of each connection before net/http sees it, because net/http tells nobody when one
// fails. Slow handshakes wait beside each other, each for handshakeTime at most.
type handshakes struct {
	net.Listener
	config *tls.Config
	failed func(peer net.Addr, err error)

	once sync.Once
	done chan struct{}
	out  chan net.Conn
	err  chan error
}

const handshakeTime = 10 * time.Second

func newHandshakes(l net.Listener, config *tls.Config, failed func(net.Addr, error)) *handshakes {
	return &handshakes{Listener: l, config: config, failed: failed, done: make(chan struct{}), out: make(chan net.Conn), err: make(chan error, 1)}
}

// Accept returns a connection whose peer has proved who it is.
func (h *handshakes) Accept() (net.Conn, error) {
	h.once.Do(func() { go h.run() })
	select {
	case c := <-h.out:
		return c, nil
	case err := <-h.err:
		h.err <- err
		return nil, err
	}
}

// run accepts until the listener is closed. Running out of file descriptors passes, as it does for net/http (net.Error calls it
// Temporary): a crowd of connections must not leave a listener that nobody reads from any more.
func (h *handshakes) run() {
	var pause time.Duration
	for {
		c, err := h.Listener.Accept()
		if err == nil {
			pause = 0
			go h.shake(c)
			continue
		}
		// Out of file descriptors, or reset before it was accepted: these pass. net.Error marks them Timeout or Temporary;
		// the latter is deprecated for want of a definition, but still set for exactly these. net/http would come back
		// after them, to a listener that nobody serves any more.
		if passing, ok := err.(interface{ Temporary() bool }); !ok || !passing.Temporary() {
			h.err <- err
			return
		}
		pause = min(max(2*pause, 5*time.Millisecond), time.Second)
		select {
		case <-h.done:
		case <-time.After(pause):
		}
	}
}

func (h *handshakes) shake(c net.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	t := tls.Server(c, h.config)
	if err := t.HandshakeContext(ctx); err != nil {
		h.failed(c.RemoteAddr(), fmt.Errorf("TLS handshake: %w", err))
		t.Close()
		return
	}
	select {
	case h.out <- t:
	case <-h.done:
		t.Close()
	}
}

// Close closes the listener and what waits behind it.
func (h *handshakes) Close() error {
	select {
	case <-h.done:
	default:
		close(h.done)
	}
	return h.Listener.Close()
}

// loopback tells whether only this machine reaches an address to listen on.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
