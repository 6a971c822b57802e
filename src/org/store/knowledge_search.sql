select knowledge.id as "id: KnowledgeId", text.version, title, answer, issuer, keywords, valid_until
from knowledge
join knowledge_version text on text.knowledge_id = knowledge.id and text.version = knowledge.version
cross join lateral (
    select coalesce(sum(
        4 * (title ilike pattern)::int
        + 3 * (array_to_string(keywords, ' ') ilike pattern)::int
        + (answer ilike pattern)::int
    ), 0) as score
    from unnest($1::text[]) pattern
) match
where withdrawn_at is null and (cardinality($1::text[]) = 0 or score > 0)
order by (title ilike $2) desc, score desc, written_at desc, knowledge.id
limit $3
