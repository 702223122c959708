package campaign

import (
	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
	"github.com/bioenroll/bioenroll/standalone/chaos/script"
)

// request is what the backend asks for. The other body is another request for
// the same subject.
func request(j script.Journey, otherBody bool) client.Request {
	seconds := j.TimeoutSeconds
	if otherBody {
		seconds++
	}
	switch j.Kind {
	case enroll.AuthIDEnroll:
		return enroll.AuthIDEnrollment{AuthIDOperationRequest: operation(j, seconds)}
	case enroll.AuthIDSelfie:
		return enroll.AuthIDLiveSelfie{AuthIDOperationRequest: operation(j, seconds)}
	case enroll.BioIDEnroll:
		return bioID(j, seconds)
	case enroll.SmartIDEnroll:
		payload := enroll.Secret("payload")
		if otherBody {
			payload = "another payload"
		}
		overWrite := ""
		if j.OverWrite {
			overWrite = "true"
		}
		return enroll.SmartIDEnrollment{User: j.Subject, Template: "template", PayLoad: payload, OverWrite: overWrite, Reset: j.Reset}
	case enroll.SmartIDUnenroll:
		return enroll.SmartIDUnenrollment{User: j.Subject}
	case enroll.IProovPhotoEnroll:
		return enroll.IProovPhotoEnrollment{
			UserID: j.Subject, Image: enroll.Bytes(simulator.SampleImage(simulator.SampleLive)), Source: enroll.SourceEID, TimeoutSeconds: seconds,
		}
	}
	return nil
}

func operation(j script.Journey, seconds int) enroll.AuthIDOperationRequest {
	r := enroll.AuthIDOperationRequest{AccountNumber: j.Subject, TimeoutSeconds: seconds}
	if j.BySMS {
		r.TransportType = enroll.TransportSMS
	}
	return r
}

func bioID(j script.Journey, seconds int) enroll.BioIDEnrollment {
	r := enroll.BioIDEnrollment{BCID: j.Subject, TimeoutSeconds: seconds}
	if j.ByBrowser {
		r.PerformedBy = enroll.ByBrowser
	}
	if !j.Ours {
		return r
	}
	kind := simulator.SampleLive
	if j.Person == script.Fails {
		kind = simulator.SampleNotLive
	}
	for i := range 2 {
		r.Samples = append(r.Samples, enroll.BioIDSample{Data: enroll.Bytes(simulator.SampleImage(kind)), Index: i + 1})
	}
	return r
}

// sealedParts lists the names of what a request seals, as package client names
// them.
func sealedParts(j script.Journey) []string {
	switch j.Kind {
	case enroll.SmartIDEnroll:
		return []string{"template", "payload"}
	case enroll.IProovPhotoEnroll:
		return []string{"image"}
	case enroll.BioIDEnroll:
		if j.Ours {
			return []string{"sample-0", "sample-1"}
		}
	case enroll.AuthIDEnroll, enroll.AuthIDSelfie, enroll.SmartIDUnenroll:
	}
	return nil
}
