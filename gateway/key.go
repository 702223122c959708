package main

import (
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/bioenroll/bioenroll/gateway/access"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
)

// keyCommand makes an API key in the file of keys, gives a name a new one, or
// takes one away.
func keyCommand(call program.Call) error {
	flags := flag.NewFlagSet("key", flag.ContinueOnError)
	role := flags.String("role", "", "")
	remove := flags.Bool("remove", false, "")
	name, err := program.Named(flags, call.Args)
	if err != nil {
		return err
	}
	if (*role == "") == !*remove {
		return fmt.Errorf("key: --role or --remove: %w", program.ErrUsage)
	}
	file := access.Read(config.NewSource(call.Lookup)).Keys
	if *remove {
		return removeKey(file, name, call.Stdout)
	}
	if !slices.Contains(access.Roles(), access.Role(*role)) {
		return fmt.Errorf("key: --role is one of %q: %w", access.Roles(), program.ErrUsage)
	}
	return makeKey(file, name, access.Role(*role), call.Stdout)
}

func makeKey(file access.KeyFile, name string, role access.Role, stdout io.Writer) error {
	key, replaced, err := file.Put(name, role)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	did := fmt.Sprintf("%s may ask as %s now", name, role)
	if replaced {
		did += "; the key from before is good for nothing any more"
	}
	_, err = fmt.Fprintf(stdout, "%s. The file is %s.\n\nThe key, which is shown this once and kept nowhere:\n\n  %s\n", did, file, key.Reveal())
	if err != nil {
		return fmt.Errorf("print the key: %w", err)
	}
	return nil
}

func removeKey(file access.KeyFile, name string, stdout io.Writer) error {
	found, err := file.Remove(name)
	if err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if !found {
		return fmt.Errorf("there is no key of the name %.80q in %s", name, file)
	}
	if _, err := fmt.Fprintf(stdout, "%s may not ask any more.\n", name); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
