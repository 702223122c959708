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
	client SmartIDClient
	sealed Opener
}

// NewSmartID returns the steps. The sealed storage holds templates and
// payloads.
func NewSmartID(client SmartIDClient, sealed Opener) *SmartID {
	return &SmartID{client: client, sealed: sealed}
}

// Register registers every step under its name of package enroll.
func (s *SmartID) Register(r worker.ActivityRegistry) {
	register(r, enroll.SmartIDForwardEnroll, s.ForwardEnroll)
	register(r, enroll.SmartIDForwardUnenroll, s.ForwardUnenroll)
}

// ForwardEnroll forwards the sealed template and payload byte for byte.
// Without OverWrite whoever runs it gives it one attempt: a second call finds
// the first one's enrollment.
func (s *SmartID) ForwardEnroll(ctx context.Context, in enroll.SmartIDForwardEnrollInput) (enroll.SmartIDAnswer, error) {
	template, err := s.sealed.Open(ctx, in.Template)
	if err != nil {
		return enroll.SmartIDAnswer{}, failure(err)
	}
	payLoad, err := s.sealed.Open(ctx, in.PayLoad)
	if err != nil {
		return enroll.SmartIDAnswer{}, failure(err)
	}
	verdict, err := s.client.Enroll(ctx, smartid.Enrollment{
		User:      in.User,
		Template:  enroll.Secret(template),
		PayLoad:   enroll.Secret(payLoad),
		OverWrite: in.OverWrite,
		Repeated:  in.Repeated,
	})
	return enroll.SmartIDAnswer{Verdict: verdict}, failure(err)
}

// ForwardUnenroll removes the user's enrollment. The story says when an
// earlier call may have had its effect, because "not found" means something
// else then.
func (s *SmartID) ForwardUnenroll(ctx context.Context, in enroll.SmartIDForwardUnenrollInput) (enroll.SmartIDAnswer, error) {
	verdict, err := s.client.Unenroll(ctx, in.User, in.Repeated)
	return enroll.SmartIDAnswer{Verdict: verdict}, failure(err)
}
