package client

import (
	"strconv"

	"github.com/bioenroll/bioenroll/enroll"
)

func planBioIDEnrollment(request enroll.BioIDEnrollment) plan {
	request.Normalize()
	p := plan{request: request}
	for i, sample := range request.Samples {
		p.parts = append(p.parts, part{"sample-" + strconv.Itoa(i), sample.Data})
	}
	p.input = func(envelope enroll.Envelope, refs []enroll.SealedRef) any {
		in := enroll.BioIDInput{
			Envelope: envelope, BCID: request.BCID, Traits: request.Traits, MaxTries: request.MaxTries,
			Challenge: request.Challenge, LiveDetection: request.LiveDetection,
			EnrollLiveDetection: request.EnrollLiveDetection, PerformedBy: request.PerformedBy, TimeoutSeconds: request.TimeoutSeconds,
		}
		for i, sample := range request.Samples {
			in.Samples = append(in.Samples, enroll.BioIDSampleRef{Data: refs[i], Tag: sample.Tag, Index: sample.Index, Trait: sample.Trait})
		}
		return in
	}
	return p
}
