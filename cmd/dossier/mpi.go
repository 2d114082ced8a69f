package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/pix"
	pixconsumer "dossier/pix/consumer"
	"dossier/soap"
)

// MPIConfig says where the patient index is.
type MPIConfig struct {
	Mode     string `yaml:"mode"`     // embedded: in this server; external: elsewhere, and the rest of this section says where
	Protocol string `yaml:"protocol"` // v2 (ITI-9, ITI-21 over MLLP) or v3 (ITI-45, ITI-47 by SOAP)
	PIX      string `yaml:"pix"`      // PIX Manager: host:port for v2, URL for v3
	PDQ      string `yaml:"pdq"`      // Patient Demographics Supplier, the same; "" asks none
	// Application and Facility name the MPI in messages of v2 (MSH-5, MSH-6), Device in those of v3 (an OID).
	Application string        `yaml:"application"`
	Facility    string        `yaml:"facility"`
	Device      string        `yaml:"device"`
	Timeout     time.Duration `yaml:"timeout"`  // for one look-up
	Failures    int           `yaml:"failures"` // so many look-ups in a row that fail stop further ones
	Pause       time.Duration `yaml:"pause"`    // for so long; then one tries
	Entries     int           `yaml:"entries"`  // answers that are remembered
	Age         time.Duration `yaml:"age"`      // for how long
}

// Modes of mpi.mode and values of mpi.protocol.
const (
	mpiEmbedded = "embedded"
	mpiExternal = "external"
	mpiV2       = "v2"
	mpiV3       = "v3"
)

func defaultMPI() MPIConfig {
	return MPIConfig{
		Mode: mpiEmbedded, Protocol: mpiV2, Timeout: 5 * time.Second, Failures: 5, Pause: 10 * time.Second, Entries: 10_000, Age: 5 * time.Minute,
	}
}

// external tells whether the patient index is elsewhere.
func (c *Config) external() bool { return c.MPI.Mode == mpiExternal }

// maxRemembered bounds mpi.entries: less than 1 KB each.
const maxRemembered = 1_000_000

// checkMPI finds what could not work together.
func (c *Config) checkMPI() (errs []error) {
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	resolve := c.Registry.ResolveLocalIDs
	if resolve && c.Registry.URL != "" {
		fail("registry.resolveLocalIds", "expected false beside registry.url: the registry there resolves")
	}
	if resolve && len(c.PIX.Domains) == 0 {
		fail("registry.resolveLocalIds", "expected pix.domains beside it, which say whose ids are local")
	}
	if !c.external() {
		return errs
	}
	m := &c.MPI
	if m.PIX == "" {
		fail("mpi.pix", "expected the address of the PIX Manager beside mpi.mode external, got \"\"")
	}
	for _, x := range []struct{ key, value string }{{"mpi.pix", m.PIX}, {"mpi.pdq", m.PDQ}} {
		if want := m.expected(x.value); x.value != "" && want != "" {
			fail(x.key, "expected %s for mpi.protocol %s, got %q", want, m.Protocol, x.value)
		}
	}
	if m.Protocol == mpiV3 && !hl7v2.IsOID(m.Device) {
		fail("mpi.device", "expected the OID by which messages of v3 name the MPI, got %q", m.Device)
	}
	if m.Timeout <= 0 || m.Pause <= 0 || m.Age <= 0 {
		fail("mpi", "expected timeout, pause and age above 0, got %v, %v and %v", m.Timeout, m.Pause, m.Age)
	}
	if m.Failures < 1 || m.Entries < 1 || m.Entries > maxRemembered {
		fail("mpi", "expected failures above 0 and entries from 1 to %d, got %d and %d", maxRemembered, m.Failures, m.Entries)
	}
	if c.Registry.URL != "" {
		fail("mpi.mode", "expected embedded beside registry.url: the registry there asks its own patient index")
	}
	if len(c.PIX.Consumers) > 0 {
		fail("pix.consumers", "expected none beside mpi.mode external: the index elsewhere notifies them")
	}
	return errs
}

// expected names the form that an address does not have; "" when it has it.
func (m *MPIConfig) expected(address string) string {
	switch {
	case m.Protocol == mpiV2 && !isHostPort(address):
		return "host:port"
	case m.Protocol == mpiV3 && !isURL(address):
		return "a URL"
	}
	return ""
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	return err == nil && host != "" && port != "" && !isURL(s)
}

// openMPI makes the client of the patient index elsewhere.
func (n *node) openMPI() {
	c := n.config.MPI
	n.mpi = &pixconsumer.MPI{
		Domains: n.domains, Index: n.identities, Name: c.PIX, Timeout: c.Timeout, Failures: c.Failures, Pause: c.Pause,
		Entries: c.Entries, Age: c.Age, Now: n.now, Observe: n.mpiMetrics(),
	}
	if c.Protocol == mpiV3 {
		n.mpi.PIX = n.mpiV3(c.PIX)
		if c.PDQ != "" {
			n.mpi.PDQ = n.mpiV3(c.PDQ)
		}
		return
	}
	first := n.mpiV2(c.PIX)
	n.mpi.PIX = first
	switch c.PDQ {
	case "":
	case c.PIX:
		n.mpi.PDQ = first
	default:
		n.mpi.PDQ = n.mpiV2(c.PDQ)
	}
}

func (n *node) mpiV2(address string) *pixconsumer.V2 {
	line := mllp.NewClient(address, n.clientTLS())
	n.lines = append(n.lines, line)
	us, c := hl7v2.HD{Namespace: "DOSSIER"}, n.config.MPI
	return &pixconsumer.V2{
		Line: line, Peer: address, Application: us, Facility: us,
		ReceivingApplication: hl7v2.HD{Namespace: c.Application}, ReceivingFacility: hl7v2.HD{Namespace: c.Facility},
		NewID: func() string { return controlID(n.newID()) }, Now: n.now, Begin: n.beginQuery,
	}
}

func (n *node) mpiV3(url string) *pixconsumer.V3 {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = n.clientTLS()
	client := &soap.Client{
		HTTP: &http.Client{Transport: actor.PassTrace{RoundTripper: transport}}, NewID: n.newID,
		Limits: soap.Limits{Envelope: identityBody, Body: identityBody, XML: xmlwire.Limits{Elements: identityElements}},
	}
	return &pixconsumer.V3{SOAP: client, URL: url, Device: n.config.PIX.Device, Receiver: n.config.MPI.Device, NewUUID: n.newID, Now: n.now, Begin: n.beginQuery}
}

// beginQuery opens the record of a query that this server sends (ITI TF-2: 3.9.5.1.1, 3.21.5.1.1, 3.45.5.1.1, 3.47.5.1.1). It is
// stored, logged and counted when the answer is there, before anybody acts on it.
func (n *node) beginQuery(ctx context.Context, q *pixconsumer.Query) func(error) error {
	x := n.frame.Begin(q.Transaction, q.Peer, q.MessageID)
	x.Asked("", "", q.Message)
	a := &x.Audit
	a.Role = atna.Initiator
	a.Initiator = atna.Party{UserID: q.Sender, AlternativeUserID: n.frame.Node.Process, NetworkAccess: n.frame.Node.Host}
	a.Responder = atna.Party{UserID: q.Receiver, NetworkAccess: actor.Access(q.Peer)}
	if u, err := url.Parse(q.Peer); err == nil && isURL(q.Peer) {
		a.Initiator.UserID = anonymousClient
		a.Responder = atna.Party{UserID: q.Peer, NetworkAccess: actor.Access(u.Host)}
	}
	for _, id := range q.Patients {
		a.Patients = append(a.Patients, id.String())
	}
	return func(err error) error {
		err = pixconsumer.Quiet(err)
		a.Description = answerCodes(err)
		lost := n.frame.Record(ctx, x, err)
		var refused *pixconsumer.Refused
		if !errors.As(err, &refused) || !refused.UnknownPatient() {
			x.Note(err) // worth an operator's attention
		}
		n.frame.End(x, err)
		return lost
	}
}

// answerCodes is what the audit trail says of an answer that is not data: its codes, as far as they are some.
func answerCodes(err error) string {
	var refused *pixconsumer.Refused
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &refused):
		return "no usable answer"
	}
	words := []string{fmt.Sprintf("%.20q", refused.Type)}
	for _, d := range refused.Details[:min(len(refused.Details), 20)] {
		words = append(words, fmt.Sprintf("%.20q", d.Code))
	}
	return strings.ReplaceAll(strings.Join(words, " "), `"`, "")
}

// anonymousClient is the UserID of a client of web services that has no address for replies.
const anonymousClient = "http://www.w3.org/2005/08/addressing/anonymous"

// mpiMetrics counts look-ups.
func (n *node) mpiMetrics() func(outcome string) {
	lookUps := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "dossier_mpi_lookups_total", Help: "Look-ups in the patient index elsewhere, by outcome (remembered, known, unknown, refused, failed, paused).",
	}, []string{"outcome"})
	for _, o := range pixconsumer.Outcomes() {
		lookUps.WithLabelValues(o)
	}
	n.metrics.MustRegister(lookUps, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_mpi_paused", Help: "1 while the patient index elsewhere is not asked, because it did not answer.",
	}, func() float64 {
		if n.mpi.Paused() {
			return 1
		}
		return 0
	}), prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "dossier_mpi_remembered_answers", Help: "Answers of the patient index elsewhere in the cache.",
	}, func() float64 { return float64(n.mpi.Remembered()) }))
	return func(outcome string) { lookUps.WithLabelValues(outcome).Inc() }
}

// registryPolicy is what the own index works by when the MPI is elsewhere: it is the patient table of the Document Registry then,
// where ids of the affinity domain count alone (ITI TF-2: 3.8.4.1.3).
func registryPolicy(p *pix.Policy) *pix.Policy {
	out := *p
	out.Domains = pix.Domains{*p.Domains.Affinity()}
	out.Automatic = false
	return &out
}
