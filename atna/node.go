package atna

import "time"

// Node is this server as the events name it that are no transaction.
type Node struct {
	Source  AuditSource
	Process string // process id
	Account string // that started the process
	Host    NetworkAccessPoint
}

func (n Node) event(id, kind Code, at time.Time, outcome Outcome) Event {
	e := Event{Source: n.Source, Identification: EventIdentification{ID: id, Action: Execute, Time: at, Outcome: outcome}}
	if kind != (Code{}) {
		e.Identification.Types = []Code{kind}
	}
	return e
}

// application is the process itself.
func (n Node) application() ActiveParticipant {
	return ActiveParticipant{UserID: n.Source.ID, AlternativeUserID: n.Process, NetworkAccess: n.Host, Roles: []Code{Application}}
}

// Started records Application Start.
func (n Node) Started(at time.Time) Event { return n.activity(ApplicationStart, at, Success) }

// Stopped records Application Stop; a stop that was not ordered is a MajorFailure.
func (n Node) Stopped(at time.Time, outcome Outcome) Event {
	return n.activity(ApplicationStop, at, outcome)
}

func (n Node) activity(kind Code, at time.Time, outcome Outcome) Event {
	e := n.event(ApplicationActivity, kind, at, outcome)
	launcher := ActiveParticipant{UserID: n.Account, UserIsRequestor: true, Roles: []Code{ApplicationLauncher}}
	e.Participants = []ActiveParticipant{n.application(), launcher}
	return e
}

// Alert is what a security alert says.
type Alert struct {
	Type        Code // NodeAuthentication, RestrictedFunction, MessageRefused ...
	Time        time.Time
	Outcome     Outcome
	Peer        Party  // who caused it; its UserID may be unknown
	Description string // without clinical content
	Object      string // what was attacked or changed; "" is the node
}

// Alert records a security alert (ITI TF-2: 3.20.4.1.1.1; DICOM PS3.15 A.5.3.11): a failed TLS handshake, a refused
// certificate, a refused message, a change of what is trusted.
func (n Node) Alert(a Alert) Event {
	e := n.event(SecurityAlert, a.Type, a.Time, a.Outcome)
	peer := participant(a.Peer, true)
	if peer.UserID == "" {
		peer.UserID = "unknown"
	}
	e.Participants = []ActiveParticipant{n.application(), peer}
	o := ParticipantObject{ID: a.Object, Type: SystemObject, Role: SecurityResourceRole, IDType: URIIdentifier}
	if o.ID == "" {
		o.ID, o.IDType = n.Source.ID, NodeID
	}
	if a.Description != "" {
		o.Details = []Detail{{detailAlert, []byte(a.Description)}}
	}
	e.Objects = []ParticipantObject{o}
	return e
}

// LogUsed records that a person read the audit trail (DICOM PS3.15 A.5.3.2). uri names what was read; patients are those
// whose events were asked for.
func (n Node) LogUsed(at time.Time, user Party, uri string, patients []string, outcome Outcome) Event {
	e := n.event(AuditLogUsed, Code{}, at, outcome)
	e.Identification.Action = Read
	e.Participants = []ActiveParticipant{participant(user, true), n.application()}
	e.Objects = []ParticipantObject{{ID: uri, Type: SystemObject, Role: SecurityResourceRole, IDType: URIIdentifier, Name: "Security Audit Log"}}
	for _, p := range patients {
		e.Objects = append(e.Objects, PatientObject(p))
	}
	return e
}

// Authenticated records the login of a person, or one that failed.
func (n Node) Authenticated(at time.Time, user Party, outcome Outcome) Event {
	if user.UserID == "" {
		user.UserID = "unknown"
	}
	e := n.event(UserAuthentication, Login, at, outcome)
	e.Participants = []ActiveParticipant{participant(user, true), n.application()}
	return e
}

// Recording records that the trail starts or stops to be written.
func (n Node) Recording(at time.Time, kind Code) Event {
	e := n.event(SecurityAlert, kind, at, Success)
	e.Participants = []ActiveParticipant{n.application()}
	return e
}
