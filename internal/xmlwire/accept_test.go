package xmlwire

import (
	"strings"
	"testing"
)

// acceptance is one document and what is read from it.
type acceptance struct{ name, doc, want string }

var acceptances = []acceptance{
	{"empty element", "<a/>", `<{}a "">`},
	{"two tags", "<a></a>", `<{}a "">`},
	{"blanks in tags", "<a\n\t\r ></a \n>", `<{}a "">`},
	{"blank before slash", "<a />", `<{}a "">`},
	{"declaration", `<?xml version="1.0"?><a/>`, `<{}a "">`},
	{"declaration complete", "<?xml\tversion = '1.0'\n encoding = \"utf-8\" standalone='no' ?>\r\n<a/>", `<{}a "">`},
	{"declaration without encoding", `<?xml version='1.0' standalone="yes"?><a/>`, `<{}a "">`},
	{"byte order mark", "\uFEFF<a/>", `<{}a "">`},
	{"byte order mark and declaration", "\uFEFF<?xml version='1.0' encoding='UTF-8'?><a/>", `<{}a "">`},
	{"misc round the root", "<!-- a --><?p?> \n<a/><?xml-stylesheet href='x'?><!-- b -->\n", `<{}a "">`},

	{"text", "<a> x \n y\t</a>", `<{}a " x \n y\t">`},
	{"line ends", "<a>1\r\n2\r3\n4\r\r\n5</a>", `<{}a "1\n2\n3\n4\n\n5">`},
	{"CR by reference", "<a>1&#13;\n2&#xD;</a>", `<{}a "1\r\n2\r">`},
	{"predefined entities", "<a>&lt;&gt;&amp;&apos;&quot;</a>", `<{}a "<>&'\"">`},
	{"entity text is not read again", "<a>&amp;lt;&#38;#60;</a>", `<{}a "&lt;&#60;">`},
	{"character references", "<a>&#65;&#x42;&#x1F600;&#x0000000043;&#xe4;&#xE4;</a>", `<{}a "AB😀Cää">`},
	{"last character", "<a>&#x10FFFF;</a>", `<{}a "\U0010ffff">`},
	{"brackets in text", "<a>]] ]> ]]&gt; ></a>", `<{}a "]] ]> ]]> >">`},
	{"CDATA", "<a><![CDATA[<b>&amp;]] ]>\r\n]]></a>", `<{}a "<b>&amp;]] ]>\n">`},
	{"CDATA merged", "<a>1<![CDATA[2]]><![CDATA[]]>3&lt;<![CDATA[&lt;\r]]></a>", `<{}a "123<&lt;\n">`},
	{"CDATA ending in brackets", "<a><![CDATA[x]]]]></a>", `<{}a "x]]">`},
	{"empty CDATA", "<a><![CDATA[]]></a>", `<{}a "">`},
	{"comment in text", "<a>admin<!-- x - y -->istrator</a>", `<{}a "administrator">`},
	{"comment first", "<a><!-- < & ]]> > --> x</a>", `<{}a " x">`},
	{"comment beginning with a hyphen", "<a><!--->x<b>--></a>", `<{}a "">`},
	{"empty comment", "<a><!----></a>", `<{}a "">`},
	{"instruction in text", "<a>1<?p a?b ?? > & < ?>2<?q?>3</a>", `<{}a "123">`},
	{"instruction that looks like more", "<a>1<?p --><b>?>2</a>", `<{}a "12">`},
	{"text between children", "<a>1<b>x</b>2<b/>3<!-- <b> -->4</a>", `<{}a "1234"<{}b "x"><{}b "">>`},
	{"child in CDATA is text", "<a><b/><![CDATA[<b/>]]><b>2</b></a>", `<{}a "<b/>"<{}b ""><{}b "2">>`},
	{"greater-than in text", "<a>></a>", `<{}a ">">`},
	{"DEL and C1", "<a>\x7F\u0080\u009F</a>", `<{}a "\x7f\u0080\u009f">`},
	{"private use, byte order mark inside", "<a>\uE000\uFEFF\uFFFD</a>", `<{}a "` + "\\ue000\\ufeff\uFFFD" + `">`},

	{"attributes", `<a b="1" c='2'/>`, `<{}a {}b="1" {}c="2" "">`},
	{"the other quote", `<a b="it's" c='"'/>`, `<{}a {}b="it's" {}c="\"" "">`},
	{"blanks round equals", "<a b = \n '1'/>", `<{}a {}b="1" "">`},
	{"attribute white space", "<a b=' 1\t2\n3\r\n4\r5 '/>", `<{}a {}b=" 1 2 3 4 5 " "">`},
	{"attribute white space by reference", "<a b='&#9;&#10;&#13;&#32;'/>", `<{}a {}b="\t\n\r " "">`},
	{"attribute references", "<a b='&lt;&gt;&amp;&quot;&apos;&#x20AC;'/>", `<{}a {}b="<>&\"'€" "">`},
	{"attribute specials", "<a b='>]]>/=--'/>", `<{}a {}b=">]]>/=--" "">`},
	{"attribute empty", "<a b=''/>", `<{}a {}b="" "">`},
	{"attribute non-ASCII", "<a b='Müller 山田'/>", `<{}a {}b="Müller 山田" "">`},
	{"attributes of same hash class", `<a bc="" cb="" b="" ab="" ba="" bcb=""/>`, `<{}a {}ab="" {}b="" {}ba="" {}bc="" {}bcb="" {}cb="" "">`},

	{"default namespace", "<a xmlns='u'><b c=''/></a>", `<{u}a ""<{u}b {}c="" "">>`},
	{"default undeclared", "<a xmlns='u'><b xmlns=''><c/></b><d/></a>", `<{u}a ""<{}b ""<{}c "">><{u}d "">>`},
	{"prefix", "<p:a xmlns:p='u' p:b='1' b='2'/>", `<{u}a {u}b="1" {}b="2" "">`},
	{"prefix declared after use", "<p:a p:b='1' xmlns:p='u'/>", `<{u}a {u}b="1" "">`},
	{"prefix redeclared", "<p:a xmlns:p='u'><p:a xmlns:p='v'><p:a/></p:a><p:a/></p:a>", `<{u}a ""<{v}a ""<{v}a "">><{u}a "">>`},
	{"name again in another scope", "<a><p:b xmlns:p='u'/><p:b xmlns:p='v'/></a>", `<{}a ""<{u}b ""><{v}b "">>`},
	{"two prefixes of one namespace", "<p:a xmlns:p='u' xmlns:q='u'><q:a p:b=''/></p:a>", `<{u}a ""<{u}a {u}b="" "">>`},
	{"same local in two namespaces", "<a xmlns:p='u' xmlns:q='v' p:b='1' q:b='2' b='3'/>", `<{}a {u}b="1" {v}b="2" {}b="3" "">`},
	{"same local, default namespace", "<p:a xmlns='u' xmlns:p='u' p:b='1' b='2'/>", `<{u}a {u}b="1" {}b="2" "">`},
	{"namespace equal to a prefix", "<a xmlns:p='q' xmlns:q='p' p:b='1' q:b='2'/>", `<{}a {p}b="2" {q}b="1" "">`},
	{"xml prefix", "<a xml:lang='de' xml:space='preserve'/>", `<{}a {` + xmlSpace + `}lang="de" {` + xmlSpace + `}space="preserve" "">`},
	{"xml prefix declared", "<a xmlns:xml='" + xmlSpace + "' xml:id='x'/>", `<{}a {` + xmlSpace + `}id="x" "">`},
	{"reference in namespace", "<a xmlns:p='u?x&amp;y' p:b=''/>", `<{}a {u?x&y}b="" "">`},
	{"prefix xm", "<xm:a xmlns:xm='u' xmlnsx='1'/>", `<{u}a {}xmlnsx="1" "">`},

	{"names", "<_a.b-c1 ÄÖ.='1' 山=" + `"2" _=''/>`, `<{}_a.b-c1 {}_="" {}ÄÖ.="1" {}山="2" "">`},
	{"fifth edition names", "<\U00010000\u0300 \u2070=''/>", "<{}\U00010000\u0300 {}\u2070=\"\" \"\">"},
	{"middle dot in name", "<a\u00B7\u203F/>", "<{}a\u00B7\u203F \"\">"},
	{"prefix non-ASCII", "<ü:ä xmlns:ü='u'/>", `<{u}ä "">`},
	{"xop include", "<D xmlns='u'><xop:Include xmlns:xop='x' href='cid:1@2.999'/></D>", `<{u}D ""<{x}Include {}href="cid:1@2.999" "">>`},
}

func TestAccept(t *testing.T) {
	t.Parallel()
	for _, c := range acceptances {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := Parse([]byte(c.doc), Limits{})
			if err != nil {
				t.Fatalf("%q: %v", c.doc, err)
			}
			if got := dump(d.Root); got != c.want {
				t.Errorf("%q:\n got %s\nwant %s", c.doc, got, c.want)
			}
			checkOffsets(t, d)
		})
	}
}

// checkOffsets verifies that every element's offsets cut out its own tags and content.
func checkOffsets(t *testing.T, d *Document) {
	t.Helper()
	var walk func(e *Element)
	walk = func(e *Element) {
		outer, inner := string(d.Bytes[e.Start:e.End]), string(d.Bytes[e.ContentStart:e.ContentEnd])
		open, shut := string(d.Bytes[e.Start:e.ContentStart]), string(d.Bytes[e.ContentEnd:e.End])
		qname := e.Name.Local
		if e.Prefix != "" {
			qname = e.Prefix + ":" + qname
		}
		if !strings.HasPrefix(open, "<"+qname) || !strings.HasSuffix(open, ">") || outer != open+inner+shut {
			t.Errorf("%s: start tag %q, content %q, end tag %q, whole %q", e.Path(), open, inner, shut, outer)
		}
		if shut == "" != strings.HasSuffix(open, "/>") || shut != "" && (!strings.HasPrefix(shut, "</"+qname) || !strings.HasSuffix(shut, ">")) {
			t.Errorf("%s: start tag %q, end tag %q", e.Path(), open, shut)
		}
		at := e.ContentStart
		for c := range e.Children() {
			if c.Parent != e || c.Start < at || c.End > e.ContentEnd {
				t.Errorf("%s lies at %d to %d, outside its place in %s", c.Path(), c.Start, c.End, e.Path())
			}
			at = c.End
			walk(c)
		}
	}
	walk(d.Root)
}
