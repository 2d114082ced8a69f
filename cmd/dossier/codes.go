package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"dossier/xds"
	"dossier/xds/codes"
)

// openCodes reads the code sets of the affinity domain, if there are any; a server never starts with a broken file.
func (n *node) openCodes() error {
	name := n.config.Domain.Codes
	switch {
	case name == "":
		return nil
	case n.config.Registry.URL != "":
		n.log.Warn("domain.codes is not read: the registry that registry.url names checks the codes", "file", name)
		return nil
	}
	file, err := codes.Open(name)
	if err != nil {
		return usagef("configuration: domain.codes: %w", err)
	}
	n.codes = file
	n.log.Info("code sets read", "file", name, "set", file.Set().String())
	return nil
}

// hangups delivers SIGHUP while there are code sets to read anew.
func hangups(c *Config) (hangup <-chan os.Signal, stop func()) {
	if c.Domain.Codes == "" || c.Registry.URL != "" {
		return nil, func() {}
	}
	ch := make(chan os.Signal, 1)
	signal.Notify(ch, syscall.SIGHUP)
	return ch, func() { signal.Stop(ch) }
}

// untilHangup ends with SIGHUP where it has nothing to be read anew: who closes the terminal stops the server, in order, and the
// audit trail says so. Under nohup the signal stays ignored.
func untilHangup(ctx context.Context, hangup <-chan os.Signal) (context.Context, func()) {
	if hangup != nil || signal.Ignored(syscall.SIGHUP) {
		return ctx, func() {}
	}
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}

// reload reads the code sets anew whenever it is asked to. Requests in work finish with the set that they began with.
func (n *node) reload(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-n.hangup:
			if n.codes == nil {
				continue
			}
			if err := n.codes.Reload(); err != nil {
				n.log.Error("code sets not reloaded, the old ones stay in force", "file", n.config.Domain.Codes, "cause", err.Error())
				continue
			}
			n.log.Info("code sets reloaded", "file", n.config.Domain.Codes, "set", n.codes.Set().String())
		}
	}
}

// codeProblems judges a submission by the code sets in a file; no file judges nothing.
func codeProblems(file string, s *xds.Submission) (xds.Errors, error) {
	if file == "" {
		return nil, nil
	}
	f, err := codes.Open(file)
	if err != nil {
		return nil, err
	}
	return f.Problems(s), nil
}
