package main

import (
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"dossier/atna"
	"dossier/atna/pki"
	"dossier/internal/golden"
	"dossier/store"
)

// audited is a server whose chain is signed, with a few exchanges behind it, stopped.
func audited(t *testing.T) (c *Config, dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "pki")
	mustCommand(t, "pki", "demo", dir)
	c = testConfig(t)
	c.Audit.Key = filepath.Join(dir, "audit-key.pem")
	s := startServer(t, c, realWorld())
	played := 0
	for _, g := range cases(t) {
		if strings.HasPrefix(g.Name, "iti41/") && played < 12 {
			s.send(t, g)
			played++
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	return c, dir
}

// auditDatabase runs statements as somebody with write access would.
func auditDatabase(t *testing.T, c *Config, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(c.Data, "dossier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func auditArgs(c *Config, dir string, args ...string) []string {
	file := filepath.Join(dir, "audit.yaml")
	_ = os.WriteFile(file, fmt.Appendf(nil, "audit:\n  key: %s/audit-key.pem\n", dir), 0o600)
	return append(append([]string{"audit"}, args...), "--data", c.Data, "--config", file)
}

// forgedEvent is one that was never recorded, a copy of one that was.
const forgedEvent = "INSERT INTO audit_event SELECT max(id) + 1, exchange, peer, parsed, event_time, event_id, event_type, action, outcome, source, digest, codec, message FROM audit_event"

// TestAuditVerify: what is done to the database is found and named.
func TestAuditVerify(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		tamper []string
		want   string // "" is nothing found
	}{
		"nothing":          {nil, ""},
		"edited":           {[]string{"UPDATE audit_event SET message = replace(message, 'DEMO-1', 'DEMO-9') WHERE id = (SELECT event FROM audit_link WHERE number = 3)"}, "event 3 was edited"},
		"event deleted":    {[]string{"DELETE FROM audit_event WHERE id = (SELECT event FROM audit_link WHERE number = 3)"}, "event 3 was deleted"},
		"link deleted too": {[]string{"DELETE FROM audit_link WHERE number = 3"}, "event 3 was deleted"},
		"tail deleted":     {[]string{"DELETE FROM audit_link WHERE number > 5"}, "were deleted"},
		"swapped": {[]string{"UPDATE audit_link SET number = -3 WHERE number = 3", "UPDATE audit_link SET number = 3 WHERE number = 4", "UPDATE audit_link SET number = 4 WHERE number = -3"},
			"event 4 was moved: it was recorded as number 3"},
		"inserted without a place": {[]string{forgedEvent}, "is not in the chain"},
		"inserted before all":      {[]string{forgedEvent, "INSERT INTO audit_link SELECT -1, max(id), x'00', x'00' FROM audit_event"}, "is not in the chain"},
		"hidden from the patient":  {[]string{"DELETE FROM audit_patient WHERE event = (SELECT min(event) FROM audit_patient)"}, "the index of patients lacks it"},
		"hidden from a search":     {[]string{"UPDATE audit_patient SET event_time = 0 WHERE event = (SELECT min(event) FROM audit_patient)"}, "the index of patients lacks it"},
		"hidden user":              {[]string{"DELETE FROM audit_user WHERE event = (SELECT max(event) FROM audit_user)"}, "the index of users lacks it"},
		"shown to another patient": {[]string{"INSERT INTO audit_patient SELECT 'X^^^&2.999.1.1', event_time, event FROM audit_patient LIMIT 1"}, "where it does not belong"},
		"outcome":                  {[]string{"UPDATE audit_event SET outcome = 0"}, "outcome is not what the message says"},
		"time":                     {[]string{"UPDATE audit_event SET event_time = event_time + 1"}, "event_time is not what the message says"},
		"declared to be bytes":     {[]string{"UPDATE audit_event SET parsed = 0"}, "parsed is not what the message says"},
		"checkpoint forged":        {[]string{"UPDATE audit_checkpoint SET signed = signed + 60"}, "the signature does not verify"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, dir := audited(t)
			auditDatabase(t, c, x.tamper...)
			out, _, err := command(t.Context(), auditArgs(c, dir, "verify")...)
			if x.want == "" {
				if err != nil || !strings.Contains(out, " 0 findings") {
					t.Errorf("%v\n%s", err, out)
				}
				return
			}
			if err == nil || !strings.Contains(out, x.want) {
				t.Errorf("got %v, want %q\n%s", err, x.want, out)
			}
		})
	}
}

// TestAuditVerifyCut: whoever removes the first events up to a checkpoint does what a retention does, but not when it would.
func TestAuditVerifyCut(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		keep  string
		after bool // something is left behind the cut
		want  string
	}{
		"kept for ever":      {"0s", true, "events up to 14 are gone, although audit.keep is 0s"},
		"not yet":            {"1h", true, "events up to 14 are gone, although audit.keep is 1h"},
		"expired":            {"1ns", true, ""},
		"expired to the end": {"1ns", false, ""},
		"not yet, all":       {"1h", false, "events 1 to 14 were deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, dir := audited(t)
			if x.after {
				mustCommand(t, auditArgs(c, dir, "search")...)
			}
			auditDatabase(t, c, "DELETE FROM audit_event WHERE id <= (SELECT event FROM audit_link WHERE number = (SELECT number FROM audit_checkpoint))",
				"DELETE FROM audit_link WHERE number <= (SELECT number FROM audit_checkpoint)")
			file := filepath.Join(dir, "cut.yaml")
			if err := os.WriteFile(file, fmt.Appendf(nil, "audit:\n  key: %s/audit-key.pem\n  keep: %s\n", dir, x.keep), 0o600); err != nil {
				t.Fatal(err)
			}
			out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file)
			if x.want == "" && (err != nil || !strings.Contains(out, " 0 findings")) || x.want != "" && (err == nil || !strings.Contains(out, x.want)) {
				t.Errorf("got %v, want %q\n%s", err, x.want, out)
			}
		})
	}
}

// TestAuditVerifyUnsigned: who makes the chain anew without the key has to remove the checkpoints, and that is seen.
func TestAuditVerifyUnsigned(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	file := filepath.Join(dir, "unsigned.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "audit:\n  key: %s/audit-key.pem\n  checkpoint: 1ms\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file); err != nil || strings.Contains(out, "not signed") {
		t.Errorf("%v\n%s", err, out)
	}
	mustCommand(t, auditArgs(c, dir, "search")...)
	if out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file); err != nil || !strings.Contains(out, "1 events, the first of") {
		t.Errorf("%v\n%s", err, out)
	}
	auditDatabase(t, c, "DELETE FROM audit_checkpoint")
	if out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file); err == nil || !strings.Contains(out, "there is no checkpoint") || !strings.Contains(out, "15 events, the first of") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _, err := command(t.Context(), auditArgs(c, dir, "verify")...); err != nil { // a server that has just begun
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAuditVerifyForwarded: a destination that has more than there is shows that the last events were deleted, signed or not.
func TestAuditVerifyForwarded(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	file := filepath.Join(dir, "forwarded.yaml")
	if err := os.WriteFile(file, fmt.Appendf(nil, "audit:\n  key: %s/audit-key.pem\n  forward: [\"udp://127.0.0.1:9\"]\n", dir), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCommand(t, auditArgs(c, dir, "search")...) // behind the last checkpoint
	auditDatabase(t, c, "INSERT INTO audit_cursor VALUES ('udp://127.0.0.1:9', 15)")
	if out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	auditDatabase(t, c, "DELETE FROM audit_event WHERE id = (SELECT event FROM audit_link WHERE number = 15)", "DELETE FROM audit_link WHERE number = 15")
	if out, _, err := command(t.Context(), "audit", "verify", "--data", c.Data, "--config", file); err == nil || !strings.Contains(out, "up to 15, of which those after 14 were deleted here") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAuditReadDamaged: an event that cannot be read any more hides no other one, and is not hidden from the patient.
func TestAuditReadDamaged(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	before := strings.Count(mustCommand(t, auditArgs(c, dir, "search", "--type", "ITI-41")...), "\n")
	auditDatabase(t, c, "UPDATE audit_event SET message = '<' WHERE event_type = 'ITI-41' AND id = (SELECT min(event) FROM audit_patient)")
	if out := mustCommand(t, auditArgs(c, dir, "search", "--type", "ITI-41")...); strings.Count(out, "\n") != before || !strings.Contains(out, "unparsed") {
		t.Errorf("%d events before, now\n%s", before, out)
	}
	if out := mustCommand(t, auditArgs(c, dir, "patient", "DEMO-1^^^&2.999.1.1&ISO")...); !strings.Contains(out, "unknown  used your record") {
		t.Errorf("got\n%s", out)
	}
}

// TestAuditVerifyAgainstExport: a chain that was made anew together with its checkpoints contradicts those kept elsewhere.
func TestAuditVerifyAgainstExport(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	kept := filepath.Join(dir, "checkpoints.json")
	if err := os.WriteFile(kept, []byte(mustCommand(t, auditArgs(c, dir, "export", "--checkpoints")...)), 0o600); err != nil {
		t.Fatal(err)
	}
	mustCommand(t, auditArgs(c, dir, "verify", "--checkpoints", kept)...)
	auditDatabase(t, c, "DELETE FROM audit_checkpoint", "DELETE FROM audit_event WHERE id > (SELECT event FROM audit_link WHERE number = 2)",
		"DELETE FROM audit_link WHERE number > 2")
	mustCommand(t, auditArgs(c, dir, "verify")...) // a shorter chain is sound in itself
	if out, _, err := command(t.Context(), auditArgs(c, dir, "verify", "--checkpoints", kept)...); err == nil || !strings.Contains(out, "were deleted") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestAuditVerifyFiles: an auditor with two exported files and a public key finds what was done to the events, without any database.
func TestAuditVerifyFiles(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	public, kept := publicKeyFile(t, c.Audit.Key, dir), filepath.Join(dir, "checkpoints.json")
	if err := os.WriteFile(kept, []byte(mustCommand(t, auditArgs(c, dir, "export", "--checkpoints")...)), 0o600); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(mustCommand(t, auditArgs(c, dir, "export")...), "\n"), "\n")
	renumber := func(line string, from, to int) string {
		return strings.Replace(line, fmt.Sprintf(`"number":%d,`, from), fmt.Sprintf(`"number":%d,`, to), 1)
	}
	for name, x := range map[string]struct {
		change func([]string) []string
		want   string
	}{
		"nothing":           {func(l []string) []string { return l }, ""},
		"deleted":           {func(l []string) []string { return slices.Delete(l, 2, 3) }, "event 3 was deleted"},
		"inserted":          {func(l []string) []string { return slices.Insert(l, 3, l[2]) }, "was inserted"},
		"swapped":           {func(l []string) []string { l[2], l[3] = renumber(l[3], 4, 3), renumber(l[2], 3, 4); return l }, "was moved"},
		"edited":            {func(l []string) []string { l[2] = strings.Replace(l[2], `"stored":"20`, `"stored":"19`, 1); return l }, "event 3 was edited"},
		"end":               {func(l []string) []string { return l[:3] }, "were deleted"},
		"no JSON":           {func(l []string) []string { return append(l, "}") }, "--chain: line"},
		"checkpoints of it": {func([]string) []string { return []string{string(readFile(t, kept))} }, "--chain: line 1"},
		"no hash":           {func(l []string) []string { l[1] = strings.Replace(l[1], `"hash":"`, `"hash":"x`, 1); return l }, "--chain: line 2"},
		"nothing in it":     {func([]string) []string { return nil }, "were deleted"},
	} {
		file := filepath.Join(dir, "chain-"+strings.ReplaceAll(name, " ", "-"))
		if err := os.WriteFile(file, []byte(strings.Join(x.change(slices.Clone(lines)), "")), 0o600); err != nil {
			t.Fatal(err)
		}
		out, _, err := command(t.Context(), "audit", "verify", "--data", filepath.Join(dir, "nowhere"), "--chain", file, "--checkpoints", kept, "--public", public)
		if x.want == "" && (err != nil || !strings.Contains(out, " 0 findings")) || x.want != "" && (err == nil || !strings.Contains(out+err.Error(), x.want)) {
			t.Errorf("%s: got %v, want %q\n%s", name, err, x.want, out)
		}
	}
	if _, _, err := command(t.Context(), "audit", "verify", "--chain", filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "--chain") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestAuditSearchCommand(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	out := mustCommand(t, auditArgs(c, dir, "search", "--type", "ITI-41", "--patient", "DEMO-1^^^&2.999.1.1&ISO")...)
	if !strings.Contains(out, "ITI-41 Provide and Register") || strings.Contains(out, "110120") {
		t.Errorf("got\n%s", out)
	}
	if out := mustCommand(t, auditArgs(c, dir, "search", "--type", "110101")...); !strings.Contains(out, "Audit Log Used") || !strings.Contains(out, "DEMO-1") {
		t.Errorf("the search was not recorded:\n%s", out)
	}
	if out := mustCommand(t, auditArgs(c, dir, "search", "--since", "2030-01-01")...); out != "" {
		t.Errorf("found in the future:\n%s", out)
	}
	for _, args := range [][]string{{"search", "--patient", "x^y^z^^^^^^^&"}, {"search", "--since", "yesterday"}, {"patient", "DEMO-1^^^&2.999.1.1&ISO", "--language", "xx"}, {"patient"}} {
		if _, _, err := command(t.Context(), auditArgs(c, dir, args...)...); err == nil {
			t.Errorf("%q: accepted", args)
		}
	}
}

func TestAuditPatientCommand(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	for language, want := range map[string]string{"en": "added documents", "fr": "a ajouté des documents", "de": "hat Dokumente hinzugefügt"} {
		out := mustCommand(t, auditArgs(c, dir, "patient", "DEMO-1^^^&2.999.1.1&ISO", "--language", language)...)
		if !strings.Contains(out, want) {
			t.Errorf("%s: got\n%s", language, out)
		}
	}
}

// TestAuditPatientAfterMerge: a patient sees what was done under every number of his record, by whichever he asks.
func TestAuditPatientAfterMerge(t *testing.T) { onEach(t, auditPatientAfterMerge) }

func auditPatientAfterMerge(t *testing.T, b backend) {
	for name, x := range map[string]struct {
		feeds     []string
		ids       []string // one record afterwards
		unchanged string
	}{
		"HL7 v2":         {[]string{"iti8/a08", "iti8/a40", "iti8/a40-chain"}, []string{"DEMO-1^^^&2.999.1.1&ISO", "DEMO-2^^^&2.999.1.1&ISO", "DEMO-3^^^&2.999.1.1&ISO"}, ""},
		"HL7 v3":         {[]string{"iti44/added", "iti44/added-second", "iti44/added-third", "iti44/merged", "iti44/merged-chain"}, []string{"V3-1^^^&2.999.1.1&ISO", "V3-2^^^&2.999.1.1&ISO", "V3-3^^^&2.999.1.1&ISO"}, ""},
		"change of id":   {[]string{"iti30/a28-national", "iti30/a47"}, []string{"A-2^^^&2.999.2.1&ISO", "A-22^^^&2.999.2.1&ISO"}, ""},
		"link, no merge": {[]string{"iti30/a28", "iti30/a28-other", "iti30/a24"}, []string{"A-1^^^&2.999.2.1&ISO"}, "A-3^^^&2.999.2.1&ISO"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, withDomains(b.config(t)), testWorld())
			for _, feed := range x.feeds {
				if answer := s.send(t, oneCase(t, feed)); !successful(answer) {
					t.Fatalf("%s: %s", feed, answer)
				}
			}
			lists := map[string]bool{}
			for _, id := range x.ids {
				out := mustCommand(t, "audit", "patient", id, "--data", s.node.config.Data, "--database", s.node.config.Database)
				var events []string
				for line := range strings.Lines(out) {
					switch {
					case strings.HasPrefix(line, "with the numbers"):
						for _, other := range x.ids {
							if other != id && !strings.Contains(line, other) {
								t.Errorf("%s: the list does not say that it is for %s:\n%s", id, other, out)
							}
						}
					case !strings.Contains(line, "list of accesses"):
						events = append(events, line)
					}
				}
				lists[strings.Join(events, "")] = true
				if x.unchanged != "" && strings.Contains(out, x.unchanged) {
					t.Errorf("the list is for %s, which is only linked:\n%s", x.unchanged, out)
				}
			}
			if len(lists) != 1 || lists[""] {
				t.Errorf("the lists differ by the number that is asked by, or are empty: %v", lists)
			}
			for _, id := range x.ids {
				if used := string(auditLines(s.eventsOf(t, atna.AuditLogUsed)[:1])); !strings.Contains(used, strings.ReplaceAll(id, "&", "&amp;")) {
					t.Errorf("that the list was read is not recorded for %s: %s", id, used)
				}
			}
		})
	}
}

// TestAuditEventSearch is ITI-81 on the admin listener.
func TestAuditEventSearch(t *testing.T) {
	t.Parallel()
	c := testConfig(t)
	c.Audit.Search = searchLoopback
	s := startServer(t, c, testWorld())
	for _, g := range cases(t) {
		if g.Name == "iti18/find-documents-and" || g.Name == "iti43/partial-success" || g.Name == "iti8/a40" {
			s.send(t, g)
		}
	}
	get := func(query string) (int, map[string]any) {
		resp, err := http.Get("http://" + s.admin.Addr().String() + "/audit/AuditEvent?" + query)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatalf("%v: %s", err, b)
		}
		return resp.StatusCode, v
	}
	entries := func(v map[string]any) int { e, _ := v["entry"].([]any); return len(e) }
	if status, v := get("date=ge2026-01-01&subtype=" + url.QueryEscape("urn:ihe:event-type-code|ITI-8")); status != 200 || entries(v) != 2 {
		t.Errorf("status %d, %v", status, v)
	}
	patient := url.QueryEscape("urn:oid:2.999.1.1|DEMO-2")
	status, v := get("patient.identifier=" + patient + "&date=2026-01-02")
	if status != 200 || entries(v) != 1 || !strings.Contains(fmt.Sprint(v), "DEMO-2^^^&2.999.1.1&ISO") {
		t.Errorf("status %d, %v", status, v)
	}
	if _, v := get("date=lt2026-01-02"); entries(v) != 0 {
		t.Errorf("found before it happened: %v", v)
	}
	pages, query := 0, "date=2026&_count=2"
	for seen := 0; query != ""; pages++ {
		_, v := get(query)
		seen += entries(v)
		query = ""
		for _, l := range v["link"].([]any) {
			if l := l.(map[string]any); l["relation"] == "next" {
				_, query, _ = strings.Cut(l["url"].(string), "?")
			}
		}
		if pages > 20 {
			t.Fatal("pages without end")
		}
	}
	for _, bad := range []string{"date=yesterday", "date=xx2026", "nonsense=1", "patient=DEMO-1", "outcome=5", "_count=0", "_page=x", "_format=xml", "type="} {
		if status, v := get(bad); status != 400 || v["resourceType"] != "OperationOutcome" {
			t.Errorf("%s: status %d, %v", bad, status, v)
		}
	}
	if _, v := get("type=110101&_count=1000"); entries(v) < 10 {
		t.Errorf("%d searches recorded", entries(v))
	}
}

// TestWhoMaySearch: the audit trail shows patients, so that nobody reads it without a certificate unless it was said; each
// refusal is recorded and names none.
func TestWhoMaySearch(t *testing.T) {
	t.Parallel()
	w := newSecureWorld(t)
	auditor, emr := w.issue("auditor", w.ca, nil), w.issue("emr", w.ca, nil)
	allow := func(names ...string) func(*Config) {
		return func(c *Config) { c.Admin, c.TLS.Allow.Admin = "0.0.0.0:0", names }
	}
	for name, x := range map[string]struct {
		change func(*Config)
		secure bool
		by     *pki.Pair
		host   string
		status int
	}{
		"default":                        {func(*Config) {}, false, nil, "", 403},
		"off":                            {func(c *Config) { c.Audit.Search = searchOff }, false, nil, "", 403},
		"loopback":                       {func(c *Config) { c.Audit.Search = searchLoopback }, false, nil, "", 200},
		"loopback by another name":       {func(c *Config) { c.Audit.Search = searchLoopback }, false, nil, "rebound.example.org", 403},
		"loopback by localhost":          {func(c *Config) { c.Audit.Search = searchLoopback }, false, nil, "localhost", 200},
		"loopback, but all may connect":  {func(c *Config) { c.Audit.Search, c.Admin, c.TLS.Plain = searchLoopback, "0.0.0.0:0", true }, false, nil, "", 403},
		"plain on purpose":               {func(c *Config) { c.Admin, c.TLS.Plain = "0.0.0.0:0", true }, false, nil, "", 403},
		"loopback of a Secure Node":      {func(*Config) {}, true, nil, "", 403},
		"certificate that is named":      {allow("auditor"), true, auditor, "", 200},
		"any certificate":                {allow(), true, emr, "", 403},
		"named, and off":                 {func(c *Config) { allow("auditor")(c); c.Audit.Search = searchOff }, true, auditor, "", 403},
		"named, and loopback may, too":   {func(c *Config) { allow("auditor")(c); c.Audit.Search = searchLoopback }, true, auditor, "", 200},
		"unnamed, and loopback may, too": {func(c *Config) { allow()(c); c.Audit.Search = searchLoopback }, true, emr, "", 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := testConfig(t)
			if x.secure {
				mine := newSecureWorld(t)
				mine.ca = w.ca
				mine.write("ca.pem", pki.CertificatePEM(w.ca.Certificate))
				mine.revoke(2)
				c = mine.config(t)
			}
			x.change(c)
			s := startServer(t, c, realWorld())
			_, port, err := net.SplitHostPort(s.admin.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			scheme := "http"
			if x.by != nil {
				scheme = "https"
			}
			req, err := http.NewRequestWithContext(t.Context(), "GET", scheme+"://127.0.0.1:"+port+"/audit/AuditEvent?patient.identifier="+url.QueryEscape("urn:oid:2.999.1.1|DEMO-2"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if x.host != "" {
				req.Host = x.host + ":" + port
			}
			h := &http.Client{Transport: &http.Transport{TLSClientConfig: client(x.by), DisableKeepAlives: true}, Timeout: 10 * time.Second}
			resp, err := h.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != x.status || resp.Header.Get("Content-Type") != "application/fhir+json; charset=utf-8" {
				t.Errorf("status %d, %v, want %d: %s", resp.StatusCode, err, x.status, b)
			}
			if text := string(b); x.status == 403 && (!strings.Contains(text, `"OperationOutcome"`) || !strings.Contains(text, `"forbidden"`) || strings.Contains(text, "DEMO-2")) {
				t.Errorf("the refusal is %s", b)
			}
			found := s.eventsOf(t, atna.AuditLogUsed)
			if len(found) != 1 || (found[0].Event.Identification.Outcome == atna.Success) != (x.status == 200) {
				t.Errorf("recorded: %s", auditLines(found))
			}
		})
	}
}

// eventsOf are the events with an EventID.
func (s *testServer) eventsOf(t testing.TB, id atna.Code) []store.AuditMessage {
	t.Helper()
	found, err := s.node.db.SearchAudit(t.Context(), store.AuditQuery{EventIDs: []string{id.Value}})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestAuditMustBeStored: an exchange that cannot be recorded is refused, and readiness says so until it can be again.
func TestAuditMustBeStored(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), testWorld())
	var query, feed golden.Case
	for _, g := range cases(t) {
		switch g.Name {
		case "iti18/find-documents-and":
			query = g
		case "iti8/a08":
			feed = g
		}
	}
	ready := func() int {
		resp, err := http.Get("http://" + s.admin.Addr().String() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	auditDatabase(t, s.node.config, "ALTER TABLE audit_event RENAME TO audit_event_gone")
	if answer := string(s.send(t, query)); !strings.Contains(answer, "XDSRegistryError") || !strings.Contains(answer, "reference") || strings.Contains(answer, "audit") {
		t.Errorf("got\n%s", answer)
	}
	if answer := string(s.send(t, feed)); !strings.Contains(answer, "MSA|AR|") {
		t.Errorf("got\n%s", answer)
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("readyz %d", got)
	}
	auditDatabase(t, s.node.config, "ALTER TABLE audit_event_gone RENAME TO audit_event")
	if got := ready(); got != http.StatusOK {
		t.Errorf("readyz %d after the repair", got)
	}
	if answer := s.send(t, query); !successful(answer) {
		t.Errorf("got\n%s", answer)
	}
	auditDatabase(t, s.node.config, "ALTER TABLE audit_event RENAME TO audit_event_gone")
	s.send(t, query)
	auditDatabase(t, s.node.config, "ALTER TABLE audit_event_gone RENAME TO audit_event")
	last := s.lastAudit(t)
	if answer := s.send(t, query); !successful(answer) { // before anybody has asked for readiness
		t.Errorf("got\n%s", answer)
	}
	events := s.auditAfter(t, last)
	if len(events) != 2 || !events[0].Event.Identification.Types[0].Is(atna.AuditRecordingStarted) || events[0].Exchange != "" || events[1].Exchange == "" {
		t.Errorf("the trail does not say where its gap ends:\n%s", auditLines(events))
	}
	s.send(t, query)
	if events := s.auditAfter(t, last); len(events) != 3 {
		t.Errorf("it says so more than once:\n%s", auditLines(events))
	}
}

// TestAuditSearchAbandoned: a peer that goes away is recorded, and does not pass for a trail that cannot be written.
func TestAuditSearchAbandoned(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), testWorld())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		s.node.auditSearch().ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(gone, "GET", "/audit/AuditEvent", nil))
	}
	if found := s.eventsOf(t, atna.AuditLogUsed); len(found) != 20 || s.node.audit.broken.Load() {
		t.Errorf("%d recorded, broken %v", len(found), s.node.audit.broken.Load())
	}
}

// TestAuditHostileNames: whatever a message names comes back as one event with equal fields, and on one line.
func TestAuditHostileNames(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), testWorld())
	names := []string{"A]]>B", `A"B'C`, "A&lt;B", "A\x01\x1b[31mB", "A\tB", "Ä日"}
	for _, name := range names {
		msg := "\x0bMSH|^~\\&|" + strings.NewReplacer("&", `\T\`).Replace(name) + "|F|D|N|20260102||ADT^A08|" + "X" + "|P|2.3.1|||||||UNICODE UTF-8\rPID|||P" + "^^^&2.999.1.1&ISO\r\x1c\r"
		if _, err := golden.SendMLLP(s.feed(), []byte(msg)); err != nil {
			t.Fatal(err)
		}
	}
	trail := s.auditTrail(t)[1:]
	if len(trail) != len(names) {
		t.Fatalf("%d events for %d messages:\n%s", len(trail), len(names), auditLines(trail))
	}
	for i, m := range trail {
		if strings.ContainsAny(string(m.Message), "\r\n") || strings.Count(string(m.Message), "<AuditMessage>") != 1 {
			t.Errorf("%q: not one message on one line: %s", names[i], m.Message)
		}
		t.Logf("%q is recorded as %q", names[i], m.Event.Participants[0].UserID)
	}
}

// TestAuditForget: a destination that left the configuration is warned of while it holds up what expires; giving it up is recorded,
// and refused for one that is in use or never was.
func TestAuditForget(t *testing.T) {
	t.Parallel()
	c, dir := audited(t)
	const gone, used = "udp://127.0.0.1:9", "udp://127.0.0.1:19"
	auditDatabase(t, c, "INSERT INTO audit_cursor (destination, number) VALUES ('"+gone+"', 3)")
	c.Audit.Keep, c.Audit.Forward = time.Hour, []string{used}
	warned := func() bool {
		s := startServer(t, c, realWorld())
		waitFor(t, func() bool {
			all, err := s.node.db.Cursors(t.Context())
			_, runs := all[used]
			return err == nil && runs
		})
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
		return strings.Contains(s.log.String(), "destination="+gone)
	}
	if !warned() {
		t.Error("no warning")
	}
	file := filepath.Join(dir, "forward.yaml")
	if err := os.WriteFile(file, []byte("audit:\n  forward: ["+used+"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		destination string
		ok          bool
	}{{used, false}, {"udp://127.0.0.1:29", false}, {gone, true}, {gone, false}} {
		out, _, err := command(t.Context(), "audit", "forget", x.destination, "--data", c.Data, "--config", file)
		if (err == nil) != x.ok || x.ok && !strings.Contains(out, "number 3") {
			t.Errorf("%s: %q, %v", x.destination, out, err)
		}
	}
	if out := mustCommand(t, auditArgs(c, dir, "search", "--type", atna.SecurityConfiguration.Value, "--xml")...); !strings.Contains(out, base64.StdEncoding.EncodeToString([]byte("audit destination "+gone+" given up; it has the chain up to number 3"))) {
		t.Errorf("it is not in the trail: %s", out)
	}
	if warned() {
		t.Error("a warning of what was given up")
	}
}
