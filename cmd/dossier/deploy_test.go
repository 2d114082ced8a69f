package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dossier/internal/tsatest"
)

// compose is what docker-compose.yml is checked for.
type compose struct {
	Services map[string]struct {
		Image       string
		Build       string
		Environment map[string]string
		Volumes     []string
		Ports       []string
		Healthcheck struct{ Test []string }
		ReadOnly    bool     `yaml:"read_only"`
		CapDrop     []string `yaml:"cap_drop"`
	}
	Volumes map[string]any
}

func root(name ...string) string { return filepath.Join(append([]string{"..", ".."}, name...)...) }

func readYAML(t *testing.T, into any, name ...string) {
	t.Helper()
	if err := yaml.Unmarshal(readFile(t, root(name...)), into); err != nil {
		t.Fatalf("%s: %v", filepath.Join(name...), err)
	}
}

// mustBeSet is a variable without which compose does not start.
var mustBeSet = regexp.MustCompile(`\$\{[A-Z_]+:\?`)

// pinned is an image with a full version.
var pinned = regexp.MustCompile(`^[a-z0-9./-]+:v?\d+\.\d+(\.\d+)?(-[a-z0-9]+)?$`)

func TestCompose(t *testing.T) {
	t.Parallel()
	var c compose
	readYAML(t, &c, "docker-compose.yml")
	for _, name := range []string{"database", "dossier", "prometheus", "grafana"} {
		if _, ok := c.Services[name]; !ok {
			t.Errorf("there is no service %s", name)
		}
	}
	used := map[string]bool{}
	for name, s := range c.Services {
		if s.Build == "" && !pinned.MatchString(s.Image) {
			t.Errorf("%s: image %q is not pinned to a version", name, s.Image)
		}
		if len(s.Healthcheck.Test) == 0 {
			t.Errorf("%s: no health check", name)
		}
		kept := false
		for _, v := range s.Volumes {
			from, _, _ := strings.Cut(v, ":")
			if _, named := c.Volumes[from]; named {
				used[from], kept = true, true
			} else if !strings.HasPrefix(from, "./") || !strings.HasSuffix(v, ":ro") {
				t.Errorf("%s: volume %q is neither named nor a read-only file of the repository", name, v)
			} else if _, err := os.Stat(root(from)); err != nil {
				t.Errorf("%s: volume %q: %v", name, v, err)
			}
		}
		if !kept {
			t.Errorf("%s: what it stores is lost with its container", name)
		}
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") {
				t.Errorf("%s: port %q is open to the network, and nothing here has TLS", name, p)
			}
		}
		for key, value := range s.Environment {
			if secret := strings.Contains(key, "PASSWORD") || strings.Contains(value, "@"); secret && !mustBeSet.MatchString(value) {
				t.Errorf("%s: %s is written into the file; expected a variable that must be set", name, key)
			}
		}
	}
	for v := range c.Volumes {
		if !used[v] {
			t.Errorf("volume %s is used by no service", v)
		}
	}
	d := c.Services["dossier"]
	if !d.ReadOnly || !slices.Equal(d.CapDrop, []string{"ALL"}) {
		t.Error("dossier: expected a read-only root and no capabilities")
	}
	if !slices.Equal(d.Healthcheck.Test, []string{"CMD", "/dossier", "health", "--admin", "127.0.0.1:9090"}) {
		t.Errorf("dossier: health check %q is not the one that the image can run", d.Healthcheck.Test)
	}
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	text := string(readFile(t, root("Dockerfile")))
	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1)
	if len(stages) != 2 || stages[1][1] != "scratch" {
		t.Fatalf("stages %q, want a build and scratch", stages)
	}
	if !pinned.MatchString(stages[0][1]) {
		t.Errorf("image %q is not pinned to a version", stages[0][1])
	}
	module := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(readFile(t, root("go.mod"))))
	if len(module) != 2 || !strings.HasPrefix(stages[0][1], "golang:"+module[1]) {
		t.Errorf("image %q is not of the Go version %q that go.mod asks for", stages[0][1], module)
	}
	for _, want := range []string{"CGO_ENABLED=0", "USER 65532:65532", "VOLUME /data", `ENTRYPOINT ["/dossier"]`} {
		if !strings.Contains(text, want) {
			t.Errorf("expected %s", want)
		}
	}
}

// TestMetricsThatOperatorsSee: every metric that the dashboard and the alerts name is one that a server has. Some appear
// with the first event only; those are known by their help in the code.
func TestMetricsThatOperatorsSee(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	mustCommand(t, "submit", "--to", s.repository(), "--patient", "DEMO-1^^^&2.999.1.1&ISO", documents(t)[0])
	_, body := get(t, s.adminURL("/metrics"))
	c, dir := stamping(t, backends[0], tsatest.New(t, nil), "http://127.0.0.1:1") // has what comes with TLS and time stamps
	c.TLS.Certificate, c.TLS.Key = filepath.Join(dir, "server.pem"), filepath.Join(dir, "server-key.pem")
	c.TLS.Trusted, c.TLS.Revoked = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "crl.pem")
	_, more := get(t, startServer(t, c, realWorld()).adminURL("/metrics"))
	body += more
	known := map[string]bool{"up": true}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+) (\S+)$`).FindAllStringSubmatch(body, -1) {
		known[m[1]] = true
		if m[2] == "histogram" {
			known[m[1]+"_bucket"] = true
		}
	}
	for _, late := range []string{"dossier_error_codes_total", "dossier_broken_answers_total", "dossier_refused_messages_total"} {
		if strings.Contains(string(readFile(t, root("internal", "actor", "metrics.go"))), `"`+late+`"`) {
			known[late] = true
		}
	}
	for _, expr := range expressions(t) {
		names := metricName.FindAllString(strip.ReplaceAllString(expr, ""), -1)
		found := 0
		for _, name := range names {
			if functions[name] {
				continue
			}
			found++
			if !known[name] {
				t.Errorf("%s: the server has no metric %s", expr, name)
			}
		}
		if found == 0 {
			t.Errorf("%s names no metric", expr)
		}
	}
}

var (
	metricName = regexp.MustCompile(`[a-z_][a-z0-9_]+`)
	// What stands in braces, brackets, and behind "by" are labels and times.
	strip     = regexp.MustCompile(`\{[^}]*\}|\[[^\]]*\]|by \([^)]*\)`)
	functions = map[string]bool{"sum": true, "rate": true, "increase": true, "histogram_quantile": true, "time": true}
)

// expressions collects every query of the dashboard and the alerts.
func expressions(t *testing.T) (out []string) {
	t.Helper()
	var alerts struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr string
				Annotations map[string]string
			}
		}
	}
	readYAML(t, &alerts, "deploy", "prometheus", "alerts.yml")
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			if r.Alert == "" || r.Annotations["summary"] == "" {
				t.Errorf("alert %q says nothing: %s", r.Alert, r.Expr)
			}
			out = append(out, r.Expr)
		}
	}
	err := filepath.WalkDir(root("deploy", "grafana", "dashboards"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		var board struct {
			UID    string
			Panels []struct {
				Title   string
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal(readFile(t, path), &board); err != nil {
			return fmt.Errorf("%s: %w", d.Name(), err)
		}
		for _, p := range board.Panels {
			if p.Title == "" || len(p.Targets) == 0 {
				t.Errorf("%s: a panel without title or query", d.Name())
			}
			for _, target := range p.Targets {
				out = append(out, target.Expr)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 15 {
		t.Errorf("found %d queries only", len(out))
	}
	return out
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := startServer(t, testConfig(t), realWorld())
	admin := s.admin.Addr().String()
	if out := mustCommand(t, "health", "--admin", admin); out != "ready\n" {
		t.Errorf("got %q", out)
	}
	s.node.ready.Store(false)
	if _, _, err := command(t.Context(), "health", "--admin", admin); err == nil || !strings.Contains(err.Error(), "not ready: starting or draining") {
		t.Errorf("while draining: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := command(t.Context(), "health", "--admin", admin); err == nil {
		t.Error("a server that is gone is healthy")
	}
	if _, _, err := command(t.Context(), "health", "--admin", "no host"); err == nil {
		t.Error("an address that is none is healthy")
	}
}
