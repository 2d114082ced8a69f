package xmlwire

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 recodes s; the byte order mark, if wanted, is part of s.
func inUTF16(order binary.AppendByteOrder, s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func TestEncodingAccepted(t *testing.T) {
	t.Parallel()
	const body = "<a ü='é'>Müller 山 😀</a>"
	const want = `<{}a {}ü="é" "Müller 山 😀">`
	be := func(s string) []byte { return inUTF16(binary.BigEndian, s) }
	le := func(s string) []byte { return inUTF16(binary.LittleEndian, s) }
	latin := "<?xml version='1.0' encoding='iso-8859-1'?><a \xFC='\xE9'>M\xFCller\x80</a>"
	const latinWant = `<{}a {}ü="é" "Müller\u0080">`
	for _, c := range []struct {
		name    string
		doc     []byte
		charset string
		want    string
	}{
		{"UTF-8", []byte(body), "", want},
		{"UTF-8 declared", []byte("<?xml version='1.0' encoding='UTF-8'?>" + body), "", want},
		{"utf8 declared", []byte("<?xml version='1.0' encoding='utf8'?>" + body), "", want},
		{"UTF-8 by transport", []byte(body), "utf-8", want},
		{"transport outranks declaration", []byte("<?xml version='1.0' encoding='utf-16'?>" + body), "UTF-8", want},
		{"transport outranks unknown declaration", []byte("<?xml version='1.0' encoding='x-mine'?>" + body), "UTF-8", want},
		{"mark outranks transport", []byte("\uFEFF" + body), "ISO-8859-1", want},
		{"mark outranks declaration that the transport overrules", []byte("\uFEFF<?xml version='1.0' encoding='utf-16'?>" + body), "utf-16", want},
		{"UTF-16BE by mark", be("\uFEFF" + body), "", want},
		{"UTF-16LE by mark", le("\uFEFF" + body), "", want},
		{"UTF-16LE by mark, declared", le("\uFEFF<?xml version='1.0' encoding='UTF-16'?>" + body), "", want},
		{"UTF-16BE by mark, declared exactly", be("\uFEFF<?xml version='1.0' encoding='utf-16be'?>" + body), "", want},
		{"UTF-16LE by mark against transport", le("\uFEFF" + body), "utf-8", want},
		{"UTF-16BE by declaration", be("<?xml version='1.0' encoding='UTF-16'?>" + body), "", want},
		{"UTF-16LE by declaration", le("<?xml version='1.0' encoding='UTF-16LE'?>" + body), "", want},
		{"UTF-16BE by transport", be(body), "UTF-16BE", want},
		{"UTF-16LE by transport", le(body), "utf-16le", want},
		{"UTF-16 by transport, order by shape", le(body), "UTF-16", want},
		{"UTF-16 by transport, other order by shape", be(body), "UTF-16", want},
		{"ISO-8859-1 declared", []byte(latin), "", latinWant},
		{"ISO-8859-1 by transport", []byte("<a \xFC='\xE9'>M\xFCller\x80</a>"), "iso-8859-1", latinWant},
		{"latin1 by transport against declaration", []byte("<?xml version='1.0' encoding='utf-8'?><a>\xFC</a>"), "latin1", `<{}a "ü">`},
		{"US-ASCII declared", []byte("<?xml version='1.0' encoding='US-ASCII'?><a>x&#252;</a>"), "", `<{}a "xü">`},
		{"long declaration", []byte("<?xml version='1.0'" + strings.Repeat(" ", 700) + "encoding='iso-8859-1'?><a>\xFC</a>"), "", `<{}a "ü">`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d, err := ParseCharset(c.doc, c.charset, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := dump(d.Root); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			checkOffsets(t, d)
		})
	}
}

func TestEncodingRefused(t *testing.T) {
	t.Parallel()
	be := func(s string) []byte { return inUTF16(binary.BigEndian, s) }
	le := func(s string) []byte { return inUTF16(binary.LittleEndian, s) }
	for _, c := range []struct {
		name    string
		doc     []byte
		charset string
		want    string
	}{
		{"UTF-7 declared", []byte("<?xml version='1.0' encoding='UTF-7'?><a>+AOk-</a>"), "", `encoding "UTF-7" is not supported`},
		{"UTF-7 by transport", []byte("+ADw-a/+AD4-"), "utf-7", `charset "utf-7" of the transport`},
		{"windows-1252 declared", []byte("<?xml version='1.0' encoding='windows-1252'?><a>\x80</a>"), "", `"windows-1252" is not supported`},
		{"EBCDIC declared", []byte("<?xml version='1.0' encoding='IBM037'?><a/>"), "", `"IBM037" is not supported`},
		{"EBCDIC", []byte("\x4C\x6F\xA7\x94\x93\x40"), "", "outside the root element"},
		{"unknown by transport", []byte("<a/>"), "klingon", `charset "klingon" of the transport`},
		{"UTF-32BE mark", []byte("\x00\x00\xFE\xFF\x00\x00\x00<"), "", "UTF-32 is not supported"},
		{"UTF-32LE mark", []byte("\xFF\xFE\x00\x00<\x00\x00\x00"), "", "UTF-32 is not supported"},
		{"UTF-32 without mark", []byte("\x00\x00\x00<\x00\x00\x00a"), "", "outside the root element"},
		{"UTF-16 declared, UTF-8 sent", []byte("<?xml version='1.0' encoding='UTF-16'?><a/>"), "", `declared encoding "UTF-16" is not that`},
		{"UTF-16LE declared, UTF-8 sent", []byte("<?xml version='1.0' encoding='UTF-16LE'?><a/>"), "", `declared encoding "UTF-16LE" is not that`},
		{"UTF-8 declared, UTF-16 sent", le("\uFEFF<?xml version='1.0' encoding='UTF-8'?><a/>"), "", `declared encoding "UTF-8" is not that`},
		{"other byte order declared", le("\uFEFF<?xml version='1.0' encoding='UTF-16BE'?><a/>"), "", `declared encoding "UTF-16BE" is not that`},
		{"unknown declared in UTF-16", be("\uFEFF<?xml version='1.0' encoding='x'?><a/>"), "", `declared encoding "x" is not that`},
		{"ISO-8859-1 declared after UTF-8 mark", []byte("\uFEFF<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), "", `"ISO-8859-1" is not that`},
		{"UTF-16 mark before UTF-8", []byte("\xFE\xFF<?xml version='1.0'?><a/>\n"), "", "outside the root element"},
		{"UTF-16 without mark and declaration", le("<a/>"), "", "U+0000"},
		{"UTF-16 by transport, UTF-8 sent", []byte("<a/>"), "UTF-16", `charset "UTF-16" of the transport`},
		{"UTF-16 odd", append(le("\uFEFF<a/>"), '\n'), "", "odd number"},
		{"UTF-16 high surrogate alone", append(be("\uFEFF<a>"), 0xD8, 0x3D, 0, '<'), "", "unpaired surrogate"},
		{"UTF-16 low surrogate first", append(be("\uFEFF<a>"), 0xDE, 0x00, 0xD8, 0x3D), "", "unpaired surrogate"},
		{"UTF-16 surrogate at the end", append(be("\uFEFF<a>"), 0xD8, 0x3D), "", "unpaired surrogate"},
		{"UTF-16 NUL", be("\uFEFF<a>\x00</a>"), "", "U+0000"},
		{"UTF-16 DOCTYPE", be("\uFEFF<!DOCTYPE a><a/>"), "", "document type declaration"},
		{"US-ASCII with more", []byte("<?xml version='1.0' encoding='US-ASCII'?><a>\xC3\xBC</a>"), "", "0xC3 is not US-ASCII"},
		{"ISO-8859-1 control", []byte("<?xml version='1.0' encoding='ISO-8859-1'?><a>\x01</a>"), "", "U+0001"},
		{"declaration too far", []byte("<?xml version='1.0'" + strings.Repeat(" ", 1100) + "encoding='iso-8859-1'?><a>\xFC</a>"), "", `"iso-8859-1" is not that`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if se := mustRefuse(t, c.doc, c.charset, Limits{}); !strings.Contains(se.Message, c.want) {
				t.Errorf("got %q, want %q", se.Message, c.want)
			}
		})
	}
}
