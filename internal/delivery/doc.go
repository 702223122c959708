// Package delivery brings outcome events to their receivers: the addresses of
// backends that want to be told how a journey ended.
//
// What is to be delivered to whom is a row in the records, written in the
// transaction that wrote the outcome. A Dispatcher claims rows that are due,
// sends them, and writes down what came of it. It keeps nothing that it could
// lose: a claim is a lease, so what a worker had in hand when it died is sent
// by another one, with the same event ID. An event therefore arrives at least
// once, and a receiver recognises the second time by that ID.
//
// Nobody pays for a bad receiver but that receiver. Each has a few requests in
// flight of its own. One that fails again and again is left alone for a while
// as a whole, and then asked with a single request, so that a receiver that
// returns is not run over by what has piled up, and what has piled up does not
// use up its attempts on a receiver that is not there.
//
// A receiver's address is somebody's input, and a request from inside the
// installation is worth something to an attacker. So the address is checked
// where it cannot be exchanged any more, at the moment of connecting: neither a
// name that resolves to an internal address nor a redirect leads inside.
//
// Events are signed as Standard Webhooks says (https://www.standardwebhooks.com):
// whoever receives them can verify them with a library for his language.
package delivery
