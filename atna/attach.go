package atna

import "context"

// Attachment is the audit of a change on its way into the store that makes the change.
type Attachment struct {
	// Events are what is committed with the change. The store calls it at the end of the transaction, and again when it
	// runs the transaction again.
	Events func() []Event
	// Exchange is the reference of the request, which the log line has too.
	Exchange string
	// Stored is called once the transaction has committed.
	Stored func()
}

type attachmentKey struct{}

// Attach returns a context under which a store commits the events together with its next change, or neither.
func Attach(ctx context.Context, a *Attachment) context.Context {
	return context.WithValue(ctx, attachmentKey{}, a)
}

// Attached returns what is to be committed under this context, nil for nothing.
func Attached(ctx context.Context) *Attachment {
	a, _ := ctx.Value(attachmentKey{}).(*Attachment)
	return a
}
