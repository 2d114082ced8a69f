package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"
)

func newMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collectors.NewBuildInfoCollector())
	return r
}

// admin serves operators, not the clinical network. The search of the audit trail is the only part with patient data; each
// use of it is recorded.
func (n *node) admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", n.readyz)
	mux.Handle("GET /audit/AuditEvent", n.auditSearch())
	mux.HandleFunc("GET /buildinfo", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(build()) // the peer is gone when this fails
	})
	return mux
}

// readyTimeout is how long the database may take to answer the question whether it is there.
const readyTimeout = 3 * time.Second

// readyz says whether requests would be served now: started, not draining, database answering, document store sound.
func (n *node) readyz(w http.ResponseWriter, r *http.Request) {
	if !n.ready.Load() {
		http.Error(w, "not ready: starting or draining", http.StatusServiceUnavailable)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if err := n.db.Ping(ctx); err != nil {
		n.log.Warn("database does not answer", "cause", err.Error())
		http.Error(w, "not ready: database does not answer", http.StatusServiceUnavailable)
		return
	}
	for _, s := range []struct {
		name string
		err  error
	}{{"document store", n.blobs.Err()}, {"database", n.db.Err()}} {
		if s.err != nil {
			n.log.Error(s.name+" takes no more writes", "cause", s.err.Error())
			http.Error(w, "not ready: "+s.name+" failed, see the log; reading goes on", http.StatusServiceUnavailable)
			return
		}
	}
	if err := n.audit.usable(r.Context()); err != nil {
		n.log.Error("audit events cannot be stored", "cause", err.Error())
		http.Error(w, "not ready: audit events cannot be stored", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

type buildInfo struct {
	Version  string `json:"version"`
	Revision string `json:"revision"`
	Modified bool   `json:"modified"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func build() buildInfo {
	b := buildInfo{Version: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Version = info.Main.Version
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the build", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			b := build()
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "dossier %s %s %s %s\n", b.Version, b.Revision, b.Go, b.Platform)
			return err
		},
	}
}
