package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// large is how many results the answer has whose memory is measured.
const large = 1000

// answers measures how far an answer of 1,000 LeafClass results raises the resident memory of a server that has answered
// small queries before.
func (b *bench) answers(ctx context.Context) (err error) {
	g := &grown{bench: b, data: filepath.Join(b.dir, "answers")}
	many, few := patient(groupTen, 0), patient(groupTen, 1)
	if err := g.loadOf(ctx, many, large); err != nil {
		return err
	}
	if err := g.loadOf(ctx, few, 10); err != nil {
		return err
	}
	s, err := b.start(ctx, g.data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	c := newClient()
	defer c.close()
	for range 4000 { // until its heap has gone through what small answers need, several times
		if _, err := c.findDocuments(ctx, s, few, 10); err != nil {
			return err
		}
	}
	before, err := statusBytes(s.pid(), "VmHWM")
	if err != nil {
		b.table.note("memory of a large answer: skipped: %v", err)
		return nil
	}
	for range 20 {
		if _, err := c.findDocuments(ctx, s, many, large); err != nil {
			return err
		}
	}
	top, err := statusBytes(s.pid(), "VmHWM")
	if err != nil {
		return err
	}
	b.table.rows = append(b.table.rows, row{
		figure: fmt.Sprintf("peak RSS, ITI-18 of %d LeafClass results", large), n: "20", p50: memoryText(top),
		rate: fmt.Sprintf("%d KB each", c.clock.read/kb), limit: "the same, 4,000 of 10 results", limitP50: memoryText(before),
		ratio: "+" + memoryText(top-before), goal: "+" + memoryText(goalAnswer), judgement: judge(top-before <= goalAnswer),
	})
	return nil
}
