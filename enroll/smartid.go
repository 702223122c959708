package enroll

// SmartIDEnrollment registers a template that the SmartID SDK captured on the
// device. Template and PayLoad are forwarded byte for byte.
//
// https://smartidsuite.ai/en/developers/kyc/enroll
type SmartIDEnrollment struct {
	Grounds
	Referenced

	// User is the subject.
	User string `json:"user"`
	// Template is the encrypted face template from the SDK.
	Template Secret `json:"template"`
	// PayLoad is the SDK's metadata; it holds device and location data.
	PayLoad Secret `json:"pay_load"`
	// OverWrite is the text "true" to replace an enrollment, or absent.
	OverWrite string `json:"over_write,omitempty"`
	// Reset removes the enrollment there is before it enrolls: the customer
	// asked for it, or has another device. One idempotency key covers both.
	Reset bool `json:"reset,omitempty"`
}

// SmartIDUnenrollment removes a user's enrollment.
type SmartIDUnenrollment struct {
	Grounds
	Referenced

	// User is the subject.
	User string `json:"user"`
}

// SmartIDEnrollInput is the input of the SmartIDEnrollment workflow.
type SmartIDEnrollInput struct {
	Envelope
	User      string    `json:"user"`
	Template  SealedRef `json:"template"`
	PayLoad   SealedRef `json:"pay_load"`
	OverWrite string    `json:"over_write,omitempty"`
	Reset     bool      `json:"reset,omitempty"`
}

// SmartIDUnenrollInput is the input of the SmartIDUnenrollment workflow.
type SmartIDUnenrollInput struct {
	Envelope
	User string `json:"user"`
}

// Journey names the journey.
func (SmartIDEnrollment) Journey() Journey { return SmartIDEnroll }

// Journey names the journey.
func (SmartIDUnenrollment) Journey() Journey { return SmartIDUnenroll }

// SubjectName returns the user.
func (r SmartIDEnrollment) SubjectName() string { return r.User }

// SubjectName returns the user.
func (r SmartIDUnenrollment) SubjectName() string { return r.User }

// Check returns an InputError that names every field that is not acceptable.
func (r SmartIDEnrollment) Check(limits Limits) error {
	c := &checker{}
	c.name("user", r.User)
	c.require("template", r.Template.Reveal(), limits.TemplateMaxBytes)
	c.require("pay_load", r.PayLoad.Reveal(), limits.TemplateMaxBytes)
	if r.OverWrite != "" && r.OverWrite != "true" {
		c.refuse("over_write", describe(r.OverWrite), `the text "true", or absent`)
	}
	if r.Reset && r.OverWrite != "" {
		c.refuse("over_write", "given together with reset", "absent, because reset removes what there is")
	}
	c.grounds(r.Grounds, limits)
	c.reference(r.Referenced)
	return c.err(r.Journey())
}

// Check returns an InputError that names every field that is not acceptable. No
// setting requires grounds of a removal.
func (r SmartIDUnenrollment) Check(Limits) error {
	c := &checker{}
	c.name("user", r.User)
	c.grounds(r.Grounds, Limits{})
	c.reference(r.Referenced)
	return c.err(r.Journey())
}
