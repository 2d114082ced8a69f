package manager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strconv"
	"time"

	"dossier/atna"
	"dossier/hl7v2"
	"dossier/internal/actor"
	"dossier/iti"
	"dossier/pix"
)

// Subscriber is a Patient Identifier Cross-reference Consumer that is told over MLLP (ITI-10), or by SOAP (ITI-46).
type Subscriber struct {
	Name                  string
	Address               string   // host:port of ITI-10, URL of ITI-46
	Application, Facility hl7v2.HD // MSH-5, MSH-6
	// Send delivers a message and returns the answer. It is an error when none came.
	Send func(ctx context.Context, msg []byte) ([]byte, error)
	// Notify takes the place of Send where the consumer is told by ITI-46: as V3.Notify.
	Notify func(ctx context.Context, n *pix.Notice) (messageID string, err error)
}

func (s *Subscriber) transaction() iti.Transaction {
	if s.Notify != nil {
		return iti.PIXV3UpdateNotification
	}
	return iti.PIXUpdateNotification
}

// Notifier delivers PIX Update Notifications (ITI-10, ITI-46): for each subscriber the oldest notice first, until it is acknowledged.
type Notifier struct {
	Frame   *actor.Frame
	Outbox  pix.Outbox
	Domains pix.Domains
	Log     *slog.Logger
	Now     func() time.Time
	// Application and Facility are MSH-3 and MSH-4.
	Application, Facility hl7v2.HD
	Poll                  time.Duration // how often an empty outbox is looked at
	Pause                 time.Duration // after the first failure; it doubles up to maxPause
}

// maxPause is the longest time between two attempts.
const maxPause = 5 * time.Minute

// Run delivers to one subscriber until ctx ends.
func (n *Notifier) Run(ctx context.Context, s Subscriber) error {
	for {
		pause := n.Poll
		notice, err := n.Outbox.NextNotice(ctx, s.Name)
		switch {
		case err != nil:
			n.complain(ctx, s, err)
			pause = n.wait(1)
		case notice != nil:
			pause = n.deliver(ctx, s, notice)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// deliver sends one notice and tells how long to wait before the next. A refusal for good ends the notice: sent again it would
// be refused again. Whatever else goes wrong keeps it.
func (n *Notifier) deliver(ctx context.Context, s Subscriber, notice *pix.Notice) time.Duration {
	control := "N" + strconv.FormatInt(notice.Seq, 10) // the same for each attempt, so that a retransmission can be known
	x := n.Frame.Begin(s.transaction(), s.Name, control)
	x.Objects = len(notice.IDs)
	n.audited(x, s, notice)
	err := n.tell(ctx, x, s, notice)
	stopped := ctx.Err() != nil && err != nil && !errors.Is(err, ErrRefused)
	ctx = context.WithoutCancel(ctx) // what may have left the house is written down, also while the server stops
	lost := n.Frame.Record(ctx, x, err)
	if lost != nil && err == nil {
		err = lost
	}
	x.Note(err)
	n.Frame.End(x, err)
	switch {
	case stopped:
		return 0
	case lost == nil && (err == nil || errors.Is(err, ErrRefused)):
		if err = n.Outbox.Settled(ctx, notice.Seq); err == nil {
			return 0
		}
	default: // told again rather than not recorded
		err = n.Outbox.Attempted(ctx, notice.Seq)
	}
	if err != nil {
		n.complain(ctx, s, err)
	}
	return n.wait(notice.Attempts + 1)
}

// audited says who tells whom about which patient (ITI TF-2: 3.10.5.1, 3.46.5.1).
func (n *Notifier) audited(x *actor.Exchange, s Subscriber, notice *pix.Notice) {
	a := &x.Audit
	if s.Notify != nil {
		x.Calls(s.Address, n.Frame.Node)
	} else {
		a.Role = atna.Initiator
		a.Initiator = atna.Party{UserID: n.Facility.String() + "|" + n.Application.String(), AlternativeUserID: n.Frame.Node.Process, NetworkAccess: n.Frame.Node.Host}
		a.Responder = atna.Party{UserID: s.Facility.String() + "|" + s.Application.String(), NetworkAccess: actor.Access(s.Address)}
	}
	for _, k := range notice.IDs {
		a.Patients = append(a.Patients, n.Domains.CX(k).String())
	}
}

// tell returns nil when the consumer has the notice, and ErrRefused when it will never take it: AE. No answer, or one that
// asks to try again (AR), is any other error.
func (n *Notifier) tell(ctx context.Context, x *actor.Exchange, s Subscriber, notice *pix.Notice) (err error) {
	defer func() { // an answer that we cannot take must not end the server, and again after each start
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if s.Notify != nil {
		x.Audit.MessageID, err = s.Notify(ctx, notice)
		return err
	}
	answer, err := s.Send(ctx, n.message(s, notice, x.MessageID))
	if err != nil {
		return err
	}
	code, err := acknowledged(answer, x.MessageID)
	if err != nil || code == hl7v2.Accept {
		return err
	}
	err = &hl7v2.Error{Ack: code, Code: hl7v2.CodeInternal, Text: "refused by the consumer"}
	if code == hl7v2.Refuse {
		err = errors.Join(ErrRefused, err)
	}
	return err
}

func (n *Notifier) complain(ctx context.Context, s Subscriber, err error) {
	if ctx.Err() == nil {
		n.Log.Warn("notices of patient identities", "consumer", s.Name, "cause", err.Error())
	}
}

// wait doubles with each attempt.
func (n *Notifier) wait(attempts int) time.Duration {
	pause := n.Pause
	for range min(attempts-1, 20) {
		pause *= 2
	}
	return min(pause, maxPause)
}

// message is ADT^A31 with the ids and no name (ITI TF-2: 3.10.4.1.2).
func (n *Notifier) message(s Subscriber, notice *pix.Notice, control string) []byte {
	now := string(hl7v2.FormatDTM(n.Now())) + "+0000"
	b := hl7v2.NewMessage(hl7v2.Header{
		SendingApplication: n.Application, SendingFacility: n.Facility, ReceivingApplication: s.Application, ReceivingFacility: s.Facility,
		Time: now, Type: "ADT", Trigger: "A31", Structure: "ADT_A05", ControlID: control, ProcessingID: "P", Version: "2.5",
	})
	var ids []hl7v2.CX
	for _, k := range notice.IDs {
		ids = append(ids, n.Domains.CX(k))
	}
	b.Segment("EVN", nil, hl7v2.Text(string(hl7v2.FormatDTM(notice.At))+"+0000"))
	b.Segment("PID", nil, nil, pidIdentifiers(ids), nil, hl7v2.Text(" "))
	return b.Segment("PV1", nil, hl7v2.Text("N")).Bytes()
}

// acknowledged reads the code of an acknowledgement of this message.
func acknowledged(answer []byte, control string) (string, error) {
	ack, err := hl7v2.ParseMessage(answer)
	if err != nil {
		return "", fmt.Errorf("the acknowledgement cannot be read: %w", err)
	}
	if ack.Field("MSA", 2).Text() != control {
		return "", fmt.Errorf("the acknowledgement is of another message")
	}
	switch code := ack.Field("MSA", 1).Text(); code {
	case hl7v2.Accept, "CA":
		return hl7v2.Accept, nil
	case hl7v2.Refuse, "CE":
		return hl7v2.Refuse, nil
	case hl7v2.Reject, "CR":
		return hl7v2.Reject, nil
	}
	return "", fmt.Errorf("expected AA, AE or AR in MSA-1 of the acknowledgement")
}
