// Package config reads settings from the environment, and says everything
// that is wrong with them at once.
//
// A program makes one Source, asks it for every setting it needs, and calls
// Err last. A missing or malformed setting does not stop the reading: the
// method returns the default, remembers the problem, and Err returns one
// *Error that names each variable, what was given and what is allowed. So an
// operator mends a configuration in one go:
//
//	src := config.NewSource(os.LookupEnv)
//	base := src.BaseURL("BIOID_BASE_URL", "", "address of BioID's BWS, ending in /extension")
//	secret := src.Secret("BIOID_APP_SECRET", "secret of the BWS client")
//	if err := src.Err(); err != nil {
//		return err
//	}
//
// Each question also records the variable with its help and default. Known
// lists them, which is what --help prints and what tests hold documents and
// docker-compose.yml to: the list cannot drift from what is really read.
//
// An empty variable counts as not set, because that is what compose files
// make of an absent one. Secrets are never repeated in a message.
package config
