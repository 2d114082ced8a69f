package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// progress shows on a terminal how far a long transfer is. Nothing is shown for the first second, nor elsewhere.
type progress struct {
	io.Reader
	label      string
	total      int64 // bytes, -1 when unknown
	done       int64
	start, say time.Time
}

func newProgress(r io.Reader, label string, total int64) io.Reader {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return r
	}
	now := time.Now()
	return &progress{Reader: r, label: label, total: total, start: now, say: now.Add(time.Second)}
}

// Read passes through and reports at most five times a second.
func (p *progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	p.done += int64(n)
	now := time.Now()
	shown := p.say.After(p.start.Add(time.Second))
	if now.After(p.say) && err == nil {
		p.say = now.Add(200 * time.Millisecond)
		fmt.Fprintf(os.Stderr, "\r\033[K%s  %s", p.label, p.amount(now))
	} else if err != nil && shown {
		fmt.Fprint(os.Stderr, "\r\033[K")
	}
	return n, err
}

func (p *progress) amount(now time.Time) string {
	rate := float64(p.done) / 1e6 / now.Sub(p.start).Seconds()
	if p.total <= 0 {
		return fmt.Sprintf("%.1f MB  %.1f MB/s", float64(p.done)/1e6, rate)
	}
	return fmt.Sprintf("%3d %%  %.1f of %.1f MB  %.1f MB/s", p.done*100/p.total, float64(p.done)/1e6, float64(p.total)/1e6, rate)
}
