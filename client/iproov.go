package client

import "github.com/bioenroll/bioenroll/enroll"

// planIProovPhotoEnrollment gives a subject without a user_id one that is
// derived from the idempotency key, so that a repeated call means the same
// subject.
func (c *Client) planIProovPhotoEnrollment(key string, request enroll.IProovPhotoEnrollment) plan {
	request.Normalize()
	if request.UserID == "" {
		request.UserID = c.keys.GeneratedUserID(key)
	}
	return plan{
		request: request,
		input: func(envelope enroll.Envelope, refs []enroll.SealedRef) any {
			return enroll.IProovInput{
				Envelope: envelope, UserID: request.UserID, Image: refs[0], Source: request.Source,
				AssuranceType: request.AssuranceType, Client: request.Client, TimeoutSeconds: request.TimeoutSeconds,
			}
		},
	}
}
