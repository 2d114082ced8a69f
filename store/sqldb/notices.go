package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"dossier/pix"
)

// NextNotice implements pix.Outbox.
func (x *Identities) NextNotice(ctx context.Context, consumer string) (next *pix.Notice, err error) {
	err = x.db.view(ctx, func(t *tx) error {
		b := t.builder()
		b.add("SELECT seq, ids, at, attempts FROM identity_notice WHERE consumer = ")
		b.bind(consumer)
		b.add(" ORDER BY seq LIMIT 1")
		return t.query(ctx, "next notice", b, func(rows *sql.Rows) error {
			n := &pix.Notice{Consumer: consumer}
			var ids []byte
			var at int64
			if err := rows.Scan(&n.Seq, &ids, &at, &n.Attempts); err != nil {
				return err
			}
			n.At, next = time.Unix(0, at).UTC(), n
			return json.Unmarshal(ids, &n.IDs)
		})
	})
	return next, err
}

// Attempted implements pix.Outbox.
func (x *Identities) Attempted(ctx context.Context, seq int64) error {
	return x.notice(ctx, "UPDATE identity_notice SET attempts = attempts + 1 WHERE seq = ", seq)
}

// Settled implements pix.Outbox.
func (x *Identities) Settled(ctx context.Context, seq int64) error {
	return x.notice(ctx, "DELETE FROM identity_notice WHERE seq = ", seq)
}

func (x *Identities) notice(ctx context.Context, statement constant, seq int64) error {
	return x.db.update(ctx, func(t *tx) error {
		b := t.builder()
		b.add(statement)
		b.bind(seq)
		_, err := t.exec(ctx, "notice", b)
		return err
	})
}
