export default {
  title: '设置', add: '添加', remove: '删除', withdrawn: '停用', version: '第 {n} 版',
  tab: { duty: '值班与通知', categories: '诉求类别', catalogue: '派单目录', forbidden: '基层禁派清单', places: '地名库', import: '批量导入' },
  duty: { hint: '交办、临期、超期短信发给谁；夜间先找值班人', unit: '选择单位', pick: '请先选择单位', none: '还没有登记人员，通知会发给单位账号', part: '岗位', clerk: '经办人', duty: '值班人', leader: '分管领导', name: '姓名', mobile: '手机', email: '邮箱', always: '长期', until: '或值班时段', add: '添加人员' },
  categories: { search: '名称或编码', new: '新类别', edit: '修改类别', code: '编码', name: '名称', parent: '上级', unit: '常用承办单位', candidates: '候选单位', kind: '默认类型', sensitive: '敏感', form: '受理时要问的', question: '要问的话', question_name: '字段名', add_question: '加一问' },
  catalogue: { search: '类别或单位', from: '从哪天起执行', note: '为什么改（文件号等）', save: '存为新版本', written: '已存为第 {n} 版', anywhere: '全市', units: '承办单位，第一个为常用', more: '还有 {n} 条，请搜索' },
  forbidden: { hint: '这些类别（含下级类别）不得派给街道和乡镇', rule: '依据哪条规定' },
  import: { hint: 'CSV（UTF-8）或 XLSX，首行为列名。先试导，有一行不对就一行也不写入。', what: '导入什么', list: { units: '单位', people: '人员', places: '地名', knowledge: '知识', categories: '类别', catalogue: '派单目录' }, choose: '选择文件', dry: '试导', run: '正式导入 {n} 行', ok: '共 {rows} 行：将新增 {created}，更新 {updated}', done: '已导入：新增 {created}，更新 {updated}', wrong: '{n} 处有误，未写入任何数据', row: '行', column: '列', message: '问题' },
  export: { title: '导出', xlsx: '导出 Excel', csv: '导出 CSV', working: '正在导出 {done} / {total}', ready: '已导出', failed: '导出没有成功：{why}' },
  places: { search: '地名', none: '输入地名查找', new: '新地名', edit: '修改地名', name: '标准名', aliases: '别名、俗称', aliases_hint: '用顿号或空格隔开', kind: '类型', parent: '上级地名' },
}
