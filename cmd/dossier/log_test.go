package main

import (
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"dossier/atna/syslog"
)

// TestLogBySyslog: operators' traces go out as messages of RFC 5424 with the severity of their level, one line each.
func TestLogBySyslog(t *testing.T) {
	t.Parallel()
	pc, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	log, err := newLogger(LogConfig{Format: "text", Level: "info", Syslog: "udp://" + pc.LocalAddr().String()})
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("not sent")
	log.With("transaction", "ITI-18").WithGroup("g").Warn("exchange\n<85>1 forged", slog.String("k", "v"))
	log.Error("broken")
	buf := make([]byte, 2000)
	pc.SetReadDeadline(time.Now().Add(10 * time.Second))
	for _, want := range []struct {
		priority int
		text     string
	}{{132, `msg="exchange\n<85>1 forged" transaction=ITI-18 g.k=v`}, {131, "msg=broken"}} {
		n, _, err := pc.ReadFrom(buf)
		if err != nil {
			t.Fatal(err)
		}
		m, err := syslog.Parse(buf[:n])
		if err != nil || m.Priority != want.priority || string(m.Text) != want.text || m.AppName != "dossier" || m.Time.IsZero() {
			t.Errorf("%v, got %+v with %q, want %+v", err, m, m.Text, want)
		}
	}
}

func TestLogSyslogAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"localhost:514", "udp://localhost", "tcp://localhost:514", "udp://"} {
		if _, err := newLogger(LogConfig{Format: "text", Level: "info", Syslog: bad}); err == nil || !strings.Contains(err.Error(), "log.syslog") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
