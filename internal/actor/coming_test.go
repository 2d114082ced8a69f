package actor

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
	"dossier/iti"
)

type recorder func() error

func (r recorder) Record(context.Context, string, ...atna.Event) error { return r() }

// TestComing: each exchange counts until it goes to its audit, once, whatever way it takes.
func TestComing(t *testing.T) {
	t.Parallel()
	f := &Frame{Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry()), NewID: func() string { return "id" }, Now: time.Now}
	during := -1
	f.Audit = recorder(func() error { during = f.Coming(); return nil })
	begin := func() *Exchange { return f.Begin(iti.RegistryStoredQuery, "", "") }
	other := begin()
	for name, way := range map[string]func(*Exchange){
		"answered": func(x *Exchange) { _ = f.Record(t.Context(), x, nil) },
		"refused":  func(x *Exchange) { _ = f.Record(t.Context(), x, errors.New("refused")) },
		"changed":  func(x *Exchange) { x.Change(t.Context()) },
		"changed, then refused": func(x *Exchange) {
			x.Change(t.Context())
			_ = f.Record(t.Context(), x, errors.New("refused"))
		},
		"never recorded": func(*Exchange) {},
	} {
		x := begin()
		if n := f.Coming(); n != 2 {
			t.Fatalf("%s: %d on their way at the beginning, want 2", name, n)
		}
		way(x)
		f.End(x, nil)
		if n := f.Coming(); n != 1 {
			t.Fatalf("%s: %d on their way at the end, want the other one", name, n)
		}
	}
	if during != 1 {
		t.Errorf("%d on their way while one is recorded, want the other one", during)
	}
	f.End(other, nil)
	if n := f.Coming(); n != 0 {
		t.Errorf("%d on their way at the end of all", n)
	}
}
