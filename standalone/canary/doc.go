// Package canary searches whatever a program wrote for values that must not be
// there: secrets, names of people, bytes of pictures.
//
// A leak seldom has the form of the thing that leaked. A log line quotes and
// escapes it, a JSON history carries it in base64, a debug print shows a byte
// slice in decimals, and a message is cut off in the middle. So a needle is
// looked for in every form that such programs write, and piece by piece: any
// run of a dozen bytes of it is a find.
//
// What is encrypted or compressed hides everything in it, so a search proves
// nothing about content that cannot be read at all. Whoever searches also
// plants something that must be found.
package canary
