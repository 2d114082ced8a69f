package main

import (
	"context"
	"net/http"
	"strings"

	"dossier/pix"
	"dossier/pix/manager"
	"dossier/soap"
)

// demoDevice is the name in HL7 v3 messages of a server without configuration.
const demoDevice = "2.999.1.3"

// isURL tells a SOAP endpoint from the host:port of MLLP.
func isURL(address string) bool {
	return strings.HasPrefix(address, "http://") || strings.HasPrefix(address, "https://")
}

// v3Subscriber is a consumer that is told by ITI-46.
func (n *node) v3Subscriber(c PIXConsumerConfig) manager.Subscriber {
	to := manager.ConsumerV3{
		SOAP: &soap.Client{HTTP: &http.Client{Timeout: n.config.Registry.Timeout}, NewID: n.newID}, URL: c.Address, Device: c.Device,
	}
	return manager.Subscriber{Name: c.Name, Notify: func(ctx context.Context, notice *pix.Notice) error {
		return n.v3.Notify(ctx, to, notice)
	}}
}
