package soap

import (
	"io"
	"os"
)

// spool keeps the attachments that came too early: one file without a name, so that a crash leaves nothing behind.
type spool struct {
	dir  string
	file *os.File
	size int64
}

type spooledPart struct {
	id, ct    string
	file      *os.File
	off, size int64
}

func (s spooledPart) open() io.Reader {
	return &spoolReader{io.NewSectionReader(s.file, s.off, s.size)}
}

// keep copies one part into the file. Its size is bounded by Limits.Body.
func (s *spool) keep(raw *rawPart) (spooledPart, error) {
	if s.file == nil {
		f, err := os.CreateTemp(s.dir, "soap-part-*")
		if err != nil {
			return spooledPart{}, spoolFault(err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return spooledPart{}, spoolFault(err)
		}
	}
	w := &spoolWriter{w: s.file}
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	n, err := io.CopyBuffer(w, struct{ io.Reader }{raw}, *buf)
	if w.err != nil {
		return spooledPart{}, spoolFault(w.err)
	}
	if err != nil {
		return spooledPart{}, err
	}
	part := spooledPart{id: raw.id, ct: raw.ct, file: s.file, off: s.size, size: n}
	s.size += n
	return part, nil
}

func (s *spool) close() {
	if s.file != nil {
		s.file.Close() // nothing to save: the file has no name
	}
}

func spoolFault(err error) error { return ReceiverFault("attachments could not be kept", err) }

// spoolWriter remembers whose error ended the copy.
type spoolWriter struct {
	w   io.Writer
	err error
}

func (s *spoolWriter) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	s.err = err
	return n, err
}

type spoolReader struct{ r io.Reader }

func (s *spoolReader) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && err != io.EOF {
		err = spoolFault(err)
	}
	return n, err
}
