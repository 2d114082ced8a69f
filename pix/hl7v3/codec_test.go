package hl7v3_test

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"dossier/internal/xmlwire"
	"dossier/pix/hl7v3"
)

var update = flag.Bool("update", false, "rewrite the recorded messages")

func encode(t testing.TB, message any) []byte {
	t.Helper()
	switch m := message.(type) {
	case *hl7v3.Feed:
		return hl7v3.AppendFeed(nil, m)
	case *hl7v3.AcceptAck:
		return hl7v3.AppendAcceptAck(nil, m)
	case *hl7v3.PIXQuery:
		return hl7v3.AppendPIXQuery(nil, m)
	case *hl7v3.DemographicsQuery:
		return hl7v3.AppendDemographicsQuery(nil, m)
	case *hl7v3.Response:
		return hl7v3.AppendResponse(nil, m)
	case *hl7v3.Continuation:
		return hl7v3.AppendContinuation(nil, m)
	}
	t.Fatalf("no encoder for %T", message)
	return nil
}

func parse(t testing.TB, b []byte) *xmlwire.Document {
	t.Helper()
	doc, err := xmlwire.Parse(b, xmlwire.Limits{})
	if err != nil {
		t.Fatalf("%v in\n%s", err, b)
	}
	return doc
}

// decode reads whatever message it is; nil for none.
func decode(doc *xmlwire.Document) any {
	if m, ok := hl7v3.DecodeFeed(doc.Root); ok {
		return m
	}
	if m, ok := hl7v3.DecodeAcceptAck(doc.Root); ok {
		return m
	}
	if m, ok := hl7v3.DecodePIXQuery(doc, doc.Root); ok {
		return m
	}
	if m, ok := hl7v3.DecodeDemographicsQuery(doc, doc.Root); ok {
		return m
	}
	if m, ok := hl7v3.DecodeResponse(doc, doc.Root); ok {
		return m
	}
	if m, ok := hl7v3.DecodeContinuation(doc.Root); ok {
		return m
	}
	return nil
}

// withoutEcho: a query is sent without one and read with one.
func withoutEcho(message any) any {
	switch m := message.(type) {
	case *hl7v3.PIXQuery:
		m.Echo = nil
	case *hl7v3.DemographicsQuery:
		m.Echo = nil
	}
	return message
}

func TestSamplesReadBack(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		b := encode(t, s.message)
		if got := withoutEcho(decode(parse(t, bytes.Clone(b)))); !reflect.DeepEqual(got, s.message) {
			t.Errorf("%s: read back as\n%+v\nwant\n%+v\nfrom\n%s", s.name, got, s.message, b)
		}
	}
}

func TestSamplesAsRecorded(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		file, got := filepath.Join("testdata", s.name+".xml"), encode(t, s.message)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", s.name, got, want)
		}
	}
}

// schemaOf finds the schema of HL7 for a message.
func schemaOf(t testing.TB, interaction string) string {
	t.Helper()
	root := os.Getenv("DOSSIER_ORACLE")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "oracle")
	}
	file := strings.TrimSuffix(interaction, "_Cancel") + ".xsd"
	schema := filepath.Join(root, "hl7v3", "multicacheschemas", file)
	if _, err := os.Stat(schema); err != nil {
		t.Skip("skipped: no schemas of HL7 v3 (set DOSSIER_ORACLE to the folder that holds hl7v3)")
	}
	return schema
}

// lint runs xmllint over messages of one kind; it names those that are not valid.
func lint(t testing.TB, interaction string, messages [][]byte) {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("skipped: no xmllint on PATH")
	}
	args := []string{"--noout", "--nonet", "--schema", schemaOf(t, interaction)}
	dir := t.TempDir()
	for i, m := range messages {
		file := filepath.Join(dir, strconv.Itoa(i)+".xml")
		if err := os.WriteFile(file, m, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	out, err := exec.CommandContext(t.Context(), xmllint, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s\n%s", interaction, err, out, messages[0])
	}
}

func TestSamplesAreValid(t *testing.T) {
	t.Parallel()
	for _, s := range samples() {
		b := encode(t, s.message)
		lint(t, parse(t, bytes.Clone(b)).Root.Name.Local, [][]byte{b})
	}
}

// TestRandomMessages: whatever a message holds, it is read back as it was written and obeys the schema of HL7.
func TestRandomMessages(t *testing.T) {
	t.Parallel()
	r := &random{rand.New(rand.NewPCG(1, 2))}
	byKind := map[string][][]byte{}
	for range 400 {
		message := r.message()
		b := encode(t, message)
		if got := withoutEcho(decode(parse(t, bytes.Clone(b)))); !reflect.DeepEqual(got, message) {
			t.Fatalf("read back as\n%+v\nwant\n%+v\nfrom\n%s", got, message, b)
		}
		kind := parse(t, bytes.Clone(b)).Root.Name.Local
		byKind[kind] = append(byKind[kind], b)
	}
	if len(byKind) < 10 {
		t.Errorf("%d kinds of messages, want all 10", len(byKind))
	}
	for kind, messages := range byKind {
		lint(t, kind, messages)
	}
}
