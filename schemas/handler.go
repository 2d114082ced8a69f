package schemas

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Handler answers GET and HEAD on a SOAP endpoint with its description:
//
//	?wsdl       the WSDL of that name (Registry, Repository, PIXManager, PIXConsumer or PDSupplier)
//	?xsd=NAME   a schema that it imports; 404 for any other name
//	else        400 and a text that says what to POST and where the WSDL is
//
// The keys are taken in any case. Addresses inside the files are absolute and made from the connection (http or https), the
// Host header and the request's path; a Host that is not a plain host[:port] is refused with 400, and X-Forwarded-* is not
// looked at, because any client may send it. Other methods get 405: POST belongs to the SOAP server.
//
// Handler panics when wsdl is not a file of this package, for that is a mistake in the wiring.
func Handler(wsdl string) http.Handler {
	text, err := files.ReadFile(wsdl)
	if err != nil || !strings.HasSuffix(wsdl, ".wsdl") {
		panic(fmt.Sprintf("schemas: no WSDL %q: want %q, %q, %q, %q or %q", wsdl, Registry, Repository, PIXManager, PIXConsumer, PDSupplier))
	}
	return &description{wsdl: string(text), takes: takes(wsdl)}
}

// takes names the transactions of a WSDL, for the reader of the 400 text.
func takes(wsdl string) string {
	switch wsdl {
	case Registry:
		return "IHE XDS.b Document Registry: ITI-42 Register Document Set-b, ITI-18 Registry Stored Query, ITI-51 Multi-Patient Stored Query, " +
			"ITI-44 Patient Identity Feed HL7 V3"
	case PIXManager:
		return "IHE PIX Manager: ITI-44 Patient Identity Feed HL7 V3, ITI-45 PIXV3 Query"
	case PIXConsumer:
		return "IHE Patient Identifier Cross-reference Consumer: ITI-46 PIXV3 Update Notification"
	case PDSupplier:
		return "IHE Patient Demographics Supplier: ITI-47 Patient Demographics Query HL7 V3"
	}
	return "IHE XDS.b Document Repository: ITI-41 Provide and Register Document Set-b, ITI-43 Retrieve Document Set"
}

type description struct{ wsdl, takes string }

func (d *description) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "want GET or HEAD for the description of this endpoint", http.StatusMethodNotAllowed)
		return
	}
	text, refused := d.file(r.URL)
	if refused != nil {
		http.Error(w, refused.text, refused.status)
		return
	}
	base, ok := baseURL(r)
	if !ok {
		http.Error(w, "want a Host header of the form host or host:port", http.StatusBadRequest)
		return
	}
	text = absolute(text, base)
	h := w.Header()
	h.Set("Content-Type", "text/xml; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store") // the text differs by Host, which a shared cache may not key on
	if r.Method == http.MethodGet {
		io.WriteString(w, text) // an error here is a client that left
	}
}

// refusal is an answer other than a file.
type refusal struct {
	status int
	text   string
}

// file picks what the query asks for; ?wsdl wins over ?xsd.
func (d *description) file(u *url.URL) (string, *refusal) {
	if _, ok := param(u, "wsdl"); ok {
		return d.wsdl, nil
	}
	name, ok := param(u, "xsd")
	if !ok {
		return "", &refusal{http.StatusBadRequest, fmt.Sprintf(
			"%s.\nPOST SOAP 1.2 messages here. The WSDL is at %s?wsdl", d.takes, u.EscapedPath())}
	}
	text, ok := schema(name)
	if !ok {
		return "", &refusal{http.StatusNotFound, "no schema of that name; the WSDL at ?wsdl and its imports name them all"}
	}
	return text, nil
}

// param returns the first value of a query key in any case; a bare key has the value "". Capitals win, so that two
// spellings in one query have one answer.
func param(u *url.URL, key string) (string, bool) {
	q := u.Query()
	for _, k := range slices.Sorted(maps.Keys(q)) {
		if strings.EqualFold(k, key) {
			return q[k][0], true
		}
	}
	return "", false
}

// baseURL returns scheme, host and path of the request, escaped for an XML attribute. It reports false for a Host that is
// not a plain host[:port].
func baseURL(r *http.Request) (string, bool) {
	if !plainHost(r.Host) {
		return "", false
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	var b strings.Builder
	// EscapedPath leaves & and ' as they are.
	if err := xml.EscapeText(&b, []byte(scheme+"://"+r.Host+r.URL.EscapedPath())); err != nil {
		return "", false
	}
	return b.String(), true
}

// plainHost reports whether s is a DNS name or an IPv4 address, or an IPv6 address in brackets, with or without a port.
// It is stricter than RFC 3986: the value is reflected to the client.
func plainHost(s string) bool {
	const longest = 253 + len(":65535") // a DNS name, RFC 1035, and a port
	if len(s) > longest {
		return false
	}
	host := s
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		h, port, err := net.SplitHostPort(s)
		if err != nil || !plainPort(port) {
			return false
		}
		host = h
		if s[0] == '[' {
			host = "[" + h + "]"
		}
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		addr, err := netip.ParseAddr(inner)
		return ok && err == nil && addr.Is6() && addr.Zone() == ""
	}
	return plainName(host)
}

func plainPort(s string) bool {
	n, err := strconv.ParseUint(s, 10, 16)
	return err == nil && n > 0
}

// plainName allows the underscore: container networks use it in host names.
func plainName(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != ""
}
