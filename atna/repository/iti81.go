package repository

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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
)

// ServeHTTP answers one search.
func (s *Search) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.May != nil {
		if err := s.May(r); err != nil {
			s.refuse(w, r, http.StatusForbidden, "forbidden", err)
			return
		}
	}
	q, err := parseSearch(r.URL.Query())
	if err != nil {
		s.refuse(w, r, http.StatusBadRequest, "invalid", err)
		return
	}
	found, err := s.Trail.SearchAudit(r.Context(), q)
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
	answer(w, http.StatusOK, s.bundle(r.URL, q, found))
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
	Resource auditEvent `json:"resource"`
}

// bundle has the messages that are events, and where the search goes on when there may be more.
func (s *Search) bundle(u *url.URL, q store.AuditQuery, found []store.AuditMessage) bundle {
	b := bundle{ResourceType: "Bundle", Type: "searchset", Link: []link{{"self", u.RequestURI()}}}
	for i := range found {
		if found[i].Event != nil {
			b.Entry = append(b.Entry, entry{resource(&found[i])})
		}
	}
	if len(found) == q.Limit {
		last := &found[len(found)-1]
		at := last.Stored()
		if last.Event != nil {
			at = last.Event.Identification.Time
		}
		next := u.Query()
		next.Set("_page", fmt.Sprintf("%d.%d", at.UnixMilli(), last.ID))
		b.Link = append(b.Link, link{"next", u.Path + "?" + next.Encode()})
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

// parseSearch reads the parameters. One that is not known is refused: leaving a filter out would show more than was asked for.
func parseSearch(values url.Values) (store.AuditQuery, error) {
	q := store.AuditQuery{Limit: defaultCount}
	for name, all := range values {
		for _, value := range all {
			if err := parameter(&q, name, value); err != nil {
				return q, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return q, nil
}

func parameter(q *store.AuditQuery, name, value string) error {
	if value == "" {
		return fmt.Errorf("expected a value, found none")
	}
	switch name {
	case "date":
		return date(q, value)
	case "patient", "patient.identifier":
		return each(value, func(v string) error { return patient(q, v) })
	case "agent", "agent.identifier", "user":
		return each(value, func(v string) error { q.Users = append(q.Users, bare(v)); return nil })
	case "type":
		return each(value, func(v string) error { q.EventIDs = append(q.EventIDs, bare(v)); return nil })
	case "subtype":
		return each(value, func(v string) error { q.Types = append(q.Types, bare(v)); return nil })
	case "source", "source.identifier":
		return each(value, func(v string) error { q.Sources = append(q.Sources, bare(v)); return nil })
	case "action":
		return each(value, func(v string) error { q.Actions = append(q.Actions, atna.Action(bare(v))); return nil })
	case "outcome":
		return each(value, func(v string) error { return outcome(q, bare(v)) })
	case "_count":
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxCount {
			return fmt.Errorf("expected a number from 1 to %d", maxCount)
		}
		q.Limit = n
		return nil
	case "_page":
		return page(q, value)
	case "_format":
		if !strings.Contains(value, "json") {
			return fmt.Errorf("expected json")
		}
		return nil
	}
	return fmt.Errorf("this parameter is not supported; expected date, patient.identifier, agent.identifier, type, subtype, source.identifier, action, outcome, _count or _format")
}

// each splits alternatives.
func each(value string, fn func(string) error) error {
	for v := range strings.SplitSeq(value, ",") {
		if err := fn(v); err != nil {
			return err
		}
	}
	return nil
}

// bare drops the system of a token.
func bare(v string) string {
	if _, value, ok := strings.Cut(v, "|"); ok {
		return value
	}
	return v
}

func patient(q *store.AuditQuery, v string) error {
	system, id, ok := strings.Cut(v, "|")
	oid, isOID := strings.CutPrefix(system, "urn:oid:")
	if !ok || !isOID || !hl7v2.IsOID(oid) || id == "" {
		return fmt.Errorf("expected urn:oid:<authority>|<id>")
	}
	q.Patients = append(q.Patients, hl7v2.PatientKey{ID: id, Authority: oid})
	return nil
}

func outcome(q *store.AuditQuery, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n != 0 && n != 4 && n != 8 && n != 12 {
		return fmt.Errorf("expected 0, 4, 8 or 12")
	}
	q.Outcomes = append(q.Outcomes, atna.Outcome(n))
	return nil
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

// date narrows the time: a value stands for the whole of its day, month or year (FHIR R4 search, prefixes eq ge gt le lt).
func date(q *store.AuditQuery, v string) error {
	prefix := "eq"
	if len(v) > 2 && v[0] >= 'a' {
		prefix, v = v[:2], v[2:]
	}
	low, high, err := period(v)
	if err != nil {
		return err
	}
	from, to := time.Time{}, time.Time{}
	switch prefix {
	case "eq":
		from, to = low, high
	case "ge":
		from = low
	case "gt":
		from = high
	case "le":
		to = high
	case "lt":
		to = low
	default:
		return fmt.Errorf("expected one of the prefixes eq, ge, gt, le, lt")
	}
	if from.After(q.From) {
		q.From = from
	}
	if !to.IsZero() && (q.To.IsZero() || to.Before(q.To)) {
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
		{"2006-01-02T15:04:05Z07:00", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"2006-01-02T15:04:05.999999999Z07:00", func(t time.Time) time.Time { return t.Add(time.Millisecond) }},
	} {
		if low, err = time.Parse(f.layout, v); err == nil {
			return low, f.next(low), nil
		}
	}
	return low, high, fmt.Errorf("expected a date of FHIR such as 2026-01-02 or 2026-01-02T03:04:05Z")
}
