package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/bioenroll/bioenroll/codecserver/server"
	"github.com/bioenroll/bioenroll/internal/config"
	"github.com/bioenroll/bioenroll/internal/program"
)

// operatorCommand adds an operator to the operators file, gives one a new token
// or other rights, or removes one.
func operatorCommand(call program.Call) error {
	flags := flag.NewFlagSet("operator", flag.ContinueOnError)
	reveal := flags.Bool("reveal", false, "")
	remove := flags.Bool("remove", false, "")
	name, err := program.Named(flags, call.Args)
	if err != nil {
		return err
	}
	if *reveal && *remove {
		return fmt.Errorf("operator: --reveal or --remove: %w", program.ErrUsage)
	}
	src := config.NewSource(call.Lookup)
	file := read(src).operators
	if err := src.Err(); err != nil && concerns(err, operators) {
		return err
	}
	if *remove {
		return removeOperator(file, name, call.Stdout)
	}
	return addOperator(file, name, *reveal, call.Stdout)
}

// concerns reports whether a problem is one of the variable: the others are no
// matter of this command.
func concerns(err error, name string) bool {
	wrong, ok := errors.AsType[*config.Error](err)
	return ok && slices.ContainsFunc(wrong.Problems, func(p config.Problem) bool { return p.Name == name })
}

func addOperator(file server.File, name string, reveal bool, stdout io.Writer) error {
	operator, token, err := server.NewOperator(name, reveal)
	if err != nil {
		return fmt.Errorf("%w: %w", err, program.ErrUsage)
	}
	replaced, err := file.Put(operator)
	if err != nil {
		return wrong(operators, err, "a file that this program may write")
	}
	did := "may read payloads now"
	if reveal {
		did = "may read payloads now, secrets and subjects included"
	}
	if replaced {
		did += "; the token from before is good for nothing any more"
	}
	_, err = fmt.Fprintf(stdout, "%s %s. The file is %s.\n\nTheir token, which is shown this once and kept nowhere:\n\n  %s\n", name, did, file, token.Reveal())
	if err != nil {
		return fmt.Errorf("print the token: %w", err)
	}
	return nil
}

func removeOperator(file server.File, name string, stdout io.Writer) error {
	found, err := file.Remove(name)
	if err != nil {
		return wrong(operators, err, "a file that this program may write")
	}
	if !found {
		return fmt.Errorf("%.80q is no operator in %s", name, file)
	}
	if _, err := fmt.Fprintf(stdout, "%s may not read payloads any more.\n", name); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}
