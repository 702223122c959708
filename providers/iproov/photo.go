package iproov

import (
	"context"
	"net/http"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/providers/rest"
)

// EnrolToken asks for a token that takes one photo of a user who is not
// enrolled yet. A user who is, is refused as already enrolled. Asking again is
// harmless: an unused token ends by itself.
//
// POST /claim/enrol/token
//
// https://docs.iproov.com
func (c *Client) EnrolToken(ctx context.Context, userID, assuranceType string) (enroll.Secret, error) {
	return c.token(ctx, callEnrol, "/claim/enrol/token", userID, assuranceType)
}

// token asks for a token of either kind. The answer must be about the same
// user: a token for somebody else would enroll the wrong face.
func (c *Client) token(ctx context.Context, name call, path, userID, assuranceType string) (enroll.Secret, error) {
	var got tokenAnswer
	answer, err := c.ask(ctx, name, rest.Request{
		Method: http.MethodPost,
		Path:   path,
		Body: rest.JSON(tokenRequest{
			credentials:   c.credentials(),
			Resource:      c.config.Resource,
			UserID:        userID,
			AssuranceType: assuranceType,
		}),
		Redact: []string{userID},
	}, &got)
	switch {
	case err != nil:
		return "", err
	case got.Token == "":
		return "", answer.Unexpected("", "the answer holds no token")
	case got.UserID != userID:
		return "", answer.Unexpected("", "the answer is about another user_id")
	}
	return got.Token, nil
}

// EnrolImage enrolls a photo with an enrol token and makes the token's user
// active. An enrol token takes one image, so the call is made only once; after
// a failure of kind enroll.KindLost [Client.ReadUser] tells what happened.
//
// The token tells iProov which user it is; the userID is needed for no failure
// to tell it. The content of the file decides its media type, and is sent while
// it is read. Rotation is not used: iProov takes 0 only.
//
// POST /claim/enrol/image
//
// https://docs.iproov.com
func (c *Client) EnrolImage(ctx context.Context, userID string, token enroll.Secret, photo rest.Stream, source enroll.ImageSource) error {
	file, err := imagePart(photo)
	if err != nil {
		return err
	}
	var got imageAnswer
	answer, err := c.ask(ctx, callImage, rest.Request{
		Method: http.MethodPost,
		Path:   "/claim/enrol/image",
		Body: rest.Multipart(
			rest.Part{Name: "api_key", Data: []byte(c.config.APIKey.Reveal())},
			rest.Part{Name: "secret", Data: []byte(c.config.APISecret.Reveal())},
			rest.Part{Name: "rotation", Data: []byte("0")},
			rest.Part{Name: "source", Data: []byte(source)},
			rest.Part{Name: "token", Data: []byte(token.Reveal())},
			file,
		),
		Once:   true,
		Redact: []string{userID, token.Reveal()},
	}, &got)
	switch {
	case err != nil:
		return err
	case got.Success == nil:
		return answer.Unexpected("", "the answer does not say whether the image was enrolled")
	case !*got.Success:
		return answer.Refusal(enroll.Verdict{Outcome: enroll.Rejected, Reason: enroll.ReasonImageRefused, ProviderCode: "success=false", CanRetry: true})
	case got.Token != token:
		return answer.Unexpected("", "the answer is about another token")
	}
	return nil
}

// imagePart makes the photo a file of the form. iProov tells types by name and
// header, so both follow from the content, never from what a caller declared.
func imagePart(photo rest.Stream) (rest.Part, error) {
	names := map[enroll.ImageType]string{enroll.PNG: "image.png", enroll.JPEG: "image.jpg", enroll.JP2: "image.jp2"}
	head, photo, err := photo.Head(enroll.ImageHead)
	if err != nil {
		return rest.Part{}, &enroll.Error{Op: string(callImage), Kind: enroll.KindUnsealed, NotSent: true, Err: err}
	}
	kind := enroll.ImageTypeOf(head)
	name, ok := names[kind]
	if !ok {
		return rest.Part{}, &enroll.Error{
			Op:      string(callImage),
			Kind:    enroll.KindInvalid,
			Message: "the photo is not PNG, JPEG or JPEG 2000",
			NotSent: true,
		}
	}
	return rest.Part{Name: "image", FileName: name, ContentType: string(kind), Stream: photo}, nil
}
