package main

import (
	"strings"
	"testing"
	"time"
)

func TestText(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0 us", 850: "0.85 us", 23456: "23.5 us", 999999: "999 us", time.Millisecond: "1 ms", 1234567: "1.23 ms",
		999999999: "999 ms", time.Second: "1 s", 61 * time.Second: "61 s",
	} {
		if got := text(d); got != want {
			t.Errorf("%d ns: got %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{10 * kb: "10 KB", 12345: "12 KB", mb: "1 MB", 100 * mb: "100 MB", 1000 * mb: "1 GB", 1500 * mb: "1500 MB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d bytes: got %q, want %q", n, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	ms := func(n ...int) (s samples) {
		for _, n := range n {
			s = append(s, time.Duration(n)*time.Millisecond)
		}
		return s
	}
	var tb table
	tb.add("slow", "its limit", &comparison{server: ms(4, 4, 8), limit: ms(1, 1, 2), ratios: []float64{.2, .25, .3}}, 0, .5)
	tb.add("fast", "its limit", &comparison{server: ms(2), limit: ms(1), ratios: []float64{.5}}, 1*mb, .5)
	tb.add("free", "its limit", &comparison{server: ms(2), limit: ms(1), ratios: []float64{.5}}, 0, 0)
	tb.note("%d notes", 1)
	var out strings.Builder
	if err := tb.print(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{
		"FIGURE N P50 P99 RATE BESIDE ITS LIMIT P50 P99 RATIO MIN..MAX GOAL",
		"slow 3 4 ms 8 ms its limit 1 ms 2 ms 0.25 0.20..0.30 0.50 under",
		"fast 1 2 ms 2 ms 500 MB/s its limit 1 ms 1 ms 0.50 0.50..0.50 0.50 reached",
		"free 1 2 ms 2 ms its limit 1 ms 1 ms 0.50 0.50..0.50",
		"1 notes",
	} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
}
