// Package web is what the programs that answer over HTTP have in common: where
// they listen, with which certificate, for how long a request may last, and how
// they stop. What is answered is the program's own.
//
// Without a certificate a program listens on this machine alone, unless a
// setting says that something in front of it speaks https: nobody puts tokens on
// the wire in clear by accident.
package web
