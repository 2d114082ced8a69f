package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	hundred := make(samples, 100)
	for i := range hundred {
		hundred[(i*37)%100] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		name string
		s    samples
		p    float64
		want time.Duration
	}{
		{"none", nil, .5, 0},
		{"one", samples{7}, .99, 7},
		{"lower middle of two", samples{9, 1}, .5, 1},
		{"middle of three", samples{9, 1, 5}, .5, 5},
		{"median of a hundred", hundred, .5, 50},
		{"p99 of a hundred", hundred, .99, 99},
		{"p99 of few is the slowest", samples{1, 2, 30}, .99, 30},
		{"p0 is the fastest", samples{3, 2}, 0, 2},
	} {
		if got := c.s.at(c.p); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestQuantileProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := samples(rapid.SliceOfN(rapid.Map(rapid.Int64Range(1, 1e9), func(n int64) time.Duration { return time.Duration(n) }), 1, 300).Draw(t, "s"))
		p := rapid.Float64Range(0.01, 1).Draw(t, "p")
		q, notAbove := s.at(p), 0
		for _, d := range s {
			if d <= q {
				notAbove++
			}
		}
		if float64(notAbove) < p*float64(len(s))-1e-3 {
			t.Fatalf("%v-quantile %d of %v: only %d are not above it", p, q, s, notAbove)
		}
	})
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    []float64
		want float64
	}{{nil, 0}, {[]float64{2}, 2}, {[]float64{1, 4}, 2.5}, {[]float64{1, 2, 9}, 2}} {
		if got := median(c.v); got != c.want {
			t.Errorf("median of %v: got %v, want %v", c.v, got, c.want)
		}
	}
}

// TestAlternate wants equal numbers in turns, and the ratio as the part of the limit that is reached.
func TestAlternate(t *testing.T) {
	t.Parallel()
	var order []byte
	op := func(name byte, took time.Duration) operation {
		return func(context.Context) (time.Duration, error) {
			order = append(order, name)
			return took, nil
		}
	}
	c, err := alternate(t.Context(), plan{pairs: 3, block: time.Hour}, 2, op('a', 40), op('b', 10))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(order), "ab"+"aabb"+"aabb"+"aabb"; got != want {
		t.Errorf("order: got %s, want %s", got, want)
	}
	if c.ratio() != 0.25 || len(c.ratios) != 3 || len(c.server) != 6 || len(c.limit) != 6 {
		t.Errorf("got %+v, want 3 ratios of 0.25 and 6 samples of each", c)
	}
}

func TestAlternateEndsAtTheDeadline(t *testing.T) {
	t.Parallel()
	c, err := alternate(t.Context(), plan{pairs: 2}, 1000, timed(func() error { return nil }), timed(func() error { return nil }))
	if err != nil || len(c.server) != 2 {
		t.Errorf("got %d operations, %v; want one in each block", len(c.server), err)
	}
}

func TestAlternateRefuses(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong answer")
	good := timed(func() error { return nil })
	after := func(n int) operation {
		return timed(func() error {
			if n--; n < 0 {
				return wrong
			}
			return nil
		})
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		name string
		ctx  context.Context
		a, b operation
		want error
	}{
		{"server at once", t.Context(), after(0), good, wrong},
		{"limit at once", t.Context(), good, after(0), wrong},
		{"server later", t.Context(), after(3), good, wrong},
		{"limit later", t.Context(), good, after(3), wrong},
		{"interrupted", stopped, good, good, context.Canceled},
	} {
		if got, err := alternate(c.ctx, plan{pairs: 5, block: time.Hour}, 4, c.a, c.b); !errors.Is(err, c.want) || got != nil {
			t.Errorf("%s: got %v, %v; want %v", c.name, got, err, c.want)
		}
	}
}
