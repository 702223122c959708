package webhook

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bioenroll/bioenroll/enroll"
	"github.com/bioenroll/bioenroll/internal/config"
)

// Prefix begins the names of the settings; the provider's name in capitals
// follows.
const Prefix = "BIOENROLL_GATEWAY_WEBHOOK_"

// secretForm is a secret that stands in an address as it is.
var secretForm = regexp.MustCompile(`^[A-Za-z0-9._~-]{32,128}$`)

// Settings are the webhooks that are open.
type Settings struct {
	// Hooks has the providers that may call.
	Hooks map[enroll.Provider]Hook
}

// Hook is how one provider calls.
type Hook struct {
	// Secrets end the address; each of them is good. There are two while one
	// replaces the other.
	Secrets []enroll.Secret
	// Login and Password are asked for beside the secret, unless they are empty.
	Login    string
	Password enroll.Secret
	// Field names operations in the body, in any case.
	Field string
}

// provider is one that has webhooks, and the field in which it names operations.
type provider struct {
	name  enroll.Provider
	field string
}

// providers lists those that have webhooks.
func providers() []provider { return []provider{{enroll.AuthID, "OperationId"}} }

// Read returns the settings of the environment. Problems are recorded in the
// source.
func Read(src *config.Source) Settings {
	s := Settings{Hooks: map[enroll.Provider]Hook{}}
	for _, p := range providers() {
		if hook := readHook(src, p); len(hook.Secrets) > 0 {
			s.Hooks[p.name] = hook
		}
	}
	return s
}

func readHook(src *config.Source, p provider) Hook {
	prefix := Prefix + strings.ToUpper(string(p.name)) + "_"
	secret, before, login, password := prefix+"SECRET", prefix+"SECRET_BEFORE", prefix+"LOGIN", prefix+"PASSWORD"
	hook := Hook{
		Secrets: append(readSecret(src, secret, fmt.Sprintf("end of the address /webhooks/%s/SECRET that %s calls; nobody may call without it", p.name, p.name)),
			readSecret(src, before, "the secret before that one, as long as it is to be good, too")...),
		Login:    src.String(login, "", "user name with which "+string(p.name)+" has to sign in, too, by HTTP Basic; none unless given"),
		Password: src.OptionalSecret(password, "password to that user name"),
		Field:    src.String(prefix+"FIELD", p.field, "field of the body that names an operation, at any depth and in any case"),
	}
	if (hook.Login == "") != (hook.Password == "") {
		src.Refuse(login, "one of user name and password", "both, or none")
	}
	if alone := hook.Login != "" || src.Given(before); alone && !src.Given(secret) {
		src.Refuse(secret, "nothing", "a secret, because other settings of this webhook are given")
	}
	return hook
}

// readSecret returns the secret, if there is one.
func readSecret(src *config.Source, name, help string) []enroll.Secret {
	given := src.OptionalSecret(name, help)
	if given == "" {
		return nil
	}
	if !secretForm.MatchString(given.Reveal()) {
		src.Refuse(name, fmt.Sprintf("a secret of %d characters", len(given)), "32 to 128 letters, digits and . _ ~ -, such as 'openssl rand -hex 32' writes")
	}
	return []enroll.Secret{given}
}
