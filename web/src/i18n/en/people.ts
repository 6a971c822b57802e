import type zh from '../zh/people'

export default {
  title: 'People', add: 'Add person', search: 'name, sign-in name, number', empty: 'Nobody found', empty_text: 'Try another name, or add a person.', col: { name: 'Name', login: 'Sign-in', number: 'Number', roles: 'Roles', unit: 'Unit', state: 'State' },
  active: 'active', disabled: 'disabled', edit: 'Edit', reset: 'Reset password', disable: 'Disable', enable: 'Enable', add_title: 'Add person', edit_title: 'Edit {name}', display_name: 'Name', login: 'Sign-in name', login_hint: 'lower-case letters and digits', roles: 'Roles', unit: 'Unit', no_unit: 'Hotline centre (no unit)', need_roles: 'Choose at least one role', need_name: 'Name and sign-in name are needed',
  password_title: 'One-time password', password_text: 'Hand it to {name} in person or by a safe way. It cannot be seen again once closed.', reset_confirm: 'Reset the password of {name}? The present one stops working at once and their sign-ins end.', added: 'Added', changed: 'Saved', skills: 'Skills (lines taken)', skills_hint: 'choose or type, e.g. heating, tax', i_noted: 'I have noted it',
} satisfies typeof zh
