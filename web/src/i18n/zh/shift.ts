export default {
  title: '交接班', take: '接班', give: '交班', note: '交班说明', items: '要接班人办的事，一行一件', urgent: '紧急工单', late: '超期工单', callbacks: '待回拨', drafts: '未完成的草稿', daily: '日报', kinds: '按类型', states: '按状态', units: '按单位',
  figure: { offered: '来电', answered: '接通', within_15s: '15 秒接通', accepted: '受理', ended: '办结', ended_late: '超期办结', open: '在办', late: '超期', due_tomorrow: '明日到期', asked: '回访', reached: '接通回访', contacted: '已联系', solved: '已解决', satisfied: '满意', urged: '催办', overseen: '督办' },
}
