// Package secrettest holds the whole module to the rule that a value which
// holds a secret can be printed, logged or marshalled by accident without
// telling it. It is tests only.
//
// An enroll.Secret hides itself wherever fmt, slog, zap and encoding/json ask
// it. They do not ask a field that is not exported: its bytes are printed as
// they are. So a type with a secret behind such a field has to print itself.
package secrettest
