package codes

import (
	"slices"
	"strings"

	"dossier/xds"
)

// Bounds of the search for what may have been meant. A hostile submission has thousands of long wrong codes.
const (
	maxHints    = 3
	maxCompared = 64     // bytes; longer values are not compared
	comparisons = 20_000 // codes that the wrong ones of a submission are compared with; 50 ms at worst
)

// folded is a code in the form in which it is compared.
type folded struct{ code, display string }

func fold(c xds.Code) folded { return folded{strings.ToLower(c.Code), strings.ToLower(c.Display)} }

// hint suggests up to three listed values: the same code in another scheme first, then the nearest by code or display. The
// same wrong value of another object gets the same words at no cost.
func (c *checker) hint(w wrong) string {
	said, ok := c.hints[w]
	if ok {
		return said
	}
	l := c.set.lists[w.attribute]
	at := l.same[w.Code.Code]
	if len(at) < maxHints && c.budget >= len(l.codes) {
		c.budget -= len(l.codes)
		at = l.nearest(slices.Clone(at), w.Code)
	}
	for i, n := range at[:min(len(at), maxHints)] {
		if i == 0 {
			said = "; did you mean "
		} else {
			said += " or "
		}
		said += show(l.codes[n])
		if d := l.codes[n].Display; d != "" {
			said += " (" + clip(d, 64) + ")"
		}
	}
	c.hints[w] = said
	return said
}

// nearest adds the positions of values like c, nearest first, to those that are found already.
func (l *list) nearest(found []int, c xds.Code) []int {
	sent := fold(c)
	type candidate struct{ distance, position int }
	var near []candidate
	for i, listed := range l.near {
		d := distance(sent.code, listed.code)
		if sent.display != "" && listed.display != "" {
			d = min(d, distance(sent.display, listed.display))
		}
		if d == far || slices.Contains(found, i) {
			continue
		}
		d *= 2
		if l.codes[i].Scheme != c.Scheme {
			d++ // of two that are as near, the one in the scheme that was sent
		}
		near = append(near, candidate{d, i})
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	for _, n := range near {
		found = append(found, n.position)
	}
	return found
}

// far is the distance of texts that nobody would take for each other.
const far = 1 << 20

// distance counts the bytes to change, insert or take out to turn a into b, as long as that is no more than a quarter of
// the shorter text and three at most: of the 7 characters of a LOINC code one may be wrong, of one letter none.
func distance(a, b string) int {
	limit := min(len(a), len(b), 12) / 4
	switch {
	case a == b:
		return 0
	case len(a)-len(b) > limit || len(b)-len(a) > limit || limit == 0 || len(a) > maxCompared || len(b) > maxCompared:
		return far
	}
	// One row of the table of Levenshtein's algorithm, of which only the band of limit around the diagonal matters.
	var row [maxCompared + 1]int
	for j := range min(len(b), limit) + 1 {
		row[j] = j
	}
	for i := range len(a) {
		first, last := max(i-limit, 0), min(i+limit, len(b)-1)
		diagonal, best := row[first], far
		if row[first] = far; first == 0 {
			row[0] = i + 1
		}
		for j := first; j <= last; j++ {
			above := far
			if j < i+limit {
				above = row[j+1]
			}
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = above
			row[j+1] = min(cost, row[j]+1, above+1)
			best = min(best, row[j+1])
		}
		if best > limit {
			return far
		}
	}
	if row[len(b)] > limit {
		return far
	}
	return row[len(b)]
}
