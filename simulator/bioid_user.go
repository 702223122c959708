package simulator

import (
	"encoding/json"
	"slices"
)

const bioIDUsualSamples = 2

// bioIDBeginMagic sets a new token of a magic class up: the class is as its row says, and the user will act.
func bioIDBeginMagic(t *txn, token *bioIDToken) {
	sc, magic := script[bioIDScript](t, bioIDName, token.BCID)
	if !magic {
		return
	}
	remove(t, bioIDClassKind, token.BCID)
	if sc.trained {
		put(t, bioIDClassKind, token.BCID, bioIDClass{Traits: token.Traits, Trainings: 1, TrainedAt: t.now})
	}
	t.newJourney(bioIDName, token.BCID, "bioid.upload", "bioid.enroll", "bioid.result")
	if sc.short {
		token.EndsAt = t.now.Add(t.srv.opts.Lifetimes.BioIDMagicToken)
	}
	if sc.user != "" {
		t.schedule(t.autoUserAt(), bioIDName, "user", token.ID)
	}
}

// bioIDUserAgain lets the user of a magic class try again after a failed attempt, while there are attempts left.
func bioIDUserAgain(t *txn, token bioIDToken) {
	sc, magic := script[bioIDScript](t, bioIDName, token.BCID)
	givenUp := sc.givesUp > 0 && token.Attempts >= sc.givesUp
	if magic && sc.user != "" && !givenUp && !token.Last.Success && token.Attempts < token.MaxTries {
		t.schedule(t.autoUserAt(), bioIDName, "user", token.ID)
	}
}

// bioIDAutoUser lets the user of a magic class act: upload, and perform the task when the row has the browser do that.
func bioIDAutoUser(t *txn, id string) {
	token, found := get[bioIDToken](t, bioIDTokenKind, id)
	sc, magic := script[bioIDScript](t, bioIDName, token.BCID)
	newest, _ := get[string](t, bioIDNewestKind, token.BCID)
	finished := token.Last != nil && token.Last.Success
	if !found || !magic || newest != id || finished || len(token.Samples) > 0 || !token.EndsAt.After(t.now) {
		return
	}
	bioIDAct(t, token, bioIDCaptureRequest{Result: sc.user, Samples: sc.samples, Perform: sc.perform})
}

// bioIDCaptureRequest is what POST /_sim/capture takes for BioID.
type bioIDCaptureRequest struct {
	Provider string `json:"provider"`
	Token    string `json:"token"`   // the compact token, or
	Subject  string `json:"subject"` // the BCID whose newest token is meant
	Result   string `json:"result"`
	// Reason is what is wrong with the samples of a user who fails: not_live (when absent) or wrong_movements.
	Reason  string `json:"reason"`
	Samples int    `json:"samples"` // how many are uploaded; 2 when absent, or as many as the challenge needs
	Perform bool   `json:"perform"` // the browser performs the token's task, as the vendor's script does
}

const bioIDWrongMovements = "wrong_movements"

// bioIDCaptureAnswer tells where the capture stands afterwards.
type bioIDCaptureAnswer struct {
	TokenID   string         `json:"token_id"`
	Samples   int            `json:"samples"` // uploaded and not yet consumed
	Attempts  int            `json:"attempts"`
	Performed *bioIDJudgment `json:"performed"` // what the task came to; null when it was not performed
}

func bioIDCapture(t *txn, request json.RawMessage) (any, error) {
	var ask bioIDCaptureRequest
	if err := decodeStrict(request, &ask); err != nil {
		return nil, err
	}
	token, found := bioIDReadToken(t, ask.Token)
	if ask.Token == "" {
		bcid, _ := bioIDParse(ask.Subject)
		newest, _ := get[string](t, bioIDNewestKind, bcid)
		token, found = get[bioIDToken](t, bioIDTokenKind, newest)
	}
	switch {
	case !found:
		return nil, problem("BioID has no such token; give token, or the subject of a class with an open one")
	case !token.EndsAt.After(t.now):
		return nil, problem("the token of %s has expired", token.BCID)
	case token.Attempts >= token.MaxTries:
		return nil, problem("the attempts with the token of %s are used up", token.BCID)
	}
	if err := ask.check(); err != nil {
		return nil, err
	}
	return bioIDAct(t, token, ask), nil
}

func (ask bioIDCaptureRequest) check() error {
	if !slices.Contains([]string{userCompletes, userFails, userWalksAway}, ask.Result) {
		return problem("result is %q; allowed are complete, fail, walk_away", ask.Result)
	}
	if !slices.Contains([]string{"", SampleNotLive, bioIDWrongMovements}, ask.Reason) {
		return problem("reason is %q; allowed are %s, %s", ask.Reason, SampleNotLive, bioIDWrongMovements)
	}
	const mostSamples = 20
	if ask.Samples < 0 || ask.Samples > mostSamples {
		return problem("samples is %d; allowed are 1 to %d", ask.Samples, mostSamples)
	}
	return nil
}

// bioIDAct does what a user does with a token.
func bioIDAct(t *txn, token bioIDToken, ask bioIDCaptureRequest) bioIDCaptureAnswer {
	var effects []string
	if ask.Result != userWalksAway {
		for _, sample := range bioIDRecordings(token, ask) {
			token.Samples = append(token.Samples, sample)
			effects = append(effects, "sample_stored")
		}
		bioIDKeep(t, token)
	}
	var performed *bioIDJudgment
	if ask.Perform && ask.Result != userWalksAway {
		judgment, done := bioIDDo(t, token, false)
		performed, effects = &judgment, append(effects, done...)
	}
	t.recordUser(bioIDName, "user_"+ask.Result, token.BCID, token.ID, effects...)
	after, _ := get[bioIDToken](t, bioIDTokenKind, token.ID)
	return bioIDCaptureAnswer{TokenID: token.ID, Samples: len(after.Samples), Attempts: after.Attempts, Performed: performed}
}

// bioIDRecordings are the samples a user's camera makes: one looking straight, then one for each movement asked for.
func bioIDRecordings(token bioIDToken, ask bioIDCaptureRequest) []bioIDSample {
	var movements []string
	if token.Challenge != nil && ask.Reason != bioIDWrongMovements {
		movements = token.Challenge[token.Attempts%len(token.Challenge)]
	}
	count := ask.Samples
	if count == 0 {
		count = max(bioIDUsualSamples, 1+len(movements))
	}
	kind := SampleLive
	if ask.Result == userFails && ask.Reason != bioIDWrongMovements {
		kind = SampleNotLive
	}
	samples := make([]bioIDSample, 0, count)
	for i := range count {
		sample := bioIDSample{Kind: kind, Index: len(token.Samples) + i + 1}
		if i > 0 && i <= len(movements) {
			sample.Tags = movements[i-1 : i]
		}
		samples = append(samples, sample)
	}
	return samples
}

// bioIDPreload puts enrolled classes in place.
func bioIDPreload(t *txn, request json.RawMessage) error {
	var wanted struct {
		Classes []struct {
			BCID   string `json:"bcid"`
			Traits string `json:"traits"`
		} `json:"classes"`
	}
	if err := decodeStrict(request, &wanted); err != nil {
		return err
	}
	for _, w := range wanted.Classes {
		bcid, valid := bioIDParse(w.BCID)
		traits, known := bioIDTraits(w.Traits)
		if !valid || !known {
			return problem("bioid: class %q with traits %q; a class is storage.partition.classid, traits are Face, Periocular, Voice", w.BCID, w.Traits)
		}
		put(t, bioIDClassKind, bcid, bioIDClass{Traits: traits, Trainings: 1, TrainedAt: t.now})
	}
	return nil
}

// bioIDTruth is what GET /_sim/state tells of a class.
type bioIDTruth struct {
	Provider  string         `json:"provider"`
	Subject   string         `json:"subject"`
	Enrolled  bool           `json:"enrolled"`
	Trainings int            `json:"trainings"`
	TokenID   string         `json:"token_id"` // the newest; empty when there is none
	TokenOpen bool           `json:"token_open"`
	Samples   int            `json:"samples"`
	Attempts  int            `json:"attempts"`
	MaxTries  int            `json:"max_tries"`
	Last      *bioIDJudgment `json:"last"`
}

func bioIDState(t *txn, subject string) any {
	bcid, _ := bioIDParse(subject)
	class, enrolled := get[bioIDClass](t, bioIDClassKind, bcid)
	newest, _ := get[string](t, bioIDNewestKind, bcid)
	token, _ := get[bioIDToken](t, bioIDTokenKind, newest)
	return bioIDTruth{
		Provider: bioIDName, Subject: bcid, Enrolled: enrolled, Trainings: class.Trainings,
		TokenID: token.ID, TokenOpen: token.EndsAt.After(t.now),
		Samples: len(token.Samples), Attempts: token.Attempts, MaxTries: token.MaxTries, Last: token.Last,
	}
}
