package iproov

import (
	"encoding/json"

	"github.com/bioenroll/bioenroll/enroll"
)

// The bodies on the wire, with the vendor's names.

// credentials open every body of the Service API.
type credentials struct {
	APIKey enroll.Secret `json:"api_key"`
	Secret enroll.Secret `json:"secret"`
}

type tokenRequest struct {
	credentials

	Resource      string `json:"resource"`
	UserID        string `json:"user_id"`
	AssuranceType string `json:"assurance_type,omitempty"`
}

// tokenAnswer leaves out primary, pod and fallback: the SDK is given the
// streaming address of the settings.
type tokenAnswer struct {
	Token  enroll.Secret `json:"token"`
	UserID string        `json:"user_id"`
}

type imageAnswer struct {
	Token   enroll.Secret `json:"token"`
	UserID  string        `json:"user_id"`
	Success *bool         `json:"success"`
}

type validateRequest struct {
	credentials

	UserID string        `json:"user_id"`
	Token  enroll.Secret `json:"token"`
	Client string        `json:"client"`
}

// validateAnswer knows nothing of frame, frame_jpeg and frame_available: the
// person's face is dropped while the answer is decoded.
type validateAnswer struct {
	Passed  *bool           `json:"passed"`
	Token   enroll.Secret   `json:"token"`
	UserID  string          `json:"user_id"`
	Reason  string          `json:"reason"`
	Signals json.RawMessage `json:"signals"`
}

// signals tell why a person did not pass, where the service provider's
// contract includes them.
type signals struct {
	AntiSpoofing struct {
		Passed *bool `json:"passed"`
	} `json:"anti_spoofing"`
	Matching struct {
		Passed *bool `json:"passed"`
	} `json:"matching"`
}

// reason is why a person did not pass. Signals that are missing or of an
// unknown shape never cost the answer itself.
func (a validateAnswer) reason() enroll.Reason {
	var s signals
	if len(a.Signals) > 0 && json.Unmarshal(a.Signals, &s) != nil {
		return enroll.ReasonFaceRefused
	}
	spoofed, mismatched := failed(s.AntiSpoofing.Passed), failed(s.Matching.Passed)
	switch {
	case spoofed && mismatched:
		return enroll.ReasonBiometryAndLivenessFailed
	case spoofed:
		return enroll.ReasonLivenessFailed
	case mismatched:
		return enroll.ReasonBiometryFailed
	}
	return enroll.ReasonFaceRefused
}

func failed(passed *bool) bool { return passed != nil && !*passed }

type invalidateRequest struct {
	Reason string `json:"reason"`
}

type invalidateAnswer struct {
	ClaimAborted *bool `json:"claim_aborted"`
}

// accessTokenAnswer leaves out scope, which is an array here against the
// OAuth standard, and not needed.
type accessTokenAnswer struct {
	AccessToken enroll.Secret `json:"access_token"`
	ExpiresIn   int           `json:"expires_in"`
}

type userAnswer struct {
	UserID         string `json:"user_id"`
	Name           string `json:"name"`
	Status         string `json:"status"`
	ActivationDate string `json:"activation_date"`
	SuspensionDate string `json:"suspension_date"`
}

type availabilityAnswer struct {
	Up *bool `json:"up"`
}
