export default {
  title: '人员', add: '添加人员', search: '姓名、登录名、工号', empty: '没有找到人员', empty_text: '换个名字试试，或添加人员。', col: { name: '姓名', login: '登录名', number: '工号', roles: '角色', unit: '单位', state: '状态' },
  active: '在用', disabled: '已停用', edit: '修改', reset: '重置密码', disable: '停用', enable: '启用', add_title: '添加人员', edit_title: '修改 {name}', display_name: '姓名', login: '登录名', login_hint: '小写字母和数字，登录时使用', roles: '角色', unit: '单位', no_unit: '热线中心（无单位）', need_roles: '至少选一个角色', need_name: '请填写姓名和登录名',
  password_title: '一次性密码', password_text: '请当面或通过安全方式交给 {name}。关闭后无法再次查看。', reset_confirm: '重置 {name} 的密码？现有密码立即失效，其登录会被退出。', added: '已添加', changed: '已修改', skills: '技能（会接的专线）', skills_hint: '选择或输入，如：供热、税务', i_noted: '我已记下',
}
