export default {
  title: '督办', ladder: '督办阶梯', ledgers: '三本台账', yellow: '临期（黄）', red: '超期（红）', order: '督办单', meeting: '市级会办',
  dragged: '久拖不决', dragged_hint: '超期最久的在前', passed: '推诿扯皮', passed_hint: '退过单、仍未办结', weak: '办理不力', weak_hint: '重办或审单退回、仍未办结', none: '没有', all: '全部', oversee: '督办', by_unit: '按单位', unit: '单位', count: '{n} 件', more: '更多',
}
