export default {
  title: '现场', connect_rate: '接通率', target: '目标 {n} %', service_level: '15 秒内接通', waiting: '正在等待', longest: '最久 {time}', nobody_waits: '无人等待', offered: '今日来电', answered: '接通 {n}', abandoned: '放弃 {n}', asa: '平均等待', asa_target: '目标 15 秒内', agents: '坐席 {n} 人', agent_grid: '坐席', no_agents: '没有坐席签入', waiting_list: '等待中的来电', tickets: '工单', open: '在办', late: '超期', due_today: '今日到期', in_review: '待审单', in_follow_up: '待回访', on_call: '{name}', updated: '更新于 {time}', full: '全屏', good: '达标', below: '未达标', no_calls_yet: '今天还没有来电',
}
