package consumer

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
)

// peerV2 listens and answers each frame with what answer makes of it; nil closes the connection.
func peerV2(t *testing.T, answer func(msg *hl7v2.Message) []byte) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	handle := func(c net.Conn) {
		defer c.Close()
		var got []byte
		buf := make([]byte, 4096)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			if got = append(got, buf[:n]...); got[len(got)-1] != '\r' || len(got) < 3 || got[len(got)-2] != 0x1c {
				continue
			}
			msg, err := hl7v2.ParseMessage(got[1 : len(got)-2])
			if err != nil {
				t.Error(err)
				return
			}
			got = nil
			raw := answer(msg)
			if raw == nil {
				return
			}
			if _, err := c.Write(raw); err != nil {
				return
			}
		}
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

func clientV2(t *testing.T, address string) *V2 {
	t.Helper()
	line := mllp.NewClient(address, nil)
	t.Cleanup(func() { line.Close() })
	var n atomic.Int64
	return &V2{
		Line: line, Peer: address, Application: hl7v2.HD{Namespace: "US"}, Facility: hl7v2.HD{Namespace: "HERE"},
		NewID: func() string { return "ID" + strconv.FormatInt(n.Add(1), 10) }, Now: time.Now,
	}
}

// frameOf answers with segments; CONTROL and TAG stand for what was sent.
func frameOf(msg *hl7v2.Message, segments ...string) []byte {
	text := "MSH|^~\\&|MPI|NAT|US|HERE|20260102030405||RSP^K23^RSP_K23|R1|P|2.5\r" + strings.Join(segments, "\r") + "\r"
	text = strings.NewReplacer("CONTROL", msg.Field("MSH", 10).Text(), "TAG", msg.Field("QPD", 2).Text()).Replace(text)
	return []byte("\x0b" + text + "\x1c\r")
}

// TestV2Answers: what is data, none, a refusal, and what is not believed.
func TestV2Answers(t *testing.T) {
	t.Parallel()
	const ok, qak = "MSA|AA|CONTROL", "QAK|TAG|OK"
	for name, c := range map[string]struct {
		answer                  func(msg *hl7v2.Message) []byte
		ids                     string
		refused, unknown, other bool
	}{
		"ids":                     {answer: segments(ok, qak, "PID|||1^^^A&2.999.1&ISO~2^^^&2.999.2&ISO||~^^^^^^S"), ids: "1^^^&2.999.1&ISO 2^^^&2.999.2&ISO"},
		"ids known by namespace":  {answer: segments(ok, qak, "PID|||1^^^A||"), ids: "1^^^A"},
		"what is none is left":    {answer: segments(ok, qak, "PID|||1^^^A&2.999.1&ISO~no id~^^^&2.999.1&ISO"), ids: "1^^^&2.999.1&ISO"},
		"none":                    {answer: segments(ok, "QAK|TAG|NF"), ids: ""},
		"unknown patient":         {answer: segments("MSA|AE|CONTROL", "ERR||QPD^1^3^1^1|204^Unknown^HL70357|E", "QAK|TAG|AE"), refused: true, unknown: true},
		"unknown patient, plain":  {answer: segments("MSA|AE|CONTROL", "ERR|||204|E"), refused: true, unknown: true},
		"unknown patient, 2.3.1":  {answer: segments("MSA|AE|CONTROL", "ERR|QPD^1^3^204&Unknown"), refused: true, unknown: true},
		"unknown authority":       {answer: segments("MSA|AE|CONTROL", "ERR||QPD^1^3^1^4|204|E"), refused: true},
		"unknown domain":          {answer: segments("MSA|AE|CONTROL", "ERR||QPD^1^4^1|204|E"), refused: true},
		"unknown domain, 2.3.1":   {answer: segments("MSA|AE|CONTROL", "ERR|QPD^1^4^204&Unknown"), refused: true},
		"refused without a word":  {answer: segments("MSA|AE|CONTROL|no such patient"), refused: true},
		"rejected":                {answer: segments("MSA|AR|CONTROL", "ERR|||207|E"), refused: true},
		"rejected, enhanced mode": {answer: segments("MSA|CR|CONTROL"), refused: true},
		"in error behind AA":      {answer: segments(ok, "QAK|TAG|AE", "ERR||QPD^1^3^1^1|204|E"), refused: true, unknown: true},
		"of another message":      {answer: segments("MSA|AA|OTHER", qak, "PID|||1^^^A&2.999.1&ISO"), other: true},
		"of none":                 {answer: segments("MSA|AA|", qak, "PID|||1^^^A&2.999.1&ISO"), other: true},
		"of another query":        {answer: segments(ok, "QAK|OTHER|OK", "PID|||1^^^A&2.999.1&ISO"), other: true},
		"without QAK":             {answer: segments(ok, "PID|||1^^^A&2.999.1&ISO"), other: true},
		"status of no table":      {answer: segments(ok, "QAK|TAG|YES", "PID|||1^^^A&2.999.1&ISO"), other: true},
		"OK without ids":          {answer: segments(ok, qak), other: true},
		"MSA-1 of no table":       {answer: segments("MSA|OK|CONTROL", qak, "PID|||1^^^A&2.999.1&ISO"), other: true},
		"an acknowledgement": {answer: func(m *hl7v2.Message) []byte {
			return []byte(strings.Replace(string(frameOf(m, ok)), "RSP^K23^RSP_K23", "ACK^Q23", 1))
		}, other: true},
		"no HL7":          {answer: func(*hl7v2.Message) []byte { return []byte("\x0bHTTP/1.1 200 OK\r\x1c\r") }, other: true},
		"empty":           {answer: func(*hl7v2.Message) []byte { return []byte("\x0b\x1c\r") }, other: true},
		"no frame":        {answer: func(*hl7v2.Message) []byte { return []byte("MSH|^~\\&|") }, other: true},
		"closed":          {answer: func(*hl7v2.Message) []byte { return nil }, other: true},
		"larger than 1 M": {answer: func(m *hl7v2.Message) []byte { return frameOf(m, ok, qak, "PID|||"+strings.Repeat("x", 1<<20)) }, other: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			ids, err := clientV2(t, peerV2(t, c.answer)).CrossReferences(ctx, patient, "2.999.3.1")
			var got []string
			for _, id := range ids {
				got = append(got, id.String())
			}
			var refused *Refused
			is := errors.As(err, &refused)
			if strings.Join(got, " ") != c.ids || (err != nil) != (c.refused || c.other) || is != c.refused || is && refused.UnknownPatient() != c.unknown {
				t.Errorf("got %v, %v; want %q, refusal %v, unknown %v", got, err, c.ids, c.refused, c.unknown)
			}
			if err != nil && (strings.Contains(err.Error(), "no such patient") || strings.Contains(err.Error(), "P-1")) {
				t.Errorf("%v repeats what the peer said or who was asked for", err)
			}
		})
	}
}

func segments(list ...string) func(*hl7v2.Message) []byte {
	return func(msg *hl7v2.Message) []byte { return frameOf(msg, list...) }
}

// TestV2Truncated: an answer that ends in its middle is none, and neither is one that never ends.
func TestV2Truncated(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	c := clientV2(t, peerV2(t, func(m *hl7v2.Message) []byte {
		whole := frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|OK", "PID|||1^^^A&2.999.1&ISO")
		return whole[:len(whole)-8]
	}))
	if ids, err := c.CrossReferences(ctx, patient); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v, want the time limit", ids, err)
	}
}

// TestV2LateAnswer: an answer that comes after its query was given up is not taken for that to the next one.
func TestV2LateAnswer(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := clientV2(t, peerV2(t, func(m *hl7v2.Message) []byte {
		if n.Add(1) == 1 {
			time.Sleep(400 * time.Millisecond)
			return frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|OK", "PID|||LATE^^^A&2.999.1&ISO")
		}
		return frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|NF")
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := c.CrossReferences(ctx, patient); err == nil {
		t.Fatal("got an answer, want the time limit")
	}
	if ids, err := c.CrossReferences(t.Context(), patient); err != nil || len(ids) != 0 {
		t.Errorf("got %v, %v, want none", ids, err)
	}
}

// TestV2Reconnects: a connection that the peer closed while it was idle is opened anew, and so is one with an answer to another
// message in it.
func TestV2Reconnects(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	c := clientV2(t, peerV2(t, func(m *hl7v2.Message) []byte {
		switch n.Add(1) {
		case 2:
			return nil
		case 4:
			return frameOf(m, "MSA|AA|OTHER", "QAK|TAG|NF")
		}
		return frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|NF")
	}))
	for i, want := range []bool{true, true, false, true} {
		if _, err := c.CrossReferences(t.Context(), patient); (err == nil) != want {
			t.Errorf("query %d: %v, want success %v", i+1, err, want)
		}
	}
	if got := n.Load(); got != 5 {
		t.Errorf("the peer got %d messages, want 5", got)
	}
}

// TestV2Blocks: patients come block by block under one tag, each in a message of its own.
func TestV2Blocks(t *testing.T) {
	t.Parallel()
	var tags, pointers, qpd []string
	c := clientV2(t, peerV2(t, func(m *hl7v2.Message) []byte {
		if m.Field("MSH", 9).Component(1) == "QCN" {
			return []byte(strings.Replace(string(frameOf(m, "MSA|AA|CONTROL")), "RSP^K23^RSP_K23", "ACK^J01^ACK", 1))
		}
		tags, pointers, qpd = append(tags, m.Field("QPD", 2).Text()), append(pointers, m.Field("DSC", 1).Text()), append(qpd, m.Field("QPD", 3).Raw())
		if pointers[len(pointers)-1] == "" {
			return frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|OK||2|1|1",
				"PID|||1^^^A&2.999.1&ISO||Weber^Anna||19800229|F|||1 Way^^Esch^^4000", "QRI|90", "DSC|P2|I")
		}
		return frameOf(m, "MSA|AA|CONTROL", "QAK|TAG|OK||2|1|0", "PID|||2^^^A&2.999.1&ISO")
	}))
	found, err := c.Patients(t.Context(), Criteria{ID: patient, Family: "We|ber", Domains: []string{"2.999.1"}}, 1)
	if err != nil || !found.More || found.Remaining != 1 || len(found.Patients) != 1 {
		t.Fatalf("got %+v, %v", found, err)
	}
	p := found.Patients[0]
	if p.Family != "Weber" || p.Given != "Anna" || p.Birth != "19800229" || p.Sex != "F" ||
		p.Street != "1 Way" || p.City != "Esch" || p.Postcode != "4000" || p.Score != "90" {
		t.Errorf("got %+v", p)
	}
	if found, err = c.Next(t.Context(), found, 1); err != nil || found.More || found.Remaining != 0 || found.Patients[0].IDs[0].ID != "2" {
		t.Errorf("got %+v, %v", found, err)
	}
	if tags[0] != tags[1] || pointers[1] != "P2" || qpd[0] != qpd[1] || qpd[0] != `@PID.3.1^P-1~@PID.3.4.2^2.999.2.1~@PID.3.4.3^ISO~@PID.5.1.1^We\F\ber` {
		t.Errorf("tags %q, pointers %q, criteria %q", tags, pointers, qpd)
	}
	if err := c.Cancel(t.Context(), found); err != nil {
		t.Error(err)
	}
}
