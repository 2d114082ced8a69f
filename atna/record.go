package atna

import (
	"time"

	"dossier/iti"
)

// Record is what one side of a transaction knows of it. Its zero fields are unknown or do not apply.
type Record struct {
	Transaction iti.Transaction
	Role        Role   // the side that records
	Action      Action // of a feed: what its trigger event does; "" is Create
	Time        time.Time
	Outcome     Outcome
	Description string // of the outcome, without clinical content
	Source      AuditSource

	Initiator, Responder Party
	Users                []User // persons on whose behalf the initiator acts, the requestor first
	PurposeOfUse         []Code

	MessageID     string     // MSH-10 or the id of the HL7 v3 message
	Patients      []string   // their ids as CX, all of one patient
	Merged        string     // the id that Patients[0] takes the place of
	Query         *QueryData // what was asked, never what was found
	SubmissionSet string     // uniqueId
	Home          string     // homeCommunityId of the SubmissionSet, where the transaction records it
	Documents     []DocumentData
	Removed       []string // EntryUUIDs of registry objects (ITI-62)
	Providers     []ProviderData
}

// Party is a system at one end of a transaction.
type Party struct {
	UserID            string // endpoint, or facility|application of HL7 v2
	AlternativeUserID string // process id of the local side; subject of the certificate of the other
	NetworkAccess     NetworkAccessPoint
}

// User is a person.
type User struct {
	ID, Name string
	Roles    []Code
}

// QueryData is a query as it was sent.
type QueryData struct {
	ID      string // of a stored query
	Message []byte // AdhocQueryRequest, QueryByParameter, or the HL7 v2 message
	Home    string // homeCommunityId, if known
}

// DocumentData is a document that was retrieved or removed.
type DocumentData struct {
	UniqueID, Repository, Home string
	Patient                    string // CX, if known
	Failed                     bool
}

// ProviderData is an entry of the provider directory that was changed (ITI-59).
type ProviderData struct {
	UID, OldUID  string
	Organization bool
	Action       Action
	Failed       bool
}

// Events puts the record into audit messages: one, but for a merge, for documents of several patients, for documents of
// which some failed, and for several providers (ITI TF-2: 3.20.7).
func (r *Record) Events() []Event {
	switch {
	case r.Merged != "":
		return r.merge()
	case len(r.Documents) > 0:
		return r.documents()
	case len(r.Providers) > 0:
		return r.providers()
	}
	e := r.event(r.action(), r.Outcome)
	e.Objects = r.objects(r.Patients)
	return []Event{e}
}

// transaction is the code of the transaction.
func (r *Record) transaction() Code {
	name := find(r.Transaction.ID).name
	if name == "" {
		name = r.Transaction.Name
	}
	return Code{Value: r.Transaction.ID, System: iheITI, Text: name}
}

// action is the one of the matrix, or of the message where the matrix leaves it to that.
func (r *Record) action() Action {
	if a := find(r.Transaction.ID).of(r.Role).action; a != "" {
		return a
	}
	if r.Action != "" {
		return r.Action
	}
	return Create
}

// merge records the deletion of the prior id and the update of the survivor (ITI TF-2: 3.8.5.1).
func (r *Record) merge() []Event {
	prior, survivor := r.event(Delete, r.Outcome), r.event(Update, r.Outcome)
	prior.Objects, survivor.Objects = r.objects([]string{r.Merged}), r.objects(r.Patients)
	return []Event{prior, survivor}
}

// documents makes one event for each patient and outcome.
func (r *Record) documents() []Event {
	type group struct {
		patient string
		failed  bool
	}
	var order []group
	members := map[group][]ParticipantObject{}
	for _, d := range r.Documents {
		g := group{d.Patient, d.Failed}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], documentObject(d, r.action() == Delete))
	}
	var out []Event
	for _, g := range order {
		outcome := r.Outcome
		switch {
		case !g.failed && outcome == MinorFailure:
			outcome = Success // what failed has its own event
		case g.failed && outcome < SeriousFailure:
			outcome = SeriousFailure
		}
		e := r.event(r.action(), outcome)
		if outcome == Success {
			e.Identification.OutcomeDescription = ""
		}
		patients := r.Patients
		if g.patient != "" {
			patients = []string{g.patient}
		}
		e.Objects = append(r.objects(patients), members[g]...)
		out = append(out, e)
	}
	return out
}

// providers makes one event for each entry (ITI TF-2: 3.59.5.1).
func (r *Record) providers() []Event {
	var out []Event
	for _, p := range r.Providers {
		outcome := r.Outcome
		if p.Failed && outcome < SeriousFailure {
			outcome = SeriousFailure
		}
		e := r.event(p.Action, outcome)
		e.Objects = []ParticipantObject{providerObject(p)}
		out = append(out, e)
	}
	return out
}

// event is everything but the objects.
func (r *Record) event(action Action, outcome Outcome) Event {
	p := find(r.Transaction.ID)
	e := Event{
		Identification: EventIdentification{
			ID: p.of(r.Role).id, Action: action, Time: r.Time, Outcome: outcome, OutcomeDescription: r.Description,
			Types: []Code{r.transaction()}, PurposeOfUse: r.PurposeOfUse,
		},
		Source: r.Source,
	}
	initiator, responder := participant(r.Initiator, true), participant(r.Responder, false)
	source, destination := initiator, responder
	if p.reversed {
		source, destination = responder, initiator
	}
	source.Roles, destination.Roles = []Code{SourceRole}, []Code{DestinationRole}
	e.Participants = append(e.Participants, source)
	for i, u := range r.Users {
		e.Participants = append(e.Participants, ActiveParticipant{UserID: u.ID, UserName: u.Name, UserIsRequestor: i == 0, Roles: u.Roles})
	}
	e.Participants = append(e.Participants, destination)
	return e
}

func participant(p Party, requestor bool) ActiveParticipant {
	return ActiveParticipant{UserID: p.UserID, AlternativeUserID: p.AlternativeUserID, UserIsRequestor: requestor, NetworkAccess: p.NetworkAccess}
}

// objects lists patients, query, SubmissionSet and removed objects, each where there is one.
func (r *Record) objects(patients []string) []ParticipantObject {
	var out []ParticipantObject
	instance := find(r.Transaction.ID).instance
	for _, id := range patients {
		o := PatientObject(id)
		if instance != "" && r.MessageID != "" {
			o.Details = []Detail{{instance, []byte(r.MessageID)}}
		}
		out = append(out, o)
	}
	if r.Query != nil {
		out = append(out, r.queryObject())
	}
	if r.SubmissionSet != "" {
		o := ParticipantObject{ID: r.SubmissionSet, Type: SystemObject, Role: JobRole, IDType: SubmissionSetClass}
		if r.Home != "" {
			o.Details = []Detail{{detailHome, []byte(r.Home)}}
		}
		out = append(out, o)
	}
	for _, id := range r.Removed {
		out = append(out, ParticipantObject{ID: id, Type: SystemObject, Role: ReportRole, DataLifeCycle: PermanentErasure, IDType: ObjectRef})
	}
	return out
}

// PatientObject is a patient by its id in CX form.
func PatientObject(cx string) ParticipantObject {
	return ParticipantObject{ID: cx, Type: Person, Role: PatientRole, IDType: PatientNumber}
}

// queryObject has the details of its kind: stored queries name their encoding, those of HL7 v2 the message.
func (r *Record) queryObject() ParticipantObject {
	q := r.Query
	o := ParticipantObject{
		ID: q.ID, Type: SystemObject, Role: QueryRole, Query: q.Message,
		IDType: r.transaction(),
	}
	switch r.Transaction.ID {
	case "ITI-9", "ITI-21", "ITI-22":
		if r.MessageID != "" {
			o.Details = append(o.Details, Detail{detailMessageID, []byte(r.MessageID)})
		}
	case "ITI-18", "ITI-38", "ITI-51", "ITI-63":
		o.Details = append(o.Details, Detail{detailQueryEncoding, []byte("UTF-8")})
		if q.Home != "" {
			o.Details = append(o.Details, Detail{detailQueryHome, []byte(q.Home)})
		}
	case "ITI-55", "ITI-56":
		if q.Home != "" {
			o.Details = append(o.Details, Detail{detailHome, []byte(q.Home)})
		}
	}
	return o
}

func documentObject(d DocumentData, erased bool) ParticipantObject {
	o := ParticipantObject{ID: d.UniqueID, Type: SystemObject, Role: ReportRole, IDType: ReportNumber}
	if erased {
		o.DataLifeCycle = PermanentErasure
	}
	if d.Repository != "" {
		o.Details = append(o.Details, Detail{detailRepository, []byte(d.Repository)})
	}
	if d.Home != "" {
		o.Details = append(o.Details, Detail{detailHome, []byte(d.Home)})
	}
	return o
}

func providerObject(p ProviderData) ParticipantObject {
	o := ParticipantObject{ID: p.UID, Type: Person, Role: ProviderRole, IDType: ProviderEntry, DataLifeCycle: Origination}
	if p.Organization {
		o.Type = Organization
	}
	switch p.Action {
	case Update:
		o.DataLifeCycle = Amendment
	case Execute: // a new name
		o.DataLifeCycle = Translation
	case Delete:
		o.DataLifeCycle = PermanentErasure
	}
	if p.OldUID != "" {
		o.Details = []Detail{{detailOldUID, []byte(p.OldUID)}}
	}
	return o
}
