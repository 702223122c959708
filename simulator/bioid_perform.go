package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The errors of a biometric operation.
const (
	bioIDLiveFailed      = "LiveDetectionFailed"
	bioIDChallengeFailed = "ChallengeResponseFailed"
	bioIDTooFew          = "NotEnoughSamples"
	bioIDTimedOut        = "ExecutionOfJobTimedOut"
	bioIDNoTemplate      = "NoTemplateAvailable"
)

const bioIDClassKind = "bioid.class"

// bioIDClass is an enrolled class.
type bioIDClass struct {
	Traits    int       `json:"traits"`
	Trainings int       `json:"trainings"`
	TrainedAt time.Time `json:"trained_at"`
}

// bioIDJudgment is what a biometric operation came to, as stored with its token.
type bioIDJudgment struct {
	Action  string   `json:"action"`
	Success bool     `json:"success"`
	Error   string   `json:"error"`
	Matches []string `json:"matches,omitempty"` // BCIDs, for identification
}

// bioIDOutcome is the answer to enroll, verify and livenessdetection.
type bioIDOutcome struct {
	Success bool
	Error   string       `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
	Matches []bioIDMatch `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
}

type bioIDMatch struct {
	Score     float64
	Storage   string
	Partition int
	ClassID   int
}

// bioIDPerform does the token's task with the samples uploaded so far. It consumes them and an attempt, whatever comes of it.
func bioIDPerform(c *call, token bioIDToken) reply {
	p := &bioIDParameters{q: c.r.URL.Query()}
	live := p.flag("livedetection", false)
	if p.err != nil {
		return bioIDRefuse(http.StatusBadRequest, p.err.Error())
	}
	if token.Attempts >= token.MaxTries {
		return bioIDRefuse(http.StatusForbidden, "The number of allowed attempts with this token is already exceeded.")
	}
	if len(token.Samples) == 0 {
		return bioIDRefuse(http.StatusBadRequest, "No samples have been uploaded.")
	}
	judgment, effects := bioIDDo(c.txn, token, live)
	c.effect(effects...)
	return jsonReply(http.StatusOK, bioIDOutcome{Success: judgment.Success, Error: judgment.Error, Matches: bioIDMatches(judgment)})
}

// bioIDDo performs the task, stores what came of it and returns that with its effects.
func bioIDDo(t *txn, token bioIDToken, live bool) (bioIDJudgment, []string) {
	action := map[string]string{
		bioIDEnroll: "enrollment", bioIDVerify: "verification", bioIDIdentify: "identification", bioIDLiveness: "livenessdetection",
	}[token.Task]
	class, enrolled := get[bioIDClass](t, bioIDClassKind, token.BCID)
	judgment := bioIDJudgment{Action: action, Error: bioIDJudge(t, token, live, enrolled)}
	judgment.Success = judgment.Error == ""
	effects := []string{"samples_consumed"}
	if judgment.Success && (token.Task == bioIDEnroll || token.Task == bioIDVerify && token.AutoEnroll) {
		class.Traits |= token.Traits
		class.Trainings++
		class.TrainedAt = t.now
		put(t, bioIDClassKind, token.BCID, class)
		effects = append(effects, "class_trained")
	}
	if judgment.Success && token.Task == bioIDIdentify {
		judgment.Matches = bioIDClassesLike(t, token.BCID)
	}
	token.Attempts++
	token.Samples, token.Last = nil, &judgment
	bioIDKeep(t, token)
	bioIDUserAgain(t, token)
	return judgment, effects
}

// bioIDJudge returns the error of an operation, or nothing when it succeeds.
func bioIDJudge(t *txn, token bioIDToken, live, enrolled bool) string {
	if sc, magic := script[bioIDScript](t, bioIDName, token.BCID); magic && len(sc.errors) > 0 {
		return sc.errors[min(token.Attempts, len(sc.errors)-1)]
	}
	const samplesForLiveness = 2
	live = live || token.LiveDetection || token.Task == bioIDLiveness
	switch {
	case live && len(token.Samples) < samplesForLiveness:
		return bioIDTooFew
	case live && slices.ContainsFunc(token.Samples, func(s bioIDSample) bool { return s.Kind == SampleNotLive }):
		return bioIDLiveFailed
	case !token.movedAsAsked():
		return bioIDChallengeFailed
	case token.Task == bioIDVerify && !enrolled:
		return bioIDNoTemplate
	}
	return ""
}

// movedAsAsked compares the tags of the samples, in the order of their index, with the movements of this attempt.
func (token bioIDToken) movedAsAsked() bool {
	if token.Challenge == nil {
		return true
	}
	samples := slices.Clone(token.Samples)
	slices.SortStableFunc(samples, func(a, b bioIDSample) int { return cmp.Compare(a.Index, b.Index) })
	var moved []string
	for _, s := range samples {
		moved = append(moved, s.Tags...)
	}
	return slices.Equal(moved, token.Challenge[token.Attempts%len(token.Challenge)])
}

// bioIDClassesLike returns the enrolled classes of the storage and partition of a BCID.
func bioIDClassesLike(t *txn, bcid string) []string {
	prefix := bcid[:strings.LastIndexByte(bcid, '.')+1]
	var found []string
	each(t, bioIDClassKind, prefix, func(key string, _ bioIDClass) bool {
		found = append(found, key)
		return true
	})
	return found
}

// bioIDScore is the score of every match: the simulator compares no faces.
const bioIDScore = 0.99

func bioIDMatches(judgment bioIDJudgment) []bioIDMatch {
	var matches []bioIDMatch
	for _, bcid := range judgment.Matches {
		parts := strings.Split(bcid, ".")
		partition, _ := strconv.Atoi(parts[1]) // checked when the BCID was read
		class, _ := strconv.Atoi(parts[2])
		matches = append(matches, bioIDMatch{Score: bioIDScore, Storage: parts[0], Partition: partition, ClassID: class})
	}
	return matches
}

// bioIDResultBody is the answer to result.
type bioIDResultBody struct {
	Action  string
	BCID    string
	Success bool
	Error   string             `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
	Matches []bioIDResultMatch `json:",omitempty"` //nolint:tagliatelle // the vendor's casing
}

type bioIDResultMatch struct {
	BCID  string
	Score float64
}

// bioIDResult tells what the last operation with a token came to, also after the token has ended; 204 when there was none.
func bioIDResult(c *call) reply {
	token, found := bioIDReadToken(c.txn, c.r.URL.Query().Get("access_token"))
	c.entry.Ref = token.ID
	if !found {
		return bioIDRefuse(http.StatusBadRequest, "The access_token is invalid.")
	}
	if token.Last == nil {
		return emptyReply(http.StatusNoContent)
	}
	body := bioIDResultBody{Action: token.Last.Action, BCID: bioIDSlashes(token.BCID), Success: token.Last.Success, Error: token.Last.Error}
	for _, bcid := range token.Last.Matches {
		body.Matches = append(body.Matches, bioIDResultMatch{BCID: bioIDSlashes(bcid), Score: bioIDScore})
	}
	return jsonReply(http.StatusOK, body)
}
