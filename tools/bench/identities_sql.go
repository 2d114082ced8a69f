package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"dossier/pix"
)

// apart is far from every number that the server gives: bare SQL counts up from there.
const apart = -1 << 40

// statement is one of a transaction.
type statement struct {
	text string // with ? for each value
	args []any
}

// transact runs statements, which are prepared before, in one transaction.
func (d *database) transact(ctx context.Context, all []statement) (took time.Duration, err error) {
	for i, s := range all {
		if d.numbered {
			all[i].text = numbered(s.text)
		}
		if _, err := d.prepare(ctx, all[i].text); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	if d.numbered {
		err = d.transactNumbered(ctx, all)
		return time.Since(start), err
	}
	if err := d.exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	for _, s := range all {
		if err := d.exec(ctx, s.text, s.args...); err != nil {
			return 0, errors.Join(err, d.exec(ctx, "ROLLBACK"))
		}
	}
	err = d.exec(ctx, "COMMIT")
	return time.Since(start), err
}

func (d *database) transactNumbered(ctx context.Context, all []statement) error {
	tx, err := d.conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	for _, s := range all {
		if _, err := tx.StmtContext(ctx, d.prepared[s.text]).ExecContext(ctx, s.args...); err != nil {
			return errors.Join(err, tx.Rollback())
		}
	}
	return tx.Commit()
}

// bareNewcomer inserts what a feed of somebody new leaves; the numbers are far from those of the server.
func (p *population) bareNewcomer(db *database) operation {
	return func(ctx context.Context) (time.Duration, error) {
		n := p.bared.Add(1)
		c := newCrowd(time.Now())
		c.next, c.patient = apart+16*n, apart+n
		if err := c.add(ctx, newPerson(1<<26+int(n))); err != nil {
			return 0, err
		}
		var all []statement
		for _, w := range c.tables() {
			if len(w.rows) > 0 {
				all = append(all, statement{w.insert(len(w.rows)), slices.Concat(w.rows...)})
			}
		}
		return db.transact(ctx, all)
	}
}

// bareMoved writes what a changed telephone number changes.
func (p *population) bareMoved(db *database) operation {
	return func(ctx context.Context) (time.Duration, error) {
		s, n := p.someone(), p.bared.Add(1)
		_, found, err := db.all(ctx, "SELECT seq, demographics FROM identity WHERE authority = $1 AND identifier = $2", authority, s.registered.ID)
		if err != nil || len(found) != 2 {
			return 0, errors.Join(err, fmt.Errorf("%d values of %s", len(found), s.registered.ID))
		}
		seq, before := found[0].(int64), found[1].(string)
		i := pix.Identity{Seq: seq}
		if err := json.Unmarshal([]byte(before), &i.Demographics); err != nil {
			return 0, err
		}
		i.Demographics.Phones = []pix.Phone{{Number: fmt.Sprint(20_000_000 + rand.IntN(79_999_999)), Use: "PRN", Type: "PH"}}
		after, err := json.Marshal(i.Demographics)
		if err != nil {
			return 0, err
		}
		c := newCrowd(time.Now())
		for _, k := range i.Keys() {
			c.keys.add(k, seq)
		}
		c.history.add(apart+16*n, seq, nil, "revise", "", before, c.at.UnixNano(), "BENCH", "BENCH", "M")
		return db.transact(ctx, []statement{
			{"UPDATE identity SET demographics = ? WHERE seq = ?", []any{string(after), seq}},
			{"DELETE FROM identity_key WHERE identity = ?", []any{seq}},
			{c.keys.insert(len(c.keys.rows)), slices.Concat(c.keys.rows...)},
			{c.history.insert(1), c.history.rows[0]},
		})
	}
}

// bareIDs reads the identities of a person.
func (p *population) bareIDs(db *database) operation {
	return p.bareSelect(db, `SELECT j.authority, j.identifier, j.demographics FROM identity i JOIN identity j ON j.person = i.person
WHERE i.authority = $1 AND i.identifier = $2`, func() []any { s := p.linked(); return []any{authority, s.registered.ID} })
}

const found = "SELECT i.authority, i.identifier, i.person, i.demographics FROM identity_key k JOIN identity i ON i.seq = k.identity WHERE "

// bareByBirth takes the rarer key and looks whether the other is there too.
func (p *population) bareByBirth(db *database) operation {
	return p.bareSelect(db, found+`k.value = $1 AND EXISTS (SELECT 1 FROM identity_key g WHERE g.value = $2 AND g.identity = k.identity)`, func() []any {
		s := p.someone()
		return []any{"bf|" + s.birth + " " + folded(s.family), "fg|" + folded(s.family) + "|" + folded(s.given)}
	})
}

func (p *population) bareByPrefix(db *database) operation {
	return p.bareSelect(db, found+"k.value >= $1 AND k.value <= $2", func() []any {
		s := p.unusual()
		from := "gf|" + folded(s.given) + "|" + folded(s.beginning())
		return []any{from, from + "\U0010FFFF"}
	})
}

// folded is a name of a person here as the index has it; they have no accents, and umlauts that are spelled out are their vowel.
func folded(s string) string {
	return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(strings.ToLower(s))
}

// bareSelect reads the rows of one statement.
func (p *population) bareSelect(db *database, text string, args func() []any) operation {
	return func(ctx context.Context) (time.Duration, error) {
		s, err := db.prepare(ctx, text)
		if err != nil {
			return 0, err
		}
		values := args()
		start := time.Now()
		rows, err := s.QueryContext(ctx, values...)
		if err != nil {
			return 0, err
		}
		defer rows.Close()
		columns, err := rows.Columns()
		if err != nil {
			return 0, err
		}
		row, n := make([]sql.RawBytes, len(columns)), 0
		into := make([]any, len(row))
		for i := range row {
			into[i] = &row[i]
		}
		for ; rows.Next(); n++ {
			if err := rows.Scan(into...); err != nil {
				return 0, err
			}
		}
		took := time.Since(start)
		if n == 0 {
			err = fmt.Errorf("no row: %s %q", text, values)
		}
		return took, errors.Join(err, rows.Err())
	}
}
