package enroll

import "time"

// Activity is the registered name of an activity, tied to the types it takes
// and returns, so that stories and steps cannot disagree. The names are
// visible in the Temporal UI and persist in histories: never change one.
type Activity[In, Out any] string

// Steps that call no provider.
const (
	// Conclude records the outcome and deletes what the journey sealed.
	Conclude Activity[ConcludeInput, Result] = "Conclude"
	// RecordCleanUp records what was taken back at the provider.
	RecordCleanUp Activity[RecordCleanUpInput, Nothing] = "RecordCleanUp"
	// RecordWatched records what a watch found.
	RecordWatched Activity[RecordWatchedInput, Nothing] = "RecordWatched"
	// FindNewer tells whether a newer journey has enrolled the subject.
	FindNewer Activity[FindNewerInput, Newer] = "FindNewer"
)

// The steps at authID.
const (
	AuthIDReadAccount      Activity[AuthIDReadAccountInput, AuthIDAccount]         = "AuthIDReadAccount"
	AuthIDCreateOperation  Activity[AuthIDCreateOperationInput, AuthIDOperation]   = "AuthIDCreateOperation"
	AuthIDConfirmStatus    Activity[AuthIDConfirmStatusInput, AuthIDStatus]        = "AuthIDConfirmStatus"
	AuthIDAttachCredential Activity[AuthIDAttachCredentialInput, AuthIDAttachment] = "AuthIDAttachCredential"
	AuthIDRemoveCredential Activity[AuthIDRemoveCredentialInput, Nothing]          = "AuthIDRemoveCredential"
)

// The steps at BioID.
const (
	BioIDIsEnrolled    Activity[BioIDIsEnrolledInput, BioIDClass]      = "BioIDIsEnrolled"
	BioIDCreateToken   Activity[BioIDCreateTokenInput, BioIDToken]     = "BioIDCreateToken"
	BioIDUploadSamples Activity[BioIDUploadSamplesInput, BioIDUpload]  = "BioIDUploadSamples"
	BioIDEnrollSamples Activity[BioIDEnrollSamplesInput, BioIDAttempt] = "BioIDEnrollSamples"
	BioIDReadResult    Activity[BioIDReadResultInput, BioIDAttempt]    = "BioIDReadResult"
	BioIDDeleteClass   Activity[BioIDDeleteClassInput, Nothing]        = "BioIDDeleteClass"
)

// The steps at SmartID.
const (
	SmartIDForwardEnroll   Activity[SmartIDForwardEnrollInput, SmartIDAnswer]   = "SmartIDForwardEnroll"
	SmartIDForwardUnenroll Activity[SmartIDForwardUnenrollInput, SmartIDAnswer] = "SmartIDForwardUnenroll"
)

// The steps at iProov.
const (
	IProovEnrolToken      Activity[IProovEnrolTokenInput, IProovToken]       = "IProovEnrolToken"
	IProovEnrolImage      Activity[IProovEnrolImageInput, IProovImage]       = "IProovEnrolImage"
	IProovVerifyToken     Activity[IProovVerifyTokenInput, IProovToken]      = "IProovVerifyToken"
	IProovValidate        Activity[IProovValidateInput, IProovValidation]    = "IProovValidate"
	IProovReadUser        Activity[IProovReadUserInput, IProovUser]          = "IProovReadUser"
	IProovInvalidateToken Activity[IProovInvalidateTokenInput, Nothing]      = "IProovInvalidateToken"
	IProovRemoveUser      Activity[IProovRemoveUserInput, IProovUserRemoved] = "IProovRemoveUser"
)

// Nothing is the result of a step that only has to succeed.
type Nothing struct{}

// ConcludeInput is a journey's outcome, and what has to be deleted with it.
// Conclude returns the outcome that counts: the one recorded first.
type ConcludeInput struct {
	Opening Opening     `json:"opening"`
	Result  Result      `json:"result"`
	Sealed  []SealedRef `json:"sealed,omitempty"`
}

// RecordCleanUpInput is what became of the journey's traces at the provider.
type RecordCleanUpInput struct {
	Record RecordID `json:"record"`
	Result Result   `json:"result"`
}

// RecordWatchedInput is what a watch found.
type RecordWatchedInput struct {
	Record  RecordID `json:"record"`
	Watched Watched  `json:"watched"`
}

// FindNewerInput names a journey and its run.
type FindNewerInput struct {
	JourneyID string `json:"journey_id"`
	RunID     string `json:"run_id"`
}

// Newer tells whether a journey that was started after the run has enrolled
// the subject. While one is under way, the failure is KindPending.
type Newer struct {
	Enrolled bool `json:"enrolled"`
}

// AuthIDReadAccountInput names the account to read.
type AuthIDReadAccountInput struct {
	AccountNumber string `json:"account_number"`
}

// AuthIDAccount tells whether the account exists.
type AuthIDAccount struct {
	Refused *Verdict `json:"refused,omitempty"`
}

// AuthIDCreateOperationInput describes the operation to create.
type AuthIDCreateOperationInput struct {
	// Opening is what is recorded of the journey's begin; nil for a renewal.
	Opening *Opening `json:"opening,omitempty"`
	// Entry is where the call is recorded.
	Entry         Entry   `json:"entry"`
	Journey       Journey `json:"journey"`
	AccountNumber string  `json:"account_number"`
	Codeword      Secret  `json:"codeword,omitempty"`
	Tag           string  `json:"tag"`
	// TimeoutSeconds is how long authID keeps the operation open.
	TimeoutSeconds int `json:"timeout_seconds"`
	TransportType  int `json:"transport_type"`
}

// AuthIDOperation is a created operation, or the refusal to create one.
type AuthIDOperation struct {
	Refused *Verdict `json:"refused,omitempty"`
	HandOver
	// Hash is the keyed hash of the operation's ID, which a call of authID's
	// webhook is found by.
	Hash string `json:"operation_hash,omitempty"`
}

// AuthIDConfirmStatusInput names the operations to ask for.
type AuthIDConfirmStatusInput struct {
	Journey Journey `json:"journey"`
	// OperationIDs are the operations to ask for, the newest first. An
	// accepted one decides; otherwise the newest does.
	OperationIDs []string `json:"operation_ids"`
	// Poll gives the pace of the backup poll; nil for a confirm after a hint
	// or the deadline, which repeats at once or not at all.
	Poll *Pace `json:"poll,omitempty"`
}

// AuthIDStatus is the final status of an operation. A pending one is the
// failure KindPending.
type AuthIDStatus struct {
	Verdict Verdict          `json:"verdict"`
	Selfie  *SelfieReference `json:"selfie,omitempty"`
}

// AuthIDAttachCredentialInput makes a captured selfie the account's
// credential.
type AuthIDAttachCredentialInput struct {
	AccountNumber string `json:"account_number"`
	TempID        string `json:"temp_id"`
}

// AuthIDRemoveCredentialInput names the account whose credential is removed.
type AuthIDRemoveCredentialInput struct {
	AccountNumber string `json:"account_number"`
}

// AuthIDAttachment tells whether the selfie was attached.
type AuthIDAttachment struct {
	Refused *Verdict `json:"refused,omitempty"`
}

// BioIDIsEnrolledInput names the class to look for.
type BioIDIsEnrolledInput struct {
	// Opening is what is recorded of the journey's begin; nil for a watch.
	Opening *Opening `json:"opening,omitempty"`
	BCID    string   `json:"bcid"`
	Traits  string   `json:"traits,omitempty"`
}

// BioIDClass tells whether the class has an enrollment.
type BioIDClass struct {
	Enrolled bool     `json:"enrolled"`
	Refused  *Verdict `json:"refused,omitempty"`
}

// BioIDCreateTokenInput describes the token to issue for the enroll task.
type BioIDCreateTokenInput struct {
	// Entry is where the call is recorded.
	Entry         Entry       `json:"entry"`
	BCID          string      `json:"bcid"`
	Traits        string      `json:"traits,omitempty"`
	MaxTries      int         `json:"max_tries,omitempty"`
	Challenge     bool        `json:"challenge,omitempty"`
	LiveDetection *bool       `json:"live_detection,omitempty"`
	PerformedBy   PerformedBy `json:"performed_by"`
}

// BioIDToken is an issued token as a hand-over, or the refusal to issue one.
type BioIDToken struct {
	Refused *Verdict `json:"refused,omitempty"`
	HandOver
}

// BioIDUploadSamplesInput names the sealed samples to upload.
type BioIDUploadSamplesInput struct {
	Token   Secret           `json:"token"`
	Samples []BioIDSampleRef `json:"samples"`
}

// BioIDSampleRef is one sealed sample with its place in the recording.
type BioIDSampleRef struct {
	Data  SealedRef `json:"data"`
	Tag   string    `json:"tag,omitempty"`
	Index int       `json:"index,omitempty"`
	Trait string    `json:"trait,omitempty"`
}

// BioIDUpload tells how many samples were accepted.
type BioIDUpload struct {
	Accepted int      `json:"accepted"`
	Refused  *Verdict `json:"refused,omitempty"`
}

// BioIDEnrollSamplesInput performs the enrollment with the uploaded samples.
type BioIDEnrollSamplesInput struct {
	// Entry is where the call is recorded.
	Entry Entry  `json:"entry"`
	Token Secret `json:"token"`
	// LiveDetection is sent when set; it cannot switch off what the token
	// demands.
	LiveDetection *bool `json:"live_detection,omitempty"`
}

// BioIDReadResultInput asks for the result of the token's last task.
type BioIDReadResultInput struct {
	Token Secret `json:"token"`
	// Poll gives the pace of the backup poll; nil for a single question.
	Poll *Pace `json:"poll,omitempty"`
}

// BioIDAttempt is the answer to one enrollment attempt.
type BioIDAttempt struct {
	Verdict Verdict `json:"verdict"`
	// Again reports that the attempt failed in a way that new samples can
	// mend while attempts and token life last.
	Again bool `json:"again,omitempty"`
	// NotPerformed reports that no attempt was made with this token yet: no
	// samples, or no task performed.
	NotPerformed bool `json:"not_performed,omitempty"`
	// Used reports that the provider counted an attempt.
	Used bool `json:"used,omitempty"`
}

// BioIDDeleteClassInput names the class to remove.
type BioIDDeleteClassInput struct {
	BCID string `json:"bcid"`
}

// SmartIDForwardEnrollInput forwards a captured template.
type SmartIDForwardEnrollInput struct {
	// Opening is what is recorded of the journey's begin.
	Opening   Opening   `json:"opening"`
	User      string    `json:"user"`
	Template  SealedRef `json:"template"`
	PayLoad   SealedRef `json:"pay_load"`
	OverWrite string    `json:"over_write,omitempty"`
	// Repeated reports that an earlier call may have had its effect. The record
	// knows of calls that the story does not.
	Repeated bool `json:"repeated,omitempty"`
}

// SmartIDForwardUnenrollInput removes a user's enrollment.
type SmartIDForwardUnenrollInput struct {
	// Opening is what is recorded of the journey's begin.
	Opening Opening `json:"opening"`
	User    string  `json:"user"`
	// Repeated reports that an earlier call may have had its effect. The record
	// knows of calls that the story does not.
	Repeated bool `json:"repeated,omitempty"`
}

// SmartIDAnswer is SmartID's answer, a verdict in every case.
type SmartIDAnswer struct {
	Verdict Verdict `json:"verdict"`
}

// IProovEnrolTokenInput asks for a photo enrol token.
type IProovEnrolTokenInput struct {
	// Opening is what is recorded of the journey's begin.
	Opening       Opening `json:"opening"`
	UserID        string  `json:"user_id"`
	AssuranceType string  `json:"assurance_type"`
}

// IProovVerifyTokenInput asks for a verify token.
type IProovVerifyTokenInput struct {
	// Entry is where the call is recorded.
	Entry         Entry  `json:"entry"`
	UserID        string `json:"user_id"`
	AssuranceType string `json:"assurance_type"`
}

// IProovToken is a token, or the refusal to give one. ExpiresAt and
// StreamingURL matter for verify tokens.
type IProovToken struct {
	Token        Secret    `json:"token,omitempty"`
	ExpiresAt    time.Time `json:"expires_at,omitzero"`
	StreamingURL string    `json:"streaming_url,omitempty"`
	Refused      *Verdict  `json:"refused,omitempty"`
}

// IProovEnrolImageInput enrols the sealed photo with the enrol token.
type IProovEnrolImageInput struct {
	// Entry is where the call is recorded.
	Entry Entry `json:"entry"`
	// UserID is the token's, so that no failure tells it.
	UserID string      `json:"user_id"`
	Token  Secret      `json:"token"`
	Image  SealedRef   `json:"image"`
	Source ImageSource `json:"source"`
}

// IProovImage tells whether the photo was enrolled.
type IProovImage struct {
	Refused *Verdict `json:"refused,omitempty"`
}

// IProovReadUserInput names the user to look at.
type IProovReadUserInput struct {
	UserID string `json:"user_id"`
}

// IProovUser tells whether the user has an enrolled photo.
type IProovUser struct {
	Active bool `json:"active"`
}

// IProovValidateInput asks, once, how the verification ended.
type IProovValidateInput struct {
	// Entry is where the call is recorded.
	Entry  Entry  `json:"entry"`
	UserID string `json:"user_id"`
	Token  Secret `json:"token"`
	Client string `json:"client"`
}

// IProovValidation is the answer to one validate call.
type IProovValidation struct {
	// Pending reports the definite answer that the token has no result to
	// give: not finished, or used already.
	Pending bool    `json:"pending,omitempty"`
	Verdict Verdict `json:"verdict"`
}

// IProovInvalidateTokenInput makes a token useless.
type IProovInvalidateTokenInput struct {
	// UserID is the token's, so that no failure tells it.
	UserID string `json:"user_id"`
	Token  Secret `json:"token"`
}

// IProovRemoveUserInput names the user to remove.
type IProovRemoveUserInput struct {
	UserID string `json:"user_id"`
}

// IProovUserRemoved tells whether there was a user to remove.
type IProovUserRemoved struct {
	Existed bool `json:"existed"`
}

// Refusal returns the provider's refusal, or nil.
func (a AuthIDAccount) Refusal() *Verdict { return a.Refused }

// Refusal returns the provider's refusal, or nil.
func (o AuthIDOperation) Refusal() *Verdict { return o.Refused }

// Refusal returns the provider's refusal, or nil.
func (a AuthIDAttachment) Refusal() *Verdict { return a.Refused }

// Refusal returns the provider's refusal, or nil.
func (c BioIDClass) Refusal() *Verdict { return c.Refused }

// Refusal returns the provider's refusal, or nil.
func (t BioIDToken) Refusal() *Verdict { return t.Refused }

// Refusal returns the provider's refusal, or nil.
func (u BioIDUpload) Refusal() *Verdict { return u.Refused }

// Refusal returns the provider's refusal, or nil.
func (t IProovToken) Refusal() *Verdict { return t.Refused }

// Refusal returns the provider's refusal, or nil.
func (i IProovImage) Refusal() *Verdict { return i.Refused }
