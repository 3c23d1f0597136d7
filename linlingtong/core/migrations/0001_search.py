from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

# A text becomes words (runs without spaces and punctuation), a word its pairs of neighbours and its last character.
# Positions are kept, so that a query of three characters is the phrase of its two pairs. 16,000 is below the
# highest position that a tsvector can store.
FUNCTIONS = r"""
CREATE FUNCTION bigram_words(input text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
    SELECT regexp_split_to_array(
        trim(regexp_replace(lower(normalize(left(input, 16000), NFKC)),
            '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u303f]+', ' ', 'g')), ' ')
$$;
CREATE FUNCTION bigram_vector(input text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg('''' || token || ''':' || place, ' '), '')::tsvector
    FROM (
        SELECT substr(word, i, 2) AS token, row_number() OVER (ORDER BY nr, i) AS place
        FROM unnest(bigram_words(input)) WITH ORDINALITY AS words (word, nr), generate_series(1, length(word)) AS i
    ) AS tokens
    WHERE place < 16000
$$;
CREATE FUNCTION bigram_query(input text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(phrase, ' & '), '')::tsquery
    FROM (
        SELECT CASE WHEN length(word) = 1 THEN '''' || word || ''':*'
            ELSE (SELECT '(' || string_agg('''' || substr(word, i, 2) || '''', ' <-> ' ORDER BY i) || ')'
                  FROM generate_series(1, length(word) - 1) AS i)
            END AS phrase
        FROM unnest(bigram_words(left(input, 64))) AS word
        WHERE word <> ''
    ) AS phrases
$$;
"""

UNDO = """
DROP FUNCTION bigram_query(text);
DROP FUNCTION bigram_vector(text);
DROP FUNCTION bigram_words(text);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [BtreeGistExtension(), migrations.RunSQL(FUNCTIONS, UNDO)]
