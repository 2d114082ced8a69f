package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newHealth asks a running server whether it is ready, for images that hold nothing else that could.
func newHealth() *cobra.Command {
	var admin string
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running server whether it is ready; exit code 0 only if it is",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := clientTLS(cmd)
			if err != nil {
				return err
			}
			answer, err := ready(cmd.Context(), admin, config)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), answer)
			return err
		},
	}
	cmd.Flags().StringVar(&admin, "admin", defaults().Admin, "listener of metrics and health")
	addClientFlags(cmd)
	return cmd
}

// ready asks over TLS where config says by which certificate: the admin listener of a Secure Node has it unless it is loopback.
func ready(ctx context.Context, admin string, config *tls.Config) (string, error) {
	scheme := "http://"
	if config != nil {
		scheme = "https://"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+admin+"/readyz", nil)
	if err != nil {
		return "", usagef("--admin: expected host:port: %w", err)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}} // no proxy: the server is this one
	resp, err := client.Do(req)
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1000))
	if err != nil {
		return "", fmt.Errorf("health: %w", err)
	}
	answer := strings.TrimSpace(string(body))
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("health: %s", answer)
	}
	return answer, nil
}
