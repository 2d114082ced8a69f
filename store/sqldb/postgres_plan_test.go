package sqldb

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"dossier/internal/pgtest"
)

// TestPostgresPlans: with walks over tables made as dear as can be, PostgreSQL finds an index for every statement, whatever
// its values are.
func TestPostgresPlans(t *testing.T) {
	t.Parallel()
	db := openURL(t, pgtest.URL(t))
	for c, text := range everyStatement(t, db) {
		explainPostgres(t, t.Context(), c, text)
	}
}

var (
	placeholder = regexp.MustCompile(`\$\d+`)
	// walk finds a walk over a table in a line of EXPLAIN; counting patients or objects as a whole is not done anywhere.
	walk = regexp.MustCompile(`Seq Scan on \w+`)
)

func explainPostgres(t *testing.T, ctx context.Context, c *conn, text string) {
	t.Helper()
	values := map[string]bool{}
	for _, p := range placeholder.FindAllString(text, -1) {
		values[p] = true
	}
	call := "EXPLAIN EXECUTE looked_at"
	if len(values) > 0 {
		call += "(NULL" + strings.Repeat(", NULL", len(values)-1) + ")"
	}
	for _, s := range []string{"SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan", "PREPARE looked_at AS " + text} {
		if _, err := c.sql.ExecContext(ctx, s); err != nil {
			t.Fatalf("%v\n%s", err, s)
		}
	}
	rows, err := c.sql.QueryContext(ctx, call)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	defer rows.Close()
	var plan []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	rows.Close()
	if joined := strings.Join(plan, "\n"); walk.MatchString(joined) {
		t.Errorf("walks over a table:\n%s\n%s", text, joined)
	}
	if _, err := c.sql.ExecContext(ctx, "DEALLOCATE looked_at"); err != nil {
		t.Fatal(err)
	}
}
