export default {
  title: '工单', box: { todo: '待办', unit: '本单位', all: '全部', mine: '我经手的' }, search: '编号、标题、内容', state: '状态', late_only: '只看超期',
  col: { number: '编号', title: '诉求', state: '状态', unit: '承办单位', left: '时限', created: '受理时间', kind: '类型' },
  empty_todo: '待办已清空', empty_todo_text: '新的工单到来时会出现在这里。', empty: '没有符合条件的工单', empty_text: '换个条件试试，或清除筛选。', clear: '清除筛选', new_arrived: '有更新，点此刷新', late: '超期', provisional: '暂定', provisional_hint: '该年度放假安排尚未公布，按周规则暂定', sealed: '保密', count: '已显示 {n} 件', open: '打开',
  manual: {
    title: '手工录单', hint: '没有电话的来源：来信、来访、110 转来、留言板等。', channel: '渠道', source: '来源', source_hint: '如：市信访局转来函', outside_number: '外部编号', outside_due: '外部期限', submit: '受理', done: '已受理 {number}', open: '打开工单', another: '再录一件', contact: '联系人', number: '联系电话', code: '查询码 {code}',
  },
}
