package simulator

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	bioIDName = "bioid"
	bioIDRoot = "/extension/"
)

// The traits of BioID, as bits of a token's traits claim.
const (
	bioIDFace       = 1
	bioIDPeriocular = 2
	bioIDVoice      = 4
)

// bioIDProblem is BioID's error body.
type bioIDProblem struct{ Message string }

func bioIDRefuse(status int, message string) reply {
	out := jsonReply(status, bioIDProblem{Message: message})
	if status == http.StatusUnauthorized {
		out = out.with("WWW-Authenticate", "Bearer")
	}
	return out
}

func (s *Server) bioID() provider {
	const read, write = "GET " + bioIDRoot, "POST " + bioIDRoot
	return provider{
		name: bioIDName, root: bioIDRoot, refuse: bioIDRefuse,
		endpoints: []endpoint{
			{name: "bioid.token", pattern: read + "token", subject: bioIDQuerySubject, handle: bioIDBasic(bioIDIssueToken)},
			{name: "bioid.is_enrolled", pattern: read + "isenrolled", subject: bioIDQuerySubject, handle: bioIDBasic(bioIDIsEnrolled)},
			{name: "bioid.delete_class", pattern: "DELETE " + bioIDRoot + "deleteclass", subject: bioIDQuerySubject, handle: bioIDBasic(bioIDDeleteClass)},
			{name: "bioid.result", pattern: read + "result", subject: bioIDResultSubject, handle: bioIDBasic(bioIDResult)},
			{name: "bioid.status", pattern: read + "status", handle: bioIDBasic(bioIDStatus)},
			{name: "bioid.quality_check", pattern: write + "qualitycheck", handle: bioIDBasic(bioIDQualityCheck)},
			{name: "bioid.photo_verify", pattern: write + "photoverify", handle: bioIDBasic(bioIDCompare("idphoto", "liveimage1", "liveimage2"))},
			{name: "bioid.live_detection", pattern: write + "livedetection", handle: bioIDBasic(bioIDCompare("liveimage1", "liveimage2"))},
			{name: "bioid.upload", pattern: write + "upload", browser: true, subject: bioIDBearerSubject, handle: bioIDBearer("", bioIDUpload)},
			{name: "bioid.enroll", pattern: read + "enroll", browser: true, subject: bioIDBearerSubject, handle: bioIDBearer(bioIDEnroll, bioIDPerform)},
			{name: "bioid.verify", pattern: read + "verify", browser: true, subject: bioIDBearerSubject, handle: bioIDBearer(bioIDVerify, bioIDPerform)},
			{name: "bioid.identify", pattern: read + "identify", browser: true, subject: bioIDBearerSubject, handle: bioIDBearer(bioIDIdentify, bioIDPerform)},
			{
				name: "bioid.liveness_detection", pattern: read + "livenessdetection", browser: true,
				subject: bioIDBearerSubject, handle: bioIDBearer(bioIDLiveness, bioIDPerform),
			},
		},
		happens: map[string]func(*txn, string){"user": bioIDAutoUser},
		capture: bioIDCapture, preload: bioIDPreload, state: bioIDState,
	}
}

// bioIDBasic lets an endpoint act only for the app with its secret.
func bioIDBasic(handle func(*call) reply) func(*call) reply {
	return func(c *call) reply {
		keys := c.srv.opts.Credentials
		if !basicAuth(c.r, keys.BioIDAppID, keys.BioIDAppSecret) {
			return bioIDRefuse(http.StatusUnauthorized, "Authorization has been denied for this request.").with("WWW-Authenticate", "Basic")
		}
		return handle(c)
	}
}

// bioIDBearer lets an endpoint act only with a living token for the task; an empty task means any.
func bioIDBearer(task string, handle func(*call, bioIDToken) reply) func(*call) reply {
	return func(c *call) reply {
		token, found := bioIDReadToken(c.txn, bearer(c.r, "Bearer", "JWT"))
		c.entry.Ref = token.ID
		switch {
		case !found:
			return bioIDRefuse(http.StatusUnauthorized, "Authorization has been denied for this request.")
		case !token.EndsAt.After(c.now):
			return bioIDRefuse(http.StatusUnauthorized, "The token has expired.")
		case task != "" && token.Task != task:
			return bioIDRefuse(http.StatusForbidden, "The provided token does not allow this task.")
		}
		return handle(c, token)
	}
}

// bioIDParse returns a BCID in its dotted form: storage, partition and class, written with dots or slashes.
func bioIDParse(text string) (string, bool) {
	parts := strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '/' })
	const partsOfBCID = 3
	if len(parts) != partsOfBCID || strings.Count(text, ".")+strings.Count(text, "/") != partsOfBCID-1 {
		return "", false
	}
	for _, number := range parts[1:] {
		if _, err := strconv.ParseUint(number, 10, 63); err != nil {
			return "", false
		}
	}
	return strings.Join(parts, "."), true
}

// bioIDSlashes returns a BCID the way the service writes it.
func bioIDSlashes(bcid string) string { return strings.ReplaceAll(bcid, ".", "/") }

func bioIDQuerySubject(c *call) string {
	bcid, _ := bioIDParse(c.r.URL.Query().Get("bcid"))
	return bcid
}

func bioIDBearerSubject(c *call) string {
	token, _ := bioIDReadToken(c.txn, bearer(c.r, "Bearer", "JWT"))
	return token.BCID
}

func bioIDResultSubject(c *call) string {
	token, _ := bioIDReadToken(c.txn, c.r.URL.Query().Get("access_token"))
	return token.BCID
}

// bioIDTraits reads a list of traits; an empty one means the default, Face and Periocular.
func bioIDTraits(text string) (int, bool) {
	if strings.TrimSpace(text) == "" {
		return bioIDFace | bioIDPeriocular, true
	}
	bits := map[string]int{"face": bioIDFace, "periocular": bioIDPeriocular, "voice": bioIDVoice}
	traits := 0
	for part := range strings.SplitSeq(text, ",") {
		bit, known := bits[strings.ToLower(strings.TrimSpace(part))]
		if !known {
			return 0, false
		}
		traits |= bit
	}
	return traits, true
}
