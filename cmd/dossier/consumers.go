package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
	"dossier/pix"
	"dossier/pix/manager"
	"dossier/soap"
)

// PIXConsumerConfig is who gets PIX Update Notifications.
type PIXConsumerConfig struct {
	Name string `yaml:"name"`
	// Address is mllps://host:port or mllp://host:port for ITI-10, https:// or http:// for ITI-46. host:port alone is the former
	// on a Secure Node, else the latter.
	Address     string        `yaml:"address"`
	Certificate string        `yaml:"certificate"` // name that its certificate must have; "" is the host of the address
	Timeout     time.Duration `yaml:"timeout"`     // for connecting and the answer together; 0 is 30 seconds
	Device      string        `yaml:"device"`      // OID by which ITI-46 names the consumer
	Application string        `yaml:"application"`
	Facility    string        `yaml:"facility"`
	Domains     []string      `yaml:"domains"` // OIDs of its domains of interest; all when empty
}

// consumerTimeout is long enough for a consumer that works through the notice before it answers.
const consumerTimeout = 30 * time.Second

func (c *PIXConsumerConfig) timeout() time.Duration {
	if c.Timeout == 0 {
		return consumerTimeout
	}
	return c.Timeout
}

// endpoint is an address taken apart.
type endpoint struct {
	scheme string // mllp, mllps, http, https, or "" where none is said
	host   string // without port
	addr   string // host:port for MLLP, the whole URL for SOAP
}

func (e endpoint) soap() bool { return e.scheme == "http" || e.scheme == "https" }

// parseEndpoint reads mllp://host:port, mllps://host:port, host:port and the URLs of SOAP.
func parseEndpoint(address string) (endpoint, error) {
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		scheme, rest = "", address
	}
	e := endpoint{scheme: scheme, addr: rest}
	switch scheme {
	case "http", "https":
		u, err := url.Parse(address)
		if err != nil || u.Hostname() == "" {
			return e, fmt.Errorf("expected a URL with a host, got %q", address)
		}
		e.host, e.addr = u.Hostname(), address
	case "", "mllp", "mllps":
		host, port, err := net.SplitHostPort(rest)
		if err != nil || host == "" || port == "" {
			return e, fmt.Errorf("expected host:port, mllp://host:port, mllps://host:port or a URL of HL7 v3, got %q", address)
		}
		e.host = host
	default:
		return e, fmt.Errorf("expected mllp, mllps, http or https before ://, got %q", scheme)
	}
	return e, nil
}

// checkConsumers finds what no notification could be sent with.
func (c *PIXConfig) checkConsumers(domains map[string]bool) []error {
	var errs []error
	seen := map[string]bool{}
	for i, x := range c.Consumers {
		fail := func(key, format string, args ...any) {
			errs = append(errs, fmt.Errorf("pix.consumers[%d].%s: %s", i, key, fmt.Sprintf(format, args...)))
		}
		if x.Name == "" || seen[x.Name] {
			fail("name", "expected a name that no other consumer has, got %q", x.Name)
		}
		seen[x.Name] = true
		e, err := parseEndpoint(x.Address)
		if err != nil {
			fail("address", "%v", err)
		}
		if e.soap() && !hl7v2.IsOID(x.Device) {
			fail("device", "expected the OID by which messages name a consumer of HL7 v3, got %q", x.Device)
		}
		if x.Timeout < 0 {
			fail("timeout", "expected more than 0, or 0 for %v, got %v", consumerTimeout, x.Timeout)
		}
		if x.Certificate != "" && (e.scheme == "mllp" || e.scheme == "http") {
			fail("certificate", "expected mllps:// or https:// beside it, got %s://", e.scheme)
		}
		for _, d := range x.Domains {
			if !domains[d] {
				fail("domains", "expected the OID of a configured domain, got %q", d)
			}
		}
	}
	return errs
}

// checkConsumerTLS: a Secure Node speaks TLS with other machines unless somebody said that it need not, and TLS over MLLP
// means that both sides show a certificate.
func (c *Config) checkConsumerTLS() (errs []error) {
	for i, x := range c.PIX.Consumers {
		e, err := parseEndpoint(x.Address)
		key := fmt.Sprintf("pix.consumers[%d].address", i)
		switch {
		case err != nil: // said already
		case c.TLS.Certificate == "" && e.scheme == "mllps":
			errs = append(errs, fmt.Errorf("%s: mllps:// needs tls.certificate: both sides prove who they are", key))
		case c.TLS.Certificate == "" && x.Certificate != "" && e.scheme == "":
			errs = append(errs, fmt.Errorf("pix.consumers[%d].certificate: expected tls.certificate beside it", i))
		case c.TLS.Certificate != "" && !c.TLS.Plain && (e.scheme == "mllp" || e.scheme == "http") && !loopback(net.JoinHostPort(e.host, "0")):
			errs = append(errs, fmt.Errorf("%s: %s:// leaves this machine without TLS: expected mllps:// or https://, or tls.plain: true to say that it is meant",
				key, e.scheme))
		}
	}
	return errs
}

// notify delivers notices to all consumers until ctx ends.
func (n *node) notify(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range n.config.PIX.Consumers {
		e, err := parseEndpoint(c.Address)
		if err != nil {
			return err // check has refused it
		}
		if e.soap() {
			g.Go(func() error { return n.notifier.Run(ctx, n.v3Subscriber(c, e)) })
			continue
		}
		var config *tls.Config
		if e.scheme != "mllp" {
			config = n.consumerTLS(c, e)
		}
		line := mllp.NewClient(e.addr, config)
		g.Go(func() error {
			defer line.Close() // nothing is lost: what was not acknowledged is sent again
			return n.notifier.Run(ctx, manager.Subscriber{
				Name: c.Name, Address: e.addr, Application: hl7v2.HD{Namespace: c.Application}, Facility: hl7v2.HD{Namespace: c.Facility},
				Send: func(ctx context.Context, msg []byte) ([]byte, error) {
					ctx, cancel := context.WithTimeout(ctx, c.timeout())
					defer cancel()
					return line.Send(ctx, msg)
				},
			})
		})
	}
	return g.Wait()
}

// consumerTLS shows this node's certificate and takes the consumer's only under its name (the FQDN option of ITI TF-2:
// 3.19.6.2); nil where this is no Secure Node.
func (n *node) consumerTLS(c PIXConsumerConfig, e endpoint) *tls.Config {
	if n.secure == nil {
		return nil
	}
	name := c.Certificate
	if name == "" {
		name = e.host
	}
	config := n.secure.Client(name)
	config.ServerName = name
	return config
}

// v3Subscriber is a consumer that is told by ITI-46.
func (n *node) v3Subscriber(c PIXConsumerConfig, e endpoint) manager.Subscriber {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = n.consumerTLS(c, e)
	if transport.TLSClientConfig == nil && c.Certificate != "" {
		transport.TLSClientConfig = &tls.Config{ServerName: c.Certificate, MinVersion: tls.VersionTLS12}
	}
	to := manager.ConsumerV3{
		SOAP: &soap.Client{HTTP: &http.Client{Timeout: c.timeout(), Transport: actor.PassTrace{RoundTripper: transport}}, NewID: n.newID},
		URL:  c.Address, Device: c.Device,
	}
	return manager.Subscriber{Name: c.Name, Address: c.Address, Notify: func(ctx context.Context, notice *pix.Notice) (string, error) {
		return n.v3.Notify(ctx, to, notice)
	}}
}
