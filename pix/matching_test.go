package pix

import (
	"flag"
	"fmt"
	"testing"
)

var (
	people = flag.Int("people", 5000, "records of the synthetic population")
	seed   = flag.Uint64("seed", 1, "which synthetic population")
)

// counted is what matching found in a population.
type counted struct {
	records, twice                         int // records, and pairs of records of one person
	compared                               int
	linked, linkedWrong                    int // pairs above Thresholds.Link and certain
	reviewed, reviewedRight, missed, found int // pairs on the worklist beside those linked
}

func (c counted) String() string {
	return fmt.Sprintf(`records                            %d
pairs of one person                %d
pairs compared                     %d (of %d: blocks leave out the rest)
automatic links                    %d
  precision                        %.5f
  recall                           %.4f
for review                         %d
  of these one person              %d
recall of links and review         %.4f`,
		c.records, c.twice, c.compared, c.records*(c.records-1)/2, c.linked, c.precision(), float64(c.linked-c.linkedWrong)/float64(c.twice),
		c.reviewed, c.reviewedRight, c.recall())
}

func (c counted) precision() float64 { return 1 - float64(c.linkedWrong)/float64(max(c.linked, 1)) }

func (c counted) recall() float64 {
	return float64(c.linked-c.linkedWrong+c.reviewedRight) / float64(c.twice)
}

// judge compares every record with its candidates, as an index does that gets one after the other.
func judge(p *Policy, records []written) counted {
	c := counted{records: len(records)}
	index := map[string][]int{}
	folded := make([]*record, len(records))
	persons := map[int]int{}
	for n := range records {
		w := &records[n]
		folded[n] = fromDemographics(&w.Demographics)
		c.twice += persons[w.person]
		persons[w.person]++
		k := w.keys()
		seen := map[int]bool{}
		for _, key := range k.sought {
			for _, m := range index[key] {
				if seen[m] {
					continue
				}
				seen[m] = true
				c.count(p, folded[n], folded[m], w.person == records[m].person)
			}
		}
		for _, key := range k.stored {
			index[key] = append(index[key], n)
		}
	}
	return c
}

func (c *counted) count(p *Policy, a, b *record, one bool) {
	c.compared++
	how := compare(a, b)
	switch w := p.Weights.sum(how); {
	case w >= p.Thresholds.Link && how.certain():
		c.linked++
		if !one {
			c.linkedWrong++
		}
	case w >= p.Thresholds.Review:
		c.reviewed++
		if one {
			c.reviewedRight++
		}
	}
}

// TestMatching holds the default weights and thresholds to their promise. make matching runs it with 100,000 records.
func TestMatching(t *testing.T) {
	t.Parallel()
	p := &Policy{Weights: DefaultWeights(), Thresholds: DefaultThresholds()}
	c := judge(p, population(*seed, *people))
	t.Log("\n" + c.String())
	if c.linked < c.twice/2 || c.precision() < 0.9999 {
		t.Errorf("automatic links: %d of %d, precision %.5f, want half of them and 0.9999", c.linked, c.twice, c.precision())
	}
	if c.recall() < 0.98 {
		t.Errorf("recall with review %.4f, want 0.98", c.recall())
	}
	if c.reviewed > c.twice {
		t.Errorf("%d pairs for review, %d pairs of one person: nobody can work on such a list", c.reviewed, c.twice)
	}
}
