package main

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"
)

// table is what a run prints.
type table struct {
	rows  []row
	notes []string
}

// row is one figure; everything is ready text.
type row struct {
	figure, n, p50, p99, rate      string
	limit, limitP50, limitP99      string
	ratio, spread, goal, judgement string
}

// add puts a comparison into the table. size is the bytes of one operation, 0 for those that are not about bytes; goal is
// the part of the limit that is wanted, 0 for none.
func (t *table) add(figure, limit string, c *comparison, size int64, goal float64) {
	r := row{
		figure: figure, n: fmt.Sprint(len(c.server)), p50: text(c.server.at(.5)), p99: text(c.server.at(.99)),
		limit: limit, limitP50: text(c.limit.at(.5)), limitP99: text(c.limit.at(.99)),
		ratio: fmt.Sprintf("%.2f", c.ratio()), spread: fmt.Sprintf("%.2f..%.2f", c.ratios[0], c.ratios[len(c.ratios)-1]),
	}
	if size > 0 {
		r.rate = perSecond(size, c.server.at(.5))
	}
	if goal > 0 {
		r.goal, r.judgement = fmt.Sprintf("%.2f", goal), judge(c.ratio() >= goal)
	}
	t.rows = append(t.rows, r)
}

func judge(reached bool) string {
	if reached {
		return "reached"
	}
	return "under"
}

func (t *table) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

// print writes the table and what there is to say about it.
func (t *table) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FIGURE\tN\tP50\tP99\tRATE\tBESIDE ITS LIMIT\tP50\tP99\tRATIO\tMIN..MAX\tGOAL\t")
	for _, r := range t.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.figure, r.n, r.p50, r.p99, r.rate,
			r.limit, r.limitP50, r.limitP99, r.ratio, r.spread, r.goal, r.judgement)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range t.notes {
		if _, err := fmt.Fprintln(out, n); err != nil {
			return err
		}
	}
	return nil
}

// text gives three digits.
func text(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.3g us", digits(float64(d)/1e3))
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", digits(float64(d)/1e6))
	}
	return fmt.Sprintf("%.3g s", digits(float64(d)/1e9))
}

// digits keeps %.3g away from exponents.
func digits(v float64) float64 { return min(v, 999) }

func perSecond(size int64, d time.Duration) string {
	return fmt.Sprintf("%.0f MB/s", float64(size)/1e6/d.Seconds())
}

// perSecondText gives three digits of a rate.
func perSecondText(rate float64) string {
	switch {
	case rate >= 1000:
		return fmt.Sprintf("%.0f/s", math.Round(rate/10)*10)
	case rate >= 100:
		return fmt.Sprintf("%.0f/s", rate)
	}
	return fmt.Sprintf("%.1f/s", rate)
}

// bytes of a document or message, as people say it.
func sizeText(n int64) string {
	switch {
	case n >= 1000*mb && n%(1000*mb) == 0:
		return fmt.Sprintf("%d GB", n/(1000*mb))
	case n >= mb:
		return fmt.Sprintf("%d MB", n/mb)
	}
	return fmt.Sprintf("%d KB", n/kb)
}

func memoryText(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
