package hl7v2_test

import (
	"strings"
	"testing"
	"time"

	"dossier/hl7v2"

	"pgregory.net/rapid"
)

func TestParseDTM(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{"2024", "2024"}, {"202402", "202402"}, {"20240229", "20240229"}, {"2024022923", "2024022923"},
		{"202402292359", "202402292359"}, {"20240229235959", "20240229235959"},
		{" 20240229 ", "20240229"},
		{"20240229235959.9", "20240229235959"}, {"20240229235959.123456789", "20240229235959"},
		{"20240101003000+0100", "20231231233000"}, {"20231231233000-0100", "20240101003000"},
		{"20240101003000.5+0100", "20231231233000"},
		{"202401010030+0100", "202312312330"}, {"2024010100+0100", "2023123123"},
		{"2024010112+0530", "202401010630"}, {"20240101-0330", "20240101"}, {"2024+0000", "2024"},
		{"20240101000000-0000", "20240101000000"}, {"20240101000000+1400", "20231231100000"},
		{"00010101", "00010101"}, {"99991231235959", "99991231235959"},
	} {
		got, err := hl7v2.ParseDTM(tt.in)
		if err != nil || string(got) != tt.want {
			t.Errorf("ParseDTM(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
	for _, tt := range []struct{ in, want string }{
		{"", "digits"}, {"   ", "digits"}, {"20", "digits"}, {"20240", "digits"}, {"2024022", "digits"},
		{"202402292359590", "digits"}, {"2024022923595900", "digits"}, {"2024-02-29", "zone"},
		{"2024-02", "zone"}, {"20240229T120000", "digits"}, {"20240229120000Z", "digits"}, {"abcd", "digits"},
		{"٢٠٢٤", "digits"}, {"2024 02", "digits"}, {"+0100", "digits"},
		{"20230229", "exist"}, {"202413", "exist"}, {"202400", "exist"}, {"20240100", "exist"}, {"20240431", "exist"},
		{"2024010124", "exist"}, {"202401012360", "exist"}, {"20240101235960", "exist"}, {"0000", "exist"}, {"00000101", "exist"},
		{"20240101.5", "fraction"}, {"20240101120000.", "fraction"}, {"20240101120000.x", "fraction"},
		{"20240101120000.1234567890", "fraction"}, {"20240101120000.1.2", "fraction"},
		{"20240101120000+01", "zone"}, {"20240101120000+01:00", "zone"}, {"20240101120000+1500", "zone"},
		{"20240101120000+1401", "zone"}, {"20240101120000+0160", "zone"}, {"20240101120000+0100+0100", "zone"},
		{"00010101000000+0100", "0001 and 9999"}, {"99991231235959-0100", "0001 and 9999"},
		{"999912312359-0100", "0001 and 9999"}, {"9999123123-0100", "0001 and 9999"},
	} {
		got, err := hl7v2.ParseDTM(tt.in)
		if err == nil || got != "" {
			t.Errorf("ParseDTM(%q) = %q, %v; want an error", tt.in, got, err)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseDTM(%q): error %q, want one with %q", tt.in, err, tt.want)
		}
	}
}

func TestDTMBounds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, low, high string }{
		{"", "", ""},
		{"2024", "20240101000000", "20241231235959"},
		{"202402", "20240201000000", "20240229235959"},
		{"202302", "20230201000000", "20230228235959"},
		{"202412", "20241201000000", "20241231235959"},
		{"999912", "99991201000000", "99991231235959"},
		{"20240229", "20240229000000", "20240229235959"},
		{"2024022907", "20240229070000", "20240229075959"},
		{"202402290701", "20240229070100", "20240229070159"},
		{"20240229070102", "20240229070102", "20240229070102"},
	} {
		d := hl7v2.DTM(tt.in)
		if d.Low() != tt.low || d.High() != tt.high {
			t.Errorf("%q: got %q to %q, want %q to %q", tt.in, d.Low(), d.High(), tt.low, tt.high)
		}
	}
	if got := hl7v2.DTM("rubbish").Time(); !got.IsZero() {
		t.Errorf("Time of rubbish = %v, want the zero time", got)
	}
}

func TestDTMProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		// Years 2 to 9998, so that no zone leaves the range.
		at := time.Unix(rapid.Int64Range(-62104000000, 253370000000).Draw(t, "unix"), 0).UTC()
		offset := rapid.IntRange(-14*60, 14*60).Draw(t, "offset")
		zone := time.FixedZone("", offset*60)

		d := hl7v2.FormatDTM(at.In(zone))
		if !d.Time().Equal(at) {
			t.Fatalf("FormatDTM(%v) = %s, which is %v", at, d, d.Time())
		}
		parsed, err := hl7v2.ParseDTM(at.In(zone).Format("20060102150405-0700"))
		if err != nil || parsed != d {
			t.Fatalf("with zone: got %q, %v; want %q", parsed, err, d)
		}
		n := rapid.SampledFrom([]int{4, 6, 8, 10, 12, 14}).Draw(t, "precision")
		cut, err := hl7v2.ParseDTM(string(d[:n]))
		if err != nil || cut != d[:n] {
			t.Fatalf("%q: got %q, %v", d[:n], cut, err)
		}
		low, high := cut.Low(), cut.High()
		if len(low) != 14 || len(high) != 14 || low > string(d) || high < string(d) {
			t.Fatalf("%q of %q has bounds %q to %q", cut, d, low, high)
		}
		for _, bound := range []string{low, high} {
			if _, err := hl7v2.ParseDTM(bound); err != nil || !strings.HasPrefix(bound, string(cut)) {
				t.Fatalf("%q has bound %q: %v", cut, bound, err)
			}
		}
	})
}

func FuzzParseDTM(f *testing.F) {
	for _, s := range []string{"2024", "20240229235959.123+0100", "2024010112+0530", "0001010100+1400", " 202402 ", "-0100", "9999123123-0030"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := hl7v2.ParseDTM(s)
		if err != nil {
			return
		}
		again, err := hl7v2.ParseDTM(string(d))
		if err != nil || again != d {
			t.Fatalf("%q gave %q, which gives %q, %v", s, d, again, err)
		}
		if d.Low() > d.High() || len(d.Low()) != 14 || len(d.High()) != 14 || d.Time().IsZero() && d.Low() != "00010101000000" {
			t.Fatalf("%q gave %q with bounds %q to %q", s, d, d.Low(), d.High())
		}
	})
}
