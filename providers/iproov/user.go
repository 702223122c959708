package iproov

import (
	"context"
	"errors"
	"net/http"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// deleted is the status of a user who was removed.
const deleted = "Deleted"

// User is a user as iProov keeps it.
type User struct {
	// UserID is the subject.
	UserID string
	// Status is iProov's word, such as Active, Suspended or Deleted.
	Status string
	// ActivationDate and SuspensionDate are as iProov writes them; empty when
	// they do not apply.
	ActivationDate, SuspensionDate string
}

// ReadUser reads a user. One who does not exist is refused as not found. It is
// how the effect of a lost EnrolImage is learned.
//
// GET /users/{user_id}
//
// https://docs.iproov.com
func (c *Client) ReadUser(ctx context.Context, userID string) (User, error) {
	user, err := c.user(ctx, callReadUser, http.MethodGet, userID)
	if err != nil {
		return User{}, err
	}
	return User{
		UserID:         user.UserID,
		Status:         user.Status,
		ActivationDate: user.ActivationDate,
		SuspensionDate: user.SuspensionDate,
	}, nil
}

// RemoveUser removes a user with the enrolled photo and reports whether there
// was one. It is safe to repeat.
//
// DELETE /users/{user_id}
//
// https://docs.iproov.com
func (c *Client) RemoveUser(ctx context.Context, userID string) (existed bool, err error) {
	_, err = c.user(ctx, callRemoveUser, http.MethodDelete, userID)
	if errors.Is(err, errSettled) {
		return false, nil
	}
	return err == nil, err
}

// user asks a user endpoint, once more with a fresh access token when iProov
// no longer takes the one that was kept.
func (c *Client) user(ctx context.Context, name call, method, userID string) (userAnswer, error) {
	used, err := c.access.take(ctx)
	if err != nil {
		return userAnswer{}, err
	}
	got, err := c.userWith(ctx, name, method, userID, used)
	if !usedUp(err) {
		return got, err
	}
	c.access.drop(used)
	if used, err = c.access.take(ctx); err != nil {
		return userAnswer{}, err
	}
	return c.userWith(ctx, name, method, userID, used)
}

func (c *Client) userWith(ctx context.Context, name call, method, userID string, access enroll.Secret) (userAnswer, error) {
	var got userAnswer
	answer, err := c.ask(ctx, name, rest.Request{
		Method: method,
		Path:   "/users/{user_id}",
		Params: map[string]string{"user_id": userID},
		Auth:   rest.Bearer(access),
	}, &got)
	switch {
	case err != nil:
		return userAnswer{}, err
	case got.UserID != userID:
		return userAnswer{}, answer.Unexpected("", "the answer is about another user_id")
	case got.Status == "":
		return userAnswer{}, answer.Unexpected("", "the answer holds no status")
	case name == callRemoveUser && got.Status != deleted:
		return userAnswer{}, answer.Unexpected(got.Status, "the user is not deleted")
	}
	return got, nil
}

// usedUp reports that iProov refused the access token itself.
func usedUp(err error) bool {
	known, ok := errors.AsType[*enroll.Error](err)
	return ok && (known.Code == codeAccessRefused || known.Code == codeQuotaExceeded)
}
