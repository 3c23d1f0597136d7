#!/bin/sh
# Run once by the postgres image, when the database files are made. The product is no superuser; CREATEDB is for
# the restore, which builds the database beside the one in use.
set -eu
psql --username postgres --dbname postgres --set ON_ERROR_STOP=1 --quiet <<'SQL'
\getenv password POSTGRES_PASSWORD
CREATE ROLE linlingtong LOGIN CREATEDB PASSWORD :'password';
CREATE ROLE replicator LOGIN REPLICATION PASSWORD :'password';
CREATE DATABASE linlingtong OWNER linlingtong TEMPLATE template0;
SQL
