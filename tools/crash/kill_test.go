//go:build linux

package crash

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// clients is how many submit at the same time.
const clients = 4

// TestKill kills the server at a random moment under load, again and again, and compares the ledgers with the wire.
func TestKill(t *testing.T) {
	t.Parallel()
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	t.Logf("seed %d", *seed)
	rng := newRand(*seed, 0)
	path, data := program(t, false), memoryDir(t)
	n := &tally{}
	began := time.Now()
	var all, last []*client
	for round := range *kills {
		s := start(t, path, data, nil)
		n.check(t, s, last)
		last = load(t, s, rng, round)
		n.kills++
		for _, c := range last {
			n.count(t, c)
		}
		all = append(all, last...)
		if round%10 == 9 {
			swept, findings := clean(t, path, data)
			n.swept, n.findings = n.swept+swept, n.findings+findings
		}
		if t.Failed() {
			t.Fatalf("round %d: %v", round, n)
		}
	}
	took := time.Since(began)
	swept, findings := clean(t, path, data)
	n.swept, n.findings = n.swept+swept, n.findings+findings
	s := start(t, path, data, nil)
	n.check(t, s, all)
	s.stop(t)
	n.orphans = sweep(t, path, data)
	t.Logf("%v; %.2f s per kill", n, took.Seconds()/float64(n.kills))
	if n.acknowledged == 0 || n.unanswered == 0 {
		t.Error("the kills did not come in the middle of work")
	}
	if n.orphans != 0 {
		t.Errorf("%d blobs are named by no document after the sweep", n.orphans)
	}
}

// check compares the ledgers with what the server shows.
func (n *tally) check(t *testing.T, s *server, list []*client) {
	t.Helper()
	w := connect(s)
	defer w.close()
	for _, c := range list {
		n.answered(t, s, c)
		n.audited(t, s, c, n.compare(t, w, c))
	}
}

// load lets clients work and kills the server at a random moment.
func load(t *testing.T, s *server, rng *rand.Rand, round int) []*client {
	t.Helper()
	list := make([]*client, clients)
	var wg sync.WaitGroup
	for i := range list {
		c := newClient(fmt.Sprintf("R%d-%d", round, i), newRand(rng.Uint64(), uint64(i)))
		list[i] = c
		wg.Go(func() { c.work(connect(s)) })
	}
	select {
	case <-time.After(time.Duration(rng.IntN(200_000)) * time.Microsecond):
	case <-s.ended:
		t.Errorf("the server ended by itself: %v\n%s", s.err, s.log)
	}
	s.kill()
	wg.Wait()
	return list
}
