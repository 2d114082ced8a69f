package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"syscall"
	"time"
)

// idleMLLP measures how far connections of MLLP that say nothing raise the resident memory of a server. Each has sent one feed
// before, as the connection of a sending system has.
func (b *bench) idleMLLP(ctx context.Context) (err error) {
	n, err := descriptors(b.idle)
	if err != nil {
		return err
	}
	if n < b.idle {
		b.table.note("idle MLLP connections: %d instead of %d, for want of file descriptors", n, b.idle)
	}
	s, err := b.startAs(ctx, filepath.Join(b.dir, "idle"), setup{binary: b.binary,
		configuration: fmt.Sprintf("%slimits: {mllpconnections: %d}\n", identityConfiguration, n+1)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	message := append(append([]byte{0x0B}, newPerson(0).adt("A04")...), 0x1C, 0x0D)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	say := func(c net.Conn) error {
		_ = c.SetDeadline(time.Now().Add(10 * time.Second)) // the next line fails if this did
		if _, err := c.Write(message); err != nil {
			return err
		}
		answer := make([]byte, 4096)
		got, err := c.Read(answer)
		if err == nil && !accepted(answer[:got]) {
			err = fmt.Errorf("not accepted: %q", answer[:got])
		}
		return err
	}
	dial := func() error {
		c, err := new(net.Dialer).DialContext(ctx, "tcp", s.mllp)
		if err != nil {
			return err
		}
		open = append(open, c)
		return say(c)
	}
	for range 100 { // the server has done its work before
		if err := errors.Join(dial(), open[0].Close()); err != nil {
			return err
		}
		open = open[:0]
	}
	before, err := statusBytes(s.pid(), "VmRSS")
	if err != nil {
		b.table.note("idle MLLP connections: skipped: %v", err)
		return nil
	}
	for range n {
		if err := dial(); err != nil {
			return fmt.Errorf("connection %d: %w", len(open), err)
		}
	}
	with, err := statusBytes(s.pid(), "VmRSS")
	if err != nil {
		return err
	}
	for _, c := range open[:min(n, 100)] { // all of them are still served
		if err := say(c); err != nil {
			return fmt.Errorf("idle connection: %w", err)
		}
	}
	for _, c := range open {
		c.Close()
	}
	open = nil
	time.Sleep(time.Second)
	after, err := statusBytes(s.pid(), "VmRSS")
	if err != nil {
		return err
	}
	b.table.rows = append(b.table.rows, row{
		figure: fmt.Sprintf("RSS with %s idle MLLP connections", count(n)), n: "1", p50: memoryText(with), rate: fmt.Sprintf("%.1f KiB each", float64(with-before)/float64(n)/1024),
		limit: "RSS before; a second after they closed", limitP50: memoryText(before), limitP99: memoryText(after), ratio: "+" + memoryText(with-before),
	})
	return nil
}

// descriptors makes sure that this process and those that it starts may open so many connections, or returns how many.
func descriptors(n int) (int, error) {
	const others = 100
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, err
	}
	if want := uint64(n + others); limit.Cur < want {
		raised := syscall.Rlimit{Cur: want, Max: max(limit.Max, want)}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) == nil {
			return n, nil
		}
		limit.Cur = limit.Max
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			return 0, err
		}
	}
	return min(n, int(limit.Cur)-others), nil
}
