-- Calls: what is known of each, its history, its recording, its outcome, the draft of its ticket,
-- and whom to call back. A telephone number never stands here: only the person it belongs to.

-- A call (话单). Written when it begins and again as it goes on; rev grows, an older one changes nothing.
create table call_record (
    id uuid primary key,
    rev bigint not null,
    direction text not null check (direction in ('in', 'out')),
    hotline text not null,
    hotline_name text not null,
    dialled text not null,
    trunk text,
    person_id uuid references person,
    withheld boolean not null default false,
    agent_id uuid references staff,
    invite_at timestamptz not null,
    queued_at timestamptz,
    -- the agent's voice reaches the caller
    answered_at timestamptz check (answered_at >= invite_at),
    talk_ended_at timestamptz,
    ended_at timestamptz check (ended_at >= invite_at),
    ending text check (ending in ('caller_hung_up', 'agent_hung_up', 'abandoned', 'nobody_at_work', 'cut_off',
        'media_refused', 'media_failed', 'agent_no_answer', 'no_answer', 'busy', 'unreachable', 'stopped')),
    rating smallint check (rating between 1 and 5),
    quality jsonb,
    callback_id uuid,
    demo boolean not null default false,
    check ((ending is null) = (ended_at is null))
);
create index call_record_newest on call_record (invite_at desc, id desc);
create index call_record_agent on call_record (agent_id, invite_at desc);
create index call_record_person on call_record (person_id, invite_at desc) where person_id is not null;
grant select, insert, update on call_record to lianxin_app;

-- The history of a call: added to, never changed.
create table call_event (
    call_id uuid not null references call_record on delete cascade,
    seq int not null,
    at timestamptz not null,
    what text not null,
    detail text not null default '',
    primary key (call_id, seq)
);
grant select, insert on call_event to lianxin_app;

-- A finished recording (录音): two tracks, left the citizen, right the agent.
create table recording (
    call_id uuid primary key references call_record on delete cascade,
    path text not null,
    sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    millis bigint not null check (millis >= 0),
    at timestamptz not null
);
grant select, insert on recording to lianxin_app;

-- What an answered call came to (来电小结): exactly one each (一通一结).
create table call_outcome (
    call_id uuid primary key references call_record on delete cascade,
    agent_id uuid not null references staff,
    kind text not null check (kind in ('ticket', 'addition', 'progress_told', 'direct_answer', 'transferred',
        'guided_out', 'silent', 'wrong_number', 'nuisance', 'cut_off')),
    ticket_id uuid,
    knowledge_id uuid,
    note text not null default '',
    at timestamptz not null,
    check (kind not in ('ticket', 'addition') or ticket_id is not null)
);
create index call_outcome_ticket on call_outcome (ticket_id) where ticket_id is not null;
grant select, insert on call_outcome to lianxin_app;

-- What the agent has typed so far: saved at each change, so that a refresh loses nothing.
create table call_draft (
    call_id uuid primary key,
    agent_id uuid not null references staff,
    draft jsonb not null,
    at timestamptz not null
);
grant select, insert, update, delete on call_draft to lianxin_app;

-- Somebody to call back (回拨任务): one open task a person, however often they tried.
create table callback_task (
    id uuid primary key,
    person_id uuid not null references person,
    call_id uuid not null references call_record on delete cascade,
    hotline text not null,
    hotline_name text not null,
    missed_at timestamptz not null,
    due_at timestamptz not null,
    tries int not null default 1,
    done_at timestamptz,
    done_why text check (done_why in ('answered', 'called_again', 'two_attempts')),
    demo boolean not null default false,
    check ((done_at is null) = (done_why is null))
);
create unique index callback_task_open on callback_task (person_id) where done_at is null;
create index callback_task_due on callback_task (due_at) where done_at is null;
grant select, insert, update on callback_task to lianxin_app;

create table callback_attempt (
    task_id uuid not null references callback_task on delete cascade,
    call_id uuid not null,
    at timestamptz not null,
    agent_id uuid not null references staff,
    result text not null check (result in ('answered', 'no_answer', 'busy', 'failed')),
    primary key (task_id, call_id)
);
grant select, insert on callback_attempt to lianxin_app;

-- Takes the demonstration's calls out. What still points at a row of it stops the removal.
create function remove_demo_calls() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    delete from call_draft where call_id in (select id from call_record where demo);
    delete from callback_task where demo;
    delete from call_record where demo;
end $$;
revoke all on function remove_demo_calls() from public;
grant execute on function remove_demo_calls() to lianxin_app;
