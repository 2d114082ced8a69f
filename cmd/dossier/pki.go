package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"dossier/atna/pki"
)

func newPKI() *cobra.Command {
	cmd := &cobra.Command{Use: "pki", Short: "Certificates for trying things out"}
	demo := &cobra.Command{
		Use:   "demo FOLDER",
		Short: "Make a throw-away authority, certificates for a server and a client, an empty revocation list and a signing key",
		Long: "The folder must not exist. Its keys have no password: use none of it for real data.\n" +
			"FOLDER/tls.yaml is a configuration that uses them.",
		Args: cobra.ExactArgs(1),
	}
	hosts := demo.Flags().StringSlice("host", []string{"localhost", "127.0.0.1"}, "names and addresses of the server")
	demo.RunE = func(cmd *cobra.Command, args []string) error {
		if err := demoPKI(args[0], *hosts, time.Now()); err != nil {
			return err
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "dossier serve --config %s\n", filepath.Join(args[0], "tls.yaml"))
		return err
	}
	cmd.AddCommand(demo)
	return cmd
}

const demoConfig = `# made by dossier pki demo: not for real data
tls:
  certificate: %q
  key: %q
  trusted: %q
  revoked: %q
audit:
  key: %q
`

func demoPKI(dir string, hosts []string, now time.Time) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return usagef("pki demo: expected a folder that does not exist yet: %w", err)
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	ca, err := pki.NewAuthority("Dossier demo CA", now)
	if err != nil {
		return err
	}
	in := func(name string) string { return filepath.Join(abs, name) }
	files := map[string][]byte{"ca.pem": pki.CertificatePEM(ca.Certificate), "tls.yaml": fmt.Appendf(nil, demoConfig, in("server.pem"), in("server-key.pem"), in("ca.pem"), in("crl.pem"), in("audit-key.pem"))}
	for _, name := range []string{"server", "client", "audit"} {
		p, err := ca.Issue(pki.Request{Name: name, Hosts: hosts, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0)})
		if err != nil {
			return err
		}
		if files[name+"-key.pem"], err = pki.KeyPEM(p.Key); err != nil {
			return err
		}
		if name != "audit" { // its key signs checkpoints
			files[name+".pem"] = pki.CertificatePEM(p.Certificate)
		}
	}
	if files["crl.pem"], err = ca.RevocationList(1, now.Add(-time.Hour), now.AddDate(1, 0, 0)); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}
