package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	uploads   = 2
	downloads = 8
)

// memory measures how far the resident memory of a fresh server rises above that of an idle one.
func (b *bench) memory(ctx context.Context) error {
	need := uploads*b.huge + b.huge/2
	free, err := freeBytes(b.dir)
	if err != nil || free < need {
		b.table.note("memory: skipped: %s wanted on the disk of the temporary folder, %d MB free (%v)", sizeText(need), free/mb, err)
		return nil
	}
	data := filepath.Join(b.dir, "huge")
	var documents []held
	for i := range uploads {
		documents = append(documents, held{content: b.content(b.huge)})
		documents[i].id = b.ids.oid()
	}
	err = b.peak(ctx, data, fmt.Sprintf("peak RSS, %d parallel ITI-41 of %s", uploads, sizeText(b.huge)), uploads, func(ctx context.Context, s *server, i int) error {
		m := b.ids.submission(patient(groupRegister, i), 1)
		m.DocumentEntries[0].UniqueID = documents[i].id
		c := newClient()
		defer c.close()
		_, err := c.provide(ctx, s, m, documents[i].content)
		return err
	})
	if err != nil {
		return err
	}
	return b.peak(ctx, data, fmt.Sprintf("peak RSS, %d parallel ITI-43 of %s", downloads, sizeText(b.huge)), downloads, func(ctx context.Context, s *server, i int) error {
		c := newClient()
		defer c.close()
		_, err := c.retrieve(ctx, s, documents[i%len(documents)].id, b.huge)
		return err
	})
}

// peak runs the operation so many times at once on a new server process and adds its memory to the table.
func (b *bench) peak(ctx context.Context, data, figure string, parallel int, op func(context.Context, *server, int) error) (err error) {
	s, err := b.start(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	// Where the kernel does not let the peak be forgotten, the process is young enough for it to be that of the start.
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", s.pid()), []byte("5"), 0)
	idle, err := statusBytes(s.pid(), "VmRSS")
	if err != nil {
		b.table.note("memory: skipped: %v", err)
		return nil
	}
	started := time.Now()
	if err := together(parallel, func(i int) error { return op(ctx, s, i) }); err != nil {
		return err
	}
	took := time.Since(started)
	top, err := statusBytes(s.pid(), "VmHWM")
	if err != nil {
		return err
	}
	b.table.rows = append(b.table.rows, row{
		figure: figure, n: "1", p50: memoryText(top), rate: perSecond(int64(parallel)*b.huge, took),
		limit: "RSS before, idle", limitP50: memoryText(idle), ratio: "+" + memoryText(top-idle),
		goal: "+" + memoryText(goalMemory), judgement: judge(top-idle <= goalMemory),
	})
	return nil
}

// together runs fn n times in parallel.
func together(n int, fn func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// statusBytes reads a line "Name:  123 kB" of /proc/PID/status.
func statusBytes(pid int, name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	return statusLine(string(text), name)
}

func statusLine(text, name string) (int64, error) {
	for line := range strings.Lines(text) {
		value, found := strings.CutPrefix(line, name+":")
		if !found {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		return n << 10, err
	}
	return 0, fmt.Errorf("no line %s in /proc/PID/status", name)
}

// processor is the processor time that the process has used, in steps of a hundredth of a second; 0 where nobody says.
func (c *child) processor() time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid()))
	if err != nil {
		return 0
	}
	return processorTime(string(text))
}

// processorTime adds user and system time, fields 14 and 15 of /proc/PID/stat; the name in field 2 may hold blanks.
func processorTime(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}
