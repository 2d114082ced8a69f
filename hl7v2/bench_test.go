package hl7v2_test

import (
	"testing"

	"dossier/hl7v2"
)

func BenchmarkParseMessage(b *testing.B) {
	in := []byte(feed)
	b.SetBytes(int64(len(in)))
	b.ReportAllocs()
	for b.Loop() {
		m, err := hl7v2.ParseMessage(in)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := m.Field("PID", 3).Repetition(1).CX(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseCX(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := hl7v2.ParseCX("7^^^&2.999.1&ISO"); err != nil {
			b.Fatal(err)
		}
	}
}
