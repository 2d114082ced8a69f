package sqldb

import (
	"context"
	"database/sql"
	"time"

	"dossier/atna"
	"dossier/store"
)

// LinkWaits tells whether this process has recorded messages that Link has not seen. Those of others it does not know.
func (db *DB) LinkWaits() bool { return db.trail.unlinked.Load() }

// Link implements store.AuditChain. Where two do it at once, the number decides and the other one tries again.
func (db *DB) Link(ctx context.Context, limit int) (head atna.Chain, n int, err error) {
	if db.dialect.alone { // record has linked everything
		err = db.view(ctx, func(t *tx) error {
			head, err = t.chainHead(ctx)
			return err
		})
		return head, 0, err
	}
	db.trail.unlinked.Store(false) // before it is looked: what comes meanwhile waits for the next call
	defer func() {
		if err != nil || n == limit {
			db.trail.unlinked.Store(true)
		}
	}()
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
		"SELECT number, hash FROM audit_link ORDER BY number DESC LIMIT 1",
		"SELECT number, hash FROM audit_checkpoint ORDER BY number DESC LIMIT 1",
	} {
		b := t.builder()
		b.add(text)
		err := t.query(ctx, "audit chain", b, func(rows *sql.Rows) error {
			var hash []byte
			err := rows.Scan(&head.Number, &hash)
			head.Hash = hashOf(hash)
			return err
		})
		if err != nil || head.Number > 0 {
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

// maxLinked is how many bytes of messages are read at once, unless one alone has more. A message has 2 KB as a rule, and up to 1 MiB
// where somebody sent it to us.
const maxLinked = 8 << 20

// Links implements store.AuditChain. A link whose message is gone has an empty one.
func (db *DB) Links(ctx context.Context, after int64, limit int) (links []atna.Link, err error) {
	err = db.view(ctx, func(t *tx) error {
		links = nil
		last, err := t.lastWithin(ctx, after, limit)
		if err != nil || last == after {
			return err
		}
		b := t.builder()
		b.add("SELECT l.number, l.event, l.prev, l.hash, e.message FROM audit_link l LEFT JOIN audit_event e ON e.id = l.event WHERE l.number > ")
		b.bind(after)
		b.add(" AND l.number <= ")
		b.bind(last)
		b.add(" ORDER BY l.number")
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

// lastWithin is the number of the last link after a number that neither limit nor maxLinked keeps out; after when there is none.
func (t *tx) lastWithin(ctx context.Context, after int64, limit int) (last int64, err error) {
	last = after
	total := int64(0)
	b := t.builder()
	b.add("SELECT l.number, coalesce(length(e.message), 0) FROM audit_link l LEFT JOIN audit_event e ON e.id = l.event WHERE l.number > ")
	b.bind(after)
	b.add(" ORDER BY l.number LIMIT ")
	b.bind(limit)
	err = t.query(ctx, "audit chain", b, func(rows *sql.Rows) error {
		var number, size int64
		if err := rows.Scan(&number, &size); err != nil {
			return err
		}
		if total += size; total <= maxLinked || last == after {
			last = number
		}
		return nil
	})
	return last, err
}

// Unlinked implements store.AuditChain.
func (db *DB) Unlinked(ctx context.Context) (n int64, err error) {
	if db.dialect.alone {
		return 0, nil
	}
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

const checkpointColumns = "SELECT number, hash, signed, signer, signature, stamp FROM audit_checkpoint"

// checkpoints reads checkpointColumns.
func (t *tx) checkpoints(ctx context.Context, b *builder) (all []atna.Checkpoint, err error) {
	err = t.query(ctx, "audit checkpoints", b, func(rows *sql.Rows) error {
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
	return all, err
}

// Checkpoints implements store.AuditChain.
func (db *DB) Checkpoints(ctx context.Context, after int64, limit int) (all []atna.Checkpoint, err error) {
	err = db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add(checkpointColumns, " WHERE number > ")
		b.bind(after)
		b.add(" ORDER BY number LIMIT ")
		b.bind(limit)
		all, err = t.checkpoints(ctx, b)
		return err
	})
	return all, err
}

// LastCheckpoint implements store.AuditChain.
func (db *DB) LastCheckpoint(ctx context.Context) (number int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT coalesce(max(number), 0) FROM audit_checkpoint")
		return t.query(ctx, "audit checkpoints", b, func(rows *sql.Rows) error { return rows.Scan(&number) })
	})
	return number, err
}

// Unstamped implements store.AuditChain.
func (db *DB) Unstamped(ctx context.Context, limit int) (latest []atna.Checkpoint, n int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT count(*) FROM audit_checkpoint WHERE stamp IS NULL")
		err := t.query(ctx, "audit checkpoints", b, func(rows *sql.Rows) error { return rows.Scan(&n) })
		if err != nil || n == 0 || limit == 0 {
			return err
		}
		b = t.builder()
		b.add(checkpointColumns, " WHERE stamp IS NULL ORDER BY number DESC LIMIT ")
		b.bind(limit)
		latest, err = t.checkpoints(ctx, b)
		return err
	})
	return latest, n, err
}

// Stamp implements store.AuditChain.
func (db *DB) Stamp(ctx context.Context, number int64, token []byte) error {
	return db.update(ctx, func(t *tx) error {
		b := t.builder()
		b.add("UPDATE audit_checkpoint SET stamp = ")
		b.bind(token)
		b.add(" WHERE stamp IS NULL AND number = ")
		b.bind(number)
		_, err := t.exec(ctx, "audit checkpoints", b)
		return err
	})
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

// Cursors implements store.AuditCursors.
func (db *DB) Cursors(ctx context.Context) (all map[string]int64, err error) {
	err = db.view(ctx, func(t *tx) error {
		all = map[string]int64{}
		b := t.builder()
		b.add("SELECT destination, number FROM audit_cursor")
		return t.query(ctx, "audit cursor", b, func(rows *sql.Rows) error {
			var destination string
			var number int64
			err := rows.Scan(&destination, &number)
			all[destination] = number
			return err
		})
	})
	return all, err
}

// ForgetCursor implements store.AuditCursors.
func (db *DB) ForgetCursor(ctx context.Context, destination string) (known bool, err error) {
	err = db.update(ctx, func(t *tx) error {
		b := t.builder()
		b.add("DELETE FROM audit_cursor WHERE destination = ")
		b.bind(destination)
		n, err := t.exec(ctx, "audit cursor", b)
		known = n > 0
		return err
	})
	return known, err
}

// Expire implements store.AuditChain. It works in parts, so that others may write in between; what a crash leaves is removed
// by the next call.
func (db *DB) Expire(ctx context.Context, before time.Time) (removed int64, err error) {
	for {
		n := 0
		err := db.update(ctx, func(t *tx) error {
			cut, err := t.expired(ctx, before)
			if err != nil || cut == 0 {
				return err
			}
			n, err = t.expirePart(ctx, cut)
			return err
		})
		if removed += int64(n); err != nil || n == 0 {
			return removed, err
		}
	}
}

// expirePart removes the first links up to cut.
func (t *tx) expirePart(ctx context.Context, cut int64) (n int, err error) {
	const part = 500
	var ids []int64
	var old []store.AuditMessage
	last, err := t.lastWithin(ctx, 0, part)
	if err != nil {
		return 0, err
	}
	b := t.builder()
	b.add("SELECT l.number, l.event, e.id, e.exchange, e.peer, e.parsed, e.message FROM audit_link l LEFT JOIN audit_event e ON e.id = l.event WHERE l.number <= ")
	b.bind(min(cut, last))
	b.add(" ORDER BY l.number")
	err = t.query(ctx, "expire audit", b, func(rows *sql.Rows) error {
		var event int64
		var id, parsed sql.NullInt64
		var exchange, peer sql.NullString
		m := store.AuditMessage{}
		if err := rows.Scan(&last, &event, &id, &exchange, &peer, &parsed, &m.Message); err != nil {
			return err
		}
		if m.ID = event; parsed.Int64 == 1 {
			m.Event, _, _ = atna.Decode(m.Message) // one that was damaged leaves its keys behind, which find nothing
		}
		ids, old = append(ids, event), append(old, m)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	for i := range old {
		if err := t.forgetKeys(ctx, &old[i]); err != nil {
			return 0, err
		}
	}
	b = t.builder()
	b.add("DELETE FROM audit_event WHERE id ")
	in(b, ids, func(id int64) any { return id })
	if _, err := t.exec(ctx, "expire audit", b); err != nil {
		return 0, err
	}
	b = t.builder()
	b.add("DELETE FROM audit_link WHERE number <= ")
	b.bind(last)
	_, err = t.exec(ctx, "expire audit", b)
	return len(ids), err
}

// forgetKeys removes what a message is found by.
func (t *tx) forgetKeys(ctx context.Context, m *store.AuditMessage) error {
	if m.Event == nil {
		return nil
	}
	at, keys := m.Event.Identification.Time.UnixMilli(), m.Event.Keys()
	for _, x := range []struct {
		text constant
		keys []string
	}{{"DELETE FROM audit_patient WHERE patient = ", auditPatients(keys)}, {"DELETE FROM audit_user WHERE name = ", keys.Users}} {
		for _, k := range x.keys {
			b := t.builder()
			b.add(x.text)
			b.bind(k)
			b.add(" AND event_time = ")
			b.bind(at)
			b.add(" AND event = ")
			b.bind(m.ID)
			if _, err := t.exec(ctx, "expire audit", b); err != nil {
				return err
			}
		}
	}
	return nil
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
