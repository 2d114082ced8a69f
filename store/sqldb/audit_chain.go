package sqldb

import (
	"context"
	"database/sql"
	"time"

	"dossier/atna"
	"dossier/store"
)

// Link implements store.AuditChain. Where two do it at once, the number decides and the other one tries again.
func (db *DB) Link(ctx context.Context, limit int) (head atna.Chain, n int, err error) {
	err = db.update(ctx, func(t *tx) error {
		if head, err = t.chainHead(ctx); err != nil {
			return err
		}
		n = 0
		var links, done []any
		b := t.builder()
		b.add("SELECT e.id, e.message FROM audit_unlinked u JOIN audit_event e ON e.id = u.event ORDER BY u.event LIMIT ")
		b.bind(limit)
		err := t.query(ctx, "link audit", b, func(rows *sql.Rows) error {
			var id int64
			var message []byte
			if err := rows.Scan(&id, &message); err != nil {
				return err
			}
			l := head.Next(time.Unix(0, id), message)
			links = append(links, l.Number, id, l.Prev[:], l.Hash[:])
			done = append(done, id)
			n++
			return nil
		})
		if err != nil || n == 0 {
			return err
		}
		if _, err := t.insert(ctx, "audit_link (number, event, prev, hash)", "", links, 4); err != nil {
			return err
		}
		for part := range parts(done) {
			b = t.builder()
			b.add("DELETE FROM audit_unlinked WHERE event ")
			in(b, part, func(id any) any { return id })
			if _, err := t.exec(ctx, "link audit", b); err != nil {
				return err
			}
		}
		return nil
	})
	return head, n, err
}

// chainHead is the last link, or the checkpoint at which the chain was cut off.
func (t *tx) chainHead(ctx context.Context) (head atna.Chain, err error) {
	for _, text := range []constant{
		"SELECT number, hash FROM audit_checkpoint ORDER BY number DESC LIMIT 1",
		"SELECT number, hash FROM audit_link ORDER BY number DESC LIMIT 1",
	} {
		b := t.builder()
		b.add(text)
		err := t.query(ctx, "audit chain", b, func(rows *sql.Rows) error {
			var c atna.Chain
			var hash []byte
			if err := rows.Scan(&c.Number, &hash); err != nil {
				return err
			}
			if c.Number >= head.Number {
				head = atna.Chain{Number: c.Number, Hash: hashOf(hash)}
			}
			return nil
		})
		if err != nil {
			return head, err
		}
	}
	return head, nil
}

// hashOf is a stored hash; one that has not its length is zero, for a Verifier to find.
func hashOf(b []byte) (h atna.Hash) {
	if len(b) == len(h) {
		copy(h[:], b)
	}
	return h
}

// Links implements store.AuditChain. A link whose message is gone has an empty one.
func (db *DB) Links(ctx context.Context, after int64, limit int) (links []atna.Link, err error) {
	err = db.view(ctx, func(t *tx) error {
		links = nil
		b := t.builder()
		b.add("SELECT l.number, l.event, l.prev, l.hash, e.message FROM audit_link l LEFT JOIN audit_event e ON e.id = l.event WHERE l.number > ")
		b.bind(after)
		b.add(" ORDER BY l.number LIMIT ")
		b.bind(limit)
		return t.query(ctx, "audit chain", b, func(rows *sql.Rows) error {
			var l atna.Link
			var id int64
			var prev, hash []byte
			if err := rows.Scan(&l.Number, &id, &prev, &hash, &l.Message); err != nil {
				return err
			}
			l.Stored, l.Prev, l.Hash = time.Unix(0, id).UTC(), hashOf(prev), hashOf(hash)
			links = append(links, l)
			return nil
		})
	})
	return links, err
}

// Unlinked implements store.AuditChain.
func (db *DB) Unlinked(ctx context.Context) (n int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT count(*) FROM audit_unlinked")
		return t.query(ctx, "audit chain", b, func(rows *sql.Rows) error { return rows.Scan(&n) })
	})
	return n, err
}

// AddCheckpoint implements store.AuditChain. One that is there already stays.
func (db *DB) AddCheckpoint(ctx context.Context, c atna.Checkpoint) error {
	return db.update(ctx, func(t *tx) error {
		var stamp any
		if len(c.Timestamp) > 0 {
			stamp = c.Timestamp
		}
		_, err := t.insert(ctx, "audit_checkpoint (number, hash, signed, signer, signature, stamp)", " ON CONFLICT DO NOTHING",
			[]any{c.Number, c.Hash[:], c.Time.Unix(), c.Key, c.Signature, stamp}, 6)
		return err
	})
}

// Checkpoints implements store.AuditChain.
func (db *DB) Checkpoints(ctx context.Context) (all []atna.Checkpoint, err error) {
	err = db.view(ctx, func(t *tx) error {
		all = nil
		b := t.builder()
		b.add("SELECT number, hash, signed, signer, signature, stamp FROM audit_checkpoint ORDER BY number")
		return t.query(ctx, "audit checkpoints", b, func(rows *sql.Rows) error {
			var c atna.Checkpoint
			var hash []byte
			var signed int64
			if err := rows.Scan(&c.Number, &hash, &signed, &c.Key, &c.Signature, &c.Timestamp); err != nil {
				return err
			}
			c.Time, c.Hash = time.Unix(signed, 0).UTC(), hashOf(hash)
			all = append(all, c)
			return nil
		})
	})
	return all, err
}

// Cursor implements store.AuditCursors; a destination that is new has nothing.
func (db *DB) Cursor(ctx context.Context, destination string) (number int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT number FROM audit_cursor WHERE destination = ")
		b.bind(destination)
		return t.query(ctx, "audit cursor", b, func(rows *sql.Rows) error { return rows.Scan(&number) })
	})
	return number, err
}

// SetCursor implements store.AuditCursors.
func (db *DB) SetCursor(ctx context.Context, destination string, number int64) error {
	return db.update(ctx, func(t *tx) error {
		_, err := t.insert(ctx, "audit_cursor (destination, number)", " ON CONFLICT (destination) DO UPDATE SET number = excluded.number",
			[]any{destination, number}, 2)
		return err
	})
}

// Expire implements store.AuditChain.
func (db *DB) Expire(ctx context.Context, before time.Time) (removed int64, err error) {
	err = db.update(ctx, func(t *tx) error {
		removed = 0
		cut, err := t.expired(ctx, before)
		if err != nil || cut == 0 {
			return err
		}
		for _, x := range [...]struct{ text, end constant }{
			{"DELETE FROM audit_patient WHERE event IN (SELECT event FROM audit_link WHERE number <= ", ")"},
			{"DELETE FROM audit_user WHERE event IN (SELECT event FROM audit_link WHERE number <= ", ")"},
			{"DELETE FROM audit_event WHERE id IN (SELECT event FROM audit_link WHERE number <= ", ")"},
			{"DELETE FROM audit_link WHERE number <= ", ""},
		} {
			b := t.builder()
			b.add(x.text)
			b.bind(cut)
			b.add(x.end)
			if removed, err = t.exec(ctx, "expire audit", b); err != nil {
				return err
			}
		}
		return nil
	})
	return removed, err
}

// expired is the number of the last checkpoint that is old enough and that every destination has passed, 0 for none.
func (t *tx) expired(ctx context.Context, before time.Time) (cut int64, err error) {
	b := t.builder()
	b.add("SELECT coalesce(max(number), 0) FROM audit_checkpoint WHERE signed < ")
	b.bind(before.Unix())
	b.add(" AND number <= coalesce((SELECT min(number) FROM audit_cursor), number)")
	err = t.query(ctx, "expire audit", b, func(rows *sql.Rows) error { return rows.Scan(&cut) })
	return cut, err
}

var (
	_ store.Audit        = (*DB)(nil)
	_ store.AuditChain   = (*DB)(nil)
	_ store.AuditCursors = (*DB)(nil)
)
