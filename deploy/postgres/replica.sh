#!/bin/sh
# A streaming replica: clones the primary when it has no files yet, then follows it.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    rm -rf "$PGDATA" "$PGDATA.new"
    mkdir -p "$(dirname "$PGDATA")"
    PGPASSWORD="$POSTGRES_PASSWORD" pg_basebackup --host "$PRIMARY_HOST" --port "${PRIMARY_PORT:-5432}" \
        --username replicator --no-password --pgdata "$PGDATA.new" \
        --write-recovery-conf --wal-method stream --checkpoint fast
    mv "$PGDATA.new" "$PGDATA"
fi
exec "$@"
