package pix

import "strings"

// phonetic gives a code that words sounding alike in French, German, Luxembourgish or Portuguese share. It is coarse, like
// the Cologne phonetics it takes after: consonants fall into seven classes, vowels count only at the start, doubles once. Its
// argument is folded.
func phonetic(word string) string {
	w := sounds.Replace(word)
	out := make([]byte, 0, len(w))
	var last byte
	for i := range len(w) {
		c := class(w, i)
		if c == 'A' && len(out) > 0 {
			last = 0
			continue
		}
		if c == 0 || c == last {
			continue
		}
		out, last = append(out, c), c
	}
	return string(out)
}

// sounds are letters that are one sound together: German sch and tz, French ph, gn and eau, Portuguese lh and nh.
var sounds = strings.NewReplacer("sch", "s", "tsch", "s", "ch", "s", "sh", "s", "ph", "f", "th", "t", "dt", "t", "ck", "k",
	"tz", "s", "ts", "s", "cs", "s", "x", "s", "lh", "l", "nh", "n", "gn", "n", "qu", "k", "ow", "o", "aw", "a")

// class gives the class of the letter at i; 0 for one that is not heard.
func class(w string, i int) byte {
	switch c := w[i]; c {
	case 'a', 'e', 'i', 'o', 'u', 'y':
		return 'A'
	case 'j':
		return 'J'
	case 'h':
		return 0
	case 'b', 'p':
		return 'P'
	case 'd', 't':
		return 'T'
	case 'f', 'v', 'w':
		return 'F'
	case 'g', 'k', 'q':
		return 'K'
	case 'c':
		if i+1 < len(w) && strings.IndexByte("eiy", w[i+1]) >= 0 {
			return 'S'
		}
		return 'K'
	case 's', 'z':
		return 'S'
	case 'l':
		return 'L'
	case 'm', 'n':
		return 'N'
	case 'r':
		return 'R'
	default:
		return c
	}
}
