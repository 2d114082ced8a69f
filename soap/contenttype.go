package soap

import "strings"

// maxParams bounds the parameters of one Content-Type; further ones are ignored.
const maxParams = 32

// mediaType is a Content-Type value read leniently: mime.ParseMediaType refuses unquoted values with / : = < @ and
// repeated parameters, and senders of MTOM messages produce both.
type mediaType struct {
	Type   string // lower case, without parameters
	params []param
}

type param struct{ name, value string }

// parseContentType never fails: what cannot be understood is left out.
func parseContentType(s string) mediaType {
	if strings.Contains(s, "&quot;") { // escaped once more by an XML writer; & stands in no type, boundary or id
		s = strings.ReplaceAll(s, "&quot;", `"`)
	}
	s = strings.TrimLeft(s, paramSpace)
	end := strings.IndexAny(s, ";"+paramSpace)
	if end < 0 {
		end = len(s)
	}
	mt := mediaType{Type: strings.ToLower(s[:end])}
	for s = s[end:]; len(mt.params) < maxParams; {
		s = strings.TrimLeft(s, ";"+paramSpace)
		if s == "" {
			break
		}
		var p param
		p, s = nextParam(s)
		if p.name != "" {
			mt.params = append(mt.params, p)
		}
	}
	return mt
}

const paramSpace = " \t\r\n"

// nextParam reads one name=value; a word without '=' gives a param without name.
func nextParam(s string) (param, string) {
	end := strings.IndexAny(s, "=;")
	if end < 0 {
		return param{}, ""
	}
	if s[end] == ';' {
		return param{}, s[end:]
	}
	name := strings.ToLower(strings.TrimRight(s[:end], paramSpace))
	if i := strings.LastIndexAny(name, paramSpace+`"`); i >= 0 {
		name = name[i+1:] // debris of the parameter before, such as the tail of nested quotes
	}
	value, rest := paramValue(strings.TrimLeft(s[end+1:], paramSpace))
	return param{name, value}, rest
}

// paramValue reads a quoted string, an angle-bracketed id, or everything up to a semicolon or white space.
func paramValue(s string) (value, rest string) {
	switch {
	case strings.HasPrefix(s, `"`):
		value, rest = quotedString(s[1:])
	case strings.HasPrefix(s, "<") && strings.Contains(s, ">"):
		end := strings.IndexByte(s, '>') + 1
		value, rest = s[:end], s[end:]
	default:
		end := strings.IndexAny(s, ";"+paramSpace)
		if end < 0 {
			end = len(s)
		}
		value, rest = s[:end], s[end:]
	}
	return stripEscapes(value), rest
}

// quotedString undoes backslash escapes up to the closing quote; a missing one ends with the text.
func quotedString(s string) (value, rest string) {
	end := strings.IndexAny(s, `"\`)
	if end >= 0 && s[end] == '"' {
		return s[:end], s[end+1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String(), ""
}

// stripEscapes removes quotes that were escaped twice, as in type="\"application/soap+xml\"".
func stripEscapes(s string) string {
	for len(s) >= 2 && (s[0] == '"' || s[0] == '\\') {
		t := strings.TrimLeft(s, `\`)
		if len(t) < 2 || t[0] != '"' {
			break
		}
		s = strings.TrimRight(strings.TrimSuffix(t[1:], `"`), `\`)
	}
	return s
}

// Param returns the first parameter of that lower-case name, "" when there is none.
func (mt mediaType) Param(name string) string {
	for _, p := range mt.params {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// Action returns the action parameter, or the one inside start-info="application/soap+xml; action=...".
func (mt mediaType) Action() string {
	if a := mt.Param("action"); a != "" {
		return strings.TrimSpace(a)
	}
	return strings.TrimSpace(parseContentType(mt.Param("start-info")).Param("action"))
}

// quoteParam writes a parameter value as a quoted string; control characters are left out.
func quoteParam(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			continue
		}
		if s[i] == '"' || s[i] == '\\' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('"')
	return b.String()
}
