package actor

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"strings"
)

// Traceparent is the header of W3C Trace Context, level 1.
const Traceparent = "Traceparent"

// trace is what a client said of the distributed trace that a request belongs to: 32 hexadecimal digits, and 00 or 01.
type trace struct{ id, flags string }

type traceKey struct{}

// TakeTrace keeps the trace of a request for its log line and for the requests that it causes. What is not well-formed is
// ignored, as the recommendation has it; a request without trace begins none.
func TakeTrace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t, ok := parseTrace(r.Header.Values(Traceparent)); ok {
			r = r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
		}
		next.ServeHTTP(w, r)
	})
}

// parseTrace reads version-traceid-parentid-flags (Trace Context 3.2.2). Later versions may have more behind it.
func parseTrace(values []string) (t trace, ok bool) {
	if len(values) != 1 {
		return t, false
	}
	part := strings.SplitN(values[0], "-", 5)
	if len(part) < 4 || len(part) == 5 && part[0] == "00" || part[0] == "ff" {
		return t, false
	}
	for i, n := range [...]int{2, 32, 16, 2} {
		if len(part[i]) != n || strings.Trim(part[i], "0123456789abcdef") != "" {
			return t, false
		}
	}
	if strings.Trim(part[1], "0") == "" || strings.Trim(part[2], "0") == "" {
		return t, false
	}
	// Of the flags only sampled, the last bit, is known; what is passed on has no others (Trace Context 3.2.2.5.2).
	sampled := "00"
	if strings.IndexByte("0123456789abcdef", part[3][1])&1 == 1 {
		sampled = "01"
	}
	return trace{part[1], sampled}, true
}

// traceID is the id of the trace that ctx belongs to, "" for none.
func traceID(ctx context.Context) string {
	t, _ := ctx.Value(traceKey{}).(trace)
	return t.id
}

// PassTrace is a transport that passes the trace of a request's context on, as a span of our own.
type PassTrace struct{ http.RoundTripper }

// RoundTrip adds the header.
func (p PassTrace) RoundTrip(r *http.Request) (*http.Response, error) {
	if t, ok := r.Context().Value(traceKey{}).(trace); ok {
		var span [8]byte
		_, _ = rand.Read(span[:]) // never fails
		span[0] |= 1              // not all zero
		r = r.Clone(r.Context())
		r.Header.Set(Traceparent, "00-"+t.id+"-"+hex.EncodeToString(span[:])+"-"+t.flags)
	}
	return p.RoundTripper.RoundTrip(r)
}
