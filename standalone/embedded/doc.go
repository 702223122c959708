// Package embedded runs a whole Temporal server, with its web UI, inside the
// calling process. It is what lets a bare machine with Go and make run every
// journey durably: no container, no database server, no download.
//
// The four Temporal services (frontend, history, matching, worker) talk over
// loopback and keep their state in one SQLite file, so a process that is
// stopped, or killed, finds its namespace, its search attributes and its
// waiting workflows again when it starts on the same folder. Without a folder
// the state lives in memory, which is what tests want.
//
// Everything else in the product speaks to this server as it would to a real
// cluster, through the address that Server.FrontendAddress returns. It is meant
// for development, demonstrations and tests: one history shard, one process, no
// authentication, and listeners on loopback unless Options.Host says otherwise.
//
// The package lives in a module of its own because the server brings some two
// hundred modules with it that a program which merely talks to Temporal must
// never have to compile.
package embedded
