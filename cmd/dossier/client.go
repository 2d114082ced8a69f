package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dossier/atna"
	"dossier/ebrim"
	"dossier/hl7v2"
	"dossier/hl7v2/mllp"
	"dossier/internal/xmlwire"
	"dossier/soap"
)

// newClient has no time limit of its own: a transfer may be long, and the user can interrupt it.
func newClient(cmd *cobra.Command) (*soap.Client, error) {
	config, err := clientTLS(cmd)
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = config
	return &soap.Client{HTTP: &http.Client{Transport: transport}, NewID: uuid.NewString}, nil
}

// addClientFlags declares what every command has that talks to a server.
func addClientFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.String("tls-certificate", "", "PEM file of the certificate to show to a Secure Node")
	f.String("tls-key", "", "PEM file of its key")
	f.String("tls-trusted", "", "PEM file of the authorities or servers that are trusted")
}

// clientTLS is how the user proves who it is to a Secure Node (ITI-19); nil where the flags say nothing.
func clientTLS(cmd *cobra.Command) (*tls.Config, error) {
	var files atna.Files
	for name, to := range map[string]*string{"tls-certificate": &files.Certificate, "tls-key": &files.Key, "tls-trusted": &files.Trusted} {
		var err error
		if *to, err = cmd.Flags().GetString(name); err != nil {
			return nil, err
		}
	}
	if files == (atna.Files{}) {
		return nil, nil
	}
	secure, err := atna.NewSecure(files, time.Now)
	if err != nil {
		return nil, usagef("--tls-certificate, --tls-key, --tls-trusted: %w", err)
	}
	return secure.Client(""), nil
}

// dialMLLP opens the connection of a command: --to is host:port, mllp://host:port, or mllps://host:port, which says that there
// must be TLS.
func dialMLLP(cmd *cobra.Command, to string) (*mllp.Client, error) {
	if to == "" {
		return nil, usagef("--to is required, such as --to 127.0.0.1:2575")
	}
	e, err := parseEndpoint(to)
	if err != nil || e.soap() {
		return nil, usagef("--to: expected host:port, mllp://host:port or mllps://host:port, got %q", to)
	}
	config, err := clientTLS(cmd)
	switch {
	case err != nil:
		return nil, err
	case e.scheme == "mllps" && config == nil:
		return nil, usagef("--to mllps:// needs --tls-certificate, --tls-key and --tls-trusted")
	case e.scheme == "mllp" && config != nil:
		return nil, usagef("--to mllp:// is without TLS: expected mllps:// beside --tls-certificate")
	}
	return mllp.Dial(cmd.Context(), e.addr, config)
}

// refusal is a server's answer other than Success, as one readable block.
type refusal struct {
	what   string
	status string
	errors []ebrim.RegistryError
}

func (r *refusal) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", r.what, last(r.status))
	for _, e := range r.errors {
		fmt.Fprintf(&b, "\n  %-8s %s", last(e.Severity), e.Code)
		if e.Location != "" {
			fmt.Fprintf(&b, "  at %s", e.Location)
		}
		fmt.Fprintf(&b, "\n           %s", e.Context)
	}
	return b.String()
}

// last gives the last part of a URN.
func last(urn string) string { return urn[strings.LastIndexByte(urn, ':')+1:] }

// judge turns a RegistryResponse into an error unless it is a Success; warnings go to stderr.
func judge(cmd *cobra.Command, what string, r *ebrim.RegistryResponse) error {
	if r.Status != ebrim.StatusSuccess {
		return &refusal{what: what, status: r.Status, errors: r.Errors}
	}
	for _, e := range r.Errors {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning %s: %s\n", e.Code, e.Context)
	}
	return nil
}

// registryResponse reads the answer to a submission.
func registryResponse(cmd *cobra.Command, what string, body *xmlwire.Element) error {
	r, ok := ebrim.DecodeRegistryResponse(body)
	if !ok || !body.Is(ebrim.NSRs, "RegistryResponse") {
		return fmt.Errorf("%s: expected rs:RegistryResponse, got {%s}%s", what, body.Name.Space, body.Name.Local)
	}
	return judge(cmd, what, r)
}

// patientFlag reads a patient id given on the command line.
func patientFlag(s string) (hl7v2.CX, error) {
	if s == "" {
		return hl7v2.CX{}, usagef("--patient is required, such as --patient 'DEMO-1^^^&2.999.1.1&ISO'")
	}
	cx, err := hl7v2.ParseCX(s)
	if err != nil {
		return hl7v2.CX{}, usagef("--patient: %w", err)
	}
	return cx, nil
}

func required(cmd *cobra.Command, name string) (string, error) {
	v, err := cmd.Flags().GetString(name)
	if err != nil {
		return "", err
	}
	if v == "" {
		return "", usagef("--%s is required", name)
	}
	return v, nil
}

// parseFile reads an XML file with the rules a server applies.
func parseFile(name string) (*xmlwire.Document, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	doc, err := xmlwire.Parse(b, xmlwire.Limits{})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path.Base(name), err)
	}
	return doc, nil
}

// errNoSubmission says that a file holds nothing to register.
var errNoSubmission = errors.New("expected lcm:SubmitObjectsRequest, alone or inside an ITI-41 or ITI-42 message, found none")

// findSubmission looks for the SubmitObjectsRequest, however deep it stands.
func findSubmission(e *xmlwire.Element) *xmlwire.Element {
	for stack := []*xmlwire.Element{e}; len(stack) > 0; {
		e, stack = stack[len(stack)-1], stack[:len(stack)-1]
		if e.Is(ebrim.NSLcm, "SubmitObjectsRequest") {
			return e
		}
		for c := range e.Children() {
			stack = append(stack, c)
		}
	}
	return nil
}
