package simulator

import (
	"encoding/json"
	"slices"
	"strings"
)

// iProovReason is why a face did not pass: the code of the SDK's feedback, and the text that validate gives.
type iProovReason struct {
	code string
	text string
	// The check that failed, where the signals tell.
	spoofed, mismatched bool
}

// journeyReason is the reason of an outcome that follows from it.
func (r iProovReason) journeyReason() string {
	switch {
	case r.spoofed && r.mismatched:
		return "biometry_and_liveness_failed"
	case r.spoofed:
		return "liveness_failed"
	case r.mismatched:
		return "biometry_failed"
	}
	return "face_refused"
}

// iProovReasons lists the SDK's feedback codes, and the checks that fail without the user's doing.
func iProovReasons() []iProovReason {
	return []iProovReason{
		{code: "eyes_closed", text: "Keep your eyes open"},
		{code: "face_too_far", text: "Move your face closer to the screen"},
		{code: "face_too_close", text: "Move your face farther from the screen"},
		{code: "misaligned_face", text: "Keep your face in the oval"},
		{code: "multiple_faces", text: "Ensure only one person is visible"},
		{code: "obscured_face", text: "Remove any face coverings"},
		{code: "sunglasses", text: "Remove your sunglasses"},
		{code: "too_bright", text: "Ambient light too strong or screen brightness too low"},
		{code: "too_dark", text: "Your environment appears too dark"},
		{code: "too_much_movement", text: "Please keep still"},
		{code: "unknown", text: "Please try again"},
		{code: "liveness_failed", text: "Liveness could not be confirmed", spoofed: true},
		{code: "matching_failed", text: "The face does not match the enrolled image", mismatched: true},
		{code: "both_failed", text: "Neither liveness nor the face could be confirmed", spoofed: true, mismatched: true},
	}
}

func iProovFindReason(code string) (iProovReason, error) {
	all := iProovReasons()
	i := slices.IndexFunc(all, func(r iProovReason) bool { return r.code == code })
	if i >= 0 {
		return all[i], nil
	}
	var codes []string
	for _, r := range all {
		codes = append(codes, r.code)
	}
	return iProovReason{}, problem("reason is %q; allowed are %s, or none", code, strings.Join(codes, ", "))
}

// finish ends a claim the way the user's capture ended: the token is claimed and the video has been streamed.
func (k iProovClaim) finish(t *txn, passed bool, why iProovReason, frame string) {
	k.Claimed, k.Finished, k.Passed, k.Frame = true, true, passed, frame
	k.Reason, k.Spoofed, k.Mismatched = why.text, why.spoofed, why.mismatched
	k.save(t)
	act := "user_failed"
	if passed {
		act = "user_passed"
	}
	t.recordUser(iProovName, act, k.UserID, k.Ref, "token_claimed", "video_streamed")
}

// claim opens the token in the SDK without going on.
func (k iProovClaim) claim(t *txn) {
	k.Claimed = true
	k.save(t)
	t.recordUser(iProovName, "user_opened", k.UserID, k.Ref, "token_claimed")
}

// iProovAutoUser is the user of a magic subject in front of the camera.
func iProovAutoUser(t *txn, ref string) {
	claim, found := get[iProovClaim](t, iProovClaimKind, ref)
	if !found || !claim.open(t) {
		return
	}
	sc, magic := script[iProovScript](t, iProovName, claim.UserID)
	if !magic {
		return
	}
	if sc.user == iProovUserOpens {
		claim.claim(t)
		return
	}
	claim.finish(t, sc.user == iProovUserPasses, sc.why, sc.frame)
}

// iProovCapture lets the simulated user act on a token, or on the newest one of a user that is open.
func iProovCapture(t *txn, request json.RawMessage) (any, error) {
	var ask struct {
		Provider string `json:"provider"`
		Token    string `json:"token"`
		Subject  string `json:"subject"`
		Result   string `json:"result"`
		Reason   string `json:"reason"`
		Claim    bool   `json:"claim"` // walk_away only: the SDK opened the token before
		Frame    bool   `json:"frame"` // validate gives a frame out
	}
	if err := decodeStrict(request, &ask); err != nil {
		return nil, err
	}
	claim, err := iProovOpenClaim(t, ask.Token, ask.Subject)
	if err != nil {
		return nil, err
	}
	frame := ""
	if ask.Frame {
		frame = iProovFrameBool
	}
	switch ask.Result {
	case userCompletes:
		claim.finish(t, true, iProovReason{}, frame)
	case userFails:
		var why iProovReason
		if ask.Reason != "" {
			if why, err = iProovFindReason(ask.Reason); err != nil {
				return nil, err
			}
		}
		claim.finish(t, false, why, frame)
	case userWalksAway:
		if ask.Claim {
			claim.claim(t)
		}
		t.recordUser(iProovName, "user_left", claim.UserID, claim.Ref)
	default:
		return nil, problem("result is %q; allowed are %s, %s and %s", ask.Result, userCompletes, userFails, userWalksAway)
	}
	return map[string]string{"provider": iProovName, "subject": claim.UserID, "result": ask.Result, "ref": claim.Ref}, nil
}

// iProovOpenClaim finds the claim a user can still act on.
func iProovOpenClaim(t *txn, token, subject string) (iProovClaim, error) {
	if token != "" {
		claim, found := iProovFindClaim(t, token)
		if !found {
			return claim, problem("there is no such token; ask for one with POST /api/v2/claim/verify/token")
		}
		if !claim.open(t) {
			return claim, problem("the token cannot be used any more: it was not claimed within %s, or it is finished, used or invalidated",
				t.srv.opts.Lifetimes.IProovClaim)
		}
		return claim, nil
	}
	for _, claim := range slices.Backward(iProovClaimsOf(t, subject)) {
		if claim.open(t) {
			return claim, nil
		}
	}
	return iProovClaim{}, problem("subject %q has no open token; ask for one with POST /api/v2/claim/verify/token", subject)
}
