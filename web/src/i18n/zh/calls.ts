export default {
  title: '通话', mine: '我的', everyone: '全部', search: '号码、热线、工单编号', from: '从', to: '到', empty: '没有通话记录', empty_text: '接听的来电会出现在这里。',
  col: { at: '时间', hotline: '热线', caller: '号码', agent: '话务员', wait: '等待', talk: '通话', outcome: '小结', ticket: '工单', ending: '结束' },
  recorded: '有录音', no_outcome: '未小结', not_answered: '未接通', player: '录音', play: '播放', pause: '暂停', speed: '倍速', listening: '播放会记录在案', recording_later: '通话还在进行，结束后可以播放', no_recording: '这通电话没有录音', transcript: '文字', no_transcript: '没有文字', click_line: '点任意一句，从那里播放', events: '经过', no_events: '没有记录', detail: '通话详情', open_ticket: '打开工单', rating: '评价', position: '播放位置', back10: '退 10 秒', forward10: '进 10 秒', failed: '录音没能加载', facts: '概况',
  event: { invite: '来电', call_out: '去电', offered: '派给话务员', agent_answered: '话务员接起', agent_refused: '话务员未接', agent_lost: '坐席话机断开', connected: '接通', citizen_answered: '对方接起', citizen_failed: '对方未接通', key: '按键', media_refused: '声音格式不符', nobody_at_work: '无人值班', withdrawn: '撤回派送', ended: '结束', listened: '播放录音', outcome: '来电小结', rated: '评价' },
}
