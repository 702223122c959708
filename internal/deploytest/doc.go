// Package deploytest holds no code. Its tests hold the files around the code to
// the code: docker-compose.yml, the Dockerfile and the scripts that compose
// mounts to the settings, ports and names that the programs really use; the
// Makefile's verbs, the catalogue of journeys and every link in the documents
// to what exists.
//
// It is a package of its own, and not part of one it checks, because each of
// its questions is about several of them at once.
package deploytest
