package proxy

import (
	"math/rand/v2"
	"time"
)

// fate is what happens to a connection.
type fate struct {
	name string
	// request and answer are how many bytes pass each way before it strikes;
	// negative means all of them.
	request, answer int64
	// silent connections stay open and say nothing more.
	silent bool
	// halfClose ends the answer as if it were whole.
	halfClose bool
	// delay holds each piece of the answer back.
	delay time.Duration
}

func harmless() fate { return fate{request: -1, answer: -1} }

// Fates lists the names of all damages.
func Fates() []string {
	var names []string
	for _, f := range fates() {
		names = append(names, f.name)
	}
	return names
}

func fates() []fate {
	return []fate{
		{name: "cut before the request", request: 0, answer: -1},
		{name: "cut within the request", request: 1, answer: -1},
		{name: "cut before the answer", request: -1, answer: 0},
		{name: "cut within the answer", request: -1, answer: 1},
		{name: "half closed within the answer", request: -1, answer: 1, halfClose: true},
		{name: "black hole before the request", request: 0, answer: -1, silent: true},
		{name: "black hole before the answer", request: -1, answer: 0, silent: true},
		{name: "delayed", request: -1, answer: -1, delay: time.Millisecond},
	}
}

// draw chooses a fate and how far a connection gets.
func draw(chance *rand.Rand) fate {
	all := fates()
	f := all[chance.IntN(len(all))]
	const within, slowest = 150, 2000
	if f.request == 1 {
		f.request += chance.Int64N(within)
	}
	if f.answer == 1 {
		f.answer += chance.Int64N(within)
	}
	f.delay *= time.Duration(200 + chance.IntN(slowest))
	return f
}
