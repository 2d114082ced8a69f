package sqldb

import (
	_ "embed"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Codecs of stored fragments. Numbers are never used again for another form, and a dictionary never changes: rows written
// with it stay as they are.
const (
	codecRaw  = 0 // as it is
	codecZstd = 1 // Zstandard with dictionary1
)

// dictionary1 is one fragment of each class with values that are common everywhere: canonical ebRIM is nearly all markup,
// and what differs between two entries is a tenth of their bytes.
//
//go:embed dictionary/1
var dictionary1 []byte

// maxFragment is the most bytes that a stored fragment may unpack to. It is above what any message can bring in, and keeps
// a damaged row from asking for all memory.
const maxFragment = 64 << 20

// packer packs fragments for storage and unpacks them. It is safe for concurrent use.
type packer struct {
	encoder *zstd.Encoder
	decoder *zstd.Decoder
}

func newPacker() *packer {
	// The options are constants that the library accepts, so that neither call can fail.
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderDictRaw(codecZstd, dictionary1),
		zstd.WithWindowSize(128<<10), zstd.WithSingleSegment(true), zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(2))
	if err != nil {
		panic(err)
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderDictRaw(codecZstd, dictionary1), zstd.WithDecoderConcurrency(0),
		zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxFragment))
	if err != nil {
		panic(err)
	}
	return &packer{encoder, decoder}
}

// pack gives the codec and the bytes to store.
func (p *packer) pack(fragment []byte) (codec int, packed []byte) {
	return codecZstd, p.encoder.EncodeAll(fragment, make([]byte, 0, 1024))
}

// unpackedSize is the length of the fragment, 0 when that cannot be told.
func unpackedSize(codec int, packed []byte) int {
	if codec == codecRaw {
		return len(packed)
	}
	var h zstd.Header
	if err := h.Decode(packed); err != nil || !h.HasFCS || h.FrameContentSize > maxFragment {
		return 0
	}
	return int(h.FrameContentSize)
}

// unpack appends the fragment to dst.
func (p *packer) unpack(dst []byte, codec int, packed []byte) ([]byte, error) {
	switch codec {
	case codecRaw:
		return append(dst, packed...), nil
	case codecZstd:
		out, err := p.decoder.DecodeAll(packed, dst)
		if err != nil {
			return dst, fmt.Errorf("sqldb: stored fragment: %w", err)
		}
		return out, nil
	}
	return dst, fmt.Errorf("sqldb: stored fragment: codec %d is not known; use a newer program", codec)
}
