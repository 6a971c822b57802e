update ticket set version = $2, events = $3, chain = $4, state = $5, since = $6, cycle = $7, unit_id = $8,
    promise_at = $9, due_at = $10, provisional = $11, was_late = $12, returns = $13, corrections = $14,
    extensions = $15, extension_days = $16, urges = $17, misses = $18, last_miss = $19, dispatchers = $20,
    reviewers = $21, followers = $22, extension = $23, ending = $24, ended_at = $25
where id = $1
