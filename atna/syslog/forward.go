package syslog

import (
	"context"
	"time"
)

// Sender delivers batches: a Client or Datagrams.
type Sender interface {
	Send(ctx context.Context, messages [][]byte) error
	// Alive returns an error when the last batch is in doubt.
	Alive() error
	Close()
}

// Forwarder sends a sequence of numbered messages in order and at least once. Its fields are set before Run.
type Forwarder struct {
	Sender Sender
	// Read returns the messages after a number, at most limit, and the number up to which it has looked: beyond the last of them, or
	// without any, where messages are missing.
	Read func(ctx context.Context, after int64, limit int) (messages [][]byte, last int64, err error)
	// Keep stores up to which number delivery is certain.
	Keep func(ctx context.Context, number int64) error
	// Wake tells that there may be more; without it Idle passes first.
	Wake <-chan struct{}
	// Report, if set, is told of each failure, and with nil that delivery goes on after one.
	Report func(error)

	Batch int           // messages at a time, 4000 by default: a batch costs a handshake and, with TLS 1.3, Settle
	Grace time.Duration // how long a receiver must live on for a batch to be certain, 2 s by default
	Idle  time.Duration // wait for more messages, 1 s by default
	Retry time.Duration // first wait after a failure, doubled up to 10 s; 250 ms by default

	certain, sent int64
	marks         []mark
	failing       bool
}

// maxRetry keeps the delay short after a receiver has come back.
const maxRetry = 10 * time.Second

// mark says when everything up to a number was sent.
type mark struct {
	number int64
	at     time.Time
}

// Run forwards what comes after the number until ctx ends.
func (f *Forwarder) Run(ctx context.Context, after int64) error {
	f.defaults()
	f.certain, f.sent, f.marks = after, after, nil
	defer f.Sender.Close()
	wait := f.Retry
	for ctx.Err() == nil {
		more, err := f.step(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			f.failed(err)
			pause(ctx, wait, nil)
			wait = min(2*wait, maxRetry)
			continue
		case f.failing && more:
			f.failing = false
			f.report(nil)
		}
		if wait = f.Retry; !more {
			pause(ctx, f.patience(), f.Wake)
		}
	}
	return nil
}

func (f *Forwarder) defaults() {
	if f.Batch <= 0 {
		f.Batch = 4000
	}
	for _, d := range []struct {
		to  *time.Duration
		def time.Duration
	}{{&f.Grace, 2 * time.Second}, {&f.Idle, time.Second}, {&f.Retry, 250 * time.Millisecond}} {
		if *d.to <= 0 {
			*d.to = d.def
		}
	}
}

// step makes certain what has become so and sends one batch. It tells whether there was one.
func (f *Forwarder) step(ctx context.Context) (more bool, err error) {
	if err := f.confirm(ctx); err != nil {
		return false, err
	}
	messages, last, err := f.Read(ctx, f.sent, f.Batch)
	if err != nil || last <= f.sent {
		return false, err
	}
	if len(messages) > 0 {
		if err := f.Sender.Send(ctx, messages); err != nil {
			return false, err
		}
		f.marks = append(f.marks, mark{last, time.Now()})
	}
	f.sent = last
	return true, nil
}

// confirm advances over batches that the receiver has outlived.
func (f *Forwarder) confirm(ctx context.Context) error {
	i := 0
	for i < len(f.marks) && time.Since(f.marks[i].at) >= f.Grace {
		i++
	}
	if i == 0 {
		return nil
	}
	if err := f.Sender.Alive(); err != nil {
		return err
	}
	if err := f.Keep(ctx, f.marks[i-1].number); err != nil {
		return err
	}
	f.certain, f.marks = f.marks[i-1].number, f.marks[i:]
	return nil
}

// failed goes back to what is certain.
func (f *Forwarder) failed(err error) {
	f.sent, f.marks, f.failing = f.certain, nil, true
	f.report(err)
}

func (f *Forwarder) report(err error) {
	if f.Report != nil {
		f.Report(err)
	}
}

// patience is how long there is nothing to do: until the oldest batch can be certain, or Idle.
func (f *Forwarder) patience() time.Duration {
	if len(f.marks) == 0 {
		return f.Idle
	}
	return min(f.Idle, max(time.Millisecond, f.Grace-time.Since(f.marks[0].at)))
}

func pause(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}
