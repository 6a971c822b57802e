export default {
  wrong_name_or_password: '登录名或密码不对', too_many_requests: '试得太频繁了，请稍等再试', http_429: '试得太频繁了，请稍等再试', too_many_tries: '试得太频繁了，请稍等再试', rate_limited: '试得太频繁了，请稍等再试',
  wrong_code: '动态口令错误或已用过', taken: '已被占用', bad_json: '填写有误，请检查', bad_query: '查询条件有误', bad_row: '有一行填写有误', not_json: '填写有误，请检查', method_not_allowed: '不支持这个操作', database_unavailable: '数据库暂时不可用，通话不受影响',
  unreachable: '连不上服务器，请检查网络', aborted: '请求已取消', foreign_origin: '请求来源不被允许，请从本系统的网址操作', not_signed_in: '请先登录', http_401: '请先登录', forbidden: '您没有权限做这件事', not_allowed: '您没有权限做这件事', http_403: '您没有权限做这件事', not_found: '没有找到', http_404: '没有找到',
  outcome_missing: '上一通电话还没有小结，请先选择结果', phone_not_registered: '电话还没连上，请稍候再示闲', outcome_given: '这通电话已经小结过了', ticket_wrong_state: '工单现在的状态不能做这一步', version_missing: '请刷新后再试', changed_meanwhile: '这件工单刚被别人改过', http_412: '这件工单刚被别人改过', http_428: '请刷新后再试', http_409: '现在不能做这一步',
  unknown_field: '有服务器不认识的字段', bad_request: '填写有误，请检查', invalid: '填写有误，请检查', http_400: '填写有误，请检查', http_422: '填写有误，请检查', no_such_ticket: '没有找到。请核对编号和查询码', no_such_call: '没有这通电话', http_500: '服务器出错了，请稍后再试', http_502: '服务器暂时不可用', http_503: '服务暂时不可用，请稍后再试', internal: '服务器出错了，请稍后再试', database_down: '数据库暂时不可用，通话不受影响', name_taken: '这个登录名已有人用', weak_password: '密码太短或太常见', wrong_password: '当前密码不对', no_agent_ready: '没有示闲的话务员', unknown_fixture: '没有这段演示录音', busy: '正忙，请稍后再试',
}
