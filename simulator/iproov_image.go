package simulator

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
)

// iProovMaxImage is the largest photo, in bytes: 2 MB.
const iProovMaxImage = 2 << 20

// iProovForm reads the parts of a multipart form by name. It goes by the parts' names alone, because clients leave content
// types and file names out.
func iProovForm(c *call) map[string]string {
	fields := map[string]string{}
	_, params, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return fields
	}
	reader := multipart.NewReader(bytes.NewReader(c.body), params["boundary"])
	for {
		part, err := reader.NextPart()
		if err != nil {
			return fields
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return fields
		}
		fields[part.FormName()] = string(content)
	}
}

// iProovEnrolImage registers a trusted photo with an enrol token. From then on the user is active and the token is used up.
func iProovEnrolImage(c *call) reply {
	form := iProovForm(c)
	given := iProovCredentials{APIKey: form["api_key"], Secret: form["secret"]}
	if !given.accepted(c.txn) {
		return iProovKeyRefused()
	}
	claim, found := iProovFindClaim(c.txn, form["token"])
	if found {
		c.entry.Ref = claim.Ref
	}
	if refusal, ok := iProovCheckImage(form); !ok {
		return refusal
	}
	if !found || claim.Type != iProovEnrol || !claim.open(c.txn) {
		return iProovBad(iProovInvalidToken, "The token does not exist, has expired or has been used.")
	}
	if _, enrolled := get[iProovUser](c.txn, iProovUserKind, claim.UserID); enrolled {
		return iProovBad(iProovAlreadyEnrolled, "The user has already been enrolled.")
	}
	claim.ImageUsed = true
	claim.save(c.txn)
	answer := iProovImageAnswer{Token: form["token"], UserID: claim.UserID, Success: true}
	sc, magic := script[iProovScript](c.txn, iProovName, claim.UserID)
	if magic && sc.image == iProovImageUnfit {
		answer.Success = false
		return jsonReply(http.StatusOK, answer)
	}
	iProovMakeUser(c.txn, claim.UserID)
	c.effect("image_enrolled", "user_created")
	if magic {
		sc.afterImage(c.txn, claim.UserID)
	}
	return jsonReply(http.StatusOK, answer)
}

type iProovImageAnswer struct {
	Token   string `json:"token"`
	UserID  string `json:"user_id"`
	Success bool   `json:"success"`
}

func iProovCheckImage(form map[string]string) (reply, bool) {
	source := strings.ToLower(form["source"]) // vendor clients send their enum's own casing
	switch source {
	case "", "eid", "oid", "selfie":
	default:
		return iProovBad(iProovInvalidSource, "source is eid, oid or selfie."), false
	}
	rotation, given := form["rotation"]
	if form["token"] == "" || !given {
		return iProovBad(iProovMissingData, "token and rotation are required."), false
	}
	// A vendor client sends the number 0 as bytes from its memory.
	if rotation = strings.Trim(rotation, "\x00"); rotation != "" && rotation != "0" {
		return iProovBad(iProovInvalidRequest, "rotation can only be 0."), false
	}
	image := form["image"]
	if image == "" || len(image) > iProovMaxImage || !iProovIsImage(image) {
		return iProovBad(iProovInvalidImage, "The image is missing, larger than 2 MB, or neither PNG, JPEG nor JPEG 2000."), false
	}
	if kind := sampleKind([]byte(image)); kind == SampleNoFace || kind == SampleMultipleFaces {
		return iProovBad(iProovInvalidImage, "The image must show one face."), false
	}
	return reply{}, true
}

// iProovIsImage tells by the first bytes.
func iProovIsImage(content string) bool {
	for _, start := range []string{
		"\x89PNG\r\n\x1a\n",
		"\xff\xd8\xff",                     // JPEG
		"\x00\x00\x00\x0cjP  \r\n\x87\x0a", // JPEG 2000 in its file format
		"\xff\x4f\xff\x51",                 // JPEG 2000, the bare codestream that passport chips hold
	} {
		if strings.HasPrefix(content, start) {
			return true
		}
	}
	return false
}
