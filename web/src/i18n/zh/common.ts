export default {
  brand: { name: '连心', city: '四平市 12345', full: '四平市 12345 政务服务便民热线', promise: '一个号码，一件一件办到底' },
  nav: { desk: '坐席台', work: '工单', new_ticket: '手工录单', calls: '通话', floor: '现场', shift: '交接', board: '督办', settings: '设置', people: '人员', menu: '菜单', skip: '跳到正文' },
  common: {
    ok: '确定', cancel: '取消', close: '关闭', save: '保存', saved: '已保存', retry: '重试', reload: '重新加载', more: '加载更多', loading: '正在加载…', search: '搜索', all: '全部',
    none: '无', unknown: '未知', yes: '是', no: '否', copy: '复制', copied: '已复制', optional: '选填', required: '必填', back: '返回', demo: '演示', reason: '原因', note: '说明',
    seconds: '{n} 秒', minutes: '{n} 分钟', end_of_list: '已全部显示', total: '共 {n} 件', clear: '清除', edit: '修改', at: '时间', who: '人员',
  },
  signin: {
    title: '登录', welcome: '欢迎回来', name: '工号或登录名', password: '密码', show: '显示密码', hide: '隐藏密码', submit: '登录', working: '正在登录…',
    missing_name: '请输入登录名', missing_password: '请输入密码', expired: '登录已过期，请重新登录。您填写的内容已保存在服务器上。',
    code: '动态口令（6 位数字）', enrol_title: '首次登录，请绑定动态口令', enrol_text: '在手机认证器应用里添加账户并输入下面的密钥，再填写它显示的 6 位数字。',
    invitation: '设置您的密码', invitation_text: '这是一次性链接，请为您的账号设置密码。', invitation_done: '密码已设置，请登录', invitation_gone: '这个链接已用过或已失效，请联系管理员。',
    caps: '大写锁定已打开', citizen: '我是市民，查询办理进度', help: '忘记密码请联系管理员重置',
    point_call: '电话响起，边说边出文字', point_ticket: '一张工单，从受理到办结', point_clock: '时限按真实工作日计算',
  },
  user: { menu: '个人设置', theme: '外观', theme_auto: '跟随系统', theme_light: '浅色', theme_dark: '深色', size: '字号', size_normal: '标准', size_large: '大字', language: '语言', keys: '快捷键', password: '修改密码', sign_out: '退出登录', unit: '所属单位' },
  password: { title: '修改密码', old: '当前密码', new: '新密码', again: '再输一次新密码', rule: '至少 10 个字符', different: '两次输入不一致', short: '新密码至少 10 个字符', done: '密码已修改' },
  keys: {
    title: '快捷键', hint: '点按右侧按键，再按下想用的新键；Esc 取消。', press: '请按新键…', reset: '恢复默认', reserved: '这个键浏览器要用，请换一个', taken: '这个键已用于其他操作',
    answer: '接听', hang_up: '挂断', mute: '静音', keypad: '按键盘', submit: '提交工单', direct_answer: '直接答复', ready: '示闲 / 示忙', help: '显示快捷键', next: '下一件', previous: '上一件', dispatch: '派给建议的第一个单位', main_action: '做第一步（签收、答复…）', open: '打开选中的工单', select: '勾选', search: '搜索', reload: '刷新列表',
  },
  live: { lost: '连接断开', retry_in: '{n} 秒后重连', connecting: '正在重新连接…', now: '立即重连', stale: '画面上的数字可能不是最新的' },
  state: {
    empty: '这里还没有内容', forbidden_title: '您没有权限查看这里', forbidden_text: '如果工作需要，请联系管理员为您添加角色。', home: '回到我的工作台',
    missing_title: '没有找到', missing_text: '它可能已被撤下，或者网址有误。', failed_title: '没能加载出来', unreachable_title: '连不上服务器', no_home_title: '账号还没有角色', no_home_text: '请联系管理员为您分配工作角色。',
  },
}
