export default {
  role: { agent: '话务员', supervisor: '班长', dispatcher: '派单员', reviewer: '审单员', follow_up: '回访员', hub: '区县热线中心', clerk: '单位承办人', leader: '单位审核领导', administrator: '管理员' },
  level: { city: '市级', county: '县（市、区）级', township: '乡镇（街道）级' },
  kind: { inquiry: '咨询', help: '求助', complaint: '投诉', report: '举报', suggestion: '建议', praise: '表扬' },
  urgency: { normal: '普通', utility: '水电气热', emergency: '紧急' },
  urgency_hint: { normal: '按类型时限', utility: '24 小时', emergency: '2 小时' },
  channel: { phone: '电话', manual: '手工录单', web: '网页', message_board: '领导留言板', 110: '110 转来' },
  presence: { signed_out: '签出', ready: '示闲', not_ready: '示忙', ringing: '振铃', talking: '通话中', wrap_up: '话后整理' },
  outcome: {
    ticket: '已建工单', addition: '追加到工单', progress_told: '告知进度', direct_answer: '直接答复', transferred: '已转接', guided_out: '告知法定途径',
    silent: '无声', wrong_number: '打错', nuisance: '骚扰', cut_off: '中途断线',
  },
  ticket_state: {
    accepted: '待派单', dispatched: '待签收', handling: '办理中', return_asked: '退单待审', in_review: '待审单', correction: '补正中', in_follow_up: '待回访', disputed: '不满意待判', closed: '已办结', not_accepted: '不予受理', cancelled: '已撤单',
  },
  leg_state: { dispatched: '待签收', handling: '办理中', return_asked: '退单待审', replied: '已答复', correction: '补正中', returned: '已退单', done: '已完成', recalled: '已收回' },
  leg_role: { lead: '主办', assisting: '协办' },
  flag: { extended: '已延期', returned: '退过单', rework: '重办', urged: '已催办', correction: '补正' },
  solved: { solved: '已解决', partly: '部分解决', unsolved: '未解决' },
  satisfaction: { very_satisfied: '非常满意', satisfied: '满意', fairly: '基本满意', dissatisfied: '不满意', very_dissatisfied: '非常不满意', declined: '不评价', unrated: '未评价' },
  call_rating: { 1: '满意', 2: '基本满意', 3: '不满意' },
  notice_state: { queued: '等待发送', sent: '已发送', sent_in_demo: '演示中已发送', failed: '发送失败' },
  notice_kind: { sms: '短信', email: '邮件' },
  ending: {
    caller_hung_up: '来电人挂断', agent_hung_up: '话务员挂断', abandoned: '等待中放弃', nobody_at_work: '无人值班', cut_off: '中途断线', media_refused: '声音格式不符', media_failed: '声音中断', agent_no_answer: '坐席话机未接', no_answer: '对方未接', busy: '对方忙', unreachable: '无法接通', stopped: '系统停止',
  },
  attempt: { answered: '已接通', no_answer: '未接', busy: '忙', failed: '未拨出' },
  direction: { in: '来电', out: '去电' },
  history: {
    accept: '受理', dispatch: '交办', not_accept: '告知法定途径', sign: '签收', auto_sign: '系统签收', return: '申请退单', decide_return: '退单审核', reply: '答复', review: '审单', correction: '审单退回', ask_extension: '申请延期', decide_extension: '延期审核', follow_up: '回访', urge: '催办', rework: '重办', close: '办结', cancel: '撤单', addition: '来电人追加', reveal: '查看联系方式', warn: '临期提醒', late: '超期',
  },
  decided: { yes: '同意', no: '不同意', passed: '通过', days: '{n} 个工作日', lead: '主办：{name}', assisting: '协办：{names}', contacted: '联系过诉求人', not_contacted: '未联系诉求人', not_reached: '未接通', not_true: '反馈不属实', answered: '直接答复' },
  timer: { dispatch: '派单', sign: '签收', handling: '办理', review: '审单', follow_up: '回访', whole: '全程', decide_return: '退单审核', decide_extension: '延期审核' },
}
