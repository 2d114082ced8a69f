package repository

import (
	"strconv"
	"strings"
	"time"

	"dossier/atna"
)

// Language of what patients read: "en", "fr" or "de".
type Language string

// Languages lists those there are.
func Languages() []Language { return []Language{"en", "fr", "de"} }

// Access is one access to a patient's record in plain words.
type Access struct {
	Time    time.Time
	Who     string
	From    string // where the request came from
	What    string
	Outcome string // "" when it succeeded
}

// sentence is one thing in each language.
type sentence map[Language]string

// what says in plain words what a transaction does.
var what = map[string]sentence{
	"ITI-18": {"en": "looked up what your record holds", "fr": "a consulté la liste des documents de votre dossier", "de": "hat nachgesehen, was in Ihrer Akte ist"},
	"ITI-43": {"en": "opened documents", "fr": "a ouvert des documents", "de": "hat Dokumente geöffnet"},
	"ITI-41": {"en": "added documents", "fr": "a ajouté des documents", "de": "hat Dokumente hinzugefügt"},
	"ITI-57": {"en": "changed the description of documents", "fr": "a modifié la description de documents", "de": "hat die Beschreibung von Dokumenten geändert"},
	"ITI-62": {"en": "removed documents from the list", "fr": "a retiré des documents de la liste", "de": "hat Dokumente aus der Liste entfernt"},
	"ITI-86": {"en": "deleted documents", "fr": "a supprimé des documents", "de": "hat Dokumente gelöscht"},
	"ITI-9":  {"en": "asked for your numbers at other institutions", "fr": "a demandé vos numéros dans d'autres établissements", "de": "hat nach Ihren Nummern bei anderen Einrichtungen gefragt"},
	"ITI-21": {"en": "searched for your personal data", "fr": "a recherché vos données personnelles", "de": "hat Ihre Personendaten gesucht"},
	"ITI-8":  {"en": "registered you", "fr": "vous a enregistré", "de": "hat Sie aufgenommen"},
	"update": {"en": "changed your personal data", "fr": "a modifié vos données personnelles", "de": "hat Ihre Personendaten geändert"},
	"merge":  {"en": "joined this number with another number of yours", "fr": "a réuni ce numéro avec un autre de vos numéros", "de": "hat diese Nummer mit einer anderen Ihrer Nummern zusammengeführt"},
	"log":    {"en": "read the list of accesses", "fr": "a lu la liste des accès", "de": "hat die Liste der Zugriffe gelesen"},
	"urgent": {"en": "opened your record in an emergency", "fr": "a ouvert votre dossier en urgence", "de": "hat Ihre Akte im Notfall geöffnet"},
	"other":  {"en": "used your record", "fr": "a utilisé votre dossier", "de": "hat Ihre Akte benutzt"},
}

// alike are transactions that a patient need not tell apart.
var alike = map[string]string{
	"ITI-42": "ITI-41", "ITI-61": "ITI-41", "ITI-51": "ITI-18", "ITI-38": "ITI-18", "ITI-39": "ITI-43", "ITI-92": "ITI-57",
	"ITI-45": "ITI-9", "ITI-47": "ITI-21", "ITI-22": "ITI-21", "ITI-55": "ITI-21", "ITI-44": "ITI-8", "ITI-30": "ITI-8",
}

var outcomes = map[atna.Outcome]sentence{
	atna.MinorFailure:   {"en": "in part", "fr": "en partie", "de": "zum Teil"},
	atna.SeriousFailure: {"en": "refused", "fr": "refusé", "de": "abgelehnt"},
	atna.MajorFailure:   {"en": "failed", "fr": "échoué", "de": "fehlgeschlagen"},
}

var covers = sentence{
	"en": "with the numbers that were joined with this one: ", "fr": "avec les numéros réunis à celui-ci : ",
	"de": "mit den Nummern, die mit dieser zusammengeführt wurden: ",
}

// Covers says for which other numbers of the patient a list of accesses is.
func Covers(l Language, ids []string) string { return covers[l] + strings.Join(ids, ", ") }

var unknown = sentence{"en": "unknown", "fr": "inconnu", "de": "unbekannt"}

// Explain puts an event into plain words: what the patient has the right to see, without codes and addresses of programs.
func Explain(e *atna.Event, l Language) Access {
	a := Access{Time: e.Identification.Time, What: what[kind(e)][l], Outcome: outcomes[e.Identification.Outcome][l]}
	if n := documents(e); n > 0 {
		a.What += " (" + strconv.Itoa(n) + ")"
	}
	a.Who, a.From = who(e)
	if a.Who == "" {
		a.Who = unknown[l]
	}
	return a
}

func kind(e *atna.Event) string {
	id := &e.Identification
	transaction := ""
	for _, t := range id.Types {
		switch {
		case t.Is(atna.EmergencyOverrideStarted):
			return "urgent"
		case t.System == "IHE Transactions":
			transaction = t.Value
		}
	}
	if other := alike[transaction]; other != "" {
		transaction = other
	}
	switch {
	case id.ID.Is(atna.AuditLogUsed):
		return "log"
	case transaction == "ITI-8" && id.Action == atna.Delete:
		return "merge"
	case transaction == "ITI-8" && id.Action == atna.Update:
		return "update"
	case what[transaction] != nil:
		return transaction
	}
	return "other"
}

// documents counts those that the event names.
func documents(e *atna.Event) int {
	n := 0
	for _, o := range e.Objects {
		if o.IDType.Is(atna.ReportNumber) {
			n++
		}
	}
	return n
}

// who is the person, else the system that asked; from is its address.
func who(e *atna.Event) (name, from string) {
	for _, p := range e.Participants {
		if p.UserIsRequestor && p.NetworkAccess.ID != "" {
			from = p.NetworkAccess.ID
		}
	}
	for _, p := range e.Participants {
		if person(&p) {
			return personName(&p), from
		}
	}
	for _, p := range e.Participants {
		if !p.UserIsRequestor {
			continue
		}
		if cn := commonName(p.AlternativeUserID); cn != "" {
			return cn, from
		}
		if p.UserID != "" && !strings.HasPrefix(p.UserID, "http") {
			return strings.Trim(strings.ReplaceAll(p.UserID, "|", " "), " "), from
		}
	}
	return from, from
}

// person: no end of the connection and no program.
func person(p *atna.ActiveParticipant) bool {
	for _, r := range p.Roles {
		if r.System == "DCM" {
			return false
		}
	}
	return p.UserIsRequestor && p.NetworkAccess.ID == "" && p.UserID != ""
}

// personName prefers the alias in alias<user@issuer> (ITI TF-2: 3.40.4.2) to the id.
func personName(p *atna.ActiveParticipant) string {
	name, _, _ := strings.Cut(p.UserName, "<")
	if name = strings.TrimSpace(name); name != "" {
		return name
	}
	if alias, user, ok := strings.Cut(p.UserID, "<"); ok && strings.HasSuffix(user, ">") { // some put it into UserID
		if alias = strings.TrimSpace(alias); alias != "" {
			return alias
		}
		if at := strings.LastIndex(user, "@"); at > 0 {
			return user[:at]
		}
	}
	return p.UserID
}

// commonName takes CN out of the subject of a certificate.
func commonName(subject string) string {
	for part := range strings.SplitSeq(subject, ",") {
		if cn, ok := strings.CutPrefix(strings.TrimSpace(part), "CN="); ok {
			return cn
		}
	}
	return ""
}
