package golden

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
)

// The bytes round a message of HL7 v2.
const (
	startBlock = 0x0B
	endBlock   = 0x1C
)

// SendMLLP writes the raw request to addr and returns the raw answers: one frame for each start block in the request,
// fewer when the receiver closes. An answer of nothing means that it closed at once.
func SendMLLP(addr string, request []byte) ([]byte, error) {
	conn, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	frames := bytes.Count(request, []byte{startBlock})
	if frames == 0 || !bytes.HasSuffix(request, []byte{endBlock, '\r'}) {
		// A receiver waits for the rest of what is no frame.
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			return nil, err
		}
	}
	var out []byte
	r := bufio.NewReader(conn)
	for range max(1, frames) {
		frame, err := readFrame(r)
		out = append(out, frame...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// readFrame reads up to the end of a frame. The error is io.EOF when there is none.
func readFrame(r *bufio.Reader) ([]byte, error) {
	frame, err := r.ReadBytes(endBlock)
	if err != nil {
		if len(frame) > 0 {
			err = fmt.Errorf("answer breaks off after %d bytes of a frame", len(frame))
		}
		return frame, err
	}
	last, err := r.ReadByte()
	if err != nil {
		return frame, fmt.Errorf("answer ends without its carriage return: %w", err)
	}
	return append(frame, last), nil
}
