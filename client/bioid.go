package client

import "github.com/bioenroll/bioenroll/enroll"

func planBioIDEnrollment(request enroll.BioIDEnrollment) plan {
	request.Normalize()
	return plan{request: request, input: func(envelope enroll.Envelope, refs []enroll.SealedRef) any {
		in := enroll.BioIDInput{
			Envelope: envelope, BCID: request.BCID, Traits: request.Traits, MaxTries: request.MaxTries,
			Challenge: request.Challenge, LiveDetection: request.LiveDetection,
			EnrollLiveDetection: request.EnrollLiveDetection, PerformedBy: request.PerformedBy, TimeoutSeconds: request.TimeoutSeconds,
		}
		for i, sample := range request.Samples {
			in.Samples = append(in.Samples, enroll.BioIDSampleRef{Data: refs[i], Tag: sample.Tag, Index: sample.Index, Trait: sample.Trait})
		}
		return in
	}}
}
