package xmlwire

// Byte classes. A byte above 0x7F is a stop everywhere and a nameByte: its rune is looked at on the slow path.
const (
	textStop  = 1 << iota // ends a run of plain character data: < & ] CR, illegal, non-ASCII
	attrStop              // ends a run of a plain attribute value: quotes < & TAB LF CR, illegal, non-ASCII
	rawStop               // ends a run in comment, PI or CDATA: - ? ] illegal, non-ASCII
	nameByte              // may be part of a qualified name, colon included
	nameStart             // ASCII NameStartChar without colon
	nameRest              // ASCII NameChar without colon
	space                 // S of XML 1.0 2.3
)

var class = classes()

func classes() (t [256]uint8) {
	for c := range t {
		t[c] = classOf(byte(c))
	}
	return t
}

func classOf(c byte) uint8 {
	switch {
	case c >= 0x80:
		return textStop | attrStop | rawStop | nameByte
	case c == '\t' || c == '\n':
		return attrStop | space
	case c == '\r':
		return textStop | attrStop | space
	case c < 0x20:
		return textStop | attrStop | rawStop
	case c == ' ':
		return space
	case c == '<' || c == '&':
		return textStop | attrStop
	case c == ']':
		return textStop | rawStop
	case c == '"' || c == '\'':
		return attrStop
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_':
		return nameByte | nameStart | nameRest
	case c >= '0' && c <= '9' || c == '.':
		return nameByte | nameRest
	case c == '-':
		return nameByte | nameRest | rawStop
	case c == '?':
		return rawStop
	case c == ':':
		return nameByte
	}
	return 0
}

// isChar is production Char of XML 1.0 2.2.
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r < 0xD800:
		return true
	case r < 0xE000:
		return false
	case r < 0x10000:
		return r < 0xFFFE
	}
	return r <= 0x10FFFF
}

type runeRange struct{ lo, hi rune }

// Non-ASCII part of NameStartChar, XML 1.0 fifth edition 2.3.
var startRanges = [...]runeRange{
	{0xC0, 0xD6}, {0xD8, 0xF6}, {0xF8, 0x2FF}, {0x370, 0x37D}, {0x37F, 0x1FFF}, {0x200C, 0x200D},
	{0x2070, 0x218F}, {0x2C00, 0x2FEF}, {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF},
}

// What NameChar has beyond NameStartChar.
var restRanges = [...]runeRange{{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}}

func isNameStart(r rune) bool {
	if r < 0x80 {
		return class[r]&nameStart != 0
	}
	return within(startRanges[:], r)
}

func isNameChar(r rune) bool {
	if r < 0x80 {
		return class[r]&nameRest != 0
	}
	return within(startRanges[:], r) || within(restRanges[:], r)
}

func within(ranges []runeRange, r rune) bool {
	for _, x := range ranges {
		if r <= x.hi {
			return r >= x.lo
		}
	}
	return false
}

// isNCName reports whether s is a name without a colon.
func isNCName(s string) bool {
	for i, r := range s {
		if i == 0 && !isNameStart(r) || !isNameChar(r) || r == 0xFFFD && s[i] != 0xEF {
			return false
		}
	}
	return s != ""
}
