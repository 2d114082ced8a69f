package xmlwire

import (
	"encoding/binary"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

func numbered(n int, before, after string) string {
	var sb strings.Builder
	for i := range n {
		sb.WriteString(before)
		sb.WriteString(strconv.Itoa(i))
		sb.WriteString(after)
	}
	return sb.String()
}

// TestLimitEdges takes each limit to its last good value and one past it.
func TestLimitEdges(t *testing.T) {
	t.Parallel()
	r := strings.Repeat
	for _, c := range []struct {
		name string
		lim  Limits
		good string
		bad  string
		want string
	}{
		{"bytes", Limits{Bytes: 10}, "<a>123</a>", "<a>1234</a>", "longer than 10 bytes"},
		{"depth", Limits{Depth: 3}, "<a><a><a/></a></a>", "<a><a><a><a/></a></a></a>", "deeper than 3"},
		{"depth by default", Limits{}, r("<a>", 64) + r("</a>", 64), r("<a>", 65) + r("</a>", 65), "deeper than 64"},
		{"depth is not width", Limits{Depth: 2}, "<a>" + r("<b/>", 9) + r("<b></b>", 9) + "</a>", "<a><b><c/></b></a>", "deeper than 2"},
		{"attributes", Limits{Attributes: 2}, "<a b='' c=''/>", "<a b='' c='' d=''/>", "more than 2 attributes"},
		{"attributes by default", Limits{}, "<a" + numbered(64, " b", "=''") + "/>", "<a" + numbered(65, " b", "=''") + "/>", "more than 64 attributes"},
		{"attributes apart from declarations", Limits{Attributes: 1}, "<a xmlns='u' xmlns:p='v' b=''/>", "<a p:c='' xmlns:p='v' b=''/>", "more than 1 attributes"},
		{"attributes per element", Limits{Attributes: 1}, "<a b=''><a b=''/><a b=''/></a>", "<a b=''><a b='' c=''/></a>", "more than 1 attributes"},
		{"namespaces", Limits{Namespaces: 1}, "<a xmlns='u'><b xmlns='v'/></a>", "<a xmlns='u' xmlns:p='v'/>", "more than 1 namespace"},
		{"namespaces by default", Limits{}, "<a" + numbered(32, " xmlns:p", "='u'") + "/>", "<a" + numbered(33, " xmlns:p", "='u'") + "/>", "more than 32 namespace"},
		{"element name", Limits{Name: 3}, "<abc/>", "<abcd/>", "name longer than 3"},
		{"name with prefix", Limits{Name: 7}, "<p:a xmlns:p='u'/>", "<p:abcdef xmlns:p='u'/>", "name longer than 7"},
		{"attribute name", Limits{Name: 3}, "<a bcd=''/>", "<a bcde=''/>", "name longer than 3"},
		{"instruction target", Limits{Name: 3}, "<a><?bcd?></a>", "<a><?bcde?></a>", "name longer than 3"},
		{"name by default", Limits{}, "<" + r("a", 256) + "/>", "<" + r("a", 257) + "/>", "name longer than 256"},
		{"attribute value", Limits{AttrValue: 3}, "<a b='123'/>", "<a b='1234'/>", "value longer than 3"},
		{"attribute value as written", Limits{AttrValue: 5}, "<a b='&lt;1'/>", "<a b='&lt;12'/>", "value longer than 5"},
		{"attribute value by default", Limits{}, "<a b='" + r("x", 64<<10) + "'/>", "<a b='" + r("x", 64<<10+1) + "'/>", "value longer than 65536"},
		{"namespace name", Limits{AttrValue: 3}, "<a xmlns='urn'/>", "<a xmlns='urn:'/>", "value longer than 3"},
		{"elements", Limits{Elements: 3}, "<a><b/><b></b></a>", "<a><b/><b/><b/></a>", "more than 3 elements"},
		{"negative means default", Limits{Depth: -1, Elements: -1}, "<a><b/></a>", r("<a>", 65), "deeper than 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse([]byte(c.good), c.lim); err != nil {
				t.Errorf("at the limit: %v", err)
			}
			if se := mustRefuse(t, []byte(c.bad), "", c.lim); !se.Limit || !strings.Contains(se.Message, c.want) {
				t.Errorf("past the limit: got %q, limit %v; want %q", se.Message, se.Limit, c.want)
			}
		})
	}
}

// TestBytesLimitAfterRecoding: the limit counts UTF-8, whatever was sent.
func TestBytesLimitAfterRecoding(t *testing.T) {
	t.Parallel()
	latin := func(n int) []byte { return []byte("<a>" + strings.Repeat("\xE9", n) + "</a>") }
	wide := func(n int) []byte { return inUTF16(binary.LittleEndian, "\uFEFF<a>"+strings.Repeat("山", n)+"</a>") }
	for _, c := range []struct {
		name, charset string
		doc           func(int) []byte
		most          int // repetitions that fill 100 bytes of UTF-8
	}{
		{"ISO-8859-1 grows", "ISO-8859-1", latin, 46},
		{"UTF-16 of three-byte characters grows", "", wide, 31},
	} {
		if _, err := ParseCharset(c.doc(c.most), c.charset, Limits{Bytes: 100}); err != nil {
			t.Errorf("%s: at the limit: %v", c.name, err)
		}
		if se := mustRefuse(t, c.doc(c.most+1), c.charset, Limits{Bytes: 100}); !se.Limit {
			t.Errorf("%s: past the limit: %v", c.name, se)
		}
	}
}

// TestHostileSizes: documents made to cost much are refused within 10 ms and 1 MiB (reliability X3). It runs alone,
// because it reads the memory statistics of the process.
func TestHostileSizes(t *testing.T) {
	r := strings.Repeat
	huge := Limits{Bytes: 1 << 30}
	for _, c := range []struct {
		name string
		doc  func() string // built when its turn comes: all at once would be a gigabyte
		lim  Limits
	}{
		{"depth 10^6", func() string { return r("<a>", 1e6) }, Limits{}},
		{"depth 10^6 with namespaces", func() string { return r("<a xmlns='u'>", 1e6) }, Limits{}},
		{"200k attributes", func() string { return "<a" + numbered(2e5, " b", "=''") + "/>" }, Limits{}},
		{"200k prefixed attributes", func() string { return "<a xmlns:p='u'" + numbered(2e5, " p:b", "=''") + "/>" }, Limits{}},
		{"100k declarations", func() string { return "<a" + numbered(1e5, " xmlns:p", "='u'") + "/>" }, Limits{}},
		{"64 MB text", func() string { return "<a>" + r("x", 64<<20) + "</a>" }, Limits{}},
		{"64 MB attribute", func() string { return "<a b='" + r("x", 64<<20) + "'/>" }, huge},
		{"64 MB attribute of references", func() string { return "<a b='" + r("&lt;", 16<<20) + "'/>" }, huge},
		{"64 MB name", func() string { return "<" + r("x", 64<<20) + "/>" }, huge},
		{"64 MB attribute name", func() string { return "<a " + r("x", 64<<20) + "=''/>" }, huge},
		{"64 MB instruction target", func() string { return "<?" + r("x", 64<<20) + "?><a/>" }, huge},
		{"64 MB declaration", func() string { return "<?xml version='" + r("1", 64<<20) + "'?><a/>" }, huge},
		{"64 MB end tag", func() string { return "<a></" + r("a", 64<<20) + ">" }, huge},
		{"DOCTYPE of 64 MB", func() string { return "<!DOCTYPE a [" + r(" ", 64<<20) + "]><a/>" }, huge},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc := []byte(c.doc())
			best, most := time.Hour, uint64(0)
			for range 20 { // the best of some: the machine may be busy with others
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				start := time.Now()
				_, err := Parse(doc, c.lim)
				best = min(best, time.Since(start))
				runtime.ReadMemStats(&after)
				most = max(most, after.TotalAlloc-before.TotalAlloc)
				if err == nil {
					t.Fatal("accepted")
				}
				if best <= 10*time.Millisecond {
					break
				}
			}
			if best > 10*time.Millisecond || most > 1<<20 {
				t.Errorf("refused after %v and %d bytes allocated, want 10 ms and 1 MiB at most", best, most)
			}
		})
	}
}

// TestManyCheapThings: what no limit forbids must stay linear. It runs alone, because it looks at the clock.
func TestManyCheapThings(t *testing.T) {
	if raceEnabled {
		t.Skip("skipped: the race detector makes times meaningless; run without -race")
	}
	r := strings.Repeat
	scopes := "<a" + numbered(32, " xmlns:p", "='u'") + ">"
	for i := range 62 {
		scopes += "<a" + numbered(32, " xmlns:q"+strconv.Itoa(i)+"x", "='u'") + ">"
	}
	for _, c := range []struct{ name, doc string }{
		{"10^6 comments", "<a>" + r("<!---->", 1e6) + "</a>"},
		{"10^6 comments in text", "<a>" + r("x<!---->", 1e6) + "</a>"},
		{"10^6 references", "<a>" + r("&lt;", 1e6) + "</a>"},
		{"10^5 slots", "<a>" + r("<b><c>x</c></b>", 1e5) + "</a>"},
		{"2000 prefixes in scope", scopes + r("<p0:b p31:c=''/><p1:b p30:c=''/>", 1e5) + r("</a>", 63)},
		{"64 attributes of one hash class", "<a>" + r("<a"+numbered(64, " b", "b=''")+"/>", 1e4) + "</a>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			// A twentieth of the ordinary speed, in the best of some runs, leaves room for a busy machine; anything
			// quadratic takes minutes.
			most := 500*time.Millisecond + time.Duration(len(c.doc))*time.Second/(10<<20)
			best := time.Hour
			for try := 0; try < 10 && best > most; try++ {
				start := time.Now()
				d, err := Parse([]byte(c.doc), Limits{})
				if err != nil {
					t.Fatal(err)
				}
				_ = d.Root.Text()
				best = min(best, time.Since(start))
			}
			if best > most {
				t.Errorf("%d bytes took %v, want %v at most", len(c.doc), best, most)
			}
		})
	}
}

// TestFewAllocations: a 12 KB message costs at most 20 allocations, the tree included.
func TestFewAllocations(t *testing.T) {
	doc := registerMessage(2)
	got := testing.AllocsPerRun(10, func() {
		if _, err := Parse(doc, Limits{}); err != nil {
			t.Fatal(err)
		}
	})
	if got > 20 {
		t.Errorf("%v allocations for %d bytes, want 20 at most", got, len(doc))
	}
}
