package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"dossier/atna"
	"dossier/atna/tsp"
	"dossier/hl7v2/mllp"
	"dossier/internal/actor"
	"dossier/internal/xmlwire"
	"dossier/pix"
	pixconsumer "dossier/pix/consumer"
	"dossier/pix/manager"
	"dossier/schemas"
	"dossier/soap"
	"dossier/store/blob"
	"dossier/store/sqldb"
	"dossier/xds/codes"
	"dossier/xds/registry"
	"dossier/xds/repository"
)

// node is one running server: storage, actors and what they share.
type node struct {
	config     *Config
	log        *slog.Logger
	metrics    *prometheus.Registry
	db         *sqldb.DB
	blobs      *blob.FS
	registry   *registry.Registry // nil when the registry is elsewhere
	repository *repository.Repository
	remote     *repository.Remote // nil when the registry is here
	policy     *pix.Policy
	domains    pix.Domains      // all that are configured, also where the index is elsewhere
	mpi        *pixconsumer.MPI // nil where the patient index is here
	lines      []*mllp.Client   // to be closed
	identities *sqldb.Identities
	core       *manager.Core
	manager    *manager.Manager
	v3         *manager.V3
	notifier   *manager.Notifier
	frame      *actor.Frame
	audit      *auditTrail
	frames     refusals         // broken frames of MLLP
	turnedAway refusals         // failed handshakes, certificates that may not call an endpoint
	peers      peers            // open connections that showed a certificate
	secure     *atna.Secure     // nil without TLS
	signingKey *atna.SigningKey // nil signs nothing
	stamps     *tsp.Client      // nil without a time-stamp authority
	signed     chan struct{}    // a checkpoint was signed
	codes      *codes.File      // nil when every code is taken
	envelopes  *soap.Budget
	ready      atomic.Bool
	world
}

// world is what a server takes from outside besides its configuration; tests put theirs in its place.
type world struct {
	newID  func() string
	now    func() time.Time
	pid    string
	hangup <-chan os.Signal // asks to read the code sets anew; nil for never
}

func realWorld() world {
	return world{newID: uuid.NewString, now: time.Now, pid: strconv.Itoa(os.Getpid())}
}

// newNode opens the storage and puts the actors together.
func newNode(ctx context.Context, c *Config, log *slog.Logger, w world) (*node, error) {
	n := &node{config: c, log: log, metrics: newMetrics(), world: w, envelopes: soap.NewBudget(c.Limits.Buffered)}
	if err := n.openCodes(); err != nil {
		return nil, err
	}
	if err := n.openSecure(); err != nil {
		return nil, err
	}
	if c.Audit.Key != "" {
		key, err := openSigningKey(c.Audit.Key)
		if err != nil {
			return nil, err
		}
		n.signingKey = key
	}
	if err := n.openStamper(); err != nil {
		return nil, err
	}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.close())
	}
	n.audit = newAuditTrail(n)
	n.frame = &actor.Frame{
		Log: log, Metrics: actor.NewMetrics(n.metrics), NewID: w.newID, Now: w.now, Retry: actor.Retry(c.Registry.Retry),
		Audit: n.audit, Node: n.audit.node,
	}
	n.frames.burst, n.frames.record = frameBurst, n.alertFrames
	n.turnedAway.burst, n.turnedAway.record = handshakeBurst, n.alertPeers
	if unaudited {
		log.Error("this program was built without the audit trail, for benchmarks; requests are not recorded")
		n.frame.Audit = nil
	}
	n.assemble()
	return n, nil
}

// open opens the storage. What is open after an error is for close.
func (n *node) open(ctx context.Context) (err error) {
	c := n.config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	// The blob folder comes first: its lock keeps a second server away from an SQLite database too.
	if n.blobs, err = blob.OpenFS(filepath.Join(c.Data, "blobs")); err != nil {
		return fmt.Errorf("document store: %w", err)
	}
	statements := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "dossier_database_statements_total", Help: "Statements sent to the database, BEGIN and COMMIT included.",
	})
	n.metrics.MustRegister(statements)
	if n.db, err = openDatabase(ctx, c, n.blobs.Err, sqldb.Options{Now: n.now, Statement: statements.Inc}); err != nil {
		return err
	}
	n.policy = c.policy()
	n.domains = n.policy.Domains
	if c.external() {
		n.policy = registryPolicy(n.policy)
	}
	n.identities = n.db.Identities(n.policy)
	return n.knowPatients(ctx)
}

func (n *node) assemble() {
	c, frame := n.config, n.frame
	n.repository = &repository.Repository{
		Frame: frame, UniqueID: c.Repository.ID, Index: n.db, Blobs: n.blobs, Log: n.log,
		DocumentLimit: c.Limits.Document, VerifyAhead: c.Limits.VerifyAhead, MaxDocuments: c.Limits.Documents,
	}
	if c.Registry.URL == "" {
		n.registry = &registry.Registry{
			Frame: frame, Store: n.db, Profile: c.Registry.profile(),
			NewUUID: n.newID, Now: n.now, MaxObjects: c.Limits.Objects,
		}
		if n.codes != nil {
			n.registry.Codes = n.codes
		}
		n.repository.Registrar = n.registry
	} else {
		client := &registry.Client{SOAP: &soap.Client{HTTP: n.registryHTTP(), NewID: n.newID}, URL: c.Registry.URL}
		n.remote = &repository.Remote{Registry: client, Documents: n.db, Endpoint: c.Registry.URL, RepositoryUniqueID: c.Repository.ID, Now: n.now, Log: n.log}
		n.repository.Registrar = n.remote
	}
	n.assembleIdentities()
	if n.registry == nil {
		return
	}
	if n.mpi != nil {
		n.registry.MPI = n.mpi
	}
	if c.Registry.ResolveLocalIDs {
		n.registry.LocalIDs = n.core
		if n.mpi != nil {
			n.registry.LocalIDs = n.mpi
		}
	}
}

// clientTLS is how this node proves who it is to others; nil where it is no Secure Node.
func (n *node) clientTLS() *tls.Config {
	if n.secure == nil {
		return nil
	}
	return n.secure.Client("")
}

// registryHTTP connects to other actors, such as a registry elsewhere: as a Secure Node where this is one, and within the trace of the request.
func (n *node) registryHTTP() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = n.clientTLS()
	return &http.Client{Timeout: n.config.Registry.Timeout, Transport: actor.PassTrace{RoundTripper: transport}}
}

// controlID cuts a UUID to the 20 characters that MSH-10 has; its end, where most of the randomness is.
func controlID(id string) string {
	id = strings.ReplaceAll(id, "-", "")
	return id[len(id)-20:]
}

// handler mounts the SOAP endpoints; each also answers GET ?wsdl.
func (n *node) handler() http.Handler {
	mux, allow := http.NewServeMux(), n.config.TLS.Allow
	if n.registry != nil {
		operations := append(n.registry.Operations(), n.v3.RegistryOperations()...)
		mount(mux, "/xds/registry", n.allowedOnly(allow.Registry, n.soapServer(operations)), schemas.Handler(schemas.Registry))
	}
	mount(mux, "/pix/manager", n.allowedOnly(allow.Identities, n.identityServer(n.v3.ManagerOperations())), schemas.Handler(schemas.PIXManager))
	mount(mux, "/pdq/supplier", n.allowedOnly(allow.Identities, n.identityServer(n.v3.SupplierOperations())), schemas.Handler(schemas.PDSupplier))
	if n.mpi != nil {
		mount(mux, "/pix/consumer", n.allowedOnly(allow.Identities, n.identityServer(n.v3.ConsumerOperations())), schemas.Handler(schemas.PIXConsumer))
	}
	mount(mux, "/xds/repository", n.allowedOnly(allow.Repository, n.soapServer(n.repository.Operations())), schemas.Handler(schemas.Repository))
	return actor.TakeTrace(n.endpointsOnly(mux))
}

// endpointsOnly refuses what is sent to no endpoint of mux, or by a method that carries no SOAP. What may be a message is recorded;
// GET, HEAD and OPTIONS carry none, and load balancers send them all day.
func (n *node) endpointsOnly(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text := 0, ""
		if _, pattern := mux.Handler(r); !strings.HasSuffix(pattern, r.URL.Path) || pattern == "" {
			status, text = http.StatusNotFound, "there is no endpoint here; see the banner of the server, or its documentation"
		} else if r.Method != http.MethodPost && r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD, POST")
			status, text = http.StatusMethodNotAllowed, "SOAP requests are sent with POST"
		}
		if status == 0 {
			mux.ServeHTTP(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
			req := &soap.Request{Peer: soap.Peer{Addr: r.RemoteAddr, TLS: r.TLS}, URI: r.RequestURI, Host: r.Host}
			n.frame.Refused(r.Context(), req, &soap.Fault{Code: soap.CodeSender, Subcode: fmt.Sprintf("HTTP %d", status)})
		}
		http.Error(w, text, status)
	})
}

func mount(mux *http.ServeMux, path string, post, get http.Handler) {
	mux.Handle("GET "+path, get)
	mux.Handle(path, post)
}

// maxElements is enough for a submission of 2,000 documents and keeps the tree of a hostile message below 35 MB.
const maxElements = 200_000

func (n *node) soapServer(operations []soap.Operation) *soap.Server {
	l := n.config.Limits
	return &soap.Server{
		Operations: operations,
		Limits:     soap.Limits{Envelope: l.Envelope, Body: l.Body, Parts: l.Parts, PartHeaderBytes: l.PartHeader, ChunkTimeout: l.Chunk, XML: xmlwire.Limits{Elements: maxElements}},
		Budget:     n.envelopes,
		SpoolDir:   n.config.Data,
		NewID:      n.newID,
		Refused:    n.frame.Refused,
	}
}

func (n *node) close() error {
	var err error
	for _, l := range n.lines {
		_ = l.Close() // nothing is lost with it
	}
	if n.db != nil {
		err = n.db.Close()
	}
	if n.blobs != nil {
		if e := n.blobs.Close(); err == nil {
			err = e
		}
	}
	return err
}
