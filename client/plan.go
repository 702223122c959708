package client

import (
	"fmt"

	"github.com/bioenroll/bioenroll/enroll"
)

// plan makes a request ready: one line for each kind.
func (c *Client) plan(key string, request Request) (plan, error) {
	switch r := request.(type) {
	case enroll.AuthIDEnrollment:
		return planAuthIDEnrollment(r), nil
	case enroll.AuthIDLiveSelfie:
		return planAuthIDLiveSelfie(r), nil
	case enroll.BioIDEnrollment:
		return planBioIDEnrollment(r), nil
	case enroll.SmartIDEnrollment:
		return planSmartIDEnrollment(r), nil
	case enroll.SmartIDUnenrollment:
		return planSmartIDUnenrollment(r), nil
	case enroll.IProovPhotoEnrollment:
		return c.planIProovPhotoEnrollment(key, r), nil
	default:
		return plan{}, fmt.Errorf("start: %T is not a request of package enroll", request)
	}
}

// NewRequest returns an empty request of the journey, ready to be filled from
// JSON, and a function that returns it as Start takes it.
func NewRequest(journey enroll.Journey) (into any, request func() Request, err error) {
	switch journey {
	case enroll.AuthIDEnroll:
		return empty[enroll.AuthIDEnrollment]()
	case enroll.AuthIDSelfie:
		return empty[enroll.AuthIDLiveSelfie]()
	case enroll.BioIDEnroll:
		return empty[enroll.BioIDEnrollment]()
	case enroll.SmartIDEnroll:
		return empty[enroll.SmartIDEnrollment]()
	case enroll.SmartIDUnenroll:
		return empty[enroll.SmartIDUnenrollment]()
	case enroll.IProovPhotoEnroll:
		return empty[enroll.IProovPhotoEnrollment]()
	default:
		_, err := journey.Spec()
		return nil, nil, err
	}
}

func empty[R Request]() (any, func() Request, error) {
	request := new(R)
	return request, func() Request { return *request }, nil
}
