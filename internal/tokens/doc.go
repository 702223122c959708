// Package tokens keeps the files that say who may use a program: a line for
// each holder of a token, with name, hash of the token, and rights.
//
//	olga sha256:9f86…0a08 read,reveal # on call
//
// A token has 256 random bits, so its plain SHA-256 tells nothing of it and
// nothing slower is needed. It is shown once, to whoever makes it, and kept
// nowhere; what is stolen with the file opens nothing. Its first characters say
// what it is for, to people and to scanners that look for secrets where none
// should be.
//
// A file that others than its owner may write to is refused: they could let
// themselves in. Programs read it while they serve, so a line that is added or
// taken out holds at once.
package tokens
