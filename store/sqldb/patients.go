package sqldb

import (
	"context"
	"database/sql"

	"dossier/hl7v2"
	"dossier/internal/failpoint"
	"dossier/pix"
	"dossier/store"
)

// AddPatient implements store.Patients.
func (db *DB) AddPatient(ctx context.Context, id hl7v2.CX) error {
	return db.update(ctx, func(t *tx) error {
		t.repeatable = true
		return t.addPatient(ctx, id)
	})
}

func (t *tx) addPatient(ctx context.Context, id hl7v2.CX) error {
	k := id.Key()
	b := t.builder()
	b.add("INSERT INTO patient (id, root, authority, identifier, cx) VALUES (", b.dialect.nextPatient, ", ", b.dialect.samePatient, ", ")
	b.bind(k.Authority)
	b.add(", ")
	b.bind(k.ID)
	b.add(", ")
	b.bind(id.String())
	b.add(") ON CONFLICT (authority, identifier) DO NOTHING")
	_, err := t.exec(ctx, "add patient", b)
	return err
}

// MergePatient implements store.Patients.
func (db *DB) MergePatient(ctx context.Context, m pix.Merge) error {
	if m.Survivor.Equal(m.Subsumed) {
		return &pix.MergeError{Reason: pix.MergeSame}
	}
	return db.update(ctx, func(t *tx) error { return t.mergePatients(ctx, m) })
}

func (t *tx) mergePatients(ctx context.Context, m pix.Merge) error {
	to, from := m.Survivor.Key(), m.Subsumed.Key()
	known, err := t.patients(ctx, []hl7v2.PatientKey{to, from}, t.db.dialect.exclusive)
	if err != nil {
		return err
	}
	reason := refuseMerge(known, to, from)
	if reason == "" {
		if err := t.provable(ctx, func(b *builder) {
			b.add("SELECT 1 FROM patient WHERE merged_into = ")
			b.bind(known[to].id)
			b.add(" AND id = ")
			b.bind(known[from].id)
		}); err != nil {
			return err
		}
		return t.merge(ctx, known[to].id, known[from].id, m.Message)
	}
	if done, err := t.mergedBy(ctx, known[to].id, known[from].id, m.Message); done || err != nil {
		return err
	}
	return &pix.MergeError{Reason: reason}
}

func refuseMerge(known map[hl7v2.PatientKey]patient, survivor, subsumed hl7v2.PatientKey) pix.MergeReason {
	to, toKnown := known[survivor]
	from, fromKnown := known[subsumed]
	switch {
	case !toKnown:
		return pix.MergeSurvivorUnknown
	case !fromKnown:
		return pix.MergeSubsumedUnknown
	case to.subsumed():
		return pix.MergeSurvivorSubsumed
	case from.subsumed():
		return pix.MergeSubsumedTwice
	}
	return ""
}

// merge moves the subsumed id and everything it subsumed before to the survivor.
func (t *tx) merge(ctx context.Context, survivor, subsumed int64, message store.Message) error {
	b := t.builder()
	b.add("UPDATE patient SET root = ")
	b.bind(survivor)
	b.add(" WHERE root = ")
	b.bind(subsumed)
	if _, err := t.exec(ctx, "merge patients", b); err != nil {
		return err
	}
	failpoint.Hit("sqldb.merge.half")
	b = t.builder()
	b.add("UPDATE patient SET merged_into = ")
	b.bind(survivor)
	b.add(", merged_at = ")
	b.bind(t.db.now().Unix())
	b.add(", merge_message = ")
	b.bind(messageValue(message))
	b.add(" WHERE id = ")
	b.bind(subsumed)
	return t.change(ctx, "merge patients", 1, b)
}

// mergedBy tells whether this merge took effect before by that message, whatever became of the survivor since.
func (t *tx) mergedBy(ctx context.Context, survivor, subsumed int64, message store.Message) (done bool, err error) {
	if message.IsZero() {
		return false, nil
	}
	b := t.builder()
	b.add("SELECT 1 FROM patient WHERE id = ")
	b.bind(subsumed)
	b.add(" AND merged_into = ")
	b.bind(survivor)
	b.add(" AND merge_message = ")
	b.bind(message[:])
	err = t.query(ctx, "earlier merge", b, func(*sql.Rows) error { done = true; return nil })
	return done, err
}

// PatientKnown implements store.Patients.
func (db *DB) PatientKnown(ctx context.Context, id hl7v2.PatientKey) (known bool, err error) {
	err = db.view(ctx, func(t *tx) error {
		found, err := t.patients(ctx, []hl7v2.PatientKey{id}, "")
		p, ok := found[id]
		known = ok && !p.subsumed()
		return err
	})
	return known, err
}

// patient is a row of the table patient.
type patient struct{ id, root int64 }

func (p patient) subsumed() bool { return p.id != p.root }

// patients reads those of the ids that are known, and holds them as the dialect's share or exclusive says.
func (t *tx) patients(ctx context.Context, keys []hl7v2.PatientKey, lock constant) (map[hl7v2.PatientKey]patient, error) {
	found := make(map[hl7v2.PatientKey]patient, len(keys))
	for part := range parts(keys) {
		b := t.builder()
		b.add("SELECT authority, identifier, id, root FROM patient WHERE (authority, identifier) ")
		pairs(b, part, patientPair)
		b.add(lock)
		err := t.query(ctx, "patients", b, func(rows *sql.Rows) error {
			var k hl7v2.PatientKey
			var p patient
			err := rows.Scan(&k.Authority, &k.ID, &p.id, &p.root)
			found[k] = p
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}
