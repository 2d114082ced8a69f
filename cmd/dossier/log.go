package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"

	"dossier/atna/syslog"
)

// Operators' traces are not the audit trail: they go to stderr, or by syslog to log.syslog, and name no patient.

func newLogger(c LogConfig) (*slog.Logger, error) {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Level)) // checked with the configuration
	options := &slog.HandlerOptions{Level: level}
	if c.Syslog != "" {
		h, err := newSyslogHandler(c, options)
		if err != nil {
			return nil, err
		}
		return slog.New(h), nil
	}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options)), nil
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options)), nil
}

// syslogAddress reads udp://host:port.
func syslogAddress(url string) (string, error) {
	addr, ok := strings.CutPrefix(url, "udp://")
	if _, _, err := net.SplitHostPort(addr); !ok || err != nil {
		return "", fmt.Errorf("expected udp://host:port, got %q", url)
	}
	return addr, nil
}

// syslogHandler sends each record as a message of RFC 5424, facility local0.
type syslogHandler struct {
	slog.Handler // writes to wire.line
	wire         *syslogWire
}

// syslogWire is shared by a handler and those derived from it.
type syslogWire struct {
	mu   sync.Mutex
	line bytes.Buffer
	conn net.Conn
	head syslog.Message
}

func newSyslogHandler(c LogConfig, options *slog.HandlerOptions) (slog.Handler, error) {
	addr, err := syslogAddress(c.Syslog)
	if err != nil {
		return nil, usagef("configuration: log.syslog: %w", err)
	}
	conn, err := net.Dial("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("log.syslog: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	w := &syslogWire{conn: conn, head: syslog.Message{Hostname: host, AppName: "dossier", ProcID: strconv.Itoa(os.Getpid()), MsgID: "trace"}}
	// The header has time and severity.
	options.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	if c.Format == "json" {
		return &syslogHandler{slog.NewJSONHandler(&w.line, options), w}, nil
	}
	return &syslogHandler{slog.NewTextHandler(&w.line, options), w}, nil
}

// Handle sends the record. A receiver that is away costs records, never a request.
func (h *syslogHandler) Handle(ctx context.Context, r slog.Record) error {
	h.wire.mu.Lock()
	defer h.wire.mu.Unlock()
	h.wire.line.Reset()
	if err := h.Handler.Handle(ctx, r); err != nil {
		return err
	}
	m := h.wire.head
	m.Priority, m.Time, m.Text = priority(r.Level), r.Time, bytes.TrimRight(h.wire.line.Bytes(), "\n")
	_, err := h.wire.conn.Write(m.Append(nil))
	return err
}

// WithAttrs derives a handler.
func (h *syslogHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &syslogHandler{h.Handler.WithAttrs(attrs), h.wire}
}

// WithGroup derives a handler.
func (h *syslogHandler) WithGroup(name string) slog.Handler {
	return &syslogHandler{h.Handler.WithGroup(name), h.wire}
}

// priority is facility local0 with the severity of RFC 5424 for a level.
func priority(l slog.Level) int {
	const local0 = 16 * 8
	switch {
	case l >= slog.LevelError:
		return local0 + 3
	case l >= slog.LevelWarn:
		return local0 + 4
	case l >= slog.LevelInfo:
		return local0 + 6
	}
	return local0 + 7
}
