package workflows

import (
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/enroll"
)

// Register registers every story under the workflow type that the catalogue of
// journeys gives it.
func Register(r worker.WorkflowRegistry) {
	stories := map[enroll.Journey]any{
		enroll.AuthIDEnroll:      AuthIDEnrollment,
		enroll.AuthIDSelfie:      AuthIDLiveSelfie,
		enroll.BioIDEnroll:       BioIDEnrollment,
		enroll.SmartIDEnroll:     SmartIDEnrollment,
		enroll.SmartIDUnenroll:   SmartIDUnenrollment,
		enroll.IProovPhotoEnroll: IProovPhotoEnrollment,
	}
	for _, spec := range enroll.Catalogue() {
		r.RegisterWorkflowWithOptions(stories[spec.Journey], workflow.RegisterOptions{Name: spec.Workflow})
	}
	r.RegisterWorkflowWithOptions(Erasure, workflow.RegisterOptions{Name: enroll.ErasureWorkflow})
	r.RegisterWorkflowWithOptions(Housekeeping, workflow.RegisterOptions{Name: enroll.HousekeepingWorkflow})
	r.RegisterWorkflowWithOptions(LateCaptureWatch, workflow.RegisterOptions{Name: enroll.WatchWorkflow})
}
