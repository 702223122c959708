package enroll

import "time"

// Outcome is what became of a journey, in the provider's own eyes.
type Outcome string

// The outcomes. The first one recorded wins and never changes.
const (
	// Enrolled: the provider keeps the subject's biometrics.
	Enrolled Outcome = "enrolled"
	// Captured: a live selfie was taken; the result carries its reference.
	Captured Outcome = "captured"
	// Removed: the subject's enrollment is gone.
	Removed Outcome = "removed"
	// AlreadyEnrolled: an enrollment from before stands in the way.
	AlreadyEnrolled Outcome = "already_enrolled"
	// Rejected: the provider refused the person, the capture or the request.
	Rejected Outcome = "rejected"
	// Expired: the person did not finish in time.
	Expired Outcome = "expired"
	// Canceled: the backend, an operator or the provider called it off.
	Canceled Outcome = "canceled"
	// Failed: the journey could not be carried out; nobody was refused.
	Failed Outcome = "failed"
	// Unknown: the provider may or may not have acted and cannot tell. An
	// operator has to look.
	Unknown Outcome = "unknown"
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{Enrolled, Captured, Removed, AlreadyEnrolled, Rejected, Expired, Canceled, Failed, Unknown}
}

// Success reports whether the journey reached what it was started for.
func (o Outcome) Success() bool {
	return o == Enrolled || o == Captured || o == Removed
}

// Reason is the machine-readable why of an outcome.
type Reason string

// The reasons. A plain success has none.
const (
	// ReasonAccountNotFound: authID knows no such account.
	ReasonAccountNotFound Reason = "account_not_found"
	// ReasonContactMissing: the account has no phone or e-mail for an
	// out-of-band message.
	ReasonContactMissing Reason = "contact_missing"
	// ReasonCredentialExists: the account, user or class has a biometric
	// credential from before.
	ReasonCredentialExists Reason = "credential_exists"
	// ReasonBiometryFailed: the face did not match.
	ReasonBiometryFailed Reason = "biometry_failed"
	// ReasonLivenessFailed: the capture does not prove a live person.
	ReasonLivenessFailed Reason = "liveness_failed"
	// ReasonBiometryAndLivenessFailed: both of the above.
	ReasonBiometryAndLivenessFailed Reason = "biometry_and_liveness_failed"
	// ReasonChallengeFailed: the challenge-response criteria were not met.
	ReasonChallengeFailed Reason = "challenge_failed"
	// ReasonNotEnoughSamples: too few valid samples were provided.
	ReasonNotEnoughSamples Reason = "not_enough_samples"
	// ReasonSampleRefused: an uploaded sample shows no face, or too many.
	ReasonSampleRefused Reason = "sample_refused"
	// ReasonDeclined: the person declined, or failed in a way not told.
	ReasonDeclined Reason = "declined"
	// ReasonAttemptsUsedUp: the provider allows no further attempt.
	ReasonAttemptsUsedUp Reason = "attempts_used_up"
	// ReasonNotAllowed: the provider does not allow this task.
	ReasonNotAllowed Reason = "not_allowed"
	// ReasonCaptureAgain: the template is invalid or too old; a fresh capture
	// on the device is needed.
	ReasonCaptureAgain Reason = "capture_again"
	// ReasonNotEnrolled: there is no enrollment to remove.
	ReasonNotEnrolled Reason = "not_enrolled"
	// ReasonChannelNotFound: SmartID knows no channel for the user.
	ReasonChannelNotFound Reason = "channel_not_found"
	// ReasonUserInactive: the provider has suspended the user.
	ReasonUserInactive Reason = "user_inactive"
	// ReasonUserNotFound: the provider knows no such user.
	ReasonUserNotFound Reason = "user_not_found"
	// ReasonImageRefused: the provider refused the photo.
	ReasonImageRefused Reason = "image_refused"
	// ReasonAssuranceTypeRefused: the assurance type is not enabled.
	ReasonAssuranceTypeRefused Reason = "invalid_assurance_type"
	// ReasonFaceRefused: the live face did not pass; the message tells the
	// provider's own reason where it gives one.
	ReasonFaceRefused Reason = "face_refused"
	// ReasonTimeout: the time for the capture ran out.
	ReasonTimeout Reason = "timeout"
	// ReasonCanceledByProvider: the capture was canceled at the provider.
	ReasonCanceledByProvider Reason = "canceled_by_provider"
	// ReasonCanceledByRequest: the backend or an operator canceled.
	ReasonCanceledByRequest Reason = "canceled_by_request"
	// ReasonStillUnderWay: a journey of the subject, or the watch of one, has
	// not ended yet. Only the steps of an erasure have it.
	ReasonStillUnderWay Reason = "still_under_way"
	// ReasonProviderError: the provider reports an error of its own.
	ReasonProviderError Reason = "provider_error"
	// ReasonProviderUnavailable: the provider could not be reached, or
	// answered only with server errors or throttling, until time was up.
	ReasonProviderUnavailable Reason = "provider_unavailable"
	// ReasonCredentialsRefused: our own credentials are refused; an operator
	// has to mend the configuration.
	ReasonCredentialsRefused Reason = "credentials_refused"
	// ReasonRequestRefused: the provider calls our request invalid.
	ReasonRequestRefused Reason = "request_refused"
	// ReasonUnexpectedAnswer: the provider's answer has no known meaning.
	ReasonUnexpectedAnswer Reason = "unexpected_answer"
	// ReasonUnknownStatus: the provider reported a status outside its
	// documentation until the deadline.
	ReasonUnknownStatus Reason = "unknown_status"
	// ReasonLostAnswer: a call that may be made only once was sent and its
	// answer was lost.
	ReasonLostAnswer Reason = "lost_answer"
	// ReasonAfterLostAnswer: the outcome was learned by repeating a call
	// whose first answer was lost.
	ReasonAfterLostAnswer Reason = "after_lost_answer"
	// ReasonInternalError: our own program failed; its log tells.
	ReasonInternalError Reason = "internal_error"
	// ReasonRecordsUnavailable: our own records could not be written until time
	// was up, so the provider was not asked.
	ReasonRecordsUnavailable Reason = "records_unavailable"
	// ReasonSealedUnavailable: the sealed inputs could not be read until time ran
	// out.
	ReasonSealedUnavailable Reason = "sealed_store_unavailable"
	// ReasonInputGone: the sealed photo, sample or template is not there any
	// more.
	ReasonInputGone Reason = "input_gone"
)

// Verdict is what a provider's answer means: an outcome and its circumstances.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	// ProviderCode is the provider's own code, status or error constant.
	ProviderCode string `json:"provider_code,omitempty"`
	// Message is the provider's own text, redacted, for operators.
	Message string `json:"message,omitempty"`
	// CanRetry reports whether a new journey can end differently without
	// anybody changing the configuration or the subject's state.
	CanRetry bool `json:"can_retry"`
}

// Result is the end of a journey as the backend learns it.
type Result struct {
	Journey Journey `json:"journey"`
	Verdict
	// ConcludedAt is when the outcome was recorded, and RunID the run that
	// recorded it: a workflow reset makes a new run, and the first one wins.
	ConcludedAt time.Time `json:"concluded_at"`
	RunID       string    `json:"run_id"`
	// UserID is the iProov user_id, also when it was generated.
	UserID string `json:"user_id,omitempty"`
	// AssuranceType is the iProov assurance type that was asked for.
	AssuranceType string `json:"assurance_type,omitempty"`
	// Selfie refers to a captured authID selfie.
	Selfie *SelfieReference `json:"selfie,omitempty"`
	// Trained reports that the BioID class existed before and was trained
	// further.
	Trained bool `json:"trained,omitempty"`
	// Unenrolled reports that a SmartID reset removed an enrollment from
	// before, whatever became of the new one.
	Unenrolled bool `json:"unenrolled,omitempty"`
	// OpenUntil is set when the provider cannot be told that the journey
	// ended: until then the person may still complete the capture there.
	OpenUntil *time.Time `json:"open_until,omitempty"`
	// WatchID is the workflow ID of the watch that looks at OpenUntil what
	// became of the capture.
	WatchID string `json:"watch_id,omitempty"`
	// CleanUp lists what the journey removed at the provider, or could not.
	CleanUp []CleanUp `json:"clean_up,omitempty"`
}

// SelfieReference refers to the selfie of an authID live-selfie capture, which
// authID keeps for 72 hours.
type SelfieReference struct {
	// TempID is authID's identifier of the selfie.
	TempID string `json:"temp_id"`
	// EndsAt is when authID purges the selfie.
	EndsAt time.Time `json:"ends_at"`
	// Attached reports that the selfie became the account's credential.
	Attached bool `json:"attached,omitempty"`
	// AttachRefused says why it did not, when that was asked for.
	AttachRefused *Verdict `json:"attach_refused,omitempty"`
}

// CleanUp is one thing that a journey created at the provider and took back
// because it ended in anything but success.
type CleanUp struct {
	// What names the thing: user, class, token.
	What string `json:"what"`
	// Done reports that the provider confirmed the removal.
	Done bool `json:"done"`
	// Reason says why not.
	Reason Reason `json:"reason,omitempty"`
}
