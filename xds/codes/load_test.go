package codes_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"dossier/xds"
	"dossier/xds/codes"
)

func content(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t testing.TB, name string) *codes.Set {
	t.Helper()
	s, err := codes.Load(name, content(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// all lists the attributes that a file may restrict.
var all = []codes.Attribute{
	codes.ClassCode, codes.ConfidentialityCode, codes.EventCodeList, codes.FormatCode, codes.HealthcareFacilityTypeCode,
	codes.LanguageCode, codes.MimeType, codes.PracticeSettingCode, codes.TypeCode, codes.ContentTypeCode, codes.CodeList, codes.Documentation,
}

// TestBothFormatsSayTheSame: the two files of testdata hold the same sets, and all attributes.
func TestBothFormatsSayTheSame(t *testing.T) {
	t.Parallel()
	y, x := load(t, "testdata/codes.yaml"), load(t, "testdata/codes.xml")
	if got := y.Attributes(); !slices.Equal(got, all) {
		t.Errorf("attributes: got %q, want %q", got, all)
	}
	for _, a := range all {
		if got, want := x.Codes(a), y.Codes(a); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: codes.xml has %v, codes.yaml %v", a, got, want)
		}
	}
	if got, want := y.String(), "20 codes of 12 attributes"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestValuesAreTakenAsWritten(t *testing.T) {
	t.Parallel()
	for _, v := range []string{
		"N", "no", "Yes", "007", "1.10", "1e3", "0x1F", "2024-01-01", "12:30", "true", "11488-4", "2.999", "1_000", "+1", ".5", "<<", "~x",
		"äöü", "a b", "urn:ihe:iti:xds:2017:mimeTypeSufficient", "a#b", "'null'", `"~"`, "a''b",
	} {
		s, err := codes.Load("f", []byte("classCode:\n  - code: "+v+"\n    scheme: 2.999\n    display: "+v+"\n"))
		if err != nil {
			t.Errorf("%s: %v", v, err)
			continue
		}
		want := strings.Trim(v, `'"`)
		if got := s.Codes(codes.ClassCode); len(got) != 1 || got[0] != (xds.Code{Code: want, Scheme: "2.999", Display: want}) {
			t.Errorf("%s: got %q", v, got)
		}
	}
}

func TestAccepted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file string
		has  xds.Code // of classCode
	}{
		"flow":               {"{classCode: [{code: a, scheme: b}]}", xds.Code{Code: "a", Scheme: "b"}},
		"json":               {`{"classCode": [{"code": "a", "scheme": "b", "display": "c"}]}`, xds.Code{Code: "a", Scheme: "b"}},
		"comments":           {"# x\nclassCode: # y\n  # z\n  - {code: a, scheme: b} # w\n", xds.Code{Code: "a", Scheme: "b"}},
		"document start":     {"---\nclassCode: [{code: a, scheme: b}]\n...\n", xds.Code{Code: "a", Scheme: "b"}},
		"byte order mark":    {"\ufeffclassCode: [{code: a, scheme: b}]\n", xds.Code{Code: "a", Scheme: "b"}},
		"line ends of DOS":   {"classCode:\r\n  - code: a\r\n    scheme: b\r\n", xds.Code{Code: "a", Scheme: "b"}},
		"name in upper case": {"CLASSCODE: [{code: a, scheme: b}]\n", xds.Code{Code: "a", Scheme: "b"}},
		"display empty":      {"classCode: [{code: a, scheme: b, display: ''}]\n", xds.Code{Code: "a", Scheme: "b"}},
		"same code, other scheme": {"classCode: [{code: a, scheme: b}, {code: a, scheme: c}]\n",
			xds.Code{Code: "a", Scheme: "c"}},
		"same code, other attribute": {"classCode: [{code: a, scheme: b}]\ntypeCode: [{code: a, scheme: b}]\n",
			xds.Code{Code: "a", Scheme: "b"}},
		"xml": {`<Codes><CodeType name="classCode"><Code code="a" codingScheme="b"/></CodeType></Codes>`, xds.Code{Code: "a", Scheme: "b"}},
		"xml after space and mark": {"\ufeff" + `<!-- x --><Codes><CodeType name="ClassCode"><Code code="a" codingScheme="b"/></CodeType></Codes>`,
			xds.Code{Code: "a", Scheme: "b"}},
		"xml, scheme in upper case": {`<Codes><CodeType name="classCode" classScheme="URN:UUID:41A5887F-8865-4C09-ADF7-E362475B143A"><Code code="a" codingScheme="b"/></CodeType></Codes>`,
			xds.Code{Code: "a", Scheme: "b"}},
		"xml in UTF-16": {utf16(`<Codes><CodeType name="classCode"><Code code="a" codingScheme="b"/></CodeType></Codes>`), xds.Code{Code: "a", Scheme: "b"}},
		"xml with a scheme for mimeType": {`<Codes><CodeType name="mimeType"><Code code="text/xml" codingScheme="x"/></CodeType><CodeType name="classCode"><Code code="a" codingScheme="b"/></CodeType></Codes>`,
			xds.Code{Code: "a", Scheme: "b"}},
	} {
		s, err := codes.Load("f", []byte(c.file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !s.Has(codes.ClassCode, c.has) || s.Has(codes.ClassCode, xds.Code{Code: "a", Scheme: "x"}) {
			t.Errorf("%s: got %q, want %q alone", name, s.Codes(codes.ClassCode), c.has)
		}
	}
}

func utf16(s string) string {
	out := "\xff\xfe"
	for _, c := range []byte(s) {
		out += string([]byte{c, 0})
	}
	return out
}

const known = "classCode, confidentialityCode, eventCodeList, formatCode, healthcareFacilityTypeCode, languageCode, mimeType, practiceSettingCode, typeCode, contentTypeCode, codeList, documentation"

// refused holds broken files with everything that is said about each, line for line.
var refused = map[string]struct{ file, want string }{
	"empty":             {"", "f:1:1: expected attributes with lists of codes, found an empty file"},
	"comment only":      {"# nothing\n", "f:1:1: expected attributes with lists of codes, found an empty file"},
	"null document":     {"---\n", "f:2:1: expected attributes with lists of codes, got nothing"},
	"text":              {"hello\n", `f:1:1: expected attributes with lists of codes, got the text "hello"`},
	"list":              {"- a\n", "f:1:1: expected attributes with lists of codes, got a list"},
	"no attribute":      {"{}\n", "f:1:1: expected at least one attribute, found none"},
	"unknown attribute": {"classCodes: [{code: a, scheme: b}]\n", `f:1:1: expected an attribute among ` + known + `, got "classCodes"`},
	"attribute twice": {"codeList: [{code: a, scheme: b}]\nfolderCodeList: [{code: c, scheme: b}]\n",
		"f:2:1: codeList: expected one list, found a second one; the first is at line 1"},
	"attribute no name":     {"[a]: [b]\n", "f:1:1: expected an attribute among " + known + ", got a list"},
	"empty list":            {"typeCode: []\n", "f:1:11: typeCode: expected at least one code; leave the attribute out to allow every code"},
	"nothing":               {"typeCode:\nclassCode: [{code: a, scheme: b}]\n", "f:1:10: typeCode: expected a list, got nothing"},
	"mapping for list":      {"typeCode: {code: a, scheme: b}\n", "f:1:11: typeCode: expected a list, got a mapping"},
	"text for list":         {"mimeType: text/xml\n", `f:1:11: mimeType: expected a list, got "text/xml"`},
	"text for code":         {"typeCode: [a]\n", `f:1:12: typeCode: expected {code, scheme, display}, got "a"`},
	"list for code":         {"mimeType: [[a]]\n", `f:1:12: mimeType: expected a value or {code, display}, got a list`},
	"no scheme":             {"typeCode: [{code: a}]\n", "f:1:12: typeCode: expected {code, scheme, display}, found no scheme"},
	"no code":               {"typeCode: [{scheme: a}]\n", "f:1:12: typeCode: expected {code, scheme, display}, found no code"},
	"unknown key":           {"typeCode: [{code: a, scheme: b, name: c}]\n", `f:1:33: typeCode: expected {code, scheme, display}, got the key "name"`},
	"key twice":             {"typeCode: [{code: a, scheme: b, code: c}]\n", "f:1:33: typeCode: code is given twice"},
	"scheme of mimeType":    {"mimeType: [{code: text/xml, scheme: b}]\n", `f:1:29: mimeType: expected a value or {code, display}, got the key "scheme"`},
	"key no name":           {"typeCode: [{[a]: b, code: c, scheme: d}]\n", "f:1:13: typeCode: expected {code, scheme, display}, got the key a list"},
	"null code":             {"typeCode: [{code: , scheme: b}]\n", "f:1:19: typeCode: expected a text for code, got nothing"},
	"null scheme":           {"typeCode: [{code: a, scheme: ~}]\n", "f:1:30: typeCode: expected a text for scheme, got ~, which means nothing in YAML unless it is quoted"},
	"list for display":      {"typeCode: [{code: a, scheme: b, display: [c]}]\n", "f:1:42: typeCode: expected a text for display, got a list"},
	"empty code":            {"typeCode: [{code: '', scheme: b}]\n", `f:1:19: typeCode: code "" is empty`},
	"white space":           {"typeCode: [{code: a, scheme: 'b '}]\n", `f:1:30: typeCode: scheme "b " begins or ends with white space`},
	"control character":     {"mimeType: [\"a\\tb\"]\n", `f:1:12: mimeType: code "a\tb" holds a control character`},
	"code twice":            {"typeCode:\n  - {code: a, scheme: b}\n  - {code: c, scheme: b}\n  - {code: a, scheme: b, display: d}\n", `f:4:5: typeCode: "a^^b" is listed already, at line 2`},
	"value twice":           {"mimeType: [a/b, a/b]\n", `f:1:17: mimeType: "a/b" is listed already, at line 1`},
	"alias":                 {"typeCode: &x [{code: a, scheme: b}]\nclassCode: *x\n", "f:2:12: classCode: expected a list, got an alias, which is not supported"},
	"alias of itself":       {"typeCode: &x [*x]\n", "f:1:15: typeCode: expected {code, scheme, display}, got an alias, which is not supported"},
	"second document":       {"typeCode: [{code: a, scheme: b}]\n---\ntypeCode: [{code: c, scheme: b}]\n", "f:2:1: expected one YAML document, found a second one"},
	"broken second one":     {"typeCode: [{code: a, scheme: b}]\n---\n{\n", "f:3: not YAML: did not find expected node content"},
	"unclosed item":         {"typeCode:\n  - {code: a, scheme: b}\n  - {code: c, scheme: b\n  - {code: d, scheme: b}\n", "f:3: not YAML: did not find expected ',' or '}'"},
	"two unclosed items":    {"typeCode:\n  - {code: c, scheme: b\n  - {code: d, scheme: b}\nclassCode:\n  - {code: 'd, scheme: b}\n", "f:2: not YAML: did not find expected ',' or '}'\nf:5: not YAML: found unexpected end of stream"},
	"indentation":           {"typeCode:\n  - code: a\n    scheme: b\n   display: c\n", "f:3: not YAML: did not find expected '-' indicator"},
	"items out of line":     {"typeCode:\n  - {code: a, scheme: b}\n - {code: c, scheme: b}\n", "f:2: here or below: not YAML: did not find expected key"},
	"tab":                   {"typeCode:\n\t- {code: a, scheme: b}\n", "f:2: not YAML: found character that cannot start any token"},
	"colon in a value":      {"typeCode:\n  - code: a: b\n", "f:2: not YAML: mapping values are not allowed in this context"},
	"unknown anchor":        {"typeCode: *x\n", "f:1: not YAML: unknown anchor 'x' referenced"},
	"no text":               {"\x01\x02", "f:1: not YAML: control characters are not allowed"},
	"not UTF-8":             {"typeCode:\n  - {code: \xff, scheme: b}\n", "f:2: not YAML: invalid leading UTF-8 octet"},
	"several":               {"typeCode: [{code: a}]\nfoo: []\nmimeType: []\n", "f:1:12: typeCode: expected {code, scheme, display}, found no scheme\nf:2:1: expected an attribute among " + known + `, got "foo"` + "\nf:3:11: mimeType: expected at least one code; leave the attribute out to allow every code"},
	"xml syntax":            {"<Codes>\n  <CodeType name='typeCode'>\n</Codes>", `f:3:1: expected the end tag of element "CodeType"`},
	"xml root":              {`<Codez/>`, "f:1:1: expected element Codes, got Codez"},
	"xml root of elsewhere": {`<Codes xmlns="urn:x"/>`, "f:1:1: expected element Codes, got {urn:x}Codes"},
	"xml empty":             {`<Codes> </Codes>`, "f:1:1: expected at least one CodeType, found none"},
	"xml unknown element":   {"<Codes>\n <CodeTypes/></Codes>", "f:2:2: expected CodeType or AssigningAuthority, got CodeTypes"},
	"xml unknown attribute": {"<Codes>\n <CodeType name=\"classCodes\"/></Codes>", "f:2:2: CodeType: expected a name among " + known + `, got "classCodes"`},
	"xml no name":           {"<Codes><CodeType/></Codes>", "f:1:8: CodeType: expected a name among " + known + `, got ""`},
	"xml other scheme": {`<Codes><CodeType name="typeCode" classScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"><Code code="a" codingScheme="b"/></CodeType></Codes>`,
		`f:1:8: typeCode: expected classScheme "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983", got "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"`},
	"xml list twice": {"<Codes>\n<CodeType name='mimeType'><Code code='a/b'/></CodeType>\n<CodeType name='mimeType'><Code code='a/c'/></CodeType></Codes>",
		"f:3:1: mimeType: expected one list, found a second one"},
	"xml empty list":    {"<Codes>\r\n<CodeType name='mimeType'/></Codes>", "f:2:1: mimeType: expected at least one Code; leave the CodeType out to allow every code"},
	"xml other element": {"<Codes><CodeType name='mimeType'><Cod code='a/b'/></CodeType></Codes>", "f:1:34: mimeType: expected Code, got Cod"},
	"xml text":          {"<Codes><CodeType name='mimeType'>x<Code code='a/b'/></CodeType></Codes>", `f:1:8: CodeType: expected elements only, got text "x"`},
	"xml no code":       {"<Codes><CodeType name='mimeType'><Code/></CodeType></Codes>", `f:1:34: mimeType: code "" is empty`},
	"xml no scheme":     {"<Codes>\r<CodeType name='typeCode'>\r\n\n<!-- ä --> <Code code='a'/></CodeType></Codes>", `f:4:12: typeCode: codingScheme "" of code "a" is empty`},
	"xml white space":   {"<Codes><CodeType name='typeCode'><Code code='a' codingScheme=' b'/></CodeType></Codes>", `f:1:34: typeCode: codingScheme " b" of code "a" begins or ends with white space`},
	"xml several":       {"<Codes><x/>\n<CodeType name='typeCode'><Code/><y/></CodeType></Codes>", "f:1:8: expected CodeType or AssigningAuthority, got x\nf:2:27: typeCode: code \"\" is empty\nf:2:27: typeCode: codingScheme \"\" of code \"\" is empty\nf:2:34: typeCode: expected Code, got y"},
	"xml with a DTD":    {"<!DOCTYPE Codes><Codes/>", "f:1:1: a document type declaration is not allowed"},
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range refused {
		s, err := codes.Load("f", []byte(c.file))
		if err == nil || s != nil {
			t.Errorf("%s: accepted: %v", name, s)
			continue
		}
		if err.Error() != c.want {
			t.Errorf("%s\n got  %s\n want %s", name, err, c.want)
		}
	}
}

func TestFaultsAreCounted(t *testing.T) {
	t.Parallel()
	_, err := codes.Load("f", []byte("typeCode: ["+strings.Repeat("a, ", 250)+"]\n"))
	var file *codes.FileError
	if !errors.As(err, &file) || len(file.Faults) != 100 || file.More != 150 || !strings.HasSuffix(err.Error(), "\nf: 150 more faults") {
		t.Errorf("got %v", err)
	}
	// Quickly, too: places are counted from the beginning of the file.
	_, err = codes.Load("f", []byte("<Codes><CodeType name='mimeType'>"+strings.Repeat("<Code/>", 400_000)+"</CodeType></Codes>"))
	if !errors.As(err, &file) || len(file.Faults) != 100 || file.More != 399_900 {
		t.Errorf("XML: got %.200v", err)
	}
	_, err = codes.Load("f", make([]byte, codes.MaxFile+1))
	if err == nil || err.Error() != "f: expected at most 8388608 bytes, got 8388609" {
		t.Errorf("too long: %v", err)
	}
}

// TestLongValuesAreCut: an error is for a screen.
func TestLongValuesAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 10_000)
	for _, file := range []string{long + ": []", "typeCode: [{code: ' " + long + "', scheme: " + long + "}]", "<" + long[:200] + "/>", "<Codes><CodeType name='" + long + "'/></Codes>"} {
		if _, err := codes.Load("f", []byte(file)); err == nil || len(err.Error()) > 600 {
			t.Errorf("%.40s: got %.1000v", file, err)
		}
	}
}

// TestDocumentation: the example of docs/codes.md loads, and that page and the package comment name every attribute.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	page := string(content(t, filepath.Join("..", "..", "docs", "codes.md")))
	_, rest, _ := strings.Cut(page, "## The file\n")
	_, rest, found := strings.Cut(rest, "```yaml\n")
	example, _, closed := strings.Cut(rest, "```\n")
	if !found || !closed {
		t.Fatal("no example in docs/codes.md")
	}
	if _, err := codes.Load("docs/codes.md", []byte(example)); err != nil {
		t.Error(err)
	}
	comment := string(content(t, "doc.go"))
	for _, a := range all {
		if !strings.Contains(page, "`"+string(a)+"`") || !strings.Contains(comment, string(a)) {
			t.Errorf("%s is not explained", a)
		}
	}
}

// TestOracle: the list of the test tools loads whole.
func TestOracle(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("DOSSIER_ORACLE")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "oracle")
	}
	b, err := os.ReadFile(filepath.Join(dir, "codes.xml"))
	if err != nil {
		t.Skip("no codes.xml in the oracle folder (DOSSIER_ORACLE)")
	}
	s, err := codes.Load("codes.xml", b)
	if err != nil {
		t.Fatal(err)
	}
	lists, listed := strings.Count(string(b), "<CodeType "), map[string]bool{}
	attribute := ""
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, "<CodeType ") {
			attribute = between(line, `name="`)
		}
		if strings.Contains(line, "<Code ") {
			listed[attribute+"|"+between(line, ` code="`)+"|"+between(line, `codingScheme="`)] = true
		}
	}
	n := 0
	for _, a := range s.Attributes() {
		n += len(s.Codes(a))
	}
	if n != len(listed) || len(s.Attributes()) != lists {
		t.Errorf("got %v, the file has %d codes in %d lists", s, len(listed), lists)
	}
}

func between(s, begin string) string {
	_, rest, _ := strings.Cut(s, begin)
	text, _, _ := strings.Cut(rest, `"`)
	return text
}
