package main

import (
	"context"
	"runtime"
	"slices"
	"time"
)

// operation does one thing and says how long the part that counts took.
type operation func(context.Context) (time.Duration, error)

// samples are the times of one kind of operation.
type samples []time.Duration

// at returns the p-quantile: the smallest time that a part p of all does not exceed.
func (s samples) at(p float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	i := int(p*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// comparison is an operation beside its limit.
type comparison struct {
	server, limit samples
	ratios        []float64 // limit/server by the medians of each pair of blocks, ascending

	rates, limitRates []float64 // operations a second of each block, ascending, where abreast compares
}

// ratio is the median of the pairs: the part of the limit that is reached.
func (c *comparison) ratio() float64 { return median(c.ratios) }

// median of ascending values.
func median(v []float64) float64 {
	switch n := len(v); {
	case n == 0:
		return 0
	case n%2 == 1:
		return v[n/2]
	default:
		return (v[n/2-1] + v[n/2]) / 2
	}
}

// alternate runs blocks of a and b in turns. Each runs once before, unmeasured.
func alternate(ctx context.Context, p plan, most int, a, b operation) (*comparison, error) {
	for _, o := range []operation{a, b} {
		if _, err := o(ctx); err != nil {
			return nil, err
		}
	}
	c := &comparison{}
	for range p.pairs {
		runtime.GC() // what came before is not paid for here
		server, err := repeat(ctx, most, time.Now().Add(p.block), a)
		if err != nil {
			return nil, err
		}
		runtime.GC()
		limit, err := repeat(ctx, len(server), time.Now().Add(p.block), b)
		if err != nil {
			return nil, err
		}
		c.ratios = append(c.ratios, float64(limit.at(.5))/float64(server.at(.5)))
		c.server, c.limit = append(c.server, server...), append(c.limit, limit...)
	}
	slices.Sort(c.ratios)
	return c, nil
}

// repeat runs o until the deadline, at least once and at most so many times.
func repeat(ctx context.Context, most int, deadline time.Time, o operation) (samples, error) {
	var s samples
	for {
		took, err := o(ctx)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		s = append(s, max(took, 1))
		if len(s) >= most || time.Now().After(deadline) {
			return s, nil
		}
	}
}

// timed makes an operation of which everything counts.
func timed(fn func() error) operation {
	return func(context.Context) (time.Duration, error) {
		start := time.Now()
		err := fn()
		return time.Since(start), err
	}
}
