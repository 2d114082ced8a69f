package xmlwire

import "strings"

// xmlDecl reads the XML declaration, if there is one (XML 1.0 production 23).
func (p *parser) xmlDecl() error {
	const open = "<?xml"
	if !strings.HasPrefix(p.s, open) || len(p.s) == len(open) || class[p.s[len(open)]]&nameByte != 0 {
		return nil
	}
	p.pos = len(open)
	version, ok, err := p.pseudoAttr("version")
	switch {
	case err != nil:
		return err
	case !ok:
		return p.fail(p.pos, "expected version in the XML declaration")
	case version != "1.0":
		return p.fail(p.pos, "XML version must be 1.0")
	}
	p.encoding, ok, err = p.pseudoAttr("encoding")
	switch {
	case err != nil:
		return err
	case ok && !isEncodingName(p.encoding):
		return p.fail(p.pos, "encoding of the XML declaration is not an encoding name")
	case ok && p.actual != unknown && !p.actual.agrees(p.encoding):
		return p.fail(p.pos, "declared encoding %s is not that of the document", quote(p.encoding))
	}
	standalone, ok, err := p.pseudoAttr("standalone")
	if err != nil {
		return err
	}
	if ok && standalone != "yes" && standalone != "no" {
		return p.fail(p.pos, "standalone must be yes or no")
	}
	p.skipSpace()
	if !strings.HasPrefix(p.s[p.pos:], "?>") {
		return p.fail(p.pos, "expected '?>' at the end of the XML declaration")
	}
	p.pos += len("?>")
	return nil
}

// pseudoAttr reads white space and name="value", if that is what comes next.
func (p *parser) pseudoAttr(name string) (value string, ok bool, err error) {
	before := p.pos
	p.skipSpace()
	if !strings.HasPrefix(p.s[p.pos:], name) {
		p.pos = before
		return "", false, nil
	}
	if p.pos == before {
		return "", false, p.fail(before, "expected white space before %s", name)
	}
	p.pos += len(name)
	p.skipSpace()
	if p.pos == len(p.s) || p.s[p.pos] != '=' {
		return "", false, p.fail(p.pos, "expected '=' after %s", name)
	}
	p.pos++
	p.skipSpace()
	if p.pos == len(p.s) || p.s[p.pos] != '"' && p.s[p.pos] != '\'' {
		return "", false, p.fail(p.pos, "expected a quote after %s=", name)
	}
	first := p.pos + 1
	// No value in an XML declaration is longer than an encoding name; the cap keeps a hostile one cheap.
	window := p.s[first:min(len(p.s), first+64)]
	n := strings.IndexByte(window, p.s[p.pos])
	if n < 0 {
		return "", false, p.fail(p.pos, "value of %s is not closed within 64 bytes", name)
	}
	p.pos = first + n + 1
	return window[:n], true, nil
}

func (p *parser) skipSpace() {
	for p.pos < len(p.s) && class[p.s[p.pos]]&space != 0 {
		p.pos++
	}
}

// isEncodingName is production EncName of XML 1.0 4.3.3.
func isEncodingName(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i] | 0x20
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || s[i] != '_' && class[s[i]]&nameRest == 0) {
			return false
		}
	}
	return s != ""
}
