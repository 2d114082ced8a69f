package actor

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

const goodTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// TestTrace: what comes in goes out with the same trace id and flags and another span, and nothing else does.
func TestTrace(t *testing.T) {
	t.Parallel()
	var got string
	far := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header.Get(Traceparent) }))
	defer far.Close()
	client := &http.Client{Transport: PassTrace{http.DefaultTransport}}
	near := TakeTrace(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), http.MethodGet, far.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(out)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}))
	passed := regexp.MustCompile(`^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$`)
	for header, want := range map[string]bool{
		goodTrace: true, strings.TrimSuffix(goodTrace, "01") + "ff": true, "": false, strings.ToUpper(goodTrace): false, goodTrace + "-x": false, strings.Replace(goodTrace, "00-", "cc-", 1) + "-more": true,
		strings.Replace(goodTrace, "00-", "ff-", 1): false, "00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01": false,
		"00-4bf92f3577b34da6a3ce929d0e0e4736-" + strings.Repeat("0", 16) + "-01": false, "00-4bf9-00f0-01": false, "a\x00b": false,
	} {
		got = ""
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if header != "" {
			r.Header.Set(Traceparent, header)
		}
		near.ServeHTTP(httptest.NewRecorder(), r)
		if passed.MatchString(got) != want || got == goodTrace || !want && got != "" {
			t.Errorf("%q is passed on as %q", header, got)
		}
	}
}
