package repository

import (
	"reflect"
	"strconv"
	"time"

	"dossier/atna"
	"dossier/store"
)

// The part of FHIR R4 AuditEvent that DICOM audit messages map to.
type (
	auditEvent struct {
		ResourceType string            `json:"resourceType"`
		ID           string            `json:"id"`
		Type         coding            `json:"type"`
		Subtype      []coding          `json:"subtype,omitempty"`
		Action       string            `json:"action,omitempty"`
		Recorded     string            `json:"recorded"`
		Outcome      string            `json:"outcome"`
		OutcomeDesc  string            `json:"outcomeDesc,omitempty"`
		Purpose      []codeableConcept `json:"purposeOfEvent,omitempty"`
		Agent        []agent           `json:"agent"`
		Source       source            `json:"source"`
		Entity       []entity          `json:"entity,omitempty"`
	}
	coding struct {
		System  string `json:"system,omitempty"`
		Code    string `json:"code,omitempty"`
		Display string `json:"display,omitempty"`
	}
	codeableConcept struct {
		Coding []coding `json:"coding"`
	}
	reference struct {
		Identifier *identifier `json:"identifier,omitempty"`
		Display    string      `json:"display,omitempty"`
	}
	identifier struct {
		Value string `json:"value"`
	}
	agent struct {
		Role      []codeableConcept `json:"role,omitempty"`
		Who       *reference        `json:"who,omitempty"`
		AltID     string            `json:"altId,omitempty"`
		Name      string            `json:"name,omitempty"`
		Requestor bool              `json:"requestor"`
		Network   *network          `json:"network,omitempty"`
	}
	network struct {
		Address string `json:"address,omitempty"`
		Type    string `json:"type,omitempty"`
	}
	source struct {
		Site     string    `json:"site,omitempty"`
		Observer reference `json:"observer"`
		Type     []coding  `json:"type,omitempty"`
	}
	entity struct {
		What      *reference `json:"what,omitempty"`
		Type      *coding    `json:"type,omitempty"`
		Role      *coding    `json:"role,omitempty"`
		Lifecycle *coding    `json:"lifecycle,omitempty"`
		Name      string     `json:"name,omitempty"`
		Query     []byte     `json:"query,omitempty"`
		Detail    []detail   `json:"detail,omitempty"`
	}
	detail struct {
		Type  string `json:"type"`
		Value []byte `json:"valueBase64Binary"`
	}
)

const (
	terminology = "http://terminology.hl7.org/CodeSystem/"
	dicom       = "http://dicom.nema.org/resources/ontology/DCM"
	eventTypes  = "urn:ihe:event-type-code"
)

// resource maps a message (FHIR R4 AuditEvent, mappings to DICOM; ITI TF-2: 3.81.4.2.2).
func resource(m *store.AuditMessage) auditEvent {
	e := m.Event
	id := &e.Identification
	r := auditEvent{
		ResourceType: "AuditEvent", ID: strconv.FormatInt(m.ID, 10), Type: code(id.ID), Action: action(id.Action),
		Recorded: id.Time.UTC().Format(time.RFC3339Nano), Outcome: strconv.Itoa(int(id.Outcome)), OutcomeDesc: id.OutcomeDescription,
		Source: source{Site: e.Source.EnterpriseSiteID, Observer: reference{Display: "unknown"}},
	}
	if e.Source.ID != "" {
		r.Source.Observer = *named(e.Source.ID)
	}
	for _, c := range id.Types {
		r.Subtype = append(r.Subtype, code(c))
	}
	for _, c := range id.PurposeOfUse {
		r.Purpose = append(r.Purpose, codeableConcept{[]coding{code(c)}})
	}
	for i := range e.Participants {
		r.Agent = append(r.Agent, agentOf(&e.Participants[i]))
	}
	for _, c := range e.Source.Types {
		t := code(c)
		if c.System == "" {
			t.System = terminology + "security-source-type"
		}
		r.Source.Type = append(r.Source.Type, t)
	}
	for i := range e.Objects {
		if x := entityOf(&e.Objects[i]); !reflect.ValueOf(x).IsZero() { // an empty element is no FHIR
			r.Entity = append(r.Entity, x)
		}
	}
	return r
}

// named refers to what has an identifier here; "" is nobody.
func named(id string) *reference {
	if id == "" {
		return nil
	}
	return &reference{Identifier: &identifier{id}}
}

// action leaves out what a sender made up: the binding is required.
func action(a atna.Action) string {
	switch a {
	case atna.Create, atna.Read, atna.Update, atna.Delete, atna.Execute:
		return string(a)
	}
	return ""
}

// code maps the names of code systems that the standard uses to their URIs.
func code(c atna.Code) coding {
	out := coding{System: c.System, Code: c.Value, Display: c.Text}
	switch c.System {
	case "DCM":
		out.System = dicom
	case "IHE Transactions":
		out.System = eventTypes
	}
	if out == (coding{}) {
		out.Display = "unknown" // an empty element is no FHIR
	}
	return out
}

func agentOf(p *atna.ActiveParticipant) agent {
	a := agent{AltID: p.AlternativeUserID, Name: p.UserName, Requestor: p.UserIsRequestor}
	a.Who = named(p.UserID)
	for _, c := range p.Roles {
		a.Role = append(a.Role, codeableConcept{[]coding{code(c)}})
	}
	if n := p.NetworkAccess; n.ID != "" {
		a.Network = &network{Address: n.ID}
		if n.Type != 0 {
			a.Network.Type = strconv.Itoa(int(n.Type))
		}
	}
	return a
}

func entityOf(o *atna.ParticipantObject) entity {
	e := entity{
		Type: numbered("audit-entity-type", int(o.Type)), Role: numbered("object-role", int(o.Role)),
		Lifecycle: numbered("dicom-audit-lifecycle", int(o.DataLifeCycle)), Query: o.Query,
	}
	e.What = named(o.ID)
	if len(o.Query) == 0 {
		e.Name = o.Name // invariant sev-1: a name or a query
	}
	for _, d := range o.Details {
		if d.Type != "" && len(d.Value) > 0 { // both are required
			e.Detail = append(e.Detail, detail{d.Type, d.Value})
		}
	}
	return e
}

func numbered(system string, n int) *coding {
	if n == 0 {
		return nil
	}
	return &coding{System: terminology + system, Code: strconv.Itoa(n)}
}
