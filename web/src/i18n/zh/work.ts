export default {
  title: '工单', box: { todo: '待办', unit: '本单位', all: '全部', mine: '我经手的' }, search: '编号、标题、内容', state: '状态', late_only: '只看超期',
  over_by: '超 {time}', left: '剩 {time}', working_days: '{n} 个工作日', left_today: '今天 · 剩 {time}', boxes: '我的盒子', waiting_in: '待办分类', due_today: '今日到期', due_tomorrow: '明日到期', narrow: '筛选', kind: '类型', urgency: '紧急程度', unit: '承办单位', category: '类别', place: '地点', flag: '标记', from: '受理从', to: '受理至', sort: '排序', sort_due: '最急在前', sort_newest: '最新受理', sort_oldest: '最早受理', saved: '常用筛选', keep: '存为常用', keep_name: '给这个筛选起个名字', kept: '已存为常用', drop: '删除', select: '选中这件', selected: '已选 {n} 件', select_shown: '选中已显示的 {n} 件', unselect: '取消选择', flags: { late: '超期', extended: '已延期', returned: '退过单', rework: '重办', urged: '已催办', correction: '补正', sealed: '保密', mass: '群体性诉求', suspended: '挂账', merged_children: '有并入工单', withdrawn: '撤单', self_reported_contact: '联系自填', rating_doubted: '评价存疑' }, oversight: '督办级别',
  bulk: { title: '批量处理', step: '做什么', none: '这些工单没有可以一起做的步骤', preview: '预览', preview_text: '{ok} 件可以办，{no} 件不能办', run: '对 {n} 件执行', running: '正在处理 {done} / {all}', done: '完成：{ok} 件成功，{no} 件没有成功', close: '关闭', back: '返回修改' },
  col: { number: '编号', title: '诉求', state: '状态', unit: '承办单位', left: '时限', created: '受理时间', kind: '类型' },
  empty_todo: '待办已清空', empty_todo_text: '新的工单到来时会出现在这里。', empty: '没有符合条件的工单', empty_text: '换个条件试试，或清除筛选。', clear: '清除筛选', new_arrived: '有更新，点此刷新', late: '超期', provisional: '暂定', provisional_hint: '该年度放假安排尚未公布，按周规则暂定', sealed: '保密', count: '已显示 {n} 件', open: '打开',
  manual: {
    title: '手工录单', hint: '没有电话的来源：来信、来访、110 转来、留言板等。', channel: '渠道', source: '来源', source_hint: '如：市信访局转来函', outside_number: '外部编号', outside_due: '外部期限', submit: '受理', done: '已受理 {number}', open: '打开工单', another: '再录一件', contact: '联系人', number: '联系电话', code: '查询码 {code}',
  },
}
