package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	bioIDTokenKind  = "bioid.token"
	bioIDNewestKind = "bioid.newest" // BCID → its newest token
	bioIDKeyKind    = "bioid.key"
)

// The tasks of a token.
const (
	bioIDVerify   = "verify"
	bioIDIdentify = "identify"
	bioIDEnroll   = "enroll"
	bioIDLiveness = "livenessdetection"
)

const (
	bioIDDefaultTries      = 3
	bioIDMaxTries          = 15
	bioIDDefaultChallenges = 3
	bioIDMinChallenges     = 2
	bioIDMaxChallenges     = 7
)

// bioIDToken is a BWS token as it is stored, with what was done with it.
type bioIDToken struct {
	ID            string         `json:"id"`
	BCID          string         `json:"bcid"`
	Task          string         `json:"task"`
	MaxTries      int            `json:"max_tries"`
	LiveDetection bool           `json:"live_detection"`
	AutoEnroll    bool           `json:"auto_enroll"`
	Challenge     [][]string     `json:"challenge,omitempty"` // the movements wanted, for each attempt
	Traits        int            `json:"traits"`
	IssuedAt      time.Time      `json:"issued_at"`
	EndsAt        time.Time      `json:"ends_at"`
	Attempts      int            `json:"attempts"`
	Samples       []bioIDSample  `json:"samples,omitempty"` // uploaded and not yet consumed
	Last          *bioIDJudgment `json:"last,omitempty"`
}

func bioIDKeep(t *txn, token bioIDToken) { put(t, bioIDTokenKind, token.ID, token) }

// bioIDClaims are the claims of a real token, in their order.
type bioIDClaims struct {
	TokenID   string `json:"tokenid"`
	Client    string `json:"clnt"`
	App       string `json:"app"`
	BCID      string `json:"bcid"`
	Task      int    `json:"task"`
	Traits    int    `json:"traits"`
	Challenge string `json:"challenge,omitempty"` // JSON within a string
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	IssuedAt  int64  `json:"iat"`
	NotBefore int64  `json:"nbf"`
	Expires   int64  `json:"exp"`
}

// taskBits returns the task claim.
func (token bioIDToken) taskBits() int {
	const liveDetection, challengeResponse, autoEnroll = 0x100, 0x200, 0x1000
	bits := map[string]int{bioIDVerify: 0, bioIDIdentify: 0x10, bioIDEnroll: 0x20, bioIDLiveness: 0x80}[token.Task] | token.MaxTries
	for flag, set := range map[int]bool{liveDetection: token.LiveDetection, challengeResponse: token.Challenge != nil, autoEnroll: token.AutoEnroll} {
		if set {
			bits |= flag
		}
	}
	return bits
}

// bioIDIssueToken answers with the compact token as plain text.
func bioIDIssueToken(c *call) reply {
	q := c.r.URL.Query()
	if q.Get("id") == "" {
		return bioIDRefuse(http.StatusBadRequest, "The parameter id is missing.")
	}
	if q.Get("id") != c.srv.opts.Credentials.BioIDAppID {
		return bioIDRefuse(http.StatusForbidden, "The id does not belong to the authorized app.")
	}
	token, err := bioIDWanted(q)
	if err != nil {
		return bioIDRefuse(http.StatusBadRequest, err.Error())
	}
	token.ID, token.IssuedAt = uuid.NewString(), c.now
	token.EndsAt = c.now.Add(c.srv.opts.Lifetimes.BioIDToken)
	bioIDBeginMagic(c.txn, &token)
	signed, err := bioIDSign(c.txn, token)
	if err != nil {
		return bioIDRefuse(http.StatusInternalServerError, err.Error())
	}
	bioIDKeep(c.txn, token)
	if token.BCID != "" {
		put(c.txn, bioIDNewestKind, token.BCID, token.ID)
	}
	c.entry.Ref = token.ID
	c.effect("token_issued")
	return textReply(http.StatusOK, signed)
}

// bioIDWanted reads the parameters of a token; the error is a message for the caller.
func bioIDWanted(q url.Values) (bioIDToken, error) {
	p := &bioIDParameters{q: q}
	token := bioIDToken{
		Task: strings.ToLower(q.Get("task")), MaxTries: p.number("maxtries", bioIDDefaultTries, 1, bioIDMaxTries),
		LiveDetection: p.flag("livedetection", true), AutoEnroll: p.flag("autoenroll", false),
	}
	setDefault(&token.Task, bioIDVerify)
	if !slices.Contains([]string{bioIDVerify, bioIDIdentify, bioIDEnroll, bioIDLiveness}, token.Task) {
		p.refuse("task")
	}
	var valid bool
	if token.BCID, valid = bioIDParse(q.Get("bcid")); !valid && (token.Task != bioIDLiveness || q.Get("bcid") != "") {
		p.refuse("bcid")
	}
	if token.Traits, valid = bioIDTraits(q.Get("traits")); !valid {
		p.refuse("traits")
	}
	movements := p.number("challenges", bioIDDefaultChallenges, bioIDMinChallenges, bioIDMaxChallenges)
	if p.flag("challenge", false) && token.LiveDetection {
		token.Challenge = bioIDChallenge(token.MaxTries, movements)
	}
	return token, p.err
}

// bioIDParameters reads query parameters and keeps the first refusal.
type bioIDParameters struct {
	q   url.Values
	err error
}

func (p *bioIDParameters) refuse(name string) {
	if p.err == nil {
		p.err = fmt.Errorf("the parameter %s is invalid", name)
	}
}

func (p *bioIDParameters) number(name string, absent, low, high int) int {
	text := p.q.Get(name)
	if text == "" {
		return absent
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		p.refuse(name)
	}
	return n
}

func (p *bioIDParameters) flag(name string, absent bool) bool {
	text := p.q.Get(name)
	if text == "" {
		return absent
	}
	on, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		p.refuse(name)
	}
	return on
}

// bioIDChallenge draws the head movements for each attempt.
func bioIDChallenge(attempts, movements int) [][]string {
	directions := []string{"up", "down", "left", "right"}
	challenge := make([][]string, attempts)
	for i := range challenge {
		for _, random := range randomBytes(movements) {
			challenge[i] = append(challenge[i], directions[int(random)%len(directions)])
		}
	}
	return challenge
}

// bioIDSign returns the compact token.
func bioIDSign(t *txn, token bioIDToken) (string, error) {
	app := t.srv.opts.Credentials.BioIDAppID
	claims := bioIDClaims{
		TokenID: token.ID, Client: app, App: app, BCID: bioIDSlashes(token.BCID), Task: token.taskBits(), Traits: token.Traits,
		Issuer: "BWS", Audience: "https://bws.bioid.com",
		IssuedAt: token.IssuedAt.Unix(), NotBefore: token.IssuedAt.Unix(), Expires: token.EndsAt.Unix(),
	}
	if token.Challenge != nil {
		raw, err := json.Marshal(token.Challenge)
		if err != nil {
			return "", fmt.Errorf("write the challenge: %w", err)
		}
		claims.Challenge = string(raw)
	}
	raw, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("write the claims: %w", err)
	}
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + part(raw)
	return signed + "." + part(bioIDMAC(t, signed)), nil
}

// bioIDMAC signs with the key of this data folder, which is made when it is first needed.
func bioIDMAC(t *txn, text string) []byte {
	key, found := get[[]byte](t, bioIDKeyKind, "token")
	if !found {
		key = randomBytes(sha256.Size)
		put(t, bioIDKeyKind, "token", key)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// bioIDReadToken returns what is stored of a compact token whose signature holds.
func bioIDReadToken(t *txn, compact string) (bioIDToken, bool) {
	end := strings.LastIndexByte(compact, '.')
	if end < 0 {
		return bioIDToken{}, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(compact[end+1:])
	if err != nil || !hmac.Equal(mac, bioIDMAC(t, compact[:end])) {
		return bioIDToken{}, false
	}
	_, middle, _ := strings.Cut(compact[:end], ".")
	raw, err := base64.RawURLEncoding.DecodeString(middle)
	var claims bioIDClaims
	if err != nil || json.Unmarshal(raw, &claims) != nil {
		return bioIDToken{}, false
	}
	return get[bioIDToken](t, bioIDTokenKind, claims.TokenID)
}
