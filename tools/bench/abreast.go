package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"time"
)

// abreast compares the throughput of several clients with that of several others, block by block: what all of a do at once,
// then all of b. The ratio of a pair is that of the rates.
//
// A rate is how much as many clients as there are would do who had nothing else to do: the time that one needs to make its
// next request does not count.
func abreast(ctx context.Context, p plan, a, b []operation) (*comparison, error) {
	for _, o := range slices.Concat(a, b) {
		if _, err := o(ctx); err != nil {
			return nil, err
		}
	}
	c := &comparison{}
	for range p.pairs {
		runtime.GC() // what came before is not paid for here
		server, err := crowded(ctx, p.block, a)
		if err != nil {
			return nil, err
		}
		runtime.GC()
		limit, err := crowded(ctx, p.block, b)
		if err != nil {
			return nil, err
		}
		c.rates, c.limitRates = append(c.rates, server.rate(len(a))), append(c.limitRates, limit.rate(len(b)))
		c.ratios = append(c.ratios, server.rate(len(a))/limit.rate(len(b)))
		c.server, c.limit = append(c.server, server...), append(c.limit, limit...)
	}
	slices.Sort(c.ratios)
	slices.Sort(c.rates)
	slices.Sort(c.limitRates)
	return c, nil
}

// rate is operations a second of so many at once.
func (s samples) rate(clients int) float64 {
	var sum time.Duration
	for _, d := range s {
		sum += d
	}
	return float64(clients) * float64(len(s)) / sum.Seconds()
}

// crowded runs every operation again and again at the same time.
func crowded(ctx context.Context, block time.Duration, operations []operation) (samples, error) {
	all, errs := make([]samples, len(operations)), make([]error, len(operations))
	end := time.Now().Add(block)
	var wg sync.WaitGroup
	for i, o := range operations {
		wg.Go(func() { all[i], errs[i] = repeat(ctx, 1<<30, end, o) })
	}
	wg.Wait()
	return slices.Concat(all...), errors.Join(errs...)
}

// addRates puts a comparison of abreast into the table.
func (t *table) addRates(figure, limit string, c *comparison, goal float64) {
	t.add(figure, limit, c, 0, goal)
	r := &t.rows[len(t.rows)-1]
	r.rate = perSecondText(median(c.rates))
	r.limit += " (" + perSecondText(median(c.limitRates)) + ")"
}
