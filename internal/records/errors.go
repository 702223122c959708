package records

import "errors"

// Errors of the store; test for them with errors.Is.
var (
	// ErrNotFound: there is no such record.
	ErrNotFound = errors.New("no such record")
	// ErrOtherRequest: the record belongs to another request: an idempotency
	// key was used for two of them.
	ErrOtherRequest = errors.New("the idempotency key was used for another request; use a new key for a new request")
	// ErrNotClaimed: the call that was to be settled is not claimed, or not by
	// the caller.
	ErrNotClaimed = errors.New("the call is not claimed by this caller")
	// ErrNotUnknown: the journey's outcome is definite, or there is none yet, so
	// there is nothing to resolve.
	ErrNotUnknown = errors.New("only an unknown outcome can be resolved")
	// ErrResolved: the unknown outcome was resolved differently before.
	ErrResolved = errors.New("the outcome is resolved already")
	// ErrErasing: the subject is being erased, so no journey may begin.
	ErrErasing = errors.New("the subject is being erased; start again when the erasure has concluded")
	// ErrNoReceiver: there is no receiver of this name.
	ErrNoReceiver = errors.New("no such receiver; list the receivers, or add it")
	// ErrReceiverExists: there is a receiver of this name already.
	ErrReceiverExists = errors.New("there is a receiver of this name; remove it first, or use another name")
	// ErrTooManyReceivers: every outcome is delivered to each, so there is a bound.
	ErrTooManyReceivers = errors.New("there are as many receivers as there may be; remove one first")
	// ErrTooManySecrets: older secrets of the receiver are still valid.
	ErrTooManySecrets = errors.New("the receiver has as many valid secrets as it may have; wait until one ends, or end them at once")
	// ErrNoEvent: there is no outcome event of this ID.
	ErrNoEvent = errors.New("no such outcome event; it goes with its record when that is deleted")
	// ErrNotHeld: the lease of the delivery ran out, and somebody else has claimed
	// it, or it is settled.
	ErrNotHeld = errors.New("the delivery is not held by this claim any more")
	// ErrOtherKey: the store was written with another key file than ours.
	ErrOtherKey = errors.New("the records belong to another key file; give every program of the installation the same one")
	// ErrDamaged: something encrypted was changed, cut or moved.
	ErrDamaged = errors.New("the record is damaged; restore it from a backup of the records")
)
