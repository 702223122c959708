package host

import (
	"regexp"
	"strconv"

	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/bioenroll/bioenroll/internal/config"
)

// The forms of a deployment's name and of a build ID that need no quoting on a
// command line. The server refuses some others, and names of its own begin
// with two underscores.
var (
	deploymentForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$`)
	buildIDForm    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)
)

// readVersion returns the deployment version, if any. One variable without the
// other is refused: it would be a worker that does not do what was meant.
func readVersion(src *config.Source) worker.WorkerDeploymentVersion {
	version := worker.WorkerDeploymentVersion{
		DeploymentName: src.String(Deployment, "", "name of the worker deployment; set it with "+BuildID+" to let a journey end on the version that began it"),
		BuildID:        src.String(BuildID, "", "this worker's version in the deployment"),
	}
	switch {
	case version == (worker.WorkerDeploymentVersion{}): // Versions are not kept apart.
	case !deploymentForm.MatchString(version.DeploymentName):
		src.Refuse(Deployment, given(version.DeploymentName), "at most 100 letters, digits, '_' and '-', together with "+BuildID)
	case !buildIDForm.MatchString(version.BuildID):
		src.Refuse(BuildID, given(version.BuildID), "at most 100 letters, digits, '.', '_' and '-', together with "+Deployment)
	}
	return version
}

// given describes a refused name.
func given(name string) string {
	if name == "" {
		return "nothing"
	}
	return strconv.Quote(name)
}

// deploymentOptions pin a journey, its story and its steps alike, to the
// version that began it. A journey lasts hours at most, so a release need not
// replay what an older one began: both versions run until the last journey of
// the older one has ended.
//
// Every worker of the process is of the same version, those for the steps
// included: the server sends a step to its journey's version only if that
// version serves the step's task queue, and otherwise to whichever is current.
func deploymentOptions(version worker.WorkerDeploymentVersion) worker.DeploymentOptions {
	if version == (worker.WorkerDeploymentVersion{}) {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned}
}
