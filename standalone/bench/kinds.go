package main

import (
	"fmt"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/simulator"
)

// kind is one kind of journey that is measured.
type kind struct {
	// name in the table.
	name string
	// request for the subject with this number.
	request func(n int) client.Request
	// preload is what the simulators have to know of the subjects first; nil
	// when nothing.
	preload func(first, count int) map[string]any
	// outcome that a journey has to end with.
	outcome enroll.Outcome
	// fails makes the simulated person fail.
	fails bool
}

// The names of the kinds that targets speak of.
const (
	kindAuthIDEnroll    = "authid.enroll"
	kindAuthIDSelfie    = "authid.live-selfie"
	kindBioIDBrowser    = "bioid.enroll, browser performs"
	kindBioIDUs         = "bioid.enroll, we perform"
	kindIProov          = "iproov.photo-enroll"
	kindIProovRefused   = "iproov.photo-enroll, face refused"
	kindSmartIDEnroll   = "smartid.enroll"
	kindSmartIDUnenroll = "smartid.unenroll"
	kindAuthIDLate      = "authid.enroll, hint after polls began"
	kindAuthIDAbandoned = "authid.enroll, abandoned hour"
)

// kinds lists them all. Subjects of different kinds never meet.
func kinds() []kind {
	refused := iProovEnroll(kindIProovRefused, "refused")
	refused.outcome, refused.fails = enroll.Rejected, true
	return []kind{
		authIDEnroll(kindAuthIDEnroll, "enroll"),
		{name: kindAuthIDSelfie, outcome: enroll.Captured, preload: accounts("selfie"), request: func(n int) client.Request {
			return enroll.AuthIDLiveSelfie{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: subject("selfie", n)}}
		}},
		{name: kindBioIDBrowser, outcome: enroll.Enrolled, request: func(n int) client.Request {
			return enroll.BioIDEnrollment{BCID: fmt.Sprintf("bench.1.%d", n), PerformedBy: enroll.ByBrowser}
		}},
		{name: kindBioIDUs, outcome: enroll.Enrolled, request: func(n int) client.Request {
			return enroll.BioIDEnrollment{BCID: fmt.Sprintf("bench.2.%d", n)}
		}},
		iProovEnroll(kindIProov, "photo"),
		refused,
		smartIDEnroll(kindSmartIDEnroll, "smart"),
		{name: kindSmartIDUnenroll, outcome: enroll.Removed, preload: smartIDUsers("leaver"), request: func(n int) client.Request {
			return enroll.SmartIDUnenrollment{User: subject("leaver", n)}
		}},
	}
}

// authIDEnroll is an enrollment at authID. Each name has subjects of its own.
func authIDEnroll(name, prefix string) kind {
	return kind{name: name, outcome: enroll.Enrolled, preload: accounts(prefix), request: func(n int) client.Request {
		return enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{AccountNumber: subject(prefix, n)}}
	}}
}

// iProovEnroll is an enrollment at iProov with a photo. Each name has subjects
// of its own.
func iProovEnroll(name, prefix string) kind {
	photo := enroll.Bytes(simulator.SampleImage(simulator.SampleLive))
	return kind{name: name, outcome: enroll.Enrolled, request: func(n int) client.Request {
		return enroll.IProovPhotoEnrollment{UserID: subject(prefix, n), Image: photo, Source: enroll.SourceEID}
	}}
}

// smartIDEnroll is an enrollment at SmartID, which has no hand-over. Each name
// has subjects of its own.
func smartIDEnroll(name, prefix string) kind {
	return kind{name: name, outcome: enroll.Enrolled, request: func(n int) client.Request {
		return enroll.SmartIDEnrollment{User: subject(prefix, n), Template: "bench-template", PayLoad: "bench-payload"}
	}}
}

// authIDAbandoned is an enrollment that nobody finishes in time.
func authIDAbandoned(seconds int) kind {
	return kind{name: kindAuthIDAbandoned, outcome: enroll.Expired, preload: accounts("abandoned"), request: func(n int) client.Request {
		return enroll.AuthIDEnrollment{AuthIDOperationRequest: enroll.AuthIDOperationRequest{
			AccountNumber: subject("abandoned", n), TimeoutSeconds: seconds,
		}}
	}}
}

func subject(prefix string, n int) string { return fmt.Sprintf("bench-%s-%d", prefix, n) }

func accounts(prefix string) func(first, count int) map[string]any {
	return func(first, count int) map[string]any {
		list := make([]any, count)
		for i := range list {
			list[i] = map[string]any{"account_number": subject(prefix, first+i)}
		}
		return map[string]any{"authid": map[string]any{"accounts": list}}
	}
}

func smartIDUsers(prefix string) func(first, count int) map[string]any {
	return func(first, count int) map[string]any {
		list := make([]any, count)
		for i := range list {
			list[i] = map[string]any{"user": subject(prefix, first+i), "enrolled": true}
		}
		return map[string]any{"smartid": map[string]any{"users": list}}
	}
}
