package soap

import (
	"time"

	"dossier/internal/xmlwire"
)

// Limits bound what one message may cost. A zero field means the default.
type Limits struct {
	Envelope        int64         // bytes of the root part or simple message, after decoding and inflating (16 MiB)
	Body            int64         // bytes of the whole HTTP body, before and after inflating (4 GiB)
	Parts           int           // parts of a multipart message, the root among them (256)
	PartHeaders     int           // header lines of one part (64)
	PartHeaderBytes int           // bytes of the header of one part (8 KiB)
	ChunkTimeout    time.Duration // longest time to receive or to send 64 KiB (30 s)
	GzipRatio       int           // inflated bytes per received byte, looked at beyond the first MiB (200)
	XML             xmlwire.Limits
}

func (l Limits) withDefaults() Limits {
	l.Envelope = orDefault(l.Envelope, 16<<20)
	l.Body = orDefault(l.Body, 4<<30)
	l.Parts = orDefault(l.Parts, 256)
	l.PartHeaders = orDefault(l.PartHeaders, 64)
	l.PartHeaderBytes = orDefault(l.PartHeaderBytes, 8<<10)
	l.ChunkTimeout = orDefault(l.ChunkTimeout, 30*time.Second)
	l.GzipRatio = orDefault(l.GzipRatio, 200)
	l.XML.Bytes = orDefault(l.XML.Bytes, l.Envelope)
	return l
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v == 0 {
		return def
	}
	return v
}
