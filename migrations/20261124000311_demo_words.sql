-- What was said in the demonstration's calls goes with them.
create or replace function remove_demo_calls() returns void language plpgsql security definer
    set search_path = public, pg_temp as $$
begin
    delete from transcript_segment where call_id in (select id from call_record where demo);
    delete from call_draft where call_id in (select id from call_record where demo);
    delete from callback_task where demo;
    delete from call_record where demo;
end $$;
