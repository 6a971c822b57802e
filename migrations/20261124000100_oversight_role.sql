-- The oversight officer (督办员).
alter table staff_role drop constraint staff_role_role_check;
alter table staff_role add constraint staff_role_role_check check (role in ('agent', 'supervisor', 'dispatcher',
    'reviewer', 'follow_up', 'oversight', 'hub', 'clerk', 'leader', 'administrator'));
