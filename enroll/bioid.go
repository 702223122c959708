package enroll

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PerformedBy says who calls BioID's enroll after samples were uploaded.
type PerformedBy string

// Who performs the enrollment.
const (
	ByBrowser PerformedBy = "browser" // The vendor's capture script calls enroll itself.
	ByUs      PerformedBy = "us"      // The journey calls enroll.
)

// The bounds of BioID inputs.
const (
	bioIDMaxTries   = 15
	bioIDMaxSamples = 20
	bioIDMaxIndex   = 20
)

// BioIDEnrollment enrolls a biometric class, or trains it further.
//
// https://developer.bioid.com/ClassicBWS/BwsReference/WebApi/Enroll
type BioIDEnrollment struct {
	Grounds
	Referenced

	// BCID is the subject: storage.partition.class-id, with dots or slashes.
	BCID string `json:"bcid"`
	// Traits to enroll: Face, Periocular or both with a comma; the service's
	// default unless given.
	Traits string `json:"traits,omitempty"`
	// MaxTries is how many attempts the token allows, 1 to 15; the service's
	// default of 3 unless given.
	MaxTries int `json:"max_tries,omitempty"`
	// Challenge asks for challenge-response; only with liveness detection.
	Challenge bool `json:"challenge,omitempty"`
	// LiveDetection is the token's liveness detection; unset means the
	// service's own default, which is on.
	LiveDetection *bool `json:"live_detection,omitempty"`
	// EnrollLiveDetection is the same for the enroll call; unset means the
	// token's. False never overrides a token that requires it.
	EnrollLiveDetection *bool `json:"enroll_live_detection,omitempty"`
	// PerformedBy says who calls enroll after the browser uploaded samples:
	// us (the default) or browser. With Samples it is always us.
	PerformedBy PerformedBy `json:"performed_by,omitempty"`
	// TimeoutSeconds is how long the journey waits for the browser. Unless
	// given it waits as long as the token lives, ten minutes; with a longer
	// time the hand-over can be renewed after the token's end.
	TimeoutSeconds int `json:"timeout_seconds,omitempty"`
	// Samples are uploaded by us from sealed storage; without any, the
	// browser uploads with the handed-over token.
	Samples []BioIDSample `json:"samples,omitempty"`
}

// BioIDSample is one face or periocular image.
type BioIDSample struct {
	// Data is the image file.
	Data Content `json:"data"`
	// Tag lists head movements for challenge-response: any, up, down, left,
	// right, with commas.
	Tag string `json:"tag,omitempty"`
	// Index orders the samples, from 1.
	Index int `json:"index,omitempty"`
	// Trait of the sample; the service's default unless given.
	Trait string `json:"trait,omitempty"`
}

// BioIDInput is the input of the BioIDEnrollment workflow.
type BioIDInput struct {
	Envelope
	BCID                string           `json:"bcid"`
	Traits              string           `json:"traits,omitempty"`
	MaxTries            int              `json:"max_tries,omitempty"`
	Challenge           bool             `json:"challenge,omitempty"`
	LiveDetection       *bool            `json:"live_detection,omitempty"`
	EnrollLiveDetection *bool            `json:"enroll_live_detection,omitempty"`
	PerformedBy         PerformedBy      `json:"performed_by"`
	TimeoutSeconds      int              `json:"timeout_seconds,omitempty"`
	Samples             []BioIDSampleRef `json:"samples,omitempty"`
}

// MinSamples returns how many samples an attempt needs: two while liveness
// detection may be on, else one.
func (in BioIDInput) MinSamples() int { return minSamples(in.LiveDetection, in.EnrollLiveDetection) }

func minSamples(token, enroll *bool) int {
	tokenOff := token != nil && !*token
	enrollOn := enroll != nil && *enroll
	if tokenOff && !enrollOn {
		return 1
	}
	return 2
}

// bcidForm knows each BCID in one spelling per separator, so that no subject
// has two: numbers without leading zeros, dots or slashes but not both.
var bcidForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}(?:\.(0|[1-9][0-9]{0,9})\.(0|[1-9][0-9]{0,9})|/(0|[1-9][0-9]{0,9})/(0|[1-9][0-9]{0,9}))$`)

// isBCID reports whether the text is a BCID whose numbers BioID can hold.
func isBCID(text string) bool {
	parts := bcidForm.FindStringSubmatch(text)
	for _, number := range parts[min(1, len(parts)):] {
		if _, err := strconv.ParseInt(cmp.Or(number, "0"), 10, 32); err != nil {
			return false
		}
	}
	return parts != nil
}

// Journey names the journey.
func (BioIDEnrollment) Journey() Journey { return BioIDEnroll }

// SubjectName returns the BCID in its dotted form.
func (r BioIDEnrollment) SubjectName() string { return strings.ReplaceAll(r.BCID, "/", ".") }

// Normalize fills in the defaults and the one written form of the BCID.
func (r *BioIDEnrollment) Normalize() {
	r.BCID = strings.ReplaceAll(r.BCID, "/", ".")
	if r.PerformedBy == "" {
		r.PerformedBy = ByUs
	}
}

// ImageTypes lists the types of sample that are taken: those of BioID but TIFF,
// which cannot be checked.
func (BioIDEnrollment) ImageTypes() []ImageType { return []ImageType{PNG, JPEG, BMP, GIF} }

// Check returns an InputError that names every field that is not acceptable.
// It does not open the samples: whether they are images is found out when they
// are sealed.
func (r BioIDEnrollment) Check(limits Limits) error {
	c := &checker{}
	c.bcid("bcid", r.BCID)
	c.traits("traits", r.Traits)
	if r.MaxTries != 0 {
		c.between("max_tries", r.MaxTries, 1, bioIDMaxTries)
	}
	if r.Challenge && r.LiveDetection != nil && !*r.LiveDetection {
		c.refuse("challenge", "true with live_detection false", "true only with liveness detection")
	}
	if r.TimeoutSeconds != 0 {
		c.between("timeout_seconds", r.TimeoutSeconds, waitMin, waitMax)
	}
	c.oneOf("performed_by", string(r.PerformedBy), string(ByBrowser), string(ByUs))
	r.checkSamples(c, limits)
	c.grounds(r.Grounds, limits)
	c.reference(r.Referenced)
	return c.err(r.Journey())
}

func (r BioIDEnrollment) checkSamples(c *checker, limits Limits) {
	if len(r.Samples) == 0 {
		return
	}
	if r.PerformedBy == ByBrowser {
		c.refuse("performed_by", `"browser" together with samples`, "us, because samples from here never reach the browser")
	}
	c.between("samples", len(r.Samples), minSamples(r.LiveDetection, r.EnrollLiveDetection), bioIDMaxSamples)
	for i, sample := range r.Samples {
		field := fmt.Sprintf("samples[%d]", i)
		c.content(field+".data", sample.Data, limits.SampleMaxBytes, r.ImageTypes())
		c.traits(field+".trait", sample.Trait)
		c.between(field+".index", sample.Index, 0, bioIDMaxIndex)
		for tag := range strings.SplitSeq(sample.Tag, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				c.oneOf(field+".tag", strings.ToLower(tag), "any", "up", "down", "left", "right")
			}
		}
	}
}

// bcid refuses what is no BCID.
func (c *checker) bcid(field, value string) {
	if !isBCID(value) {
		c.refuse(field, fmt.Sprintf("%d bytes of another form", len(value)), "storage.partition.class-id, with numbers up to 2147483647 and without leading zeros for partition and class-id, such as bws.1.42")
	}
}

// traits refuses anything but a list of the traits that cameras capture.
func (c *checker) traits(field, value string) {
	if value == "" {
		return
	}
	for trait := range strings.SplitSeq(value, ",") {
		if !slices.Contains([]string{"face", "periocular"}, strings.ToLower(strings.TrimSpace(trait))) {
			c.refuse(field, describe(value), "Face, Periocular, or both with a comma")
			return
		}
	}
}
