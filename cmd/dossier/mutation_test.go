package main

import (
	"bytes"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"

	"dossier/hl7v2"
)

// TestMutatedIdentityMessages changes recorded messages at random places. Whatever arrives, the answer is one readable
// message of the segments that answers have, it answers to MSH-10 as it came, and an internal error is none of the outcomes.
func TestMutatedIdentityMessages(t *testing.T) {
	t.Parallel()
	s := startServer(t, goldenConfig(t), testWorld())
	r := rand.New(rand.NewPCG(4, 4))
	peer := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}
	known := []string{"MSH", "MSA", "ERR", "QAK", "QPD", "PID", "QRI", "DSC"}
	hostile := []string{"\r", "\n", "|", "^", "~", "&", "\\", `\X0D\`, `\X00\`, `\XFF\`, `\X0A\PID\F\`, `\.br\`, `""`, "\x00", "\xff", "\x0b", "\x1c", "MSH|^~\\&|", strings.Repeat("A", 5000), "'", "%", "*"}
	n := 0
	for _, c := range cases(t) {
		if transaction, _, _ := strings.Cut(c.Name, "/"); !slices.Contains([]string{"iti8", "iti9", "iti21", "iti30"}, transaction) {
			continue
		}
		original := bytes.Trim(c.Request, "\x0b\x1c\r\n")
		for range 12 {
			b := mutate(r, original, hostile)
			answer := s.node.manager.Handle(t.Context(), peer, b)
			msg, err := hl7v2.ParseMessage(answer)
			if err != nil {
				t.Fatalf("%s: %v\n%q\nis answered\n%q", c.Name, err, b, answer)
			}
			for segment := range msg.Segments() {
				if !slices.Contains(known, segment.Name()) {
					t.Errorf("%s: %q\nis answered with a segment %s\n%q", c.Name, b, segment.Name(), answer)
				}
			}
			if code := msg.Field("MSA", 1).Text(); code != "AA" && code != "AE" && code != "AR" || bytes.Contains(answer, []byte("internal error, reference")) {
				t.Errorf("%s: %q\nis answered\n%q", c.Name, b, answer)
			}
			n++
		}
	}
	if n < 1000 {
		t.Errorf("%d messages, expected far more", n)
	}
	if strings.Contains(s.log.String(), "panic") {
		t.Error("a handler panicked")
	}
}

// mutate inserts, deletes or repeats something.
func mutate(r *rand.Rand, b []byte, hostile []string) []byte {
	out := slices.Clone(b)
	for range 1 + r.IntN(3) {
		i := r.IntN(len(out) + 1)
		switch r.IntN(4) {
		case 0:
			out = slices.Insert(out, i, []byte(hostile[r.IntN(len(hostile))])...)
		case 1:
			out = slices.Delete(out, i, min(len(out), i+1+r.IntN(20)))
		case 2:
			j := min(len(out), i+r.IntN(80))
			out = slices.Insert(out, j, out[i:j]...)
		default:
			out = out[:i]
		}
		if len(out) == 0 {
			out = []byte("M")
		}
	}
	return out
}
