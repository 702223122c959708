package simulator

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// randomBytes returns n bytes nobody can guess.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails, by its documentation
	return b
}

// fingerprint names a secret without telling it; it is the key under which a token is stored and what the ledger shows.
func fingerprint(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:12])
}

// same compares secrets in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// basicAuth reports whether the request carries the user and password.
func basicAuth(r *http.Request, user, password string) bool {
	u, p, found := r.BasicAuth()
	return found && same(u, user) && same(p, password)
}

// bearer returns the token of an Authorization header with one of the schemes, compared without regard to case.
func bearer(r *http.Request, schemes ...string) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	for _, allowed := range schemes {
		if strings.EqualFold(scheme, allowed) {
			return strings.TrimSpace(token)
		}
	}
	return ""
}

// opaqueJWT returns a token that looks like a JWT with an end, for clients that read it; only its fingerprint is checked.
func opaqueJWT(subject string, now, ends time.Time) string {
	claims, err := json.Marshal(map[string]any{"sub": subject, "iat": now.Unix(), "exp": ends.Unix()})
	if err != nil {
		return ""
	}
	part := base64.RawURLEncoding.EncodeToString
	return part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims) + "." + part(randomBytes(32))
}
