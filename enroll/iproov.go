package enroll

import (
	"fmt"
	"regexp"
)

// ImageSource says where a trusted photo comes from.
type ImageSource string

// The image sources that iProov knows.
const (
	SourceEID    ImageSource = "eid"    // Read from an electronic document's chip.
	SourceOID    ImageSource = "oid"    // Taken from a printed document.
	SourceSelfie ImageSource = "selfie" // An existing trusted image.
)

// The assurance types of iProov.
const (
	GenuinePresence = "genuine_presence" // Genuine Presence Assurance.
	Liveness        = "liveness"         // Liveness Assurance.
)

// Bounds and defaults of iProov inputs.
const (
	// IProovDefaultTimeout is how long the journey waits unless given, in
	// seconds.
	IProovDefaultTimeout = 900
	// IProovDefaultClient is the User-Agent sent to validate when neither the
	// start nor a hint brought one.
	IProovDefaultClient = "bioenroll"
)

// IProovPhotoEnrollment enrolls a trusted photo and verifies the live person
// against it.
//
// https://docs.iproov.com
type IProovPhotoEnrollment struct {
	Grounds
	Referenced

	// UserID is the subject; an opaque one is generated when omitted.
	UserID string `json:"user_id,omitempty"`
	// Image is the photo file: PNG, JPEG or JPEG 2000, up to 2 MB.
	Image Content `json:"image"`
	// Source of the photo: eid, oid or selfie. There is no default.
	Source ImageSource `json:"source"`
	// AssuranceType is genuine_presence (the default) or liveness.
	AssuranceType string `json:"assurance_type,omitempty"`
	// Client is the person's User-Agent; a hint may bring it later.
	Client string `json:"client,omitempty"`
	// TimeoutSeconds is how long the journey waits; 900 unless given.
	TimeoutSeconds int `json:"timeout_seconds,omitempty"`
}

// IProovInput is the input of the IProovPhotoEnrollment workflow.
type IProovInput struct {
	Envelope
	UserID         string      `json:"user_id"`
	Image          SealedRef   `json:"image"`
	Source         ImageSource `json:"source"`
	AssuranceType  string      `json:"assurance_type"`
	Client         string      `json:"client"`
	TimeoutSeconds int         `json:"timeout_seconds"`
}

var userIDForm = regexp.MustCompile(`^[a-zA-Z0-9'+_@.-]{1,256}$`)

// Journey names the journey.
func (IProovPhotoEnrollment) Journey() Journey { return IProovPhotoEnroll }

// SubjectName returns the user_id.
func (r IProovPhotoEnrollment) SubjectName() string { return r.UserID }

// Normalize fills in the defaults, the user_id excepted: the client derives it
// from the idempotency key.
func (r *IProovPhotoEnrollment) Normalize() {
	if r.AssuranceType == "" {
		r.AssuranceType = GenuinePresence
	}
	if r.Client == "" {
		r.Client = IProovDefaultClient
	}
	if r.TimeoutSeconds == 0 {
		r.TimeoutSeconds = IProovDefaultTimeout
	}
}

// ImageTypes lists the types of photo that iProov takes.
func (IProovPhotoEnrollment) ImageTypes() []ImageType { return []ImageType{PNG, JPEG, JP2} }

// Check returns an InputError that names every field that is not acceptable.
// It does not open the photo: whether that is one is found out when it is
// sealed.
func (r IProovPhotoEnrollment) Check(limits Limits) error {
	c := &checker{}
	if r.UserID != "" {
		c.userID("user_id", r.UserID)
	}
	c.content("image", r.Image, limits.ImageMaxBytes, r.ImageTypes())
	c.oneOf("source", string(r.Source), string(SourceEID), string(SourceOID), string(SourceSelfie))
	c.oneOf("assurance_type", r.AssuranceType, GenuinePresence, Liveness)
	c.optional("client", r.Client, 512)
	c.between("timeout_seconds", r.TimeoutSeconds, waitMin, waitMax)
	c.grounds(r.Grounds, limits)
	c.reference(r.Referenced)
	return c.err(r.Journey())
}

// userID refuses what iProov takes for no user_id.
func (c *checker) userID(field, value string) {
	if !userIDForm.MatchString(value) {
		c.refuse(field, fmt.Sprintf("%d bytes, some outside the pattern", len(value)), `1 to 256 of a-z A-Z 0-9 ' + _ @ . -`)
	}
}
