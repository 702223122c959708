package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/bioenroll/bioenroll/client"
	"github.com/bioenroll/bioenroll/enroll"
)

// renewedJourney is the answer of renew.
type renewedJourney struct {
	Key string `json:"idempotency_key"`
	enroll.RenewReply
}

func (p *program) renewCommand() *cobra.Command {
	var key string
	var options bulkOptions
	command := &cobra.Command{
		Use:   "renew ID | --all",
		Short: "Get a new hand-over for a journey that waits",
		Long: `Gets a new hand-over when the old one ran out or was used up: an iProov token lives two
minutes, a BioID token ten. The provider is asked first what became of the old one; had
the person finished, the journey ends and its outcome is printed instead.

The hand-over is printed in full, secrets included. Repeating the command with the same
--key prints the same. Exits with 4 when the journey has concluded or was renewed too often.

With --all it renews every live journey that the filter chooses, such as after an outage, and
tells each without its hand-over, which 'starter hand-over' prints. With --who and --why,
which --all needs, the audit trail tells who asked for it.

  starter renew iproov-0123456789abcdef
  starter renew --all --provider iproov --phase waiting --who olga --why "incident 7" --yes`,
		Args: idOrAll,
		RunE: func(cmd *cobra.Command, args []string) error {
			var d decoder
			d.key(cmd.Flags(), key)
			options.check(&d, cmd.Flags())
			if err := d.err(); err != nil {
				return err
			}
			if key == "" {
				key = p.newKey()
			}
			return p.with(cmd.Context(), func(ctx context.Context, j journeys) error {
				if options.all {
					return p.all(&options, "renewed", func(progress func(client.Step)) (int, error) {
						return j.RenewAll(ctx, options.filter, key, options.by, progress)
					})
				}
				return p.renew(ctx, j, args[0], key, options.by)
			})
		},
	}
	options.register(command.Flags())
	command.Flags().StringVar(&key, "key", "", "idempotency key, 1 to 256 bytes (a random one unless given)")
	return command
}

// renew renews one journey and prints its new hand-over.
func (p *program) renew(ctx context.Context, j journeys, id, key string, by client.By) error {
	renew := j.Renew
	if by != (client.By{}) {
		renew = func(ctx context.Context, id, runID, key string) (enroll.RenewReply, error) {
			return j.RenewBy(ctx, id, runID, key, by)
		}
	}
	reply, err := renew(ctx, id, "", key)
	if err != nil {
		return &startError{key: key, err: err}
	}
	if err := p.print(renewedJourney{Key: key, RenewReply: reply}, func(s *sheet) { describeRenewal(s, key, reply) }); err != nil {
		return err
	}
	if reply.Result != nil {
		return success(*reply.Result)
	}
	return nil
}

func describeRenewal(s *sheet, key string, reply enroll.RenewReply) {
	s.fact("key", key)
	switch {
	case reply.HandOver != nil:
		describeHandOver(s, reply.HandOver)
		s.number("renewals left", reply.Left)
	case reply.Result != nil:
		describeResult(s, *reply.Result)
	case reply.Refused != nil:
		s.fact("not renewed", string(reply.Refused.Reason))
		s.fact("provider code", reply.Refused.ProviderCode)
		s.text("The journey goes on waiting with the hand-over it has.")
	}
}
