package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/internal/failpoint"
)

// Config is everything that can be configured: by flags, by DOSSIER_* variables, by one YAML file, in this order of
// precedence. Keys nest in the file (domain: oid:) and are joined by "_" in variables (DOSSIER_DOMAIN_OID).
type Config struct {
	Data       string           `yaml:"data"`     // folder of the database and the documents
	HTTP       string           `yaml:"http"`     // listener of the SOAP endpoints
	MLLP       string           `yaml:"mllp"`     // listener of the Patient Identity Feed
	Admin      string           `yaml:"admin"`    // listener of metrics and health
	Database   string           `yaml:"database"` // "" is SQLite in the data folder; else the URL of a PostgreSQL database
	Domain     DomainConfig     `yaml:"domain"`
	PIX        PIXConfig        `yaml:"pix"`
	MPI        MPIConfig        `yaml:"mpi"`
	Repository RepositoryConfig `yaml:"repository"`
	Registry   RegistryConfig   `yaml:"registry"`
	Limits     LimitsConfig     `yaml:"limits"`
	Retry      RetryConfig      `yaml:"retry"`
	Sweep      SweepConfig      `yaml:"sweep"`
	TLS        TLSConfig        `yaml:"tls"`
	Audit      AuditConfig      `yaml:"audit"`
	Log        LogConfig        `yaml:"log"`
}

// AuditConfig is the audit trail (ITI-20).
type AuditConfig struct {
	Source string `yaml:"source"` // AuditSourceID of this server
	Site   string `yaml:"site"`   // AuditEnterpriseSiteID; "" for none
	Host   string `yaml:"host"`   // name or address of this node in its events; "" is the host's name

	Key        string        `yaml:"key"`        // PEM file of the key that signs the chain, Ed25519 or ECDSA P-256; "" signs nothing
	Checkpoint time.Duration `yaml:"checkpoint"` // how often it is signed
	TSA        string        `yaml:"tsa"`        // URL of a time-stamp authority (RFC 3161) for the checkpoints; "" for none
	TSATrusted string        `yaml:"tsatrusted"` // PEM file: the authorities of its certificates
	TSAPolicy  string        `yaml:"tsapolicy"`  // OID of the policy that is asked for and accepted; "" is any
	TSATimeout time.Duration `yaml:"tsatimeout"` // for an answer from there
	TSARetry   time.Duration `yaml:"tsaretry"`   // after a failure; doubles up to an hour
	Keep       time.Duration `yaml:"keep"`       // signed events older than this are removed; 0 keeps all
	Forward    []string      `yaml:"forward"`    // audit repositories: tls://host:port or udp://host:port
	Search     string        `yaml:"search"`     // who may search the trail on the admin listener (ITI-81): certificate, loopback or off
	Listen     string        `yaml:"listen"`     // syslog over TLS from other systems, usually :6514; "" receives nothing
	ListenUDP  string        `yaml:"listenudp"`  // syslog over UDP from other systems; "" receives nothing
}

// TLSConfig makes this a Secure Node (ITI-19): every listener but admin demands a certificate from its clients.
type TLSConfig struct {
	Certificate string        `yaml:"certificate"` // PEM file with the intermediate certificates; "" is no TLS
	Key         string        `yaml:"key"`         // PEM file
	Trusted     string        `yaml:"trusted"`     // PEM file: authorities, and certificates of single nodes
	Revoked     string        `yaml:"revoked"`     // PEM file: revocation lists; "" for none
	Reload      time.Duration `yaml:"reload"`      // how often the files are looked at
	Plain       bool          `yaml:"plain"`       // listeners that other machines reach may go without TLS
	Allow       AllowConfig   `yaml:"allow"`
}

// AllowConfig names the certificates that may call an endpoint: by common name, DNS name or SHA-256. None is all trusted ones.
type AllowConfig struct {
	Registry   []string `yaml:"registry"`
	Repository []string `yaml:"repository"`
	Identities []string `yaml:"identities"` // PIX Manager, PIX Consumer and Patient Demographics Supplier over SOAP
	Feed       []string `yaml:"feed"`       // all of MLLP
	Admin      []string `yaml:"admin"`
	Audit      []string `yaml:"audit"`
}

// DomainConfig is the affinity domain.
type DomainConfig struct {
	OID       string   `yaml:"oid"`       // assigning authority of its patient ids
	Namespace string   `yaml:"namespace"` // the same authority by name, as HL7 v2 senders use it
	Patients  []string `yaml:"patients"`  // ids known from the start, besides those that ITI-8 brings
	Sources   []string `yaml:"sources"`   // who may feed it, APPLICATION|FACILITY (MSH-3, MSH-4) or APPLICATION; everybody when empty
	Codes     string   `yaml:"codes"`     // file of its code sets (docs/codes.md); "" takes every code
}

// RepositoryConfig is the Document Repository.
type RepositoryConfig struct {
	ID string `yaml:"id"` // repositoryUniqueId, an OID
}

// RegistryConfig is the Document Registry.
type RegistryConfig struct {
	URL        string        `yaml:"url"`        // "": in this process; else ITI-42 and ITI-18 go there
	Timeout    time.Duration `yaml:"timeout"`    // for an answer from there
	Validation string        `yaml:"validation"` // lenient or strict
	Rules      []RuleConfig  `yaml:"rules"`      // other modes for single rules
	// ResolveLocalIDs takes submissions under ids of pix.domains and stores them under the id that the patient index links to
	// it in the affinity domain.
	ResolveLocalIDs bool `yaml:"resolvelocalids"`
	// Retry says what makes a submission that comes again a retransmission, which is answered as it was before: message is
	// the same MessageID, sender and content, content the same sender and content (docs/divergences.md).
	Retry string `yaml:"retry"`
}

// RetryConfig is the memory of answers, for sources that did not get theirs.
type RetryConfig struct {
	Keep time.Duration `yaml:"keep"` // older answers are forgotten
}

// LimitsConfig bounds what one request or peer may cost. Sizes are bytes.
type LimitsConfig struct {
	Envelope        int64         `yaml:"envelope"`        // SOAP message without its attachments
	Buffered        int64         `yaml:"buffered"`        // envelopes of all requests together, beyond 64 KiB each; who needs more is refused
	Body            int64         `yaml:"body"`            // whole HTTP body
	Document        int64         `yaml:"document"`        // one document
	Parts           int           `yaml:"parts"`           // MIME parts of one message
	PartHeader      int           `yaml:"partheader"`      // header of one MIME part
	Header          int           `yaml:"header"`          // HTTP header
	Connections     int           `yaml:"connections"`     // HTTP connections at the same time
	Chunk           time.Duration `yaml:"chunk"`           // longest wait for the next 64 KiB in either direction
	Objects         int           `yaml:"objects"`         // LeafClass answer of a query; ten times as many for ObjectRef
	Documents       int           `yaml:"documents"`       // documents of one ITI-43 request
	VerifyAhead     int64         `yaml:"verifyahead"`     // document bytes checked before an answer starts
	MLLPMessage     int           `yaml:"mllpmessage"`     // one HL7 v2 message
	MLLPConnections int           `yaml:"mllpconnections"` // at the same time
	MLLPBuffered    int           `yaml:"mllpbuffered"`    // unfinished HL7 v2 messages of all connections together; who needs more is closed
	MLLPIdle        time.Duration `yaml:"mllpidle"`        // an idle connection is closed after
	MLLPFrame       time.Duration `yaml:"mllpframe"`       // from the first to the last byte of a message
	Drain           time.Duration `yaml:"drain"`           // for requests in work after SIGTERM
}

// SweepConfig is the removal of blobs that no document names.
type SweepConfig struct {
	Interval time.Duration `yaml:"interval"`
	Grace    time.Duration `yaml:"grace"` // younger blobs stay: their submission may still be on its way
}

// LogConfig is the operators' log.
type LogConfig struct {
	Format string `yaml:"format"` // text or json
	Level  string `yaml:"level"`  // debug, info, warn, error
	Syslog string `yaml:"syslog"` // udp://host:port: messages of RFC 5424, facility local0; "" is stderr
}

// demoDomain is the affinity domain that a server without configuration has; 2.999 is the arc for examples.
const demoDomain = "2.999.1.1"

var demoPatients = []string{"DEMO-1", "DEMO-2", "DEMO-3"}

func defaults() Config {
	return Config{
		Data: "./data", HTTP: "127.0.0.1:8080", MLLP: "127.0.0.1:2575", Admin: "127.0.0.1:9090",
		Domain:     DomainConfig{OID: demoDomain, Namespace: "DEMO", Patients: []string{}, Sources: []string{}},
		PIX:        defaultPIX(),
		MPI:        defaultMPI(),
		Repository: RepositoryConfig{ID: "2.999.1.2"},
		Registry:   RegistryConfig{Timeout: time.Minute, Validation: "lenient", Rules: []RuleConfig{}, Retry: string(actor.RetryMessage)},
		Limits: LimitsConfig{
			Envelope: 16 << 20, Buffered: 128 << 20, Body: 4 << 30, Document: 2 << 30, Parts: 256, PartHeader: 8 << 10, Header: 64 << 10, Connections: 1000,
			Chunk: 30 * time.Second, Objects: 5000, Documents: 500, VerifyAhead: 8 << 20,
			MLLPMessage: 1 << 20, MLLPConnections: 10000, MLLPBuffered: 32 << 20, MLLPIdle: 10 * time.Minute, MLLPFrame: time.Minute, Drain: 30 * time.Second,
		},
		Retry: RetryConfig{Keep: 7 * 24 * time.Hour},
		Sweep: SweepConfig{Interval: time.Hour, Grace: 24 * time.Hour},
		TLS: TLSConfig{Reload: 15 * time.Second, Allow: AllowConfig{
			Registry: []string{}, Repository: []string{}, Identities: []string{}, Feed: []string{}, Admin: []string{}, Audit: []string{},
		}},
		Audit: AuditConfig{Source: "dossier", Search: searchCertificate, Checkpoint: 10 * time.Minute, TSATimeout: 10 * time.Second, TSARetry: 30 * time.Second, Forward: []string{}},
		Log:   LogConfig{Format: "text", Level: "info"},
	}
}

// keyDelimiter is not ".", because values and keys of this field are full of OIDs.
const keyDelimiter = "::"

// foreignVariables begin with DOSSIER_ too: the tests of this project read them.
var foreignVariables = []string{"DOSSIER_CONFIG", "DOSSIER_ORACLE", "DOSSIER_XMLCONF", "DOSSIER_SEEDS", "DOSSIER_ROUNDS"}

// loadConfig merges file, variables and the flags that were set. An unknown key anywhere is an error.
func loadConfig(file string, flags *pflag.FlagSet, environ []string) (*Config, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter(keyDelimiter))
	var keys, variables []string
	for key, value := range flatten("", reflect.ValueOf(defaults())) {
		v.SetDefault(key, value)
		keys = append(keys, key)
		variables = append(variables, "DOSSIER_"+strings.ToUpper(strings.ReplaceAll(key, keyDelimiter, "_")))
	}
	v.SetEnvPrefix("DOSSIER")
	v.SetEnvKeyReplacer(strings.NewReplacer(keyDelimiter, "_"))
	v.AutomaticEnv()
	for _, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		foreign := slices.Contains(foreignVariables, name) || failpoint.Enabled && name == failpoint.Variable
		if strings.HasPrefix(name, "DOSSIER_") && !slices.Contains(variables, name) && !foreign {
			return nil, usagef("variable %s is not a configuration key; did you mean %s?", name, nearest(name, variables))
		}
	}
	if file != "" {
		text, err := os.ReadFile(file)
		if err == nil {
			err = saidOnce(text)
		}
		if err != nil {
			return nil, usagef("configuration %s: %w", file, err)
		}
		v.SetConfigType("yaml")
		if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
			return nil, usagef("configuration %s: %w", file, err)
		}
		for _, key := range v.AllKeys() {
			if !slices.Contains(keys, key) {
				dotted := strings.NewReplacer(keyDelimiter, ".")
				return nil, usagef("configuration %s: there is no key %s; did you mean %s?", file, dotted.Replace(key), dotted.Replace(nearest(key, keys)))
			}
		}
	}
	for _, name := range []string{"data", "http", "mllp", "admin", "database"} {
		if f := flags.Lookup(name); f != nil && f.Changed {
			v.Set(name, f.Value.String())
		}
	}
	c := &Config{}
	if err := v.UnmarshalExact(c, yamlNames, viper.DecodeHook(decodeHooks())); err != nil {
		return nil, usagef("configuration: %s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return c, c.check()
}

func yamlNames(d *mapstructure.DecoderConfig) { d.TagName = "yaml" }

// decodeHooks are those that viper has by itself, and ours.
func decodeHooks() mapstructure.DecodeHookFunc {
	return mapstructure.ComposeDecodeHookFunc(exactNumbers(), rulesOfText(), mapstructure.StringToTimeDurationHookFunc(), mapstructure.StringToSliceHookFunc(","))
}

// exactNumbers refuses what would be read as another number than was meant: 30 is no duration (it would be 30 ns), 1.5 and true
// are no counts, 1 is neither true nor false. 0 needs no unit. Text, which is all that variables are, is read by its own rules.
func exactNumbers() mapstructure.DecodeHookFuncType {
	return func(from, to reflect.Type, value any) (any, error) {
		number := from.Kind() >= reflect.Bool && from.Kind() <= reflect.Float64
		switch {
		case from == to || !number:
		case to == reflect.TypeFor[time.Duration]():
			if value != 0 {
				return nil, fmt.Errorf("expected a duration with its unit, such as 30s, got %v", value)
			}
		case to.Kind() == reflect.Bool:
			return nil, fmt.Errorf("expected true or false, got %v", value)
		case to.Kind() >= reflect.Int && to.Kind() <= reflect.Uint64:
			if f, ok := value.(float64); from.Kind() == reflect.Bool || ok && f != math.Trunc(f) {
				return nil, fmt.Errorf("expected a whole number, got %v", value)
			}
		}
		return value, nil
	}
}

// saidOnce refuses files in which something could be overlooked: a second document, which nobody would read, and keys that differ
// in case only, of which the last would win. Keys that are quite the same are refused by the YAML reader.
func saidOnce(text []byte) error {
	documents := yaml.NewDecoder(bytes.NewReader(text))
	var first yaml.Node
	if err := documents.Decode(&first); errors.Is(err, io.EOF) {
		return nil
	} else if err != nil {
		return err
	}
	if err := documents.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return errors.New("expected one YAML document, got more")
	}
	return keysOnce(&first)
}

func keysOnce(n *yaml.Node) error {
	seen := map[string]int{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			key := strings.ToLower(child.Value)
			if line := seen[key]; line != 0 {
				return fmt.Errorf("line %d: key %s is already in line %d; case does not count", child.Line, child.Value, line)
			}
			seen[key] = child.Line
		}
		if err := keysOnce(child); err != nil {
			return err
		}
	}
	return nil
}

// flatten lists the keys of a configuration with their values.
func flatten(prefix string, v reflect.Value) map[string]any {
	out := map[string]any{}
	for i := range v.NumField() {
		key := prefix + v.Type().Field(i).Tag.Get("yaml")
		if f := v.Field(i); f.Kind() == reflect.Struct {
			for k, x := range flatten(key+keyDelimiter, f) {
				out[k] = x
			}
		} else {
			out[key] = f.Interface()
		}
	}
	return out
}

// check refuses values that no server could run with, all at once.
func (c *Config) check() error {
	var errs []error
	oid := func(key, value string) {
		if !hl7v2.IsOID(value) {
			errs = append(errs, fmt.Errorf("%s: expected an OID of at most 64 characters, got %q", key, value))
		}
	}
	oid("domain.oid", c.Domain.OID)
	oid("repository.id", c.Repository.ID)
	oneOf := func(key, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			errs = append(errs, fmt.Errorf("%s: expected %s, got %q", key, strings.Join(allowed, " or "), value))
		}
	}
	errs = append(errs, c.checkListeners()...)
	oneOf("registry.validation", c.Registry.Validation, "lenient", "strict")
	errs = append(errs, checkRules(c.Registry.Rules)...)
	oneOf("registry.retry", c.Registry.Retry, string(actor.RetryMessage), string(actor.RetryContent))
	errs = append(errs, c.PIX.check(c.Domain)...)
	oneOf("mpi.mode", c.MPI.Mode, mpiEmbedded, mpiExternal)
	oneOf("mpi.protocol", c.MPI.Protocol, mpiV2, mpiV3)
	errs = append(errs, c.checkMPI()...)
	oneOf("log.format", c.Log.Format, "text", "json")
	oneOf("audit.search", c.Audit.Search, searchCertificate, searchLoopback, searchOff)
	oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	for key, value := range flatten("limits.", reflect.ValueOf(c.Limits)) {
		if reflect.ValueOf(value).Int() <= 0 {
			errs = append(errs, fmt.Errorf("%s: expected more than 0, got %v", key, value))
		}
	}
	if c.Limits.Buffered < c.Limits.Envelope {
		errs = append(errs, fmt.Errorf("limits.buffered: expected room for one envelope at least (limits.envelope, %d), got %d", c.Limits.Envelope, c.Limits.Buffered))
	}
	if c.Limits.MLLPBuffered < c.Limits.MLLPMessage {
		errs = append(errs, fmt.Errorf("limits.mllpbuffered: expected room for one message at least (limits.mllpmessage, %d), got %d", c.Limits.MLLPMessage, c.Limits.MLLPBuffered))
	}
	if c.Sweep.Interval <= 0 || c.Sweep.Grace < 10*time.Minute {
		errs = append(errs, fmt.Errorf("sweep: expected an interval above 0 and a grace of at least 10m, got %v and %v", c.Sweep.Interval, c.Sweep.Grace))
	}
	if c.Retry.Keep < time.Minute {
		errs = append(errs, fmt.Errorf("retry.keep: expected at least 1m, got %v", c.Retry.Keep))
	}
	if c.Database != "" && !isPostgres(c.Database) {
		errs = append(errs, errors.New("database: expected \"\" (SQLite in the data folder) or postgres://user:password@host/database"))
	}
	if c.Log.Syslog != "" {
		if _, err := syslogAddress(c.Log.Syslog); err != nil {
			errs = append(errs, fmt.Errorf("log.syslog: %w", err))
		}
	}
	errs = append(errs, c.checkAudit()...)
	errs = append(errs, c.checkTLS()...)
	errs = append(errs, c.checkConsumerTLS()...)
	if len(errs) == 0 {
		return nil
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return &usageError{fmt.Errorf("configuration: %w", errors.Join(errs...))}
}

func (c *Config) checkAudit() (errs []error) {
	a := c.Audit
	if a.Source == "" {
		errs = append(errs, errors.New("audit.source: expected a name for this server in audit events, got \"\""))
	}
	if a.Checkpoint <= 0 || a.Keep < 0 {
		errs = append(errs, fmt.Errorf("audit: expected a checkpoint above 0 and a keep of at least 0, got %v and %v", a.Checkpoint, a.Keep))
	}
	if a.Keep > 0 && a.Key == "" {
		errs = append(errs, errors.New("audit.keep: expected audit.key beside it: what is removed ends at a signed checkpoint"))
	}
	errs = append(errs, c.checkTSA()...)
	for _, url := range a.Forward {
		d, err := destinationOf(url)
		if err != nil {
			errs = append(errs, fmt.Errorf("audit.forward: %w", err))
		} else if d.tls && c.TLS.Certificate == "" {
			errs = append(errs, fmt.Errorf("audit.forward: %s needs tls.certificate: both sides prove who they are", url))
		}
	}
	return errs
}

// checkListeners: an address that is none must not be taken for one that other machines reach, and "" is for net.Listen any port on
// every interface.
func (c *Config) checkListeners() (errs []error) {
	for _, l := range [...]struct {
		name, addr string
		optional   bool
	}{{"http", c.HTTP, false}, {"mllp", c.MLLP, false}, {"admin", c.Admin, false}, {"audit.listen", c.Audit.Listen, true}, {"audit.listenudp", c.Audit.ListenUDP, true}} {
		if _, port, err := net.SplitHostPort(l.addr); (err != nil || port == "") && !(l.optional && l.addr == "") {
			errs = append(errs, fmt.Errorf("%s: expected host:port to listen on, got %q", l.name, l.addr))
		}
	}
	return errs
}

// checkTLS: what other machines reach has TLS unless somebody said that it need not (a proxy, a network of containers).
func (c *Config) checkTLS() (errs []error) {
	t := c.TLS
	if t.Certificate != "" && (t.Key == "" || t.Trusted == "") {
		errs = append(errs, errors.New("tls: expected tls.key and tls.trusted beside tls.certificate"))
	}
	if t.Reload <= 0 {
		errs = append(errs, fmt.Errorf("tls.reload: expected more than 0, got %v", t.Reload))
	}
	if t.Certificate != "" || t.Plain {
		return errs
	}
	for _, l := range []struct{ name, addr string }{{"http", c.HTTP}, {"mllp", c.MLLP}, {"admin", c.Admin}, {"audit.listen", c.Audit.Listen}} {
		if _, _, err := net.SplitHostPort(l.addr); err == nil && !loopback(l.addr) {
			errs = append(errs, fmt.Errorf("%s: other machines reach %s: expected tls.certificate, or tls.plain: true to say that it is meant", l.name, l.addr))
		}
	}
	return errs
}

// patients lists the ids that are known from the start; the demo domain brings its own.
func (c *Config) patients() []string {
	if len(c.Domain.Patients) == 0 && c.Domain.OID == demoDomain {
		return demoPatients
	}
	return c.Domain.Patients
}

// addConfigFlags declares the flags that serve and config share.
func addConfigFlags(f *pflag.FlagSet) {
	d := defaults()
	f.String("config", "", "YAML file with the configuration")
	f.String("data", d.Data, "folder of the documents and, without --database, the database")
	f.String("http", d.HTTP, "listener of the SOAP endpoints")
	f.String("mllp", d.MLLP, "listener of the Patient Identity Feed (ITI-8)")
	f.String("admin", d.Admin, "listener of metrics and health")
	f.String("database", d.Database, "postgres:// URL of the database; empty is SQLite in the data folder")
}

func configOf(cmd *cobra.Command) (*Config, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return nil, err
	}
	if file == "" {
		file = os.Getenv("DOSSIER_CONFIG")
	}
	return loadConfig(file, cmd.Flags(), os.Environ())
}

func newConfig() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Print the effective configuration as YAML",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := configOf(cmd)
			if err != nil {
				return err
			}
			c.Database = withoutPassword(c.Database)
			enc := yaml.NewEncoder(cmd.OutOrStdout())
			enc.SetIndent(2)
			return errors.Join(enc.Encode(c), enc.Close())
		},
	}
	addConfigFlags(cmd.Flags())
	return cmd
}
