package enroll

// The transports of an authID operation: how the person learns of it.
const (
	TransportInline = 0 // The frontend shows the capture.
	TransportSMS    = 1 // authID sends an SMS.
	TransportEmail  = 2 // authID sends an e-mail.
)

// AuthIDDefaultTimeout is the Timeout of an operation unless given, in
// seconds.
const AuthIDDefaultTimeout = 3600

// AuthIDOperationRequest holds what both authID journeys ask for.
type AuthIDOperationRequest struct {
	// AccountNumber is the subject, as it was named when the account was
	// created.
	AccountNumber string `json:"account_number"`
	// Codeword is a secret shown to the person; optional.
	Codeword Secret `json:"codeword,omitempty"`
	// Tag is kept by authID with the operation; the journey's opaque ID
	// unless given.
	Tag string `json:"tag,omitempty"`
	// TimeoutSeconds is how long the person has; 3600 unless given.
	TimeoutSeconds int `json:"timeout_seconds,omitempty"`
	// TransportType is 0 inline, 1 SMS, 2 e-mail.
	TransportType int `json:"transport_type,omitempty"`
}

// AuthIDEnrollment asks for a face credential for an existing account that has
// none.
//
// https://developer.authid.ai/docs/enroll-biometrics
type AuthIDEnrollment struct {
	AuthIDOperationRequest
	Grounds
	Referenced
}

// AuthIDLiveSelfie asks for a live selfie of an existing account.
//
// https://developer.authid.ai/docs/capture-live-selfie
type AuthIDLiveSelfie struct {
	AuthIDOperationRequest
	Grounds
	Referenced

	// AttachCredential makes the selfie the account's credential afterwards.
	AttachCredential bool `json:"attach_credential,omitempty"`
}

// AuthIDInput is the input of both authID workflows.
type AuthIDInput struct {
	Envelope
	AuthIDOperationRequest
	AttachCredential bool `json:"attach_credential,omitempty"`
}

// Journey names the journey.
func (AuthIDEnrollment) Journey() Journey { return AuthIDEnroll }

// Journey names the journey.
func (AuthIDLiveSelfie) Journey() Journey { return AuthIDSelfie }

// SubjectName returns the account number.
func (r AuthIDOperationRequest) SubjectName() string { return r.AccountNumber }

// Normalize fills in the defaults.
func (r *AuthIDOperationRequest) Normalize() {
	if r.TimeoutSeconds == 0 {
		r.TimeoutSeconds = AuthIDDefaultTimeout
	}
}

// Check returns an InputError that names every field that is not acceptable.
func (r AuthIDEnrollment) Check(limits Limits) error {
	c := r.check(limits)
	c.grounds(r.Grounds, limits)
	c.reference(r.Referenced)
	return c.err(r.Journey())
}

// Check returns an InputError that names every field that is not acceptable.
func (r AuthIDLiveSelfie) Check(limits Limits) error {
	c := r.check(limits)
	c.grounds(r.Grounds, limits)
	c.reference(r.Referenced)
	return c.err(r.Journey())
}

func (r AuthIDOperationRequest) check(limits Limits) *checker {
	c := &checker{}
	c.name("account_number", r.AccountNumber)
	c.optional("codeword", r.Codeword.Reveal(), 256)
	c.optional("tag", r.Tag, 256)
	c.between("timeout_seconds", r.TimeoutSeconds, limits.AuthIDTimeoutMin, limits.AuthIDTimeoutMax)
	c.between("transport_type", r.TransportType, TransportInline, TransportEmail)
	return c
}
