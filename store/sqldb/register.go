package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
)

// Register implements store.RegistryTx.
func (t *tx) Register(ctx context.Context, r *store.Registration) error {
	if err := t.deprecate(ctx, r); err != nil {
		return err
	}
	g := &registration{tx: t, Registration: r, seqs: map[xds.EntryUUID]int64{}}
	for _, step := range []func(context.Context) error{
		g.findPatients, g.claimUniqueIDs, g.objects, g.submissionSet, g.entries, g.folders, g.associations,
	} {
		if err := step(ctx); err != nil {
			return t.fail(err)
		}
	}
	if err := t.addDocuments(ctx, r.Documents, true); err != nil {
		return err
	}
	return t.tell(ctx, r.SubmissionSet.UniqueID, r.Outcome)
}

// deprecate applies the effects on objects that are registered already.
func (t *tx) deprecate(ctx context.Context, r *store.Registration) error {
	for part := range parts(r.Deprecate) {
		b := t.builder()
		b.add("UPDATE object SET status = 'D' WHERE kind = 'D' AND status = 'A' AND uuid ")
		in(b, part, text)
		if err := t.change(ctx, "deprecate", len(part), b); err != nil {
			return err
		}
	}
	for part := range parts(r.DeprecateAlso) {
		b := t.builder()
		b.add("UPDATE object SET status = 'D' WHERE kind = 'D' AND status = 'A' AND uuid ")
		in(b, part, text)
		if _, err := t.exec(ctx, "deprecate", b); err != nil {
			return err
		}
	}
	for part := range parts(r.Touch) {
		b := t.builder()
		b.add("UPDATE object SET updated = ")
		b.bind(string(r.Now))
		b.add(" WHERE kind = 'F' AND uuid ")
		in(b, part, text)
		if err := t.change(ctx, "touch folders", len(part), b); err != nil {
			return err
		}
	}
	return nil
}

// registration is a Registration on its way into the tables.
type registration struct {
	*tx
	*store.Registration
	patients map[hl7v2.PatientKey]patient
	seqs     map[xds.EntryUUID]int64 // of its objects and of those that its Associations mention
}

// findPatients resolves the patients of the new objects. Each must still be active.
func (g *registration) findPatients(ctx context.Context) (err error) {
	keys := []hl7v2.PatientKey{g.SubmissionSet.PatientID.Key()}
	for _, e := range g.Entries {
		keys = append(keys, e.PatientID.Key())
	}
	for _, f := range g.Folders {
		keys = append(keys, f.PatientID.Key())
	}
	if g.patients, err = g.tx.patients(ctx, keys, g.db.dialect.share); err != nil {
		return err
	}
	for _, k := range keys {
		if p, known := g.patients[k]; !known || p.subsumed() {
			return fmt.Errorf("sqldb: register: %w: a patient is not active", store.ErrConflict)
		}
	}
	return nil
}

// uniqueID is a row of the table unique_id.
type uniqueID struct {
	value, kind, hash string
	size              int64
	objectType        string
}

// claimUniqueIDs lets the primary key decide: a row that is there may stay only when both are the same document.
func (g *registration) claimUniqueIDs(ctx context.Context) error {
	claims := map[string]uniqueID{}
	claim := func(u uniqueID) bool {
		other, taken := claims[u.value]
		claims[u.value] = u
		return !taken || u.kind == "D" && u == other
	}
	set := g.SubmissionSet
	ok := claim(uniqueID{value: string(set.UniqueID), kind: "S"})
	for _, f := range g.Folders {
		ok = claim(uniqueID{value: string(f.UniqueID), kind: "F"}) && ok
	}
	for _, e := range g.Entries {
		ok = claim(uniqueID{string(e.UniqueID), "D", strings.ToLower(e.Hash), e.Size, shorten(e.ObjectType)}) && ok
	}
	if !ok {
		return fmt.Errorf("sqldb: register: %w: two objects with one uniqueId", store.ErrConflict)
	}
	var values []any
	for _, value := range slices.Sorted(maps.Keys(claims)) { // one order for all writers: none waits for one that waits for it
		u := claims[value]
		values = append(values, u.value, u.kind, u.hash, u.size, u.objectType)
	}
	n, err := g.insert(ctx, "unique_id (value, kind, hash, size, object_type)", ` ON CONFLICT (value) DO UPDATE SET kind = excluded.kind
WHERE unique_id.kind = 'D' AND excluded.kind = 'D' AND unique_id.hash = excluded.hash AND unique_id.size = excluded.size
	AND unique_id.object_type = excluded.object_type`, values, 5)
	if err == nil && n != int64(len(claims)) {
		err = fmt.Errorf("sqldb: register: %w: a uniqueId is taken", store.ErrConflict)
	}
	return err
}

// objects adds all objects to the table that they share and numbers them.
func (g *registration) objects(ctx context.Context) error {
	seq, err := g.first(ctx)
	if err != nil {
		return err
	}
	var values []any
	add := func(kind store.Kind, id xds.EntryUUID, patient *hl7v2.CX, unique xds.UniqueID, version int, home xds.HomeCommunityID, updated hl7v2.DTM) {
		g.seqs[id] = seq
		var patientID, uniqueID any
		cx := ""
		if patient != nil {
			patientID, uniqueID, cx = g.patients[patient.Key()].id, string(unique), submitted(*patient)
		}
		values = append(values, seq, string(id), string(kind), patientID, "A", max(version, 1), string(home), "", string(updated), uniqueID, cx)
		seq++
	}
	s := g.SubmissionSet
	add(store.SubmissionSet, s.EntryUUID, &s.PatientID, s.UniqueID, 1, s.HomeCommunityID, "")
	for _, e := range g.Entries {
		add(store.DocumentEntry, e.EntryUUID, &e.PatientID, e.UniqueID, e.Version, e.HomeCommunityID, "")
	}
	for _, f := range g.Folders {
		add(store.Folder, f.EntryUUID, &f.PatientID, f.UniqueID, f.Version, f.HomeCommunityID, g.Now)
	}
	for _, a := range g.Associations {
		add(store.Association, a.EntryUUID, nil, "", 1, xds.HomeCommunityID(a.Object.Home), "")
	}
	_, err = g.insert(ctx, "object (seq, uuid, kind, patient, status, version, home, availability, updated, unique_id, patient_cx)", "", values, 11)
	return err
}

// maxObjects is how many objects one Registration may have; far above what a message can hold.
const maxObjects = 1 << 20

// first reserves numbers for all objects and returns the first.
func (g *registration) first(ctx context.Context) (seq int64, err error) {
	if n := 1 + len(g.Entries) + len(g.Folders) + len(g.Associations); n > maxObjects {
		return 0, fmt.Errorf("sqldb: register: %w: %d objects, at most %d", store.ErrTooMany, n, maxObjects)
	}
	set := g.SubmissionSet.EntryUUID
	g.proof.is = func(b *builder) {
		b.add("SELECT 1 FROM object WHERE uuid = ")
		b.bind(string(set))
	}
	b := g.builder()
	b.add(g.db.dialect.firstSeq)
	err = g.query(ctx, "next number", b, func(rows *sql.Rows) error { return rows.Scan(&seq, &g.proof.transaction) })
	return seq, err
}
