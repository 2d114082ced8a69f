package pix

import (
	"strings"
	"unicode"
)

// fold gives the form in which names are compared: lower case without accents, ligatures and umlauts spelled out as their
// base letter (ü and ue both become u), ß as ss, everything that is no letter or digit as a blank.
func fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range s {
		r = unicode.ToLower(r)
		switch {
		case r < 0x80 && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
			b.WriteByte(byte(r))
		case letters[r] != "":
			b.WriteString(letters[r])
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			// a combining accent belongs to the letter before it; an apostrophe joins what stands round it
		case unicode.IsLetter(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(digraphs.Replace(b.String())), " ")
}

// digraphs are umlauts written with two letters. "ue" after q is French (Jacques, Enrique), and so is "oe" in "oeu".
var digraphs = strings.NewReplacer("que", "que", "gue", "gue", "ae", "a", "oe", "o", "ue", "u")

// letters are the accented letters of the languages spoken in Luxembourg and of its neighbours.
var letters = func() map[rune]string {
	m := map[rune]string{'ß': "ss", 'æ': "a", 'œ': "o", 'ø': "o", 'đ': "d", 'ð': "d", 'ł': "l", 'þ': "th", 'ı': "i"}
	for base, accented := range map[string]string{
		"a": "àáâãäåāăą", "c": "çćĉċč", "d": "ď", "e": "èéêëēĕėęě", "g": "ĝğġģ", "i": "ìíîïĩīĭį", "l": "ĺļľ", "n": "ñńņň",
		"o": "òóôõöōŏő", "r": "ŕŗř", "s": "śŝşš", "t": "ţťț", "u": "ùúûüũūŭůűų", "y": "ýÿŷ", "z": "źżž",
	} {
		for _, r := range accented {
			m[r] = base
		}
	}
	return m
}()

// particle tells words of a family name that are often left out or written together with the next one.
func particle(word string) bool {
	switch word {
	case "de", "da", "do", "dos", "das", "du", "des", "di", "del", "della", "der", "den", "e", "el", "la", "le", "les",
		"van", "von", "vom", "zu", "zum", "zur", "ter", "ten", "te", "y", "d", "l", "dit", "genannt", "ep", "epouse", "nee", "geb":
		return true
	}
	return false
}

// words are the words of a folded name without its particles; with them when nothing else is there.
func words(s string) []string {
	all := strings.Fields(fold(s))
	kept := make([]string, 0, len(all))
	for _, w := range all {
		if !particle(w) {
			kept = append(kept, detached(w))
		}
	}
	if len(kept) == 0 {
		return all
	}
	return kept
}

// detached cuts off particles that are written together with the name: Vandenberg is van den Berg.
func detached(word string) string {
	for _, p := range []string{"vander", "vanden", "vande", "vonder"} {
		if rest, ok := strings.CutPrefix(word, p); ok && len(rest) >= 4 {
			return rest
		}
	}
	return word
}

// number gives the digits of a telephone number that tell it from others: without the prefixes of Luxembourg, zeros in
// front and all punctuation.
func number(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	n := strings.TrimLeft(b.String(), "0")
	if rest, ok := strings.CutPrefix(n, "352"); ok && len(rest) >= 5 {
		n = rest
	}
	if len(n) < 5 {
		return ""
	}
	return n
}
