package xmlwire

import (
	"errors"
	"strings"
	"testing"
)

// refusal is one document that is not well-formed, or not namespace-well-formed, or carries a DTD.
type refusal struct {
	name, doc string
	at        int    // offset of the error
	want      string // part of the message
}

var refusals = []refusal{
	// The document as a whole.
	{"empty", "", 0, "no root element"},
	{"only white space", " \r\n\t", 4, "no root element"},
	{"only a declaration", `<?xml version="1.0"?>`, 21, "no root element"},
	{"only a comment", "<!-- -->", 8, "no root element"},
	{"two roots", "<a/><b/>", 4, "second root element"},
	{"two roots, first not empty", "<a></a> <a></a>", 8, "second root element"},
	{"text before root", "x<a/>", 0, "outside the root element"},
	{"text after root", "<a/>x", 4, "outside the root element"},
	{"reference after root", "<a/>&#32;", 4, "outside the root element"},
	{"CDATA before root", "<![CDATA[]]><a/>", 0, "CDATA section outside"},
	{"CDATA after root", "<a/><![CDATA[ ]]>", 4, "CDATA section outside"},
	{"byte order mark twice", "\uFEFF\uFEFF<a/>", 0, "outside the root element"},
	{"byte order mark after root", "<a/>\uFEFF", 4, "outside the root element"},
	{"NUL after root", "<a/>\x00", 4, "outside the root element"},
	{"no XML at all", "hello", 0, "outside the root element"},
	{"root not closed", "<a><b></b>", 10, `inside element "a" that began at byte 0`},
	{"nothing after less-than", "<a><", 3, "document ends after '<'"},

	// XML declaration.
	{"declaration after white space", ` <?xml version="1.0"?><a/>`, 3, "XML declaration is allowed only"},
	{"declaration after byte order mark and blank", "\uFEFF <?xml version='1.0'?><a/>", 3, "XML declaration is allowed only"},
	{"declaration inside", `<a><?xml version="1.0"?></a>`, 5, "XML declaration is allowed only"},
	{"declaration twice", `<?xml version="1.0"?><?xml version="1.0"?><a/>`, 23, "XML declaration is allowed only"},
	{"declaration in capitals", `<?XML version="1.0"?><a/>`, 2, "XML declaration is allowed only"},
	{"version 1.1", `<?xml version="1.1"?><a/>`, 19, "XML version must be 1.0"},
	{"version 1.00", `<?xml version="1.00"?><a/>`, 20, "XML version must be 1.0"},
	{"version missing", `<?xml encoding="UTF-8"?><a/>`, 5, "expected version"},
	{"declaration empty", `<?xml?><a/>`, 5, "expected version"},
	{"no blank before version", `<?xmlversion="1.0"?><a/>`, 12, "expected white space or '?>'"},
	{"version without equals", `<?xml version "1.0"?><a/>`, 14, "expected '='"},
	{"version without quotes", `<?xml version=1.0?><a/>`, 14, "expected a quote"},
	{"version quotes differ", `<?xml version="1.0'?><a/>`, 14, "is not closed"},
	{"no blank before encoding", `<?xml version="1.0"encoding="UTF-8"?><a/>`, 19, "expected white space before encoding"},
	{"no blank before standalone", `<?xml version="1.0"standalone="yes"?><a/>`, 19, "expected white space before standalone"},
	{"standalone before encoding", `<?xml version="1.0" standalone="no" encoding="UTF-8"?><a/>`, 36, "expected '?>'"},
	{"standalone perhaps", `<?xml version="1.0" standalone="YES"?><a/>`, 36, "standalone must be"},
	{"encoding not a name", `<?xml version="1.0" encoding="-8"?><a/>`, 33, "not an encoding name"},
	{"encoding empty", `<?xml version="1.0" encoding=""?><a/>`, 31, "not an encoding name"},
	{"unknown pseudo-attribute", `<?xml version="1.0" valid="yes"?><a/>`, 20, "expected '?>'"},
	{"declaration not closed", `<?xml version="1.0"`, 19, "expected '?>'"},
	{"declaration closed as a tag", `<?xml version="1.0"><a/>`, 19, "expected '?>'"},

	// Document type declarations (X2): refused at the byte where they begin, whatever they hold.
	{"DOCTYPE", "<!DOCTYPE a><a/>", 0, "document type declaration"},
	{"DOCTYPE after declaration", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, 21, "document type declaration"},
	{"external entity", `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>`, 0, "document type declaration"},
	{"external subset", `<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>`, 0, "document type declaration"},
	{"parameter entity", `<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p">%p;]><a/>`, 0, "document type declaration"},
	{"attribute default", `<!DOCTYPE a [<!ATTLIST a b CDATA "c">]><a/>`, 0, "document type declaration"},
	{"entity bomb", `<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>`, 0, "document type declaration"},
	{"DOCTYPE inside", "<a><!DOCTYPE a></a>", 3, "document type declaration"},
	{"DOCTYPE after root", "<a/><!DOCTYPE a>", 4, "document type declaration"},
	{"doctype in small letters", "<!doctype a><a/>", 0, "expected a comment or CDATA"},
	{"entity declaration", `<a><!ENTITY b "c"></a>`, 3, "expected a comment or CDATA"},
	{"conditional section", "<a><![INCLUDE[ ]]></a>", 3, "expected a comment or CDATA"},
	{"cdata in small letters", "<a><![cdata[x]]></a>", 3, "expected a comment or CDATA"},

	// References.
	{"undeclared entity", "<a>&nbsp;</a>", 3, "'&' does not begin"},
	{"bare ampersand", "<a>a & b</a>", 5, "'&' does not begin"},
	{"ampersand at the end", "<a>&</a>", 3, "'&' does not begin"},
	{"reference without semicolon", "<a>&amp</a>", 3, "'&' does not begin"},
	{"entity in capitals", "<a>&AMP;</a>", 3, "'&' does not begin"},
	{"undeclared entity in attribute", `<a b="&x;"/>`, 6, "'&' does not begin"},
	{"bare ampersand in attribute", `<a b="ID^^^&2.999&ISO"/>`, 11, "'&' does not begin"},
	{"empty character reference", "<a>&#;</a>", 3, "'&' does not begin"},
	{"empty hexadecimal reference", "<a>&#x;</a>", 3, "'&' does not begin"},
	{"hexadecimal digit in decimal", "<a>&#4A;</a>", 3, "'&' does not begin"},
	{"capital X", "<a>&#X41;</a>", 3, "'&' does not begin"},
	{"sign in reference", "<a>&#+65;</a>", 3, "'&' does not begin"},
	{"blank in reference", "<a>&#65 ;</a>", 3, "'&' does not begin"},
	{"reference to NUL", "<a>&#0;</a>", 3, "not allowed in XML"},
	{"reference to BEL", "<a>&#7;</a>", 3, "not allowed in XML"},
	{"reference to NUL in attribute", `<a b="&#x0;"/>`, 6, "not allowed in XML"},
	{"reference to a surrogate", "<a>&#xD800;</a>", 3, "not allowed in XML"},
	{"reference to a surrogate pair", "<a>&#xD83D;&#xDE00;</a>", 3, "not allowed in XML"},
	{"reference to U+FFFE", "<a>&#xFFFE;</a>", 3, "not allowed in XML"},
	{"reference to U+FFFF", "<a>&#65535;</a>", 3, "not allowed in XML"},
	{"reference beyond Unicode", "<a>&#x110000;</a>", 3, "not allowed in XML"},
	{"reference beyond 32 bits", "<a>&#x100000041;</a>", 3, "not allowed in XML"},
	{"reference beyond 64 bits", "<a>&#18446744073709551681;</a>", 3, "not allowed in XML"},

	// Character data, comments, CDATA sections, processing instructions.
	{"CDATA end in text", "<a>]]></a>", 3, "']]>' is not allowed"},
	{"CDATA end after brackets", "<a>x]]]]></a>", 6, "']]>' is not allowed"},
	{"two hyphens in comment", "<a><!-- -- --></a>", 8, "'--' is not allowed"},
	{"comment ending in three hyphens", "<a><!-- ---></a>", 8, "'--' is not allowed"},
	{"comment opened with three hyphens, closed at once", "<a><!---></a>", 3, "comment is not closed"},
	{"comment not closed", "<a><!-- </a>", 3, "comment is not closed"},
	{"comment half opened", "<a><!- x --></a>", 3, "expected a comment or CDATA"},
	{"CDATA not closed", "<a><![CDATA[ ]]</a>", 3, "CDATA section is not closed"},
	{"CDATA nested", "<a><![CDATA[<![CDATA[x]]>]]></a>", 25, "']]>' is not allowed"},
	{"NUL in CDATA", "<a><![CDATA[\x00]]></a>", 12, "U+0000"},
	{"instruction not closed", "<a><?p ></a>", 3, "processing instruction is not closed"},
	{"instruction without target", "<a><? p?></a>", 5, "expected a name"},
	{"instruction with empty target", "<a><??></a>", 5, "expected a name"},
	{"instruction target with colon", "<a><?p:q?></a>", 5, "must not contain a colon"},
	{"instruction target without blank", "<a><?p+?></a>", 6, "expected white space or '?>'"},
	{"illegal character in comment", "<a><!--\x01--></a>", 7, "U+0001"},
	{"illegal character in instruction", "<a><?p \x01?></a>", 7, "U+0001"},

	// Tags.
	{"end tag first", "</a>", 0, "end tag without start tag"},
	{"end tag too many", "<a></a></a>", 7, "end tag without start tag"},
	{"end tag of another name", "<a></b>", 3, `end tag of element "a"`},
	{"end tag of another case", "<a></A>", 3, `end tag of element "a"`},
	{"end tag of a longer name", "<a></ab>", 3, `end tag of element "a"`},
	{"end tag of another prefix", "<p:a xmlns:p='u' xmlns:q='u'></q:a>", 29, `end tag of element "p:a"`},
	{"end tag with attribute", `<a></a b="c">`, 3, `end tag of element "a"`},
	{"end tag with blank first", "<a></ a>", 3, `end tag of element "a"`},
	{"end tag with slash", "<a></a/>", 3, `end tag of element "a"`},
	{"end tag not closed", "<a></a", 3, `end tag of element "a"`},
	{"overlapping elements", "<a><b></a></b>", 6, `end tag of element "b"`},
	{"blank before name", "< a/>", 1, "expected a name"},
	{"tag without name", "<>", 1, "expected a name"},
	{"name begins with digit", "<1a/>", 1, "is not a qualified name"},
	{"name begins with hyphen", "<-a/>", 1, "is not a qualified name"},
	{"name begins with full stop", "<.a/>", 1, "is not a qualified name"},
	{"name begins with combining mark", "<\u0300a/>", 1, "is not a qualified name"},
	{"name with multiplication sign", "<a\u00D7/>", 1, "is not a qualified name"},
	{"name with dollar", "<a$/>", 2, "expected white space"},
	{"start tag not closed", "<a", 0, "start tag is not closed"},
	{"start tag in start tag", "<a <b/>", 3, "expected a name"},
	{"slash and blank", "<a / >", 3, "expected '>' after '/'"},
	{"slash at the end", "<a/", 2, "expected '>' after '/'"},

	// Attributes.
	{"attribute twice", `<a b="1" b="2"/>`, 9, `attribute "b" twice`},
	{"attribute twice among many", `<a b="1" c="" d="" e="" f="" g="" h="" b="2"/>`, 39, `attribute "b" twice`},
	{"attribute twice by prefix", `<a xmlns:p="u" p:b="1" p:b="2"/>`, 23, `attribute "b" of the same namespace twice`},
	{"attribute twice through two prefixes", `<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>`, 35, `attribute "b" of the same namespace twice`},
	{"attribute twice, declared later", `<a p:b="1" q:b="2" xmlns:p="u" xmlns:q="u"/>`, 11, `attribute "b" of the same namespace twice`},
	{"attribute twice, prefix from outside", `<a xmlns:p="u"><b xmlns:q="u" p:c="1" q:c="2"/></a>`, 38, `attribute "c" of the same namespace twice`},
	{"xml attribute twice", `<a xml:lang="de" xml:lang="en"/>`, 17, `attribute "lang" of the same namespace twice`},
	{"no blank between attributes", `<a b="1"c="2"/>`, 8, "expected white space"},
	{"attribute without value", "<a b/>", 4, "expected '='"},
	{"attribute without name", `<a ="1"/>`, 3, "expected a name"},
	{"attribute without quotes", "<a b=1/>", 5, "expected a quoted"},
	{"attribute quotes differ", `<a b="1'/>`, 5, "is not closed"},
	{"attribute not closed", `<a b="1`, 5, "is not closed"},
	{"less-than in attribute", `<a b="<"/>`, 6, "'<' is not allowed"},
	{"illegal character in attribute", "<a b='\x0B'/>", 6, "U+000B"},

	// Namespaces.
	{"prefix not declared", "<p:a/>", 1, `prefix "p" of element "a" is not declared`},
	{"attribute prefix not declared", `<a p:b=""/>`, 3, `prefix "p" of attribute "b" is not declared`},
	{"prefix out of scope", `<a><b xmlns:p="u"/><p:c/></a>`, 20, `prefix "p"`},
	{"prefix of a sibling's parent", `<a><b xmlns:p="u"><p:c/></b><p:c/></a>`, 29, `prefix "p"`},
	{"prefix xmlns on element", "<xmlns:a/>", 1, `prefix "xmlns"`},
	{"two colons", `<a xmlns:p="u" p:b:c=""/>`, 15, "is not a qualified name"},
	{"two colons in element", `<p:a:b xmlns:p="u"/>`, 1, "is not a qualified name"},
	{"colon first", "<:a/>", 1, "is not a qualified name"},
	{"colon last", `<p: xmlns:p="u"/>`, 1, "is not a qualified name"},
	{"colon alone", `<a :="u"/>`, 3, "is not a qualified name"},
	{"local part begins with digit", `<p:1 xmlns:p="u"/>`, 1, "is not a qualified name"},
	{"declaration of no prefix", `<a xmlns:="u"/>`, 3, "is not a qualified name"},
	{"prefix undeclared", `<a xmlns:p=""/>`, 3, "must not be bound to no namespace"},
	{"namespace declared twice", `<a xmlns:p="u" xmlns:p="v"/>`, 15, "twice in one element"},
	{"default namespace declared twice", `<a xmlns="u" xmlns="u"/>`, 13, "twice in one element"},
	{"xml prefix rebound", `<a xmlns:xml="u"/>`, 3, "xml must not be bound"},
	{"xml namespace to another prefix", `<a xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, 3, "must not be bound to another prefix"},
	{"xml namespace as default", `<a xmlns="http://www.w3.org/XML/1998/namespace"/>`, 3, "must not be bound to another prefix"},
	{"xmlns prefix declared", `<a xmlns:xmlns="http://www.w3.org/2000/xmlns/"/>`, 3, "xmlns must not be declared"},
	{"xmlns namespace bound", `<a xmlns:p="http://www.w3.org/2000/xmlns/"/>`, 3, "namespace of xmlns"},
	{"xmlns namespace as default", `<a xmlns="http://www.w3.org/2000/xmlns/"/>`, 3, "namespace of xmlns"},

	// Characters (X4).
	{"NUL in text", "<a>\x00</a>", 3, "U+0000"},
	{"escape character in text", "<a>x\x1By</a>", 4, "U+001B"},
	{"U+FFFE", "<a>\uFFFE</a>", 3, "U+FFFE"},
	{"U+FFFF in attribute", "<a b='\uFFFF'/>", 6, "U+FFFF"},
	{"overlong slash", "<a>\xC0\xAF</a>", 3, "0xC0 is not valid UTF-8"},
	{"overlong less-than", "<a>\xE0\x80\xBC</a>", 3, "0xE0 is not valid UTF-8"},
	{"overlong NUL", "<a>\xC0\x80</a>", 3, "0xC0 is not valid UTF-8"},
	{"surrogate in UTF-8", "<a>\xED\xA0\x80</a>", 3, "0xED is not valid UTF-8"},
	{"beyond Unicode in UTF-8", "<a>\xF4\x90\x80\x80</a>", 3, "0xF4 is not valid UTF-8"},
	{"UTF-8 cut short", "<a>\xC3</a>", 3, "0xC3 is not valid UTF-8"},
	{"continuation byte alone", "<a>\x80</a>", 3, "0x80 is not valid UTF-8"},
	{"Latin-1 without declaration", "<a>M\xFCller</a>", 4, "0xFC is not valid UTF-8"},
	{"UTF-8 broken in name", "<a\xC3/>", 2, "0xC3 is not valid UTF-8"},
	{"UTF-8 broken in attribute", "<a b='\xFF'/>", 6, "0xFF is not valid UTF-8"},
	{"UTF-8 broken in comment", "<a><!--\xFF--></a>", 7, "0xFF is not valid UTF-8"},
	{"UTF-8 broken in CDATA", "<a><![CDATA[\xFF]]></a>", 12, "0xFF is not valid UTF-8"},
	{"UTF-8 broken in instruction", "<a><?p \xFF?></a>", 7, "0xFF is not valid UTF-8"},
	{"UTF-8 broken at the end of the document", "<a>\xE2\x82", 3, "0xE2 is not valid UTF-8"},
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range refusals {
		if seen[c.name] {
			t.Errorf("two cases named %q", c.name)
		}
		seen[c.name] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			se := mustRefuse(t, []byte(c.doc), "", Limits{})
			if !strings.Contains(se.Message, c.want) || se.Offset != c.at || se.Limit {
				t.Errorf("%q: got %q at %d, limit %v; want %q at %d", c.doc, se.Message, se.Offset, se.Limit, c.want, c.at)
			}
		})
	}
}

// mustRefuse returns the SyntaxError of a document that must be refused.
func mustRefuse(t *testing.T, doc []byte, charset string, lim Limits) *SyntaxError {
	t.Helper()
	d, err := ParseCharset(doc, charset, lim)
	if err == nil {
		t.Fatalf("accepted %q as %s", quote(string(doc)), dump(d.Root))
	}
	var se *SyntaxError
	if !errors.As(err, &se) {
		t.Fatalf("%q: error %v is no SyntaxError", quote(string(doc)), err)
	}
	return se
}

func TestErrorPosition(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		doc               string
		offset, line, col int
	}{
		{"&", 0, 1, 1},
		{"<a>\n  &</a>", 6, 2, 3},
		{"<a>\r\n\r\n&</a>", 7, 3, 1},
		{"<a>\r\r&</a>", 5, 3, 1},
		{"<a>äöü&</a>", 9, 1, 7},
		{"\uFEFF<a>\n&</a>", 4, 2, 1},
		{"<a>\n", 4, 2, 1},
	} {
		se := mustRefuse(t, []byte(c.doc), "", Limits{})
		if se.Offset != c.offset || se.Line != c.line || se.Column != c.col {
			t.Errorf("%q: got offset %d line %d column %d, want %d %d %d", c.doc, se.Offset, se.Line, se.Column, c.offset, c.line, c.col)
		}
	}
}

func TestErrorQuotesNoContent(t *testing.T) {
	t.Parallel()
	const secret = "Muster^Anna"
	for _, doc := range []string{
		"<a>" + secret + "&</a>",
		"<a b='" + secret + "<'/>",
		"<a b='" + secret + "' b='" + secret + "'/>",
		"<a><!-- " + secret + " -- --></a>",
		"<a><![CDATA[" + secret,
		"<a xmlns:p='u' p:b='" + secret + "' p:b=''/>",
		secret + "<a/>",
	} {
		if se := mustRefuse(t, []byte(doc), "", Limits{}); strings.Contains(se.Error(), "Anna") {
			t.Errorf("error repeats content: %v", se)
		}
	}
	long := strings.Repeat("n", 200)
	if se := mustRefuse(t, []byte("<"+long+">"+"</x>"), "", Limits{}); len(se.Error()) > 150 {
		t.Errorf("error of %d bytes repeats a long name", len(se.Error()))
	}
}
