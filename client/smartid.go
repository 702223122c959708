package client

import "github.com/bioenroll/bioenroll/enroll"

func planSmartIDEnrollment(request enroll.SmartIDEnrollment) plan {
	return plan{
		request: request,
		input: func(envelope enroll.Envelope, refs []enroll.SealedRef) any {
			return enroll.SmartIDEnrollInput{
				Envelope: envelope, User: request.User, Template: refs[0], PayLoad: refs[1], OverWrite: request.OverWrite, Reset: request.Reset,
			}
		},
	}
}

func planSmartIDUnenrollment(request enroll.SmartIDUnenrollment) plan {
	return plan{request: request, input: func(envelope enroll.Envelope, _ []enroll.SealedRef) any {
		return enroll.SmartIDUnenrollInput{Envelope: envelope, User: request.User}
	}}
}
