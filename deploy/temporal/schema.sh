#!/bin/sh
# Creates Temporal's two databases and brings their schema up to date, and an
# empty one for the records, whose schema is the worker's. Running it again
# changes nothing. Where the database is and who we are comes from the
# SQL_ variables, which temporal-sql-tool reads by itself.
set -eu

schema=/etc/temporal/schema/postgresql/v12

prepare() {
  echo "database $1"
  temporal-sql-tool --db "$1" create
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema -d "$schema/$2/versioned"
}

prepare temporal temporal
prepare temporal_visibility visibility

echo "database bioenroll"
temporal-sql-tool --db bioenroll create
