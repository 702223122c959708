package api

import (
	"errors"

	"go.temporal.io/api/serviceerror"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// isDown reports that Temporal could not be reached or has too much to do, so
// that the same request may succeed a little later.
func isDown(err error) bool {
	if _, ok := errors.AsType[*serviceerror.Unavailable](err); ok {
		return true
	}
	if _, ok := errors.AsType[*serviceerror.DeadlineExceeded](err); ok {
		return true
	}
	if _, ok := errors.AsType[*serviceerror.ResourceExhausted](err); ok {
		return true
	}
	told, ok := errors.AsType[interface {
		error
		GRPCStatus() *status.Status
	}](err)
	return ok && (told.GRPCStatus().Code() == codes.Unavailable || told.GRPCStatus().Code() == codes.DeadlineExceeded)
}
