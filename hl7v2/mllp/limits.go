package mllp

import "time"

// Limits bound what peers can cost a Server. A field that is 0 has the default named beside it; a negative one
// means no limit, except for Message.
type Limits struct {
	Message      int           // bytes of one message, 1 MiB
	Connections  int           // open at a time, 1000; more are accepted and closed at once
	Buffered     int           // bytes of unfinished messages beyond 4 KiB each, over all connections, 32 MiB; who needs more is closed
	IdleTimeout  time.Duration // wait for the next message, 5 minutes
	ReadTimeout  time.Duration // wait for the next bytes inside a message, and for the TLS handshake, 30 seconds
	FrameTimeout time.Duration // from the first to the last byte of a message, 2 minutes
	WriteTimeout time.Duration // to write one answer, 30 seconds
}

// withDefaults fills in what is 0 and turns "no limit" into 0.
func (l Limits) withDefaults() Limits {
	if l.Message <= 0 {
		l.Message = 1 << 20
	}
	return Limits{
		Message:      l.Message,
		Connections:  orDefault(l.Connections, 1000),
		Buffered:     orDefault(l.Buffered, 32<<20),
		IdleTimeout:  orDefault(l.IdleTimeout, 5*time.Minute),
		ReadTimeout:  orDefault(l.ReadTimeout, 30*time.Second),
		FrameTimeout: orDefault(l.FrameTimeout, 2*time.Minute),
		WriteTimeout: orDefault(l.WriteTimeout, 30*time.Second),
	}
}

func orDefault[T int | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return max(v, 0)
}

// deadline is the earlier of now+a and start+b, where 0 means no limit. The zero time means none at all.
func deadline(now time.Time, a time.Duration, start time.Time, b time.Duration) time.Time {
	var t time.Time
	if a > 0 {
		t = now.Add(a)
	}
	if b > 0 {
		if end := start.Add(b); t.IsZero() || end.Before(t) {
			t = end
		}
	}
	return t
}
