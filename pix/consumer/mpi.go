package consumer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/singleflight"

	"dossier/hl7v2"
	"dossier/pix"
)

// MPI is what a Document Registry asks of a Master Patient Index elsewhere: is this patient known, and who is this local id?
// It stays quick when the peer is slow or gone, asks once for many that want to know the same, and remembers answers for a while.
//
// Remembered are ids that were found, nothing else: who is not known now may be a moment later, and whoever was told so would
// be told again. What is too old is asked anew and never used instead of an answer that does not come: an id that was taken from
// a patient since must not lead to his record.
type MPI struct {
	PIX     Manager
	PDQ     Supplier    // confirms whom PIX knows; nil for nobody
	Domains pix.Domains // the affinity domain, and those with local ids
	Index   pix.Index   // the own one, which the Document Registry's patients are in
	Name    string      // of the MPI in the history of an id

	Timeout  time.Duration // for one look-up
	Failures int           // so many in a row open the breaker
	Pause    time.Duration // while it is open
	Entries  int           // answers that are remembered
	Age      time.Duration // for how long
	Now      func() time.Time
	Observe  func(outcome string) // counts look-ups: see Outcomes; nil for nobody

	breaker breaker
	cache   cache
	flights singleflight.Group
}

// Outcomes of a look-up. Failed is an answer that did not come or could not be read; refused one that is none; paused a
// look-up that the open breaker kept away.
const (
	OutcomeRemembered = "remembered"
	OutcomeKnown      = "known"
	OutcomeUnknown    = "unknown"
	OutcomeRefused    = "refused"
	OutcomeFailed     = "failed"
	OutcomePaused     = "paused"
)

// Outcomes lists them.
func Outcomes() []string {
	return []string{OutcomeRemembered, OutcomeKnown, OutcomeUnknown, OutcomeRefused, OutcomeFailed, OutcomePaused}
}

// Known reports whether the MPI knows the patient by this id of the affinity domain. An error that is pix.ErrUnavailable says
// that there was no usable answer.
func (m *MPI) Known(ctx context.Context, id hl7v2.CX) (bool, error) {
	affinity := m.Domains.Affinity()
	if d := m.Domains.Find(id.Authority); d == nil || d != affinity {
		return false, nil
	}
	a, err := m.ask(ctx, id, affinity)
	return a.known, err
}

// Admit makes a patient of the affinity domain known here for good, if the MPI knows him. What the MPI said is the only thing
// that is taken over: no demographics.
func (m *MPI) Admit(ctx context.Context, id hl7v2.CX) (bool, error) {
	known, err := m.Known(ctx, id)
	if !known || err != nil {
		return false, err
	}
	err = m.Index.Apply(ctx, pix.Feed{
		Event: pix.EventCreate, IDs: []hl7v2.CX{{ID: id.ID, Authority: m.Domains.Affinity().Authority}},
		Origin: pix.Origin{Source: pix.Source{Application: "MPI", Facility: m.Name}, At: m.Now(), Trusted: true},
	})
	var refused *pix.Refusal
	if errors.As(err, &refused) {
		return false, nil // an id that this registry can hold no objects for
	}
	return err == nil, err
}

// Affinity returns the ids that the affinity domain has for a local id: none where the MPI does not know it or has none. local
// is false for ids of other domains than those with local ids, and nothing is asked. Errors are those of Known.
func (m *MPI) Affinity(ctx context.Context, id hl7v2.CX) (ids []hl7v2.CX, local bool, err error) {
	if d := m.Domains.Find(id.Authority); d == nil || d.Affinity {
		return nil, false, nil
	}
	a, err := m.ask(ctx, id, m.Domains.Affinity())
	return a.ids, true, err
}

// Invalidate forgets what is remembered of these ids, as those asked for and as those found, also in answers that are on their
// way. It is for whoever hears that something changed: merges, notifications.
func (m *MPI) Invalidate(ids ...hl7v2.CX) {
	keys := make([]hl7v2.PatientKey, len(ids))
	for i, id := range ids {
		keys[i] = m.key(id)
	}
	m.cache.forget(keys)
}

// Paused reports whether the breaker is open.
func (m *MPI) Paused() bool { return m.breaker.open() }

// Remembered is the number of answers in the cache.
func (m *MPI) Remembered() int { return m.cache.len() }

// key names an id whatever its authority is written like.
func (m *MPI) key(id hl7v2.CX) hl7v2.PatientKey {
	if d := m.Domains.Find(id.Authority); d != nil {
		return hl7v2.PatientKey{ID: id.ID, Authority: d.Authority.UniversalID}
	}
	return id.Key()
}

// answer to a question.
type answer struct {
	known bool
	ids   []hl7v2.CX // in the domain asked for, each once
	asked uint64     // the cache's generation at that time
}

// ask answers from memory, or joins whoever is asking the same, or asks. The question goes on when who asked leaves, because
// others may wait for it. Who asks after a change is not content with an answer to a question from before it.
func (m *MPI) ask(ctx context.Context, id hl7v2.CX, domain *pix.Domain) (answer, error) {
	q := question{m.key(id), domain.Authority.UniversalID}
	now := m.cache.now()
	if ids, ok := m.cache.get(q, m.Now(), m.Age); ok {
		m.observe(OutcomeRemembered)
		return answer{known: true, ids: ids}, nil
	}
	name := q.domain + "\x00" + q.id.Authority + "\x00" + q.id.ID
	for {
		result := m.flights.DoChan(name, func() (any, error) {
			return m.call(context.WithoutCancel(ctx), q, domain, m.cache.now())
		})
		select {
		case <-ctx.Done():
			return answer{}, ctx.Err()
		case r := <-result:
			a := r.Val.(answer)
			if r.Err != nil || !m.cache.stale(q, a.ids, a.asked, now) {
				return a, r.Err
			}
		}
	}
}

// call asks the peer, unless the breaker is open.
func (m *MPI) call(ctx context.Context, q question, domain *pix.Domain, generation uint64) (a answer, err error) {
	if !m.breaker.enter(m.Now()) {
		m.observe(OutcomePaused)
		return answer{}, fmt.Errorf("%w: asked no more after %d failures in a row, for at most %v", pix.ErrUnavailable, m.Failures, m.Pause)
	}
	failed := true
	defer func() {
		if p := recover(); p != nil {
			a, err = answer{}, fmt.Errorf("panic: %v", p)
		}
		m.breaker.leave(m.Now(), failed, m.Failures, m.Pause)
	}()
	ctx, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	a, err = m.lookUp(ctx, q, domain)
	var refused *Refused
	var lost *NotRecorded
	switch {
	case err == nil:
		failed = false
		a.asked = generation
		m.settle(q, a)
		return a, nil
	case errors.As(err, &lost):
		failed = lost.Outcome != nil && !errors.As(lost.Outcome, &refused)
		return answer{}, err
	case errors.As(err, &refused):
		failed = false // the peer answers, which is all that the breaker looks at
		m.observe(OutcomeRefused)
	default:
		m.observe(OutcomeFailed)
	}
	return answer{}, fmt.Errorf("%w: %w", pix.ErrUnavailable, Quiet(err))
}

func (m *MPI) settle(q question, a answer) {
	if !a.known {
		m.observe(OutcomeUnknown)
		return
	}
	m.observe(OutcomeKnown)
	if len(a.ids) > 0 {
		m.cache.put(q, a.ids, m.Now(), a.asked, m.Entries)
	}
}

// lookUp asks PIX, and PDQ whether it has the very id of the affinity domain: some PIX Managers know everybody, or answer for an id
// that was merged as if it lived.
func (m *MPI) lookUp(ctx context.Context, q question, domain *pix.Domain) (answer, error) {
	id := m.Domains.CX(q.id)
	found, err := m.PIX.CrossReferences(ctx, id, q.domain)
	var refused *Refused
	if errors.As(err, &refused) && refused.UnknownPatient() {
		return answer{}, nil
	}
	if err != nil {
		return answer{}, err
	}
	a := answer{known: true, ids: m.inDomain(found, domain)}
	if m.PDQ != nil && q.id.Authority == q.domain {
		a.known, err = m.confirmed(ctx, id)
	}
	return a, err
}

// inDomain keeps the ids of the domain, each once, as metadata have them: a peer may answer more than it was asked.
func (m *MPI) inDomain(ids []hl7v2.CX, domain *pix.Domain) []hl7v2.CX {
	var out []hl7v2.CX
	seen := map[string]bool{}
	for _, id := range ids {
		if m.Domains.Find(id.Authority) != domain || seen[id.ID] {
			continue
		}
		seen[id.ID] = true
		out = append(out, hl7v2.CX{ID: id.ID, Authority: hl7v2.HD{UniversalID: domain.Authority.UniversalID, UniversalIDType: "ISO"}})
	}
	return out
}

// confirmed reports whether a demographics query by the id finds somebody who has it.
func (m *MPI) confirmed(ctx context.Context, id hl7v2.CX) (bool, error) {
	found, err := m.PDQ.Patients(ctx, Criteria{ID: id}, 0)
	if err != nil {
		return false, err
	}
	for _, p := range found.Patients {
		for _, x := range p.IDs {
			if m.key(x) == m.key(id) {
				return true, nil
			}
		}
	}
	return false, nil
}

func (m *MPI) observe(outcome string) {
	if m.Observe != nil {
		m.Observe(outcome)
	}
}
