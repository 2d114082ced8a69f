package query

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		"": nil, " ": nil, "()": nil, "''": nil, "('')": nil, "(' ')": nil, "((,),)": nil, "'\n'": nil, "\ufeff": nil, "“”": nil,
		"123": {"123"}, "(123)": {"123"}, "( 1 , 2 )": {"1", "2"}, "1,2": {"1", "2"}, "((1),(2))": {"1", "2"}, "1)": {"1"}, "(1": {"1"}, "),(1": {"1"},
		"'a'": {"a"}, "('a','b')": {"a", "b"}, "('a' , 'b' ,)": {"a", "b"}, "('a,b')": {"a,b"}, "('a(b')": {"a(b"}, "(')')": {")"},
		"'it''s'": {"it's"}, "''''": {"'"}, "''''''": {"''"}, "'a'',''b'": {"a','b"}, "it's": {"it's"}, "(O'Brien%, x'y')": {"O'Brien%", "x'y'"},
		`"a""b"`: {`a"b`}, `("it's")`: {"it's"}, `('say "x"')`: {`say "x"`}, "«a», ‹b›": {"a", "b"}, "„a“, ‚b‘": {"a", "b"}, "‘it’’s’": {"it’s"},
		"a (b)": {"a (b)"}, "(a (b,c), d)": {"a (b,c)", "d"}, "a b": {"a b"}, "(\n\t'a',\n\t'b'\n)": {"a", "b"}, "'a\n  b'": {"a b"}, "'  a '": {"  a "},
		"'\n a \n'": {"a"}, "'a\tb'": {"a b"}, "'a  b'": {"a  b"}, "´a´, `b´": {"a", "b"}, "診断, 'é'": {"診断", "é"},
	} {
		got, err := tokens(value, 10)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %q, %v, want %q", value, got, err, want)
		}
	}
}

func TestTokensRefused(t *testing.T) {
	t.Parallel()
	for value, at := range map[string]int{
		"'": 0, "('a": 1, "'a''": 0, `"a'`: 0, "‘a\"": 0, "é, 'b": 3, "'a'b": 3, "'a'(": 3, "'a' 'b'": 4, "''a''": 2, "'a'') 'b'": 7, "('a')x": 5,
		"'\x01'": 0, "a\u200b, \x7f": 4, "x,\xc3": 2,
	} {
		_, err := tokens(value, 10)
		if s, ok := errors.AsType[*syntaxError](err); !ok || s.at != at {
			t.Errorf("%q: got %v, want an error at %d", value, err, at)
		}
	}
}

func TestTokensLimit(t *testing.T) {
	t.Parallel()
	if got, err := tokens("a,,b,", 2); err != nil || len(got) != 2 {
		t.Errorf("got %q, %v, want two", got, err)
	}
	for _, limit := range []int{0, 1} {
		if got, err := tokens("a,,b,", limit); !errors.Is(err, errTooMany) {
			t.Errorf("limit %d: got %q, %v, want too many", limit, got, err)
		}
	}
}

// FuzzTokens: no panic, and what is read is written and read again as the same list.
func FuzzTokens(f *testing.F) {
	for _, s := range []string{
		"", "('a','b')", "'it''s'", "(a (b,c), d)", "„a“, ‚b‘", "'a\n b'", "((1),(2", "'", "'a'b", "\xff", "\ufeff' '", `"a""b"`, "'a\x00'", "‘it’’s’",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		got, err := tokens(value, maxValues)
		if err != nil {
			return
		}
		literals := make([]string, len(got))
		for i, s := range got {
			if strings.TrimFunc(s, blank) == "" {
				t.Fatalf("%q: blank value %q", value, s)
			}
			literals[i] = Quote(s)
		}
		again, err := tokens("("+strings.Join(literals, ",")+")", maxValues)
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("%q: got %q, again %q, %v", value, got, again, err)
		}
	})
}
