package activities

import (
	"context"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/bioid"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// BioIDClient is what the steps ask BioID.
type BioIDClient interface {
	IsEnrolled(ctx context.Context, bcid, traits string) (bool, error)
	Token(ctx context.Context, in enroll.BioIDCreateTokenInput) (enroll.HandOver, error)
	Upload(ctx context.Context, token enroll.Secret, sample bioid.Sample) error
	Enroll(ctx context.Context, token enroll.Secret, liveDetection *bool) (enroll.BioIDAttempt, error)
	Result(ctx context.Context, token enroll.Secret) (enroll.BioIDAttempt, error)
	DeleteClass(ctx context.Context, bcid string) (existed bool, err error)
}

var _ BioIDClient = (*bioid.Client)(nil)

// BioID holds the steps at BioID.
type BioID struct {
	client  BioIDClient
	sealed  Opener
	journal Journal
}

// NewBioID returns the steps. The sealed storage holds the samples that we
// upload.
func NewBioID(client BioIDClient, sealed Opener, journal Journal) *BioID {
	return &BioID{client: client, sealed: sealed, journal: journal}
}

// Register registers every step under its name of package enroll.
func (b *BioID) Register(r worker.ActivityRegistry) {
	register(r, enroll.BioIDIsEnrolled, b.IsEnrolled)
	register(r, enroll.BioIDCreateToken, b.CreateToken)
	register(r, enroll.BioIDUploadSamples, b.UploadSamples)
	register(r, enroll.BioIDEnrollSamples, b.EnrollSamples)
	register(r, enroll.BioIDReadResult, b.ReadResult)
	register(r, enroll.BioIDDeleteClass, b.DeleteClass)
}

// IsEnrolled tells whether the class has an enrollment. It opens the journey,
// unless a watch asks. The first answer is given again, because after a workflow
// reset the class may be this journey's own.
func (b *BioID) IsEnrolled(ctx context.Context, in enroll.BioIDIsEnrolledInput) (enroll.BioIDClass, error) {
	look := func(ctx context.Context, _ bool) (enroll.BioIDClass, error) {
		enrolled, err := b.client.IsEnrolled(ctx, in.BCID, in.Traits)
		if v := refused(err); v != nil {
			return enroll.BioIDClass{Refused: v}, nil
		}
		return enroll.BioIDClass{Enrolled: enrolled}, err
	}
	if in.Opening == nil {
		class, err := look(ctx, false)
		return class, failure(err)
	}
	return once(ctx, b.journal, fenced[enroll.BioIDClass]{
		opening: in.Opening, entry: enroll.Entry{Record: in.Opening.Record, Ordinal: 1}, repeatable: true, call: look,
	})
}

// CreateToken issues a token. One that was issued before is given again, so
// that a run after a workflow reset waits for the one that the person holds. A
// second token is harmless: one that nobody uses ends by itself.
func (b *BioID) CreateToken(ctx context.Context, in enroll.BioIDCreateTokenInput) (enroll.BioIDToken, error) {
	return once(ctx, b.journal, fenced[enroll.BioIDToken]{
		entry: in.Entry, repeatable: true,
		call: func(ctx context.Context, _ bool) (enroll.BioIDToken, error) {
			handOver, err := b.client.Token(ctx, in)
			if v := refused(err); v != nil {
				return enroll.BioIDToken{Refused: v}, nil
			}
			return enroll.BioIDToken{HandOver: handOver}, err
		},
		keep: func(t enroll.BioIDToken) references {
			if t.BioID == nil {
				return nil
			}
			return references{numbered("token", in.Entry): t.BioID.Token}
		},
	})
}

// UploadSamples uploads the sealed samples in order, up to the first that is
// refused. A sample sent twice counts twice, so that each accepted one is
// noted in the heartbeat and a repeated step goes on after it.
func (b *BioID) UploadSamples(ctx context.Context, in enroll.BioIDUploadSamplesInput) (enroll.BioIDUpload, error) {
	var accepted int
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &accepted) != nil {
		accepted = 0
	}
	for ; accepted < len(in.Samples); accepted++ {
		err := b.upload(ctx, in.Token, in.Samples[accepted])
		if v := refused(err); v != nil {
			return enroll.BioIDUpload{Accepted: accepted, Refused: v}, nil
		}
		if err != nil {
			return enroll.BioIDUpload{}, failure(err)
		}
		activity.RecordHeartbeat(ctx, accepted+1)
	}
	return enroll.BioIDUpload{Accepted: accepted}, nil
}

func (b *BioID) upload(ctx context.Context, token enroll.Secret, sample enroll.BioIDSampleRef) error {
	return send(ctx, b.sealed, sample.Data, func(image rest.Stream) error {
		return b.client.Upload(ctx, token, bioid.Sample{Image: image, Tag: sample.Tag, Index: sample.Index, Trait: sample.Trait})
	})
}

// EnrollSamples performs the enrollment with the uploaded samples. It is
// fenced, because the samples and a try are consumed.
func (b *BioID) EnrollSamples(ctx context.Context, in enroll.BioIDEnrollSamplesInput) (enroll.BioIDAttempt, error) {
	return once(ctx, b.journal, fenced[enroll.BioIDAttempt]{
		entry: in.Entry,
		call: func(ctx context.Context, _ bool) (enroll.BioIDAttempt, error) {
			attempt, err := b.client.Enroll(ctx, in.Token, in.LiveDetection)
			if v := refused(err); v != nil {
				return enroll.BioIDAttempt{Verdict: *v}, nil
			}
			return attempt, err
		},
	})
}

// ReadResult tells what became of the last attempt with the token. It consumes
// nothing. For the backup poll, no attempt yet, and one that new samples can
// mend, are the failure KindPending: the story goes on waiting either way, and
// the server repeats the poll. Otherwise they are values.
func (b *BioID) ReadResult(ctx context.Context, in enroll.BioIDReadResultInput) (enroll.BioIDAttempt, error) {
	attempt, err := b.client.Result(ctx, in.Token)
	if err == nil && in.Poll != nil && (attempt.NotPerformed || attempt.Again) {
		return enroll.BioIDAttempt{}, stillPending(ctx, "bioid: result", attempt.Verdict.ProviderCode, in.Poll)
	}
	return attempt, failure(err)
}

// DeleteClass removes the class. It is safe to repeat.
func (b *BioID) DeleteClass(ctx context.Context, in enroll.BioIDDeleteClassInput) (enroll.Nothing, error) {
	_, err := b.client.DeleteClass(ctx, in.BCID)
	return enroll.Nothing{}, failure(err)
}
