-- Webhooks: what happens to tickets, told to other systems. A delivery is written by the transaction
-- that writes the event, whoever writes it; a job sends it.
-- The secret that signs lies sealed among the objects, under the webhook's id.
create table webhook (
    id uuid primary key,
    name text not null check (name <> ''),
    url text not null,
    -- actions that are told; none: all
    events text[] not null default '{}',
    enabled boolean not null,
    version bigint not null,
    created_at timestamptz not null,
    created_by text not null,
    removed boolean not null default false
);
grant select, insert, update on webhook to lianxin_app;

create table webhook_delivery (
    id bigint generated always as identity primary key,
    webhook_id uuid not null references webhook,
    ticket_id uuid not null references ticket on delete cascade,
    seq int not null,
    -- sent again by hand: the number of the repetition
    replay int not null default 0,
    at timestamptz not null,
    body jsonb not null,
    state text not null default 'queued' check (state in ('queued', 'delivered', 'given_up')),
    attempts int not null default 0,
    status int,
    why text,
    ended_at timestamptz,
    unique (webhook_id, ticket_id, seq, replay)
);
create index webhook_delivery_newest on webhook_delivery (webhook_id, id desc);
create index webhook_delivery_ticket on webhook_delivery (ticket_id);
create index webhook_delivery_given_up on webhook_delivery (webhook_id) where state = 'given_up';
grant select, insert, update on webhook_delivery to lianxin_app;

-- What another system is told of an event: which ticket, what was done, where it stands. Never what
-- the citizen said, nor who they are, nor the words of a reply.
create function webhook_body(event ticket_history) returns jsonb language sql stable
    set search_path = public, pg_temp as $$
    select jsonb_build_object(
        'id', event.ticket_id || '/' || event.seq, 'type', 'ticket.' || event.action, 'at', event.at,
        'ticket', jsonb_build_object('id', t.id, 'number', t.number, 'kind', t.kind,
            'urgency', t.urgency, 'state', event.to_state, 'version', event.version, 'sealed', t.sealed),
        'unit', case when t.sealed then null else event.unit_name end)
    from ticket t where t.id = event.ticket_id
$$;

create function tell_webhooks() returns trigger language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    if not exists (select from webhook where enabled and not removed) then
        return null;
    end if;
    with told as (
        insert into webhook_delivery (webhook_id, ticket_id, seq, at, body)
        select webhook.id, new.ticket_id, new.seq, new.at, webhook_body(new)
        from webhook
        where enabled and not removed and (events = '{}' or new.action = any(events))
        returning id, webhook_id, ticket_id, at
    )
    insert into job (kind, order_key, once_key, payload, created_at, run_at)
    select 'webhook', 'webhook:' || webhook_id || ':' || ticket_id, 'webhook:' || id,
        jsonb_build_object('delivery', id), at, at
    from told;
    return null;
end $$;
revoke all on function tell_webhooks() from public;
create trigger ticket_history_webhooks after insert on ticket_history
    for each row execute function tell_webhooks();
