package activities

import (
	"context"

	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/smartid"
)

// SmartIDClient is what the steps ask SmartID.
type SmartIDClient interface {
	Enroll(ctx context.Context, e smartid.Enrollment) (enroll.Verdict, error)
	Unenroll(ctx context.Context, user string, repeated bool) (enroll.Verdict, error)
}

var _ SmartIDClient = (*smartid.Client)(nil)

// SmartID holds the steps at SmartID.
type SmartID struct {
	client  SmartIDClient
	sealed  Opener
	journal Journal
}

// NewSmartID returns the steps. The sealed storage holds templates and
// payloads.
func NewSmartID(client SmartIDClient, sealed Opener, journal Journal) *SmartID {
	return &SmartID{client: client, sealed: sealed, journal: journal}
}

// Register registers every step under its name of package enroll.
func (s *SmartID) Register(r worker.ActivityRegistry) {
	register(r, enroll.SmartIDForwardEnroll, s.ForwardEnroll)
	register(r, enroll.SmartIDForwardUnenroll, s.ForwardUnenroll)
}

// ForwardEnroll forwards the sealed template and payload byte for byte. It
// opens the journey. An answer is recorded and given again. When one was lost,
// the call is made again and told so, because SmartID's answer to it means
// something else then.
func (s *SmartID) ForwardEnroll(ctx context.Context, in enroll.SmartIDForwardEnrollInput) (enroll.SmartIDAnswer, error) {
	return once(ctx, s.journal, fenced[enroll.SmartIDAnswer]{
		opening: &in.Opening, entry: enroll.Entry{Record: in.Opening.Record, Ordinal: 1}, repeatable: true,
		call: func(ctx context.Context, repeated bool) (enroll.SmartIDAnswer, error) {
			template, err := revealed(ctx, s.sealed, in.Template)
			if err != nil {
				return enroll.SmartIDAnswer{}, err
			}
			payLoad, err := revealed(ctx, s.sealed, in.PayLoad)
			if err != nil {
				return enroll.SmartIDAnswer{}, err
			}
			verdict, err := s.client.Enroll(ctx, smartid.Enrollment{
				User:      in.User,
				Template:  template,
				PayLoad:   payLoad,
				OverWrite: in.OverWrite,
				Repeated:  in.Repeated || repeated,
			})
			return enroll.SmartIDAnswer{Verdict: verdict}, err
		},
	})
}

// ForwardUnenroll removes the user's enrollment. It opens the journey. After a
// lost answer it is made again and told so, because "not found" means
// something else then.
func (s *SmartID) ForwardUnenroll(ctx context.Context, in enroll.SmartIDForwardUnenrollInput) (enroll.SmartIDAnswer, error) {
	return once(ctx, s.journal, fenced[enroll.SmartIDAnswer]{
		opening: &in.Opening, entry: enroll.Entry{Record: in.Opening.Record, Ordinal: 1}, repeatable: true,
		call: func(ctx context.Context, repeated bool) (enroll.SmartIDAnswer, error) {
			verdict, err := s.client.Unenroll(ctx, in.User, in.Repeated || repeated)
			return enroll.SmartIDAnswer{Verdict: verdict}, err
		},
	})
}
