package sqldb

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"dossier/hl7v2"
	"dossier/pix"
)

// identityReader implements pix.Finder within one transaction. Each identity is read once: two results that mean the same one
// are the same pointer.
type identityReader struct {
	tx    *tx
	known map[int64]*pix.Identity
	// survivors are the numbers of identities that one in known was merged into and that are not in known yet.
	survivors map[*pix.Identity]int64
}

func newIdentityReader(t *tx) *identityReader {
	return &identityReader{t, map[int64]*pix.Identity{}, map[*pix.Identity]int64{}}
}

const identityColumns = "i.seq, i.authority, i.identifier, i.person, coalesce(i.survivor, 0), i.merged_by, i.demographics"

// read runs a statement that gives identityColumns, and then reads the survivors of what came.
func (r *identityReader) read(ctx context.Context, what string, b *builder) ([]*pix.Identity, error) {
	var out []*pix.Identity
	err := r.tx.query(ctx, what, b, func(rows *sql.Rows) error {
		i, err := r.scan(rows)
		out = append(out, i)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, r.resolve(ctx)
}

func (r *identityReader) scan(rows *sql.Rows) (*pix.Identity, error) {
	var i pix.Identity
	var survivor int64
	var mergedBy, demographics []byte
	if err := rows.Scan(&i.Seq, &i.Key.Authority, &i.Key.ID, &i.Person, &survivor, &mergedBy, &demographics); err != nil {
		return nil, err
	}
	if known := r.known[i.Seq]; known != nil {
		return known, nil
	}
	if err := json.Unmarshal(demographics, &i.Demographics); err != nil {
		return nil, identityError(i.Seq, err)
	}
	copy(i.MergedBy[:], mergedBy)
	r.known[i.Seq] = &i
	if survivor != 0 {
		r.survivors[&i] = survivor
	}
	return &i, nil
}

// resolve reads survivors until there is none left to read.
func (r *identityReader) resolve(ctx context.Context) error {
	var missing []int64
	for i, seq := range r.survivors {
		if i.Survivor = r.known[seq]; i.Survivor != nil {
			delete(r.survivors, i)
			continue
		}
		missing = append(missing, seq)
	}
	if len(missing) == 0 {
		return nil
	}
	return r.bySeq(ctx, missing)
}

// bySeq reads identities by their numbers.
func (r *identityReader) bySeq(ctx context.Context, seqs []int64) error {
	for part := range parts(seqs) {
		b := r.tx.builder()
		b.add("SELECT ", identityColumns, " FROM identity i WHERE i.seq ")
		in(b, part, number)
		if _, err := r.read(ctx, "identities", b); err != nil {
			return err
		}
	}
	return nil
}

func number(n int64) any { return n }

// Identities implements pix.Reader.
func (r *identityReader) Identities(ctx context.Context, keys []hl7v2.PatientKey) ([]*pix.Identity, error) {
	var out []*pix.Identity
	for part := range parts(keys) {
		b := r.tx.builder()
		b.add("SELECT ", identityColumns, " FROM identity i WHERE (i.authority, i.identifier) ")
		pairs(b, part, patientPair)
		found, err := r.read(ctx, "identities", b)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Members implements pix.Finder.
func (r *identityReader) Members(ctx context.Context, people []int64) ([]*pix.Identity, error) {
	var out []*pix.Identity
	for part := range parts(people) {
		b := r.tx.builder()
		b.add("SELECT ", identityColumns, " FROM identity i WHERE i.person ")
		in(b, part, number)
		b.add(" ORDER BY i.seq")
		found, err := r.read(ctx, "people", b)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// Group implements pix.Reader.
func (r *identityReader) Group(ctx context.Context, people []int64) (*pix.Group, error) {
	members, err := r.Members(ctx, people)
	if err != nil {
		return nil, err
	}
	g := &pix.Group{Members: members}
	var seqs []int64
	for _, i := range members {
		seqs = append(seqs, i.Seq)
	}
	pairs, err := r.edges(ctx, seqs)
	if err != nil {
		return nil, err
	}
	for _, e := range pairs {
		switch p := (pix.Pair{A: r.known[e.a], B: r.known[e.b]}); e.kind {
		case keptApart:
			g.Apart = append(g.Apart, p)
		default:
			g.Links = append(g.Links, pix.Joined{Pair: p, Kind: pix.LinkKind(e.kind)})
		}
	}
	return g, nil
}

type edge struct {
	a, b int64
	kind string
}

// keptApart stands for the kind of a link where a pair is none.
const keptApart = ""

// edges reads links and separations that have one of the identities at either end, and the identities at both.
func (r *identityReader) edges(ctx context.Context, seqs []int64) ([]edge, error) {
	var out []edge
	seen := map[edge]bool{}
	for part := range parts(seqs) {
		b := r.tx.builder()
		for n, from := range []constant{
			"SELECT x.a, x.b, x.kind FROM identity_link x WHERE x.a ", "SELECT x.a, x.b, x.kind FROM identity_link x WHERE x.b ",
			"SELECT x.a, x.b, '' FROM identity_apart x WHERE x.a ", "SELECT x.a, x.b, '' FROM identity_apart x WHERE x.b ",
		} {
			if n > 0 {
				b.add(" UNION ALL ")
			}
			b.add(from)
			in(b, part, number)
		}
		err := r.tx.query(ctx, "links", b, func(rows *sql.Rows) error {
			var e edge
			if err := rows.Scan(&e.a, &e.b, &e.kind); err != nil || seen[e] {
				return err
			}
			seen[e], out = true, append(out, e)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var missing []int64
	for _, e := range out {
		for _, seq := range []int64{e.a, e.b} {
			if r.known[seq] == nil {
				missing = append(missing, seq)
			}
		}
	}
	return out, r.bySeq(ctx, missing)
}

// Candidates implements pix.Reader.
func (r *identityReader) Candidates(ctx context.Context, keys []string, limit int) ([]*pix.Identity, error) {
	b := r.tx.builder()
	b.add("SELECT ", identityColumns, " FROM identity i WHERE i.seq IN (SELECT k.identity FROM identity_key k WHERE k.value ")
	in(b, keys, text[string])
	b.add(") ORDER BY i.seq LIMIT ")
	b.bind(limit)
	return r.read(ctx, "candidates", b)
}

// Between implements pix.Finder. Keys are read first and identities by their numbers: a database that sees both in one statement
// cannot know how few keys lie between two values that it does not know, and may walk over all identities instead.
func (r *identityReader) Between(ctx context.Context, ranges [][]pix.Range, limit int) ([]*pix.Identity, error) {
	var best []int64
	fewest := limit
	for n, list := range ranges {
		seqs, err := r.keysBetween(ctx, list, fewest)
		if err != nil {
			return nil, err
		}
		if n == 0 || len(seqs) < fewest {
			best, fewest = seqs, len(seqs)
		}
		if fewest == 0 {
			return nil, nil
		}
	}
	if err := r.bySeq(ctx, best); err != nil {
		return nil, err
	}
	slices.Sort(best)
	out := make([]*pix.Identity, len(best))
	for i, seq := range best {
		out[i] = r.known[seq]
	}
	return out, nil
}

// keysBetween gives the numbers of identities with a key in the ranges, each once, at most limit.
func (r *identityReader) keysBetween(ctx context.Context, ranges []pix.Range, limit int) ([]int64, error) {
	for rows := limit; ; rows *= 2 {
		var seqs []int64
		b := r.tx.builder()
		b.add("SELECT k.identity FROM identity_key k WHERE ")
		between(b, ranges)
		b.add(" LIMIT ")
		b.bind(rows)
		err := r.tx.query(ctx, "search", b, func(s *sql.Rows) error {
			var seq int64
			err := s.Scan(&seq)
			seqs = append(seqs, seq)
			return err
		})
		if err != nil {
			return nil, err
		}
		complete := len(seqs) < rows
		if seqs = distinct(seqs); complete || len(seqs) >= limit {
			return seqs[:min(len(seqs), limit)], nil
		}
	}
}

func between(b *builder, ranges []pix.Range) {
	for n, x := range ranges {
		if n > 0 {
			b.add(" OR ")
		}
		if x.From == x.To {
			b.add("k.value = ")
			b.bind(x.From)
			continue
		}
		b.add("k.value >= ")
		b.bind(x.From)
		b.add(" AND k.value <= ")
		b.bind(x.To)
	}
}

func scanEntry(rows *sql.Rows) (pix.Entry, error) {
	var e pix.Entry
	var before string
	var at int64
	e.Identity, e.Other = &pix.Identity{}, &pix.Identity{}
	err := rows.Scan(&e.Identity.Key.Authority, &e.Identity.Key.ID, &e.Other.Key.Authority, &e.Other.Key.ID, &e.Event, &e.Kind, &before, &at,
		&e.Origin.Source.Application, &e.Origin.Source.Facility, &e.Origin.Message)
	if err != nil {
		return e, err
	}
	if e.Other.Key.ID == "" {
		e.Other = nil
	}
	e.Origin.At = time.Unix(0, at).UTC()
	if before != "" {
		e.Before = &pix.Demographics{}
		err = json.Unmarshal([]byte(before), e.Before)
	}
	return e, err
}
