package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"dossier/atna"
	"dossier/ebrim"
	"dossier/internal/xmlwire"
	"dossier/iti"
	"dossier/soap"
	"dossier/xds"
)

// Frame is shared by all actors of a process.
type Frame struct {
	Log     *slog.Logger
	Metrics *Metrics
	NewID   func() string // a new UUID; references are made from it
	Now     func() time.Time
	Retry   Retry // "" is RetryMessage

	Audit Recorder  // nil audits nothing
	Node  atna.Node // this server, as events name it
}

// Handler answers one request of one transaction.
type Handler func(ctx context.Context, x *Exchange, req *soap.Request) (*soap.Response, error)

// Protocol says how a transaction answers when it refuses.
type Protocol struct {
	Body     xmlwire.Name                    // request element
	Internal xds.ErrorCode                   // code of a failure that is ours
	Refuse   func(xds.Errors) *soap.Response // the transaction's response element with status Failure
	// Answer stands in for Internal and Refuse in protocols other than ebRS: it answers every error that is no fault, and
	// words what is no refusal of its own as an internal error with the exchange's reference.
	Answer func(x *Exchange, req *soap.Request, err error) *soap.Response
}

// Operation puts the frame around a handler.
func (f *Frame) Operation(t iti.Transaction, p Protocol, h Handler) soap.Operation {
	return soap.Operation{
		Action: t.Action, Reply: t.Reply, Body: p.Body, MTOM: t.MTOM,
		Handle: func(ctx context.Context, req *soap.Request) (*soap.Response, error) {
			x := f.Begin(t, req.Peer.Addr, req.MessageID)
			x.sender = Sender(req.Peer)
			x.trace = traceID(ctx)
			f.parties(x, req)
			resp, err := protect(ctx, x, req, h)
			resp, fault := f.answer(x, p, req, resp, err)
			if lost := f.Record(ctx, x, err); lost != nil && err == nil {
				withdraw(resp, lost)
				err = lost
				resp, fault = f.answer(x, p, req, nil, err)
			}
			if err == nil && fault == nil {
				f.watch(ctx, x, resp)
			}
			f.End(x, err)
			return resp, fault
		},
	}
}

// Begin opens an exchange.
func (f *Frame) Begin(t iti.Transaction, peer, messageID string) *Exchange {
	return &Exchange{
		Transaction: t, Reference: reference(f.NewID()), Peer: peer, MessageID: messageID, Started: f.Now(), retry: f.Retry,
		audited: f.Audit != nil, Audit: atna.Record{Role: atna.Responder, Source: f.Node.Source},
	}
}

// End emits the record.
func (f *Frame) End(x *Exchange, err error) {
	took := f.Now().Sub(x.Started)
	outcome := x.outcome(err)
	f.Metrics.observe(x, outcome, took)
	level := slog.LevelInfo
	if len(x.notes) > 0 {
		level = slog.LevelWarn
	}
	attrs := []slog.Attr{
		slog.String("transaction", x.Transaction.ID), slog.String("name", x.Transaction.Name),
		slog.String("outcome", outcome), slog.String("reference", x.Reference), slog.String("peer", x.Peer),
		slog.Duration("took", took),
	}
	if x.trace != "" {
		attrs = append(attrs, slog.String("trace", x.trace))
	}
	if codes := x.codes(); len(codes) > 0 {
		attrs = append(attrs, slog.Any("codes", codes))
	}
	if len(x.Noted) > 0 {
		attrs = append(attrs, slog.Any("noted", noted(x.Noted)))
	}
	if x.Query != "" {
		attrs = append(attrs, slog.String("query", x.Query))
	}
	attrs = append(attrs, slog.Int("objects", x.Objects), slog.Int("documents", x.Documents), slog.Int64("bytes", x.Bytes))
	for _, n := range x.notes {
		attrs = append(attrs, slog.Any("cause", n)) // an error that could name a patient hides it by LogValue
	}
	f.Log.LogAttrs(context.Background(), level, "exchange", attrs...)
}

// noted renders what rules in mode log found: name of the rule, "=" and how many objects break it.
func noted(notes []xds.Note) []string {
	out := make([]string, len(notes))
	for i, n := range notes {
		out[i] = n.Rule + "=" + strconv.Itoa(n.Objects)
	}
	return out
}

// protect turns a panic into an error with its stack as cause.
func protect(ctx context.Context, x *Exchange, req *soap.Request, h Handler) (resp *soap.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return h(ctx, x, req)
}

// answer maps the handler's error: a fault is sent as it is, metadata errors become the transaction's refusal, anything
// else becomes the fixed internal error.
func (f *Frame) answer(x *Exchange, p Protocol, req *soap.Request, resp *soap.Response, err error) (*soap.Response, error) {
	var fault *soap.Fault
	var problems xds.Errors
	switch {
	case err == nil:
		return resp, nil
	case errors.As(err, &problems):
		x.Stamp(problems)
	case errors.As(err, &fault):
		x.Note(fault)
		return nil, fault
	case p.Answer != nil:
		return p.Answer(x, req, err), nil
	default:
		x.broke = true
		x.Stamp(xds.Errors{Internal(p.Internal, err)})
		problems = x.errors[len(x.errors)-1:]
	}
	return p.Refuse(problems), nil
}

// Internal is the one text for everything that is not the peer's business; err goes to the log.
func Internal(code xds.ErrorCode, err error) *xds.Error {
	return &xds.Error{Code: code, Context: "internal error", Err: err}
}

// withdraw gives up an answer that may not leave.
func withdraw(resp *soap.Response, cause error) {
	if resp != nil && resp.Sent != nil {
		resp.Sent(cause)
	}
}

// watch reports an answer that broke while it was sent: it is a second, failed event.
func (f *Frame) watch(ctx context.Context, x *Exchange, resp *soap.Response) {
	if resp == nil {
		return
	}
	sent := resp.Sent
	resp.Sent = func(err error) {
		if sent != nil {
			sent(err)
		}
		if err != nil {
			f.Metrics.broken(x)
			if x.audited {
				x.Note(f.record(ctx, x.Reference, x.events(atna.MajorFailure, "answer broken off")...))
			}
			f.Log.Error("answer broken off", "transaction", x.Transaction.ID, "reference", x.Reference, "peer", x.Peer, "cause", err.Error())
		}
	}
}

// reference shortens a UUID to what a person can read out on the telephone.
func reference(id string) string {
	if len(id) > 13 {
		return id[:13]
	}
	return id
}

// RegistryResponse answers with rs:RegistryResponse: Failure if any problem is an error, else Success with warnings.
func RegistryResponse(errs xds.Errors) *soap.Response {
	return soap.XML(ebrim.AppendRegistryResponse(nil, &ebrim.RegistryResponse{Status: errs.Status(), Errors: errs.RegistryErrors()}))
}

// Refused records a message that no handler saw: not SOAP, not for this endpoint, over a limit. It is the hook of a
// soap.Server. The reason goes to the peer only, because it may repeat what the peer sent.
func (f *Frame) Refused(ctx context.Context, req *soap.Request, fault *soap.Fault) {
	f.Metrics.refused(fault.Code)
	lost := f.alert(ctx, req, fault)
	attrs := []slog.Attr{
		slog.String("outcome", "refused"), slog.String("peer", req.Peer.Addr), slog.String("code", fault.Code),
	}
	if fault.Subcode != "" {
		attrs = append(attrs, slog.String("subcode", fault.Subcode))
	}
	if id := traceID(ctx); id != "" {
		attrs = append(attrs, slog.String("trace", id))
	}
	if fault.Err != nil {
		attrs = append(attrs, slog.Any("cause", fault.Err))
	}
	level := slog.LevelInfo
	if lost != nil {
		level = slog.LevelError
		attrs = append(attrs, slog.Any("audit", lost))
	}
	f.Log.LogAttrs(ctx, level, "message refused", attrs...)
}
