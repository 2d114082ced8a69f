package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"dossier/hl7v2"
	"dossier/pix"
)

// Identities is the patient index of a database, under one policy. It is safe for concurrent use.
type Identities struct {
	db     *DB
	policy *pix.Policy
}

var (
	_ pix.Index    = (*Identities)(nil)
	_ pix.Worklist = (*Identities)(nil)
	_ pix.Outbox   = (*Identities)(nil)
)

// Identities returns the patient index, which decides by the policy.
func (db *DB) Identities(policy *pix.Policy) *Identities { return &Identities{db, policy} }

// Apply implements pix.Index. Changes come one after the other: each takes the number row first.
func (x *Identities) Apply(ctx context.Context, f pix.Feed) error {
	return x.db.update(ctx, func(t *tx) error {
		next, err := t.identityNumber(ctx)
		if err != nil {
			return err
		}
		effects, err := x.policy.Decide(ctx, newIdentityReader(t), f)
		if err != nil {
			return err
		}
		effects.Number(next)
		w := identityWriter{tx: t, effects: effects, next: next}
		return w.write(ctx)
	})
}

// identityNumber reads the number for what is new, and holds off other changes of the index until the transaction ends.
func (t *tx) identityNumber(ctx context.Context) (next int64, err error) {
	b := t.builder()
	b.add("INSERT INTO identity_number (id, next) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET next = identity_number.next RETURNING next")
	err = t.query(ctx, "identity number", b, func(rows *sql.Rows) error { return rows.Scan(&next) })
	return next, err
}

// Person implements pix.Index.
func (x *Identities) Person(ctx context.Context, id hl7v2.PatientKey) (person *pix.Person, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		r := newIdentityReader(t)
		found, err := r.Identities(ctx, []hl7v2.PatientKey{id})
		if err != nil {
			return err
		}
		if len(found) == 0 || !found[0].Live() {
			return &pix.Refusal{Reason: pix.UnknownID, Part: pix.PartID}
		}
		members, err := r.Members(ctx, []int64{found[0].Person})
		if err != nil {
			return err
		}
		var live []*pix.Identity
		for _, i := range members {
			if i.Live() {
				live = append(live, i)
			}
		}
		person = x.policy.NewPerson(live)
		return nil
	})
	return person, err
}

// Search implements pix.Index.
func (x *Identities) Search(ctx context.Context, s pix.Search, limit int) (found []pix.Found, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		found, err = x.policy.Find(ctx, newIdentityReader(t), s, limit)
		return err
	})
	return found, err
}

// Reviews implements pix.Worklist.
func (x *Identities) Reviews(ctx context.Context, limit int) (out []pix.Review, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT r.a, r.b, r.weight, r.reason FROM identity_review r JOIN identity a ON a.seq = r.a JOIN identity b ON b.seq = r.b",
			" WHERE a.person <> b.person AND a.survivor IS NULL AND b.survivor IS NULL ORDER BY r.weight DESC, r.a, r.b LIMIT ")
		b.bind(limit)
		type row struct {
			a, b int64
			pix.Review
		}
		var rows []row
		err := t.query(ctx, "worklist", b, func(s *sql.Rows) error {
			var r row
			err := s.Scan(&r.a, &r.b, &r.Weight, &r.Reason)
			rows = append(rows, r)
			return err
		})
		if err != nil {
			return err
		}
		r := newIdentityReader(t)
		var seqs []int64
		for _, row := range rows {
			seqs = append(seqs, row.a, row.b)
		}
		if err := r.bySeq(ctx, seqs); err != nil {
			return err
		}
		for _, row := range rows {
			row.Review.A, row.Review.B = r.known[row.a], r.known[row.b]
			out = append(out, row.Review)
		}
		return nil
	})
	return out, err
}

// Merged implements pix.Worklist: up to the live identity, then down to everything that was ever merged into it.
func (x *Identities) Merged(ctx context.Context, id hl7v2.PatientKey) (ids []hl7v2.PatientKey, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		ids = []hl7v2.PatientKey{id}
		b := t.builder()
		b.add("WITH RECURSIVE up (seq, survivor) AS (SELECT seq, survivor FROM identity WHERE authority = ")
		b.bind(id.Authority)
		b.add(" AND identifier = ")
		b.bind(id.ID)
		b.add(" UNION SELECT i.seq, i.survivor FROM identity i JOIN up ON i.seq = up.survivor),",
			" down (seq) AS (SELECT seq FROM up WHERE survivor IS NULL UNION SELECT i.seq FROM identity i JOIN down ON i.survivor = down.seq)",
			" SELECT i.authority, i.identifier FROM identity i JOIN down ON i.seq = down.seq ORDER BY i.seq")
		return t.query(ctx, "merged identities", b, func(rows *sql.Rows) error {
			var k hl7v2.PatientKey
			if err := rows.Scan(&k.Authority, &k.ID); err != nil {
				return err
			}
			if k != id {
				ids = append(ids, k)
			}
			return nil
		})
	})
	return ids, err
}

// History implements pix.Worklist.
func (x *Identities) History(ctx context.Context, id hl7v2.PatientKey) (out []pix.Entry, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT i.authority, i.identifier, coalesce(o.authority, ''), coalesce(o.identifier, ''), h.event, h.kind, h.before, h.at,",
			" h.application, h.facility, h.message FROM identity_history h JOIN identity i ON i.seq = h.identity",
			" LEFT JOIN identity o ON o.seq = h.other WHERE h.seq IN (SELECT x.seq FROM identity_history x JOIN identity y",
			" ON y.seq = x.identity OR y.seq = x.other WHERE y.authority = ")
		b.bind(id.Authority)
		b.add(" AND y.identifier = ")
		b.bind(id.ID)
		b.add(") ORDER BY h.seq")
		return t.query(ctx, "history", b, func(rows *sql.Rows) error {
			e, err := scanEntry(rows)
			out = append(out, e)
			return err
		})
	})
	return out, err
}

// identityError says which identity cannot be read, without saying who it is.
func identityError(seq int64, err error) error {
	return fmt.Errorf("sqldb: demographics of identity %d: %w", seq, err)
}
