package golden

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// Send writes the raw request to addr and returns the raw answer with Date taken out. "Content-Length: auto" is replaced
// by the length of what follows the header; everything else goes out as recorded.
func Send(addr string, request []byte) ([]byte, error) {
	conn, err := dial(addr)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	// A server that refuses early may close while we still write: what it said counts.
	_, writeErr := conn.Write(FillLength(request))
	answer, err := readAnswer(bufio.NewReader(conn))
	if err != nil && writeErr != nil {
		return nil, writeErr
	}
	return answer, err
}

func dial(addr string) (net.Conn, error) {
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(20 * time.Second))
}

// FillLength puts the length of the body where the header of a raw request says "Content-Length: auto".
func FillLength(request []byte) []byte {
	head, body, ok := bytes.Cut(request, []byte("\r\n\r\n"))
	if !ok {
		return request
	}
	head = bytes.Replace(head, []byte("Content-Length: auto"), []byte("Content-Length: "+strconv.Itoa(len(body))), 1)
	return bytes.Join([][]byte{head, body}, []byte("\r\n\r\n"))
}

// readAnswer reads one response and keeps its header as sent; a chunked body is recorded as one piece.
func readAnswer(r *bufio.Reader) ([]byte, error) {
	var head bytes.Buffer
	for {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, fmt.Errorf("answer ends within its header: %w", err)
		}
		if bytes.HasPrefix(line, []byte("HTTP/1.1 100 ")) {
			if _, err := r.ReadBytes('\n'); err != nil {
				return nil, err
			}
			head.Reset()
			continue
		}
		head.Write(line)
		if len(bytes.TrimSpace(line)) == 0 {
			break
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(head.Bytes()), r)), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("answer breaks off after %d bytes of its body: %w", len(body), err)
	}
	return append(withoutDate(head.Bytes()), body...), nil
}

func withoutDate(head []byte) []byte {
	var out []byte
	for line := range bytes.Lines(head) {
		if !bytes.HasPrefix(line, []byte("Date: ")) {
			out = append(out, line...)
		}
	}
	return out
}

// Body returns what follows the header of a raw message.
func Body(message []byte) []byte {
	_, body, _ := bytes.Cut(message, []byte("\r\n\r\n"))
	return body
}
