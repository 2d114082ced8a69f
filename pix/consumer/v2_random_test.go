package consumer

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"dossier/hl7v2"
)

// TestV2RandomAnswers: whatever becomes of an answer on its way, ids come from a message that names ours, and nothing panics.
func TestV2RandomAnswers(t *testing.T) {
	t.Parallel()
	answers := []string{
		"MSH|^~\\&|MPI|NAT|US|HERE|20260102030405||RSP^K23^RSP_K23|R1|P|2.5\rMSA|AA|C1\rQAK|T1|OK\r" +
			"QPD|IHE PIX Query|T1|P-1^^^&2.999.2.1&ISO\rPID|||1^^^A&2.999.1&ISO~2^^^&2.999.2&ISO||~^^^^^^S\r",
		"MSH|^~\\&|MPI|NAT|US|HERE|20260102030405||RSP^K23^RSP_K23|R1|P|2.5\rMSA|AE|C1\rERR||QPD^1^3^1^1|204^Unknown^HL70357|E\rQAK|T1|AE\r",
	}
	const seeds = 20_000
	taken, refusals := 0, 0
	for seed := range uint64(seeds) {
		r := rand.New(rand.NewPCG(seed, 1))
		b := []byte(answers[seed%2])
		for range r.IntN(4) {
			switch at := r.IntN(len(b)); r.IntN(4) {
			case 0:
				b[at] = byte(r.IntN(256))
			case 1:
				b = append(b[:at:at], b[min(at+1, len(b)-1):]...)
			case 2:
				b = b[:at+1]
			default:
				b[at] = "|^~\\&\r"[r.IntN(6)]
			}
		}
		q := &queryV2{control: "C1", tag: "T1", want: "RSP"}
		answer, err := q.read(b)
		var refused *Refused
		switch {
		case errors.As(err, &refused):
			refusals++
			_, _ = refused.Error(), refused.UnknownPatient()
		case err == nil:
			taken++
			msg, parseErr := hl7v2.ParseMessage(b)
			if parseErr != nil || msg.Field("MSA", 2).Text() != "C1" || msg.Field("QAK", 1).Text() != "T1" || !strings.Contains(string(b), "AA") {
				t.Errorf("seed %d: taken: %q", seed, b)
			}
			_ = idsOf(answer.Field("PID", 3))
		}
	}
	if taken < seeds/10 || refusals < seeds/10 {
		t.Errorf("%d taken, %d refusals of %d: the answers were not those that were meant", taken, refusals, seeds)
	}
}
