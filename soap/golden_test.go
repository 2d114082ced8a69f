package soap

import (
	"bytes"
	"strings"
	"testing"

	"dossier/internal/golden"
)

// TestGolden sends each recorded request over TCP. Below testdata/accept everything is answered as asked, below
// testdata/refuse nothing is.
func TestGolden(t *testing.T) {
	t.Parallel()
	count := map[string]int{}
	for _, c := range golden.Load(t, "testdata") {
		group, _, _ := strings.Cut(c.Name, "/")
		count[group]++
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			answer, err := golden.Send(listen(t, echoServer(t)), c.Request)
			if err != nil {
				t.Fatal(err)
			}
			c.Check(t, answer)
			accepted := bytes.HasPrefix(answer, []byte("HTTP/1.1 20"))
			if accepted != (group == "accept") || accepted == bytes.Contains(answer, []byte("<env:Fault>")) && !noSOAP(answer) {
				t.Errorf("got %.40q in group %s", answer, group)
			}
			if bytes.Contains(answer, []byte("secret")) {
				t.Error("the answer leaks an internal cause")
			}
		})
	}
	if count["refuse"] < count["accept"] {
		t.Errorf("%d cases of refusal for %d of acceptance", count["refuse"], count["accept"])
	}
}

// noSOAP: the answer to a method that SOAP does not use is not SOAP.
func noSOAP(answer []byte) bool { return bytes.HasPrefix(answer, []byte("HTTP/1.1 405 ")) }
