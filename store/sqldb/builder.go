package sqldb

import (
	"fmt"
	"strconv"

	"dossier/hl7v2"
	"dossier/store"
	"dossier/xds"
	"dossier/xds/query"
)

// constant is SQL text written in this package. Only untyped constants become one without a conversion, and nothing here
// converts: no value from outside can become part of a statement.
type constant string

// builder puts one statement together.
type builder struct {
	dialect *dialect
	text    []byte
	args    []any
}

func (b *builder) add(parts ...constant) {
	for _, p := range parts {
		b.text = append(b.text, p...)
	}
}

// bind adds a placeholder for v.
func (b *builder) bind(v any) {
	b.args = append(b.args, v)
	if b.dialect.unnumbered {
		b.text = append(b.text, '?')
		return
	}
	b.text = append(b.text, '$')
	b.text = strconv.AppendInt(b.text, int64(len(b.args)), 10)
}

// rows adds (a, b), (c, d) ... of width values each.
func (b *builder) rows(values []any, width int) {
	for i, v := range values {
		switch {
		case i == 0:
			b.add("(")
		case i%width == 0:
			b.add("), (")
		default:
			b.add(", ")
		}
		b.bind(v)
	}
	b.add(")")
}

// statement returns the text and its values, or an error when there are more than the database takes.
func (b *builder) statement() (string, []any, error) {
	if len(b.args) > b.dialect.parameters {
		return "", nil, fmt.Errorf("%w: %d values in one query, at most %d", store.ErrTooMany, len(b.args), b.dialect.parameters)
	}
	return string(b.text), b.args, nil
}

// in adds "IN (...)". The list is filled up with its last value to a round length: fewer different texts to prepare.
// No values match nothing.
func in[T any](b *builder, values []T, value func(T) any) {
	if len(values) == 0 {
		b.add("IN (NULL)")
		return
	}
	b.add("IN (")
	for i := range round(len(values)) {
		if i > 0 {
			b.add(", ")
		}
		b.bind(value(values[min(i, len(values)-1)]))
	}
	b.add(")")
}

func text[T ~string](v T) any { return string(v) }

// pairs adds "IN (VALUES (...), ...)", filled up in the same way.
func pairs[T any](b *builder, values []T, pair func(T) (string, string)) {
	b.add("IN (VALUES ")
	for i := range round(len(values)) {
		if i > 0 {
			b.add(", ")
		}
		first, second := pair(values[min(i, len(values)-1)])
		b.add("(")
		b.bind(first)
		b.add(", ")
		b.bind(second)
		b.add(")")
	}
	b.add(")")
}

// round gives the next power of two, or above 64 the next multiple of 64.
func round(n int) int {
	if n > 64 {
		return (n + 63) / 64 * 64
	}
	r := 1
	for r < n {
		r *= 2
	}
	return r
}

func codePair(c xds.Code) (string, string)            { return c.Scheme, c.Code }
func patientPair(k hl7v2.PatientKey) (string, string) { return k.Authority, k.ID }

// code filters by a single code; columns is "scheme, code".
func (b *builder) code(columns constant, codes query.AnyOf) {
	if len(codes) == 0 {
		return
	}
	b.add(" AND (", columns, ") ")
	pairs(b, codes, codePair)
}

// codes filters by a narrow table: each list must have a code there.
func (b *builder) codes(table constant, lists query.AllOf) {
	for _, codes := range lists {
		if len(codes) == 0 {
			continue
		}
		b.add(" AND EXISTS (SELECT 1 FROM ", table, " x WHERE x.object = o.seq AND (x.scheme, x.code) ")
		pairs(b, codes, codePair)
		b.add(")")
	}
}

// patterns filters by a narrow table of values: one of them must match one of the patterns.
func (b *builder) patterns(table constant, patterns []string, underscore bool) {
	b.add("EXISTS (SELECT 1 FROM ", table, " x JOIN (VALUES ")
	for i := range round(len(patterns)) {
		if i > 0 {
			b.add(", ")
		}
		b.add("(")
		b.bind(b.dialect.pattern(patterns[min(i, len(patterns)-1)], underscore))
		b.add(")")
	}
	b.add(") AS v ON x.value", b.dialect.match, "v.column1 WHERE x.object = o.seq)")
}

// times filters a column of 14 digits by a half-open range; unless names rows that match in any case.
func (b *builder) times(column, unless constant, t query.Times) {
	if t.From == "" && t.To == "" {
		return
	}
	b.add(" AND (")
	if unless != "" {
		b.add(unless, " OR ")
	}
	b.add("(", column, " IS NOT NULL")
	if t.From != "" {
		b.add(" AND ", column, " >= ")
		b.bind(t.From.Low())
	}
	if t.To != "" {
		b.add(" AND ", column, " < ")
		b.bind(t.To.Low())
	}
	b.add("))")
}
