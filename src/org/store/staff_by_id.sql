select staff.id as "id: StaffId", staff.number, staff.name, staff.display_name, staff.skills,
    staff.disabled_at is not null as "disabled!", staff.demo, staff.version,
    unit.id as "unit_id?: UnitId", unit.path as "unit_path?", unit.name as "unit_name?",
    unit.level as "unit_level?", unit.kind as "unit_kind?",
    array(select role from staff_role where staff_id = staff.id order by role) as "roles!"
from staff
left join unit on unit.id = staff.unit_id
where staff.id = $1
