package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"dossier/atna/syslog"
	"dossier/hl7v2/mllp"
	"dossier/store/blob"
)

func newServe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the Document Registry, the Document Repository and the Patient Identity Feed",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configOf(cmd)
			if err != nil {
				return err
			}
			defer runtime.KeepAlive(tuneMemory())
			log, err := newLogger(c.Log)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), c, cmd.OutOrStdout(), log)
		},
	}
	addConfigFlags(cmd.Flags())
	return cmd
}

// tuneMemory trades memory for time: the live heap is a few megabytes, and collecting it whenever it has doubled costs a
// fifth of the throughput (docs/benchmarks.md). What it returns is to be kept until the end: 16 MB that nobody touches, so
// that they are no resident memory, but that the collector counts. A higher GOGC would do the same for small heaps and let
// every megabyte of a large answer cost five. Who sets GOGC or GOMEMLIMIT knows better.
func tuneMemory() (ballast []byte) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(512 << 20)
	}
	if os.Getenv("GOGC") != "" {
		return nil
	}
	return make([]byte, 16<<20)
}

// serve runs until ctx ends, then lets requests in work finish.
func serve(ctx context.Context, c *Config, out io.Writer, log *slog.Logger) (err error) {
	w := realWorld()
	hangup, stop := hangups(c)
	defer stop()
	w.hangup = hangup
	ctx, release := untilHangup(ctx, hangup)
	defer release()
	n, err := newNode(ctx, c, log, w)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	l, err := n.listen()
	if err != nil {
		return err
	}
	if err := banner(out, c, l); err != nil {
		l.close()
		return err
	}
	return n.run(ctx, l)
}

// limited lets at most n connections be open at a time; more wait in the kernel's queue.
type limited struct {
	net.Listener
	slots chan struct{}
}

func limit(l net.Listener, n int) net.Listener { return &limited{l, make(chan struct{}, n)} }

// Accept waits for a free slot first.
func (l *limited) Accept() (net.Conn, error) {
	l.slots <- struct{}{}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	free := sync.OnceFunc(func() { <-l.slots })
	if tcp, ok := c.(*net.TCPConn); ok {
		return &slotConn{tcp, free}, nil
	}
	free() // listeners here are TCP; whatever else comes is not counted
	return c, nil
}

// slotConn gives its slot back when it is closed. net/http needs the methods of a TCP connection: without CloseWrite an
// early refusal would end in a reset that overtakes it.
type slotConn struct {
	*net.TCPConn
	free func()
}

// Close closes the connection.
func (c *slotConn) Close() error {
	defer c.free()
	return c.TCPConn.Close()
}

// listeners are open before the banner is printed, so that what it says is true.
type listeners struct {
	http, mllp, admin net.Listener
	audit             *auditServer
}

func (n *node) listen() (listeners, error) {
	c := n.config
	var l listeners
	for _, x := range []struct {
		name, addr string
		to         *net.Listener
	}{{"http", c.HTTP, &l.http}, {"mllp", c.MLLP, &l.mllp}, {"admin", c.Admin, &l.admin}} {
		var err error
		if *x.to, err = net.Listen("tcp", x.addr); err != nil {
			l.close()
			return l, fmt.Errorf("listener %s: %w", x.name, err)
		}
	}
	var err error
	if l.audit, err = n.listenAudit(); err != nil {
		l.close()
	}
	return l, err
}

func (l listeners) close() {
	for _, x := range []net.Listener{l.http, l.mllp, l.admin} {
		if x != nil {
			x.Close()
		}
	}
	if l.audit != nil {
		l.audit.close()
	}
}

// run serves all listeners and background work until ctx ends or one of them fails.
func (n *node) run(ctx context.Context, l listeners) (err error) {
	if err := n.audit.started(ctx); err != nil {
		l.close()
		return err
	}
	defer func() {
		n.flushRefusals(ctx)
		n.audit.stopped(ctx, err)
		n.lastCheckpoint(ctx)
	}()
	limits := n.config.Limits
	soapServer := &http.Server{
		Handler: n.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: limits.Header, ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	adminServer := &http.Server{Handler: n.admin(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	feed := &mllp.Server{Handler: n.manager.Handle, Report: n.reportFeed, Limits: mllp.Limits{
		Message: limits.MLLPMessage, Connections: limits.MLLPConnections, Buffered: limits.MLLPBuffered,
		IdleTimeout: limits.MLLPIdle, ReadTimeout: limits.Chunk, FrameTimeout: limits.MLLPFrame, WriteTimeout: limits.Chunk,
	}}
	g, ctx := errgroup.WithContext(ctx)
	web, admin := limit(l.http, limits.Connections), limit(l.admin, limits.Connections)
	if n.secure != nil {
		web = newHandshakes(n.peers.listener(web), n.serverTLS(nil), n.refusedPeer)
		if !loopback(n.config.Admin) {
			admin = newHandshakes(n.peers.listener(admin), n.serverTLS(n.config.TLS.Allow.Admin), n.refusedPeer)
		}
		g.Go(func() error { return n.renewSecure(ctx) })
	}
	g.Go(func() error { return ended(soapServer.Serve(web)) })
	g.Go(func() error { return ended(adminServer.Serve(admin)) })
	g.Go(func() error { return ended(feed.Serve(n.secured(l.mllp, n.config.TLS.Allow.Feed))) })
	n.runAudit(ctx, g, l.audit)
	g.Go(func() error { return n.countRefusals(ctx) })
	g.Go(func() error { return n.background(ctx) })
	g.Go(func() error { return n.notify(ctx) })
	g.Go(func() error { return n.reload(ctx) })
	g.Go(func() error {
		<-ctx.Done()
		n.ready.Store(false)
		n.log.Info("draining: no new connections, requests in work go on", "limit", limits.Drain)
		drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), limits.Drain)
		defer cancel()
		err := errors.Join(together(drain, soapServer.Shutdown, feed.Shutdown, l.audit.Shutdown), adminServer.Shutdown(drain))
		if !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		// A peer that keeps its request open does not make an ordered stop a failure. Nothing of such a request was
		// acknowledged.
		n.log.Warn("requests still in work are cut off", "after", limits.Drain)
		return errors.Join(soapServer.Close(), adminServer.Close())
	})
	n.ready.Store(true)
	return g.Wait()
}

// together shuts all down at once: none goes on taking what is new, nor loses its time, while another waits for its peers.
func together(ctx context.Context, all ...func(context.Context) error) error {
	errs := make([]error, len(all))
	var wait sync.WaitGroup
	for i, shutdown := range all {
		wait.Go(func() { errs[i] = shutdown(ctx) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// ended drops the errors that say that a server was asked to stop.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, mllp.ErrServerClosed) || errors.Is(err, syslog.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// background sweeps blobs that no document names, forgets answers that nobody will ask for again and, with a remote
// registry, settles open reservations.
func (n *node) background(ctx context.Context) error {
	sweep := time.NewTicker(n.config.Sweep.Interval)
	defer sweep.Stop()
	settle := time.NewTicker(time.Minute)
	defer settle.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sweep.C:
			if err := errors.Join(n.blobs.Err(), n.db.Err()); err != nil {
				// A commit whose fsync failed may show up after a restart, and then needs its documents.
				n.log.Error("no sweep: the store takes no more writes", "cause", err.Error())
				continue
			}
			if _, err := n.db.ForgetOutcomes(ctx, n.now().Add(-n.config.Retry.Keep)); err != nil && ctx.Err() == nil {
				n.log.Warn("sweep of old answers failed", "cause", err.Error())
			}
			result, err := blob.Sweep(ctx, n.blobs, n.config.Sweep.Grace, n.now, n.db.Referenced)
			if err != nil && ctx.Err() == nil {
				n.log.Warn("sweep of unreferenced blobs failed", "cause", err.Error())
				continue
			}
			n.log.Info("sweep of unreferenced blobs", "result", result)
		case <-settle.C:
			if n.remote == nil {
				continue
			}
			if err := n.remote.Resolve(ctx, settleAge); err != nil && ctx.Err() == nil {
				n.log.Warn("open reservations could not be settled", "cause", err.Error())
			}
		}
	}
}

// settleAge is how long a remote registry may take to finish a request whose connection broke.
const settleAge = 10 * time.Minute

// banner says where the server is and how to try it, over TLS where this is a Secure Node.
func banner(w io.Writer, c *Config, l listeners) error {
	data, err := filepath.Abs(c.Data)
	if err != nil {
		return err
	}
	patients := "feed them by ITI-8"
	if ids := c.patients(); len(ids) > 0 {
		patients = fmt.Sprintf("%s^^^&%s&ISO and %d more; others by ITI-8", ids[0], c.Domain.OID, len(ids)-1)
	}
	admin, proof := "http", ""
	if c.TLS.Certificate != "" {
		proof = " --tls-certificate FILE --tls-key FILE --tls-trusted FILE"
		if !loopback(c.Admin) {
			admin = "https"
		}
	}
	_, err = fmt.Fprintf(w, `Dossier is ready.

  ITI-41 Provide and Register, ITI-43 Retrieve   POST %[1]s/xds/repository   (?wsdl)
  ITI-42 Register, ITI-18 and ITI-51 Query       POST %[1]s/xds/registry     (?wsdl)
%[10]s  metrics, health                                %[2]s/metrics  /healthz  /readyz

  affinity domain     %[4]s
  known patients      %[5]s
  repositoryUniqueId  %[6]s
  data                %[7]s

  try:  %[9]s submit --to %[1]s/xds/repository%[3]s --patient '%[8]s^^^&%[4]s&ISO' FILE
        %[9]s query  --to %[1]s/xds/registry%[3]s FindDocuments '$XDSDocumentEntryPatientId=%[8]s^^^&%[4]s&ISO' '$XDSDocumentEntryStatus=Approved'

`, c.web(l), admin+"://"+l.admin.Addr().String(), proof, c.Domain.OID, patients, c.Repository.ID, data, example(c), os.Args[0], identityBanner(c, l))
	return err
}

// web is the URL of the SOAP endpoints without their paths.
func (c *Config) web(l listeners) string {
	if c.TLS.Certificate != "" {
		return "https://" + l.http.Addr().String()
	}
	return "http://" + l.http.Addr().String()
}

// identityBanner says what is taken about patients.
func identityBanner(c *Config, l listeners) string {
	feed := "mllp://" + l.mllp.Addr().String()
	if c.TLS.Certificate != "" {
		feed = "mllps://" + l.mllp.Addr().String()
	}
	if c.external() {
		return fmt.Sprintf(`  ITI-8 Patient Identity Feed, ITI-10 PIX Update Notification
                                                 %[2]s
  ITI-44 Patient Identity Feed                   POST %[1]s/xds/registry     (?wsdl)
  ITI-46 PIX Update Notification                 POST %[1]s/pix/consumer     (?wsdl)
  patient index       elsewhere, %[3]s at %[4]s
`, c.web(l), feed, c.MPI.Protocol, c.MPI.PIX)
	}
	return fmt.Sprintf(`  ITI-8, ITI-30 Patient Identity, ITI-9 PIX Query, ITI-21 Patient Demographics Query
                                                 %[2]s
  ITI-44 Patient Identity Feed, ITI-45 PIX Query POST %[1]s/pix/manager      (?wsdl)
  ITI-47 Patient Demographics Query              POST %[1]s/pdq/supplier     (?wsdl)
`, c.web(l), feed)
}

func example(c *Config) string {
	if ids := c.patients(); len(ids) > 0 {
		return ids[0]
	}
	return "PATIENT-ID"
}
