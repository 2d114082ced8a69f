package codes

import (
	"testing"

	"pgregory.net/rapid"
)

// plain is Levenshtein's distance by its definition.
func plain(a, b string) int {
	if a == "" || b == "" {
		return len(a) + len(b)
	}
	if a[0] == b[0] {
		return plain(a[1:], b[1:])
	}
	return 1 + min(plain(a[1:], b), plain(a, b[1:]), plain(a[1:], b[1:]))
}

// TestDistance: the bounded one is the plain one wherever it answers, and does not answer exactly beyond its limit.
func TestDistance(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching("[abc]{0,13}")
	rapid.Check(t, func(t *rapid.T) {
		a := text.Draw(t, "a")
		b := text.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") { // else hardly any pair is
			b = near(t, a)
		}
		want := far
		if d := plain(a, b); d == 0 || d <= min(len(a), len(b), 12)/4 {
			want = d
		}
		if got := distance(a, b); got != want {
			t.Fatalf("%q, %q: got %d, want %d", a, b, got, want)
		}
	})
}

// near edits a text up to four times.
func near(t *rapid.T, s string) string {
	for range rapid.IntRange(0, 4).Draw(t, "edits") {
		at := rapid.IntRange(0, len(s)).Draw(t, "at")
		with := rapid.StringMatching("[abc]?").Draw(t, "with")
		end := min(at+rapid.IntRange(0, 1).Draw(t, "taken"), len(s))
		s = s[:at] + with + s[end:]
	}
	return s
}
