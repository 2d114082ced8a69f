package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/store"
)

// Search answers ITI-81, Retrieve ATNA Audit Event (ITI TF-2: 3.81): GET .../AuditEvent with parameters of FHIR.
type Search struct {
	Trail store.Audit
	// May tells who may search; an error is told to who may not. nil lets everybody search.
	May func(r *http.Request) error
	// Used records the search before anything of its result leaves (DICOM PS3.15 A.5.3.2); an error refuses it.
	Used func(r *http.Request, patients []string, outcome atna.Outcome) error
}

const (
	defaultCount = 50
	maxCount     = 1000
	// maxScan is how many messages one search looks at when what it asks for is in no index; the next link goes on behind them.
	maxScan = 10_000
)

// ServeHTTP answers one search.
func (s *Search) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.May != nil {
		if err := s.May(r); err != nil {
			s.refuse(w, r, http.StatusForbidden, "forbidden", err)
			return
		}
	}
	q, err := parseSearch(r.URL.RawQuery)
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, "invalid", err)
		return
	}
	found, next, err := s.find(r.Context(), q)
	outcome := atna.Success
	if err != nil {
		outcome = atna.MajorFailure
	}
	var patients []string
	for _, k := range q.Patients {
		patients = append(patients, hl7v2.CX{ID: k.ID, Authority: hl7v2.HD{UniversalID: k.Authority, UniversalIDType: "ISO"}}.String())
	}
	if lost := s.Used(r, patients, outcome); err != nil || lost != nil {
		refuse(w, http.StatusInternalServerError, "exception", "internal error")
		return
	}
	answer(w, http.StatusOK, newBundle(r, found, next))
}

// find reads on until the page is full, and says where the next one begins; nil is the end.
func (s *Search) find(ctx context.Context, q query) (found []store.AuditMessage, next *store.AuditPlace, err error) {
	part := q.AuditQuery
	for scanned := 0; ; scanned += part.Limit {
		messages, err := s.Trail.SearchAudit(ctx, part)
		if err != nil {
			return nil, nil, err
		}
		for i := range messages {
			if !q.matches(messages[i].Event) {
				continue
			}
			if found = append(found, messages[i]); len(found) == q.Limit {
				return found, place(&messages[i]), nil
			}
		}
		if len(messages) < part.Limit {
			return found, nil, nil
		}
		if part.Before = place(&messages[len(messages)-1]); scanned+part.Limit >= maxScan {
			return found, part.Before, nil
		}
	}
}

// place is where a search goes on behind a message.
func place(m *store.AuditMessage) *store.AuditPlace {
	return &store.AuditPlace{Time: m.Time, ID: m.ID}
}

// refuse records a search that is not done and says why.
func (s *Search) refuse(w http.ResponseWriter, r *http.Request, status int, code string, cause error) {
	if s.Used(r, nil, atna.SeriousFailure) != nil {
		refuse(w, http.StatusInternalServerError, "exception", "internal error")
		return
	}
	refuse(w, status, code, cause.Error())
}

type bundle struct {
	ResourceType string  `json:"resourceType"`
	Type         string  `json:"type"`
	Link         []link  `json:"link"`
	Entry        []entry `json:"entry,omitempty"`
}

type link struct {
	Relation string `json:"relation"`
	URL      string `json:"url"`
}

type entry struct {
	FullURL  string     `json:"fullUrl"`
	Resource auditEvent `json:"resource"`
	Search   mode       `json:"search"`
}

type mode struct {
	Mode string `json:"mode"`
}

// newBundle has what was found, and where the search goes on when there may be more. Its addresses are absolute: each entry must
// have one (FHIR R4 2.36.4), and libraries take the next link for an address of its own.
func newBundle(r *http.Request, found []store.AuditMessage, next *store.AuditPlace) bundle {
	base := url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path}
	if r.TLS != nil {
		base.Scheme = "https"
	}
	page := func(query string) string {
		u := base
		u.RawQuery = query
		return u.String()
	}
	b := bundle{ResourceType: "Bundle", Type: "searchset", Link: []link{{"self", page(r.URL.RawQuery)}}}
	for i := range found {
		e := resource(&found[i])
		b.Entry = append(b.Entry, entry{base.String() + "/" + e.ID, e, mode{"match"}})
	}
	if next != nil {
		values := r.URL.Query()
		values.Set("_page", fmt.Sprintf("%d.%d", next.Time.UnixMilli(), next.ID))
		b.Link = append(b.Link, link{"next", page(values.Encode())})
	}
	return b
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the peer is gone when this fails
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	answer(w, status, map[string]any{
		"resourceType": "OperationOutcome",
		"issue":        []map[string]string{{"severity": "error", "code": code, "diagnostics": text}},
	})
}

// query is a search: what the store has an index for, and what it has none for.
type query struct {
	store.AuditQuery
	also []func(*atna.Event) bool // each must hold
}

func (q *query) matches(e *atna.Event) bool {
	if e == nil {
		return false // bytes that are no audit message are no AuditEvent either
	}
	for _, holds := range q.also {
		if !holds(e) {
			return false
		}
	}
	return true
}

// synonyms are names that parameters had in versions of the profile, or have in FHIR.
var synonyms = map[string]string{
	"patient": "patient.identifier", "agent": "agent.identifier", "user": "agent.identifier", "source": "source.identifier", "entity": "entity.identifier",
}

// parseSearch reads the parameters. One that is not known, or cannot be read, is refused: leaving a filter out would show more
// than was asked for.
func parseSearch(raw string) (query, error) {
	q := query{AuditQuery: store.AuditQuery{Limit: defaultCount}}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return q, fmt.Errorf("the query string cannot be read: %w", err)
	}
	seen := map[string]bool{}
	for given, all := range values {
		name := given
		if s := synonyms[given]; s != "" {
			name = s
		}
		for _, value := range all {
			if seen[name] && name != "date" { // several are AND (FHIR R4 3.1.1.3), which only dates are narrowed by
				return q, fmt.Errorf("%s: expected once; alternatives are separated by commas", given)
			}
			seen[name] = true
			if err := parameter(&q, name, value); err != nil {
				return q, fmt.Errorf("%s: %w", given, err)
			}
		}
	}
	q.exactTimes()
	return q, nil
}

// exactTimes asks the store for whole milliseconds, as it has them, and compares what it finds with the rest.
func (q *query) exactTimes() {
	from, to := q.From, q.To
	if !to.IsZero() {
		q.To = to.Add(time.Millisecond - 1).Truncate(time.Millisecond)
	}
	q.also = append(q.also, func(e *atna.Event) bool {
		at := e.Identification.Time
		return !at.Before(from) && (to.IsZero() || at.Before(to))
	})
}

func parameter(q *query, name, value string) error {
	if value == "" {
		return fmt.Errorf("expected a value, found none")
	}
	switch name {
	case "date":
		return date(&q.AuditQuery, value)
	case "patient.identifier":
		return each(value, func(t token) error { return patient(q, t) })
	case "agent.identifier":
		return each(value, func(t token) error {
			q.Users = append(q.Users, t.value)
			if t.hasSystem { // the UserID of HL7 v2 has a bar, facility|application, which few escape
				q.Users = append(q.Users, t.system+"|"+t.value)
			}
			return nil
		})
	case "type":
		return q.codes(value, &q.EventIDs, func(e *atna.Event) []atna.Code { return []atna.Code{e.Identification.ID} })
	case "subtype":
		return q.codes(value, &q.Types, func(e *atna.Event) []atna.Code { return e.Identification.Types })
	case "source.identifier":
		return each(value, func(t token) error { q.Sources = append(q.Sources, t.value); return nil })
	case "entity.identifier":
		return q.texts(value, func(e *atna.Event, is func(string) bool) bool {
			return slices.ContainsFunc(e.Objects, func(o atna.ParticipantObject) bool { return is(o.ID) })
		}, func(found, want string) bool { return found == want })
	case "address": // a string: its beginning, without case (FHIR R4 3.1.1.4.8)
		return q.texts(value, func(e *atna.Event, is func(string) bool) bool {
			return slices.ContainsFunc(e.Participants, func(p atna.ActiveParticipant) bool { return is(p.NetworkAccess.ID) })
		}, func(found, want string) bool { return strings.HasPrefix(strings.ToLower(found), strings.ToLower(want)) })
	case "action":
		return each(value, func(t token) error {
			q.Actions = append(q.Actions, atna.Action(t.value))
			return t.of("http://hl7.org/fhir/audit-event-action")
		})
	case "outcome":
		return each(value, func(t token) error { return outcome(q, t) })
	case "_count":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxCount {
			return fmt.Errorf("expected a number from 1 to %d", maxCount)
		}
		q.Limit = n
		return nil
	case "_page":
		return page(&q.AuditQuery, value)
	case "_format":
		if !strings.Contains(value, "json") {
			return fmt.Errorf("expected json")
		}
		return nil
	}
	return fmt.Errorf("this parameter is not supported; expected date, patient.identifier, agent.identifier, type, subtype, source.identifier, entity.identifier, address, action, outcome, _count or _format")
}

// token is system|value, |value (no system) or value (any system).
type token struct {
	system, value string
	hasSystem     bool
}

// of tells whether the token is of the one system that its parameter has.
func (t token) of(system string) error {
	if t.hasSystem && t.system != system {
		return fmt.Errorf("expected no system, or %s", system)
	}
	return nil
}

// each splits alternatives; a backslash takes the meaning from comma, bar, dollar and backslash (FHIR R4 3.1.1.5).
func each(value string, fn func(token) error) error {
	var t token
	var part []byte
	end := func() error {
		t.value = string(part)
		if t.value == "" {
			return fmt.Errorf("expected a value, found none")
		}
		err := fn(t)
		t, part = token{}, nil
		return err
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && i+1 < len(value) && strings.IndexByte(`,|$\`, value[i+1]) >= 0:
			i++
			part = append(part, value[i])
		case c == ',':
			if err := end(); err != nil {
				return err
			}
		case c == '|' && !t.hasSystem:
			t.system, t.hasSystem, part = string(part), true, nil
		default:
			part = append(part, c)
		}
	}
	return end()
}

// codes narrows by code, for which there is a column, and by code system, for which there is none.
func (q *query) codes(value string, column *[]string, of func(*atna.Event) []atna.Code) error {
	var wanted []token
	err := each(value, func(t token) error {
		wanted, *column = append(wanted, t), append(*column, t.value)
		return nil
	})
	q.also = append(q.also, func(e *atna.Event) bool {
		return slices.ContainsFunc(of(e), func(c atna.Code) bool {
			return slices.ContainsFunc(wanted, func(t token) bool {
				return t.value == c.Value && (!t.hasSystem || t.system == c.System || t.system == code(c).System)
			})
		})
	})
	return err
}

// texts narrows by what no column has: one of the alternatives must be found.
func (q *query) texts(value string, find func(*atna.Event, func(string) bool) bool, same func(found, want string) bool) error {
	var wanted []string
	err := each(value, func(t token) error {
		if wanted = append(wanted, t.value); t.hasSystem {
			wanted[len(wanted)-1] = t.system + "|" + t.value
		}
		return nil
	})
	q.also = append(q.also, func(e *atna.Event) bool {
		return find(e, func(found string) bool {
			return slices.ContainsFunc(wanted, func(want string) bool { return same(found, want) })
		})
	})
	return err
}

func patient(q *query, t token) error {
	oid, isOID := strings.CutPrefix(t.system, "urn:oid:")
	if !isOID || !hl7v2.IsOID(oid) {
		return fmt.Errorf("expected urn:oid:<authority>|<id>")
	}
	q.Patients = append(q.Patients, hl7v2.PatientKey{ID: t.value, Authority: oid})
	return nil
}

func outcome(q *query, t token) error {
	n, err := strconv.Atoi(t.value)
	if err != nil || n != 0 && n != 4 && n != 8 && n != 12 {
		return fmt.Errorf("expected 0, 4, 8 or 12")
	}
	q.Outcomes = append(q.Outcomes, atna.Outcome(n))
	return t.of("http://hl7.org/fhir/audit-event-outcome")
}

func page(q *store.AuditQuery, v string) error {
	at, id, ok := strings.Cut(v, ".")
	ms, err := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if !ok || err != nil || err2 != nil {
		return fmt.Errorf("expected the value of a next link")
	}
	q.Before = &store.AuditPlace{Time: time.UnixMilli(ms), ID: n}
	return nil
}

// date narrows the time: a value stands for the whole of its day, month or year (FHIR R4 search). An event is an instant, for
// which starting after (sa) is gt, and ending before (eb) is lt.
func date(q *store.AuditQuery, v string) error {
	prefix := "eq"
	if len(v) > 2 && v[0] >= 'a' {
		prefix, v = v[:2], v[2:]
	}
	low, high, err := period(v)
	if err != nil {
		return err
	}
	from, to, ends := time.Time{}, time.Time{}, true
	switch prefix {
	case "eq":
		from, to = low, high
	case "ge":
		from, ends = low, false
	case "gt", "sa":
		from, ends = high, false
	case "le":
		to = high
	case "lt", "eb":
		to = low
	default:
		return fmt.Errorf("expected one of the prefixes eq, ge, gt, le, lt, sa, eb")
	}
	if from.After(q.From) {
		q.From = from
	}
	if ends && to.IsZero() {
		to = to.Add(1) // nothing is before the year 1, and the zero time would be no bound at all
	}
	if ends && (q.To.IsZero() || to.Before(q.To)) {
		q.To = to
	}
	return nil
}

// period is what a date of some precision covers.
func period(v string) (low, high time.Time, err error) {
	for _, f := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05Z07:00", func(t time.Time) time.Time { return t.Add(fraction(v)) }}, // with a fraction, too
	} {
		if low, err = time.Parse(f.layout, v); err == nil {
			return low, f.next(low), nil
		}
	}
	return low, high, fmt.Errorf("expected a date of FHIR such as 2026-01-02 or 2026-01-02T03:04:05Z")
}

// fraction is the precision of a time: a second, or what the last digit of its fraction stands for.
func fraction(v string) time.Duration {
	step := time.Second
	if _, rest, ok := strings.Cut(v, "."); ok {
		for i := 0; i < len(rest) && rest[i] >= '0' && rest[i] <= '9' && step > 1; i++ {
			step /= 10
		}
	}
	return step
}
