package pix

// distance counts insertions, deletions, replacements and swaps of neighbours between a and b (restricted
// Damerau-Levenshtein), in bytes of folded text. It gives up above limit and returns limit+1.
func distance(a, b string, limit int) int {
	if len(a) < len(b) {
		a, b = b, a
	}
	if len(a)-len(b) > limit || len(a) > 64 {
		if a == b {
			return 0
		}
		return limit + 1
	}
	var rows [3][65]int
	two, one, now := &rows[0], &rows[1], &rows[2]
	for j := range len(b) + 1 {
		one[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(one[j]+1, now[j-1]+1, one[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, two[j-2]+1)
			}
			now[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
		two, one, now = one, now, two
	}
	return min(one[len(b)], limit+1)
}

// near tells words that differ by a typing error: one in four to seven letters, two in longer words. Of shorter words every
// letter counts.
func near(a, b string) bool {
	limit := 0
	switch n := min(len(a), len(b)); {
	case n >= 8:
		limit = 2
	case n >= 4:
		limit = 1
	}
	return distance(a, b, limit) <= limit
}
