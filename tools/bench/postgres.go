package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "github.com/lib/pq" // the driver that the server has

	"dossier/ebrim"
)

// postgres measures a server on PostgreSQL beside the same rows by bare SQL over a connection of its own, and beside the
// shape that the peers have: a row for every value of a Slot.
func (b *bench) postgres(ctx context.Context) (err error) {
	if b.postgresURL == "" {
		b.table.note("PostgreSQL: skipped: no initdb on PATH and no -postgres URL")
		return nil
	}
	s, err := b.startOn(ctx, filepath.Join(b.dir, "postgres"), b.postgresURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	c := newClient()
	defer c.close()
	for i := range b.tens {
		if _, err := c.register(ctx, s, b.ids.submission(patient(groupTen, i), 10)); err != nil {
			return err
		}
	}
	db, err := openPostgres(ctx, b.postgresURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := b.postgresQuery(ctx, c, s, db); err != nil {
		return err
	}
	return b.postgresRegister(ctx, c, s, db)
}

// openPostgres gives one connection.
func openPostgres(ctx context.Context, url string) (*database, error) {
	db, err := sql.Open("postgres", url+"&binary_parameters=yes")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &database{db: db, conn: conn, prepared: map[string]*sql.Stmt{}}, nil
}

func (b *bench) postgresQuery(ctx context.Context, c *client, s *server, db *database) error {
	if _, err := db.conn.ExecContext(ctx, "ANALYZE"); err != nil { // the server of real life has had its autovacuum
		return err
	}
	asked, read := rounds(groupTen, b.tens), rounds(groupTen, b.tens)
	result, err := alternate(ctx, b.plan, b.most,
		func(ctx context.Context) (time.Duration, error) { return c.findDocuments(ctx, s, asked(), 10) },
		func(ctx context.Context) (time.Duration, error) { return db.findFragments(ctx, read(), 10) })
	if err != nil {
		return err
	}
	b.table.add("PostgreSQL: ITI-18 FindDocuments, LeafClass, 10 results", "SELECT of the same fragments, lib/pq", result, c.clock.read, goalQuery)
	return nil
}

func (b *bench) postgresRegister(ctx context.Context, c *client, s *server, db *database) error {
	bare, err := db.clone(ctx)
	if err != nil {
		return err
	}
	slots := &slotShape{db: db}
	if err := slots.create(ctx); err != nil {
		return err
	}
	to := rounds(groupRegister, writers)
	register := func(ctx context.Context) (time.Duration, error) {
		return c.register(ctx, s, b.ids.submission(to(), 1))
	}
	result, err := alternate(ctx, b.plan, b.most, register, bare.next)
	if err != nil {
		return err
	}
	b.table.add("PostgreSQL: ITI-42 of 1 document", "INSERT of the same rows, one transaction", result, 0, goalRegisterOne)
	result, err = alternate(ctx, b.plan, b.most, register, func(ctx context.Context) (time.Duration, error) {
		m := b.ids.submission(to(), 1)
		m.announce()
		return slots.write(ctx, m.Build())
	})
	if err != nil {
		return err
	}
	b.table.add("PostgreSQL: ITI-42 of 1 document", fmt.Sprintf("a row for each value: %d rows, 7 INSERTs", slots.rows), result, 0, goalSlotShape)
	return nil
}

// cloned writes registrations into tables like the server's, with their indexes and without the server.
type cloned struct {
	db    *database
	after int64
}

func (d *database) clone(ctx context.Context) (*cloned, error) {
	if _, err := d.conn.ExecContext(ctx, "CREATE SCHEMA bare"); err != nil {
		return nil, err
	}
	for _, r := range registered {
		if _, err := d.conn.ExecContext(ctx, "CREATE TABLE bare."+r.table+" (LIKE "+r.table+" INCLUDING ALL)"); err != nil {
			return nil, err
		}
	}
	return &cloned{db: d}, nil
}

// next reads the rows of one registration that the server wrote, unmeasured, and writes them.
func (c *cloned) next(ctx context.Context) (time.Duration, error) {
	width, numbers, err := c.db.all(ctx, `SELECT seq FROM object WHERE kind = 'S' AND patient IN (SELECT id FROM patient WHERE identifier LIKE 'BENCH-WRITE-%')
AND seq > $1 ORDER BY seq LIMIT 1`, c.after)
	if err != nil || width != 1 || len(numbers) == 0 {
		return 0, fmt.Errorf("no registration after object %d: %w", c.after, err)
	}
	first := numbers[0].(int64)
	c.after = first
	batches, err := c.db.batches(ctx, first-1, first+2) // the SubmissionSet, its DocumentEntry and their Association
	if err != nil {
		return 0, err
	}
	for i := range batches {
		batches[i].insert = numbered(strings.Replace(batches[i].insert, "INSERT INTO ", "INSERT INTO bare.", 1))
		if _, err := c.db.prepare(ctx, batches[i].insert); err != nil {
			return 0, err
		}
	}
	start := time.Now()
	tx, err := c.db.conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	for _, x := range batches {
		if _, err := tx.StmtContext(ctx, c.db.prepared[x.insert]).ExecContext(ctx, x.values...); err != nil {
			return 0, errors.Join(err, tx.Rollback())
		}
	}
	err = tx.Commit()
	return time.Since(start), err
}

// numbered turns ? into $1, $2 ...
func numbered(text string) string {
	var out strings.Builder
	n := 0
	for _, r := range text {
		if r == '?' {
			n++
			fmt.Fprintf(&out, "$%d", n)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// slotShape keeps ebRIM as its schema has it: objects, and beside them every Slot value, Name, Description, Classification
// and ExternalIdentifier in a row of its own.
type slotShape struct {
	db   *database
	rows int
}

var slotTables = []string{
	"object (id text PRIMARY KEY, kind text, object_type text, status text, lid text, mime_type text)",
	"slot (parent text, name text, seq integer, value text, PRIMARY KEY (parent, name, seq))",
	"name (parent text PRIMARY KEY, lang text, value text)",
	"description (parent text PRIMARY KEY, lang text, value text)",
	"classification (id text PRIMARY KEY, parent text, scheme text, node text, representation text)",
	"external_identifier (id text PRIMARY KEY, parent text, scheme text, value text)",
	"association (id text PRIMARY KEY, type text, source text, target text)",
}

var slotIndexes = []string{
	"slot (name)", "slot (value)", "name (value)", "description (value)", "classification (parent)", "classification (scheme)", "classification (representation)",
	"external_identifier (parent)", "external_identifier (value)", "association (source)", "association (target)", "object (lid)", "object (status)",
}

func (s *slotShape) create(ctx context.Context) error {
	statements := []string{"CREATE SCHEMA slots"}
	for _, t := range slotTables {
		statements = append(statements, "CREATE TABLE slots."+t)
	}
	for _, x := range slotIndexes {
		statements = append(statements, "CREATE INDEX ON slots."+x)
	}
	for _, text := range statements {
		if _, err := s.db.conn.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// slotRows collects the values of each table.
type slotRows map[string][]any

func (r slotRows) object(kind string, o *ebrim.RegistryObject, mimeType string) {
	r["object"] = append(r["object"], o.ID, kind, o.ObjectType, "Approved", o.ID, mimeType)
	r.slots(o.ID, o.Slots)
	for table, s := range map[string]ebrim.InternationalString{"name": o.Name, "description": o.Description} {
		if len(s) > 0 {
			r[table] = append(r[table], o.ID, "en", s.First())
		}
	}
	for n, c := range o.Classifications {
		id := fmt.Sprintf("%s/c%d", o.ID, n)
		r["classification"] = append(r["classification"], id, o.ID, c.Scheme, c.Node, c.NodeRepresentation)
		r.slots(id, c.Slots)
		if len(c.Name) > 0 {
			r["name"] = append(r["name"], id, "en", c.Name.First())
		}
	}
	for n, x := range o.ExternalIdentifiers {
		id := fmt.Sprintf("%s/x%d", o.ID, n)
		r["external_identifier"] = append(r["external_identifier"], id, o.ID, x.Scheme, x.Value)
		r["name"] = append(r["name"], id, "en", x.Name.First())
	}
}

func (r slotRows) slots(parent string, slots []ebrim.Slot) {
	for _, s := range slots {
		for n, v := range s.Values {
			r["slot"] = append(r["slot"], parent, s.Name, int64(n), v)
		}
	}
}

// write inserts one submission, one INSERT for each table.
func (s *slotShape) write(ctx context.Context, l *ebrim.RegistryObjectList) (time.Duration, error) {
	rows := slotRows{}
	for _, o := range l.ExtrinsicObjects {
		rows.object("D", &o.RegistryObject, o.MimeType)
	}
	for _, o := range l.RegistryPackages {
		rows.object("P", &o.RegistryObject, "")
	}
	for _, a := range l.Associations {
		rows.object("A", &a.RegistryObject, "")
		rows["association"] = append(rows["association"], a.ID, a.Type, a.Source, a.Target)
	}
	widths := map[string]int{"object": 6, "slot": 4, "name": 3, "description": 3, "classification": 5, "external_identifier": 4, "association": 4}
	s.rows = 0
	inserts := map[string]string{}
	for table, values := range rows {
		n := len(values) / widths[table]
		s.rows += n
		inserts[table] = numbered(strings.Replace(insertText(table, widths[table], n), "INSERT INTO ", "INSERT INTO slots.", 1))
		if _, err := s.db.prepare(ctx, inserts[table]); err != nil {
			return 0, err
		}
	}
	order := make([]string, 0, len(inserts))
	for table := range inserts {
		order = append(order, table)
	}
	slices.Sort(order)
	start := time.Now()
	tx, err := s.db.conn.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	for _, table := range order {
		if _, err := tx.StmtContext(ctx, s.db.prepared[inserts[table]]).ExecContext(ctx, rows[table]...); err != nil {
			return 0, errors.Join(err, tx.Rollback())
		}
	}
	err = tx.Commit()
	return time.Since(start), err
}
