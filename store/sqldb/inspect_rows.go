package sqldb

import (
	"context"
	"database/sql"

	"dossier/store"
)

// contradictions are statements that give the ids of rows which contradict others. A transaction leaves none of them behind,
// and foreign keys exclude some; a file that was damaged, restored in part or edited by hand may have them all.
var contradictions = []struct {
	problem   constant
	statement constant
	registry  bool // holds only where the registry of the documents is in this database
}{
	{"the DocumentEntry has lost its metadata", `SELECT o.uuid FROM object o WHERE o.kind = 'D' AND NOT EXISTS (SELECT 1 FROM document_entry c WHERE c.seq = o.seq)`, false},
	{"the SubmissionSet has lost its metadata", `SELECT o.uuid FROM object o WHERE o.kind = 'S' AND NOT EXISTS (SELECT 1 FROM submission_set c WHERE c.seq = o.seq)`, false},
	{"the Folder has lost its metadata", `SELECT o.uuid FROM object o WHERE o.kind = 'F' AND NOT EXISTS (SELECT 1 FROM folder c WHERE c.seq = o.seq)`, false},
	{"the Association has lost its ends", `SELECT o.uuid FROM object o WHERE o.kind = 'A' AND NOT EXISTS (SELECT 1 FROM association c WHERE c.seq = o.seq)`, false},

	{"metadata of a DocumentEntry without its object", `SELECT CAST(c.seq AS text) FROM document_entry c WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.seq = c.seq AND o.kind = 'D')`, false},
	{"metadata of a SubmissionSet without its object", `SELECT CAST(c.seq AS text) FROM submission_set c WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.seq = c.seq AND o.kind = 'S')`, false},
	{"metadata of a Folder without its object", `SELECT CAST(c.seq AS text) FROM folder c WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.seq = c.seq AND o.kind = 'F')`, false},
	{"metadata of an Association without its object", `SELECT CAST(c.seq AS text) FROM association c WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.seq = c.seq AND o.kind = 'A')`, false},

	{"the sourceObject of the Association is missing", `SELECT coalesce(o.uuid, CAST(a.seq AS text)) FROM association a LEFT JOIN object o ON o.seq = a.seq
WHERE NOT EXISTS (SELECT 1 FROM object x WHERE x.seq = a.source)`, false},
	{"the targetObject of the Association is missing", `SELECT coalesce(o.uuid, CAST(a.seq AS text)) FROM association a LEFT JOIN object o ON o.seq = a.seq
WHERE NOT EXISTS (SELECT 1 FROM object x WHERE x.seq = a.target)`, false},
	{"belongs to no SubmissionSet", `SELECT o.uuid FROM object o WHERE o.kind IN ('D', 'F') AND NOT EXISTS (
	SELECT 1 FROM association a JOIN object s ON s.seq = a.source WHERE a.target = o.seq AND a.type = 'HM' AND s.kind = 'S')`, false},
	{"is replaced, but still Approved", `SELECT DISTINCT o.uuid FROM association a JOIN object o ON o.seq = a.target
WHERE a.type IN ('RPLC', 'XFRM_RPLC') AND o.kind = 'D' AND o.status = 'A'`, false},

	{"its uniqueId is not reserved", `SELECT o.uuid FROM object o WHERE o.kind <> 'A' AND (o.unique_id IS NULL OR NOT EXISTS (
	SELECT 1 FROM unique_id u WHERE u.value = o.unique_id AND u.kind = o.kind))`, false},
	{"the uniqueId is reserved and no object has it", `SELECT u.value FROM unique_id u WHERE NOT EXISTS (SELECT 1 FROM object o WHERE o.unique_id = u.value)`, false},

	{"its patient is missing", `SELECT o.uuid FROM object o WHERE o.kind <> 'A' AND (o.patient IS NULL OR NOT EXISTS (SELECT 1 FROM patient p WHERE p.id = o.patient))`, false},
	{"patient whose surviving id is missing or was subsumed itself", `SELECT CAST(p.id AS text) FROM patient p WHERE NOT EXISTS (
	SELECT 1 FROM patient r WHERE r.id = p.root AND r.root = r.id)`, false},
	{"patient of which a merge was applied by half", `SELECT CAST(p.id AS text) FROM patient p WHERE (p.root = p.id AND p.merged_into IS NOT NULL) OR (p.root <> p.id AND p.merged_into IS NULL)`, false},

	{"the document has no DocumentEntry", `SELECT d.unique_id FROM document d WHERE d.registered = 1 AND NOT EXISTS (
	SELECT 1 FROM object o WHERE o.kind = 'D' AND o.unique_id = d.unique_id)`, true},
	{"the document is neither registered nor reserved", `SELECT d.unique_id FROM document d WHERE d.registered = 0 AND NOT EXISTS (
	SELECT 1 FROM reserved_document r WHERE r.unique_id = d.unique_id)`, false},
	{"the reserved document is missing", `SELECT r.unique_id FROM reserved_document r WHERE NOT EXISTS (SELECT 1 FROM document d WHERE d.unique_id = r.unique_id)`, false},
	{"the reservation of the document is missing", `SELECT r.unique_id FROM reserved_document r WHERE NOT EXISTS (
	SELECT 1 FROM reservation s WHERE s.submission_set = r.submission_set)`, false},
}

// EachInconsistency implements store.Inspector.
func (db *DB) EachInconsistency(ctx context.Context, registry bool, fn func(store.Inconsistency) error) error {
	return db.inspect(ctx, func(t *tx) error {
		for _, c := range contradictions {
			if c.registry && !registry {
				continue
			}
			b := t.builder()
			b.add(c.statement)
			err := t.query(ctx, "inconsistencies", b, func(rows *sql.Rows) error {
				found := store.Inconsistency{Problem: string(c.problem)}
				if err := rows.Scan(&found.ID); err != nil {
					return err
				}
				return fn(found)
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
