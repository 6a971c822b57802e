-- Chinese is found by its pairs of characters: nobody types spaces between words. A pair is one
-- number, so that an index of them is small and compares fast.

-- The pairs of neighbouring characters of a text, each once; letters in lower case, without spaces.
create function grams(text) returns bigint[] language sql immutable strict parallel safe
    set search_path = pg_catalog as $$
    select coalesce(array_agg(distinct (ascii(letters[i])::bigint << 21) | ascii(letters[i + 1])), '{}')
    from (select string_to_array(regexp_replace(lower($1), '\s+', '', 'g'), null) as letters) t,
        generate_series(1, cardinality(letters) - 1) i
$$;

-- What a place is found by.
create function place_words(path text, aliases text[]) returns text language sql immutable parallel safe
    set search_path = pg_catalog as $$ select path || ' ' || array_to_string(aliases, ' ') $$;
create index place_grams on place using gin (grams(place_words(path, aliases)));
