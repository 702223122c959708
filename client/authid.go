package client

import "github.com/bioenroll/bioenroll/enroll"

func planAuthIDEnrollment(request enroll.AuthIDEnrollment) plan {
	request.Normalize()
	return plan{request: request, input: func(envelope enroll.Envelope, _ []enroll.SealedRef) any {
		return enroll.AuthIDInput{Envelope: envelope, AuthIDOperationRequest: request.AuthIDOperationRequest}
	}}
}

func planAuthIDLiveSelfie(request enroll.AuthIDLiveSelfie) plan {
	request.Normalize()
	return plan{request: request, input: func(envelope enroll.Envelope, _ []enroll.SealedRef) any {
		return enroll.AuthIDInput{
			Envelope: envelope, AuthIDOperationRequest: request.AuthIDOperationRequest, AttachCredential: request.AttachCredential,
		}
	}}
}
