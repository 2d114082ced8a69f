package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
	"dossier/pix/manager"
)

// PIXConfig is the patient index.
type PIXConfig struct {
	Device    string            `yaml:"device"`    // OID by which HL7 v3 messages name this server
	Domains   []PIXDomainConfig `yaml:"domains"`   // patient identification domains besides the affinity domain
	Automatic bool              `yaml:"automatic"` // link on demographics alone from thresholds.link on
	// Thresholds are sums of weights; see make matching.
	Thresholds ThresholdsConfig    `yaml:"thresholds"`
	Weights    WeightsConfig       `yaml:"weights"`
	Patients   int                 `yaml:"patients"` // the most that a demographics query may find
	Consumers  []PIXConsumerConfig `yaml:"consumers"`
	Poll       time.Duration       `yaml:"poll"`  // how often notices to consumers are looked for
	Retry      time.Duration       `yaml:"retry"` // after a failed delivery; doubles up to 5 minutes
}

// PIXDomainConfig is one patient identification domain.
type PIXDomainConfig struct {
	OID       string   `yaml:"oid"`
	Namespace string   `yaml:"namespace"`
	Sources   []string `yaml:"sources"`  // who may feed it, APPLICATION|FACILITY or APPLICATION; everybody when empty
	National  bool     `yaml:"national"` // the same id is the same person
	Check     string   `yaml:"check"`    // "" or luxembourg: 13 digits with Luhn and Verhoeff
}

// ThresholdsConfig is pix.Thresholds.
type ThresholdsConfig struct {
	Link       float64 `yaml:"link"`       // one person
	Review     float64 `yaml:"review"`     // a possible duplicate
	Contradict float64 `yaml:"contradict"` // below, the same national id links nobody
}

func defaultPIX() PIXConfig {
	t := pix.DefaultThresholds()
	return PIXConfig{
		Device: demoDevice, Domains: []PIXDomainConfig{}, Consumers: []PIXConsumerConfig{}, Patients: 200, Poll: time.Second, Retry: 5 * time.Second,
		Thresholds: ThresholdsConfig{Link: t.Link, Review: t.Review, Contradict: t.Contradict}, Weights: defaultWeights(),
	}
}

// sources reads APPLICATION|FACILITY.
func sources(list []string) (out []pix.Source) {
	for _, s := range list {
		application, facility, _ := strings.Cut(s, "|")
		out = append(out, pix.Source{Application: application, Facility: facility})
	}
	return out
}

// policy puts the rules of the patient index together.
func (c *Config) policy() *pix.Policy {
	iso := func(namespace, oid string) hl7v2.HD {
		return hl7v2.HD{Namespace: namespace, UniversalID: oid, UniversalIDType: "ISO"}
	}
	p := &pix.Policy{
		Domains:    pix.Domains{{Authority: iso(c.Domain.Namespace, c.Domain.OID), Sources: sources(c.Domain.Sources), Affinity: true}},
		Weights:    c.PIX.Weights.weights(),
		Thresholds: pix.Thresholds{Link: c.PIX.Thresholds.Link, Review: c.PIX.Thresholds.Review, Contradict: c.PIX.Thresholds.Contradict},
		Automatic:  c.PIX.Automatic,
	}
	for _, d := range c.PIX.Domains {
		domain := pix.Domain{Authority: iso(d.Namespace, d.OID), Sources: sources(d.Sources), National: d.National}
		if d.Check == "luxembourg" {
			domain.Check = pix.Luxembourg()
		}
		p.Domains = append(p.Domains, domain)
	}
	for _, x := range c.PIX.Consumers {
		p.Consumers = append(p.Consumers, pix.Consumer{Name: x.Name, Domains: x.Domains})
	}
	return p
}

// check finds what no index could run with.
func (c *PIXConfig) check(affinity DomainConfig) []error {
	var errs []error
	fail := func(key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
	}
	oids, names := map[string]bool{affinity.OID: true}, map[string]bool{strings.ToUpper(affinity.Namespace): true}
	for i, d := range c.Domains {
		key := fmt.Sprintf("pix.domains[%d]", i)
		name := strings.ToUpper(d.Namespace)
		switch {
		case !hl7v2.IsOID(d.OID):
			fail(key+".oid", "expected an OID of at most 64 characters, got %q", d.OID)
		case oids[d.OID]:
			fail(key+".oid", "expected each domain once, got %q twice", d.OID)
		case name != "" && names[name]:
			fail(key+".namespace", "expected each namespace once, got %q twice", d.Namespace)
		case d.Check != "" && d.Check != "luxembourg":
			fail(key+".check", `expected "" or luxembourg, got %q`, d.Check)
		}
		oids[d.OID], names[name] = true, true
	}
	errs = append(errs, c.checkConsumers(oids)...)
	if !hl7v2.IsOID(c.Device) {
		fail("pix.device", "expected an OID of at most 64 characters, got %q", c.Device)
	}
	if t := c.Thresholds; t.Contradict > t.Review || t.Review > t.Link {
		fail("pix.thresholds", "expected contradict <= review <= link, got %v, %v and %v", t.Contradict, t.Review, t.Link)
	}
	errs = append(errs, c.Weights.check()...)
	if c.Patients <= 0 || c.Poll <= 0 || c.Retry <= 0 {
		fail("pix", "expected patients, poll and retry above 0, got %d, %v and %v", c.Patients, c.Poll, c.Retry)
	}
	return errs
}

// assembleIdentities puts the PIX Manager together.
func (n *node) assembleIdentities() {
	n.core = &manager.Core{Index: n.identities, Domains: n.domains, Limit: n.config.PIX.Patients}
	if n.config.external() {
		n.openMPI()
		n.core.MPI = n.mpi
	}
	n.manager = &manager.Manager{
		Frame: n.frame, Core: n.core, Now: n.now,
		Acknowledge: hl7v2.Acknowledger{Now: n.now, NewID: func() string { return controlID(n.newID()) }, Version: "2.3.1"},
	}
	n.v3 = &manager.V3{Frame: n.frame, Core: n.core, Device: n.config.PIX.Device, NewUUID: n.newID, Now: n.now}
	n.notifier = &manager.Notifier{
		Frame: n.frame, Outbox: n.identities, Domains: n.policy.Domains, Log: n.log, Now: n.now,
		Application: hl7v2.HD{Namespace: "DOSSIER"}, Facility: hl7v2.HD{Namespace: "DOSSIER"},
		Poll: n.config.PIX.Poll, Pause: n.config.PIX.Retry,
	}
}

// knowPatients makes the configured patients known.
func (n *node) knowPatients(ctx context.Context) error {
	for _, id := range n.config.patients() {
		cx, err := hl7v2.ParseCX(id + "^^^&" + n.config.Domain.OID + "&ISO")
		if err != nil {
			return usagef("configuration: domain.patients: expected bare ids such as DEMO-1: %w", err)
		}
		err = n.identities.Apply(ctx, pix.Feed{
			Event: pix.EventCreate, IDs: []hl7v2.CX{cx},
			Origin: pix.Origin{Source: pix.Source{Application: "configuration"}, At: n.now(), Trusted: true},
		})
		if err != nil {
			return fmt.Errorf("database: %w", err)
		}
	}
	return nil
}
