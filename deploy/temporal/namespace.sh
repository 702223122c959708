#!/bin/sh
# Creates the namespace and the search attributes of the journeys, as far as
# they are missing. Running it again changes nothing. Address and namespace come
# from the TEMPORAL_ variables, which the command line reads by itself.
set -eu

# The port answers a little before the server does.
attempts=30
until temporal operator cluster health; do
  attempts=$((attempts - 1))
  if [ "$attempts" -eq 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS does not answer: see the log of the temporal service" >&2
    exit 1
  fi
  sleep 2
done

temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 168h

# A namespace takes a moment to be known everywhere.
attempts=30
until known=$(temporal operator search-attribute list --namespace "$TEMPORAL_NAMESPACE"); do
  attempts=$((attempts - 1))
  [ "$attempts" -gt 0 ] || exit 1
  sleep 1
done

attribute() {
  echo "search attribute $1 ($2)"
  echo "$known" | grep -qw "$1" ||
    temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$1" --type "$2"
}

attribute EnrollProvider Keyword
attribute EnrollJourney Keyword
attribute EnrollPhase Keyword
attribute EnrollOutcome Keyword
attribute EnrollSubject Keyword
attribute EnrollDeadline Datetime
attribute EnrollOperation KeywordList
