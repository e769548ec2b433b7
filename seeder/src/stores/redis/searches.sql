-- The best matches of many queries ($1, in the shape of the API's parameters) at once, so that the words of an item, which are dear to find, are found once for all
-- queries it answers. A row per query, in their order: how many items match, counted no further than one beyond $2,
-- and the best $3 of them, best first, ties by id; none when more match than $2.
--
-- An item matches when it has the words and satisfies every filter given. Values are compared as search compares them,
-- without case, `age group` and `age_group` alike; a day is meant whole.
WITH asked AS MATERIALIZED (
    SELECT asked.*, plainto_tsquery('english', asked.q) AS words
    FROM ROWS FROM (jsonb_to_recordset($1) AS (
        q text, style text, location text, instructor text, level text, type text, rank text, age_group text,
        category text, date_from date, date_to date, verified boolean
    )) WITH ORDINALITY AS asked (
        q, style, location, instructor, level, type, rank, age_group, category, date_from, date_to, verified, n)
), found AS MATERIALIZED (
    SELECT asked.n, match.id, count(*) OVER (PARTITION BY asked.n) AS total
    FROM asked, LATERAL (
        SELECT c.id
        FROM content c LEFT JOIN instructors i ON i.id = c.instructor_id
        -- The index's own expression.
        WHERE to_tsvector('english', c.title || ' ' || c.body) @@ asked.words
          AND (asked.style IS NULL OR replace(lower(c.style), '_', ' ') = replace(lower(asked.style), '_', ' '))
          AND (asked.location IS NULL OR replace(lower(c.location), '_', ' ') = replace(lower(asked.location), '_', ' '))
          AND (asked.instructor IS NULL OR c.instructor_id::text = lower(asked.instructor)
               OR lower(i.first_name || ' ' || i.last_name) = lower(asked.instructor))
          AND (asked.level IS NULL OR replace(lower(c.level), '_', ' ') = replace(lower(asked.level), '_', ' '))
          AND (asked.type IS NULL OR c.type = asked.type)
          AND (asked.rank IS NULL OR replace(lower(c.rank), '_', ' ') = replace(lower(asked.rank), '_', ' '))
          AND (asked.age_group IS NULL OR replace(lower(c.age_group), '_', ' ') = replace(lower(asked.age_group), '_', ' '))
          AND (asked.category IS NULL OR replace(lower(c.category), '_', ' ') = replace(lower(asked.category), '_', ' '))
          AND (asked.date_from IS NULL OR c.published_at >= asked.date_from::timestamp AT TIME ZONE 'UTC')
          AND (asked.date_to IS NULL OR c.published_at < (asked.date_to + 1)::timestamp AT TIME ZONE 'UTC')
          AND (asked.verified IS NULL OR c.verified = asked.verified)
        LIMIT $2 + 1
    ) AS match
), vectors AS MATERIALIZED (
    SELECT c.id, to_tsvector('english', c.title || ' ' || c.body) AS vector
    FROM content c
    WHERE c.id IN (SELECT id FROM found WHERE total <= $2)
), scored AS MATERIALIZED (
    SELECT found.n, found.id, ts_rank(vectors.vector, asked.words) AS score
    FROM found JOIN vectors USING (id) JOIN asked USING (n)
    WHERE found.total <= $2
), placed AS (
    SELECT scored.*, row_number() OVER (PARTITION BY n ORDER BY score DESC, id) AS place FROM scored
), best AS (
    SELECT placed.n, json_agg(json_build_object(
               'id', c.id, 'type', c.type, 'title', c.title, 'snippet', c.snippet, 'url', c.url,
               -- How relevant it is in relation to the best is left to whoever reads this.
               'score', placed.score, 'relevance_score', 0, 'style', c.style, 'location', c.location,
               'level', c.level, 'published_at', c.published_at) ORDER BY placed.place) AS results
    FROM placed JOIN content c USING (id)
    WHERE placed.place <= $3
    GROUP BY placed.n
), totals AS (
    SELECT n, max(total) AS total FROM found GROUP BY n
)
SELECT coalesce(totals.total, 0), coalesce(best.results, '[]')
FROM asked LEFT JOIN totals USING (n) LEFT JOIN best USING (n)
ORDER BY n
