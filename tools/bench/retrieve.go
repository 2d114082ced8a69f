package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"dossier/xds"
)

// held is a document that the server and the limit both have.
type held struct {
	id xds.UniqueID
	content
}

// retrieve measures ITI-43 of one document beside http.ServeContent of the same bytes, in a process of its own too.
func (b *bench) retrieve(ctx context.Context, s *server) (err error) {
	dir := filepath.Join(b.dir, "served")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	files, err := startFiles(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.stop(), os.RemoveAll(dir)) }()
	c := newClient()
	defer c.close()
	for _, size := range b.sizes() {
		documents, err := b.hold(ctx, c, s, dir, size)
		if err != nil {
			return err
		}
		asked, served := inTurn(documents), inTurn(documents)
		result, err := alternate(ctx, b.plan, b.bound(size)*5, // reading leaves nothing behind
			func(ctx context.Context) (time.Duration, error) { return c.retrieve(ctx, s, asked().id, size) },
			func(ctx context.Context) (time.Duration, error) { return c.file(ctx, files.url, served()) })
		if err != nil {
			return err
		}
		goal := goalRetrieve
		if size == b.large {
			goal = goalRetrieveLarge
		}
		b.table.add("ITI-43 of "+sizeText(size), "http.ServeContent of the same file", result, size, goal)
	}
	return nil
}

// hold submits documents, reads each back to compare, and puts the same bytes where the limit serves them from.
func (b *bench) hold(ctx context.Context, c *client, s *server, dir string, size int64) ([]held, error) {
	n := max(1, min(50, int(10*mb/size)))
	to := rounds(groupRegister, writers)
	var out []held
	for range n {
		m := b.ids.submission(to(), 1)
		h := held{m.DocumentEntries[0].UniqueID, b.content(size)}
		if _, err := c.provide(ctx, s, m, h.content); err != nil {
			return nil, err
		}
		if err := compare(ctx, s, h); err != nil {
			return nil, err
		}
		if err := writeFile(filepath.Join(dir, string(h.id)), h.content); err != nil {
			return nil, err
		}
		out = append(out, h)
	}
	return out, nil
}

// compare retrieves a document and wants its bytes.
func compare(ctx context.Context, s *server, h held) error {
	c := newClient()
	defer c.close()
	c.soap.HTTP = &http.Client{Transport: c.clock.transport} // without the stopwatch, which drops what is large
	reply, err := c.soap.Call(ctx, s.repository, retrieveCall(h.id))
	if err != nil {
		return err
	}
	defer reply.Close()
	if err := succeeded(reply); err != nil {
		return err
	}
	part, err := reply.Parts.Next()
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, part)
	if err != nil {
		return err
	}
	want, err := h.sum()
	if err == nil && (n != h.size || [sha256.Size]byte(sum.Sum(nil)) != want) {
		err = fmt.Errorf("document of %d bytes came back with %d bytes and another hash", h.size, n)
	}
	return err
}

func inTurn(documents []held) func() held {
	i := 0
	return func() held {
		i++
		return documents[i%len(documents)]
	}
}

// file gets one from the limit.
func (c *client) file(ctx context.Context, url string, h held) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/"+string(h.id), nil)
	if err != nil {
		return 0, err
	}
	resp, err := c.clock.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusOK || c.clock.read != h.size {
		return 0, fmt.Errorf("limit: HTTP %d with %d bytes, expected %d", resp.StatusCode, c.clock.read, h.size)
	}
	return c.clock.took, nil
}

// fileServer is the limit: this program with -files.
type fileServer struct {
	url string
	child
	in io.Closer
}

var listening = regexp.MustCompile(`^serving at (http://\S+)`)

func startFiles(ctx context.Context, dir string) (*fileServer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "-files", dir)
	cmd.Stderr = os.Stderr
	f := &fileServer{}
	if f.in, err = cmd.StdinPipe(); err != nil {
		return nil, err
	}
	c, err := launch(ctx, cmd, func(output string) bool {
		m := listening.FindStringSubmatch(output)
		if m != nil {
			f.url = m[1]
		}
		return m != nil
	})
	if err != nil {
		return nil, err
	}
	f.child = *c
	return f, nil
}

// stop ends the limit by ending its input, which also happens when this process dies.
func (f *fileServer) stop() error { return errors.Join(f.in.Close(), <-f.done) }

// serveFiles serves a folder on a free port of the loopback interface until in ends.
func serveFiles(dir string, in io.Reader, out io.Writer) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	l, err := listen()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "serving at http://%s\n", l.Addr())
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, in)
		ended <- errors.Join(err, l.Close())
	}()
	err = http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := root.Open(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", "application/pdf")
		http.ServeContent(w, r, "", time.Time{}, f)
	}))
	if closed := <-ended; closed != nil {
		return errors.Join(err, closed)
	}
	return nil
}
