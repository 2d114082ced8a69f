package sqldb

import (
	"context"
	"database/sql"
	"iter"
	"slices"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

// maxList is the most values in one list of a statement.
const maxList = 512

// parts cuts values without repetitions into lists for one statement each; none for no values.
func parts[T comparable](values []T) iter.Seq[[]T] {
	return slices.Chunk(distinct(values), maxList)
}

func distinct[T comparable](values []T) []T {
	seen := make(map[T]bool, len(values))
	out := make([]T, 0, len(values))
	for _, v := range values {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

// State implements store.RegistryTx.
func (t *tx) State(ctx context.Context, refs store.Refs) (*store.State, error) {
	s := &store.State{
		Patients: map[hl7v2.PatientKey]store.PatientState{}, Objects: map[xds.EntryUUID]store.ObjectState{},
		UniqueIDs: map[xds.UniqueID]store.UniqueIDState{}, Folders: map[xds.EntryUUID][]store.FolderState{},
	}
	known, err := t.hold(ctx, refs, s)
	if err != nil {
		return nil, err
	}
	for _, k := range refs.Patients {
		if p, ok := known[k]; ok {
			s.Patients[k] = store.PatientState{Subsumed: p.subsumed()}
		}
	}
	for part := range parts(refs.UniqueIDs) {
		if err := t.uniqueIDStates(ctx, part, s.UniqueIDs); err != nil {
			return nil, err
		}
	}
	if _, used := s.UniqueIDs[refs.SubmissionSet]; used { // no statement of its own for what is new
		if s.Outcome, err = t.outcome(ctx, refs.SubmissionSet); err != nil {
			return nil, err
		}
	}
	dependents := map[xds.EntryUUID]bool{}
	for _, id := range refs.Replaced {
		dependents[id] = true // known already
	}
	for part := range parts(refs.Replaced) {
		if err := t.dependents(ctx, part, func(id xds.EntryUUID) {
			if !dependents[id] {
				dependents[id] = true
				s.Dependents = append(s.Dependents, id)
			}
		}); err != nil {
			return nil, err
		}
		if err := t.containing(ctx, part, s.Folders); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// hold fills in the objects and returns the patients, both in a state that stays until the transaction ends.
//
// Where transactions write side by side, it locks patients. Who adds to registered objects or changes them has their patients
// for itself, because what follows from a change is spread over a patient's objects: dependents, Folders. Who only brings new
// objects shares its patients with others of the kind; a merge has both patients for itself.
func (t *tx) hold(ctx context.Context, refs store.Refs, s *store.State) (map[hl7v2.PatientKey]patient, error) {
	for {
		if err := t.allObjectStates(ctx, refs.EntryUUIDs, s.Objects); err != nil {
			return nil, err
		}
		keys, lock := slices.Clone(refs.Patients), t.db.dialect.share
		for _, o := range s.Objects {
			lock = t.db.dialect.exclusive
			if o.Kind != store.Association {
				keys = append(keys, o.Patient)
			}
		}
		known, err := t.patients(ctx, keys, lock)
		if err != nil || lock == "" || len(s.Objects) == 0 {
			return known, err
		}
		// What was read before the lock may have changed. When a merge came between, the objects have another patient now.
		if err := t.allObjectStates(ctx, refs.EntryUUIDs, s.Objects); err != nil {
			return nil, err
		}
		held := true
		for _, o := range s.Objects {
			_, locked := known[o.Patient]
			held = held && (locked || o.Kind == store.Association)
		}
		if held {
			return known, nil
		}
	}
}

func (t *tx) allObjectStates(ctx context.Context, ids []xds.EntryUUID, out map[xds.EntryUUID]store.ObjectState) error {
	for part := range parts(ids) {
		if err := t.objectStates(ctx, part, out); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) objectStates(ctx context.Context, ids []xds.EntryUUID, out map[xds.EntryUUID]store.ObjectState) error {
	b := t.builder()
	b.add(`SELECT o.uuid, o.kind, o.status, coalesce(o.unique_id, ''), coalesce(r.authority, ''), coalesce(r.identifier, ''),
	coalesce(c.object_type, ''),
	EXISTS (SELECT 1 FROM association a WHERE a.source = o.seq AND a.type IN ('XFRM', 'XFRM_RPLC'))
FROM object o
LEFT JOIN document_entry c ON c.seq = o.seq
LEFT JOIN patient p ON p.id = o.patient
LEFT JOIN patient r ON r.id = p.root
WHERE o.uuid `)
	in(b, ids, text)
	return t.query(ctx, "object states", b, func(rows *sql.Rows) error {
		var id xds.EntryUUID
		var o store.ObjectState
		var status, objectType string
		err := rows.Scan(&id, &o.Kind, &status, &o.UniqueID, &o.Patient.Authority, &o.Patient.ID, &objectType, &o.Transforms)
		o.Status, o.ObjectType = expand[xds.Status](status), expand[xds.ObjectType](objectType)
		out[id] = o
		return err
	})
}

func (t *tx) uniqueIDStates(ctx context.Context, ids []xds.UniqueID, out map[xds.UniqueID]store.UniqueIDState) error {
	b := t.builder()
	b.add("SELECT value, kind, hash, size, object_type FROM unique_id WHERE value ")
	in(b, ids, text)
	return t.query(ctx, "uniqueId states", b, func(rows *sql.Rows) error {
		var id xds.UniqueID
		var u store.UniqueIDState
		var objectType string
		err := rows.Scan(&id, &u.Kind, &u.Hash, &u.Size, &objectType)
		u.ObjectType = expand[xds.ObjectType](objectType)
		out[id] = u
		return err
	})
}

// dependents follows XFRM and APND backwards, through Approved entries only: those of a Deprecated entry went with it. It
// walks all ids at once, each entry once: a list for each of the ids would grow with the square of a chain.
func (t *tx) dependents(ctx context.Context, ids []xds.EntryUUID, add func(xds.EntryUUID)) error {
	b := t.builder()
	b.add(`WITH RECURSIVE dependent (seq) AS (
	SELECT a.source FROM object t JOIN association a ON a.target = t.seq JOIN object s ON s.seq = a.source
	WHERE a.type IN ('XFRM', 'APND') AND s.kind = 'D' AND s.status = 'A' AND t.uuid `)
	in(b, ids, text)
	b.add(`
	UNION
	SELECT a.source FROM dependent JOIN association a ON a.target = dependent.seq JOIN object s ON s.seq = a.source
	WHERE a.type IN ('XFRM', 'APND') AND s.kind = 'D' AND s.status = 'A'
)
SELECT o.uuid FROM dependent JOIN object o ON o.seq = dependent.seq ORDER BY dependent.seq`)
	return t.query(ctx, "dependents", b, func(rows *sql.Rows) error {
		var id xds.EntryUUID
		err := rows.Scan(&id)
		add(id)
		return err
	})
}

func (t *tx) containing(ctx context.Context, ids []xds.EntryUUID, out map[xds.EntryUUID][]store.FolderState) error {
	b := t.builder()
	b.add(`SELECT DISTINCT e.uuid, f.seq, f.uuid, r.authority, r.identifier
FROM object e JOIN association a ON a.target = e.seq AND a.type = 'HM' JOIN object f ON f.seq = a.source
JOIN patient p ON p.id = f.patient JOIN patient r ON r.id = p.root
WHERE f.kind = 'F' AND f.status = 'A' AND e.uuid `)
	in(b, ids, text)
	b.add(" ORDER BY f.seq")
	return t.query(ctx, "folders", b, func(rows *sql.Rows) error {
		var entry xds.EntryUUID
		var seq int64
		var f store.FolderState
		err := rows.Scan(&entry, &seq, &f.EntryUUID, &f.Patient.Authority, &f.Patient.ID)
		out[entry] = append(out[entry], f)
		return err
	})
}
