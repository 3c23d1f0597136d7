from django.db import migrations

# A body that is parsed now is bound to the function it calls. The quoted ones of 0001 looked it up by name when they
# ran, and pg_restore runs them without a search_path: no backup could be restored.
BOUND = r"""
CREATE OR REPLACE FUNCTION bigram_vector(input text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT coalesce(string_agg('''' || token || ''':' || place, ' '), '')::tsvector
    FROM (
        SELECT substr(word, i, 2) AS token, row_number() OVER (ORDER BY nr, i) AS place
        FROM unnest(bigram_words(input)) WITH ORDINALITY AS words (word, nr), generate_series(1, length(word)) AS i
    ) AS tokens
    WHERE place < 16000;
END;
CREATE OR REPLACE FUNCTION bigram_query(input text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT coalesce(string_agg(phrase, ' & '), '')::tsquery
    FROM (
        SELECT CASE WHEN length(word) = 1 THEN '''' || word || ''':*'
            ELSE (SELECT '(' || string_agg('''' || substr(word, i, 2) || '''', ' <-> ' ORDER BY i) || ')'
                  FROM generate_series(1, length(word) - 1) AS i)
            END AS phrase
        FROM unnest(bigram_words(left(input, 64))) AS word
        WHERE word <> ''
    ) AS phrases;
END;
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_search")]
    operations = [migrations.RunSQL(BOUND, migrations.RunSQL.noop)]
