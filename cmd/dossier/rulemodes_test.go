package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dossier/internal/golden"
	"dossier/xds"
)

// rollOut is a submission that breaks one rule, with what has to be registered before.
type rollOut struct {
	name    string
	request []byte
	after   [][]byte
	conf    func(c *Config)
}

// rollOuts finds a submission for each rule that is not fixed: a recorded exchange, else a fixture on a strict registry.
func rollOuts(t *testing.T) map[string]rollOut {
	t.Helper()
	byName, out := map[string]golden.Case{}, map[string]rollOut{}
	all := cases(t)
	for _, c := range all {
		byName[c.Name] = c
	}
	for _, r := range allRules() {
		if r.Fixed || r.Rule == "code-in-affinity-domain" {
			continue
		}
		for _, c := range all {
			errs := toldBy(c.Response(t))
			if out[r.Rule].name != "" || !strings.HasPrefix(c.Name, "iti42/") || len(errs) == 0 || slices.ContainsFunc(errs, func(e told) bool { return e.rule != r.Rule }) {
				continue
			}
			o := rollOut{name: c.Name, request: c.Request, conf: func(*Config) {}}
			for _, b := range c.After {
				o.after = append(o.after, byName[b.Name].Request)
			}
			out[r.Rule] = o
		}
		if out[r.Rule].name == "" {
			file := filepath.Join(filepath.FromSlash(ruleFixtures), r.Rule+".xml")
			out[r.Rule] = rollOut{name: file, request: asRegister(t, file), conf: func(c *Config) {
				c.Domain.OID, c.Domain.Patients, c.Registry.Validation = "2.999.10.1", []string{"PAT-4711"}, "strict"
			}}
		}
	}
	return out
}

// TestRuleModes: what breaks a rule that is turned down is stored and found again. off says nothing, log says it in the log
// line alone, warn in the answer, which is a Success all the same.
func TestRuleModes(t *testing.T) {
	t.Parallel()
	rolled := rollOuts(t)
	if len(rolled) < 50 {
		t.Errorf("only %d rules can be turned down", len(rolled))
	}
	for rule, o := range rolled {
		for _, mode := range []xds.Mode{xds.ModeOff, xds.ModeLog, xds.ModeWarn} {
			t.Run(rule+"/"+string(mode), func(t *testing.T) {
				t.Parallel()
				conf := testConfig(t)
				o.conf(conf)
				conf.Registry.Rules = []RuleConfig{{rule, string(mode)}}
				s := startServer(t, conf, testWorld())
				for _, r := range o.after {
					s.exchange(t, r)
				}
				answer := s.exchange(t, o.request)
				if !successful([]byte(answer)) {
					t.Fatalf("%s is refused: %s", o.name, answer)
				}
				s.checkMode(t, rule, mode, answer)
				s.checkStored(t, conf)
			})
		}
	}
}

func (s *testServer) exchange(t *testing.T, request []byte) string {
	t.Helper()
	answer, err := golden.Send(s.addr(), request)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

// checkMode looks for the rule where its mode says that it is, and nowhere else.
func (s *testServer) checkMode(t *testing.T, rule string, mode xds.Mode, answer string) {
	t.Helper()
	warned := toldBy([]byte(answer))
	if mode == xds.ModeWarn {
		if len(warned) == 0 || !strings.Contains(answer, `highestSeverity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"`) || strings.Contains(answer, "ErrorSeverityType:Error") {
			t.Errorf("not a Warning: %s", answer)
		}
		for _, e := range warned {
			if e.rule != rule || e.location == "" || e.reference == "" {
				t.Errorf("warned of %+v", e)
			}
		}
	} else if len(warned) > 0 || strings.Contains(answer, "RegistryErrorList") {
		t.Errorf("the answer tells of it: %s", answer)
	}
	log := s.log.String()
	noted := strings.Contains(log, "noted=\"["+rule+"=") || strings.Contains(log, "noted=["+rule+"=")
	if noted != (mode == xds.ModeLog) {
		t.Errorf("noted in the log: %v\n%s", noted, log)
	}
	for _, word := range append(patientWords, "PAT-4711") {
		if strings.Contains(log, word) {
			t.Errorf("the log names the patient %q:\n%s", word, log)
		}
	}
}

// checkStored asks for everything of the patient.
func (s *testServer) checkStored(t *testing.T, c *Config) {
	t.Helper()
	patient := "DEMO-1"
	if len(c.Domain.Patients) > 0 {
		patient = c.Domain.Patients[0]
	}
	answer := s.exchange(t, []byte(onRegistry(envelope(actionQuery, storedQuery("urn:uuid:10b545ea-725c-446d-9b95-8aeb444eddf3", "LeafClass",
		"$patientId", "'"+patient+"^^^&"+c.Domain.OID+"&ISO'", "$XDSDocumentEntryStatus", statusApproved,
		"$XDSSubmissionSetStatus", statusApproved, "$XDSFolderStatus", statusApproved)))))
	if !successful([]byte(answer)) || !strings.Contains(answer, "2.999.31.") || !strings.Contains(answer, "XDSSubmissionSet.uniqueId") {
		t.Errorf("GetAll: %s", answer)
	}
}

// TestWarningsAndRefusals: a submission that breaks a warned and a rejected rule is refused with both, each with its
// severity, and nothing of it is stored.
func TestWarningsAndRefusals(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Registry.Rules = []RuleConfig{{"entry-title", "warn"}, {"entry-language-code", "log"}, {"slot-name", "reject"}}
	s := startServer(t, conf, testWorld())
	m := registrable(demoSubmission(t, 1))
	m.DocumentEntries[0].Title, m.DocumentEntries[0].LanguageCode = strings.Repeat("t", 129), "not a tag"
	answer := s.exchange(t, []byte(onRegistry(envelope(actionRegister, strings.Replace(submitRequest(m), "</rim:ExtrinsicObject>", "</rim:ExtrinsicObject>", 1)))))
	if !successful([]byte(answer)) || len(toldBy([]byte(answer))) != 1 {
		t.Errorf("warned and noted: %s", answer)
	}
	m.SubmissionSets[0].UniqueID, m.SubmissionSets[0].PatientID.ID, m.SubmissionSets[0].PatientID.Raw = "2.999.5.1001", "NOBODY", "NOBODY^^^&2.999.1.1&ISO"
	m.DocumentEntries[0].PatientID, m.DocumentEntries[0].UniqueID = m.SubmissionSets[0].PatientID, "2.999.5.77"
	answer = s.exchange(t, []byte(onRegistry(envelope(actionRegister, submitRequest(m)))))
	errs := toldBy([]byte(answer))
	if successful([]byte(answer)) || len(errs) != 2 || errs[0].rule != "entry-title" || errs[1].rule != "patient-known" ||
		!strings.Contains(answer, `highestSeverity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"`) || strings.Count(answer, "ErrorSeverityType:Warning") != 1 {
		t.Errorf("warned and refused: %s", answer)
	}
	if n := s.documentsOfDemo(t); n != 1 {
		t.Errorf("%d documents, want that of the first submission", n)
	}
	slot := strings.Replace(submitRequest(registrable(demoSubmission(t, 1))), `<rim:Slot name="languageCode">`, `<rim:Slot name="shelf"><rim:ValueList><rim:Value>B</rim:Value></rim:ValueList></rim:Slot><rim:Slot name="languageCode">`, 1)
	if answer = s.exchange(t, []byte(onRegistry(envelope(actionRegister, strings.ReplaceAll(slot, "2.999.5.1", "2.999.5.2"))))); !strings.Contains(answer, "[slot-name, ") || successful([]byte(answer)) {
		t.Errorf("a rule of the letter that a lenient registry is told to reject: %s", answer)
	}
}

// TestWarningReachesTheSource: ITI-41 relays the registry's warnings, and the document is stored.
func TestWarningReachesTheSource(t *testing.T) {
	t.Parallel()
	conf := testConfig(t)
	conf.Registry.Rules = []RuleConfig{{"entry-title", "warn"}}
	for name, place := range map[string]func() *testServer{
		"in one process": func() *testServer { return startServer(t, conf, realWorld()) },
		"apart": func() *testServer {
			central := testConfig(t)
			central.Registry.Rules = conf.Registry.Rules
			c := testConfig(t)
			c.Registry.URL = startServer(t, central, realWorld()).registry()
			return startServer(t, c, realWorld())
		},
	} {
		s := place()
		m := demoSubmission(t, 1)
		m.DocumentEntries[0].Title = strings.Repeat("t", 129)
		answer := s.exchange(t, []byte(post(repositoryPath, simpleType, envelope(actionProvide, provide(m, document("Document01", "aGVsbG8="))))))
		errs := toldBy([]byte(answer))
		if !successful([]byte(answer)) || len(errs) != 1 || errs[0].rule != "entry-title" || strings.Contains(answer, "ErrorSeverityType:Error") {
			t.Errorf("%s: %s", name, answer)
		}
		if answer = s.exchange(t, []byte(post(repositoryPath, simpleType, envelope(actionRetrieve, retrieveRequest("2.999.1.2", "2.999.5.1"))))); !strings.Contains(answer, "hello") && !strings.Contains(answer, "aGVsbG8=") {
			t.Errorf("%s: retrieve: %s", name, answer)
		}
	}
}

// TestCodeModes: the code sets of an affinity domain can be rolled out too.
func TestCodeModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []xds.Mode{xds.ModeOff, xds.ModeLog, xds.ModeWarn, xds.ModeReject} {
		conf := testConfig(t)
		conf.Domain.Codes = filepath.Join(t.TempDir(), "codes.yaml")
		replaceFile(t, conf.Domain.Codes, listing("letters"))
		conf.Registry.Rules = []RuleConfig{{"code-in-affinity-domain", string(mode)}}
		s := startServer(t, conf, testWorld())
		answer := s.exchange(t, []byte(onRegistry(envelope(actionRegister, submitRequest(registrable(demoSubmission(t, 1)))))))
		if successful([]byte(answer)) != (mode != xds.ModeReject) {
			t.Errorf("%s: %s", mode, answer)
		}
		if mode != xds.ModeReject {
			s.checkMode(t, "code-in-affinity-domain", mode, answer)
		}
	}
}

func TestRuleConfiguration(t *testing.T) {
	for text, want := range map[string]string{
		"{rule: slot-nmae, mode: warn}":                                         `did you mean "slot-name"?`,
		"{rule: Slot_Name, mode: warn}":                                         `did you mean "slot-name"?`,
		"{rule: slot-name, mode: loud}":                                         `registry.rules[0]: mode: expected off, log, warn, reject, got "loud"`,
		"{rule: slot-name}":                                                     `got ""`,
		"{rule: patient-known, mode: off}":                                      `patient-known is fixed: expected mode reject, got "off"`,
		"{rule: document-hash, mode: warn}":                                     "document-hash is fixed",
		"{rule: slot-name, mode: warn}, {rule: slot-name, mode: off}":           `registry.rules[1]: rule: expected each rule once, got "slot-name" twice`,
		"{rule: slot-name, mode: warn, until: 2027}":                            "until",
		"{rule: a, mode: b}, {rule: entry-hash, mode: log}":                     "entry-hash is fixed",
		"{rule: SLOT-NAME, mode: off}":                                          `did you mean "slot-name"?`,
		"{rule: '', mode: off}":                                                 "expected a name of dossier rules",
		"{rule: slot-name, mode: off}, {rule: entry-title, mode: 'log'}":        "",
		"{rule: patient-known, mode: reject}, {rule: slot-name, mode: \"off\"}": "",
	} {
		c, err := load(t, "registry:\n  rules: ["+text+"]\n", nil, nil)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want == "":
			if len(c.Registry.Rules) != 2 || c.Registry.profile().Modes["slot-name"] != xds.ModeOff {
				t.Errorf("%s: %+v", text, c.Registry.Rules)
			}
		case err == nil || !strings.Contains(err.Error(), want):
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	t.Setenv("DOSSIER_REGISTRY_RULES", "slot-name=warn, entry-title=log")
	c, err := load(t, "", nil, []string{"DOSSIER_REGISTRY_RULES=x"})
	if err != nil || !slices.Equal(c.Registry.Rules, []RuleConfig{{"slot-name", "warn"}, {"entry-title", "log"}}) {
		t.Errorf("variable: %+v, %v", c, err)
	}
	t.Setenv("DOSSIER_REGISTRY_RULES", "slot-name")
	if _, err = load(t, "", nil, nil); err == nil || !strings.Contains(err.Error(), "mode: expected") {
		t.Errorf("variable without mode: %v", err)
	}
}

// TestValidateLikeAServer: dossier validate --config judges in the modes of that server.
func TestValidateLikeAServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf, file := filepath.Join(dir, "dossier.yaml"), filepath.Join(dir, "m.xml")
	m := registrable(demoSubmission(t, 1))
	m.DocumentEntries[0].Title, m.DocumentEntries[0].LanguageCode, m.DocumentEntries[0].Hash = strings.Repeat("t", 129), "not a tag", "zz"
	replaceFile(t, file, submitRequest(m))
	replaceFile(t, conf, "registry:\n  rules: [{rule: entry-title, mode: warn}, {rule: entry-language-code, mode: log}]\n")
	out, _, err := command(t.Context(), "validate", "--config", conf, file)
	for _, want := range []string{
		"reject XDSRegistryMetadataError  entry-hash  ITI TF-3: 4.2.3.2.10\n  at   Document01\n  hash: expected a SHA-1",
		"warn XDSRegistryMetadataError  entry-title  ITI TF-3: 4.2.3.2.24\n  at   Document01\n",
		"log XDSRegistryMetadataError  entry-language-code  ITI TF-3: 4.2.3.2.13\n  at   Document01\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if err == nil || err.Error() != "1 problems" {
		t.Errorf("got %v", err)
	}
	m.DocumentEntries[0].Hash = strings.Repeat("a1", 20)
	replaceFile(t, file, submitRequest(m))
	if out := mustCommand(t, "validate", "--config", conf, file); !strings.HasSuffix(out, "valid, with 2 remarks\n") {
		t.Errorf("remarks only: %s", out)
	}
	if _, _, err := command(t.Context(), "validate", "--config", filepath.Join(dir, "none.yaml"), file); err == nil {
		t.Error("a configuration that is not there")
	}
}
