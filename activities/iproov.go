package activities

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/sdk/worker"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/iproov"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// iproovInvalidation is the reason that iProov keeps with a token that was
// made useless.
const iproovInvalidation = "bioenroll: the journey ended or the token was renewed"

// iproovActive is the status of a user whose photo is enrolled.
const iproovActive = "Active"

// IProovClient is what the steps ask iProov.
type IProovClient interface {
	EnrolToken(ctx context.Context, userID, assuranceType string) (enroll.Secret, error)
	EnrolImage(ctx context.Context, userID string, token enroll.Secret, photo rest.Stream, source enroll.ImageSource) error
	VerifyToken(ctx context.Context, userID, assuranceType string) (iproov.VerifyToken, error)
	Validate(ctx context.Context, userID string, token enroll.Secret, client string) (enroll.Verdict, error)
	Invalidate(ctx context.Context, userID string, token enroll.Secret, reason string) error
	ReadUser(ctx context.Context, userID string) (iproov.User, error)
	RemoveUser(ctx context.Context, userID string) (existed bool, err error)
}

var _ IProovClient = (*iproov.Client)(nil)

// IProov holds the steps at iProov.
type IProov struct {
	client  IProovClient
	sealed  Opener
	journal Journal
}

// NewIProov returns the steps. The sealed storage holds the photos.
func NewIProov(client IProovClient, sealed Opener, journal Journal) *IProov {
	return &IProov{client: client, sealed: sealed, journal: journal}
}

// Register registers every step under its name of package enroll.
func (i *IProov) Register(r worker.ActivityRegistry) {
	register(r, enroll.IProovEnrolToken, i.EnrolToken)
	register(r, enroll.IProovEnrolImage, i.EnrolImage)
	register(r, enroll.IProovVerifyToken, i.VerifyToken)
	register(r, enroll.IProovValidate, i.Validate)
	register(r, enroll.IProovReadUser, i.ReadUser)
	register(r, enroll.IProovInvalidateToken, i.InvalidateToken)
	register(r, enroll.IProovRemoveUser, i.RemoveUser)
}

// EnrolToken asks for a token that takes one photo. It opens the journey. One
// that was given before is given again: after a workflow reset the user may be
// this journey's own, and iProov would refuse another.
func (i *IProov) EnrolToken(ctx context.Context, in enroll.IProovEnrolTokenInput) (enroll.IProovToken, error) {
	return once(ctx, i.journal, fenced[enroll.IProovToken]{
		opening: &in.Opening, entry: enroll.Entry{Record: in.Opening.Record, Ordinal: 1}, repeatable: true,
		call: func(ctx context.Context, _ bool) (enroll.IProovToken, error) {
			token, err := i.client.EnrolToken(ctx, in.UserID, in.AssuranceType)
			if v := refused(err); v != nil {
				return enroll.IProovToken{Refused: v}, nil
			}
			return enroll.IProovToken{Token: token}, err
		},
	})
}

// EnrolImage enrols the sealed photo. It is fenced, because the token takes one
// image.
func (i *IProov) EnrolImage(ctx context.Context, in enroll.IProovEnrolImageInput) (enroll.IProovImage, error) {
	return once(ctx, i.journal, fenced[enroll.IProovImage]{
		entry: in.Entry,
		call: func(ctx context.Context, _ bool) (enroll.IProovImage, error) {
			err := send(ctx, i.sealed, in.Image, func(photo rest.Stream) error {
				return i.client.EnrolImage(ctx, in.UserID, in.Token, photo, in.Source)
			})
			if v := refused(err); v != nil {
				return enroll.IProovImage{Refused: v}, nil
			}
			return enroll.IProovImage{}, err
		},
	})
}

// VerifyToken asks for a token with which one person can be verified. One that
// was given before is given again, so that a run after a workflow reset waits
// for the one that the person holds. A second token is harmless.
func (i *IProov) VerifyToken(ctx context.Context, in enroll.IProovVerifyTokenInput) (enroll.IProovToken, error) {
	return once(ctx, i.journal, fenced[enroll.IProovToken]{
		entry: in.Entry, repeatable: true,
		call: func(ctx context.Context, _ bool) (enroll.IProovToken, error) {
			token, err := i.client.VerifyToken(ctx, in.UserID, in.AssuranceType)
			if v := refused(err); v != nil {
				return enroll.IProovToken{Refused: v}, nil
			}
			return enroll.IProovToken{Token: token.Token, ExpiresAt: token.ExpiresAt, StreamingURL: token.StreamingURL}, err
		},
		keep: func(t enroll.IProovToken) references { return references{numbered("token", in.Entry): t.Token} },
	})
}

// Validate asks how the verification ended. It is fenced, because iProov answers
// once. That there is no result yet is a value, so that the journey itself
// decides when it asks again.
func (i *IProov) Validate(ctx context.Context, in enroll.IProovValidateInput) (enroll.IProovValidation, error) {
	return once(ctx, i.journal, fenced[enroll.IProovValidation]{
		entry:    in.Entry,
		harmless: func(v enroll.IProovValidation) bool { return v.Pending },
		call: func(ctx context.Context, _ bool) (enroll.IProovValidation, error) {
			verdict, err := i.client.Validate(ctx, in.UserID, in.Token, in.Client)
			if v := refused(err); v != nil {
				return enroll.IProovValidation{Verdict: *v}, nil
			}
			if known, ok := errors.AsType[*enroll.Error](err); ok && known.Kind == enroll.KindPending {
				return enroll.IProovValidation{Pending: true}, nil
			}
			return enroll.IProovValidation{Verdict: verdict}, err
		},
	})
}

// ReadUser tells whether the user has an enrolled photo. It is how the effect
// of a lost EnrolImage is learned, and safe to repeat.
func (i *IProov) ReadUser(ctx context.Context, in enroll.IProovReadUserInput) (enroll.IProovUser, error) {
	user, err := i.client.ReadUser(ctx, in.UserID)
	if refused(err) != nil {
		return enroll.IProovUser{}, nil
	}
	return enroll.IProovUser{Active: strings.EqualFold(user.Status, iproovActive)}, failure(err)
}

// InvalidateToken makes a token useless. It is safe to repeat.
func (i *IProov) InvalidateToken(ctx context.Context, in enroll.IProovInvalidateTokenInput) (enroll.Nothing, error) {
	err := i.client.Invalidate(ctx, in.UserID, in.Token, iproovInvalidation)
	return enroll.Nothing{}, failure(err)
}

// RemoveUser removes the user with the enrolled photo. It is safe to repeat.
func (i *IProov) RemoveUser(ctx context.Context, in enroll.IProovRemoveUserInput) (enroll.IProovUserRemoved, error) {
	existed, err := i.client.RemoveUser(ctx, in.UserID)
	return enroll.IProovUserRemoved{Existed: existed}, failure(err)
}
